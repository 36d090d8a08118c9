"""How numbers and times are written on the page."""

import json
from datetime import MAXYEAR, MINYEAR, UTC, datetime, tzinfo
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from playground.core.answer import timeline
from playground.core.money.dollars import in_dollars
from playground.core.money.pricing import Cost
from playground.core.text.one_line import one_line

NOTHING = "–"
LONGEST_REASON = 48
COLOURS = {
    "A": "blue", "B": "orange", "C": "green", "D": "violet", "E": "red", "F": "yellow",
}  # fmt: skip
"""Of the variants."""
CHARACTER_PX, CELL_ENDS_PX = 6.5, 20
T = TypeVar("T")


def money(usd: Decimal | None) -> str:
    """Dollars, or “unknown”."""
    return "unknown" if usd is None else in_dollars(usd)


def cost(cost: Cost) -> str:
    """A cost with how it is known."""
    if cost.usd is None or cost.kind in ("exact", "unknown"):
        return money(None if cost.kind == "unknown" else cost.usd)
    if cost.kind == "simulated":
        return f"{money(cost.usd)} simulated"
    return f"{cost.kind} {money(cost.usd)}"


def parsed(text: str | None, default: T) -> T:
    """JSON of the log, or the default if it is damaged or of another type."""
    try:
        value = json.loads(text or "null")
    except (ValueError, RecursionError):
        return default
    return value if isinstance(value, type(default)) else default


def fitted(text: str, width_px: int) -> str:
    """As much of a text as a column has room for. A table is a canvas: it cuts without a sign."""
    return one_line(text, int((width_px - CELL_ENDS_PX) / CHARACTER_PX))


def in_short(why: str) -> str:
    """The first sentence of a reason, as far as a button has room for it."""
    sentence = why.split(". ")[0].rstrip(".")
    # What says no more than where it is, such as "Variant A", is no reason.
    head = sentence.split(": ")[0]
    first = head if head.count(" ") > 1 else sentence
    return first if len(first) <= LONGEST_REASON else f"{first[: LONGEST_REASON - 1].rstrip()}…"


def seconds(value: float | None) -> str:
    return NOTHING if value is None else timeline.seconds(value)


def span(seconds: float) -> str:
    """A stretch of time in its largest unit: 3 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def local_time(at: datetime) -> str:
    """Day and time of day where the browser says that it is."""
    # The first and the last year stand for what the log can't read; elsewhere in the world some of
    # their hours would be in no year at all.
    if at.year in (MINYEAR, MAXYEAR):
        return "unknown"
    return at.astimezone(_zone()).strftime("%d %b %H:%M:%S")


def _zone() -> tzinfo:
    try:
        # The zone is what the browser says it is: any text.
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
