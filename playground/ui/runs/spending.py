"""The budget of Run: the worst case is reserved before anything starts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from playground.batches.interfaces import SubmissionItem
from playground.core.batch.submission import worst_case_in_batch
from playground.core.money import budget
from playground.core.money.budget import (
    OWNER,
    Balance,
    Budget,
    Reservation,
    Spender,
    Window,
)
from playground.core.runs.run_plan import Plan
from playground.core.text.refusal import Refusal
from playground.core.visitors.access import LOCAL
from playground.engine.run import Run
from playground.experiments.interfaces import Admit, ReserveAgain
from playground.ui.session import money_state
from playground.ui.session.services import services

Priced = tuple[str, str, Decimal | None]
"""A run's id, why its price is unknown if it is, and the most that it can cost in dollars."""
WindowsAt = Callable[[datetime], tuple[Window, ...] | Refusal]
NOT_AN_AMOUNT = Refusal("Not started: the budget in the sidebar is not an amount of dollars.")


def balances(spender: Spender) -> tuple[Balance, ...] | Refusal:
    """The balances of the budget; empty if there is none."""
    windows = _windows(spender)
    if isinstance(windows, Refusal):
        return windows
    return services().log.budgets.balances(windows) if windows else ()


def refusal(plans: Sequence[Plan], spender: Spender) -> Refusal | None:
    """Why a press of Run would start nothing, as far as can be seen now."""
    if why := services().log.why_full(spender.visitor):
        return Refusal(why)
    # A free run waits for no database.
    if _is_free(plans):
        return None
    # Not binding: another press may use the money until `admit` reserves it atomically.
    limits = balances(spender)
    if isinstance(limits, Refusal):
        return limits
    if not limits:
        return None
    unpriced = next((plan.unpriced for plan in plans if plan.unpriced), "")
    if unpriced:
        return budget.unpriced(unpriced)
    return budget.budget_refusal(sum(map(_most_usd, plans), Decimal(0)), limits)


def has_budget(spender: Spender) -> bool:
    """Whether anything limits what this spender may spend."""
    return bool(_windows(spender))


def admit(runs: Sequence[Run], spender: Spender) -> Sequence[ReserveAgain | None] | Refusal:
    """Take places in the queue and reserve the worst case of these runs, for all or for none.
    Returns for each run a function that reserves for one more attempt; None without a budget."""
    return admitter(spender)(runs)


def admitter(spender: Spender) -> Admit:
    """`admit` for runs that start later, without a page: with the visitor's budget of now, on the
    day of then."""
    windows_at, engine = _windows_later(spender), services().engine

    def admit_later(runs: Sequence[Run]) -> Sequence[ReserveAgain | None] | Refusal:
        if why := services().log.why_full(spender.visitor):
            return Refusal(why)
        # Places before money: a full queue leaves nothing reserved.
        if refused := engine.reserve_places(runs):
            return refused
        admitted = _reserved(runs, spender, windows_at)
        if isinstance(admitted, Refusal):
            engine.release_places(runs)
        return admitted

    return admit_later


def batch_reserver(spender: Spender) -> Callable[[Sequence[SubmissionItem]], Refusal | None]:
    """Reserves for requests of batches, at their price; as `admitter` does. Without a budget
    too: until their results come no run in the log tells one that is made later of them."""
    windows_at = _windows_later(spender)

    def reserve(wanted: Sequence[SubmissionItem]) -> Refusal | None:
        if _is_free([request.plan for request in wanted]):
            return None
        now = datetime.now(UTC)
        priced = [
            (request.run_id, _unpriced(request.plan), worst_case_in_batch(request.plan, now))
            for request in wanted
        ]
        windows = windows_at(now)
        if isinstance(windows, Refusal):
            return windows
        known = priced if windows else [request for request in priced if request[-1] is not None]
        reserved = _reservations(known, spender, now)
        if isinstance(reserved, Refusal):
            return reserved
        return services().log.budgets.reserve(reserved, windows) if reserved else None

    return reserve


def _windows_later(spender: Spender) -> WindowsAt:
    try:
        own = money_state.budget()
    except ValueError:
        # Read as no budget, a field that holds no amount would let every run pass.
        return lambda _: NOT_AN_AMOUNT
    # Read now: later, on the engine's loop, there is no session that holds the fields.
    bound, since = owner_budget(spender), spender.since

    def windows_at(now: datetime) -> tuple[Window, ...]:
        nonlocal since
        since = min(since, now)  # As `money_state.since`: the clock may have been set back.
        return budget.windows(own, bound, replace(spender, since=since), now)

    return windows_at


def _reserved(
    runs: Sequence[Run], spender: Spender, windows_at: WindowsAt
) -> Sequence[ReserveAgain | None] | Refusal:
    if _is_free([run.plan for run in runs]):
        return [None] * len(runs)
    now = datetime.now(UTC)
    windows = windows_at(now)
    if isinstance(windows, Refusal):
        return windows
    if not windows:
        return [None] * len(runs)
    priced = [(run.id, _unpriced(run.plan), run.plan.worst_case_usd) for run in runs]
    wanted = _reservations(priced, spender, now)
    if isinstance(wanted, Refusal):
        return wanted
    refused = services().log.budgets.reserve(wanted, windows)
    return refused or [_retry_reserver(reservation, windows) for reservation in wanted]


def _reservations(
    priced: Sequence[Priced], spender: Spender, now: datetime
) -> list[Reservation] | Refusal:
    wanted = []
    for run_id, why, usd in priced:
        if usd is None:
            # Nothing can be reserved for it, and what is not reserved could break the budget.
            return budget.unpriced(why)
        max_usd = budget.reserved_usd(usd)
        # Not when the run was made: that may be yesterday, whose budget nobody has looked at.
        wanted.append(Reservation(run_id, spender.visitor, spender.payer, now, max_usd))
    return wanted


def _retry_reserver(more: Reservation, windows: tuple[Window, ...]) -> ReserveAgain:
    return lambda: services().log.budgets.reserve_again(more, windows)


def _windows(spender: Spender) -> tuple[Window, ...] | Refusal:
    return _windows_later(spender)(datetime.now(UTC))


def owner_budget(spender: Spender) -> Budget:
    """The owner's budget, if it applies to this spender: not to a stranger's own key."""
    is_own_business = spender.payer != OWNER and spender.visitor != LOCAL
    return Budget() if is_own_business else services().settings.budget


def _unpriced(plan: Plan) -> str:
    """Why a price is unknown; that of a batch can be where a single call's is known."""
    return plan.unpriced or f"the price of {plan.model.name} is unknown in a batch"


def _most_usd(plan: Plan) -> Decimal:
    return budget.reserved_usd(plan.worst_case_usd or Decimal(0))


def _is_free(plans: Sequence[Plan]) -> bool:
    return plans[0].connection.kind == "demo"
