"""Deletes runs: single ones, which can be undone, or all of a visitor's, for good."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from playground.core.log.history import LoggedRun
from playground.core.log.run_file import LineError, line_of, run_of
from playground.core.runs.run_row import LIVE
from playground.store.rows import reservations
from playground.store.rows.marking import read_marks, write_mark
from playground.store.rows.memory import Entry
from playground.store.rows.reading import read_rows, read_texts
from playground.store.search import search_index
from playground.store.sums import days, few_runs
from playground.store.tables import batch_tables, dialect
from playground.store.tables.faults import in_savepoint
from playground.store.tables.history_schema import days as days_table
from playground.store.tables.history_schema import deleted, deletions, marks, tags
from playground.store.tables.schema import cells, claims, experiments, runs, texts

_UNDO_PERIOD = timedelta(hours=1)
_COUNTS_STILL = timedelta(days=2)
"""No budget looks back further, except that of a page that was open for longer."""
_DELETED_AT_ONCE = 2_000
"""So few that others who want to write wait only a moment for their turn."""

_STRIP = (
    sa.update(runs)
    .where(runs.c.visitor == sa.bindparam("of_visitor"), runs.c.run_id == sa.bindparam("of_run"))
    .values(params_json=sa.bindparam("params"), error_message=sa.bindparam("message"))
)


def delete(
    connection: sa.Connection,
    visitor: str,
    run_ids: Sequence[str],
    now: datetime,
    refused: Mapping[str, Entry],
) -> list[str]:
    """Delete those of these runs that have ended, so that they can be brought back for a while;
    return their ids. Runs that the database `refused` exist in memory only, or in a newer state."""
    rows_by_id = {row.run_id: row for row in read_rows(connection, visitor, run_ids)}
    rows_by_id |= {run_id: entry.row for run_id, entry in refused.items()}
    rows = [row for row in rows_by_id.values() if row.status not in LIVE]
    texts_by_id = read_texts(connection, visitor, run_ids)
    texts_by_id |= {run_id: entry.texts for run_id, entry in refused.items() if entry.texts}
    marks_by_id = read_marks(connection, visitor, run_ids)
    logged = [LoggedRun(row, texts_by_id.get(row.run_id), marks_by_id[row.run_id]) for row in rows]
    key = {"visitor": visitor, "deleted_at": now}
    deleted_rows = [key | {"run_id": run.row.run_id, "run_json": line_of(run)} for run in logged]
    dialect.upsert(connection, deleted, deleted_rows)
    ended = [row.run_id for row in rows]
    remove(connection, visitor, ended)
    return ended


def bring_back(
    connection: sa.Connection, visitor: str, run_ids: Sequence[str], boot: str
) -> tuple[list[LoggedRun], int]:
    """Undo a deletion. Return the runs that the database refuses, which stay in memory as before,
    and the number of runs that stay deleted because their copy can't be read."""
    conditions = deleted.c.visitor == visitor, deleted.c.run_id.in_(run_ids)
    lines = connection.execute(sa.select(deleted.c.run_id, deleted.c.run_json).where(*conditions))
    runs_by_id, unread = {}, 0
    for run_id, line in lines:
        try:
            runs_by_id[run_id] = run_of(line, visitor)
        except LineError:
            unread += 1
    is_read = deleted.c.run_id.in_(list(runs_by_id))
    connection.execute(sa.delete(deleted).where(deleted.c.visitor == visitor, is_read))
    refused = []
    for run in runs_by_id.values():
        # One at a time: a refused run holds up none of the others.
        if in_savepoint(connection, partial(insert_runs, connection, [run], boot)) is not None:
            refused.append(run)
    return refused, unread


def insert_runs(connection: sa.Connection, kept: Sequence[LoggedRun], boot: str) -> None:
    """Write whole runs; all of them have ended."""
    keys = [(run.row.visitor, run.row.run_id) for run in kept]
    long_texts = [asdict(run.texts) | {"visitor": run.row.visitor} for run in kept if run.texts]
    # Rows before texts: the index joins the two to learn when a run started.
    with days.updating(connection, keys):
        rows = [asdict(run.row) | {"boot_id": boot} for run in kept]
        dialect.upsert(connection, runs, rows)
    with search_index.updating(connection, keys):
        dialect.upsert(connection, texts, long_texts)
    for run in kept:
        write_mark(connection, run.row.visitor, run.row.run_id, run.mark)


