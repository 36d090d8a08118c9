"""What tests do to a log's database from outside, and on which databases they run."""

import os
import sqlite3
from contextlib import closing, contextmanager

import pytest

ON_BOTH = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)


@contextmanager
def writing_into_file(file):
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def execute_in_file(file, *statements):
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            found = connection.execute(statement)
        return found.fetchall()


def overwrite_pages(file, *, first):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(first)
        opened.write(os.urandom(size - first))


def damage_pages_with(file, text, page_size=4096):
    """Spoil the pages that begin the rows with this text, and no other page."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = file.read_bytes()
    with file.open("r+b") as opened:
        for start in range(page_size, len(pages), page_size):
            if text.encode() in pages[start : start + page_size]:
                opened.seek(start)
                opened.write(b"\xff" * 16)
