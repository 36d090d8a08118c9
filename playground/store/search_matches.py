"""Which runs say something: questions to the index of words, in the words of SQLite's FTS5 and
of Postgres."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import sqlalchemy as sa

from playground.core.search_words import Phrase
from playground.store import few_runs
from playground.store.history_schema import searchable

SLOTS = 128
"""Numbers for the runs that started in the same second. Close to each other they take less
room: the index keeps the distance to the number before, once for each word of a run."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = 2**63 - 1
_FIND = {
    "sqlite": sa.text(
        "SELECT searchable.id, searchable.run_id FROM said CROSS JOIN searchable "
        "ON searchable.id = said.rowid WHERE said MATCH :query AND searchable.visitor = :visitor "
        "AND said.rowid >= :first AND said.rowid < :below ORDER BY said.rowid DESC LIMIT :most"
    ),
    "postgresql": sa.text(
        "SELECT id, run_id FROM searchable WHERE words @@ CAST(:query AS tsquery) "
        "AND visitor = :visitor AND id >= :first AND id < :below ORDER BY id DESC LIMIT :most"
    ),
}
_ROWS = {
    # CROSS JOIN, in this order: else SQLite may begin with all runs of the visitor.
    "sqlite": sa.text(
        "SELECT runs.* FROM said CROSS JOIN searchable ON searchable.id = said.rowid "
        "CROSS JOIN runs ON runs.visitor = searchable.visitor "
        "AND runs.run_id = searchable.run_id "
        "WHERE said MATCH :query AND searchable.visitor = :visitor "
        "AND said.rowid >= :first AND said.rowid < :below ORDER BY said.rowid DESC LIMIT :most"
    ),
    "postgresql": sa.text(
        "SELECT runs.* FROM searchable JOIN runs ON runs.visitor = searchable.visitor "
        "AND runs.run_id = searchable.run_id WHERE words @@ CAST(:query AS tsquery) "
        "AND searchable.visitor = :visitor AND id >= :first AND id < :below "
        "ORDER BY id DESC LIMIT :most"
    ),
}


def first_id(started_at: datetime) -> int:
    """The lowest number of a run that started in this second."""
    return (started_at - _EPOCH) // timedelta(seconds=1) * SLOTS


@dataclass(frozen=True, slots=True)
class Matches:
    """The runs of a visitor that say all this, with numbers from `first` to below `below`."""

    visitor: str
    phrases: Sequence[Phrase]
    first: int = -_END
    below: int = _END

    def read(self, connection: sa.Connection, most: int) -> list[tuple[int, str]]:
        """Number and id of the newest of them."""
        found = connection.execute(*self._question(connection, most))
        return [(number, run_id) for number, run_id in found]

    def rows(self, connection: sa.Connection, most: int) -> sa.Subquery:
        """The runs themselves, as a table."""
        _, values = self._question(connection, most)
        return few_runs.as_runs(_ROWS[connection.dialect.name].bindparams(**values))

    def count(self, connection: sa.Connection, most: int) -> int:
        """How many they are, at most so many."""
        question, values = self._question(connection, most)
        found = question.bindparams(**values).columns(searchable.c.id).subquery()
        return connection.scalar(sa.select(sa.func.count()).select_from(found)) or 0

    def _question(
        self, connection: sa.Connection, most: int
    ) -> tuple[sa.TextClause, dict[str, object]]:
        is_sqlite = connection.dialect.name == "sqlite"
        query = _fts_query(self.visitor, self.phrases) if is_sqlite else _ts_query(self.phrases)
        return _FIND[connection.dialect.name], {
            "query": query,
            "visitor": self.visitor,
            "first": self.first,
            "below": self.below,
            "most": most,
        }


def who(visitor: str) -> str:
    # A word of its own for each visitor: his runs are found among those of all others without
    # a look at theirs. Whether it really is his run the table says, not this.
    return blake2b(visitor.encode(), digest_size=8).hexdigest()


def _fts_query(visitor: str, phrases: Sequence[Phrase]) -> str:
    # Words are letters, marks and digits: none can end the quotes.
    wanted = " AND ".join(
        f'"{" ".join(phrase.words)}"{" *" if phrase.is_prefix else ""}' for phrase in phrases
    )
    return f'who : "{who(visitor)}" AND words : ({wanted})'


def _ts_query(phrases: Sequence[Phrase]) -> str:
    return " & ".join(
        "(" + " <-> ".join(f"'{word}'" for word in phrase.words)
        + (":*" if phrase.is_prefix else "") + ")"
        for phrase in phrases
    )  # fmt: skip
