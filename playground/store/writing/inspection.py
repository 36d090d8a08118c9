"""Tries out a log: can it be opened, is it sound, can it be written to?"""

import re
from datetime import datetime

from playground.core.text.key_shapes import masked
from playground.store.tables import dialect
from playground.store.tables.faults import fault_of
from playground.store.writing.database import Database
from playground.store.writing.processes import Boot

_PATIENCE_S = 2.0
_A_FILE = re.compile(r"\s*(sqlite:(?!///)|(?!.*://).*\.(db|sqlite3?)\s*$)", re.IGNORECASE)
_NOT_ENCODED = re.compile(r"[@:/?#\[\]\s]|%(?![0-9A-Fa-f]{2})")


def place_of(url: str) -> str:
    """Where a log is, without the password in its address, without what follows a `?`, which can
    hold one too, and without anything that looks like a key."""
    try:
        parsed = dialect.parse_url(url)
    except dialect.AddressError:
        return "PLAYGROUND_LOG"
    if "@" in url.partition("?")[2]:
        return "PLAYGROUND_LOG"  # With a ? in the password its rest can pass for the host.
    if parsed.get_backend_name() == "sqlite":
        return masked(f"sqlite:///{parsed.database or ':memory:'}")
    bare = parsed.set(drivername=parsed.get_backend_name(), query={})
    return masked(bare.render_as_string(hide_password=True))


def is_in_process_memory(url: str) -> bool:
    """Whether a log is only in this process's memory."""
    try:
        return dialect.is_in_memory(dialect.parse_url(url))
    except dialect.AddressError:
        return False


def problem_of(url: str, now: datetime) -> str | None:
    """What is wrong with the log at a URL, in words; None if it could be opened, checked and
    written to. Does no harm beside a log in use, in this process or another."""
    try:
        database = Database(dialect.parse_url(url), boot=Boot(), busy_timeout_s=_PATIENCE_S)
        try:
            database.test_write(now)
        finally:
            database.close()
    except Exception as error:  # whatever it is, it is what the caller asked for
        return fault_of(error).sentence(0) + _hint(url)
    return None


def _hint(url: str) -> str:
    """What is often wrong with an address like this one, none of which it repeats."""
    if _A_FILE.match(url):
        return " A file's address has three slashes: sqlite:///data/runs.db."
    password = url.partition("://")[2].rpartition("@")[0].partition(":")[2]
    if _NOT_ENCODED.search(password) and not _is_taken_whole(url, password):
        signs = "@ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25"
        return f" Its password has characters that must be encoded in an address: {signs}."
    return ""


def _is_taken_whole(url: str, password: str) -> bool:
    """Whether a password is read as it was pasted, so that nothing is wrong with its signs."""
    try:
        return dialect.parse_url(url).password == password
    except dialect.OptionError:
        return True  # What is wrong stands behind the password.
    except dialect.AddressError:
        return False
