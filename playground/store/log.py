"""The run log: records runs without ever blocking or failing, and answers the questions of visitors
about them, from memory while the database is broken."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from playground.core.runs.run_row import Page, RunRow, RunTexts, Totals
from playground.store.batches import BatchStore
from playground.store.budgets import BudgetStore
from playground.store.claims import ClaimStore
from playground.store.experiments import ExperimentStore
from playground.store.history.history import History
from playground.store.history.housekeeping import Housekeeping
from playground.store.history.open_pages import OpenPages
from playground.store.prompts import PromptStore
from playground.store.rows.memory import Entry, Memory
from playground.store.rows.reading import read_count, read_page, read_run, read_totals
from playground.store.tables.cleaning import clean, clean_text
from playground.store.tables.column_types import MISFITS
from playground.store.tables.faults import (
    UNFORESEEN,
    Fault,
    deletion_sentence,
    fault_of,
    refusal_sentence,
    report,
)
from playground.store.writing.processes import Boot
from playground.store.writing.writer import Pace, Writer

_FIRST_TRY_S = 5.0

_log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class RunLog:
    """All runs of all visitors at one database URL; every question names its visitor."""

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], datetime],
        retry_every_s: float = 10.0,
        heartbeat_every_s: float = 30.0,
        busy_timeout_s: float = 5.0,
        saved_within_s: float = 2.0,
        boot: Boot | None = None,
    ) -> None:
        """`saved_within_s`: how long a deletion waits for rows that are being written."""
        self._memory = Memory()
        self._refused_questions: dict[str, Fault] = {}
        self.open_pages = OpenPages()
        self._writer = Writer(
            url=url,
            memory=self._memory,
            clock=clock,
            boot=boot or Boot(),
            pace=Pace(
                retry_every_s=retry_every_s,
                heartbeat_every_s=heartbeat_every_s,
                busy_timeout_s=busy_timeout_s,
            ),
        )

        self.budgets = BudgetStore(self._writer, self._memory)
        self.claims = ClaimStore(self._writer, clock)
        self.batches = BatchStore(self._writer)
        self.experiments = ExperimentStore(self._writer, self._memory)
        self.history = History(
            self._answer, self._writer, self._memory, clock, self.open_pages, saved_within_s
        )
        self.housekeeping = Housekeeping(self.history, self._writer, clock)
        self.prompts = PromptStore(self._writer)

    def record(
        self, row: RunRow, texts: RunTexts | None = None, *, only_on_page: str | None = None
    ) -> None:
        """Record a run or its newer state without waiting; it is written soon after. With
        `only_on_page` its texts are never written and stay in memory while that page is open."""
        row, texts = clean(row), None if texts is None else clean(texts)
        if only_on_page is not None:
            if texts is not None:
                self.open_pages.add(only_on_page, row, texts)
            row, texts = row.numbers_only, None
        self._memory.record(row, texts)
        self._writer.wake()

    def why_full(self, visitor: str) -> str | None:
        """Why no more runs of a visitor should start: so many rows wait for a database that can't
        be written."""
        if not self._memory.is_full(clean_text(visitor)):
            return None
        fault = self._writer.fault
        cause = fault.cause if fault else "the database takes too long"
        return (
            f"Not started: the log can't be saved ({cause}), and memory can hold no more "
            "unsaved runs."
        )

    def delete_all(self, visitor: str) -> None:
        """Forget all runs of a visitor, at once for whoever asks and soon in the database;
        `warning_to` says when that has to wait."""
        self._memory.clear(clean_text(visitor))
        self.open_pages.forget(clean_text(visitor))
        self.history.forget_words()
        self._writer.wake()

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was recorded is written; False if it could not be, or not yet."""
        return self._writer.wait_until_saved(timeout_s, tries_refused=True)

    def flush_runs(
        self, visitor: str, run_ids: Collection[str], timeout_s: float
    ) -> frozenset[str]:
        """Write these recorded runs, and return the ids of those that are on disk. It does not wait
        for the rows of others or for what the database refuses."""
        name = clean_text(visitor)
        if self._memory.is_waiting(name, run_ids):
            self._writer.wait_until_saved(timeout_s)
        unsaved = self._memory.unsaved_entries(name, run_ids).keys()
        return frozenset(run_ids) - unsaved - self._memory.lost_ids(name)

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what can be written and stop; rows recorded later live in memory only."""
        self._writer.close(timeout_s)

    @property
    def warning(self) -> str | None:
        """What is wrong with the log for anybody, in sentences for people; None if nothing is."""
        return self._warning(None)

    def warning_to(self, visitor: str) -> str | None:
        """What is wrong with the log for one visitor; None if nothing is. Refused rows and waiting
        deletions of others are left out."""
        return self._warning(clean_text(visitor))

    def _warning(self, visitor: str | None) -> str | None:
        fault = self._writer.fault or self._writer.read_fault or self._refused_question(visitor)
        refusals, lost = self._memory.refusals(visitor), self._memory.lost_count(visitor)
        fault = fault or next(
            (refusal for refusal in refusals if refusal.kind not in UNFORESEEN), None
        )
        sentences = self._delayed(visitor, fault)[:1]
        if fault is not None:
            sentences.append(fault.sentence(self._memory.unsaved))
        elif refusals or lost:
            sentences.append(refusal_sentence(refusals, lost))
        elif self._writer.is_closed and self._memory.unsaved:
            sentences.append("The log is closed. The latest rows are only in memory.")
        if not sentences and self._writer.notice:
            sentences.append(self._writer.notice)
        database = self._writer.database
        if not sentences and database is not None and database.has_misfits:
            sentences.append(MISFITS)
        return " ".join(sentences) or None

    def _refused_question(self, visitor: str | None) -> Fault | None:
        """Why the last question of this visitor, or of any, was refused."""
        if visitor is not None:
            return self._refused_questions.get(visitor)
        return next(iter(list(self._refused_questions.values())), None)

    def _delayed(self, visitor: str | None, fault: Fault | None) -> list[str]:
        """What is in the way of deletions that were requested, in a sentence for each."""
        return [
            deletion_sentence(cause, is_recorded=deletion.is_recorded)
            for deletion in self._memory.deletions()
            if visitor in (None, deletion.visitor)
            and (cause := deletion.fault or fault) is not None
        ]

    def unsaved_rows(self, visitor: str) -> tuple[tuple[RunRow, RunTexts | None], ...]:
        """The runs of this visitor that are in memory only, oldest first."""
        entries = self._memory.entries(clean_text(visitor), latest=False)
        return tuple((entries[run_id].row, entries[run_id].texts) for run_id in sorted(entries))

    def page(
        self,
        visitor: str,
        *,
        before: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page:
        """Return the newest rows, or those just older (`before`) or newer (`after`) than a run."""
        name = clean_text(visitor)
        older_than, newer_than = (edge and clean_text(edge) for edge in (before, after))
        page = self._answer(
            name,
            lambda connection, entries: read_page(
                connection, name, entries, before=older_than, after=newer_than, limit=limit
            ),
        )
        return replace(page, rows=self.open_pages.filled(page.rows))

    def get(self, visitor: str, run_id: str) -> tuple[RunRow, RunTexts] | None:
        """Return one run of this visitor with its texts."""
        name, clean_id = clean_text(visitor), clean_text(run_id)
        run = self._answer(
            name, lambda connection, entries: read_run(connection, name, entries, clean_id)
        )
        return None if run is None else self.open_pages.find(name, clean_id) or run

    def totals(self, visitor: str, *, since: datetime | None = None) -> Totals:
        """Add up the runs of this visitor, or those started at `since` or later."""
        return self.totals_since(visitor, since)[0]

    def totals_since(self, visitor: str, *moments: datetime | None) -> tuple[Totals, ...]:
        """The totals since each of these moments; None: all."""
        name = clean_text(visitor)
        return self._answer(
            name,
            lambda connection, entries: tuple(
                read_totals(connection, name, entries, since=since) for since in moments
            ),
        )

    def count(self, visitor: str) -> int:
        """Return how many runs this visitor has."""
        name = clean_text(visitor)
        return self._answer(name, lambda connection, entries: read_count(connection, name, entries))

    def _answer(
        self,
        visitor: str,
        question: Callable[[sa.Connection | None, Mapping[str, Entry]], Answer],
    ) -> Answer:
        # Right after a start the rows of earlier days are in a file that is being opened.
        self._writer.has_tried.wait(_FIRST_TRY_S)
        database = self._writer.readable
        # Until a deletion is done the database still holds what the visitor wants forgotten.
        if database is not None and self._memory.deletion(visitor) is None:
            # Before the database: a row written in between is then seen twice, not missed.
            entries = self._memory.entries(visitor, latest=False)
            try:
                # A deleted or replaced file still answers through the connection that is open.
                if database.is_in_place:
                    with database.reading() as connection:
                        answer = question(connection, entries)
                    self._writer.read_fault = None
                    self._refused_questions.pop(visitor, None)
                    return answer
                self._writer.wake()
            except Exception as error:  # a page without a log is better than no page
                self._note(visitor, error)
        return question(None, self._memory.entries(visitor, latest=True))

    def _note(self, visitor: str, error: Exception) -> None:
        fault = replace(fault_of(error), during="read")
        is_known = (
            self._writer.fault is not None
            or self._writer.read_fault is not None
            or fault in list(self._refused_questions.values())
        )
        if fault.kind in UNFORESEEN and not is_known:
            report(_log, "the run log", error)
        # What one visitor chose may be all that is wrong: others are not told of it.
        if fault.may_be_of_one_row:
            self._refused_questions[visitor] = fault
            return
        self._writer.read_fault = fault
        self._writer.wake(is_suspect=fault.kind == "damaged")
