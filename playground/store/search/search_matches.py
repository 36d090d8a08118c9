"""Which runs say something: queries of the index of words, for SQLite's FTS5 and for Postgres."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import sqlalchemy as sa

from playground.core.text.search_words import Phrase
from playground.store.sums import few_runs
from playground.store.tables.history_schema import searchable

SLOTS = 128
"""Numbers for the runs that started in the same second. Close to each other they take less
room: the index keeps the distance to the number before, once for each word of a run."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = 2**63 - 1
# CROSS JOIN keeps this order; otherwise SQLite may begin with all runs of the visitor.
_SQLITE = (
    "SELECT {columns} FROM said CROSS JOIN searchable ON searchable.id = said.rowid {runs} "
    "WHERE said MATCH :query AND searchable.visitor = :visitor "
    "AND said.rowid >= :first AND said.rowid < :below ORDER BY said.rowid DESC LIMIT :most"
)
_POSTGRES = (
    "SELECT {columns} FROM searchable {runs} WHERE {words} searchable.visitor = :visitor "
    "AND id >= :first AND id < :below ORDER BY id DESC LIMIT :most"
)
_SAYING = "words @@ CAST(:query AS tsquery) AND"
_PLACE = "searchable.id, searchable.run_id"
_RUNS = "JOIN runs ON runs.visitor = searchable.visitor AND runs.run_id = searchable.run_id"


def first_id(started_at: datetime) -> int:
    """The lowest number for a run that started in this second."""
    return (started_at - _EPOCH) // timedelta(seconds=1) * SLOTS


@dataclass(frozen=True, slots=True)
class Matches:
    """The runs of a visitor that say all these words, with numbers from `first` to below `below`.
    Signs are not in the index: only the texts tell whether a run has them."""

    visitor: str
    phrases: Sequence[Phrase]
    first: int = -_END
    below: int = _END

    def read(self, connection: sa.Connection, most: int) -> list[tuple[int, str]]:
        """Number and id of the newest matches."""
        records = connection.execute(self._question(connection, most))
        return [(number, run_id) for number, run_id in records]

    def rows(self, connection: sa.Connection, most: int) -> sa.Subquery:
        """The runs themselves, as a table."""
        return few_runs.as_runs(self._question(connection, most, columns="runs.*", joined=_RUNS))

    def count(self, connection: sa.Connection, most: int) -> int:
        """How many matches there are, counted up to a limit."""
        question = self._question(connection, most)
        matched = question.columns(searchable.c.id, searchable.c.run_id).subquery()
        return connection.scalar(sa.select(sa.func.count()).select_from(matched)) or 0

    def _question(
        self, connection: sa.Connection, limit: int, *, columns: str = _PLACE, joined: str = ""
    ) -> sa.TextClause:
        phrases = [phrase for phrase in self.phrases if phrase.words]
        if connection.dialect.name == "sqlite":
            runs = joined and f"CROSS {joined}"
            statement = _SQLITE.format(columns=columns, runs=runs)
            query = _fts_query(self.visitor, phrases)
        else:
            saying = _SAYING if phrases else ""
            statement = _POSTGRES.format(columns=columns, runs=joined, words=saying)
            query = _ts_query(phrases)
        values = {"visitor": self.visitor, "first": self.first, "below": self.below, "most": limit}
        if ":query" in statement:
            values["query"] = query
        return sa.text(statement).bindparams(**values)


def index_visitor(visitor: str) -> str:
    # Each visitor is a word, so that their runs are found without looking at those of others.
    # Whether a run really is theirs is decided by the table, not by this.
    return blake2b(visitor.encode(), digest_size=8).hexdigest()


def _fts_query(visitor: str, phrases: Sequence[Phrase]) -> str:
    # Words are letters, marks and digits: none can end the quotes.
    phrases_query = " AND ".join(
        f'"{" ".join(phrase.words)}"{" *" if phrase.is_prefix else ""}' for phrase in phrases
    )
    owner = f'who : "{index_visitor(visitor)}"'
    return f"{owner} AND words : ({phrases_query})" if phrases_query else owner


def _ts_query(phrases: Sequence[Phrase]) -> str:
    return " & ".join(
        "(" + " <-> ".join(f"'{word}'" for word in phrase.words)
        + (":*" if phrase.is_prefix else "") + ")"
        for phrase in phrases
    )  # fmt: skip
