"""A damaged file and its journal are put aside together, and nothing is ever overwritten."""

import sqlite3
import threading
from contextlib import closing

from playground.store.tables import sqlite_file


def make(file, text):
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).write_text(text + suffix)


def test_a_damaged_file_takes_its_journal_along_and_leaves_earlier_ones_alone(tmp_path, now):
    file = tmp_path / "runs.db"
    names = ["runs.db.corrupt-20261123T120000Z"]
    names += [f"{names[0]}-2", f"{names[0]}-3"]
    for number, name in enumerate(names):
        make(file, f"{number}")
        assert sqlite_file.set_aside(file, now) == tmp_path / name
        assert not file.exists()
    file.write_text("alone")
    assert sqlite_file.set_aside(file, now).name == f"{names[0]}-4"
    kept = {found.name: found.read_text() for found in tmp_path.iterdir()}
    assert kept == {
        f"{name}{suffix}": f"{number}{suffix}"
        for number, name in enumerate(names)
        for suffix in ("", "-wal", "-shm")
    } | {f"{names[0]}-4": "alone"}


def test_the_folders_of_a_log_are_made(open_log, tmp_path, row):
    file = tmp_path / "one" / "two" / "runs.db"
    log = open_log(f"sqlite:///{file}")
    log.record(row(1))
    assert log.flush(5)
    assert file.exists()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_new_file_that_another_process_writes_into_is_waited_for(open_log, tmp_path, row):
    file = tmp_path / "runs.db"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        log = open_log(f"sqlite:///{file}", busy_timeout_s=20)
        end = threading.Timer(0.2, other.execute, ["COMMIT"])
        end.start()
        log.record(row(1))
        assert log.flush(20)
        end.join()
    assert log.warning is None


def test_a_new_file_that_stays_locked_is_said_to_be(open_log, tmp_path, row):
    file = tmp_path / "runs.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        log = open_log(f"sqlite:///{file}")
        log.record(row(1))
        assert not log.flush(5)
        assert "another program has locked it" in log.warning
        other.execute("COMMIT")
        assert log.flush(5)
    assert log.warning is None


def test_a_large_log_is_opened_without_reading_all_of_it(open_log, log, row, monkeypatch):
    log.record(row(1))
    assert log.flush(5)
    log.close()
    monkeypatch.setattr(sqlite_file, "_QUICK_TO_CHECK_BYTES", 0)
    later = open_log()
    assert (later.page("ada").rows, later.warning) == ((row(1),), None)
    assert later.flush(5)
