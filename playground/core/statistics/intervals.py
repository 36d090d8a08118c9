"""Numbers about repeated measurements that say how sure they are: means, rates, intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles, stdev
from typing import Final

Z_95: Final = 1.959963984540054
WIDE: Final = 0.3
"""An interval of a rate wider than this says little."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies with 95 % confidence, if the measurements are independent."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """How measurements are distributed. `sd` is the sample's, None for a single one. Quantiles
    are interpolated between measurements."""

    count: int
    mean: float
    sd: float | None
    least: float
    most: float
    p95: float


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, with Wilson's interval."""

    count: int
    of: int
    interval: Interval

    @property
    def share(self) -> float:
        return self.count / self.of


def distribution(values: Sequence[float]) -> Distribution | None:
    """How measurements are distributed; None where there are none."""
    if not values:
        return None
    count, mean = len(values), fmean(values)
    # "exclusive" extrapolates beyond the measurements where they are few.
    cuts = quantiles(values, n=20, method="inclusive") if count > 1 else [values[0]] * 19
    return Distribution(
        count=count,
        mean=mean,
        sd=stdev(values) if count > 1 else None,
        least=min(values),
        most=max(values),
        p95=cuts[18],
    )


def rate(count: int, of: int) -> Rate | None:
    """A rate; None of nothing."""
    if of == 0:
        return None
    return Rate(count, of, _wilson(count, of))


def how_sure(found: Rate, noun: str, what: str) -> str | None:
    """A plain sentence where so few measurements say little; None where they say enough."""
    low, high = found.interval.low, found.interval.high
    if high - low <= WIDE:
        return None
    made = f"1 {noun}" if found.of == 1 else f"{found.of} {noun}s"
    return f"{made}: too few to tell ({what} {100 * low:.0f}–{100 * high:.0f} %)."


def _wilson(count: int, of: int) -> Interval:
    """Wilson (1927), without a continuity correction."""
    share, square = count / of, Z_95**2
    middle = share + square / (2 * of)
    reach = Z_95 * math.sqrt(share * (1 - share) / of + square / (4 * of**2))
    low, high = ((middle + sign * reach) / (1 + square / of) for sign in (-1, 1))
    # Rounding would put the ends a little beside 0 and 1.
    return Interval(0.0 if count == 0 else low, 1.0 if count == of else high)
