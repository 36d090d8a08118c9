"""Names what is wrong with the log in words a person understands, whatever raised it.

A fault counts as one of the whole database only if its code is known to mean that; every other one
concerns what was being written, and is named by its code. The codes: PostgreSQL, appendix A ("Error
codes"), and sqlite.org/rescode.html.
"""

import errno
import logging
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from playground.store.tables.dialect import AddressError, OptionError
from playground.store.tables.migrations import NewerSchemaError
from playground.store.tables.sqlite_file import DamagedFileError, MovedFileError

Kind = Literal[
    "full", "limit", "disk", "read-only", "rights", "locked", "slow", "damaged", "moved", "folder",
    "place", "unreachable", "crowded", "login", "no database", "encryption", "newer", "address",
    "option", "refused", "unexpected",
]  # fmt: skip

_CAUSES: dict[Kind, str] = {
    "full": "the disk is full",
    "limit": "its disk accepts no more data, because of a quota, a file size limit or a defect",
    "disk": "its file can't be read or written",
    "read-only": "the file or its folder is read-only",
    "rights": "the database is read-only, or its user has no right to write",
    "locked": "another program has locked it",
    "slow": "the database takes too long",
    "damaged": "the file is damaged",
    "moved": "it is moved or deleted again and again",
    "folder": "its path is a folder, not a file",
    "place": "its file or folder can't be opened",
    "unreachable": "the database server can't be reached",
    "crowded": "the database server has no free connection",
    "login": "the database server rejects the user name or the password",
    "no database": "the server has no database or schema of that name",
    "encryption": "the server does not offer the encryption (TLS) that PLAYGROUND_LOG requires",
    "newer": "it was made by a newer version of this app",
    "address": "PLAYGROUND_LOG is not the address of a SQLite or PostgreSQL database",
    "option": "an option in PLAYGROUND_LOG, or its value, is unknown",
    "refused": "the database rejects it",
    "unexpected": "of an unexpected error",
}

# SQLite's own names, by prefix: each has finer ones (SQLITE_BUSY_SNAPSHOT).
_BY_NAME: dict[str, Kind] = {
    "SQLITE_FULL": "full",
    "SQLITE_READONLY": "read-only",
    "SQLITE_PERM": "read-only",
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    # Given up after many tries in a race for the locks of the WAL.
    "SQLITE_PROTOCOL": "locked",
    "SQLITE_CORRUPT": "damaged",
    "SQLITE_NOTADB": "damaged",
    "SQLITE_CANTOPEN": "place",
    "SQLITE_IOERR_WRITE": "limit",  # before the next, of which it is a finer one
    "SQLITE_IOERR": "disk",
}
_BY_SQLSTATE: dict[str, Kind] = {
    "53100": "full",
    "25006": "rights",
    "42501": "rights",
    "42P01": "moved",  # no such table
    "40001": "locked",  # serialization failure
    "40P01": "locked",  # deadlock
    "55P03": "locked",  # lock not available
    "57014": "slow",  # statement timeout
    "25P03": "unreachable",  # idle in a transaction for too long: the server hung up
    "53300": "crowded",  # too many connections
    "57P01": "unreachable",  # the server shuts down,
    "57P02": "unreachable",  # has crashed,
    "57P03": "unreachable",  # is starting,
    "57P05": "unreachable",  # or hung up on an idle session
    "57P04": "no database",  # it was dropped
    "3D000": "no database",
    "3F000": "no database",  # nor a schema to create the tables in
}
_BY_CLASS: dict[str, Kind] = {"08": "unreachable", "28": "login"}
"""All of a class: connection exceptions, invalid authorization."""
_GAVE_WAY = ("40001", "40P01")
"""The database undid all of it for another's sake; done again it goes through."""
_TRIES = 3
_BY_ERRNO: dict[int | None, Kind] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "limit",
    errno.EFBIG: "limit",
    errno.EIO: "disk",
    errno.EROFS: "read-only",
    errno.EACCES: "read-only",
    errno.EPERM: "read-only",
}
# Before a connection stands the reason is given only in words; of several the first counts. Not
# "SSL" alone: so begins, too, what is said of an encrypted connection that was lost.
_BY_WORDS: dict[str, Kind] = {
    "too many connections": "crowded",
    "too many clients": "crowded",
    "connection slots are reserved": "crowded",
    "channel binding required": "encryption",
    "certificate": "encryption",
    "private key file": "encryption",
    "does not support SSL": "encryption",
    "GSSAPI encryption required": "encryption",
    "password": "login",
    "authentication": "login",
    "role ": "login",
    "no pg_hba.conf entry": "login",
    "does not exist": "no database",
    "connection option": "option",
    " value: ": "option",  # invalid sslmode value: "x"
    "bad value for": "option",
    "invalid value for parameter": "option",
    "unrecognized configuration parameter": "option",
    "invalid port number": "option",
    "invalid URI": "option",
    "definition of service": "option",
    "pipeline aborted": "refused",  # what the driver says of rows sent after a refused one
}
# A host, a folder, a user and a database can have any name, such as "authentication".
_QUOTED = re.compile(r"""(["'])[^"']*\1""")
_REFUSED = (exc.DataError, exc.IntegrityError, ValueError, TypeError, ArithmeticError)
_OF_ONE: tuple[Kind, ...] = ("slow", "refused", "unexpected")
_STAYS_OPEN: tuple[Kind, ...] = (
    "full",
    "limit",
    "read-only",
    "rights",
    "locked",
    "slow",
    "refused",
)
UNFORESEEN: tuple[Kind, ...] = ("refused", "unexpected")
"""Known by their code only."""

