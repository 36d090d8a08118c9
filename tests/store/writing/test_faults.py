"""What can go wrong with a file: the row is taken, shown, and written once it can be."""

import itertools
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from store.databases import ON_BOTH, damage_pages_with, overwrite_pages

from playground.core.log.history import Cursor, Filter
from playground.store.rows import memory
from playground.store.tables import sqlite_file

ROOT = Path(__file__).parents[3]
KEPT = "1 row is kept in memory and will be written when it can be."


@pytest.fixture(autouse=True)
def told_once(caplog):
    """However often it was tried again, the server's own log has each fault once."""
    yield
    told = [record.getMessage() for record in caplog.get_records("call")]
    kinds = [text.partition(".")[0] for text in told]
    assert len(kinds) == len(set(kinds))


@pytest.fixture
def connections():
    """Every connection to a database that is opened during the test."""
    opened = []

    def note(connection, _record):
        opened.append(connection)

    sa.event.listen(sa.Engine, "connect", note)
    yield opened
    sa.event.remove(sa.Engine, "connect", note)


def ids(page):
    return [int(row.run_id, 16) for row in page.rows]


def saved_ids(execute):
    found = execute("SELECT run_id FROM runs ORDER BY run_id DESC")
    return [int(run_id, 16) for (run_id,) in found]


def assert_kept(log, row, texts, *, because):
    log.record(row(2), texts(row(2), answer="x" * 100_000))
    assert not log.flush(5)
    assert log.warning == f"The log can't be saved: {because}. {KEPT}"
    assert ids(log.page("ada")) == [2, 1]
    assert len(log.get("ada", row(2).run_id)[1].answer) == 100_000
    assert log.totals("ada").runs == log.count("ada") == 2
    assert log.warning == f"The log can't be saved: {because}. {KEPT}"


def test_the_rows_in_memory_only_can_be_taken_along(log, row, texts, other_writer):
    log.record(row(1), texts(row(1)))
    assert log.flush(5)
    with other_writer():
        for kept in (row(3), row(2), row(2, "bob")):
            log.record(kept, texts(kept) if kept.press == 3 else None)
        assert not log.flush(5)
        assert log.unsaved_rows("ada") == ((row(2), None), (row(3), texts(row(3))))
        assert log.unsaved_rows("bob") == ((row(2, "bob"), None),)
    assert log.flush(5)
    assert log.unsaved_rows("ada") == ()


def assert_recovered(log, execute):
    assert log.flush(5)
    assert log.warning is None
    assert ids(log.page("ada")) == [2, 1]
    assert saved_ids(execute) == [2, 1]


def test_a_full_disk(connections, log, row, texts, file, execute):
    log.record(row(1))
    assert log.flush(5)
    writer = connections[0]
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count={pages + 2}")
    assert_kept(log, row, texts, because="the disk is full")
    writer.execute("PRAGMA max_page_count=1000000")
    assert_recovered(log, execute)


def test_when_memory_is_full_new_runs_are_refused_until_what_waits_is_written(
    log, row, texts, other_writer, monkeypatch
):
    monkeypatch.setattr(memory, "MAX_WAITING_CHARACTERS", 1_000_000)
    log.record(row(1))
    assert log.flush(5)
    with other_writer():
        log.record(row(2), texts(row(2), answer="x" * 250_000))
        assert not log.flush(5)
        assert log.why_full("bob") is None
        assert log.why_full("ada") == (
            "Not started: the log can't be saved (another program has locked it), and memory can "
            "hold no more unsaved runs."
        )
        assert ids(log.page("ada")) == [2, 1]
    assert log.flush(5)
    assert log.why_full("ada") is None


WRITE_UNTIL_THE_LIMIT = """
import resource, signal, sys
from datetime import UTC, datetime
from playground.core.runs.run_row import RunRow, RunTexts
from playground.store.log import RunLog

now = datetime(2026, 11, 23, 12, tzinfo=UTC)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = RunLog(sys.argv[1], clock=lambda: now, retry_every_s=60)

def write(number):
    row = RunRow(run_id=f"{number:016x}", visitor="ada", started_at=now, press=1, variant="A",
                 connection="Demo", model="m", params_json="{}", status="done")
    log.record(row, RunTexts(run_id=row.run_id, answer="x" * 50_000))
    return log.flush(10)

assert write(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
number = 2
while write(number) and number < 100:
    number += 1
print(number, log.warning, log.count("ada"), len(log.page("ada", limit=100).rows), sep="|")
print(log.history.delete("ada", ["1".zfill(16)]).sentence)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert log.flush(10), log.warning
print(log.warning)
log.close()
"""


