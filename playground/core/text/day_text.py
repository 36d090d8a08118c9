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
    found = _read(text, of)
    if of.last is not None and found > of.last:
        raise DayError(f"{_said(text, of)} is after {of.last}.")
    return found


def _read(text: str, of: DayRule) -> date:
    plain = "" if len(text) > LONGEST else " ".join("".join(_plain(text)).split()).lower()
    for year, month, day in _meant(plain):
        try:
            return date(year, month, day)
        except ValueError as error:
            raise DayError(f"{_said(text, of)} is not in the calendar.") from error
    if found := _YEAR_LAST.fullmatch(plain):
        one, _, other, year_ = found.groups()
        first, second = (
            f"{year_}-{int(month):02}-{int(day):02}" for month, day in ((one, other), (other, one))
        )
        raise DayError(f"{_said(text, of)} could mean {first} or {second}. Write one of these.")
    raise DayError(f"{_said(text, of)} is not a day. Enter one such as {EXAMPLE}.")


def _meant(plain: str) -> Iterator[tuple[int, int, int]]:
    """Year, month and day, if a text can be read in one way only."""
    if found := _YEAR_FIRST.fullmatch(plain):
        yield int(found[1]), int(found[3]), int(found[4])
    elif found := _COMPACT.fullmatch(plain):
        yield int(found[1]), int(found[2]), int(found[3])
    elif found := _NAMED.fullmatch(plain):
        name = found["one"] or found["two"]
        for month, whole in enumerate(_MONTHS, start=1):
            if name in (whole, whole[:3], "sept" if month == 9 else whole):
                yield int(found[5]), month, int(found[1] or found[4])
    elif found := _YEAR_LAST.fullmatch(plain):
        one, other, year = int(found[1]), int(found[3]), int(found[4])
        # With points it is the day that stands first, wherever people write so.
        if found[2] is None or one > 12 or one == other:
            yield year, other, one
        elif other > 12:
            yield year, one, other


def _plain(text: str) -> Iterator[str]:
    """The text with one character for each meaning."""
    for each in text:
        digit = decimal(each, None)
        if digit is not None:
            yield str(digit)
        else:
            is_dash = category(each) == "Pd" or each == "\u2212"
            yield "-" if is_dash else each


def _said(text: str, of: DayRule) -> str:
    typed = text.strip()
    return f"{of.name} “{typed if len(typed) <= SHOWN else typed[:SHOWN] + '…'}”"
