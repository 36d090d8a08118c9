"""Everything that differs between databases: URLs, connections, transactions and upserts. A URL
holds a password: nothing raised here repeats any of it."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import QueuePool, StaticPool

from playground.store.tables.column_types import decode

WRITER_LOCK = 0x70_6C_61_79  # any number all processes of this app agree on
READ_WITHIN_S, WRITTEN_WITHIN_S = 10, 60
"""How long one statement may take on a server, which ends it then."""
REPLY_WITHIN_S = 5.0
"""How much later the server must have said so, or it has fallen silent."""
_POSTGRES: dict[str, Any] = {
    # The driver's own BEGIN would cost another round trip to the server.
    "autocommit": True,
    # A pooler between here and the server gives each transaction another connection, which
    # knows nothing of statements prepared earlier.
    "prepare_threshold": None,
    "connect_timeout": 5,
    # A server that has vanished says nothing: without these the wait takes minutes.
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


def is_in_memory(url: sa.URL) -> bool:
    """Say whether this is a SQLite database without a file."""
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
    """Make an engine; nothing is opened yet. A writing engine lets one process at a time write:
    each of its transactions begins by waiting for its turn."""
    # Statements carry people's prompts: they must not end up in an error message.
    options: dict[str, Any] = {"hide_parameters": True}
    if url.get_backend_name() == "postgresql":
        return _connect_postgres(url, options, busy_timeout_s, is_reader=is_reader)
    options["connect_args"] = {"timeout": busy_timeout_s, "check_same_thread": False}
    if is_in_memory(url):
        options["poolclass"] = StaticPool
    else:
        # Kept open: opening one costs more than most queries, and SQLite drops the WAL whenever the
        # last connection closes.
        size = {"pool_size": 4} if is_reader else {"pool_size": 1, "max_overflow": 0}
        options |= {"poolclass": QueuePool, **size}
    engine = sa.create_engine(url, **options)
    _set_up_sqlite(engine, is_reader=is_reader)
    return engine


def _connect_postgres(
    url: sa.URL, options: dict[str, Any], busy_timeout_s: float, *, is_reader: bool
) -> sa.Engine:
    # Small hosted databases allow about twenty connections in all.
    size = {"pool_size": 2, "max_overflow": 3} if is_reader else {"pool_size": 1, "max_overflow": 0}
    options["connect_args"] = {k: v for k, v in _POSTGRES.items() if k not in url.query}
    engine = sa.create_engine(url, **options, **size, pool_pre_ping=True)
    max_s = READ_WITHIN_S if is_reader else WRITTEN_WITHIN_S
    wait_ms, max_ms = max(1, int(busy_timeout_s * 1000)), int(max_s * 1000)
    if is_reader:
        # All queries behind one answer see the same moment.
        begin = f"""BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
            SET LOCAL lock_timeout = {wait_ms}; SET LOCAL statement_timeout = {max_ms}"""
    else:
        # A writer that falls silent during its turn must not keep it for ever.
        begin = f"""BEGIN; SET LOCAL lock_timeout = {wait_ms};
            SET LOCAL statement_timeout = {max_ms};
            SET LOCAL idle_in_transaction_session_timeout = {max_ms};
            SELECT pg_advisory_xact_lock({WRITER_LOCK})"""

    @sa.event.listens_for(engine, "do_connect")
    def connect_bounded(
        _dialect: object, _record: object, arguments: Sequence[Any], options: dict[str, Any]
    ) -> object:
        from playground.store.tables.postgres_connection import BoundedConnection

        connection = BoundedConnection.connect(*arguments, **options)
        connection.max_s = max_s + REPLY_WITHIN_S
        return connection

    @sa.event.listens_for(engine, "begin")
    def take_turn(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _set_up_sqlite(engine: sa.Engine, *, is_reader: bool) -> None:
    @sa.event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own BEGIN is deferred: it fails at once when it must wait to write.
        connection.isolation_level = None
        connection.text_factory = lambda raw: decode(raw, engine.dialect)
        connection.execute("PRAGMA synchronous=FULL")
        if is_reader:
            connection.execute("PRAGMA query_only=ON")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")


def now(connection: sa.Connection, own: datetime) -> datetime:
    """The time on the clock that all who share this database use: the server's, or for a file,
    which only one machine can open, this process's own."""
    if connection.dialect.name == "sqlite":
        return own
    clock = sa.func.clock_timestamp(type_=sa.DateTime(timezone=True))
    return connection.execute(sa.select(clock)).scalar_one()


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, object]],
    *,
    adding: bool = False,
) -> None:
    """Insert rows; replace those whose primary key is already there, or add to their numbers."""
    if rows:
        connection.execute(_upsert(table, connection.dialect.name, adding=adding), rows)


