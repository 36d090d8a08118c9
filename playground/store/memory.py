"""What this process knows of the log by itself: rows not written yet, and the latest ones."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from playground.core.rows import RunRow, RunTexts

Key = tuple[str, str]

_REMEMBERED_ROWS = 500
_REMEMBERED_CHARACTERS = 20_000_000


@dataclass(frozen=True, eq=False)
class Entry:
    """A row as last recorded, and as which number; `since` is the number of its oldest
    version not yet written."""

    row: RunRow
    texts: RunTexts | None
    number: int
    since: int

    @property
    def size(self) -> int:
        texts = self.texts
        if texts is None:
            return 0
        parts = (texts.request_json, texts.answer, texts.thinking, texts.attempts_json)
        return sum(map(len, parts))


@dataclass(frozen=True)
class Work:
    """What is to be written: visitors to delete (with the number of the wish), then rows."""

    cleared: Mapping[str, int]
    entries: tuple[Entry, ...]


class Memory:
    """Rows by visitor and run id; safe to use from any thread, and never waits for a disk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._unsaved: dict[Key, Entry] = {}
        self._latest: OrderedDict[Key, Entry] = OrderedDict()
        self._latest_size = 0
        self._cleared: dict[str, int] = {}

    def keep(self, row: RunRow, texts: RunTexts | None) -> None:
        """Take in a row, or a newer version of it; without texts the earlier ones stand."""
        key = (row.visitor, row.run_id)
        with self._lock:
            self._number += 1
            waiting = self._unsaved.get(key)
            known = waiting or self._latest.get(key)
            if texts is None and known is not None:
                texts = known.texts
            entry = Entry(row, texts, self._number, waiting.since if waiting else self._number)
            self._unsaved[key] = entry
            self._remember(key, entry)

    def _remember(self, key: Key, entry: Entry) -> None:
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
        """Forget a visitor's rows, and have them deleted from the database too."""
        with self._lock:
            self._number += 1
            self._cleared[visitor] = self._number
            for key in [key for key in self._unsaved if key[0] == visitor]:
                del self._unsaved[key]
            for key in [key for key in self._latest if key[0] == visitor]:
                self._forget(key)

    def forget(self, visitor: str, run_ids: Sequence[str]) -> None:
        """Forget some rows, which were deleted from the database."""
        with self._lock:
            for key in [(visitor, run_id) for run_id in run_ids]:
                self._unsaved.pop(key, None)
                self._forget(key)

    def replay(self) -> None:
        """Have everything still remembered written again: the file it was in is gone."""
        with self._lock:
            for key, entry in self._latest.items():
                if key not in self._unsaved:
                    self._number += 1
                    self._unsaved[key] = replace(entry, number=self._number, since=self._number)

    def work(self) -> Work:
        """Return what is to be written now."""
        with self._lock:
            return Work(dict(self._cleared), tuple(self._unsaved.values()))

    def saved(self, work: Work) -> None:
        """Drop what was written, except rows recorded again in the meantime."""
        with self._lock:
            for entry in work.entries:
                key = (entry.row.visitor, entry.row.run_id)
                current = self._unsaved.get(key)
                if current is entry:
                    del self._unsaved[key]
                elif current is not None:
                    self._unsaved[key] = replace(current, since=current.number)
            for visitor, number in work.cleared.items():
                if self._cleared.get(visitor) == number:
                    del self._cleared[visitor]

    def is_cleared(self, visitor: str) -> bool:
        """Say whether rows of this visitor in the database are waiting to be deleted."""
        with self._lock:
            return visitor in self._cleared

    def entries(self, visitor: str, *, latest: bool) -> dict[str, Entry]:
        """Return a visitor's unsaved rows by run id, or all those still remembered."""
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
    def number(self) -> int:
        """The number of the last thing asked of this memory."""
        return self._number

    def is_saved(self, number: int) -> bool:
        """Say whether everything up to this number has been written."""
        with self._lock:
            waiting = [entry.since for entry in self._unsaved.values()]
            return all(n > number for n in (*waiting, *self._cleared.values()))
