"""The full-text index of runs. On SQLite it is an FTS5 table that holds no text, on
Postgres a tsvector; the words come from `core/text/search_words.py` for both.

To remove a run, FTS5 must be told the very words it was given, or it considers itself damaged. A
digest of them is kept for each run: if it no longer matches the run's texts, the index is made
anew.
"""

import logging
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import NamedTuple

import sqlalchemy as sa

from playground.core.answer.content import as_text
from playground.core.log.logged_request import request_text
from playground.core.runs.run_row import LIVE, RunTexts
from playground.core.text.search_words import words
from playground.store.search.search_matches import SLOTS, first_id, index_visitor
from playground.store.tables.dialect import in_chunks
from playground.store.tables.faults import fault_of, in_savepoint
from playground.store.tables.history_schema import searchable, unsearched
from playground.store.tables.schema import runs, texts

_MAX_BYTES, _MAX_POSITION, _MAX_PLACES = 900_000, 16_000, 255
"""What a tsvector holds, up to which word it knows the place, and how many places of a word
(PostgreSQL, "Limitations" of text search)."""
FEW = 2_000
"""Runs that are taken out of the index one by one; for more it is made anew."""

_log = logging.getLogger(__name__)
_ADD = sa.text("INSERT INTO said (rowid, who, words) VALUES (:id, :who, :words)")
_REMOVE = sa.text("INSERT INTO said (said, rowid, who, words) VALUES ('delete', :id, :who, :words)")
_REMOVE_ALL = sa.text("INSERT INTO said (said) VALUES ('delete-all')")


class Text(NamedTuple):
    """A run that has ended, with the texts it is found by."""

    visitor: str
    run_id: str
    started_at: datetime
    request_json: str
    answer: str
    blocks_json: str

    def words(self) -> list[str]:
        return words_of(self.request_json, self.answer, self.blocks_json)


def searched_texts(request_json: str, answer: str, blocks_json: str = "") -> tuple[str, str]:
    """The texts in which a run is searched."""
    texts = RunTexts(run_id="", answer=answer, blocks_json=blocks_json)
    return request_text(request_json), as_text(texts.blocks)


def words_of(request_json: str, answer: str, blocks_json: str) -> list[str]:
    """The words by which a run is found."""
    return [
        word for text in searched_texts(request_json, answer, blocks_json) for word in words(text)
    ]


def add(connection: sa.Connection, ended: Sequence[Text]) -> None:
    """Make these runs findable."""
    if not ended:
        return
    numbers = _numbers(connection, ended)
    is_sqlite = connection.dialect.name == "sqlite"
    rows, index_rows = [], []
    for run, number in zip(ended, numbers, strict=True):
        run_words = run.words()
        joined = " ".join(run_words)
        row = {"id": number, "visitor": run.visitor, "run_id": run.run_id}
        rows.append(row | {"words": _digest(joined) if is_sqlite else _ts_vector(run_words)})
        index_rows.append({"id": number, "who": index_visitor(run.visitor), "words": joined})
    if is_sqlite:
        connection.execute(sa.insert(searchable), rows)
        connection.execute(_ADD, index_rows)
    else:
        connection.execute(
            sa.text(
                # A cast, not `to_tsvector`: the words are the same on both databases, and no
                # dictionary of the server may change them.
                "INSERT INTO searchable (id, visitor, run_id, words) "
                "VALUES (:id, :visitor, :run_id, CAST(:words AS tsvector))"
            ),
            rows,
        )


def remove(connection: sa.Connection, visitor: str, run_ids: Sequence[str]) -> None:
    """Make these runs unfindable. Their texts must still be in the table."""
    is_sqlite = connection.dialect.name == "sqlite"
    for chunk in in_chunks(run_ids):
        conditions = searchable.c.visitor == visitor, searchable.c.run_id.in_(chunk)
        is_sound = not is_sqlite or _remove_words(connection, visitor, conditions)
        connection.execute(sa.delete(searchable).where(*conditions))
        if not is_sound:
            rebuild(connection)


def _remove_words(
    connection: sa.Connection, visitor: str, conditions: Sequence[sa.ColumnElement[bool]]
) -> bool:
    """Take the words of these runs out of the index; return False, with nothing done, if they are
    not the words it was given."""
    columns_of_texts = texts.c.request_json, texts.c.answer, texts.c.blocks_json
    columns = (searchable.c.id, searchable.c.words, *columns_of_texts)
    source = searchable.join(texts, _SAME_TEXT, isouter=True)
    rows = []
    for number, digest, request, answer, blocks in connection.execute(
        sa.select(*columns).select_from(source).where(*conditions)
    ):
        joined = " ".join(words_of(request or "", answer or "", blocks or ""))
        if digest != _digest(joined):
            return False
        rows.append({"id": number, "who": index_visitor(visitor), "words": joined})
    if rows:
        connection.execute(_REMOVE, rows)
    return True


def _digest(joined: str) -> str:
    return blake2b(joined.encode(), digest_size=8).hexdigest()


def remove_visitor(connection: sa.Connection, visitor: str) -> None:
    """Make all runs of a visitor unfindable. Their texts must still be in the table."""
    ids = list(
        connection.scalars(
            sa.select(searchable.c.run_id).where(searchable.c.visitor == visitor).limit(FEW + 1)
        )
    )
    if len(ids) <= FEW:
        remove(connection, visitor, ids)
        return
    connection.execute(sa.delete(searchable).where(searchable.c.visitor == visitor))
    rebuild(connection)


