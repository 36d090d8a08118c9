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
