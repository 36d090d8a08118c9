"""What fits into a budget, what is said when it does not, and when a retry is paid for."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.answer.events import AttemptFailed, Connecting, Finished
from playground.core.answer.failures import Failure
from playground.core.money.budget import (
    END_OF_TIME,
    Balance,
    Budget,
    Spender,
    Window,
    budget_refusal,
    reserved_usd,
    unpriced,
    windows,
    within_budget,
)
from playground.core.text.refusal import Refusal

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADA = Spender("ada", "ada", NOON - timedelta(hours=1))
DAY = Decimal("0.5")


def day(cap=DAY, now=NOON):
    [window] = windows(Budget(day_usd=cap), Budget(), ADA, now)
    return window


def test_what_does_not_fit_is_refused_with_the_amount_that_is_too_much():
    balance = Balance(day(), used_usd=Decimal("0.4"), held_usd=Decimal("0.096"))
    assert budget_refusal(Decimal("0.0123"), (balance,)) == Refusal(
        "Not started: this run can cost up to $0.0123, and $0.0040 of today's $0.50 are left: "
        "$0.0083 too much."
    )
    assert budget_refusal(Decimal("0.004"), (balance,)) is None


@given(*[st.decimals(0, 10, places=12) for _ in range(4)])
def test_whatever_is_let_through_stays_within_the_cap(cap, used, held, needed):
    balance = Balance(day(cap), used, held)
    fits = budget_refusal(needed, (balance,)) is None
    assert fits == (needed == 0 or used + held + needed <= cap)
    assert balance.left_usd >= 0


@pytest.fixture
def far_east(monkeypatch):
    """A machine on which it is already tomorrow."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "UTC-14")
        time.tzset()
        yield
    time.tzset()


def test_a_run_counts_into_the_utc_day_of_its_start(far_east):
    late = datetime(2026, 11, 24, 23, tzinfo=UTC).astimezone(tz=None)
    assert late.day == 25
    assert day(now=late).since == datetime(2026, 11, 24, tzinfo=UTC)
    assert day(now=late).until == datetime(2026, 11, 25, tzinfo=UTC)


def test_every_window_says_whose_it_is_and_from_when_to_when():
    since, midnight = NOON - timedelta(hours=1), datetime(2026, 11, 23, tzinfo=UTC)
    both, hers = Budget(Decimal(1), Decimal(2)), Spender("ada", "owner", since)
    next_midnight = midnight + timedelta(days=1)
    assert windows(both, both, hers, NOON) == (
        Window("session", Decimal(1), "visitor", "ada", since, END_OF_TIME),
        Window("day", Decimal(2), "visitor", "ada", midnight, next_midnight),
        Window("day", Decimal(2), "payer", "owner", midnight, next_midnight),
    )


def test_where_nothing_is_left_the_refusal_says_so():
    [window] = windows(Budget(session_usd=DAY), Budget(), ADA, NOON)
    for used in (DAY, 2 * DAY):
        assert budget_refusal(Decimal(1), (Balance(window, used, Decimal(0)),)) == Refusal(
            "Not started: this run can cost up to $1.00, and $0 of this session's $0.50 is left: "
            "$1.00 too much."
        )


def test_the_owners_budget_comes_on_top_and_can_only_be_tightened():
    owners = Budget(session_usd=Decimal(1), day_usd=Decimal(5))
    found = windows(Budget(session_usd=Decimal(9)), owners, ADA, NOON)
    assert [(window.name, window.cap_usd, window.scope) for window in found] == [
        ("session", 1, "visitor"),
        ("day", 5, "payer"),
    ]
    assert windows(Budget(session_usd=Decimal("0.1")), owners, ADA, NOON)[0].cap_usd < 1
    assert windows(Budget(), Budget(), ADA, NOON) == ()


def test_a_run_without_a_bound_is_refused_with_the_reason():
    assert unpriced("the price of claude-next-9 is unknown").sentence == (
        "The budget can't be kept: the price of claude-next-9 is unknown."
    )


def test_a_worst_case_is_never_rounded_down():
    assert reserved_usd(Decimal("0.0000000000011")) == Decimal("0.000000000002")


def passed(*events, again):
    asked = []

    async def reserve_again():
        asked.append(1)
        return again

    async def script():
        for event in events:
            yield event

    async def collect():
        return [event async for event in within_budget(script(), reserve_again)]

    return asyncio.run(collect()), len(asked)


LOST = AttemptFailed(1, Failure("dropped", billed="possibly"), 1.0, "dropped")
REFUSED = AttemptFailed(1, Failure("overloaded", http_status=529), 1.0, "529")
LAST = AttemptFailed(2, Failure("dropped", billed="possibly"), None, "Given up.")
NO_ROOM = Refusal("no room")


def test_a_lost_attempt_that_may_be_billed_is_retried_only_on_a_new_reservation():
    events = (Connecting(1), LOST, Connecting(2), Finished("end_turn"))
    assert passed(*events, again=None) == (list(events), 1)
    found, _ = passed(*events, again=NO_ROOM)
    assert found[0] == Connecting(1)
    assert len(found) == 2
    assert found[1].wait_s is None
    assert found[1].why == (
        "Not retried: the lost attempt may be billed, and the budget has no room for another."
    )


def test_what_is_not_billed_or_not_retried_asks_for_nothing():
    events = (Connecting(1), REFUSED, Connecting(2), LAST)
    assert passed(*events, again=NO_ROOM) == (list(events), 0)
