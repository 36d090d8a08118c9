"""The actions of Run and Stop, and what they depend on: connection, key, visitor. The path of a
request from here: `playground/__init__.py`."""

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from playground.core.checks.problems import Problem
from playground.core.money.budget import OWNER, Spender
from playground.core.request.connection import DEMO, Connection
from playground.core.request.model_catalogue import CATALOGUE, Model
from playground.core.request.request import Prompt, Request
from playground.core.request.template import TemplateError, render_with_gaps
from playground.core.runs.run_plan import KeyHolder, Plan, RunContext, Variant, plan
from playground.core.text.refusal import Refusal
from playground.core.visitors.access import Caps, variants_problem
from playground.core.visitors.queue_places import uses_demo_lane
from playground.core.wire.wire import Wire, model_id_of, model_on, wire
from playground.engine.run import Run
from playground.ui.runs import spending
from playground.ui.server.visitor import is_local
from playground.ui.session import (
    editor_state,
    experiment_state,
    money_state,
    presses_state,
    request_state,
    state,
)
from playground.ui.session.services import services
from playground.ui.visitors import gate

STOP_WAIT_S = 0.25
RUNS_ARE_LIVE = "Runs are under way. Wait until they end, or stop them."
NO_KEY = "There is no key. Enter one in the sidebar, or choose the demo."


def connection() -> Connection:
    """The chosen connection; before there is a choice, the owner's or the demo."""
    chosen = st.session_state.get(state.CONNECTION)
    known = {option.kind: option for option in services().settings.connections}
    if chosen in known:
        to = known[chosen]
    else:
        owner = services().settings.owner
        to = owner if owner and _may_use_owner_key() else DEMO
    if to.kind == "demo":
        return replace(to, scenario=editor_state.scenario())
    return to


def key_for(connection: Connection) -> str:
    """The visitor's own key or, where they may use it, the owner's. Empty: none."""
    if connection.kind == "demo":
        return ""
    settings = services().settings
    is_owners = settings.owner is not None and settings.owner.kind == connection.kind
    if connection.kind == "claude" and state.visitor_key():
        return state.visitor_key()
    return settings.key if is_owners and _may_use_owner_key() else ""


def _may_use_owner_key() -> bool:
    return gate.owners_access().is_allowed


def _key_holder(connection: Connection) -> KeyHolder:
    """Whose key, or whose server, a run would use."""
    if connection.kind == "claude" and state.visitor_key():
        return "visitor"
    return "owner" if connection.kind != "demo" and _may_use_owner_key() else "nobody"


def spender(connection: Connection) -> Spender:
    """Who spends what a run costs: the visitor, or the owner whose key or server it is."""
    visitor = state.visitor()
    is_own_key = _key_holder(connection) == "visitor"
    return Spender(visitor, visitor if is_own_key else OWNER, money_state.since())


def caps(connection: Connection) -> Caps:
    """How large this visitor's requests may be."""
    is_owners = _key_holder(connection) == "owner"
    return services().settings.caps.for_visitor(is_local=is_local(), is_owners=is_owners)


def context(to: Connection) -> RunContext:
    """The context of all plans for this visitor and connection now. Made once per script run."""
    return RunContext(
        connection=to,
        policy=state.policy(),
        models=models(to),
        now=datetime.now(UTC),
        press=state.next_press(),
        counts=money_state.counts(),
        caps=caps(to),
        key_holder=_key_holder(to),
        is_stranger=not is_local(),
        has_budget=spending.has_budget(spender(to)),
        closed_because=connection_problem(to),
        setting_problems=tuple(Problem("error", why) for why in state.policy_problems()),
    )


def refusal(planned: list[Plan]) -> str | None:
    """Why a cap or the budget keeps Run from starting all of this."""
    to = planned[0].connection
    # The engine's limits first: a budget needs a database query.
    if why := _too_many(planned):
        return why
    refused = spending.refusal(planned, spender(to))
    return refused.sentence if refused else None


def _too_many(planned: list[Plan]) -> str | None:
    to, visitor = planned[0].connection, state.visitor()
    why = variants_problem(len(planned), caps(to))
    spare = uses_demo_lane(visitor, to)
    return why or services().engine.why_full(visitor, len(planned), uses_demo_lane=spare)


def can_connect(connection: Connection) -> bool:
    """Whether a run could be sent at all."""
    return connection_problem(connection) is None


def connection_problem(connection: Connection) -> str | None:
    """Why no run could be sent at all."""
    if connection.kind == "demo":
        return None
    if connection.kind == "claude":
        return None if key_for(connection) else NO_KEY
    access = gate.owners_access()
    return None if access.is_allowed else access.sentence


def read_models(connection: Connection) -> bool:
    """Start to read the account's models, once for each account; false: the rate limit is
    reached."""
    account = _account(connection)
    read = state.models_read()
    if read is not None and read[0] == account:
        return True
    if not services().acquire_model_read(state.visitor()):
        return False
    state.set_models_read(account, services().read_models(connection, key_for(connection)))
    return True


def models_outcome() -> int | str | None:
    """How many models the account has, or why they can't be read; None: not known yet."""
    read = state.models_read()
    if read is None or not read[1].done():
        return None
    listed = read[1].result()
    return len(listed) if isinstance(listed, tuple) else str(listed.sentence)


def models(connection: Connection) -> tuple[Model, ...]:
    """The models to offer: the account's, once they are read."""
    read = state.models_read()
    if connection.kind != "demo" and read and read[0] == _account(connection) and read[1].done():
        listed = read[1].result()
        if isinstance(listed, tuple) and listed:
            return listed
    today = datetime.now(UTC).date()
    # A request to a model that has retired fails.
    return tuple(model for model in CATALOGUE if not model.is_retired(today))


