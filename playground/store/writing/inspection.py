"""Tries out a log: can it be opened, is it sound, can it be written to?"""

from datetime import datetime

from playground.core.text.key_shapes import masked
from playground.store.tables import dialect
from playground.store.tables.faults import fault_of
from playground.store.writing.database import Database
from playground.store.writing.processes import Boot

_PATIENCE_S = 2.0


def place_of(url: str) -> str:
    """Where a log is, without the password in its address, without what follows a `?`, which can
    hold one too, and without anything that looks like a key."""
    try:
        parsed = dialect.parse_url(url)
    except dialect.AddressError:
        return "PLAYGROUND_LOG"
    bare = parsed.set(drivername=parsed.get_backend_name(), query={})
    return masked(bare.render_as_string(hide_password=True))


def problem_of(url: str, now: datetime) -> str | None:
    """What is wrong with the log at a URL, in words; None if it could be opened, checked and
    written to. Does no harm in another process or beside a log in use."""
    try:
        database = Database(dialect.parse_url(url), boot=Boot(), busy_timeout_s=_PATIENCE_S)
        try:
            database.beat(now)
            # Or this look would count as a running process, and later as one that died.
            database.sign_off()
        finally:
            database.close()
    except Exception as error:  # whatever it is, it is what the caller asked for
        return fault_of(error).sentence(0)
    return None