def test_a_limit_on_the_size_of_files_is_named_and_what_waited_is_written_beyond_it(url, execute):
    done = subprocess.run(
        [sys.executable, "-c", WRITE_UNTIL_THE_LIMIT, url],
        capture_output=True, text=True, cwd=ROOT, check=True, timeout=60,
    )  # fmt: skip
    cause = "its disk accepts no more data, because of a quota, a file size limit or a defect"
    reached, refused, after = done.stdout.splitlines()
    number, warning, *seen = reached.split("|")
    assert warning == f"The log can't be saved: {cause}. {KEPT}"
    assert refused == f"Not done: {cause}."
    assert seen == [number, number]
    assert after == "None"
    assert len(saved_ids(execute)) == int(number)


def test_a_read_only_database(connections, log, row, texts, file, execute):
    log.record(row(1))
    assert log.flush(5)
    connections[0].execute("PRAGMA query_only=ON")
    assert_kept(log, row, texts, because="the file or its folder is read-only")
    connections[0].execute("PRAGMA query_only=OFF")
    assert_recovered(log, execute)


def test_a_file_opened_read_only_is_shown_but_not_written(open_log, log, row, texts, file, execute):
    log.record(row(1))
    assert log.flush(5)
    reader = open_log(f"sqlite:///file:{file}?mode=ro&uri=true")
    assert_kept(reader, row, texts, because="the file or its folder is read-only")
    assert saved_ids(execute) == [1]


def test_a_file_locked_by_another_program(log, row, texts, file, execute):
    log.record(row(1))
    assert log.flush(5)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert_kept(log, row, texts, because="another program has locked it")
        other.execute("ROLLBACK")
    assert_recovered(log, execute)


def test_who_looks_at_the_log_does_not_wait_for_a_lock(open_log, row, file):
    log = open_log(busy_timeout_s=30)
    log.record(row(1))
    assert log.flush(5)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        log.record(row(2))
        assert ids(log.page("ada")) == [2, 1]
        assert log.totals("ada").runs == 2
        assert not log._memory.is_saved(log._memory.number)
        other.execute("ROLLBACK")
    assert log.flush(5)
    assert log.warning is None


def test_who_cannot_sign_off_says_so_and_is_gone(log, row, other_writer, caplog):
    log.record(row(1))
    assert log.flush(5)
    with other_writer():
        log.close()
    assert [record.getMessage() for record in caplog.records] == [
        "The log can't be saved: another program has locked it."
    ]


def test_whoever_asks_while_the_log_ends_does_not_wait_for_a_turn_that_never_comes(
    log, row, other_writer
):
    assert log.flush(5)
    writer = log._writer
    with other_writer():
        log.close(timeout_s=0)
        with writer._changed:  # It only waits to sign off.
            assert writer._changed.wait_for(lambda: writer._is_over, 30)
        log.record(row(1))
        began_s = time.monotonic()
        assert log.flush_runs("ada", [row(1).run_id], 30) == frozenset()
        assert not log.flush(30)
        assert time.monotonic() - began_s < 20
    assert log.unsaved_rows("ada") == ((row(1), None),)


def test_a_log_that_is_locked_while_it_opens_still_shows_its_rows(open_log, log, row, file):
    log.record(row(1))
    assert log.flush(5)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        late = open_log()
        assert ids(late.page("ada")) == [1]
        assert late.warning == "The log can't be saved: another program has locked it."
        other.execute("ROLLBACK")
    assert late.flush(5)
    late.record(row(2))
    assert late.flush(5)
    assert late.warning is None


def test_a_row_is_written_without_anyone_waiting_for_it(open_log, row, execute):
    log = open_log(heartbeat_every_s=600)
    assert log.flush(5)
    writer = log._writer
    log.record(row(1))
    with writer._changed:
        assert writer._changed.wait_for(lambda: not log._memory.unsaved, 5)
    assert saved_ids(execute) == [1]
    # A process that ends must not wait for a disk that does not answer.
    assert (writer._thread.name, writer._thread.daemon) == ("run-log", True)


def test_a_failed_write_is_tried_again_without_being_asked(open_log, row, file, now, execute):
    waiting = open_log(retry_every_s=0.01, busy_timeout_s=0)
    assert waiting.count("ada") == 0
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        waiting.record(row(1))
        assert not waiting.flush(5)
        other.execute("ROLLBACK")
    with waiting._writer._changed:
        assert waiting._writer._changed.wait_for(lambda: waiting.warning is None, 5)
    assert saved_ids(execute) == [1]


def test_a_deleted_file_is_made_again_with_all_that_is_remembered(log, row, texts, file, execute):
    log.record(row(1), texts(row(1)))
    assert log.flush(5)
    file.unlink()
    assert ids(log.page("ada")) == [1]
    log.record(row(2))
    assert_recovered(log, execute)
    assert log.get("ada", row(1).run_id) == (row(1), texts(row(1)))


