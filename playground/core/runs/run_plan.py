"""What would be sent for one variant, whether it may be, and what it can cost at most.

Everything that sends does so by a plan: Run, Run again, the cells of an experiment, its
judges, batches, and counting. Caps, gate, budget and the list of allowed fields are part of
it, so nothing can be sent without them.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from playground.core.answer.retry import RetryPolicy
from playground.core.checks.number_fields import Texts
from playground.core.checks.problems import Problem
from playground.core.checks.request_checks import (
    cap_problems,
    field_problems,
    number_problems,
    problems,
    unlisted,
    unlisted_fields,
)
from playground.core.money import budget, pricing
from playground.core.money.pricing import Bound, Unbounded, billing_bound
from playground.core.request.connection import Connection
from playground.core.request.model_catalogue import Model
from playground.core.request.request import Request
from playground.core.text.number_text import value_text
from playground.core.visitors.access import NO_CAPS, Caps
from playground.core.wire.wire import Wire, count_key, model_id_of, model_on, wire

LONGEST_NUMBER = 20
KeyHolder = Literal["visitor", "owner", "nobody"]


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where requests go and what holds there for all of them, at one moment.

    `counts` holds the API's own counts of input tokens, by what was counted. `key_holder` is
    whose key, and so whose money, is used; `is_stranger`: the visitor is not at the owner's
    machine. `closed_because` is why nothing at all can be sent: there is no key, or a gate.
    `setting_problems`: what is wrong with settings of the page that every run depends on.
    """

    connection: Connection
    policy: RetryPolicy
    models: tuple[Model, ...]
    now: datetime
    press: int = 1
    counts: Mapping[str, int] = field(default_factory=dict)
    caps: Caps = NO_CAPS
    key_holder: KeyHolder = "visitor"
    is_stranger: bool = False
    has_budget: bool = False
    closed_because: str | None = None
    setting_problems: tuple[Problem, ...] = ()

    @property
    def sends_allowed_fields_only(self) -> bool:
        return self.is_stranger and self.key_holder == "owner"


@dataclass(frozen=True, slots=True)
class Variant:
    """A lettered request, whose texts may have variables; `number_texts` is what stands in its
    number fields, by the parameters' names. `unfilled`: why its variables have no values."""

    letter: str
    request: Request
    number_texts: Texts = ()
    unfilled: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A request with everything that follows from it. Holds no key.

    `unpriced` is why the worst case is unknown, part of a sentence. `can_count`: it may be
    sent to have its tokens counted, which is free. `unreadable`: the parameters whose number
    fields hold what can't be sent, so that the request lacks them, each with the reason.
    `cell`: of an experiment's call, its case and repeat in words.
    """

    press: int
    letter: str
    request: Request
    connection: Connection
    model: Model
    wire: Wire
    policy: RetryPolicy
    problems: tuple[Problem, ...]
    bound: Bound | Unbounded
    worst_case_usd: Decimal | None
    unpriced: str = ""
    counted_tokens: int | None = None
    can_count: bool = True
    closed_because: str | None = None
    unreadable: tuple[tuple[str, str], ...] = ()
    cell: str | None = None

    @property
    def why_not(self) -> str | None:
        """The first reason why it can't be sent; None: it can."""
        # The gate first: nothing that is wrong beside it matters while nothing may be sent.
        return self.closed_because or next(
            (problem.text for problem in self.problems if problem.severity == "error"), None
        )

    @property
    def why_unreadable(self) -> str | None:
        """The first reason why the request is not what its number fields say; None: it is."""
        return next((why for _, why in self.unreadable), None)

    @property
    def can_run(self) -> bool:
        return self.why_not is None

    @property
    def model_summary(self) -> str:
        """The model and its main parameters, in a few words."""
        sent = self.wire.parameters()
        parts = [self.model.name]
        # The extra JSON can put anything into their places.
        temperature, config = sent.get("temperature"), sent.get("output_config")
        if isinstance(temperature, int | float):
            # A whole number of the extra JSON may be larger than any float.
            is_fraction = isinstance(temperature, float)
            text = value_text(temperature) if is_fraction else str(temperature)[:LONGEST_NUMBER]
            parts.append(f"temperature {text}")
        if isinstance(config, dict) and "effort" in config:
            parts.append(f"effort {config['effort']}")
        return " · ".join(parts)


