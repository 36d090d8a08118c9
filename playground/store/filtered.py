"""Pages of what a filter finds, in any order: by the index that fits, never by a walk through
all runs, and with the newer rows in memory laid over it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from playground.core.history import (
    NO_MARK,
    Filter,
    Found,
    Mark,
    Order,
    Place,
    is_behind,
    matches,
    place_of,
    sorted_in,
)
from playground.store import days, marking, search_index
from playground.store.memory import Entry
from playground.store.picking import MOST_PICKED, is_picked, lean_rows, parts, pick
from playground.store.reading import Entries, read_rows
from playground.store.schema import runs

_COLUMNS: Mapping[Order, sa.ColumnElement[Any]] = {
    "newest": runs.c.started_at,
    "oldest": runs.c.started_at,
    "most expensive": runs.c.cost_usd,
    "slowest": runs.c.duration_s,
    "longest answer": runs.c.output_tokens,
}
_KIND = ("status", "model", "variant", "connection")


@dataclass(frozen=True, slots=True)
class Wish:
    """One page that is asked for."""

    visitor: str
    chosen: Filter
    order: Order
    after: Place | None
    limit: int

    def is_next(self, place: Place) -> bool:
        return self.after is None or is_behind(place, self.after, self.order)

    def sorted(self, places: Sequence[Place]) -> list[Place]:
        valued = [place for place in places if place.value is not None]
        rest = [place for place in places if place.value is None]
        valued.sort(key=_key, reverse=self.order != "oldest")
        return valued + sorted(rest, key=_key, reverse=True)


@dataclass(frozen=True, slots=True)
class Places:
    """What the database has for a page. `end` is how far it was looked through, if not to the
    end of the page; `is_partial` as in `Found`."""

    found: list[Place]
    end: Place | None = None
    is_partial: bool = False


def read_found(connection: sa.Connection | None, entries: Entries, wish: Wish) -> Found:
    """Return the page."""
    marked = marks_of(connection, wish.visitor, entries)
    rows = [
        entry.row
        for run_id, entry in entries.items()
        if matches_entry(wish.chosen, entry, marked.get(run_id, NO_MARK))
        and wish.is_next(place_of(entry.row, wish.order))
    ]
    places = Places([])
    if connection is not None:
        # The database may hold earlier versions of the rows in memory: as many more of its own.
        places = _places(connection, wish, wish.limit + 1 + len(entries))
        ids = [place.run_id for place in places.found if place.run_id not in entries]
        rows += read_rows(connection, wish.visitor, ids[: wish.limit + 1])
    if places.end is not None:
        rows = [r for r in rows if not is_behind(place_of(r, wish.order), places.end, wish.order)]
    rows = sorted_in(rows, wish.order)
    page = tuple(rows[: wish.limit])
    next_place = place_of(page[-1], wish.order) if len(rows) > wish.limit else places.end
    return Found(page, next_place, places.is_partial)


def matches_entry(chosen: Filter, entry: Entry, mark: Mark) -> bool:
    """Whether a row in memory is meant."""
    said: Sequence[str] = ()
    if chosen.text.strip() and entry.texts is not None:
        said = search_index.words_of(entry.texts.request_json, entry.texts.answer)
    return matches(chosen, entry.row, mark, said)


def marks_of(
    connection: sa.Connection | None, visitor: str, entries: Entries
) -> Mapping[str, Mark]:
    """The marks of the rows in memory."""
    if connection is None or not entries:
        return {}
    return marking.read_marks(connection, visitor, tuple(entries))


def of_row(chosen: Filter) -> list[sa.ColumnElement[bool]]:
    """What a filter asks of the row itself."""
    return [*_in_sets(chosen), *_in_range(chosen)]


def _places(connection: sa.Connection, wish: Wish, most: int) -> Places:
    if is_picked(wish.chosen):
        is_newest = wish.order == "newest"
        return (_newest_picked if is_newest else _picked)(connection, wish, most)
    if wish.order in ("newest", "oldest"):
        return Places(_by_kind(connection, wish, most))
    return Places(_by_value(connection, wish, most))


def _by_kind(connection: sa.Connection, wish: Wish, most: int) -> list[Place]:
    """By time: a stretch of the index for each kind of run that there is."""
    sums = days.read_sums(connection, wish.visitor, wish.chosen)
    kinds = {(kind.status, kind.model, kind.variant, kind.connection) for kind in sums}
    is_up = wish.order == "oldest"
    columns = (runs.c.started_at, runs.c.run_id)
    question = sa.select(*columns).where(
        runs.c.visitor == wish.visitor,
        *(runs.c[name] == sa.bindparam(name) for name in _KIND),
        *_in_range(wish.chosen),
    )
    if wish.after is not None:
        place, edge = sa.tuple_(*columns), _edge(runs.c.started_at, wish.after)
        question = question.where(place > edge if is_up else place < edge)
    question = question.order_by(*(c.asc() if is_up else c.desc() for c in columns)).limit(most)
    found: list[Place] = []
    for kind in kinds:
        values = dict(zip(_KIND, kind, strict=True))
        found += [Place(*record) for record in connection.execute(question, values)]
    return wish.sorted(found)[:most]


def _by_value(connection: sa.Connection, wish: Wish, most: int) -> list[Place]:
    """Along the index of this order; rows without a value stand at its end."""
    column, after = _COLUMNS[wish.order], wish.after
    meant = (runs.c.visitor == wish.visitor, *of_row(wish.chosen))
    found: list[Place] = []
    if after is None or after.value is not None:
        question = sa.select(column, runs.c.run_id).where(*meant, column.is_not(None))
        if after is not None:
            question = question.where(sa.tuple_(column, runs.c.run_id) < _edge(column, after))
            after = None
        question = question.order_by(column.desc(), runs.c.run_id.desc()).limit(most)
        found = [Place(*record) for record in connection.execute(question)]
    if len(found) < most:
        rest = sa.select(runs.c.run_id).where(*meant, column.is_(None))
        if after is not None:
            rest = rest.where(runs.c.run_id < after.run_id)
        rest = rest.order_by(runs.c.run_id.desc()).limit(most - len(found))
        found += [Place(None, run_id) for run_id in connection.scalars(rest)]
    return found


def _picked(connection: sa.Connection, wish: Wish, most: int) -> Places:
    picked = pick(connection, wish.visitor, wish.chosen)
    places = _lean_places(connection, wish, picked.run_ids)
    return Places(wish.sorted(places)[:most], None, picked.is_partial)


def _newest_picked(connection: sa.Connection, wish: Wish, most: int) -> Places:
    """From the newest match on: a page of a frequent word is soon full."""
    places: list[Place] = []
    looked_at = 0
    for part in parts(connection, wish.visitor, wish.chosen, wish.after):
        places += _lean_places(connection, wish, part)
        looked_at += len(part)
        if len(places) >= most:
            break
        if looked_at >= MOST_PICKED:
            end = read_rows(connection, wish.visitor, part[-1:])
            return Places(wish.sorted(places), place_of(end[0], "newest") if end else None)
    return Places(wish.sorted(places)[:most])


def _lean_places(connection: sa.Connection, wish: Wish, run_ids: Sequence[str]) -> list[Place]:
    columns = (_COLUMNS[wish.order], runs.c.run_id)
    found = lean_rows(connection, wish.visitor, run_ids, columns, of_row(wish.chosen))
    return [place for record in found if wish.is_next(place := Place(*record))]


def _in_sets(chosen: Filter) -> Iterator[sa.ColumnElement[bool]]:
    for name, wanted in (
        ("status", chosen.statuses),
        ("model", chosen.models),
        ("variant", chosen.variants),
        ("connection", chosen.connections),
    ):
        if wanted:
            # Not the bare column: a planner would take the index of kinds for it, and sort.
            yield runs.c[name].op("||")(sa.literal_column("''")).in_(wanted)


def _in_range(chosen: Filter) -> Iterator[sa.ColumnElement[bool]]:
    if chosen.started_from is not None:
        yield runs.c.started_at >= chosen.started_from
    if chosen.started_before is not None:
        yield runs.c.started_at < chosen.started_before
    if chosen.from_usd is not None:
        yield runs.c.cost_usd >= chosen.from_usd
    if chosen.to_usd is not None:
        yield runs.c.cost_usd <= chosen.to_usd


def _edge(column: sa.ColumnElement[Any], place: Place) -> sa.Tuple:
    return sa.tuple_(sa.literal(place.value, column.type), sa.literal(place.run_id))


def _key(place: Place) -> Any:  # noqa: ANN401 (a value and an id, compared as they are)
    return place.run_id if place.value is None else (place.value, place.run_id)
