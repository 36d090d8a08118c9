"""How often something may be done: a burst, then so many times a second, each and all."""

import pytest

from playground.core.visitors.pace import MAX_KNOWN, LeakyBucket, RateLimit, RateLimiter

TWICE = RateLimit(burst=2, per_s=0.5)


def test_a_burst_is_free_and_then_each_has_its_time():
    bucket = LeakyBucket(TWICE)
    assert [bucket.take(1, now_s) for now_s in (0, 0, 0, 1, 2, 2, 100, 100, 100)] == [
        True, True, False, False, True, False, True, True, False,
    ]  # fmt: skip


def test_what_is_done_together_is_done_whole_or_not_at_all():
    bucket = LeakyBucket(RateLimit(burst=5, per_s=1))
    assert bucket.take(4, 0)
    assert not bucket.take(2, 0)
    assert bucket.take(1, 0)


def test_who_is_too_fast_waits_the_longer_the_more_he_asks():
    bucket = LeakyBucket(TWICE)
    assert [bucket.add(1, 0) for _ in range(4)] == [0, 0, 2, 4]
    assert bucket.add(1, 4) == 2


def test_one_who_is_too_fast_holds_up_no_other_until_all_are():
    paces = RateLimiter(TWICE, RateLimit(burst=5, per_s=1))
    assert [paces.take("a", 1, 0) for _ in range(3)] == [True, True, False]
    assert [paces.take("b", 1, 0) for _ in range(3)] == [True, True, False]
    assert [paces.take("c", 1, 0) for _ in range(2)] == [True, False]
    assert paces.wait_s("d", 0) == pytest.approx(1)


def test_however_many_there_are_memory_is_bounded():
    paces = RateLimiter(TWICE, RateLimit(burst=10**9, per_s=1))
    for number in range(2 * MAX_KNOWN):
        paces.take(str(number), 1, 0)
    assert len(paces._buckets) == MAX_KNOWN