Answer = TypeVar("Answer")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the log. `code` is what its database calls it (an SQLSTATE or
    SQLite's name), otherwise the name of the exception."""

    kind: Kind
    during: Literal["saved", "read"] = "saved"
    code: str = ""

    @property
    def needs_reopening(self) -> bool:
        """Say whether the open connection to the log is useless now, even for reading."""
        return self.kind not in _STAYS_OPEN

    @property
    def may_be_of_one_row(self) -> bool:
        """Say whether other rows can probably still be written."""
        return self.kind in _OF_ONE

    @property
    def cause(self) -> str:
        """What is wrong, as the end of a sentence."""
        code = f" ({self.name})" if self.kind in UNFORESEEN and self.code else ""
        return _CAUSES[self.kind] + code

    @property
    def name(self) -> str:
        """The code as it is shown: `SQLSTATE 54000`, `SQLITE_CONSTRAINT_NOTNULL`."""
        is_state = len(self.code) == 5 and self.code == self.code.upper()
        return f"SQLSTATE {self.code}" if is_state else self.code

    def sentence(self, kept: int) -> str:
        """The sentence for the person whose `kept` rows are waiting in memory."""
        problem = f"The log can't be {self.during}: {self.cause}."
        if not kept:
            return problem
        rows = "1 row is" if kept == 1 else f"{kept:,} rows are"
        return f"{problem} {rows} kept in memory and will be written when it can be."


def refusal_sentence(refusals: Sequence[Fault], lost: int = 0) -> str:
    """Say which rows were refused while all others are written, and how many more were `lost`
    because memory holds only so many."""
    sentences = [_kept_sentence(refusals)] if refusals else []
    if lost:
        subject = "1 rejected row was" if lost == 1 else f"{lost:,} rejected rows were"
        sentences.append(f"{subject} too large to keep in memory and can no longer be shown.")
    return " ".join(sentences)


def _kept_sentence(refusals: Sequence[Fault]) -> str:
    names = sorted({fault.name for fault in refusals})
    rows, they = (
        ("1 row", "It is") if len(refusals) == 1 else (f"{len(refusals):,} rows", "They are")
    )
    return (
        f"The database rejects {rows} ({', '.join(names)}). {they} kept in memory only, until "
        "the app stops; everything else is saved."
    )


def deletion_sentence(fault: Fault, *, is_recorded: bool) -> str:
    """Say that a visitor's history is still there, and why."""
    sentence = (
        f"Your history is not deleted yet, because {fault.cause}. It will be deleted "
        "when that is over"
    )
    if is_recorded:
        return f"{sentence}."
    return f"{sentence}; if the app stops first, delete it again."


def fault_of(error: BaseException) -> Fault:
    """Name the fault behind an exception."""
    cause = getattr(error, "orig", None) or error
    return Fault(_kind_of(error), code=_code_of(cause) or type(cause).__name__)


def retry_on_conflict(work: Callable[[], Answer]) -> Answer:
    """Do the work, and retry it if the database rolled it back for another transaction."""
    for _ in range(_TRIES - 1):
        try:
            return work()
        except exc.DBAPIError as error:
            if _code_of(error.orig) not in _GAVE_WAY:
                raise
    return work()


def in_savepoint(connection: sa.Connection, work: Callable[[], object]) -> Exception | None:
    """Do the work in a savepoint. An error that may concern this work alone is returned, and
    nothing has changed. Any other is raised, and the whole transaction must be given up: SQLite may
    have undone all of it, savepoints included (sqlite.org/lang_transaction.html)."""
    savepoint = connection.begin_nested()
    try:
        work()
    except Exception as error:
        if not fault_of(error).may_be_of_one_row:
            raise
        savepoint.rollback()
        return error
    savepoint.commit()
    return None


def report(log: logging.Logger, who: str, error: Exception) -> None:
    """Tell the owner about something unforeseen, without the content of any row."""
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None)
    if state is None:
        # SQLite's messages quote no row, and SQLAlchemy hides the parameters (dialect.py).
        log.error("%s met %s", who, type(error).__name__, exc_info=error)
    else:
        # A server quotes the row that it refuses, prompts and all.
        log.error("%s met %s, SQLSTATE %s", who, type(error).__name__, state)