def remove(connection: sa.Connection, visitor: str, run_ids: Sequence[str]) -> None:
    """Delete runs for good, with all that belongs to them. What they cost still counts."""
    reservations.keep_spent(
        connection, visitor, few_runs.belongs_to(connection, runs, visitor, run_ids)
    )
    search_index.remove(connection, visitor, run_ids)
    with days.updating(connection, [(visitor, run_id) for run_id in run_ids]):
        for table in (runs, texts, marks, tags):
            is_deleted = few_runs.belongs_to(connection, table, visitor, run_ids)
            connection.execute(sa.delete(table).where(is_deleted))


def drop_texts(connection: sa.Connection, visitor: str, run_ids: Sequence[str]) -> None:
    """Keep only the numbers of runs: no prompt, answer or error text, and no tool, schema or stop
    sequence among the parameters."""
    search_index.remove(connection, visitor, run_ids)
    connection.execute(
        sa.delete(texts).where(few_runs.belongs_to(connection, texts, visitor, run_ids))
    )
    bare_rows = [
        {"of_run": row.run_id, "params": row.params_json, "message": row.error_message}
        for row in (row.numbers_only for row in read_rows(connection, visitor, run_ids))
    ]
    if bare_rows:
        connection.execute(_STRIP, [bare | {"of_visitor": visitor} for bare in bare_rows])


def record_deletion(connection: sa.Connection, visitor: str, now: datetime) -> None:
    """Record that all of a visitor's runs are to be deleted, to survive a crash."""
    dialect.upsert(connection, deletions, [{"visitor": visitor, "asked_at": now}])


def pending_deletions(connection: sa.Connection) -> Sequence[str]:
    """The visitors with a recorded deletion that is not complete."""
    return connection.scalars(sa.select(deletions.c.visitor)).all()


def delete_chunk(connection: sa.Connection, visitor: str, now: datetime) -> bool:
    """Delete some runs of a recorded deletion, with all that belongs to them; return True once none
    is left. Their costs still count."""
    is_recorded = deletions.c.visitor == visitor
    if connection.scalar(sa.select(deletions.c.visitor).where(is_recorded)) is None:
        return True  # Another process has completed it: runs since then stay.
    is_own = runs.c.visitor == visitor
    ids = sa.select(runs.c.run_id).where(is_own).order_by(runs.c.run_id)
    last_id = connection.scalar(ids.offset(_DELETED_AT_ONCE - 1).limit(1))
    first_ones = [] if last_id is None else [runs.c.run_id <= last_id]
    is_recent = runs.c.started_at >= now - _COUNTS_STILL
    reservations.keep_spent(connection, visitor, is_recent, *first_ones)
    # First: FTS5 must be told the very words it was given, and they are made from the texts.
    search_index.remove_visitor(connection, visitor)
    for table in (runs, texts):
        is_first = [] if last_id is None else [table.c.run_id <= last_id]
        connection.execute(sa.delete(table).where(table.c.visitor == visitor, *is_first))
    for table in (days_table, marks, tags, deleted):
        connection.execute(sa.delete(table).where(table.c.visitor == visitor))
    batch_tables.forget(connection, visitor)
    # Without its claim, a process at work on an experiment starts nothing more.
    for table in (experiments, cells, claims):
        connection.execute(sa.delete(table).where(table.c.visitor == visitor))
    if last_id is None:
        connection.execute(sa.delete(deletions).where(is_recorded))
    return last_id is None


def purge(connection: sa.Connection, now: datetime) -> None:
    """Forget what was deleted too long ago to be brought back."""
    connection.execute(sa.delete(deleted).where(deleted.c.deleted_at < now - _UNDO_PERIOD))
