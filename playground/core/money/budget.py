"""A budget: what may be spent in a session and in a day, and whether a run still fits.

What a run can cost is reserved before it starts, and what it did cost takes the place of
that when it ends. Simulated money never counts.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from playground.core.answer.events import AttemptFailed, Event
from playground.core.money.dollars import in_all_digits, in_dollars
from playground.core.text.refusal import Refusal
from playground.core.visitors.access import LOCAL

# What the log's columns hold: a reservation of finer parts would not be read back the same.
PICO = Decimal("1e-12")
END_OF_TIME = datetime.max.replace(tzinfo=UTC)
OWNER = "owner"
"""Who pays for runs with the key of the server's owner; else the visitor pays."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that may be spent; None: no limit. A day is one of UTC, and a run counts
    into the day on which it starts."""

    session_usd: Decimal | None = None
    day_usd: Decimal | None = None
    visitor_day_usd: Decimal | None = None
    """What one visitor from elsewhere may spend of the owner's money in a day."""


@dataclass(frozen=True, slots=True)
class Spender:
    """Who spends: a visitor, on a page opened at `since`, at whose expense."""

    visitor: str
    payer: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time, whose runs count into it, and how much they may cost together."""

    name: Literal["session", "day"]
    cap_usd: Decimal
    scope: Literal["visitor", "payer", "share"]
    """Counts a visitor's runs, all that someone pays for, or a visitor's at the owner's expense."""
    who: str
    since: datetime
    until: datetime = END_OF_TIME

    @property
    def words(self) -> str:
        """Such as: today's $0.50."""
        if self.scope == "share":
            return f"your {in_all_digits(self.cap_usd)} for today"
        name = "this session's" if self.name == "session" else "today's"
        return f"{name} {in_all_digits(self.cap_usd)}"


@dataclass(frozen=True, slots=True)
class Balance:
    """How much of a window is used up, and how much is reserved for runs under way."""

    window: Window
    used_usd: Decimal
    held_usd: Decimal

    @property
    def left_usd(self) -> Decimal:
        return max(Decimal(0), self.window.cap_usd - self.used_usd - self.held_usd)


@dataclass(frozen=True, slots=True)
class Reservation:
    """The most that one run can cost, kept free for it."""

    run_id: str
    visitor: str
    payer: str
    started_at: datetime
    usd: Decimal


def windows(own: Budget, owners: Budget, spender: Spender, now: datetime) -> tuple[Window, ...]:
    """Everything a run that starts now must fit into. The owner's budget comes on top of a
    visitor's own; its day is one for all whom the owner pays for."""
    caps = [usd for usd in (own.session_usd, owners.session_usd) if usd is not None]
    limits = []
    if caps:
        limits.append(Window("session", min(caps), "visitor", spender.visitor, spender.since))
    day = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    end = day + timedelta(days=1)
    if own.day_usd is not None:
        limits.append(Window("day", own.day_usd, "visitor", spender.visitor, day, end))
    if owners.day_usd is not None:
        limits.append(Window("day", owners.day_usd, "payer", spender.payer, day, end))
    is_guest = spender.payer == OWNER and spender.visitor != LOCAL
    if owners.visitor_day_usd is not None and is_guest:
        share_usd = owners.visitor_day_usd
        limits.append(Window("day", share_usd, "share", spender.visitor, day, end))
    return tuple(limits)


def budget_refusal(needed_usd: Decimal, balances: tuple[Balance, ...]) -> Refusal | None:
    """Why something that can cost this much exceeds the budget; None if it fits."""
    for balance in balances:
        short_usd = needed_usd - balance.left_usd
        if short_usd > 0:
            return Refusal(
                f"Not started: this run can cost up to {in_dollars(needed_usd)}, and "
                f"{in_dollars(balance.left_usd)} of {balance.window.words} "
                f"{'is' if balance.left_usd == 0 else 'are'} left: "
                f"{in_dollars(short_usd)} too much."
            )
    return None


def unpriced(why: str) -> Refusal:
    """Nothing can be reserved for a run without a bound; `why` is part of a sentence."""
    return Refusal(f"The budget can't be kept: {why}.")


def reserved_usd(worst_case_usd: Decimal) -> Decimal:
    """The worst case in whole pico-dollars, never rounded down."""
    return worst_case_usd.quantize(PICO, ROUND_CEILING)


async def within_budget(
    events: AsyncGenerator[Event, None], reserve_again: Callable[[], Awaitable[Refusal | None]]
) -> AsyncGenerator[Event, None]:
    """The same events, but no retry after an attempt that may be billed unless the worst
    case could be reserved once more: one reservation covers one answer."""
    # Left to the garbage collector, the stream below would stay open after the return.
    async with aclosing(events):
        async for event in events:
            if isinstance(event, AttemptFailed) and event.wait_s is not None:
                # Reserved only now: to reserve for every attempt beforehand would make a small
                # budget useless.
                refused = None if event.failure.billed == "no" else await reserve_again()
                if refused is not None:
                    why = "Not retried: the lost attempt may be billed, and the budget has no "
                    yield replace(event, wait_s=None, why=why + "room for another.")
                    return
            yield event
