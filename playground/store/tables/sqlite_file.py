"""Care of a SQLite file: is it sound, is it still in place, copy it, set it aside."""

import glob
import itertools
import os
import secrets
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

Identity = tuple[int, int]

_QUICK_TO_CHECK_BYTES = 100_000_000
_BUSY_WAIT_S = 0.01


class DamagedFileError(Exception):
    """The file is not a sound SQLite database."""


class MovedFileError(Exception):
    """The file is no longer where it was opened: deleted, renamed or replaced."""


def identity(file: Path) -> Identity | None:
    """Return what tells this file from another one put in its place; None if it is missing."""
    try:
        status = os.stat(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino


def make_room(file: Path) -> None:
    """Create the folder of the file. Raises IsADirectoryError if the file is a folder."""
    if file.is_dir():
        raise IsADirectoryError(file)
    file.parent.mkdir(parents=True, exist_ok=True)


def check(engine: sa.Engine, file: Path, *, is_suspect: bool) -> None:
    """Raise DamagedFileError unless the file is sound; only a suspect file is checked closely."""
    pragma = "PRAGMA quick_check(1)"
    if is_suspect:
        pragma = "PRAGMA integrity_check(1)"
    elif file.exists() and file.stat().st_size > _QUICK_TO_CHECK_BYTES:
        # A whole check reads the whole file, seconds for each GB: nobody should wait for it at
        # every start. Damage further in is found when it is read, and then checked for.
        pragma = "PRAGMA quick_check('sqlite_master')"
    with closing(engine.raw_connection()) as proxy:
        if _driver_connection(proxy).execute(pragma).fetchone() != ("ok",):
            raise DamagedFileError


def use_wal(engine: sa.Engine, *, within_s: float) -> None:
    """Let readers continue while a row is written. Raises sqlite3.OperationalError if others
    hold the file for longer."""
    # SQLite's own waiting does not cover this change: it fails at once while another process, such
    # as one that opens the same new file, is about to write.
    again = Retrying(
        retry=retry_if_exception(_is_busy),
        wait=wait_fixed(_BUSY_WAIT_S),
        stop=stop_after_delay(within_s),
        reraise=True,
    )
    with closing(engine.raw_connection()) as proxy:
        connection = _driver_connection(proxy)
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            again(connection.execute, "PRAGMA journal_mode=WAL")


def _is_busy(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)  # absent where the driver itself complains
    return code & 0xFF == sqlite3.SQLITE_BUSY


def back_up(engine: sa.Engine, file: Path, version: int) -> None:
    """Copy the file to `<file>.bak-v<version>`, unless that copy was already made."""
    backup = file.with_name(f"{file.name}.bak-v{version}")
    if backup.exists():
        return
    # Under a name of its own until it is whole: the process may be killed half-way, and
    # another one may be making the same copy.
    unfinished = file.with_name(f"{backup.name}.{secrets.token_hex(4)}.unfinished")
    with closing(engine.raw_connection()) as proxy:
        _driver_connection(proxy).execute("VACUUM INTO ?", (str(unfinished),))
    # A process that made one first may have changed the tables since: its copy is the older.
    if not backup.exists():
        with suppress(FileNotFoundError):
            unfinished.replace(backup)
    for leftover in file.parent.glob(f"{glob.escape(backup.name)}.*unfinished"):
        with suppress(OSError):
            leftover.unlink()


def set_aside(file: Path, now: datetime, why: str = "corrupt") -> Path:
    """Rename a file and its journal, never deleting anything; return the new name."""
    aside = free_name(file, why, now)
    file.rename(aside)
    for suffix in ("-wal", "-shm"):
        journal = file.with_name(file.name + suffix)
        if journal.exists():
            journal.rename(aside.with_name(aside.name + suffix))
    return aside


def free_name(file: Path, what: str, now: datetime) -> Path:
    """An unused name beside the file, such as `runs.db.backup-20261123T120000Z`."""
    stamp = f"{file.name}.{what}-{now:%Y%m%dT%H%M%SZ}"
    names = itertools.chain([stamp], (f"{stamp}-{n}" for n in itertools.count(2)))
    return next(path for name in names if not (path := file.with_name(name)).exists())


def copy_of(file: Path, to: Path) -> None:
    """Copy a file that is in use, in its present state, without making anybody wait."""
    unfinished = to.with_name(f"{to.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(unfinished),))
    unfinished.replace(to)


def _driver_connection(proxy: sa.PoolProxiedConnection) -> sqlite3.Connection:
    connection = proxy.driver_connection
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError(f"not a SQLite connection: {type(connection)}")
    return connection