class RefusedPlanError(ValueError):
    """Something was about to be sent that its plan refuses; the text is the plan's reason."""


def require_sendable(why_not: str | None) -> None:
    """The final check before anything is sent. Raises `RefusedPlanError`."""
    if why_not is not None:
        raise RefusedPlanError(why_not)


def plan(context: RunContext, variant: Variant) -> Plan:
    """Work out what would go out, whether it may, and what it can cost."""
    try:
        return _plan(context, variant)
    # The page plans at each draw: raised here, an error would take the editor away, and the draft
    # would bring its cause back at each reload.
    except Exception as error:
        # Only its type: the text can hold a part of the prompt.
        logging.getLogger(__name__).error("a plan broke: %s", type(error).__name__)
        planned = _plan(context, replace(variant, request=_without_json(variant.request)))
        where = "the extra JSON or a message's blocks"
        why = f"This app can't work with {where}: {type(error).__name__}."
        return replace(
            planned,
            request=variant.request,
            problems=(Problem("error", f"{why} Remove anything unusual there."),),
            can_count=False,
        )


def _without_json(request: Request) -> Request:
    """The request without what people write as JSON."""
    messages = tuple(replace(message, blocks_json="") for message in request.prompt.messages)
    prompt = replace(request.prompt, messages=messages)
    return Request(prompt, replace(request.params, extra_json=""))


def _plan(context: RunContext, variant: Variant) -> Plan:
    to, request = context.connection, variant.request
    # The extra JSON may name another model: rules, limits and price are those of the one asked.
    model = model_on(to, model_id_of(request.params), context.models)
    sent = wire(request, model, to)
    counted = context.counts.get(count_key(sent, to))
    bound = billing_bound(sent, request.prompt, model, counted)
    worst_usd, unpriced = _price(bound, context)
    typed = number_problems(variant.number_texts, request.params, sent, model)
    run_problems = (
        *context.setting_problems,
        *([Problem("error", variant.unfilled)] if variant.unfilled else ()),
        *typed.values(),
        *cap_problems(request, sent.body, context.caps),
        *(field_problems(sent, to) if context.sends_allowed_fields_only else ()),
        *_without(typed.values(), problems(request, model, context.now.date(), sent.decisions)),
        # No list holds the models, and the fields, of a server of one's own.
        *([] if to.kind == "server" else unlisted(model, context.models)),
        *([] if to.kind == "server" else unlisted_fields(request.params.extra)),
    )
    # Without the budget's: counting is free, and it is what can give a prompt its bound.
    has_errors = any(problem.severity == "error" for problem in run_problems)
    return Plan(
        press=context.press,
        letter=variant.letter,
        request=request,
        connection=to,
        model=model,
        wire=sent,
        policy=context.policy,
        # The budget last: what is wrong with the request is often why it has no price.
        problems=(*run_problems, *_budget_problems(context, unpriced)),
        bound=bound,
        worst_case_usd=worst_usd,
        unpriced=unpriced,
        counted_tokens=counted,
        can_count=not has_errors and context.closed_because is None,
        closed_because=context.closed_because,
        unreadable=tuple((name, problem.text) for name, problem in typed.items()),
    )


def _without(typed: Iterable[Problem], others: tuple[Problem, ...]) -> list[Problem]:
    """The problems whose fix is not that of a number field already."""
    # What can't be read is missing from the request, and the checks would complain of that too.
    slugs = {problem.fix.slug for problem in typed if problem.fix}
    return [other for other in others if other.fix is None or other.fix.slug not in slugs]


def _price(bound: Bound | Unbounded, context: RunContext) -> tuple[Decimal | None, str]:
    """The worst case, or why there is none."""
    if isinstance(bound, Bound):
        most = pricing.worst_case(bound, context.connection, context.now)
    else:
        most = bound
    return (None, most.why) if isinstance(most, Unbounded) else (most, "")


def _budget_problems(context: RunContext, unpriced: str) -> list[Problem]:
    """What cannot be reserved for cannot be kept within a budget; the demo's costs nothing."""
    if not unpriced or not context.has_budget or context.connection.kind == "demo":
        return []
    return [Problem("error", budget.unpriced(unpriced).sentence)]
