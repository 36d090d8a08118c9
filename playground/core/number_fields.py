"""The number fields of a variant: what each takes, and the parameters that their texts make."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from playground.core.fixes import Fix, setting
from playground.core.number_text import (
    NumberError,
    NumberRule,
    number_text,
    problem_of,
    read_float,
    read_whole,
    rule,
)
from playground.core.plan import Plan
from playground.core.problem import Problem
from playground.core.request import Params

LARGEST_MAX_TOKENS: Final = 1_000_000
RULES: Final[Mapping[str, NumberRule]] = {
    "temperature": rule("Temperature", "0", "2"),
    "max_tokens": rule("max_tokens", "1", str(LARGEST_MAX_TOKENS), is_whole=True, is_required=True),
    "top_p": rule("top_p", "0", "1"),
    "top_k": rule("top_k", "0", "1000000000", is_whole=True),
    "thinking_budget_tokens": rule("The thinking budget", "1", "1000000000", is_whole=True),
}
"""By the parameter's name in `Params`."""
Texts = tuple[tuple[str, str], ...]
"""What stands in number fields, by the parameter's name."""
_USUAL_MAX_TOKENS: Final = 1_000


def first_text(parameter: str, value: Any) -> str:  # noqa: ANN401 (a field of Params)
    """What a field shows of a parameter until somebody types in it."""
    # A request says with 0 that no max_tokens was entered.
    return number_text(None if parameter == "max_tokens" and value == 0 else value)


def texts_beside(params: Params, texts: Iterable[tuple[str, str]]) -> Texts:
    """The texts that say more than the parameters do: what can't be read, or is written in
    another way. In the order of their names."""
    return tuple(sorted((name, text) for name, text in texts if text != _first(params, name)))


def with_texts(params: Params, texts: Iterable[tuple[str, str]]) -> Params:
    """The parameters as number fields have them. One whose text can't be read is not set."""
    values: dict[str, Any] = {name: _value(name, text) for name, text in texts}
    return replace(params, **values)


def text_in_field(params: Params, texts: Iterable[tuple[str, str]], parameter: str) -> str:
    """What stands in the field of a parameter."""
    return dict(texts).get(parameter, _first(params, parameter))


def field_problems(plan: Plan, texts: Iterable[tuple[str, str]]) -> list[Problem]:
    """Why number fields can't be sent. A field that a model does not take is disabled, and what
    it holds is of no account."""
    return [
        Problem("error", why, _fix(name, plan))
        for name, text in texts
        if _is_asked(name, plan) and (why := problem_of(text, RULES[name]))
    ]


def with_field_problems(plan: Plan, texts: Iterable[tuple[str, str]]) -> Plan:
    """The plan, which can't run while a field holds what can't be sent."""
    problems = field_problems(plan, texts)
    if not problems:
        return plan
    mended = {problem.fix.slug for problem in problems if problem.fix}
    others = [each for each in plan.problems if each.fix is None or each.fix.slug not in mended]
    return replace(plan, problems=(*problems, *others))


def _first(params: Params, parameter: str) -> str:
    return first_text(parameter, getattr(params, parameter))


def _value(parameter: str, text: str) -> float | int | None:
    of = RULES[parameter]
    nothing = 0 if of.is_required else None
    try:
        found = read_whole(text, of) if of.is_whole else read_float(text, of)
    except NumberError:
        return nothing
    return nothing if found is None else found


def _is_asked(parameter: str, plan: Plan) -> bool:
    if parameter == "thinking_budget_tokens":
        return plan.request.params.thinking == "budget"
    is_unavailable = plan.wire.decision(parameter).state == "unavailable"
    return not is_unavailable or (parameter == "top_p" and plan.model.takes_sampling)


def _fix(parameter: str, plan: Plan) -> Fix:
    if parameter == "max_tokens":
        value = min(_USUAL_MAX_TOKENS, plan.model.max_output_tokens)
        return setting("max_tokens", f"Set it to {value:,}", max_tokens=value)
    return setting(f"clear_{parameter}", "Clear the field", **{parameter: None})
