"""Budgets in the log's database: visitors' own, and what is reserved within them. At once, durably
and never by guessing: what cannot be read or written is refused. The rows of what is reserved are
written in `rows/reservations.py`."""

from collections.abc import Sequence

import sqlalchemy as sa

from playground.core.money.budget import Balance, Budget, Reservation, Window
from playground.core.text.refusal import Refusal
from playground.store.rows import reservations
from playground.store.rows.memory import Memory
from playground.store.tables import dialect
from playground.store.tables.schema import budgets
from playground.store.writing.transactions import Transactions
from playground.store.writing.writer import Writer

# Somebody has pressed Run and is waiting. What is not written by then counts for all that was
# reserved, which is never too little.
_SAVED_WITHIN_S = 1.0
_UNDONE = "Not started: there is a budget, and nothing can be reserved"


class BudgetStore:
    """Each method waits for the disk, so none may be called on the event loop."""

    def __init__(self, writer: Writer, memory: Memory) -> None:
        self._db = Transactions(writer, who="the budgets", undone=_UNDONE)
        self._writer = writer
        self._memory = memory

    def reserve(self, wanted: Sequence[Reservation], caps: Sequence[Window]) -> Refusal | None:
        """Reserve for all of these runs, or for none and say why."""
        self._catch_up()
        return self._db.write(lambda connection: reservations.reserve(connection, wanted, caps))

    def reserve_again(self, more: Reservation, caps: Sequence[Window]) -> Refusal | None:
        """Reserve for one more attempt of a run, or say why not."""
        return self._db.write(lambda connection: reservations.reserve_again(connection, more, caps))

    def release(self, visitor: str, run_ids: Sequence[str]) -> Refusal | None:
        """Release what was reserved for runs that were never sent."""
        return self._db.write(lambda connection: reservations.release(connection, visitor, run_ids))

    def balances(self, caps: Sequence[Window]) -> tuple[Balance, ...] | Refusal:
        """The current balances of the windows."""
        self._catch_up()
        return self._db.read(
            lambda connection: tuple(reservations.balance(connection, cap) for cap in caps)
        )

    def save(self, visitor: str, budget: Budget) -> Refusal | None:
        """Save a visitor's own budget for the next visit."""
        row = {
            "visitor": visitor,
            "session_usd": budget.session_usd,
            "day_usd": budget.day_usd,
        }
        return self._db.write(lambda connection: dialect.upsert(connection, budgets, [row]))

    def load(self, visitor: str) -> Budget | Refusal:
        """The budget that a visitor saved on an earlier visit."""
        question = sa.select(budgets.c.session_usd, budgets.c.day_usd)

        def read(connection: sa.Connection) -> Budget:
            row = connection.execute(question.where(budgets.c.visitor == visitor)).first()
            return Budget(*row) if row else Budget()

        return self._db.read(read)

    def _catch_up(self) -> None:
        # A run that has just ended costs less than is still reserved for it.
        if self._memory.waiting:
            self._writer.wait_until_saved(_SAVED_WITHIN_S)
