"""JSON: what a text of it holds, as far as types can say, and how much a text would become,
counted before a parser sees it."""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""Parsed JSON: whatever a text held, or whatever will be written as one."""
JsonObject: TypeAlias = Mapping[str, Json]
"""An object of parsed JSON, only to be read."""

# A string without its end is a part too: else each quote in it would be tried as a beginning.
_PART = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)


def is_within(text: str, most_parts: int, deepest: int) -> bool:
    """Whether it has no more strings, commas and brackets, and none deeper in one another."""
    depth = 0
    for count, part in enumerate(_PART.finditer(text)):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(part[0][0], 0)
        if count > most_parts or depth > deepest:
            return False
    return True
