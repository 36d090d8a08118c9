"""The rows of money reserved for runs, written in the caller's transaction: reserved by a budget
in one locked step, settled with the run's own row, kept when that is deleted.

A run without a reservation also counts for its visitor, by its row in the log: a budget set at noon
includes the morning. The log does not say who paid for it, so the owner's sum holds only what was
reserved.

What a process reserved that died before the run's row was written counts on, at the most the run
can cost, until its window ends (at UTC midnight, or with its page): it may have been sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from playground.core.money.budget import OWNER, Balance, Reservation, Window, budget_refusal
from playground.core.runs.run_row import LIVE, RunRow
from playground.core.text.refusal import Refusal
from playground.store.tables.schema import IS_LIVE, reservations, runs

_worst, _cost = runs.c.worst_case_usd, runs.c.cost_usd
# What was billed is either known exactly or not at all: anything inexact counts in full.
_ROW_COUNTS = sa.case(
    (runs.c.cost_kind == "exact", _cost),
    (_worst.is_(None), _cost),
    (_cost > _worst, _cost),
    else_=_worst,
)


_who: sa.BindParameter[str] = sa.bindparam("who")
_since: sa.BindParameter[datetime] = sa.bindparam("since")
_until: sa.BindParameter[datetime] = sa.bindparam("until")
_is_reserved = sa.exists().where(
    reservations.c.visitor == runs.c.visitor, reservations.c.run_id == runs.c.run_id
)
# Literals: Postgres treats two equal parameters as two expressions when it groups.
_is_over = sa.case((IS_LIVE, sa.literal_column("0")), else_=sa.literal_column("1"))
_IN_SCOPE: dict[str, sa.ColumnElement[bool]] = {
    "visitor": reservations.c.visitor == _who,
    "payer": reservations.c.payer == _who,
    "share": sa.and_(reservations.c.visitor == _who, reservations.c.payer == OWNER),
}
# Built once: assembling such a query takes far longer than answering it.
_RESERVED: dict[str, sa.Select[tuple[Any, ...]]] = {
    scope: sa.select(reservations.c.is_settled, sa.func.sum(reservations.c.usd))
    .where(
        is_counted,
        reservations.c.started_at >= _since,
        reservations.c.started_at < _until,
    )
    .group_by(reservations.c.is_settled)
    for scope, is_counted in _IN_SCOPE.items()
}
_UNRESERVED: sa.Select[tuple[Any, ...]] = (
    sa.select(_is_over, sa.func.sum(_ROW_COUNTS))
    .where(
        runs.c.visitor == _who,
        runs.c.cost_kind != "simulated",
        runs.c.started_at >= _since,
        runs.c.started_at < _until,
        ~_is_reserved,
    )
    .group_by(_is_over)
)


def balance(connection: sa.Connection, window: Window) -> Balance:
    """What is used and reserved within a window."""
    values = {"who": window.who, "since": window.since, "until": window.until}
    sums = [Decimal(0), Decimal(0)]
    questions = [_RESERVED[window.scope]]
    if window.scope == "visitor":
        questions.append(_UNRESERVED)
    for question in questions:
        for is_settled, usd in connection.execute(question, values):
            sums[is_settled] += usd or 0
    held_usd, used_usd = sums
    return Balance(window, used_usd, held_usd)


def reserve(
    connection: sa.Connection, wanted: Sequence[Reservation], caps: Sequence[Window]
) -> Refusal | None:
    """Reserve all or nothing. The caller must be the only one who can write."""
    needed_usd = sum((reservation.usd for reservation in wanted), Decimal(0))
    refused = budget_refusal(needed_usd, tuple(balance(connection, window) for window in caps))
    if refused is None:
        rows = [asdict(reservation) | {"is_settled": 0} for reservation in wanted]
        connection.execute(sa.insert(reservations), rows)
    return refused


def reserve_again(
    connection: sa.Connection, more: Reservation, caps: Sequence[Window]
) -> Refusal | None:
    """Add to the reservation of a run that is still under way."""
    refused = budget_refusal(more.usd, tuple(balance(connection, window) for window in caps))
    if refused is not None:
        return refused
    # Only until the run is settled: after that nothing would take the addition off again.
    added = connection.execute(
        sa.update(reservations)
        .where(*_has_key(more.visitor, more.run_id), reservations.c.is_settled == 0)
        .values(usd=reservations.c.usd + more.usd)
    )
    return None if added.rowcount else Refusal("Not started: this run has already ended.")


_own = sa.update(reservations).where(
    reservations.c.visitor == sa.bindparam("of_visitor"),
    reservations.c.run_id == sa.bindparam("of_run"),
)
_SETTLE = _own.values(is_settled=1)
_SET_COST = _own.values(usd=sa.bindparam("cost_usd"))
# A cost that is not exact may be too low: it never lowers what counts.
_RAISE_COST = _SET_COST.where(reservations.c.usd < sa.bindparam("cost_usd"))


def settle(connection: sa.Connection, rows: Iterable[RunRow]) -> None:
    """Count runs that have ended at their cost; one that is not exact never lowers the sum."""
    ended_rows = [row for row in rows if row.status not in LIVE]
    priced = [row for row in ended_rows if row.cost_usd is not None]
    for statement, settled in (
        (_SETTLE, ended_rows),
        (_SET_COST, [row for row in priced if row.cost_kind == "exact"]),
        (_RAISE_COST, [row for row in priced if row.cost_kind != "exact"]),
    ):
        if settled:
            values = [
                {"of_visitor": row.visitor, "of_run": row.run_id, "cost_usd": row.cost_usd}
                for row in settled
            ]
            connection.execute(statement, values)


def release(connection: sa.Connection, visitor: str, run_ids: Iterable[str]) -> None:
    """Release what was reserved for runs that were never sent."""
    for run_id in run_ids:
        # A settled run was sent after all, and what it cost goes on counting.
        is_held = reservations.c.is_settled == 0
        connection.execute(sa.delete(reservations).where(*_has_key(visitor, run_id), is_held))


def give_up(connection: sa.Connection, keys: Iterable[tuple[str, str]]) -> None:
    """Count runs whose end nobody saw at the most they can cost."""
    for visitor, run_id in keys:
        connection.execute(
            sa.update(reservations).where(*_has_key(visitor, run_id)).values(is_settled=1)
        )


def keep_spent(connection: sa.Connection, visitor: str, *which: sa.ColumnElement[bool]) -> None:
    """Before rows of runs are deleted, keep counting what they cost. Who paid is not known, so they
    count for their visitor alone, as before."""
    columns = ["visitor", "run_id", "payer", "started_at", "is_settled", "usd"]
    spent = sa.select(
        runs.c.visitor, runs.c.run_id, runs.c.visitor, runs.c.started_at,
        sa.literal_column("1"), _ROW_COUNTS,
    ).where(
        runs.c.visitor == visitor, runs.c.cost_kind != "simulated", ~_is_reserved,
        _ROW_COUNTS.is_not(None), *which,
    )  # fmt: skip
    connection.execute(sa.insert(reservations).from_select(columns, spent))


def _has_key(visitor: str, run_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return reservations.c.visitor == visitor, reservations.c.run_id == run_id
