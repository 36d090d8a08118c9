"""The part of the log in this process's memory: unsaved rows, and the latest ones."""

import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.visitors.access import LOCAL
from playground.store.tables.faults import Fault

Key = tuple[str, str]

# The latest rows are shown while the database is broken, and written again when a new file is
# begun. Two bounds: many rows have no texts, and some have very long ones.
_REMEMBERED_ROWS = 500
_REMEMBERED_CHARACTERS = 20_000_000
_REFUSED_CHARACTERS = 20_000_000
MAX_WAITING_CHARACTERS = 50_000_000
"""Of rows that wait to be written: beyond it new runs are refused, for nothing that was recorded
may be given up. A stranger alone may have `SHARE_OF_WAITING` of it."""
SHARE_OF_WAITING = 4
_CHARACTERS_OF_A_ROW = 2_000
"""Roughly, without its texts: many rows that have none must be bounded, too."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A row as last recorded, with the sequence number of that record; `since` is the number of its
    oldest unsaved version."""

    row: RunRow
    texts: RunTexts | None
    number: int
    since: int

    @property
    def size(self) -> int:
        return 0 if self.texts is None else self.texts.size

    @property
    def whole_size(self) -> int:
        """In characters, including those of the row itself."""
        row_texts = (self.row.params_json, self.row.error_message or "")
        return self.size + sum(map(len, row_texts)) + _CHARACTERS_OF_A_ROW


@dataclass(frozen=True, eq=False)
class Deletion:
    """All of a visitor's data is to be deleted. `fault` is what prevented it when it was tried;
    once it `is_recorded` the database knows of it, too."""

    visitor: str
    number: int
    fault: Fault | None = None
    is_recorded: bool = False


