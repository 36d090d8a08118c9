"""Pages of what a filter finds, in any order: through the index that fits, never by scanning all
runs, and with the newer rows in memory laid over it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from playground.core.log.history import (
    NO_MARK,
    Cursor,
    Filter,
    HistoryPage,
    Mark,
    Order,
    cursor_of,
    is_behind,
    matches,
    sorted_in,
)
from playground.core.runs.run_row import LIVE
from playground.store.history.picking import is_picked, most_looked_at, parts, pick
from playground.store.rows import marking
from playground.store.rows.memory import Entry
from playground.store.rows.reading import Entries, read_rows
from playground.store.search import search_index
from playground.store.sums import days, few_runs
from playground.store.tables.schema import runs

_COLUMNS: Mapping[Order, sa.ColumnElement[Any]] = {
    "newest": runs.c.started_at,
    "oldest": runs.c.started_at,
    "most expensive": runs.c.cost_usd,
    "slowest": runs.c.duration_s,
    "longest answer": runs.c.output_tokens,
}
_MAX_SORTED = 10_000
_KIND = ("status", "model", "variant", "connection")


@dataclass(frozen=True, slots=True)
class PageQuery:
    """A request for one page."""

    visitor: str
    chosen: Filter
    order: Order
    after: Cursor | None
    limit: int

    def is_next(self, place: Cursor) -> bool:
        return self.after is None or is_behind(place, self.after, self.order)

    def sorted(self, places: Sequence[Cursor]) -> list[Cursor]:
        valued = [place for place in places if place.value is not None]
        unvalued = [place for place in places if place.value is None]
        valued.sort(key=_key, reverse=self.order != "oldest")
        return valued + sorted(unvalued, key=_key, reverse=True)


@dataclass(frozen=True, slots=True)
class Cursors:
    """What the database has for a page. `end` is where the search stopped, if that was before the
    end of the page; `is_partial` as in `HistoryPage`."""

    found: list[Cursor]
    end: Cursor | None = None
    is_partial: bool = False


def read_found(connection: sa.Connection | None, entries: Entries, query: PageQuery) -> HistoryPage:
    """The page, from the database and from memory."""
    marked = marks_of(connection, query.visitor, entries)
    rows = [
        entry.row
        for run_id, entry in entries.items()
        if matches_entry(query.chosen, entry, marked.get(run_id, NO_MARK))
        and query.is_next(cursor_of(entry.row, query.order))
    ]
    places = Cursors([])
    if connection is not None:
        # The database may hold earlier versions of the rows in memory, so as many more are read.
        places = _places(connection, query, query.limit + 1 + len(entries))
        ids = [place.run_id for place in places.found if place.run_id not in entries]
        rows += read_rows(connection, query.visitor, ids[: query.limit + 1])
    # Rows in memory beyond the point where the search stopped wait for a later page, or they would
    # come before rows that are not found yet.
    if places.end is not None:
        rows = [
            r for r in rows if not is_behind(cursor_of(r, query.order), places.end, query.order)
        ]
    rows = sorted_in(rows, query.order)
    page = tuple(rows[: query.limit])
    next_cursor = cursor_of(page[-1], query.order) if len(rows) > query.limit else places.end
    return HistoryPage(page, next_cursor, places.is_partial)


def matches_entry(chosen: Filter, entry: Entry, mark: Mark) -> bool:
    """Whether the filter selects a row in memory."""
    searched: Sequence[str] = ()
    if chosen.text.strip() and entry.texts is not None:
        texts = entry.texts
        searched = search_index.searched_texts(texts.request_json, texts.answer, texts.blocks_json)
    return matches(chosen, entry.row, mark, searched)


def marks_of(
    connection: sa.Connection | None, visitor: str, entries: Entries
) -> Mapping[str, Mark]:
    """The marks of the rows in memory."""
    if connection is None or not entries:
        return {}
    return marking.read_marks(connection, visitor, tuple(entries))


def of_row(chosen: Filter, found: sa.FromClause = runs) -> list[sa.ColumnElement[bool]]:
    """What a filter asks of the row itself, in a table of runs."""
    # Runs that are still being written are not searched.
    is_over = [found.c.status.not_in(LIVE)] if chosen.text.strip() else []
    return [*_in_sets(chosen, found), *_in_range(chosen, found), *is_over]


def _places(connection: sa.Connection, query: PageQuery, limit: int) -> Cursors:
    if is_picked(query.chosen):
        is_newest = query.order == "newest"
        return (_newest_picked if is_newest else _picked)(connection, query, limit)
    if query.order in ("newest", "oldest"):
        if _is_narrow(connection, query):
            return Cursors(_by_cost_range(connection, query, limit))
        return Cursors(_by_kind(connection, query, limit))
    return Cursors(_by_value(connection, query, limit))


def _by_kind(connection: sa.Connection, query: PageQuery, limit: int) -> list[Cursor]:
    """By time: a stretch of the index for each kind of run that there is."""
    kinds = days.read_kinds(connection, query.visitor, query.chosen)
    is_up = query.order == "oldest"
    columns = (runs.c.started_at, runs.c.run_id)
    question = sa.select(*columns).where(
        runs.c.visitor == query.visitor,
        *(runs.c[name] == sa.bindparam(name) for name in _KIND),
        *_in_range(query.chosen),
    )
    if query.after is not None:
        place, edge = sa.tuple_(*columns), _edge(runs.c.started_at, query.after)
        question = question.where(place > edge if is_up else place < edge)
    question = question.order_by(*(c.asc() if is_up else c.desc() for c in columns)).limit(limit)
    cursors: list[Cursor] = []
    for kind in kinds:
        values = dict(zip(_KIND, kind, strict=True))
        cursors += [Cursor(*record) for record in connection.execute(question, values)]
    return query.sorted(cursors)[:limit]


def _is_narrow(connection: sa.Connection, query: PageQuery) -> bool:
    """Whether so few runs lie in a range of costs that sorting them all is cheaper."""
    if query.chosen.from_usd is None and query.chosen.to_usd is None:
        return False
    costs = sa.select(runs.c.cost_usd).where(*_within_costs(query)).limit(_MAX_SORTED + 1)
    count = connection.scalar(sa.select(sa.func.count()).select_from(costs.subquery()))
    return (count or 0) <= _MAX_SORTED


def _within_costs(query: PageQuery) -> list[sa.ColumnElement[bool]]:
    costs = Filter(from_usd=query.chosen.from_usd, to_usd=query.chosen.to_usd)
    return [runs.c.visitor == query.visitor, *_in_range(costs)]


def _by_cost_range(connection: sa.Connection, query: PageQuery, limit: int) -> list[Cursor]:
    is_up = query.order == "oldest"
    columns = (runs.c.started_at, runs.c.run_id)
    question = sa.select(*columns).where(runs.c.visitor == query.visitor, *of_row(query.chosen))
    if query.after is not None:
        question = question.where(_is_behind(*columns, query.after, is_up=is_up))
    question = question.order_by(*(c.asc() if is_up else c.desc() for c in columns)).limit(limit)
    return [Cursor(*record) for record in connection.execute(question)]


def _by_value(connection: sa.Connection, query: PageQuery, limit: int) -> list[Cursor]:
    """Along the index of this order; rows without a value come last."""
    column, after = _COLUMNS[query.order], query.after
    conditions = (runs.c.visitor == query.visitor, *of_row(query.chosen))
    cursors: list[Cursor] = []
    if after is None or after.value is not None:
        # Two questions, because SQLite and Postgres put NULL at opposite ends of an index.
        question = sa.select(column, runs.c.run_id).where(*conditions, column.is_not(None))
        if after is not None:
            question = question.where(sa.tuple_(column, runs.c.run_id) < _edge(column, after))
            after = None
        question = question.order_by(column.desc(), runs.c.run_id.desc()).limit(limit)
        cursors = [Cursor(*record) for record in connection.execute(question)]
    if len(cursors) < limit:
        rest = sa.select(runs.c.run_id).where(*conditions, column.is_(None))
        if after is not None:
            rest = rest.where(runs.c.run_id < after.run_id)
        rest = rest.order_by(runs.c.run_id.desc()).limit(limit - len(cursors))
        cursors += [Cursor(None, run_id) for run_id in connection.scalars(rest)]
    return cursors


def _picked(connection: sa.Connection, query: PageQuery, limit: int) -> Cursors:
    picked, is_partial = pick(connection, query.visitor, query.chosen)
    column, after = picked.c[_COLUMNS[query.order].name], query.after
    is_up = query.order == "oldest"
    question = sa.select(column, picked.c.run_id).where(*of_row(query.chosen, picked))
    if after is not None:
        question = question.where(_is_behind(column, picked.c.run_id, after, is_up=is_up))
    by_id = picked.c.run_id.asc() if is_up else picked.c.run_id.desc()
    by_value = column.asc() if is_up else column.desc().nulls_last()
    question = question.order_by(by_value, by_id).limit(limit)
    cursors = [Cursor(*record) for record in connection.execute(question)]
    return Cursors(cursors, None, is_partial)


def _is_behind(
    column: sa.ColumnElement[Any], run_id: sa.ColumnElement[str], place: Cursor, *, is_up: bool
) -> sa.ColumnElement[bool]:
    if place.value is None:
        return sa.and_(column.is_(None), run_id < place.run_id)
    # No comparison with NULL is true, so rows without a value must be named.
    position, edge = sa.tuple_(column, run_id), _edge(column, place)
    return position > edge if is_up else sa.or_(position < edge, column.is_(None))


def _newest_picked(connection: sa.Connection, query: PageQuery, limit: int) -> Cursors:
    """From the newest match on: a page of a frequent word is soon full."""
    places: list[Cursor] = []
    looked_at = 0
    for part in parts(connection, query.visitor, query.chosen, query.after):
        rows = few_runs.rows(connection, query.visitor, part.found)
        question = sa.select(rows.c.started_at, rows.c.run_id).where(*of_row(query.chosen, rows))
        cursors = [Cursor(*record) for record in connection.execute(question)]
        places += [place for place in cursors if query.is_next(place)]
        looked_at += len(part.looked_at)
        if len(places) >= limit:
            break
        if looked_at >= most_looked_at(query.chosen):
            end = read_rows(connection, query.visitor, part.looked_at[-1:])
            return Cursors(query.sorted(places), cursor_of(end[0], "newest") if end else None)
    return Cursors(query.sorted(places)[:limit])


def _in_sets(chosen: Filter, table: sa.FromClause) -> Iterator[sa.ColumnElement[bool]]:
    for name, values in (
        ("status", chosen.statuses),
        ("model", chosen.models),
        ("variant", chosen.variants),
        ("connection", chosen.connections),
    ):
        if values:
            # Not the bare column: a planner would take the index of kinds for it, and sort.
            yield table.c[name].op("||")(sa.literal_column("''")).in_(values)


def _in_range(chosen: Filter, table: sa.FromClause = runs) -> Iterator[sa.ColumnElement[bool]]:
    if chosen.started_from is not None:
        yield table.c.started_at >= chosen.started_from
    if chosen.started_before is not None:
        yield table.c.started_at < chosen.started_before
    if chosen.from_usd is not None:
        yield table.c.cost_usd >= chosen.from_usd
    if chosen.to_usd is not None:
        yield table.c.cost_usd <= chosen.to_usd


def _edge(column: sa.ColumnElement[Any], place: Cursor) -> sa.Tuple:
    # With the column's type: moments and money are stored, and compared, as integers.
    return sa.tuple_(sa.literal(place.value, column.type), sa.literal(place.run_id))


def _key(place: Cursor) -> Any:  # noqa: ANN401 (a value and an id, compared as they are)
    return place.run_id if place.value is None else (place.value, place.run_id)
