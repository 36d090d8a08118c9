"""Counting the prompt's tokens on demand: free, and it makes the worst case tighter."""

from itertools import count

import streamlit as st

from playground.core.answer.failures import Failure
from playground.core.request.connection import Connection
from playground.core.runs.run_plan import Plan
from playground.core.wire.wire import count_key
from playground.ui.runs import running
from playground.ui.server.script_queue import in_later_turn
from playground.ui.session import money_state, state
from playground.ui.session.services import services
from playground.ui.widgets.markdown import plain

BOUND = (
    "An upper bound, used when reserving from a budget. After a run, its card shows the "
    "real number (“in”). Count tokens asks the API before a run, for free."
)
POLL_S = 0.3
TOO_OFTEN = (
    "Not counted, because too many prompts were counted lately. Wait a minute. "
    "Until then the bound is used."
)
CANNOT_COUNT = ("not_the_api", "not_found", "undecodable")


def show_count(plans: list[Plan]) -> None:
    """Draw the button and how many input tokens the prompt has, counted or at most."""
    to = plans[0].connection
    with st.container(horizontal=True, vertical_alignment="center", key="counting"):
        st.button(
            "Count tokens",
            key=money_state.COUNT_TOKENS,
            icon=":material/tag:",
            type="tertiary",
            # Without a tooltip: leaving the message by the Tab key leads here, and it would cover
            # what was typed.
            on_click=_count,
            disabled=not any(plan.can_count for plan in plans),
        )
        if _is_counting(plans):
            # The count arrives on the engine's loop, which cannot redraw: the fragment polls.
            st.fragment(_show, run_every=POLL_S)(plans, to, count())
        else:
            _show(plans, to, count())


# Redrawn by a timer: clicks have priority.
@in_later_turn
def _show(plans: list[Plan], to: Connection, draws: "count[int]") -> None:
    counts = {plan.letter: _count_of(plan) for plan in plans}
    if _is_counting(plans):
        st.caption("Counting…")
    elif problem := money_state.count_problem():
        st.caption(problem)
    elif failure := next(
        (counted for counted in counts.values() if isinstance(counted, Failure)), None
    ):
        st.caption(plain(_why(failure, to)))
    else:
        is_bound = any(plan.counted_tokens is None for plan in plans)
        st.caption(plain(_input(plans)), help=BOUND if is_bound else None)
    if next(draws) and not _is_counting(plans):
        st.rerun()  # The counts change the worst cases.


def _input(plans: list[Plan]) -> str:
    letters_by_count: dict[tuple[int | None, int | None], list[str]] = {}
    for plan in plans:
        most = None if plan.counted_tokens is not None else plan.bound.prompt_tokens
        letters_by_count.setdefault((plan.counted_tokens, most), []).append(plan.letter)
    if len(letters_by_count) > 1:
        # The noun once: beside the button there is room for one line.
        parts = [
            f"{' '.join(letters)} {_number(counted, most)}"
            for (counted, most), letters in letters_by_count.items()
        ]
        return f"Input tokens: {' · '.join(parts)}"
    [(counted, most)] = letters_by_count
    if counted is None:
        return "Input tokens unknown" if most is None else f"At most {most:,} input tokens"
    return f"{counted:,} input tokens, counted"


def _number(counted: int | None, most: int | None) -> str:
    if counted is not None:
        return f"{counted:,}"
    return "unknown" if most is None else f"at most {most:,}"


def _why(failure: Failure, to: Connection) -> str:
    if to.kind == "server" and failure.kind in CANNOT_COUNT:
        return "This server does not count tokens; the bound is used."
    return f"Not counted: {failure.sentence} The bound is used."


def _key(plan: Plan) -> str:
    return count_key(plan.wire, plan.connection)


def _count_of(plan: Plan) -> int | Failure | None:
    answer = money_state.requested_counts().get(_key(plan))
    return answer.result() if answer is not None and answer.done() else None


def _is_counting(plans: list[Plan]) -> bool:
    answers = [money_state.requested_counts().get(_key(plan)) for plan in plans]
    return any(answer is not None and not answer.done() for answer in answers)


def _count() -> None:
    """Request a count for each distinct prompt."""
    to, visitor = running.connection(), state.visitor()
    money_state.set_count_problem(None)
    for plan in running.plans():
        if plan.can_count and plan.counted_tokens is None and not _is_counting([plan]):
            if not services().acquire_count(visitor):
                money_state.set_count_problem(TOO_OFTEN)
                return
            answer = services().count_tokens(plan, running.key_for(to))
            money_state.set_count(_key(plan), answer)