def _code_of(cause: object) -> str:
    return getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""


def _kind_of(error: BaseException) -> Kind:
    cause = getattr(error, "orig", None) or error
    code = _code_of(cause)
    if code:
        return _kind_of_code(code)
    match cause:
        case exc.TimeoutError():
            return "locked"  # by the others in this process who wait to write
        case DamagedFileError():
            return "damaged"
        case MovedFileError():
            return "moved"
        case NewerSchemaError():
            return "newer"
        case IsADirectoryError():
            return "folder"
        case OSError():
            return _BY_ERRNO.get(cause.errno, "place")
        case OptionError():
            return "option"
        # SQLAlchemy imports the driver that an address names.
        case ImportError() | AddressError():
            return "address"
    if isinstance(error, _REFUSED) or isinstance(cause, _REFUSED):
        return "refused"
    if isinstance(error, exc.DBAPIError) and not isinstance(cause, sqlite3.Error):
        return _kind_of_unnamed(error, str(cause))
    return "unexpected"


def _kind_of_code(code: str) -> Kind:
    by_name = next((kind for start, kind in _BY_NAME.items() if code.startswith(start)), None)
    return by_name or _BY_SQLSTATE.get(code) or _BY_CLASS.get(code[:2]) or "refused"


def _kind_of_unnamed(error: exc.DBAPIError, message: str) -> Kind:
    """What a server's driver reports without an SQLSTATE: libpq gives none before a connection is
    established, or when it is lost."""
    said = _QUOTED.sub("", message)
    by_words = next((kind for words, kind in _BY_WORDS.items() if words in said), None)
    if by_words is None and isinstance(error, exc.OperationalError | exc.InterfaceError):
        return "unreachable"
    return by_words or "unexpected"
