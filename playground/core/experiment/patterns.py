"""Regular expressions from visitors, bounded in size and in time.

`re` holds the interpreter's lock for as long as a pattern backtracks, which can be for ever;
`regex` lets go of it and gives up after a time.
"""

import math
import re
from functools import lru_cache
from typing import Any, Final

import regex

MOST_CHARACTERS: Final = 1_000
MOST_REPETITIONS: Final = 20_000
"""Of all counts multiplied, as if each stood in the one before: `regex` writes them out."""
TIMEOUT_S: Final = 0.25
_COUNTS: Final = re.compile(r"\{[^}]*")
_RECURSION: Final = re.compile(r"\(\?(?:R|&|P>|[+-]?\d)")


class PatternError(ValueError):
    """Why a pattern cannot be used, or was given up; its text can be shown."""


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with a pattern, or None."""
    try:
        _compiled(pattern)
    except PatternError as error:
        return str(error)
    return None


def is_found(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether the pattern matches anywhere in the text. Raises `PatternError`."""
    try:
        match = _compiled(pattern, ignore_case=ignore_case).search(text, timeout=TIMEOUT_S)
    except TimeoutError:
        raise PatternError(f"the pattern took longer than {TIMEOUT_S:g} s") from None
    except (MemoryError, RecursionError):
        raise PatternError("the pattern took too much memory") from None
    return match is not None


@lru_cache(maxsize=32)
def _compiled(pattern: str, *, ignore_case: bool = False) -> Any:  # noqa: ANN401 (regex has no types)
    if len(pattern) > MOST_CHARACTERS:
        raise PatternError(f"the pattern is longer than {MOST_CHARACTERS:,} characters")
    if _RECURSION.search(pattern):
        raise PatternError("the pattern calls itself, which is not supported")
    counts = [int(digits) for part in _COUNTS.findall(pattern) for digits in _digits(part)]
    if math.prod(max(count, 1) for count in counts) > MOST_REPETITIONS:
        raise PatternError(f"the pattern's counts multiply to more than {MOST_REPETITIONS:,}")
    # V0 reads patterns as `re` does; V1 has operations on sets, such as [a-z--b].
    flags = regex.V0 | (regex.IGNORECASE if ignore_case else 0)
    try:
        # regex keeps a cache of its own, which a visitor's patterns would fill.
        return regex.compile(pattern, flags, cache_pattern=False)
    except regex.error as error:
        raise PatternError(f"the pattern is not valid: {error}") from None
    except (RecursionError, OverflowError, MemoryError):
        raise PatternError("the pattern is nested too deeply") from None


def _digits(part: str) -> list[str]:
    # Nine digits at a time: that is beyond the limit already, and `int` raises for thousands.
    return re.findall(r"[0-9]{1,9}", part)
