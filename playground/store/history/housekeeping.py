"""Storage: the size of the log, deleting old runs or texts for good, backups."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa

from playground.core.log.history import Cursor, Filter, Size
from playground.core.runs.run_row import LIVE
from playground.core.text.refusal import Refusal
from playground.store.history.history import History
from playground.store.rows import forgetting
from playground.store.tables import backups
from playground.store.tables.cleaning import clean_text
from playground.store.tables.faults import fault_of
from playground.store.tables.sqlite_file import MovedFileError
from playground.store.writing.database import Database
from playground.store.writing.writer import Writer

_ROWS_AT_ONCE = 500
_SAVED_WITHIN_S = 10.0
_OPENED_WITHIN_S = 5.0

_log = logging.getLogger(__name__)


class Housekeeping:
    """All methods except those about old runs concern the log as a whole, and are for its owner."""

    def __init__(self, history: History, writer: Writer, clock: Callable[[], datetime]) -> None:
        self._history, self._writer, self._clock = history, writer, clock

    def size(self) -> Size | None:
        """How large the log is; None while it is not open."""
        database = self._database()
        if database is None:
            return None
        try:
            with database.reading() as connection:
                used, free = _bytes_of(connection)
        except Exception as error:
            _log.warning("the size of the log met %s", type(error).__name__)
            return None
        return Size(used, free, None if database.file is None else str(database.file))

    def delete_old(
        self, visitor: str, last_day: date, *, keeps_starred: bool = True
    ) -> Iterator[int | Refusal]:
        """Delete a visitor's runs up to a day for good, and yield how many each step deleted; if it
        has to stop, the reason comes last."""

        def delete(connection: sa.Connection, ids: list[str]) -> None:
            forgetting.remove(connection, clean_text(visitor), ids)

        return self._work_through(visitor, last_day, delete, keeps_starred=keeps_starred)

    def drop_old_texts(self, visitor: str, last_day: date) -> Iterator[int | Refusal]:
        """Keep only the numbers of a visitor's runs up to a day, and yield how many each step took;
        if it has to stop, the reason comes last."""

        def drop(connection: sa.Connection, ids: list[str]) -> None:
            forgetting.drop_texts(connection, clean_text(visitor), ids)

        return self._work_through(visitor, last_day, drop, keeps_numbers=True)

    def _work_through(
        self,
        visitor: str,
        last_day: date,
        work: Callable[[sa.Connection, list[str]], None],
        *,
        keeps_starred: bool = False,
        keeps_numbers: bool = False,
    ) -> Iterator[int | Refusal]:
        after: Cursor | None = None
        chosen = Filter(to_day=last_day)
        while True:
            # Each step by itself, so that other writers get their turn in between.
            page = self._history.page(visitor, chosen, "oldest", after=after, limit=_ROWS_AT_ONCE)
            ids = [row.run_id for row in page.rows if row.status not in LIVE]
            if keeps_starred:
                marked = self._history.marks(visitor, ids)
                ids = [run_id for run_id in ids if not marked[run_id].is_starred]
            if ids:
                refusal = self._history.change_rows(visitor, ids, work, keeps_numbers=keeps_numbers)
                if refusal is not None:
                    yield refusal
                    return
            yield len(ids)
            if page.next_cursor is None:
                return
            after = page.next_cursor

    def backups(self) -> list[Path]:
        """The copies beside the log, the newest first."""
        file = self._file()
        return [] if file is None else backups.backups(file)

    def back_up(self) -> Path | Refusal:
        """Copy the log to a file beside it."""
        file = self._file()
        if file is None:
            return Refusal("Only a log in a file can be backed up here.")
        # What is still only in memory would be missing from the copy.
        self._writer.wait_until_saved(_SAVED_WITHIN_S)
        try:
            return backups.back_up(file, self._clock())
        except Exception as error:
            return Refusal(f"Not backed up: {fault_of(error).cause}.")

    def restore(self, source: Path) -> Path | Refusal:
        """Put a backup in the log's place; return the name under which the previous log is kept. A
        refusal has changed nothing."""
        file, database = self._file(), self._database()
        if file is None or database is None:
            return Refusal("Only a log in a file can be restored.")
        problem = backups.problem_of(source)
        if problem:
            return Refusal(f"Not restored: {problem}.")
        self._writer.wait_until_saved(_SAVED_WITHIN_S)
        aside: list[Path] = []
        try:
            # Nobody else writes now; that the file is a different one afterwards is the purpose.
            with suppress(MovedFileError), database.writing():
                aside.append(backups.put_in_place(source, file, self._clock()))
        except Exception as error:
            return Refusal(f"Not restored: {fault_of(error).cause}.")
        if not aside:
            return Refusal("Not restored: the file was moved meanwhile.")
        # The writer opens the new file in its next turn: nobody reads the old one after this.
        self._writer.wait_until_saved(_SAVED_WITHIN_S)
        return aside[0]

    def _file(self) -> Path | None:
        database = self._database()
        return None if database is None else database.file

    def _database(self) -> Database | None:
        # Right after a start the file is still being opened.
        self._writer.has_tried.wait(_OPENED_WITHIN_S)
        return self._writer.database


def _bytes_of(connection: sa.Connection) -> tuple[int, int]:
    if connection.dialect.name == "sqlite":
        # SQLite keeps the pages of deleted rows for new ones: its file does not shrink.
        numbers = [
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
            for name in ("page_count", "page_size", "freelist_count")
        ]
        pages, size, free = numbers
        return pages * size, free * size
    # The total size of a table includes its indexes and long texts.
    question = (
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c "
        "WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace"
    )
    return int(connection.exec_driver_sql(question).scalar_one()), 0
