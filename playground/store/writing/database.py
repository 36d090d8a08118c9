"""One opened database of the log: checked, at the right version, with one connection to write and
others to read. When something is wrong with it, a new one is opened."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import datetime
from threading import Lock
from typing import NamedTuple

import sqlalchemy as sa

from playground.core.runs.run_row import LIVE
from playground.store.rows import forgetting, reservations
from playground.store.rows.memory import Entry
from playground.store.search import search_index
from playground.store.sums import days
from playground.store.tables import (
    batch_tables,
    column_types,
    dialect,
    migrations,
    schema,
    sqlite_file,
)
from playground.store.tables.faults import in_savepoint
from playground.store.writing import processes
from playground.store.writing.processes import Boot

# So few that others who want to write wait only a moment for their turn.
_INDEXED_AT_ONCE = 200


class Refused(NamedTuple):
    """A row that could not be written, and why."""

    entry: Entry
    error: Exception


class Database:
    """Opens on construction, and raises whatever prevents that."""

    def __init__(
        self, url: sa.URL, *, boot: Boot, busy_timeout_s: float, is_suspect: bool = False
    ) -> None:
        self._boot = boot
        self.is_new = False
        self.file = dialect.sqlite_file(url)
        if self.file is not None:
            sqlite_file.make_room(self.file)
        self._writer = dialect.connect(url, busy_timeout_s=busy_timeout_s, is_reader=False)
        self._reader = self._writer
        self._turn: Lock | nullcontext[None] = Lock()  # an in-memory database has one connection
        if not dialect.is_in_memory(url):
            self._reader = dialect.connect(url, busy_timeout_s=busy_timeout_s, is_reader=True)
            self._turn = nullcontext()
        try:
            self._prepare(is_suspect=is_suspect, busy_timeout_s=busy_timeout_s)
        except BaseException:
            self.close()
            raise
        self.identity = sqlite_file.identity(self.file) if self.file is not None else None

    def _prepare(self, *, is_suspect: bool, busy_timeout_s: float) -> None:
        if self.file is not None:
            sqlite_file.check(self._writer, self.file, is_suspect=is_suspect)
        with self.reading() as connection:
            version = migrations.version_of(connection)
        if version > migrations.NEWEST:
            return  # it can still be read
        if self.file is not None:
            sqlite_file.use_wal(self._writer, within_s=busy_timeout_s)
        if version < migrations.NEWEST:
            self.is_new = version == 0
            migrations.migrate(self._writer, self.file)

    @property
    def has_misfits(self) -> bool:
        """Say whether something was read that no column of this app's may hold."""
        return column_types.has_misfits((self._reader, self._writer))

    @property
    def is_in_place(self) -> bool:
        """Say whether the file is still the one that was opened: writes into a deleted file
        succeed, and are lost."""
        return self.file is None or sqlite_file.identity(self.file) == self.identity

    def record_deletion(self, visitor: str, now: datetime) -> None:
        """Record that all of a visitor's runs are to be deleted, to survive a crash."""
        with self.writing() as connection:
            forgetting.record_deletion(connection, visitor, now)

    def pending_deletions(self) -> Sequence[str]:
        """The visitors with a recorded deletion that is not complete."""
        with self.reading() as connection:
            return forgetting.pending_deletions(connection)

    def delete_chunk(self, visitor: str, now: datetime) -> bool:
        """Delete some runs of a recorded deletion; return True once none is left."""
        with self.writing() as connection:
            return forgetting.delete_chunk(connection, visitor, now)

    def write(
        self,
        entries: Sequence[Entry],
        now: datetime,
        is_wanted: Callable[[Entry], bool] = lambda _: True,
    ) -> list[Refused]:
        """Write these rows in one transaction; return those that the database refuses. Any fault
        that is not of single rows is raised, and none is written. `is_wanted` is asked once nobody
        else can write: a row may have been deleted while this had to wait."""
        with self.writing() as connection:
            processes.record_heartbeat(connection, self._boot, now)
            return self._write_apart(connection, [entry for entry in entries if is_wanted(entry)])

    def _write_apart(self, connection: sa.Connection, entries: Sequence[Entry]) -> list[Refused]:
        """Write these rows except those that are refused, which change nothing."""
        error = in_savepoint(connection, lambda: self._write_rows(connection, entries))
        if error is None:
            return []
        if len(entries) == 1:
            # What it cost still counts; if the cost itself is refused, the reservation counts on,
            # which is the most it can be.
            in_savepoint(connection, lambda: reservations.settle(connection, [entries[0].row]))
            return [Refused(entries[0], error)]
        # By halves, so that one bad row among many costs only a few attempts.
        middle = len(entries) // 2
        first = self._write_apart(connection, entries[:middle])
        return first + self._write_apart(connection, entries[middle:])

    def _write_rows(self, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        boot = {"boot_id": self._boot.boot_id}
        rows = [asdict(entry.row) | boot for entry in entries]
        with days.updating(connection, [(e.row.visitor, e.row.run_id) for e in entries]):
            dialect.upsert(connection, schema.runs, rows)
        reservations.settle(connection, [entry.row for entry in entries])
        ended = [entry.row for entry in entries if entry.row.status not in LIVE]
        texts = [
            asdict(entry.texts) | {"visitor": entry.row.visitor} for entry in entries if entry.texts
        ]
        with search_index.updating(connection, [(row.visitor, row.run_id) for row in ended]):
            dialect.upsert(connection, schema.texts, texts)

    def heartbeat(self, now: datetime) -> None:
        """Record a heartbeat of this process, and end the runs of dead processes."""
        with self.writing() as connection:
            processes.record_heartbeat(connection, self._boot, now)
            processes.interrupt_lost_runs(connection, self._boot, now)
            forgetting.purge(connection, now)

    def release_unsent(self) -> None:
        """Release the money for batches that a process was still noting down as it ended."""
        with self.writing() as connection:
            for visitor, run_id in batch_tables.forget_unsent(connection):
                reservations.release(connection, visitor, [run_id])

    def test_write(self, now: datetime) -> None:
        """Check that the database can be written to, leaving no trace; raises the error if not."""
        with self.writing() as connection:
            # Dead processes are not looked for here: this test shares the process number of an app
            # that may be running beside it, which would look like an earlier, dead one.
            processes.record_heartbeat(connection, self._boot, now)
            processes.record_shutdown(connection, self._boot)

    def index_more(self) -> bool:
        """Index some more runs of earlier days; say whether more are waiting."""
        with self.reading() as connection:
            # Read first: mostly nothing is left to do, and taking a turn holds up other processes.
            if search_index.progress(connection) is None:
                return False
        with self.writing() as connection:
            return search_index.catch_up(connection, _INDEXED_AT_ONCE)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Lend a connection to the only writer of all processes; what was written is safe once it
        is given back."""
        if not self.is_in_place:
            raise sqlite_file.MovedFileError
        with self._turn, self._writer.begin() as connection:
            # Asked every time: a newer version of the app may have been started beside us.
            migrations.require_known_version(connection)
            yield connection
        # Asked again: what was written into a file that was replaced meanwhile is gone.
        if not self.is_in_place:
            raise sqlite_file.MovedFileError

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Lend a connection that sees the database at one moment."""
        with self._turn, self._reader.begin() as connection:
            yield connection

    def record_shutdown(self) -> None:
        """Record for other processes that this one has shut down."""
        with self.writing() as connection:
            processes.record_shutdown(connection, self._boot)

    def close(self) -> None:
        """Close every connection that is not lent at the moment."""
        self._reader.dispose()
        self._writer.dispose()
