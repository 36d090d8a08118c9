"""The log as a place to work: finding runs, marking them, deleting them and bringing them
back. What a visitor changes is written at once, or the visitor is told why it could not be."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

import sqlalchemy as sa

from playground.core.log.history import (
    NO_MARK,
    Choices,
    Cursor,
    DayCost,
    Filter,
    FilterError,
    HistoryPage,
    LoggedRun,
    Mark,
    Order,
    Summary,
)
from playground.core.log.logged_request import RowWords
from playground.core.log.votes import Standing, Vote, standings
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.text.refusal import Refusal
from playground.store.history import filtered, summing
from playground.store.history.open_pages import OpenPages
from playground.store.history.table_words import TableWords
from playground.store.rows import forgetting, marking
from playground.store.rows.memory import Entry, Memory
from playground.store.rows.reading import Entries, read_texts
from playground.store.search import search_index
from playground.store.sums import days
from playground.store.tables.cleaning import clean, clean_text
from playground.store.writing.transactions import Transactions
from playground.store.writing.writer import Writer

_NOT_WRITTEN = Refusal("Not done: the log can't be written just now.")
_NOT_READ = Refusal(
    "The log can't be read just now: this holds only those of the latest runs that are in memory."
)
_ROWS_AT_ONCE = 500
_MAX_VOTES = 10_000
_NONE: tuple[tuple[str, ...], ...] = ((), (), (), ())

Answer = TypeVar("Answer")
Question = Callable[[sa.Connection | None, Entries], Answer]


class Ask(Protocol):
    """Answers a question from the database with the memory laid over it."""

    def __call__(self, visitor: str, question: Question[Answer], /) -> Answer: ...


class History:
    """Every question and every change names its visitor. Methods that change something return why
    it could not be done, or None."""

    def __init__(
        self,
        ask: Ask,
        writer: Writer,
        memory: Memory,
        clock: Callable[[], datetime],
        open_pages: OpenPages,
        saved_within_s: float,
    ) -> None:
        self._saved_within_s = saved_within_s
        self._ask_log, self._writer, self._memory, self._clock = ask, writer, memory, clock
        self._db = Transactions(writer, who="the history", undone="Not done")
        self._open_pages = open_pages
        self._words = TableWords()

    def _ask(self, visitor: str, question: Question[Answer]) -> Answer:
        """Ask the log, with the runs of open pages laid over it like the rows in memory."""
        of_pages = {
            # They are never written, so their numbers mean nothing.
            run_id: Entry(row, texts, number=0, since=0)
            for run_id, (row, texts) in self._open_pages.runs(visitor).items()
        }
        return self._ask_log(
            visitor, lambda connection, entries: question(connection, {**entries, **of_pages})
        )

    def page(
        self,
        visitor: str,
        chosen: Filter,
        order: Order = "newest",
        *,
        after: Cursor | None = None,
        limit: int = 50,
    ) -> HistoryPage:
        """The first rows that a filter finds, or those after a cursor."""
        return self._page(self._ask, clean_text(visitor), chosen, order, after, limit)

    def _page(
        self,
        ask: Ask,
        name: str,
        chosen: Filter,
        order: Order,
        after: Cursor | None,
        limit: int,
    ) -> HistoryPage:
        place = None if after is None else clean(after)
        query = filtered.PageQuery(name, clean(chosen), order, place, limit)
        return ask(
            name, lambda connection, entries: filtered.read_found(connection, entries, query)
        )

    def summary(self, visitor: str, chosen: Filter) -> Summary:
        """The totals of the runs that a filter finds."""
        name, clean_filter = clean_text(visitor), clean(chosen)
        return self._ask(
            name,
            lambda connection, entries: summing.read_summary(
                connection, name, entries, clean_filter
            ),
        )

    def day_costs(self, visitor: str, chosen: Filter) -> tuple[DayCost, ...]:
        """What they cost on each (UTC) day, by model."""
        name, clean_filter = clean_text(visitor), clean(chosen)
        return self._ask(
            name,
            lambda connection, entries: summing.read_day_costs(
                connection, name, entries, clean_filter
            ),
        )

    def choices(self, visitor: str) -> Choices:
        """The values that can be filtered by."""
        name = clean_text(visitor)

        def read(connection: sa.Connection | None, entries: Entries) -> Choices:
            kinds: set[tuple[str, ...]] = {
                (entry.row.status, entry.row.model, entry.row.variant, entry.row.connection)
                for entry in entries.values()
            }
            if connection is not None:
                kinds.update(days.read_kinds(connection, name, Filter()))
            statuses, models, variants, connections = zip(*kinds, strict=True) if kinds else _NONE
            return Choices(
                models=_sorted_distinct(models),
                variants=_sorted_distinct(variants),
                connections=_sorted_distinct(connections),
                statuses=_sorted_distinct(statuses),
                tags=marking.tags_of(connection, name) if connection is not None else (),
            )

        return self._ask(name, read)

    def marks(self, visitor: str, run_ids: Sequence[str]) -> Mapping[str, Mark]:
        """The marks of these runs; `NO_MARK` for those without."""
        name, ids = clean_text(visitor), [clean_text(run_id) for run_id in run_ids]
        return self._ask(name, lambda connection, _: _read_marks(connection, name, ids))

    def words(self, visitor: str, rows: Sequence[RunRow]) -> Mapping[str, RowWords]:
        """The words of these runs for a page of the table; empty for a run without texts."""
        name = clean_text(visitor)
        return self._ask(
            name, lambda connection, entries: self._words.read(connection, name, entries, rows)
        )

    def forget_words(self) -> None:
        """Texts were deleted: their words are in memory no longer than they."""
        self._words.forget()

    def indexed(self, visitor: str) -> float | None:
        """How much of the runs of earlier days is indexed, from 0 to 1; None: all."""

        def read(connection: sa.Connection | None, _: Entries) -> float | None:
            return None if connection is None else search_index.progress(connection)

        return self._ask(clean_text(visitor), read)

    def parts(
        self, visitor: str, chosen: Filter, *, with_texts: bool, size: int = _ROWS_AT_ONCE
    ) -> Iterator[list[LoggedRun] | Refusal]:
        """All that a filter finds, newest first, a few at a time: no more is held in memory, and
        nobody else has to wait meanwhile. A refusal at the end says that something is missing."""
        name, is_whole = clean_text(visitor), True

        def ask(visitor: str, question: Question[Answer]) -> Answer:
            def noted(connection: sa.Connection | None, entries: Entries) -> Answer:
                nonlocal is_whole
                # Without a database there is more than the memory has, unless it is to be deleted.
                is_forgotten = self._memory.deletion(name) is not None
                is_whole = is_whole and (connection is not None or is_forgotten)
                return question(connection, entries)

            return self._ask(visitor, noted)

        after: Cursor | None = None
        while True:
            page = self._page(ask, name, chosen, "newest", after, size)
            yield self._whole(ask, name, page.rows, with_texts=with_texts)
            if page.next_cursor is None:
                break
            after = page.next_cursor
        if not is_whole:
            yield _NOT_READ

    def _whole(
        self, ask: Ask, visitor: str, rows: Sequence[RunRow], *, with_texts: bool
    ) -> list[LoggedRun]:
        ids = [row.run_id for row in rows]

        def read(connection: sa.Connection | None, entries: Entries) -> list[LoggedRun]:
            marked = _read_marks(connection, visitor, ids)
            if not with_texts:
                return [LoggedRun(row, None, marked[row.run_id]) for row in rows]
            saved = read_texts(connection, visitor, ids) if connection is not None else {}
            in_memory = {
                run_id: entries[run_id].texts or saved.get(run_id)
                for run_id in ids
                if run_id in entries
            }
            return [
                LoggedRun(row, (saved | in_memory).get(row.run_id), marked[row.run_id])
                for row in rows
            ]

        return ask(visitor, read)

    def change_mark(
        self, visitor: str, run_id: str, change: Callable[[Mark], Mark]
    ) -> Refusal | None:
        """Change the marks of a run as they are in the log. Refused if `change` raises
        `FilterError`."""
        name, clean_id = clean_text(visitor), clean_text(run_id)

        def write(connection: sa.Connection) -> Refusal | None:
            [before] = marking.read_marks(connection, name, [clean_id]).values()
            try:
                mark = change(before)
            except FilterError as error:
                return Refusal(str(error))
            tags = tuple(map(clean_text, mark.tags))
            note, ballot = clean_text(mark.note), clean_text(mark.ballot)
            clean = replace(mark, tags=tags, note=note, ballot=ballot)
            marking.write_mark(connection, name, clean_id, clean)
            return None

        return self._change(write)

    def vote(self, visitor: str, cast: Mapping[str, Vote]) -> Refusal | None:
        """Replace the votes on some runs, as one ballot: all of them or none. Their other marks
        stay."""
        name, clean = clean_text(visitor), {clean_text(run_id): cast[run_id] for run_id in cast}
        return self._change(lambda connection: marking.write_votes(connection, name, clean))

    def standings(self, visitor: str) -> tuple[Standing, ...]:
        """How the settings that the visitor has voted on compare, over all prompts."""
        name = clean_text(visitor)

        def read(connection: sa.Connection | None, entries: Entries) -> tuple[Standing, ...]:
            if connection is None:
                return ()
            return standings(marking.read_votes(connection, name, entries, _MAX_VOTES))

        return self._ask(name, read)

    def delete(self, visitor: str, run_ids: Sequence[str]) -> Refusal | None:
        """Delete runs; for an hour `bring_back` undoes it. A run that is still under way stays."""
        name, ids = clean_text(visitor), [clean_text(run_id) for run_id in run_ids]
        if not self._is_caught_up(name, ids):
            return _NOT_WRITTEN
        now = self._clock()
        refused = self._memory.unsaved_entries(name, ids)

        def delete(connection: sa.Connection) -> Sequence[str]:
            return forgetting.delete(connection, name, ids, now, refused)

        return self._forget(name, delete, refused)

    def bring_back(self, visitor: str, run_ids: Sequence[str]) -> Refusal | None:
        """Undo `delete`."""
        name, ids = clean_text(visitor), [clean_text(run_id) for run_id in run_ids]
        boot_id = self._writer.boot.boot_id
        outcome = self._db.write(
            lambda connection: forgetting.bring_back(connection, name, ids, boot_id)
        )
        if isinstance(outcome, Refusal):
            return outcome
        refused, unread = outcome
        for run in refused:
            self._memory.record(run.row, run.texts)
        self._writer.wake()
        runs = "1 run is" if unread == 1 else f"{unread:,} runs are"
        return (
            Refusal(f"{runs} not back, because the saved rows can't be read.") if unread else None
        )

    def change_rows(
        self,
        visitor: str,
        run_ids: list[str],
        work: Callable[[sa.Connection, list[str]], None],
        *,
        keeps_numbers: bool = False,
    ) -> Refusal | None:
        """Change runs that have ended, for good: delete them, or keep only their numbers."""
        name = clean_text(visitor)
        if not self._is_caught_up(name, run_ids):
            return _NOT_WRITTEN

        refused = self._memory.unsaved_entries(name, run_ids)

        def change(connection: sa.Connection) -> Sequence[str]:
            work(connection, run_ids)
            return run_ids

        problem = self._forget(name, change, refused)
        if problem is None and keeps_numbers:
            for run_id, entry in refused.items():
                self._memory.record(entry.row.numbers_only, RunTexts(run_id=run_id))
        return problem

    def _forget(
        self,
        visitor: str,
        work: Callable[[sa.Connection], Sequence[str]],
        refused: Mapping[str, Entry],
    ) -> Refusal | None:
        """Do the work, and forget the runs that it returns wherever else they are; all or
        nothing. `refused` are those of them that the memory alone has."""
        forgotten: list[str] = []

        def change(connection: sa.Connection) -> None:
            forgotten[:] = work(connection)
            # While nobody else can write: the writer asks the memory just before it writes, and
            # would put back what it still found there.
            self._memory.forget(visitor, forgotten)

        problem = self._change(change)
        if problem is None:
            # Only once the database has agreed: nothing brings these texts back.
            self._open_pages.drop(visitor, forgotten)
            self.forget_words()
            return None
        # A commit can fail too, and no database has these rows.
        for run_id in refused.keys() & set(forgotten):
            self._memory.record(refused[run_id].row, refused[run_id].texts)
        return problem

    def _is_caught_up(self, visitor: str, run_ids: Sequence[str]) -> bool:
        # A row that is not written yet would be written after the deletion.
        if self._memory.is_waiting(visitor, run_ids):
            self._writer.wait_until_saved(self._saved_within_s)
        return not self._memory.is_waiting(visitor, run_ids)

    def _change(self, work: Callable[[sa.Connection], object]) -> Refusal | None:
        outcome = self._db.write(work)
        return outcome if isinstance(outcome, Refusal) else None


def _read_marks(
    connection: sa.Connection | None, visitor: str, run_ids: Sequence[str]
) -> Mapping[str, Mark]:
    if connection is None:
        return dict.fromkeys(run_ids, NO_MARK)
    return marking.read_marks(connection, visitor, run_ids)


def _sorted_distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
