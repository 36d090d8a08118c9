"""Numbers about repeated measurements that say how sure they are: spread, rates, intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, quantiles, stdev
from typing import Final

Z_95: Final = 1.959963984540054
WIDE: Final = 0.3
"""An interval of a rate wider than this says little."""
_T_95: Final = (
    *(12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281),
    *(2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860),
    *(2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423),
)
"""Student's t for 1 to 30 degrees of freedom, two-sided at 95 %."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies with 95 % confidence, if the measurements are independent."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Spread:
    """How measurements are distributed. `sd` is the sample's; it and the interval of the mean
    are None for a single one. Quantiles are interpolated between measurements."""

    count: int
    mean: float
    median: float
    sd: float | None
    least: float
    most: float
    p25: float
    p75: float
    p95: float
    mean_interval: Interval | None


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, with Wilson's interval."""

    count: int
    of: int
    interval: Interval

    @property
    def share(self) -> float:
        return self.count / self.of


def spread(values: Sequence[float]) -> Spread | None:
    """The spread of measurements; None where there are none."""
    if not values:
        return None
    count, mean = len(values), fmean(values)
    cuts = quantiles(values, n=20, method="inclusive") if count > 1 else [values[0]] * 19
    return Spread(
        count=count,
        mean=mean,
        median=median(values),
        sd=stdev(values) if count > 1 else None,
        least=min(values),
        most=max(values),
        p25=cuts[4],
        p75=cuts[14],
        p95=cuts[18],
        mean_interval=_mean_interval(values, mean),
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
    return Interval(0.0 if count == 0 else low, 1.0 if count == of else high)


def _mean_interval(values: Sequence[float], mean: float) -> Interval | None:
    """Student's t."""
    freedom = len(values) - 1
    if freedom < 1:
        return None
    t = _T_95[freedom - 1] if freedom <= len(_T_95) else Z_95 + (Z_95**3 + Z_95) / (4 * freedom)
    reach = t * stdev(values) / math.sqrt(len(values))
    return Interval(mean - reach, mean + reach)
