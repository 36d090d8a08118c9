"""JSON: the types of what was parsed, how much a text would become, counted before a parser sees
it, and its lines."""

import math
import re
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

Json: TypeAlias = Any
"""Parsed JSON: whatever a text held, or whatever will be written as one."""
JsonObject: TypeAlias = Mapping[str, Json]
"""An object of parsed JSON, only to be read."""

# A string without its end is a part too: else each quote in it would be tried as a beginning.
_PART = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},:]|\s+|[^\s"\[\]{},:]+', re.DOTALL)
MAX_INDENTED = 30_000
"""Tokens, for which it takes 15 ms."""
DEEPEST_LINE = 40
"""What lies deeper stays in one line: its spaces would be more than its letters."""


def with_whole_characters(text: str) -> str:
    """The text with half characters joined or, alone, replaced: JSON can escape one, and neither a
    file, a database nor a request can hold it."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def finite(text: str) -> float:
    """A number of JSON. Python makes infinity of one beyond its range, and could not send it."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


class NameTwiceError(ValueError):
    """Two values of one name, in words for a sentence."""

    def __init__(self) -> None:
        super().__init__("one name occurs twice in an object")


def refuse_constant(constant: str) -> None:
    """Python reads and writes NaN and Infinity, which are not JSON: no server has to take them."""
    raise ValueError(f"{constant} is not JSON")


def unique_fields(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """The fields of an object. Python would keep the last of two of one name without a word.
    Raises `NameTwiceError`."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise NameTwiceError
    return fields


def is_of_type(value: Json, annotation: Any) -> bool:  # noqa: ANN401 (the type of a field)
    """Whether JSON holds what a field of this type takes. A whole number is a float as well; true
    and false, which are numbers to Python, are none."""
    of, within = get_origin(annotation), get_args(annotation)
    if of is Literal:
        return value in within
    if of in (Union, UnionType):
        return any(is_of_type(value, kind) for kind in within)
    if of is tuple:
        return isinstance(value, list | tuple) and all(
            is_of_type(item, within[0]) for item in value
        )
    kinds = {float: (int, float), None: (NoneType,)}.get(annotation, (annotation,))
    return type(value) in kinds


def is_within(text: str, max_parts: int, deepest: int) -> bool:
    """Whether it has no more strings, commas and brackets, and none deeper in one another."""
    depth = 0
    for count, part in enumerate(_PART.finditer(text)):
        # A string begins with its quote, so that brackets within it count for nothing.
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(part[0][0], 0)
        if count > max_parts or depth > deepest:
            return False
    return True


def indented(text: str) -> str:
    """JSON over several lines, each letter of its values as it came; so is its beginning, while
    it grows. Any other text, and one of too many tokens, as it is."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    pieces: list[str] = []
    depth, last, space = 0, "", ""
    for count, match in enumerate(_TOKEN.finditer(text)):
        token = match[0]
        if count > MAX_INDENTED:
            return text
        if token.isspace():
            space = token
            continue
        depth -= token in ("}", "]")
        line = "\n" + "  " * depth if depth <= DEEPEST_LINE else ""
        if token in ("}", "]"):
            pieces.append("" if last in ("{", "[") else line)
        elif last in ("{", "[", ","):
            pieces.append(line)
        elif last == ":":
            pieces.append(" ")
        elif token not in (",", ":"):
            pieces.append(space)  # Two values in a row: it is no JSON.
        pieces.append(token)
        depth += token in ("{", "[")
        last, space = token, ""
    return "".join(pieces).lstrip()
