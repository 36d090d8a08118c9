"""The texts of visitors whose texts are not stored: in memory while the page that made them is
open, within bounds."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from playground.core.runs.run_row import RunRow, RunTexts

# Strangers share the memory of one server: no page may take all of it.
MAX_CHARACTERS = 50_000_000
MAX_PER_PAGE = 10_000_000

Key = tuple[str, str]
Run = tuple[RunRow, RunTexts]


class OpenPages:
    """Runs with their texts by page; safe to use from any thread."""

    def __init__(self, most: int = MAX_CHARACTERS, max_per_page: int = MAX_PER_PAGE) -> None:
        self._most, self._most_per_page = most, max_per_page
        self._lock = threading.Lock()
        self._runs: dict[Key, Run] = {}
        self._keys: dict[str, OrderedDict[Key, int]] = {}
        self._sizes: dict[str, int] = {}

    def open(self, page: str) -> None:
        """Keep this page's texts from now on."""
        with self._lock:
            self._keys.setdefault(page, OrderedDict())
            self._sizes.setdefault(page, 0)

    def close(self, page: str) -> None:
        """Forget a page's texts; those of its runs that end later are not kept either."""
        with self._lock:
            for key in self._keys.pop(page, {}):
                del self._runs[key]
            self._sizes.pop(page, None)

    def hand_over(self, page: str, to: str) -> None:
        """Pass a page's texts to another page that is open."""
        with self._lock:
            if page != to and page in self._keys and to in self._keys:
                for key, size in self._keys[page].items():
                    self._sizes[to] += size - self._keys[to].get(key, 0)
                    self._keys[to][key] = size
                self._keys[page] = OrderedDict()
                self._sizes[page] = 0

    def add(self, page: str, row: RunRow, texts: RunTexts) -> None:
        """Add a run or its newer state, dropping the oldest runs if there is no room."""
        with self._lock:
            if page not in self._keys:
                return
            key = row.visitor, row.run_id
            # Whoever records a run may have looked up its page just before the hand-over: on
            # two pages it would be counted twice, and lost with the first that closes.
            page = next((holder for holder, keys in self._keys.items() if key in keys), page)
            self._drop(page, key)
            self._runs[key] = row, texts
            self._keys[page][key] = _size(row, texts)
            self._sizes[page] += self._keys[page][key]
            while self._sizes[page] > self._most_per_page:
                self._drop(page, next(iter(self._keys[page])))
            while sum(self._sizes.values()) > self._most:
                # The largest page gives way, so that nobody loses texts for the sake of another.
                largest = max(self._sizes, key=self._sizes.__getitem__)
                self._drop(largest, next(iter(self._keys[largest])))

    def forget(self, visitor: str) -> None:
        """Forget a visitor's texts on all pages."""
        with self._lock:
            for page, keys in self._keys.items():
                for key in [key for key in keys if key[0] == visitor]:
                    self._drop(page, key)

    def find(self, visitor: str, run_id: str) -> Run | None:
        """A visitor's run with its texts, if they are still here."""
        with self._lock:
            return self._runs.get((visitor, run_id))

    def runs(self, visitor: str) -> Mapping[str, Run]:
        """All of a visitor's runs that are still here, by their ids."""
        with self._lock:
            return {run_id: run for (owner, run_id), run in self._runs.items() if owner == visitor}

    def drop(self, visitor: str, run_ids: Sequence[str]) -> None:
        """Forget some runs of a visitor."""
        with self._lock:
            for page, keys in self._keys.items():
                for key in {(visitor, run_id) for run_id in run_ids} & set(keys):
                    self._drop(page, key)

    def filled(self, rows: Iterable[RunRow]) -> tuple[RunRow, ...]:
        """Rows with what `RunRow.numbers_only` took out of them, where it is still here."""
        return tuple(_filled(row, self.find(row.visitor, row.run_id)) for row in rows)

    @property
    def size(self) -> int:
        """How many characters are kept."""
        with self._lock:
            return sum(self._sizes.values())

    def _drop(self, page: str, key: Key) -> None:
        if key in self._keys[page]:
            self._sizes[page] -= self._keys[page].pop(key)
            del self._runs[key]


def _filled(row: RunRow, run: Run | None) -> RunRow:
    if run is None:
        return row
    full_row, _ = run
    return replace(row, params_json=full_row.params_json, error_message=full_row.error_message)


def _size(row: RunRow, texts: RunTexts) -> int:
    return texts.size + len(row.params_json) + len(row.error_message or "")