class Memory:
    """Rows by visitor and run id. Thread-safe; never waits for a disk.

    A row that the database refused is separated from the pending ones: it stays readable here and
    does not block them. The number of refused rows is bounded; of dropped ones only the ids remain.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._unsaved: dict[Key, Entry] = {}
        self._unsaved_size: Counter[str] = Counter()
        self._latest: OrderedDict[Key, Entry] = OrderedDict()
        self._latest_size = 0
        self._deletions: dict[str, Deletion] = {}
        self._refused: dict[Key, Fault] = {}
        self._refused_size: Counter[str] = Counter()
        self._lost: defaultdict[str, set[str]] = defaultdict(set)

    def record(self, row: RunRow, texts: RunTexts | None) -> None:
        """Add or update a row; without texts the earlier texts remain."""
        key = (row.visitor, row.run_id)
        with self._lock:
            self._number += 1
            waiting = self._unsaved.get(key)
            earlier = waiting or self._latest.get(key)
            if texts is None and earlier is not None:
                texts = earlier.texts
            self._accept(key)
            self._lost.get(row.visitor, set()).discard(row.run_id)
            entry = Entry(row, texts, self._number, waiting.since if waiting else self._number)
            self._put(key, entry)
            self._remember(key, entry)

    def _put(self, key: Key, entry: Entry) -> None:
        self._take(key)
        self._unsaved[key] = entry
        self._unsaved_size[key[0]] += entry.whole_size

    def _take(self, key: Key) -> None:
        entry = self._unsaved.pop(key, None)
        if entry is not None:
            self._unsaved_size[key[0]] -= entry.whole_size
            # Visitors come without an end.
            if not self._unsaved_size[key[0]]:
                del self._unsaved_size[key[0]]

    def _remember(self, key: Key, entry: Entry) -> None:
        # Taken out first to go to the end: what was recorded last is remembered longest.
        self._forget(key)
        self._latest[key] = entry
        self._latest_size += entry.size
        while len(self._latest) > 1 and (
            len(self._latest) > _REMEMBERED_ROWS or self._latest_size > _REMEMBERED_CHARACTERS
        ):
            self._forget(next(iter(self._latest)))

    def _forget(self, key: Key) -> None:
        entry = self._latest.pop(key, None)
        if entry is not None:
            self._latest_size -= entry.size

    def clear(self, visitor: str) -> None:
        """Drop a visitor's rows, and request their deletion from the database."""
        with self._lock:
            self._number += 1
            # Numbered like a row, so that waiting for everything up to a number includes it.
            self._deletions[visitor] = Deletion(visitor, self._number)
            self._lost.pop(visitor, None)
            for key in [key for key in {**self._unsaved, **self._latest} if key[0] == visitor]:
                self._drop(key)

    def forget(self, visitor: str, run_ids: Sequence[str]) -> None:
        """Drop rows that were deleted from the database."""
        with self._lock:
            for run_id in run_ids:
                self._drop((visitor, run_id))

    def _drop(self, key: Key) -> None:
        self._accept(key)
        self._take(key)
        self._forget(key)

    def _accept(self, key: Key) -> None:
        """Make a refused row pending again."""
        if self._refused.pop(key, None) is not None:
            self._refused_size[key[0]] -= self._unsaved[key].whole_size

    def replay(self) -> None:
        """Make all remembered rows pending again, because their file is gone."""
        with self._lock:
            for key, entry in self._latest.items():
                if key not in self._unsaved:
                    self._number += 1
                    self._put(key, replace(entry, number=self._number, since=self._number))
            for deletion in self._deletions.values():
                self._deletions[deletion.visitor] = replace(deletion, is_recorded=False)

    def resume(self, visitor: str) -> None:
        """Resume a recorded deletion, whose process may have died since."""
        with self._lock:
            if visitor not in self._deletions:
                self._number += 1
                self._deletions[visitor] = Deletion(visitor, self._number, is_recorded=True)

    def mark_recorded(self, deletion: Deletion) -> None:
        """Mark a deletion as recorded in the database."""
        with self._lock:
            if self._is_current(deletion):
                self._deletions[deletion.visitor] = replace(deletion, is_recorded=True)

    def deletions(self) -> tuple[Deletion, ...]:
        """Return the requested deletions; they come before any row is written."""
        with self._lock:
            return tuple(self._deletions.values())

    def deletion_done(self, deletion: Deletion) -> None:
        """Remove a completed deletion, unless it was requested again in the meantime."""
        with self._lock:
            if self._is_current(deletion):
                del self._deletions[deletion.visitor]

    def deletion_failed(self, deletion: Deletion, fault: Fault) -> None:
        """Store the fault that prevented a deletion."""
        with self._lock:
            if self._is_current(deletion):
                self._deletions[deletion.visitor] = replace(deletion, fault=fault)

    def _is_current(self, deletion: Deletion) -> bool:
        current = self._deletions.get(deletion.visitor)
        return current is not None and current.number == deletion.number

    def deletion(self, visitor: str) -> Deletion | None:
        """Return the incomplete deletion of this visitor."""
        with self._lock:
            return self._deletions.get(visitor)

    def pending(self) -> tuple[Entry, ...]:
        """Return the rows to write now. Rows of a visitor with an incomplete deletion wait, because
        that would delete them as well."""
        with self._lock:
            return tuple(
                entry
                for key, entry in self._unsaved.items()
                if key not in self._refused and key[0] not in self._deletions
            )

    def is_to_be_written(self, entry: Entry) -> bool:
        """Whether a row is still unsaved, and no deletion has been requested since."""
        key = (entry.row.visitor, entry.row.run_id)
        with self._lock:
            return key in self._unsaved and key[0] not in self._deletions

    def mark_saved(self, entries: Sequence[Entry]) -> None:
        """Remove written rows, except those recorded again in the meantime."""
        with self._lock:
            for entry in entries:
                key = (entry.row.visitor, entry.row.run_id)
                current = self._unsaved.get(key)
                if current is entry:
                    self._accept(key)
                    self._take(key)
                elif current is not None:
                    # Its earlier version is written: waiting for that one is over, the newer one is
                    # still to come.
                    self._unsaved[key] = replace(current, since=current.number)

    def refuse(self, entry: Entry, fault: Fault) -> None:
        """Mark a row as refused by the database, unless it was recorded again."""
        key = (entry.row.visitor, entry.row.run_id)
        with self._lock:
            if self._unsaved.get(key) is entry:
                self._accept(key)  # to the end of the queue
                self._refused[key] = fault
                self._refused_size[key[0]] += entry.whole_size
                while len(self._refused) > 1 and self._refused_size.total() > _REFUSED_CHARACTERS:
                    self._drop_oldest_refused()

    def _drop_oldest_refused(self) -> None:
        """Drop the oldest refused row of the visitor who has most, so that no visitor loses rows
        because of another."""
        [(visitor, _)] = self._refused_size.most_common(1)
        keys = [key for key in self._refused if key[0] == visitor]
        oldest = min(keys, key=lambda key: self._unsaved[key].number)
        self._drop(oldest)
        self._lost[visitor].add(oldest[1])

    def refused(self) -> tuple[Entry, ...]:
        """Return the refused rows, least recently tried first."""
        with self._lock:
            keys = [key for key in self._refused if key[0] not in self._deletions]
            return tuple(self._unsaved[key] for key in keys)

    def refusals(self, visitor: str | None = None) -> tuple[Fault, ...]:
        """Return the fault of each refused row, of one visitor or of all."""
        with self._lock:
            return tuple(fault for key, fault in self._refused.items() if visitor in (None, key[0]))

    def lost_count(self, visitor: str | None = None) -> int:
        """Return the number of dropped rows, of one visitor or of all."""
        with self._lock:
            return sum(len(ids) for owner, ids in self._lost.items() if visitor in (None, owner))

    def lost_ids(self, visitor: str) -> frozenset[str]:
        """Return the ids of a visitor's dropped rows."""
        with self._lock:
            return frozenset(self._lost.get(visitor, ()))

    def unsaved_entries(self, visitor: str, run_ids: Collection[str]) -> dict[str, Entry]:
        """Return the unsaved rows among these runs."""
        with self._lock:
            entries = {run_id: self._unsaved.get((visitor, run_id)) for run_id in run_ids}
            return {run_id: entry for run_id, entry in entries.items() if entry is not None}

    def is_waiting(self, visitor: str, run_ids: Collection[str]) -> bool:
        """Whether one of these runs is unsaved and was not refused."""
        with self._lock:
            keys = [(visitor, run_id) for run_id in run_ids]
            return any(key in self._unsaved and key not in self._refused for key in keys)

    def entries(self, visitor: str, *, latest: bool) -> dict[str, Entry]:
        """Return a visitor's unsaved rows by run id; with `latest` also the remembered ones."""
        with self._lock:
            sources = (self._latest, self._unsaved) if latest else (self._unsaved,)
            return {
                key[1]: entry
                for source in sources
                for key, entry in source.items()
                if key[0] == visitor
            }

    @property
    def unsaved(self) -> int:
        """The number of rows not written yet."""
        return len(self._unsaved)

    @property
    def waiting(self) -> int:
        """The number of rows not written yet that the database has not refused."""
        return len(self._unsaved) - len(self._refused)

    def is_full(self, visitor: str) -> bool:
        """Whether this visitor may add no more rows until some are written."""
        with self._lock:
            all_ = self._unsaved_size.total() - self._refused_size.total()
            own = self._unsaved_size[visitor] - self._refused_size[visitor]
        share = MAX_WAITING_CHARACTERS // SHARE_OF_WAITING
        return all_ > MAX_WAITING_CHARACTERS or (visitor != LOCAL and own > share)

    @property
    def number(self) -> int:
        """The sequence number of the latest row or deletion."""
        return self._number

    def is_saved(self, number: int) -> bool:
        """Say whether everything up to this number has been written."""
        with self._lock:
            rows = [entry.since for entry in self._unsaved.values()]
            deletions = [deletion.number for deletion in self._deletions.values()]
            is_whole = not any(self._lost.values())
            return is_whole and all(n > number for n in (*rows, *deletions))
