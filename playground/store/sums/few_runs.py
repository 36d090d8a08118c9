"""Conditions that select a few runs by their ids, so that the database looks up each of them.

SQLite, which does not know how many runs a visitor has, would otherwise scan all of them wherever
some index covers the rest of the query.
"""

import json
from collections.abc import Sequence

import sqlalchemy as sa

from playground.store.tables.schema import runs

_IDS = {
    "sqlite": "SELECT :visitor, value FROM json_each(:ids)",
    "postgresql": "SELECT CAST(:visitor AS text), id "
    "FROM jsonb_array_elements_text(CAST(:ids AS jsonb)) AS id",
}
_ROWS = {
    "sqlite": "SELECT runs.* FROM json_each(:ids) CROSS JOIN runs "
    "WHERE runs.visitor = :visitor AND runs.run_id = json_each.value",
    "postgresql": "SELECT runs.* FROM jsonb_array_elements_text(CAST(:ids AS jsonb)) AS id "
    "JOIN runs ON runs.visitor = :visitor AND runs.run_id = id",
}


def belongs_to(
    connection: sa.Connection, table: sa.Table, visitor: str, run_ids: Sequence[str]
) -> sa.ColumnElement[bool]:
    """The condition that a row of a table belongs to one of these runs."""
    # As JSON: a database takes only so many parameters.
    ids = sa.text(_IDS[connection.dialect.name])
    values = ids.bindparams(visitor=visitor, ids=json.dumps(list(run_ids)))
    key = sa.tuple_(table.c.visitor, table.c.run_id)
    return key.in_(values.columns(table.c.visitor, table.c.run_id))


def rows(connection: sa.Connection, visitor: str, run_ids: Sequence[str]) -> sa.Subquery:
    """Those of these runs that the visitor has, as a table."""
    statement = sa.text(_ROWS[connection.dialect.name])
    return as_runs(statement.bindparams(visitor=visitor, ids=json.dumps(list(run_ids))))


def as_runs(found: sa.TextClause) -> sa.Subquery:
    """A query for `runs.*` as a table with the same columns."""
    return found.columns(**{column.name: column.type for column in runs.c}).subquery()
