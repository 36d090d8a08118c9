"""Synchronous reads and writes of the log's database, for what can't wait for the writer."""

import logging
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from playground.core.text.refusal import Refusal
from playground.store.tables.faults import UNFORESEEN, fault_of, report, retry_on_conflict
from playground.store.writing.writer import Writer

_OPENED_WITHIN_S = 5.0

_log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class Transactions:
    """Waits for the disk, so it may not be used on the event loop. Any failure is a `Refusal`:
    `undone` and the cause. `who` names the caller to the owner beside unforeseen errors."""

    def __init__(self, writer: Writer, *, who: str, undone: str) -> None:
        self._writer, self._who, self._undone = writer, who, undone

    def read(self, work: Callable[[sa.Connection], Answer]) -> Answer | Refusal:
        """Read the database at one moment."""
        return self._ask(work, is_writing=False)

    def write(self, work: Callable[[sa.Connection], Answer]) -> Answer | Refusal:
        """Change the database as its only writer: the change is safe when this returns, or nothing
        has changed."""
        return self._ask(work, is_writing=True)

    def execute(self, *statements: sa.Executable) -> Refusal | None:
        """Change the database by these statements, all of them or none."""

        def work(connection: sa.Connection) -> None:
            for statement in statements:
                connection.execute(statement)

        return self.write(work)

    def _ask(
        self, work: Callable[[sa.Connection], Answer], *, is_writing: bool
    ) -> Answer | Refusal:
        # Right after a start the file is still being opened.
        self._writer.has_tried.wait(_OPENED_WITHIN_S)
        database = self._writer.readable
        if database is None:
            fault = self._writer.fault or self._writer.read_fault
            return self._refused(fault.cause if fault else "the log is not open")

        def ask() -> Answer:
            with database.writing() if is_writing else database.reading() as connection:
                return work(connection)

        try:
            return retry_on_conflict(ask)
        except Exception as error:  # whatever it is: what could not be done must be said
            fault = fault_of(error)
            if fault.kind in UNFORESEEN:
                report(_log, self._who, error)
            # Only the writer reopens a database: it must find out what is wrong with this one.
            self._writer.wake(is_suspect=fault.kind == "damaged")
            return self._refused(fault.cause)

    def _refused(self, cause: str) -> Refusal:
        return Refusal(f"{self._undone}: {cause}.")