@lru_cache
def _upsert(table: sa.Table, dialect: str, *, adding: bool) -> sa.Executable:
    # Cached: assembling it takes longer than executing it.
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table)
    changes = {
        column.name: _added(column, statement.excluded[column.name], dialect)
        if adding
        else statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    return statement.on_conflict_do_update(index_elements=table.primary_key.columns, set_=changes)


def _added(
    column: sa.ColumnElement[Any], more: sa.ColumnElement[Any], dialect: str
) -> sa.ColumnElement[Any]:
    if dialect != "sqlite":
        return column + more
    # Beyond 64 bits SQLite goes on with a number that is only about right. As on PostgreSQL it is
    # an error, which this function of the smallest number is (sqlite.org/lang_corefunc.html#abs).
    error = sa.func.abs(sa.literal_column("-9223372036854775808"))
    is_exact = sa.func.typeof(column + more) == sa.literal_column("'integer'")
    return sa.case((is_exact, column + more), else_=error)


_SERVERS = ("postgres", "postgresql")
# Meant for drivers of other languages; ours would reject them.
_NOT_FOR_US = ("pgbouncer", "schema", "connection_limit", "pool_timeout")
# Objects of Python, which no text in a URL can be.
_NO_TEXTS = ("autocommit", "context", "cursor_factory", "prepare_threshold", "row_factory")
_OF_SQLITE = (
    "timeout", "isolation_level", "detect_types", "check_same_thread", "cached_statements", "uri",
)  # fmt: skip
"""What its driver takes; all else is for SQLite itself, which is asked only with `uri`."""


class AddressError(Exception):
    """This is not the URL of a SQLite or PostgreSQL database."""


class OptionError(AddressError):
    """The URL has an option that nothing takes, or with a value that nothing takes."""


def parse_url(text: str) -> sa.URL:
    """Return the URL, with the driver that this app installs."""
    try:
        url = sa.make_url(_quoted(text.strip()))
        url = url.set(drivername=url.drivername.lower())
        backend = url.drivername.partition("+")[0]
        driver = url.get_dialect()() if backend == "sqlite" else None
    except (sa.exc.ArgumentError, ValueError):
        raise AddressError from None
    if driver is not None and url.host is None:
        _check_options_of_sqlite(url, driver)
        return url
    # With two slashes a file's name is taken for a host.
    if backend not in _SERVERS:
        raise AddressError
    if url.query.keys() & set(_NO_TEXTS):
        raise OptionError
    return url.set(drivername="postgresql+psycopg").difference_update_query(_NOT_FOR_US)


def _check_options_of_sqlite(url: sa.URL, driver: sa.Dialect) -> None:
    # The driver would leave it out, with a warning: a log meant to be read only would be written.
    if "uri" not in url.query and url.query.keys() - set(_OF_SQLITE):
        raise OptionError
    # Of an option that stands in it twice the value is a tuple, which the driver can't read.
    if not all(isinstance(value, str) for value in url.query.values()):
        raise OptionError
    try:
        driver.create_connect_args(url)
    except ValueError:
        raise OptionError from None


def _quoted(text: str) -> str:
    """Quote every @ of a password except the last one, which ends it."""
    place, mark, query = text.partition("?")
    scheme, colon, rest = place.partition("://")
    credentials, separator, host = rest.rpartition("@")
    return f"{scheme}{colon}{credentials.replace('@', '%40')}{separator}{host}{mark}{query}"


Item = TypeVar("Item")


def in_chunks(items: Iterable[Item], size: int = 500) -> Iterator[list[Item]]:
    """Yield the items a few at a time, holding none longer than its chunk."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
