"""What operators, methods and functions of Python make of known values; None says: unknown.

Nothing here looks up an attribute of a value that the source chose.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from playground.core.python_values import (
    Fields,
    Items,
    Path,
    Unknown,
    Value,
    Work,
    bounded,
    is_scalar,
    is_text,
    text_of_parts,
)

UNKNOWN: Final = Unknown("")
"""The answer "unknown", its source still to be told."""
_NUMBERS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
}
_MOST_POWER: Final = 64
MOST_DEPTH: Final = 60
# A width makes a text of any length out of nothing.
_WIDE: Final = re.compile(r"\d{4}|\*")


def operation(name: str, left: Value, right: Value, work: Work) -> Value:
    """`left name right`, the operator by its name in `ast`."""
    try:
        return bounded(_operation(name, left, right, work), work)
    except (ArithmeticError, ValueError, TypeError):
        return UNKNOWN


def _operation(name: str, left: Value, right: Value, work: Work) -> Value:
    if name == "Add" and (is_text(left) or is_text(right)):
        # What is added to a text is one.
        parts = [as_part(left), as_part(right)]
        both = all(is_text(each) or isinstance(each, Unknown) for each in parts)
        return text_of_parts(parts, work) if both else UNKNOWN
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _of_numbers(name, left, right)
    if name == "Mult":
        many, times = (right, left) if isinstance(left, int) else (left, right)
        return _repeated(many, times, work)
    if name == "Mod" and isinstance(left, str):
        values = right if isinstance(right, tuple) else (right,)
        is_plain = all(map(is_scalar, values)) and not _WIDE.search(left)
        return left % values if is_plain else UNKNOWN
    if _is_kept(left, right, Items) and name == "Add":
        return Items([*left, *right])
    if _is_kept(left, right, Fields) and name == "BitOr":
        return Fields({**left, **right})
    if isinstance(left, tuple) and isinstance(right, tuple) and name == "Add":
        return left + right
    return UNKNOWN


def as_part(value: Value) -> Value:
    return Unknown(value.name) if isinstance(value, Path) else value


def _is_kept(left: Value, right: Value, kind: type[Any]) -> bool:
    both = isinstance(left, kind) and isinstance(right, kind)
    return both and not left.is_lost and not right.is_lost


def _of_numbers(name: str, left: float, right: float) -> Value:
    if name == "Pow" and 0 <= right <= _MOST_POWER and abs(left) <= _MOST_POWER:
        return left**right
    if name == "LShift" and isinstance(left, int) and isinstance(right, int):
        return left << right if 0 <= right <= _MOST_POWER else UNKNOWN
    return _NUMBERS[name](left, right) if name in _NUMBERS else UNKNOWN


def _repeated(many: Value, times: Value, work: Work) -> Value:
    if not isinstance(times, int) or not isinstance(many, str | Items):
        return UNKNOWN
    if isinstance(many, Items) and many.is_lost:
        return UNKNOWN
    work.spend(max(0, len(many) * times // 64))
    return Items(list(many) * times) if isinstance(many, Items) else many * times


def formatted(value: Value, conversion: int, spec: str, work: Work) -> Value:
    """One value of an f-string; an unknown one stays as it is."""
    value = as_part(value)
    if isinstance(value, Unknown) or (is_text(value) and conversion == -1 and not spec):
        return value
    if not is_scalar(value) or _WIDE.search(spec) or conversion not in (-1, 115, 114):
        return UNKNOWN
    try:
        plain = repr(value) if conversion == 114 else str(value) if conversion == 115 else value
        return bounded(format(plain, spec), work)
    except (ValueError, TypeError, OverflowError):
        return UNKNOWN


def item(value: Value, key: Value) -> Value:
    """`value[key]`."""
    if getattr(value, "is_lost", False):
        return UNKNOWN
    if isinstance(value, Fields) and isinstance(key, str):
        return value.get(key, UNKNOWN)
    if isinstance(value, str | Items | tuple) and isinstance(key, int):
        is_there = -len(value) <= key < len(value) and not has_rest(value)
        return value[key] if is_there else UNKNOWN
    return UNKNOWN


def has_rest(items: Value) -> bool:
    """Whether an unknown number of entries stands in a list."""
    return any(isinstance(each, Unknown) and each.source.startswith("*") for each in items)
