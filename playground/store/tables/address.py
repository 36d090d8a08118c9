"""Reads the database URL as people and hosts write it. It holds a password: nothing raised
here repeats any of it."""

import sqlalchemy as sa

_SERVERS = ("postgres", "postgresql")
# Meant for another language's driver; the server's own would stumble over them.
_NOT_FOR_US = ("pgbouncer", "schema", "connection_limit", "pool_timeout")


class AddressError(Exception):
    """What was given is not the URL of a SQLite or PostgreSQL database."""


def parse(text: str) -> sa.URL:
    """Return the URL, with the driver that this app brings along."""
    try:
        url = sa.make_url(_quoted(text.strip()))
    except (sa.exc.ArgumentError, ValueError):
        raise AddressError from None
    backend = url.drivername.partition("+")[0]
    if backend == "sqlite":
        return url
    if backend not in _SERVERS:
        raise AddressError
    return url.set(drivername="postgresql+psycopg").difference_update_query(_NOT_FOR_US)


def _quoted(text: str) -> str:
    """Have a password with an @ in it end at the last one."""
    place, mark, query = text.partition("?")
    scheme, colon, rest = place.partition("://")
    who, at, where = rest.rpartition("@")
    return f"{scheme}{colon}{who.replace('@', '%40')}{at}{where}{mark}{query}"
