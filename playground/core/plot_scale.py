"""Numbers of any kind as places on an axis, with ticks at round values."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

Number = int | float | Decimal | None

LARGEST = 1e100
"""Beyond it, either way, arithmetic on floats overflows before a person reads the number."""
SMALLEST_SHARE = 1e-9
"""Values closer than this share of their size are drawn as equal."""
MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Axis:
    """What stands beside an axis; `prefix` and `suffix` go around each of its numbers. It
    reaches over all `bounds`, which no number leaves, wherever the numbers are."""

    title: str
    prefix: str = ""
    suffix: str = ""
    bounds: tuple[float, float] | None = None

    def say(self, number: str) -> str:
        """A number in this axis's unit."""
        sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
        return f"{sign}{self.prefix}{digits}{self.suffix}"


@dataclass(frozen=True, slots=True)
class Scale:
    """From values between `low` and `high` to pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[tuple[float, str]]:
        """Round values on the axis, each with how it is written; no two are written alike."""
        step = _round_step((self.high - self.low) / (MOST_TICKS - 1))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [(count * step, _written(count * step, step)) for count in range(first, last + 1)]


def drawable(value: Number) -> float | None:
    """A value as a float; None for what has no place on an axis: unknown, NaN, endless."""
    try:
        found = math.nan if value is None else float(value)
    except (OverflowError, ValueError):
        return None
    if not math.isfinite(found) or abs(found) > LARGEST:
        return None
    return 0.0 if abs(found) < 1 / LARGEST else found


def scale_of(values: Iterable[float], start: float, end: float, *, from_zero: bool) -> Scale:
    """The scale that holds these values with a little room; equal ones stand in its middle."""
    found = list(values) or [0.0, 1.0]
    low, high = min(found), max(found)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    size = max(abs(low), abs(high))
    if high - low <= SMALLEST_SHARE * size:
        room = size / 2 or 1.0
        return Scale(low - room, high + room, start, end)
    room = (high - low) * 0.06
    is_floor = from_zero and low == 0
    return Scale(low if is_floor else low - room, high + room, start, end)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """The quarter, the half and the three quarters of some values, in between where needed."""
    ordered = sorted(values)

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        below = math.floor(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    return at(0.25), at(0.5), at(0.75)


def _round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 5, 10, 20) if step * power >= least * (1 - 1e-9))


def _written(value: float, step: float) -> str:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if decimals <= 6 and abs(value) < 1e7:
        return f"{value + 0.0:,.{decimals}f}"
    if not value:
        return "0"
    digits = math.floor(math.log10(abs(value)) + 1e-9) - math.floor(math.log10(step) + 1e-9)
    return f"{value:.{max(0, digits)}e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
