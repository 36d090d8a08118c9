"""Regular expressions from visitors, bounded in size and in time.

`re` holds the interpreter's lock for as long as a pattern backtracks, which can be for ever;
`regex` lets go of it and gives up after a time.
"""

import math
import re
from functools import lru_cache
from typing import Any, Final

import regex

MAX_CHARACTERS: Final = 1_000
MAX_REPETITIONS: Final = 20_000
"""Parts of a pattern whose counts are written out, as `regex` does it with the least of each."""
TIMEOUT_S: Final = 0.25
_CALL: Final = r"\(\?(?:R|&|P>|[+-]?\d)"
_TOKEN: Final = re.compile(
    rf"""
    \\.                                               # escaped
    | \[\^?\]?(?:\\.|\[:\^?\w*:\]|[^\]\\])*+\]         # a class, with classes of POSIX
    | \(\?\#[^)]*\)                                   # a comment
    | (?P<call>{_CALL})
    | (?P<verbose>\(\?[a-zA-Z-]*x)
    | (?P<open>\()
    | (?P<close>\))
    | \{{(?P<least>\d*)(?:,\d*)?\}}[?+]?
    | (?P<quantifier>[*+?])
    | .
    """,
    re.DOTALL | re.VERBOSE,
)


class PatternError(ValueError):
    """Why a pattern cannot be used, or was given up; its text can be shown."""


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with a pattern, or None."""
    try:
        _compiled(pattern)
    except PatternError as error:
        return str(error)
    return None


def is_found(
    pattern: str, text: str, *, ignore_case: bool = False, timeout_s: float = TIMEOUT_S
) -> bool:
    """Whether the pattern matches anywhere in the text. Raises `PatternError`."""
    try:
        match = _compiled(pattern, ignore_case=ignore_case).search(text, timeout=timeout_s)
    except TimeoutError:
        raise PatternError(f"the pattern took longer than {timeout_s:g} s") from None
    except (MemoryError, RecursionError):
        raise PatternError("the pattern took too much memory") from None
    return match is not None


@lru_cache(maxsize=32)
def _compiled(pattern: str, *, ignore_case: bool = False) -> Any:  # noqa: ANN401 (regex has no types)
    if len(pattern) > MAX_CHARACTERS:
        raise PatternError(f"the pattern is longer than {MAX_CHARACTERS:,} characters")
    if _written_out(pattern) > MAX_REPETITIONS:
        raise PatternError(f"the pattern's counts multiply to more than {MAX_REPETITIONS:,}")
    # V0 reads patterns as `re` does; V1 has operations on sets, such as [a-z--b].
    flags = regex.V0 | (regex.IGNORECASE if ignore_case else 0)
    try:
        # regex keeps a cache of its own, which a visitor's patterns would fill.
        return regex.compile(pattern, flags, cache_pattern=False)
    except (RecursionError, OverflowError, MemoryError):
        raise PatternError("the pattern is nested too deeply") from None
    # Flags that exclude each other are a ValueError.
    except (regex.error, ValueError) as error:
        raise PatternError(f"the pattern is not valid: {error}") from None


def _written_out(pattern: str) -> int:
    """How many parts it has once its counts are written out. Raises `PatternError`."""
    # Of each group that is open, outermost first: its parts, and those of its last item.
    groups = [[0, 0]]
    for token in _TOKEN.finditer(pattern):
        if token["call"] or (token["verbose"] and re.search(_CALL, pattern)):
            raise PatternError("the pattern calls itself, which is not supported")
        if token["verbose"]:
            # What is a comment hangs on which groups have the flag: every count counts instead.
            counts = re.findall(r"\{\s*(\d{1,9})", pattern)
            return math.prod(max(int(count), 1) for count in counts)
        if token["open"]:
            groups.append([0, 0])
        elif token["close"] and len(groups) > 1:
            parts = max(groups.pop()[0], 1)
            groups[-1] = [groups[-1][0] + parts, parts]
        elif token["least"] is not None:
            # Nine digits are beyond the limit already, and `int` raises for thousands.
            least = max(int(token["least"][:9] or 0), 1)
            before, last = groups[-1]
            groups[-1] = [before + last * (least - 1), last * least]
        elif not token["quantifier"]:
            groups[-1] = [groups[-1][0] + 1, 1]
    return sum(parts for parts, _ in groups)
