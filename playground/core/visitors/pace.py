"""Rate limits: a leaky bucket for each visitor or address, and one for all of them."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

MAX_KNOWN = 10_000
"""Buckets in memory: beyond, those that were not used for longest are taken for empty."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A burst of `burst` actions, then `per_s` a second."""

    burst: int
    per_s: float


class LeakyBucket:
    """Counts actions; the count leaks away at the limit's rate."""

    def __init__(self, pace: RateLimit) -> None:
        self._pace = pace
        self._level = 0.0
        self._seen_s = 0.0

    def _leak(self, now_s: float) -> None:
        # A caller that waited for the lock may bring an earlier time than the one before.
        gone = max(0.0, now_s - self._seen_s) * self._pace.per_s
        self._level = max(0.0, self._level - gone)
        self._seen_s = now_s

    def take(self, count: int, now_s: float) -> bool:
        """Do it so many times if that may be now, or not at all."""
        is_in_time = self.has_room(count, now_s)
        if is_in_time:
            self.add(count, now_s)
        return is_in_time

    def has_room(self, count: int, now_s: float) -> bool:
        """Whether it may be done so many times now; `now_s` is any steady clock."""
        self._leak(now_s)
        return self._level + count <= self._pace.burst

    def add(self, count: int, now_s: float) -> float:
        """Do it, and return the seconds to wait before: 0 within the burst."""
        self._leak(now_s)
        self._level += count
        return max(0.0, self._level - self._pace.burst) / self._pace.per_s


class RateLimiter:
    """A bucket for each caller, and one for all of them. Thread-safe."""

    def __init__(self, each: RateLimit, all_: RateLimit) -> None:
        self._each, self._all = each, LeakyBucket(all_)
        self._buckets: OrderedDict[str, LeakyBucket] = OrderedDict()
        self._lock = Lock()

    def take(self, who: str, count: int, now_s: float) -> bool:
        """Do it so many times if that may be now, or not at all."""
        with self._lock:
            buckets = (self._bucket(who), self._all)
            # Both are asked before either is filled: what one refuses must not count in the other.
            if not all(bucket.has_room(count, now_s) for bucket in buckets):
                return False
            for bucket in buckets:
                bucket.add(count, now_s)
            return True

    def wait_s(self, who: str, now_s: float) -> float:
        """Do it once, and return the seconds to wait before."""
        with self._lock:
            return max(self._bucket(who).add(1, now_s), self._all.add(1, now_s))

    def _bucket(self, who: str) -> LeakyBucket:
        bucket = self._buckets.setdefault(who, LeakyBucket(self._each))
        # The most recent goes last: `popitem` drops the one unused for longest.
        self._buckets.move_to_end(who)
        if len(self._buckets) > MAX_KNOWN:
            self._buckets.popitem(last=False)
        return bucket
