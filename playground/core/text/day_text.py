"""Days as people type them: the text is the truth, and it is read in one way or refused.

A text is refused where two readers could take it for two days: `3/4/2026` is in March in one
country and in April in another.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from unicodedata import category, decimal

LONGEST: Final = 40
"""Characters of a text that may be a day."""
SHOWN: Final = 24
EXAMPLE: Final = "2026-11-29"
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_YEAR_LAST: Final = re.compile(r"([0-9]{1,2})(?:([-/])|\. ?)([0-9]{1,2})(?:\2|\. ?)([0-9]{4})")
_NAMED: Final = re.compile(
    r"(?:([0-9]{1,2})\.? (?P<one>[a-z]+)\.?|(?P<two>[a-z]+)\.? ([0-9]{1,2}),?) ([0-9]{4})"
)


class DayError(ValueError):
    """Why a text is no day that can be used; one sentence that can be shown."""


@dataclass(frozen=True, slots=True)
class DayRule:
    """Which days a field takes."""

    name: str
    last: date | None = None
    is_required: bool = False


def read_day(text: str, of: DayRule) -> date | None:
    """The day in a text; None where nothing is typed and nothing has to be. Raises `DayError`."""
    if not text.strip():
        if of.is_required:
            raise DayError(f"{of.name} is empty. Enter a day such as {EXAMPLE}.")
        return None
    day = _read(text, of)
    if of.last is not None and day > of.last:
        raise DayError(f"{_quoted(text, of)} is after {of.last}.")
    return day


def _read(text: str, of: DayRule) -> date:
    plain = "" if len(text) > LONGEST else " ".join("".join(_plain(text)).split()).lower()
    for year, month, day in _dates_in(plain):
        try:
            return date(year, month, day)
        except ValueError as error:
            raise DayError(f"{_quoted(text, of)} is not in the calendar.") from error
    if match := _YEAR_LAST.fullmatch(plain):
        left, _, right, written_year = match.groups()
        first, second = (
            f"{written_year}-{int(month):02}-{int(day):02}"
            for month, day in ((left, right), (right, left))
        )
        raise DayError(f"{_quoted(text, of)} could mean {first} or {second}. Write one of these.")
    raise DayError(f"{_quoted(text, of)} is not a day. Enter one such as {EXAMPLE}.")


def _dates_in(plain: str) -> Iterator[tuple[int, int, int]]:
    """Year, month and day, if a text can be read in one way only."""
    if match := _YEAR_FIRST.fullmatch(plain):
        yield int(match[1]), int(match[3]), int(match[4])
    elif match := _COMPACT.fullmatch(plain):
        yield int(match[1]), int(match[2]), int(match[3])
    elif match := _NAMED.fullmatch(plain):
        name = match["one"] or match["two"]
        for month, month_name in enumerate(_MONTHS, start=1):
            # September alone has a common short form of four letters.
            if name in (month_name, month_name[:3], "sept" if month == 9 else month_name):
                yield int(match[5]), month, int(match[1] or match[4])
    elif match := _YEAR_LAST.fullmatch(plain):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        # With points it is the day that stands first, wherever people write so.
        if match[2] is None or first > 12 or first == second:
            yield year, second, first
        elif second > 12:
            yield year, first, second


def _plain(text: str) -> Iterator[str]:
    """The text with one character for each meaning."""
    for letter in text:
        digit = decimal(letter, None)
        if digit is not None:
            yield str(digit)
        else:
            # Unicode counts the minus sign among the signs of mathematics, not among the dashes.
            is_dash = category(letter) == "Pd" or letter == "\u2212"
            yield "-" if is_dash else letter


def _quoted(text: str, of: DayRule) -> str:
    typed = text.strip()
    return f"{of.name} “{typed if len(typed) <= SHOWN else typed[:SHOWN] + '…'}”"
