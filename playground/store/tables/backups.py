"""Copies of a SQLite log beside it, and restoring one: a file is checked before it takes the log's
place, and the previous log is renamed, never lost."""

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from playground.store.tables import sqlite_file
from playground.store.tables.migrations import NEWEST
from playground.store.tables.schema import metadata

# A restore checks and copies the whole file while somebody waits.
MAX_BYTES = 20_000_000_000
_HEAD = b"SQLite format 3\x00"
_INDEX_OF_WORDS = "said"
_NEEDED = ("meta", "runs", "texts")


def backups(file: Path) -> list[Path]:
    """The copies of this log in its folder, newest first."""
    kinds = ("backup-", "bak-v", "replaced-", "corrupt-")
    copies = [
        path
        for path in file.parent.glob(f"{file.name}.*")
        if path.name.removeprefix(f"{file.name}.").startswith(kinds)
        # The journals of a file that was set aside belong to it; an unfinished copy is none yet.
        and not path.name.endswith(("-wal", "-shm", "-journal", ".unfinished"))
    ]
    # By time, not by name: in a name the kind of copy comes before its date.
    return sorted(copies, key=lambda path: path.stat().st_mtime, reverse=True)


def back_up(file: Path, now: datetime) -> Path:
    """Copy the log to a new file beside it."""
    copy = sqlite_file.free_name(file, "backup", now)
    sqlite_file.copy_of(file, copy)
    return copy


def problem_of(source: Path) -> str | None:
    """Why a file cannot be restored; None if it is a sound log that this app can read."""
    try:
        with source.open("rb") as opened:
            head = opened.read(len(_HEAD))
        if head != _HEAD or source.stat().st_size > MAX_BYTES:
            return "it is not a SQLite file, or too large"
        with closing(_opened(source)) as connection:
            return _problem_in(connection)
    except (OSError, sqlite3.Error):
        return "it can't be read, or is damaged"


def _opened(source: Path) -> sqlite3.Connection:
    # Immutable: looking at a backup leaves no -wal or -shm file beside it, and needs no right to
    # write there.
    return sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _problem_in(connection: sqlite3.Connection) -> str | None:
    if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        return "it is damaged"
    objects = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    tables = {name for kind, name, _, _ in objects if kind == "table"}
    if not set(_NEEDED) <= tables or not all(_is_known(*row) for row in objects):
        return "it is not a log of this app"
    versions = connection.execute("SELECT version FROM meta").fetchall()
    if len(versions) != 1 or not isinstance(versions[0][0], int) or versions[0][0] < 1:
        return "it has no version"
    return "it was made by a newer version of this app" if versions[0][0] > NEWEST else None


def _is_known(kind: str, name: str, table: str, sql: str | None) -> bool:
    """No triggers, no views: they would run whenever the log is used."""
    if kind not in ("table", "index"):
        return False
    if (sql or "").upper().startswith("CREATE VIRTUAL"):
        return name == _INDEX_OF_WORDS and "fts5" in (sql or "")
    return table in metadata.tables or table.startswith(f"{_INDEX_OF_WORDS}_")


def put_in_place(source: Path, file: Path, now: datetime) -> Path:
    """Put a copy of the source in the place of the log; return the new name of the previous log.
    Nobody may be writing into the log meanwhile."""
    ready = file.with_name(f"{file.name}.restoring")
    # Copied beside the log first: a copy can fail half-way, a rename within a folder cannot. Until
    # then the log stays where it is.
    shutil.copyfile(source, ready)
    aside = sqlite_file.set_aside(file, now, "replaced")
    ready.replace(file)
    return aside
