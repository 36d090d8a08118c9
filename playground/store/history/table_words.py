"""The words by which the log's table tells runs apart: read once for each run that has ended."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock

import sqlalchemy as sa

from playground.core.log.logged_request import NO_WORDS, RowWords, row_words
from playground.core.runs.run_row import LIVE, RunRow
from playground.store.rows.reading import Entries, read_ids_with_texts, read_request_and_answer

_MAX_REMEMBERED = 2_000


class TableWords:
    """Remembers words, not texts. All texts of a page were read and parsed with each script run
    otherwise, a sixteenth of it for short ones."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._words_by_row: OrderedDict[RunRow, RowWords] = OrderedDict()

    def read(
        self,
        connection: sa.Connection | None,
        visitor: str,
        entries: Entries,
        rows: Sequence[RunRow],
    ) -> dict[str, RowWords]:
        """The words of a visitor's rows, by run id; empty for a run without texts."""
        in_memory = {
            row.run_id: row_words(entry.texts)
            for row in rows
            if (entry := entries.get(row.run_id)) and entry.texts
        }
        others = {row.run_id: row for row in rows if row.run_id not in in_memory}
        saved = self._read_saved(connection, visitor, others) if connection is not None else {}
        return dict.fromkeys(others, NO_WORDS) | saved | in_memory

    def forget(self) -> None:
        """Forget all words: some of these texts were deleted."""
        with self._lock:
            self._words_by_row.clear()

    def _read_saved(
        self, connection: sa.Connection, visitor: str, rows_by_id: Mapping[str, RunRow]
    ) -> dict[str, RowWords]:
        # Asked each time: any process may have deleted the texts and kept the row.
        ids = read_ids_with_texts(connection, visitor, rows_by_id)
        with self._lock:
            known = {
                run_id: words
                for run_id in ids
                if (words := self._words_by_row.get(rows_by_id[run_id]))
            }
        texts = read_request_and_answer(connection, visitor, set(ids) - known.keys())
        new = {run_id: row_words(texts_of_run) for run_id, texts_of_run in texts.items()}
        with self._lock:
            for run_id, words in new.items():
                if rows_by_id[run_id].status not in LIVE:
                    self._words_by_row[rows_by_id[run_id]] = words
            while len(self._words_by_row) > _MAX_REMEMBERED:
                self._words_by_row.popitem(last=False)
        return known | new
