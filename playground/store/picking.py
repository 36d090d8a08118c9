"""Which runs a text, stars, tags or an experiment name: their ids, the newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from playground.core.history import Filter, Place
from playground.core.rows import LIVE
from playground.core.search_words import has
from playground.store import marking, search_index
from playground.store.schema import runs, texts

MOST_PICKED = 10_000
"""Matches that are looked at for one page or sum: the newest."""
_IDS_PER_QUESTION = 500
_FIRST_LOOK, _GROWTH = 100, 4


@dataclass(frozen=True, slots=True)
class Picked:
    """Ids; `is_partial` if there are more that were not looked at."""

    run_ids: list[str]
    is_partial: bool


def is_picked(chosen: Filter) -> bool:
    """Whether a filter names runs by something outside their table."""
    return bool(chosen.text.strip()) or _names_few(chosen)


def _names_few(chosen: Filter) -> bool:
    return bool(chosen.is_starred or chosen.tags or chosen.experiment_id is not None)


def pick(connection: sa.Connection, visitor: str, chosen: Filter) -> Picked:
    """The ids of the newest matches. The filter's other parts are not asked."""
    found: list[str] = []
    for part in parts(connection, visitor, chosen, None):
        found += part
        if len(found) > MOST_PICKED:
            break
    return Picked(found[:MOST_PICKED], len(found) > MOST_PICKED)


def parts(
    connection: sa.Connection, visitor: str, chosen: Filter, after: Place | None
) -> Iterator[list[str]]:
    """The same bit by bit, `after` a place in the newest order where it saves a look."""
    if _names_few(chosen):
        few = _few(connection, visitor, chosen)
        yield _saying(connection, visitor, few, chosen) if chosen.text.strip() else few
        return
    if not chosen.phrases:
        return
    below = None
    bounds = [chosen.started_before] if chosen.started_before else []
    if after is not None:
        below = search_index.first_id(after.value) + search_index.SLOTS  # type: ignore[arg-type]
    if bounds:
        end = search_index.first_id(bounds[0])
        below = end if below is None else min(end, below)
    size = _FIRST_LOOK
    while True:
        found = search_index.find(
            connection, visitor, chosen.phrases,
            since=chosen.started_from, below=below, most=size,
        )  # fmt: skip
        yield [run_id for _, run_id in found]
        if len(found) < size:
            return
        below, size = found[-1][0], min(MOST_PICKED, size * _GROWTH)


def _few(connection: sa.Connection, visitor: str, chosen: Filter) -> list[str]:
    most = MOST_PICKED + 1
    sets: list[set[str]] = []
    if chosen.is_starred:
        sets.append(marking.starred_ids(connection, visitor, most))
    if chosen.tags:
        sets.append(marking.tagged_ids(connection, visitor, chosen.tags, most))
    if chosen.experiment_id is not None:
        question = sa.select(runs.c.run_id).where(
            runs.c.visitor == visitor, runs.c.experiment_id == chosen.experiment_id
        )
        newest = question.order_by(runs.c.run_id.desc()).limit(most)
        sets.append(set(connection.scalars(newest)))
    return sorted(set.intersection(*sets), reverse=True)


def _saying(
    connection: sa.Connection, visitor: str, run_ids: Sequence[str], chosen: Filter
) -> list[str]:
    """Those of a few runs that say it: reading them is less than all that others said."""
    wanted = chosen.phrases
    question = sa.select(texts.c.run_id, texts.c.request_json, texts.c.answer).join(
        runs, sa.and_(runs.c.visitor == texts.c.visitor, runs.c.run_id == texts.c.run_id)
    )
    found = []
    for some in _chunks(run_ids):
        which = texts.c.visitor == visitor, texts.c.run_id.in_(some), runs.c.status.not_in(LIVE)
        for run_id, request_json, answer in connection.execute(question.where(*which)):
            if wanted and has(search_index.words_of(request_json, answer), wanted):
                found.append(run_id)
    return found


def lean_rows(
    connection: sa.Connection,
    visitor: str,
    run_ids: Sequence[str],
    columns: Sequence[sa.ColumnElement[Any]],
    conditions: Sequence[sa.ColumnElement[bool]],
) -> Iterator[Any]:
    """A few columns of those of these runs that fulfil the rest of the filter."""
    question = sa.select(*columns).where(runs.c.visitor == visitor, *conditions)
    for some in _chunks(run_ids):
        yield from connection.execute(question.where(runs.c.run_id.in_(some)))


def _chunks(run_ids: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(run_ids)
    while some := list(islice(rest, _IDS_PER_QUESTION)):
        yield some
