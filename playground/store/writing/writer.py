"""The one thread that opens the database and writes into it; it survives every fault and tries
again until nothing is left to write.

A turn deletes first, then writes what is new, then retries what was refused. What the database
refuses is set apart row by row; only a fault of the whole database ends a turn.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from playground.store.rows.memory import Deletion, Entry, Memory
from playground.store.tables import dialect, sqlite_file
from playground.store.tables.dialect import in_chunks
from playground.store.tables.faults import (
    UNFORESEEN,
    Fault,
    fault_of,
    refusal_sentence,
    report,
    retry_on_conflict,
)
from playground.store.writing.database import Database
from playground.store.writing.processes import Boot

_PAUSE_S = 0.02
"""Between two parts of what is deleted or indexed late, so that others can write."""

_ROWS_PER_TRANSACTION = 100
"""Few: nothing of a transaction is safe while refused rows are being told from the others."""
# A long turn is cut short, so that deletions, heartbeats and waiting callers get their turn.
_LONGEST_TURN_S, _LONGEST_DELETION_S = 5.0, 1.0
_REFUSED_AT_ONCE = 20
"""Tried again together: thousands of them must not hold up new rows."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often the writer acts of its own accord."""

    retry_every_s: float = 10.0
    heartbeat_every_s: float = 30.0
    busy_timeout_s: float = 5.0
    gather_s: float = 0.05


