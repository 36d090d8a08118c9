"""Names what is wrong with the log in words a person understands, whatever raised it."""

import errno
import logging
import sqlite3
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import exc

from playground.store.address import AddressError
from playground.store.migrations import NewerSchemaError
from playground.store.sqlite_file import DamagedFileError, MovedFileError

Kind = Literal[
    "full", "read-only", "rights", "locked", "damaged", "moved", "folder", "place",
    "unreachable", "login", "no database", "newer", "address", "refused", "unexpected",
]  # fmt: skip

_CAUSES: dict[Kind, str] = {
    "full": "the disk is full",
    "read-only": "the file or its folder is read-only",
    "rights": "the database is read-only, or its user has no right to write",
    "locked": "another program has locked it",
    "damaged": "the file is damaged",
    "moved": "it keeps being moved or deleted",
    "folder": "its path is a folder, not a file",
    "place": "its file or folder can't be opened",
    "unreachable": "the database server can't be reached",
    "login": "the database server refuses the user name or the password",
    "no database": "the server has no database of that name",
    "newer": "it was made by a newer version of this app",
    "address": "PLAYGROUND_LOG is not the address of a SQLite or PostgreSQL database",
    "refused": "the database refuses some rows",
    "unexpected": "of an unexpected error",
}

# By the start of SQLite's own name for the error, and of the SQLSTATE of other databases.
_BY_NAME: dict[str, Kind] = {
    "SQLITE_FULL": "full",
    "SQLITE_READONLY": "read-only",
    "SQLITE_PERM": "read-only",
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    "SQLITE_CORRUPT": "damaged",
    "SQLITE_NOTADB": "damaged",
    "SQLITE_CANTOPEN": "place",
    "SQLITE_IOERR": "place",
    "53100": "full",
    "25006": "rights",
    "42501": "rights",
    "42P01": "moved",
    "40": "locked",
    "55P03": "locked",
    "57014": "locked",
    "08": "unreachable",
    "25P03": "unreachable",
    "53300": "unreachable",
    "57P": "unreachable",
    "28": "login",
    "3D000": "no database",
}
_BY_ERRNO: dict[int | None, Kind] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "read-only",
    errno.EACCES: "read-only",
    errno.EPERM: "read-only",
}
# A server that lets nobody in gives its reason in words only.
_BY_WORDS: dict[str, Kind] = {
    "password": "login",
    "authentication": "login",
    "role ": "login",
    "does not exist": "no database",
    "invalid connection option": "address",
    "invalid sslmode": "address",
}
_REFUSED = (exc.DataError, exc.IntegrityError, ValueError, TypeError, ArithmeticError)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the log."""

    kind: Kind
    during: Literal["saved", "read"] = "saved"

    @property
    def needs_reopening(self) -> bool:
        """Say whether the log as it is open now is of no more use, even to read."""
        return self.kind not in ("full", "read-only", "rights", "locked", "refused")

    @property
    def cause(self) -> str:
        """What is wrong, as the end of a sentence."""
        return _CAUSES[self.kind]

    def sentence(self, kept: int) -> str:
        """Say it to the person whose `kept` rows are waiting in memory."""
        told = f"The log can't be {self.during}: {self.cause}."
        if not kept:
            return told
        rows = "1 row is" if kept == 1 else f"{kept:,} rows are"
        return f"{told} {rows} kept in memory and will be written when it can be."


def fault_of(error: BaseException) -> Fault:
    """Name the fault behind an exception."""
    return Fault(_kind_of(error))


def report(log: logging.Logger, who: str, error: Exception) -> None:
    """Tell the owner of something that nobody foresaw, without a word of any row."""
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None)
    if state is None:
        log.error("%s met %s", who, type(error).__name__, exc_info=error)
    else:
        # A server repeats in its words the row that it refuses, prompts and all.
        log.error("%s met %s, SQLSTATE %s", who, type(error).__name__, state)


def _kind_of(error: BaseException) -> Kind:
    cause = getattr(error, "orig", None) or error
    name = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
    by_name = next((kind for start, kind in _BY_NAME.items() if name.startswith(start)), None)
    if by_name is not None:
        return by_name
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
        case ImportError() | AddressError():
            return "address"
    if isinstance(error, _REFUSED) or isinstance(cause, _REFUSED):
        return "refused"
    if isinstance(error, exc.DBAPIError) and not isinstance(cause, sqlite3.Error):
        return _kind_of_unnamed(error, str(cause))
    return "unexpected"


def _kind_of_unnamed(error: exc.DBAPIError, said: str) -> Kind:
    """What a database server or its driver complains of without an SQLSTATE."""
    by_words = next((kind for words, kind in _BY_WORDS.items() if words in said), None)
    if by_words is None and isinstance(error, exc.OperationalError | exc.InterfaceError):
        return "unreachable"
    return by_words or "unexpected"
