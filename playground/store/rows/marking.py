"""Stars, tags, notes and votes: what a visitor added to runs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from playground.core.log.history import (
    LONGEST_NOTE,
    MAX_TAGS,
    NO_MARK,
    FilterError,
    Mark,
    clean_tag,
)
from playground.core.log.votes import Vote, VotedRun
from playground.store.rows.reading import Entries
from playground.store.sums import few_runs
from playground.store.tables import dialect
from playground.store.tables.dialect import in_chunks
from playground.store.tables.history_schema import IS_VOTED, marks, tags
from playground.store.tables.schema import runs

_MARK = ("is_starred", "note", "vote", "ballot")


def read_marks(
    connection: sa.Connection, visitor: str, run_ids: Sequence[str]
) -> Mapping[str, Mark]:
    """The marks of these runs; `NO_MARK` for those that have none."""
    marks_by_id: dict[str, Mark] = dict.fromkeys(run_ids, NO_MARK)
    for chunk in in_chunks(run_ids):
        tags_by_run: dict[str, list[str]] = defaultdict(list)
        question = sa.select(tags.c.run_id, tags.c.tag).where(
            few_runs.belongs_to(connection, tags, visitor, chunk)
        )
        for run_id, tag in connection.execute(question.order_by(tags.c.tag)):
            tags_by_run[run_id].append(tag)
            marks_by_id[run_id] = _mark_of(tags_by_run[run_id])
        columns = (marks.c[name] for name in ("run_id", *_MARK))
        rows = sa.select(*columns).where(few_runs.belongs_to(connection, marks, visitor, chunk))
        for run_id, is_starred, *rest_of_mark in connection.execute(rows):
            marks_by_id[run_id] = _mark_of(tags_by_run[run_id], is_starred, *rest_of_mark)
    return marks_by_id


def _mark_of(
    tags_of_run: Sequence[str],
    is_starred: int = 0,
    note: str = "",
    vote: Vote = "",
    ballot: str = "",
) -> Mark:
    """The mark within the rules of marks: another program may have written it, and a refused one
    would keep all others of its page from being read."""
    clean_tags = dict.fromkeys(tag for tag in map(clean_tag, tags_of_run) if tag)
    mark = Mark(bool(is_starred), tuple(clean_tags)[:MAX_TAGS], note[:LONGEST_NOTE])
    try:
        return replace(mark, vote=vote, ballot=ballot)
    except FilterError:
        return mark


def write_mark(connection: sa.Connection, visitor: str, run_id: str, mark: Mark) -> None:
    """Replace the marks of a run."""
    for table in (tags, marks):
        connection.execute(
            sa.delete(table).where(table.c.visitor == visitor, table.c.run_id == run_id)
        )
    key = {"visitor": visitor, "run_id": run_id}
    if mark.is_starred or mark.note or mark.vote:
        row = key | {name: getattr(mark, name) for name in _MARK}
        row["is_starred"] = int(mark.is_starred)
        dialect.upsert(connection, marks, [row])
    if mark.tags:
        connection.execute(sa.insert(tags), [key | {"tag": tag} for tag in set(mark.tags)])


def write_votes(connection: sa.Connection, visitor: str, cast: Mapping[str, Vote]) -> None:
    """Replace the votes on these runs, as one ballot; their other marks stay."""
    for run_id, mark in read_marks(connection, visitor, list(cast)).items():
        # The same for all runs of a vote: standings count ballots, or five cards with one setting
        # would win five times by a single vote.
        ballot = min(cast) if cast[run_id] else ""
        voted = replace(mark, vote=cast[run_id], ballot=ballot)
        write_mark(connection, visitor, run_id, voted)


def read_votes(
    connection: sa.Connection, visitor: str, entries: Entries, most: int
) -> list[VotedRun]:
    """The visitor's newest votes, for runs that still exist."""
    of_run = sa.and_(runs.c.visitor == marks.c.visitor, runs.c.run_id == marks.c.run_id)
    made_with = (runs.c.model, runs.c.connection, runs.c.params_json)
    question = (
        sa.select(marks.c.run_id, marks.c.ballot, marks.c.vote, *made_with)
        # An outer join: a run that is not written yet is only in `entries`.
        .select_from(marks.outerjoin(runs, of_run))
        .where(marks.c.visitor == visitor, IS_VOTED)
        .order_by(marks.c.run_id.desc())
        .limit(most)
    )
    votes = []
    for run_id, ballot, vote, model, connection_name, params_json in connection.execute(question):
        if run_id in entries:
            row = entries[run_id].row
            votes.append(VotedRun(ballot, row.model, row.connection, row.params_json, vote))
        elif model is not None:
            votes.append(VotedRun(ballot, model, connection_name, params_json, vote))
    return votes


def starred_ids(connection: sa.Connection, visitor: str, most: int) -> set[str]:
    """The newest starred runs of a visitor."""
    question = sa.select(marks.c.run_id).where(
        marks.c.visitor == visitor, marks.c.is_starred == sa.literal_column("1")
    )
    return set(connection.scalars(question.order_by(marks.c.run_id.desc()).limit(most)))


def tagged_ids(
    connection: sa.Connection, visitor: str, wanted: Sequence[str], most: int
) -> set[str]:
    """The newest runs of a visitor with one of these tags."""
    question = sa.select(tags.c.run_id).where(tags.c.visitor == visitor, tags.c.tag.in_(wanted))
    return set(connection.scalars(question.order_by(tags.c.run_id.desc()).limit(most)))


def tags_of(connection: sa.Connection, visitor: str) -> tuple[str, ...]:
    """All tags of a visitor."""
    question = sa.select(tags.c.tag).where(tags.c.visitor == visitor).distinct()
    return tuple(connection.scalars(question.order_by(tags.c.tag)))
