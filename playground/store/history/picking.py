"""The runs that a text, stars, tags or an experiment select: their ids, newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from playground.core.log.history import Cursor, Filter
from playground.core.runs.run_row import LIVE
from playground.core.text.search_words import MAX_READ, contains_all
from playground.store.rows import marking
from playground.store.search.search_index import searched_texts
from playground.store.search.search_matches import SLOTS, Matches, first_id
from playground.store.sums import few_runs
from playground.store.tables.dialect import in_chunks
from playground.store.tables.schema import runs, texts

MAX_PICKED = 10_000
"""Matches that are looked at for one page or sum: the newest."""
# A frequent word fills a page at the first look; growing looks find rare matches in few rounds.
_FIRST_LOOK, _GROWTH = 100, 4


class Part(NamedTuple):
    """Some of the runs that were looked at, newest first, and those of them that match."""

    looked_at: list[str]
    found: list[str]


def most_looked_at(chosen: Filter) -> int:
    """How many matches are looked at for one page or sum; fewer if texts must be read."""
    return MAX_READ if _reads_texts(chosen) else MAX_PICKED


def _reads_texts(chosen: Filter) -> bool:
    return any(phrase.literal for phrase in chosen.phrases)


def is_picked(chosen: Filter) -> bool:
    """Whether a filter selects runs by something outside their table."""
    return bool(chosen.text.strip()) or _names_runs(chosen)


def _names_runs(chosen: Filter) -> bool:
    return bool(chosen.is_starred or chosen.tags or chosen.experiment_id is not None)


def pick(connection: sa.Connection, visitor: str, chosen: Filter) -> tuple[sa.FromClause, bool]:
    """The runs of the newest matches as a table, and whether there are more. The filter's other
    conditions are not applied."""
    if not _names_runs(chosen):
        matches = _matches(visitor, chosen, None)
        if _reads_texts(chosen):
            ids = [run_id for _, run_id in matches.read(connection, MAX_READ + 1)]
            saying = _ids_with_text(connection, visitor, ids[:MAX_READ], chosen)
            return few_runs.rows(connection, visitor, saying), len(ids) > MAX_READ
        count = matches.count(connection, MAX_PICKED + 1)
        return matches.rows(connection, MAX_PICKED), count > MAX_PICKED
    few = _named_ids(connection, visitor, chosen)
    is_partial = len(few) > MAX_PICKED
    few = few[:MAX_PICKED]
    if chosen.text.strip():
        few = _ids_with_text(connection, visitor, few, chosen)
    return few_runs.rows(connection, visitor, few), is_partial


def parts(
    connection: sa.Connection, visitor: str, chosen: Filter, after: Cursor | None
) -> Iterator[Part]:
    """The ids part by part; those before `after` in the newest order are skipped where possible."""
    if _names_runs(chosen):
        few = _named_ids(connection, visitor, chosen)
        saying = _ids_with_text(connection, visitor, few, chosen) if chosen.text.strip() else few
        yield Part(saying, saying)
        return
    matches, size = _matches(visitor, chosen, after), _FIRST_LOOK
    while True:
        matched = matches.read(connection, size)
        is_all = len(matched) < size
        if not is_all:
            # Numbers within a second are in no order: all of it is read, so that none is missed.
            second = matched[-1][0] // SLOTS * SLOTS
            rest = replace(matches, first=max(second, matches.first), below=matched[-1][0])
            matched += rest.read(connection, SLOTS)
            matches, size = replace(matches, below=second), min(MAX_PICKED, size * _GROWTH)
        ids = [run_id for _, run_id in matched]
        yield Part(
            ids, _ids_with_text(connection, visitor, ids, chosen) if _reads_texts(chosen) else ids
        )
        if is_all:
            return


def _matches(visitor: str, chosen: Filter, after: Cursor | None) -> Matches:
    query = Matches(visitor, chosen.phrases)
    start, end = chosen.started_from, chosen.started_before
    if start is not None:
        query = replace(query, first=first_id(start))
    if end is not None:
        query = replace(query, below=first_id(end))
    if after is not None and isinstance(after.value, datetime):
        # To the end of its second: within one second the numbers are in no order.
        query = replace(query, below=min(query.below, first_id(after.value) + SLOTS))
    return query


def _named_ids(connection: sa.Connection, visitor: str, chosen: Filter) -> list[str]:
    limit = MAX_PICKED + 1
    sets: list[set[str]] = []
    if chosen.is_starred:
        sets.append(marking.starred_ids(connection, visitor, limit))
    if chosen.tags:
        sets.append(marking.tagged_ids(connection, visitor, chosen.tags, limit))
    if chosen.experiment_id is not None:
        question = sa.select(runs.c.run_id).where(
            runs.c.visitor == visitor, runs.c.experiment_id == chosen.experiment_id
        )
        newest = question.order_by(runs.c.run_id.desc()).limit(limit)
        sets.append(set(connection.scalars(newest)))
    return sorted(set.intersection(*sets), reverse=True)


def _ids_with_text(
    connection: sa.Connection, visitor: str, run_ids: Sequence[str], chosen: Filter
) -> list[str]:
    """Those of a few runs whose texts match: reading these is cheaper than searching all texts."""
    phrases = chosen.phrases
    is_same = sa.and_(runs.c.visitor == texts.c.visitor, runs.c.run_id == texts.c.run_id)
    question = (
        sa.select(texts.c.run_id, texts.c.request_json, texts.c.answer, texts.c.blocks_json)
        .join(runs, is_same)
        .where(runs.c.status.not_in(LIVE))
    )
    matching_ids = []
    for chunk in in_chunks(run_ids):
        chunk_question = question.where(texts.c.visitor == visitor, texts.c.run_id.in_(chunk))
        for run_id, *texts_of_run in connection.execute(chunk_question):
            if contains_all(searched_texts(*texts_of_run), phrases):
                matching_ids.append(run_id)
    return matching_ids