def rebuild(connection: sa.Connection) -> None:
    """Forget all words, so that none of a deleted text remains, and index the rest bit by bit."""
    # On Postgres the words are in the row of their run, and gone with it.
    if connection.dialect.name != "sqlite":
        return
    connection.execute(_REMOVE_ALL)
    connection.execute(sa.delete(searchable))
    connection.execute(sa.delete(unsearched))
    in_all = connection.scalar(sa.select(sa.func.count()).select_from(texts)) or 0
    if in_all:
        first = {"visitor": "", "run_id": "", "done": 0, "in_all": in_all}
        connection.execute(sa.insert(unsearched), first)


def progress(connection: sa.Connection) -> float | None:
    """The share of the runs of earlier days that is indexed; None: all of them."""
    row = connection.execute(sa.select(unsearched.c.done, unsearched.c.in_all)).first()
    return None if row is None else min(1.0, row.done / max(1, row.in_all))


def catch_up(connection: sa.Connection, most: int) -> bool:
    """Index some more runs of earlier days; say whether there may be more."""
    progress_row = connection.execute(sa.select(unsearched)).first()
    if progress_row is None:
        return False
    place = sa.tuple_(texts.c.visitor, texts.c.run_id)
    # Runs that ended since the index was emptied are in it already.
    is_known = sa.exists().where(
        searchable.c.visitor == texts.c.visitor, searchable.c.run_id == texts.c.run_id
    )
    question = (
        sa.select(texts.c.visitor, texts.c.run_id, runs.c.status, is_known.label("is_known"))
        .select_from(texts.join(runs, _SAME_RUN))
        .where(place > sa.tuple_(sa.literal(progress_row.visitor), sa.literal(progress_row.run_id)))
        .order_by(texts.c.visitor, texts.c.run_id)
        .limit(most)
    )
    records = connection.execute(question).all()
    if not records:
        connection.execute(sa.delete(unsearched))
        return False
    keys = [(row.visitor, row.run_id) for row in records if row.status not in LIVE]
    known = {(row.visitor, row.run_id) for row in records if row.is_known}
    _add_readable(connection, [key for key in keys if key not in known])
    last = {"visitor": records[-1].visitor, "run_id": records[-1].run_id}
    connection.execute(sa.update(unsearched).values(**last, done=progress_row.done + len(records)))
    return True


def _add_readable(connection: sa.Connection, keys: Sequence[tuple[str, str]]) -> None:
    """Make these runs findable, except for those whose texts can't be read: one of them would keep
    all others from being read or written."""
    if in_savepoint(connection, partial(_add_again, connection, keys)) is None:
        return
    tries = [in_savepoint(connection, partial(_add_again, connection, [key])) for key in keys]
    errors = [error for error in tries if error is not None]
    if errors:
        # Only their type: SQLite quotes a text that it cannot read.
        what = fault_of(errors[0]).name
        _log.warning("runs that no word finds, for they can't be read: %d (%s)", len(errors), what)


@contextmanager
def updating(connection: sa.Connection, keys: Sequence[tuple[str, str]]) -> Iterator[None]:
    """Index these runs by the texts that the block leaves them with; all of them have ended."""
    # Before the block: FTS5 must be told the earlier words, made from the earlier texts.
    for visitor, run_ids in _by_visitor(keys).items():
        remove(connection, visitor, run_ids)
    yield
    _add_again(connection, keys)


def _add_again(connection: sa.Connection, keys: Sequence[tuple[str, str]]) -> None:
    """Make these runs findable by the texts that the table has of them."""
    for visitor, run_ids in _by_visitor(keys).items():
        for chunk in in_chunks(run_ids):
            question = (
                sa.select(*_TEXT)
                .select_from(texts.join(runs, _SAME_RUN))
                .where(texts.c.visitor == visitor, texts.c.run_id.in_(chunk))
            )
            add(connection, [Text(*row) for row in connection.execute(question)])


def _by_visitor(keys: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for visitor, run_id in keys:
        ids.setdefault(visitor, []).append(run_id)
    return ids


_TEXT = (
    texts.c.visitor, texts.c.run_id, runs.c.started_at, texts.c.request_json, texts.c.answer,
    texts.c.blocks_json,
)  # fmt: skip
_SAME_RUN = sa.and_(texts.c.visitor == runs.c.visitor, texts.c.run_id == runs.c.run_id)
_SAME_TEXT = sa.and_(texts.c.visitor == searchable.c.visitor, texts.c.run_id == searchable.c.run_id)


def _numbers(connection: sa.Connection, ended: Sequence[Text]) -> list[int]:
    """A free number for each of these runs, in the order of their start."""
    taken: set[int] = set()
    numbers = []
    for run in ended:
        salt = zlib.crc32(f"{run.visitor}/{run.run_id}".encode()) % SLOTS
        number = first_id(run.started_at) + salt
        while number in taken:
            number += 1
        taken.add(number)
        numbers.append(number)
    while used := _used(connection, numbers):
        for index, number in enumerate(numbers):
            if number in used:
                while number in taken or number in used:
                    number += 1
                taken.add(number)
                numbers[index] = number
    return numbers


def _used(connection: sa.Connection, numbers: Sequence[int]) -> set[int]:
    question = sa.select(searchable.c.id).where(searchable.c.id.in_(numbers))
    return set(connection.scalars(question))


def _ts_vector(run_words: Sequence[str]) -> str:
    places: dict[str, list[int]] = {}
    size = 0
    for place, word in enumerate(run_words, start=1):
        if size > _MAX_BYTES:
            break
        at = places.get(word)
        if at is None:
            at = places[word] = []
            size += 4 + len(word.encode())
        # Beyond these a word is found by itself only, and not as part of a phrase.
        if place <= _MAX_POSITION and len(at) < _MAX_PLACES:
            at.append(place)
            size += 4
    return " ".join(
        f"'{word}':{','.join(map(str, at))}" if at else f"'{word}'" for word, at in places.items()
    )
