"""The number fields of a variant: what each takes, and the parameters that their texts make."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from playground.core.request.request import Params
from playground.core.text.number_text import (
    NumberError,
    NumberRule,
    number_text,
    read_float,
    read_whole,
    rule,
)

LARGEST_MAX_TOKENS: Final = 1_000_000
RULES: Final[Mapping[str, NumberRule]] = {
    # Above 1 for servers of one's own: what Claude's models take is left to the checks.
    "temperature": rule("Temperature", "0", "2"),
    "max_tokens": rule("max_tokens", "0", str(LARGEST_MAX_TOKENS), is_whole=True, is_required=True),
    "top_p": rule("top_p", "0", "1"),
    "top_k": rule("top_k", "0", "1000000000", is_whole=True),
    "thinking_budget_tokens": rule("The thinking budget", "1", "1000000000", is_whole=True),
}
"""By the parameter's name in `Params`."""
Texts = tuple[tuple[str, str], ...]
"""What stands in number fields, by the parameter's name."""


def first_text(parameter: str, value: object) -> str:
    """What a field shows of a parameter until somebody types in it."""
    return number_text(value if isinstance(value, int | float | Decimal) else None)


def texts_beside(params: Params, texts: Iterable[tuple[str, str]]) -> Texts:
    """The texts that say more than the parameters do: what can't be read, or is written in
    another way. In the order of their names."""
    return tuple(sorted((name, text) for name, text in texts if text != _first(params, name)))


def with_texts(params: Params, texts: Iterable[tuple[str, str]]) -> Params:
    """The parameters as number fields have them. One whose text can't be read is not set."""
    values: dict[str, Any] = {name: _value(name, text) for name, text in texts}
    return replace(params, **values)


def _first(params: Params, parameter: str) -> str:
    return first_text(parameter, getattr(params, parameter))


def _value(parameter: str, text: str) -> float | int | None:
    of = RULES[parameter]
    # `Params` cannot be without max_tokens. The 0 never leaves: the field's problem is an error.
    fallback = 0 if of.is_required else None
    try:
        number = read_whole(text, of) if of.is_whole else read_float(text, of)
    except NumberError:
        return fallback
    return fallback if number is None else number