def test_a_file_that_keeps_being_moved_is_not_tried_for_ever(open_log, row, monkeypatch):
    numbers = itertools.count()
    monkeypatch.setattr(sqlite_file, "identity", lambda _: next(numbers))
    log = open_log()
    log.record(row(1))
    assert not log.flush(5)
    assert log.warning == f"The log can't be saved: it is moved or deleted again and again. {KEPT}"


def test_a_deleted_folder_is_made_again_too(log, row, file, execute):
    log.record(row(1))
    assert log.flush(5)
    for left in file.parent.iterdir():
        left.unlink()
    file.parent.rmdir()
    log.record(row(2))
    assert_recovered(log, execute)


def test_a_file_replaced_by_an_older_copy_gets_the_rows_it_lacks(log, row, file, execute):
    log.record(row(1))
    assert log.flush(5)
    copy = file.with_name("copy.db")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    log.record(row(2))
    assert log.flush(5)
    os.replace(copy, file)
    assert_recovered(log, execute)


def assert_set_aside(log, file):
    (aside,) = [f for f in file.parent.iterdir() if f.name.endswith("Z")]
    assert aside.name == "runs.db.corrupt-20261123T120000Z"
    assert log.warning == (
        f"The log file was damaged. It was renamed to {aside.name}, and a new one was started."
    )
    return aside


def test_a_file_that_is_no_database_is_set_aside_unchanged(open_log, row, file):
    file.parent.mkdir()
    file.write_bytes(b"garbage " * 1000)
    log = open_log()
    log.record(row(1))
    assert log.flush(5)
    assert assert_set_aside(log, file).read_bytes() == b"garbage " * 1000
    assert ids(log.page("ada")) == [1]
    log.close()
    reopened = open_log()
    assert ids(reopened.page("ada")) == [1]
    assert reopened.warning is None


def test_of_two_processes_that_find_the_damage_only_the_first_sets_the_file_aside(
    open_log, row, file, monkeypatch, execute
):
    file.parent.mkdir()
    file.write_bytes(b"garbage " * 1000)
    check, others = sqlite_file.check, []

    def check_late(*arguments, **options):
        try:
            check(*arguments, **options)
        except sqlite3.DatabaseError:
            monkeypatch.setattr(sqlite_file, "check", check)
            others.append(open_log())
            others[0].record(row(1))
            assert others[0].flush(5)
            assert_set_aside(others[0], file)
            raise

    monkeypatch.setattr(sqlite_file, "check", check_late)
    log = open_log()
    log.record(row(2))
    assert log.flush(5)
    assert_set_aside(others[0], file)
    assert log.warning is None
    assert saved_ids(execute) == [2, 1]


def test_a_header_overwritten_while_open_loses_no_remembered_row(log, row, file, execute, caplog):
    log.record(row(1))
    assert log.flush(5)
    overwrite_pages(file, first=0)
    log.page("ada")
    log.record(row(2))
    assert log.flush(5)
    assert_set_aside(log, file)
    assert log.warning in [record.getMessage() for record in caplog.records]
    assert ids(log.page("ada")) == [2, 1]
    assert saved_ids(execute) == [2, 1]


def test_a_question_that_fails_is_answered_from_memory_and_told_once(
    open_log, row, execute, other_writer, caplog
):
    log = open_log(busy_timeout_s=30)
    log.record(row(1))
    assert log.flush(5)
    execute("ALTER TABLE runs RENAME COLUMN stop_reason TO elsewhere")
    with other_writer():  # so that the writer cannot clear the fault while we look
        for _ in range(2):
            assert ids(log.page("ada")) == [1]
            assert log.warning == "The log can't be read: the database rejects it (SQLITE_ERROR)."
    assert [record.getMessage() for record in caplog.records] == [
        "the run log met OperationalError"
    ]
    assert caplog.records[0].name == "playground.store.log"
    assert "no such column" in str(caplog.records[0].exc_info[1])
    caplog.clear()
    execute("ALTER TABLE runs RENAME COLUMN elsewhere TO stop_reason")
    assert log.flush(5)
    assert ids(log.page("ada")) == [1]
    assert log.warning is None


def test_a_question_that_is_refused_is_told_to_whom_it_was_refused_alone(log, row):
    log.record(row(1))
    log.record(row(1, visitor="bob"))
    assert log.flush(5)
    beyond = Cursor(2**70, "a")  # no integer of SQLite's
    page = log.history.page("ada", Filter(), "longest answer", after=beyond)
    assert ids(page) == [1]
    assert (
        log.warning_to("ada") == "The log can't be read: the database rejects it (OverflowError)."
    )
    assert log.warning_to("bob") is None
    assert ids(log.page("bob")) == [1]
    assert log.warning == log.warning_to("ada")
    assert ids(log.page("ada")) == [1]
    assert log.warning is None


