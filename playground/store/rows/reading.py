"""Questions to the log, answered from the database with the newer rows in memory laid over it, or
from memory alone when there is no database to ask."""

import operator as op
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from playground.core.runs.run_row import Page, RunRow, RunTexts, Totals
from playground.store.rows.memory import Entry
from playground.store.sums import days, few_runs
from playground.store.sums.totals import add_up, tally_of
from playground.store.tables.dialect import in_chunks
from playground.store.tables.schema import runs, texts

_ROW = [runs.c[field.name] for field in fields(RunRow)]
_TEXTS = [texts.c[field.name] for field in fields(RunTexts)]

Entries = Mapping[str, Entry]


def read_page(
    connection: sa.Connection | None,
    visitor: str,
    entries: Entries,
    *,
    before: str | None,
    after: str | None,
    limit: int,
) -> Page:
    """Return the rows next to a run id, newest first; without a run id, the newest rows."""
    upwards = after is not None and before is None
    rows_by_id = {
        run_id: entry.row
        for run_id, entry in entries.items()
        if (before is None or run_id < before) and (after is None or run_id > after)
    }
    if connection is not None:
        # One more than the page holds: it tells whether another page follows.
        question = sa.select(*_ROW).where(runs.c.visitor == visitor).limit(limit + 1)
        if before is not None:
            question = question.where(runs.c.run_id < before)
        if after is not None:
            question = question.where(runs.c.run_id > after)
        # From the edge outwards, or the limit would cut off the rows next to it.
        order = runs.c.run_id.asc() if upwards else runs.c.run_id.desc()
        for record in connection.execute(question.order_by(order)).mappings():
            # The row in memory is the newer one.
            rows_by_id.setdefault(record["run_id"], RunRow(**record))
    ids = sorted(rows_by_id, reverse=not upwards)
    has_more = len(ids) > limit
    ids = sorted(ids[:limit], reverse=True)
    edge = before if before is not None else after
    if ids:
        edge = ids[-1] if upwards else ids[0]
    beyond = edge is not None and _exists_beyond(
        connection, visitor, entries, edge, older=upwards, including=not ids
    )
    rows = tuple(rows_by_id[run_id] for run_id in ids)
    if upwards:
        return Page(rows=rows, older=beyond, newer=has_more)
    return Page(rows=rows, older=has_more, newer=beyond)


def _exists_beyond(
    connection: sa.Connection | None,
    visitor: str,
    entries: Entries,
    edge: str,
    *,
    older: bool,
    including: bool,
) -> bool:
    # An empty page has no row at its edge: the run it was asked from counts itself.
    is_older, is_newer = (op.le, op.ge) if including else (op.lt, op.gt)
    is_beyond = is_older if older else is_newer
    if any(is_beyond(run_id, edge) for run_id in entries):
        return True
    if connection is None:
        return False
    conditions = runs.c.visitor == visitor, is_beyond(runs.c.run_id, edge)
    question = sa.select(sa.literal(1)).where(*conditions).limit(1)
    return connection.execute(question).first() is not None


def read_rows(connection: sa.Connection, visitor: str, run_ids: Iterable[str]) -> list[RunRow]:
    """Return those of these runs that this visitor has."""
    rows = []
    for chunk in in_chunks(run_ids):
        question = sa.select(*_ROW).where(few_runs.belongs_to(connection, runs, visitor, chunk))
        rows += [RunRow(**record) for record in connection.execute(question).mappings()]
    return rows


def read_texts(
    connection: sa.Connection, visitor: str, run_ids: Iterable[str]
) -> dict[str, RunTexts]:
    """Return the texts of these runs by their ids."""
    return _read_texts(connection, visitor, run_ids, _TEXTS)


def read_request_and_answer(
    connection: sa.Connection, visitor: str, run_ids: Iterable[str]
) -> dict[str, RunTexts]:
    """Return no more of these runs' texts than those two: the others can be much longer."""
    columns = [texts.c.run_id, texts.c.request_json, texts.c.answer]
    return _read_texts(connection, visitor, run_ids, columns)


def read_ids_with_texts(
    connection: sa.Connection, visitor: str, run_ids: Iterable[str]
) -> list[str]:
    """Return the ids of those of these runs whose texts are in the log."""
    return list(_read_texts(connection, visitor, run_ids, [texts.c.run_id]))


def _read_texts(
    connection: sa.Connection,
    visitor: str,
    run_ids: Iterable[str],
    columns: Sequence[sa.Column[Any]],
) -> dict[str, RunTexts]:
    loaded = []
    for chunk in in_chunks(run_ids):
        question = sa.select(*columns).where(few_runs.belongs_to(connection, texts, visitor, chunk))
        loaded += [RunTexts(**record) for record in connection.execute(question).mappings()]
    return {row.run_id: row for row in loaded}


def read_run(
    connection: sa.Connection | None, visitor: str, entries: Entries, run_id: str
) -> tuple[RunRow, RunTexts] | None:
    """Return one run with its texts; None if this visitor has no such run."""
    entry = entries.get(run_id)
    row = entry.row if entry else None
    long_texts = entry.texts if entry else None
    if connection is not None and row is None:
        records = connection.execute(
            sa.select(*_ROW).where(runs.c.visitor == visitor, runs.c.run_id == run_id)
        ).mappings()
        row = next((RunRow(**record) for record in records), None)
    # A newer state of a run can come without texts: those written earlier still hold.
    if connection is not None and row is not None and long_texts is None:
        records = connection.execute(
            sa.select(*_TEXTS).where(texts.c.visitor == visitor, texts.c.run_id == run_id)
        ).mappings()
        long_texts = next((RunTexts(**record) for record in records), None)
    return None if row is None else (row, long_texts or RunTexts(run_id=run_id))


def read_totals(
    connection: sa.Connection | None, visitor: str, entries: Entries, *, since: datetime | None
) -> Totals:
    """Add up the runs of a visitor, or those started at `since` or later."""
    tallies = [
        tally_of(entry.row)
        for entry in entries.values()
        if since is None or entry.row.started_at >= since
    ]
    if connection is not None:
        if since is None:
            tallies += days.sums_of_visitor(connection, visitor).values()
        else:
            tallies += days.sums_since(connection, visitor, since).values()
        # The database may hold earlier versions of the rows in memory: those are taken out again.
        earlier = days.sums_of_ids(connection, visitor, entries, since).values()
        tallies += [tally.negative() for tally in earlier]
    return add_up(tallies)


def read_count(connection: sa.Connection | None, visitor: str, entries: Entries) -> int:
    """Return how many runs a visitor has in the log."""
    if connection is None:
        return len(entries)
    saved = days.sums_of_visitor(connection, visitor).values()
    earlier = days.sums_of_ids(connection, visitor, entries).values()
    return len(entries) + sum(tally.runs for tally in saved) - sum(tally.runs for tally in earlier)
