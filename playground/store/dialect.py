"""Everything that differs between databases: how one connects, upserts and takes its turn."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import QueuePool, StaticPool

_CONNECT_TIMEOUT_S = 5
_WRITER_LOCK = 0x70_6C_61_79  # any number all processes of this app agree on


def is_in_memory(url: sa.URL) -> bool:
    """Say whether this is a SQLite database that lives in no file."""
    return url.get_backend_name() == "sqlite" and sqlite_file(url) is None


def sqlite_file(url: sa.URL) -> Path | None:
    """Return the file behind a SQLite URL; None for any other database."""
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or ":memory:" in name:
        return None
    if url.query.get("mode") == "memory":
        return None
    return Path(unquote(urlsplit(name).path) if name.startswith("file:") else name)


def connect(url: sa.URL, *, busy_timeout_s: float, is_reader: bool) -> sa.Engine:
    """Make an engine; nothing is opened yet."""
    # Statements carry people's prompts: they must not end up in an error message.
    options: dict[str, Any] = {"hide_parameters": True}
    if url.get_backend_name() != "sqlite":
        options |= {"pool_pre_ping": True, "pool_size": 5 if is_reader else 1}
        if url.get_backend_name() == "postgresql":
            options["connect_args"] = {"connect_timeout": _CONNECT_TIMEOUT_S}
        return sa.create_engine(url, **options)
    options["connect_args"] = {"timeout": busy_timeout_s, "check_same_thread": False}
    if is_in_memory(url):
        options["poolclass"] = StaticPool
    else:
        # Kept open: opening one costs more than most questions, and SQLite drops the WAL
        # whenever the last connection closes.
        size = {"pool_size": 4} if is_reader else {"pool_size": 1, "max_overflow": 0}
        options |= {"poolclass": QueuePool, **size}
    engine = sa.create_engine(url, **options)
    _set_up_sqlite(engine, is_reader=is_reader)
    return engine


def _set_up_sqlite(engine: sa.Engine, *, is_reader: bool) -> None:
    @sa.event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own BEGIN is deferred: it fails at once when it must wait to write.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous=FULL")
        if is_reader:
            connection.execute("PRAGMA query_only=ON")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, object]],
    *,
    adding: bool = False,
) -> None:
    """Insert rows; replace those whose primary key is already there, or add to their numbers."""
    if not rows:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table)
    changes = {
        column.name: column + statement.excluded[column.name]
        if adding
        else statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=table.primary_key.columns, set_=changes),
        rows,
    )


def take_turn(connection: sa.Connection) -> None:
    """Let one process at a time write; SQLite's BEGIN IMMEDIATE already does."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK)))