@dataclass(kw_only=True)
class Writer:
    """Writes what is in memory. Only its own thread changes `database` and `fault`; readers leave
    what they met in `read_fault`."""

    url: str = field(repr=False)  # it can hold a password
    memory: Memory
    clock: Callable[[], datetime]
    pace: Pace
    boot: Boot
    database: Database | None = None
    fault: Fault | None = None
    read_fault: Fault | None = None
    notice: str | None = None
    has_tried: threading.Event = field(default_factory=threading.Event)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _is_notified: bool = True
    _is_closing: bool = False
    _is_over: bool = False
    _is_urgent: bool = False
    _tries_refused: bool = False
    _reported_faults: set[Fault] = field(default_factory=set)
    _next_retry: float = 0.0
    _is_suspect: bool = False
    _was_open: bool = False
    _last_file: sqlite_file.Identity | None = None
    _turns: int = 0
    _finished_turn: int = 0
    _next_heartbeat: float = 0.0
    _is_behind: bool = False
    _has_untried: bool = False

    def __post_init__(self) -> None:
        # A daemon: a database that does not answer must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="run-log", daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        return self._is_closing

    @property
    def readable(self) -> Database | None:
        """The database to ask; None while asking would be in vain."""
        fault = self.read_fault
        is_in_vain = fault is not None and fault.kind in ("unreachable", "crowded")
        return None if is_in_vain else self.database

    def wake(self, *, is_suspect: bool = False) -> None:
        """Have the writer look at the memory, and at the file too if it seems damaged."""
        with self._changed:
            self._is_notified = True
            self._is_suspect = self._is_suspect or is_suspect
            self._changed.notify_all()

    def wait_until_saved(self, timeout_s: float, *, tries_refused: bool = False) -> bool:
        """Have everything written now, including what was refused before only with `tries_refused`;
        return False if something could not be written or takes too long."""
        number = self.memory.number
        with self._changed:
            next_turn = self._turns + 1
            self._is_notified = self._is_urgent = True
            self._tries_refused = self._tries_refused or tries_refused
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._finished_turn >= next_turn or self._is_over,
                timeout_s,
            )
        return self.memory.is_saved(number)

    def close(self, timeout_s: float) -> None:
        """Write what can be written now, and end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)

    def _work(self) -> None:
        is_last = False
        while not is_last:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._is_notified or self._is_closing, self._idle_s()
                )
                # What comes together is written together: a transaction costs more than a row.
                self._changed.wait_for(
                    lambda: self._is_urgent or self._is_closing, self.pace.gather_s
                )
                is_last = self._is_closing
                is_due = time.monotonic() >= self._next_retry
                tries_refused = is_last or is_due or self._tries_refused
                # Reset here: what is requested while this turn goes on is for the next.
                self._is_notified = self._is_urgent = self._tries_refused = False
                self._turns += 1
            fault = self._take_turn(tries_refused=tries_refused)
            if fault != self.fault and fault is not None:
                _log.warning("%s", fault.sentence(self.memory.unsaved))
            with self._changed:
                self.fault = fault
                # The request stands until a turn has reached the refused rows.
                if tries_refused and (fault is not None or self._has_untried):
                    self._tries_refused = True
                if fault is None:
                    self.read_fault = None
                if fault is not None or not self._has_untried:
                    self._finished_turn = self._turns
                # Also after a failure: readers then answer from memory instead of waiting.
                self.has_tried.set()
                # Who asked during the last turn would wait for one that never comes.
                self._is_over = is_last
                self._changed.notify_all()
        self._record_shutdown()
        self._drop()

    def _idle_s(self) -> float:
        if self.fault is not None:
            return self.pace.retry_every_s
        if self._is_behind:
            return _PAUSE_S
        has_refused = self.memory.refusals() or any(d.fault for d in self.memory.deletions())
        next_due = (
            min(self._next_heartbeat, self._next_retry) if has_refused else self._next_heartbeat
        )
        return max(0.0, next_due - time.monotonic())

    def _take_turn(self, *, tries_refused: bool) -> Fault | None:
        for is_last_try in (False, True):
            try:
                database = self._opened()
                # First, so that rows nobody can write do not make this process look dead; and after
                # a fault, so that it is over only once something was really written.
                has_fault = self.fault is not None or self.read_fault is not None
                if has_fault or time.monotonic() >= self._next_heartbeat:
                    self._heartbeat(database)
                is_deleting = self._delete(database, tries_refused=tries_refused)
                self._has_untried = self._write(database)
                if tries_refused and not self._has_untried:
                    self._write_refused(database)
                self._is_behind = database.index_more() or self._has_untried or is_deleting
            except Exception as error:  # whatever it is, the rows stay and are tried again
                fault = fault_of(error)
                self._note(fault, error)
                # A damaged or moved file is dropped by now, and a new one can be opened at once.
                # Everything else needs time.
                if is_last_try or fault.kind not in ("damaged", "moved"):
                    return fault
            else:
                return None
        return None

    def _heartbeat(self, database: Database) -> None:
        for visitor in database.pending_deletions():
            self.memory.resume(visitor)
        database.heartbeat(self.clock())
        self._next_heartbeat = time.monotonic() + self.pace.heartbeat_every_s

    def _note(self, fault: Fault, error: Exception) -> None:
        if fault.kind in UNFORESEEN and fault != self.fault:
            report(_log, "the run log", error)
        if fault.kind == "damaged":
            self._is_suspect = True
        # A log of a newer version stays open: it can still be read.
        if fault.needs_reopening and fault.kind != "newer":
            self._drop()

    def _opened(self) -> Database:
        if self.database is not None:
            if self.database.is_in_place and not self._is_suspect:
                return self.database
            self._drop()
        url = dialect.parse_url(self.url)
        file = dialect.sqlite_file(url)
        looked_at = None if file is None else sqlite_file.identity(file)
        try:
            database = self._open(url)
        except Exception as error:
            if file is None or fault_of(error).kind != "damaged":
                raise
            # Another process may have set it aside meanwhile: what is there by now is its new one.
            if sqlite_file.identity(file) == looked_at:
                aside = sqlite_file.set_aside(file, self.clock())
                self.notice = (
                    f"The log file was damaged. It was renamed to {aside.name}, and a new "
                    "one was started."
                )
                _log.warning("%s", self.notice)
            database = self._open(url)
        self._is_suspect = False
        is_another = database.is_new or database.identity != self._last_file
        if self._was_open and is_another:
            # All that is still known goes into it again. Not if it is the same one as before: what
            # another process has deleted from it meanwhile would be back.
            self.memory.replay()
        self._was_open, self._last_file = True, database.identity
        self.database = database
        self._heartbeat(database)
        database.release_unsent()
        return database

    def _open(self, url: sa.URL) -> Database:
        return Database(
            url,
            boot=self.boot,
            busy_timeout_s=self.pace.busy_timeout_s,
            is_suspect=self._is_suspect,
        )

    def _delete(self, database: Database, *, tries_refused: bool) -> bool:
        """Carry out deletions, before any row is written and one by one. Return whether
        some is left for the next turn."""
        is_left = False
        # All are recorded before any is carried out: that takes long, and the process may end.
        for step in (self._record_deletion, self._delete_runs):
            for deletion in self.memory.deletions():
                if deletion.fault and deletion.fault.may_be_of_one_row and not tries_refused:
                    continue
                try:
                    is_left = not step(database, deletion) or is_left
                except Exception as error:
                    fault = fault_of(error)
                    self.memory.deletion_failed(deletion, fault)
                    if fault != deletion.fault and fault.kind in UNFORESEEN:
                        report(_log, "the deletion of a history", error)
                    if not fault.may_be_of_one_row:
                        raise
        return is_left

    def _record_deletion(self, database: Database, deletion: Deletion) -> bool:
        if not deletion.is_recorded:
            retry_on_conflict(partial(database.record_deletion, deletion.visitor, self.clock()))
            self.memory.mark_recorded(deletion)
        return True

    def _delete_runs(self, database: Database, deletion: Deletion) -> bool:
        """Delete in chunks for a limited time; return whether nothing is left to delete."""
        if not deletion.is_recorded:
            return True  # The database has refused it just now: it is tried again later.
        ends_at = time.monotonic() + _LONGEST_DELETION_S
        while not retry_on_conflict(partial(database.delete_chunk, deletion.visitor, self.clock())):
            # As the app ends the rows of others come first: the next start goes on here.
            if self._is_closing or time.monotonic() > ends_at:
                return False
            time.sleep(_PAUSE_S)
        self.memory.deletion_done(deletion)
        return True

    def _write(self, database: Database) -> bool:
        """Write what is new; say whether some of it has yet to be tried."""
        ends_at = time.monotonic() + _LONGEST_TURN_S
        for chunk in in_chunks(self.memory.pending(), _ROWS_PER_TRANSACTION):
            if time.monotonic() > ends_at:
                return True
            self._save(database, chunk)
        return False

    def _write_refused(self, database: Database) -> None:
        """Retry refused rows until it is plain that nothing has changed."""
        self._next_retry = time.monotonic() + self.pace.retry_every_s
        refused = self.memory.refused()
        if not refused:
            self._reported_faults.clear()
        for chunk in in_chunks(refused, _REFUSED_AT_ONCE):
            if not self._save(database, chunk):
                return

    def _save(self, database: Database, entries: Sequence[Entry]) -> bool:
        """Write these rows except those that are refused; say whether any was written."""
        is_wanted = self.memory.is_to_be_written
        refusals = retry_on_conflict(lambda: database.write(entries, self.clock(), is_wanted))
        refused = {refusal.entry for refusal in refusals}
        self.memory.mark_saved([entry for entry in entries if entry not in refused])
        for refusal in refusals:
            fault = fault_of(refusal.error)
            self.memory.refuse(refusal.entry, fault)
            # Once for each fault: thousands of rows can be refused for the same reason.
            if fault not in self._reported_faults:
                self._reported_faults.add(fault)
                _log.warning("%s", refusal_sentence([fault]))
                report(_log, "the run log", refusal.error)
        return len(refused) < len(entries)

    def _record_shutdown(self) -> None:
        if self.database is None or self.fault is not None:
            return
        try:
            self.database.record_shutdown()
        except Exception as error:
            _log.warning("%s", fault_of(error).sentence(self.memory.unsaved))

    def _drop(self) -> None:
        database, self.database = self.database, None
        if database is not None:
            with suppress(OSError):  # its folder can't be read: it may well be in place
                if not database.is_in_place:
                    # Once it is closed, another file can be given the same identity.
                    self._last_file = None
            database.close()