def test_a_write_that_fails_for_no_known_reason_is_told_once_and_tried_again(
    log, row, execute, caplog
):
    assert log.flush(5)
    execute("ALTER TABLE runs RENAME COLUMN stop_reason TO elsewhere")
    log.record(row(1))
    for _ in range(3):
        assert not log.flush(5)
    assert log.warning == (
        "The database rejects 1 row (SQLITE_ERROR). It is kept in memory only, until the app "
        "stops; everything else is saved."
    )
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors == ["the run log met OperationalError"]
    caplog.clear()
    execute("ALTER TABLE runs RENAME COLUMN elsewhere TO stop_reason")
    assert log.flush(5)
    assert saved_ids(execute) == [1]


@pytest.mark.parametrize("met_by", ["writing", "reading"])
def test_damage_that_only_a_close_look_finds_is_found_by_whoever_meets_it(
    open_log, row, texts, file, monkeypatch, execute, met_by
):
    monkeypatch.setattr(sqlite_file, "_QUICK_TO_CHECK_BYTES", 0)
    log = open_log()
    for number in range(1, 51):
        log.record(row(number), texts(row(number), answer="needle" + "x" * 2000))
    assert log.flush(5)
    damage_pages_with(file, "needle")
    if met_by == "writing":
        log.delete_all("ada")
        log.record(row(51))
    else:
        assert log.get("ada", row(1).run_id)[1].answer.startswith("needle")
    assert log.flush(5)
    assert_set_aside(log, file)
    assert saved_ids(execute) == ([51] if met_by == "writing" else list(range(50, 0, -1)))


@pytest.mark.parametrize("is_open", [True, False], ids=["while open", "while closed"])
def test_damaged_pages_are_found_and_lose_no_remembered_row(
    open_log, log, row, texts, file, is_open, execute
):
    for number in range(1, 51):
        log.record(row(number), texts(row(number), answer="x" * 2000))
    assert log.flush(5)
    if not is_open:
        log.close()
    overwrite_pages(file, first=4096)
    if not is_open:
        log = open_log()
        log.record(row(1))
        assert log.flush(5)
        assert_set_aside(log, file)
        assert ids(log.page("ada")) == [1]
        return
    assert log.page("ada").rows == tuple(row(number) for number in range(50, 0, -1))
    assert log.flush(5)
    assert_set_aside(log, file)
    assert log.count("ada") == 50
    assert saved_ids(execute) == list(range(50, 0, -1))


def test_a_path_that_is_a_folder(open_log, row, texts, file, execute):
    file.mkdir(parents=True)
    log = open_log()
    log.record(row(1))
    assert not log.flush(5)
    assert log.warning == f"The log can't be saved: its path is a folder, not a file. {KEPT}"
    assert ids(log.page("ada")) == [1]
    file.rmdir()
    log.record(row(2))
    assert_recovered(log, execute)


def test_a_folder_that_cannot_be_made(open_log, row, file, execute):
    file.parent.write_text("in the way")
    log = open_log()
    log.record(row(1))
    assert not log.flush(5)
    assert log.warning == f"The log can't be saved: its file or folder can't be opened. {KEPT}"
    assert ids(log.page("ada")) == [1]
    file.parent.unlink()
    log.record(row(2))
    assert_recovered(log, execute)


@pytest.mark.parametrize(
    "address",
    ["no such thing", "nosuch://x", " ", "mysql://me@there/log"],
    ids=["junk", "scheme", "empty", "not spoken"],
)
def test_a_wrong_address_is_a_warning_not_a_crash(open_log, row, address):
    log = open_log(address)
    log.record(row(1))
    assert not log.flush(5)
    assert "PLAYGROUND_LOG is not the address" in log.warning
    assert ids(log.page("ada")) == [1]


@ON_BOTH
def test_a_newer_log_is_shown_but_not_written(open_log, log, row, texts, execute):
    log.record(row(1))
    assert log.flush(5)
    log.close()
    execute("UPDATE meta SET version = version + 97")
    older_app = open_log()
    assert_kept(older_app, row, texts, because="it was made by a newer version of this app")
    assert saved_ids(execute) == [1]
    execute("UPDATE meta SET version = version - 97")
    assert_recovered(older_app, execute)


@ON_BOTH
def test_a_newer_log_that_can_no_longer_be_read_says_so_once(
    open_log, log, row, texts, execute, caplog
):
    log.record(row(1))
    assert log.flush(5)
    log.close()
    execute("UPDATE meta SET version = version + 97", "ALTER TABLE runs RENAME COLUMN press TO x")
    older_app = open_log()
    older_app.record(row(2))
    for _ in range(3):
        assert not older_app.flush(5)
        assert ids(older_app.page("ada")) == [2]
    assert "newer version" in older_app.warning
    assert [record.levelname for record in caplog.records] == ["WARNING"]