def _account(connection: Connection) -> tuple[str, int]:
    # A hash, for comparison only: a key must be stored in one place alone.
    return connection.base_url, hash(key_for(connection))


def plans() -> list[Plan]:
    """The plans of a press of Run now, one per variant, with what prevents each."""
    now, shared = context(connection()), request_state.prompt()
    return [plan(now, _variant(letter, shared)) for letter in request_state.variants()]


def _variant(letter: str, shared: Prompt) -> Variant:
    request, texts = request_state.request(letter, shared), request_state.number_texts(letter)
    first = next(experiment_state.filled_rows(), None)
    values = dict(zip(experiment_state.table()[0], first, strict=True)) if first else {}
    try:
        # What has no value is sent as it was written; `editor/checks.py` says so.
        prompt = render_with_gaps(request.prompt, values)
    except TemplateError as error:
        return Variant(letter, request, texts, str(error))
    return Variant(letter, replace(request, prompt=prompt), texts)


def run_all() -> None:
    """The Run button: start every variant, or none if one of them cannot run."""
    planned = plans()
    # A second press can come before the page has drawn the button as disabled.
    if state.is_live():
        return
    if why := obstacle(planned):
        _set_not_started(why)
        return
    started = _start(planned)
    if started:
        state.set_runs(started)


def _set_not_started(why: str) -> None:
    state.set_not_started(why, _as_pressed())


def not_started() -> str | None:
    """Why the last press started nothing, until something is changed or pressed again."""
    refused = state.not_started()
    if refused is None or refused[1] != _as_pressed():
        return None
    return refused[0] if refused[0].startswith("Not started") else f"Not started. {refused[0]}"


def _as_pressed() -> tuple[object, ...]:
    """What a press of Run depends on."""
    to = connection()
    return (
        state.next_press(),
        editor_state.page(),
        to,
        # Not the key itself: it must be stored in one place alone.
        bool(key_for(to)),
        state.retry_texts(),
        money_state.budget_texts(),
    )


def obstacle(planned: list[Plan]) -> str | None:
    """The first reason why these can't be sent; all of them stand beneath the prompt."""
    return next(filter(None, (planned_run.why_not for planned_run in planned)), None)


def plan_rerun(letter: str) -> Plan | None:
    """The plan of Run again for the run that a card shows; None: it is not over.

    The request is that run's; the key, the retry policy and the demo's scenario are those
    of now.
    """
    before = presses_state.shown().get(letter)
    if before is None or not before.is_over:
        return None
    last: Plan = before.plan
    chosen = connection()
    to = chosen if chosen.kind == last.connection.kind else last.connection
    return plan(context(to), Variant(letter, last.request))


def run_again(letter: str) -> None:
    """Start a card's request again as a run of its own; the other cards stay."""
    planned = plan_rerun(letter)
    if planned is None:
        is_there = letter in presses_state.shown()
        _set_not_started(
            f"The run of variant {letter} {'has not ended yet' if is_there else 'is gone'}."
        )
        return
    _start_beside(planned)


def wire_of(request: Request) -> Wire:
    """What a run of this request would send now, by the chosen connection."""
    to = connection()
    return wire(request, model_on(to, model_id_of(request.params), models(to)), to)


def run_request(request: Request, letter: str) -> None:
    """Start a request of the log again as a run of its own; the other cards stay."""
    if state.is_live():
        _set_not_started(RUNS_ARE_LIVE)
        return
    _start_beside(plan(context(connection()), Variant(letter, request)))


def run_alone(letter: str) -> None:
    """Start one variant as it stands; the answers of the others stay."""
    if state.is_live():
        _set_not_started(RUNS_ARE_LIVE)
        return
    planned = next(
        (variant_plan for variant_plan in plans() if variant_plan.letter == letter), None
    )
    if planned is not None:
        _start_beside(planned)


def _start_beside(planned: Plan) -> None:
    """Start one more run, unless its plan forbids it; the other cards stay."""
    if why := planned.why_not:
        _set_not_started(why)
        return
    state.set_runs({**state.runs(), **_start([planned])})


def _start(planned: list[Plan]) -> dict[str, Run]:
    """Send plans for one connection, as one press of Run; none of them where the budget
    has no room for all."""
    to = planned[0].connection
    key = key_for(to)
    visitor = state.visitor()
    # Created before the reservation, which needs the runs' ids.
    runs = {planned_run.letter: Run(state.owner(), visitor, planned_run) for planned_run in planned}
    # Checked again although Run was enabled: the caps may have changed since it was drawn.
    if why := variants_problem(len(runs), caps(to)):
        _set_not_started(why)
        return {}
    admitted = spending.admit(list(runs.values()), spender(to))
    if isinstance(admitted, Refusal):
        _set_not_started(admitted.sentence)
        return {}
    for run, reserve_again in zip(runs.values(), admitted, strict=True):
        services().start(run, key, reserve_again)
    state.count_press()
    return runs


def stop_all() -> None:
    """The Stop button: returns when the runs have stopped, or nearly at once."""
    # The feed may have stopped one that is still on its way into the log.
    ending = [run for run in state.runs().values() if not run.is_over]
    # All are asked before one is waited for: Stop takes as long as one run, not as all together.
    services().engine.stop(ending)
    for run in ending:
        # A page drawn before the row is complete would have to be drawn once more.
        run.wait(STOP_WAIT_S)
