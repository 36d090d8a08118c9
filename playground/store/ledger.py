"""What budgets ask of the log's database: at once, durably, and never with a guess: what
cannot be read or written is refused."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import sqlalchemy as sa

from playground.core.budget import Budget, Refusal, Reservation, Standing, Window
from playground.store import dialect, reservations
from playground.store.faults import fault_of, report
from playground.store.memory import Memory
from playground.store.schema import budgets
from playground.store.writer import Writer

_OPENED_WITHIN_S = 5.0
_SAVED_WITHIN_S = 1.0

_log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class Ledger:
    """Reservations of all visitors, in the same database as their runs. Each method waits
    for the disk, so none may be called on the event loop."""

    def __init__(self, writer: Writer, memory: Memory) -> None:
        self._writer = writer
        self._memory = memory

    def reserve(self, wanted: Sequence[Reservation], caps: Sequence[Window]) -> Refusal | None:
        """Reserve for all of these runs, or for none and say why."""
        self._catch_up()
        return self._write(lambda connection: reservations.reserve(connection, wanted, caps))

    def reserve_again(self, more: Reservation, caps: Sequence[Window]) -> Refusal | None:
        """Reserve for one more attempt of a run, or say why not."""
        return self._write(lambda connection: reservations.reserve_again(connection, more, caps))

    def release(self, visitor: str, run_ids: Sequence[str]) -> Refusal | None:
        """Let go of what was reserved for runs that were never sent."""

        def write(connection: sa.Connection) -> None:
            reservations.release(connection, visitor, run_ids)

        return self._write(write)

    def standings(self, caps: Sequence[Window]) -> tuple[Standing, ...] | Refusal:
        """How the windows stand now."""
        self._catch_up()
        return self._ask(
            lambda connection: tuple(reservations.standing(connection, cap) for cap in caps),
            is_writing=False,
        )

    def keep_budget(self, visitor: str, budget: Budget) -> Refusal | None:
        """Remember a visitor's own budget for his next visit."""
        row = {
            "visitor": visitor,
            "session_usd": budget.session_usd,
            "day_usd": budget.day_usd,
        }
        return self._write(lambda connection: dialect.upsert(connection, budgets, [row]))

    def budget_of(self, visitor: str) -> Budget | Refusal:
        """The budget that a visitor made on an earlier visit."""
        question = sa.select(budgets.c.session_usd, budgets.c.day_usd)

        def read(connection: sa.Connection) -> Budget:
            found = connection.execute(question.where(budgets.c.visitor == visitor)).first()
            return Budget(*found) if found else Budget()

        return self._ask(read, is_writing=False)

    def _catch_up(self) -> None:
        # What has just ended costs less than is still reserved for it.
        if self._memory.unsaved:
            self._writer.wait_until_saved(_SAVED_WITHIN_S)

    def _write(self, work: Callable[[sa.Connection], Refusal | None]) -> Refusal | None:
        return self._ask(work, is_writing=True)

    def _ask(
        self, work: Callable[[sa.Connection], Answer], *, is_writing: bool
    ) -> Answer | Refusal:
        self._writer.has_tried.wait(_OPENED_WITHIN_S)
        database = self._writer.readable
        if database is None:
            fault = self._writer.fault or self._writer.read_fault
            return _refusal(fault.cause if fault else "the log is not open")
        try:
            with database.writing() if is_writing else database.reading() as connection:
                return work(connection)
        except Exception as error:  # whatever it is: without a reservation nothing starts
            fault = fault_of(error)
            if fault.kind in ("unexpected", "refused"):
                report(_log, "the ledger", error)
            self._writer.wake(is_suspect=fault.kind == "damaged")
            return _refusal(fault.cause)


def _refusal(cause: str) -> Refusal:
    return Refusal(f"Not started: there is a budget, and nothing can be reserved: {cause}.")
