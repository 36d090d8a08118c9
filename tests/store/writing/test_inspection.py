"""Trying out a log before it is used."""

import sqlite3
from contextlib import closing

import pytest
from store.databases import ON_BOTH

from playground.store.writing import inspection
from playground.store.writing.inspection import is_in_process_memory, place_of, problem_of


@ON_BOTH
def test_a_sound_log_has_no_problem_and_nobody_is_left_in_it(url, now, execute, file):
    file.parent.mkdir()
    for _ in range(2):
        assert problem_of(url, now) is None
    assert execute("SELECT count(*) FROM boots WHERE pid > 0") == [(0,)]


@ON_BOTH
def test_trying_out_a_log_within_its_own_process_ends_no_run_and_takes_no_claim(
    url, now, open_log, row, execute
):
    log = open_log()
    live = row(1, status="streaming", cost_usd=None, cost_kind="unknown")
    log.record(live)
    assert log.flush(5)
    assert log.claims.acquire("ada", "experiment 1") is True
    before = execute("SELECT boot_id, pid FROM boots")
    assert problem_of(url, now) is None
    assert log.get("ada", live.run_id)[0] == live
    assert log.claims.is_held("ada", "experiment 1") is True
    assert execute("SELECT boot_id, pid FROM boots") == before


@ON_BOTH
def test_a_log_that_others_are_writing_into_is_tried_only_so_long(
    url, now, open_log, other_writer, monkeypatch
):
    monkeypatch.setattr(inspection, "_PATIENCE_S", 0.05)
    assert open_log().flush(5)
    with other_writer():
        told = problem_of(url, now)
    assert told == "The log can't be saved: another program has locked it."


def test_what_is_wrong_is_told_in_words(now, tmp_path, file, open_log):
    assert open_log().flush(5)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE meta SET version = 99")
    causes = {
        f"sqlite:///{tmp_path}": "its path is a folder, not a file",
        f"sqlite:///{file}": "it was made by a newer version of this app",
        "mysql://me@db.example/runs": (
            "PLAYGROUND_LOG is not the address of a SQLite or PostgreSQL database"
        ),
    }
    for url, cause in causes.items():
        assert problem_of(url, now) == f"The log can't be saved: {cause}."


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:///data/runs.db", "sqlite:///data/runs.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite:///:memory:"),
        ("postgres://me:hush@db.example/runs", "postgresql://me:***@db.example/runs"),
        # A password as it is pasted.
        ("postgresql://me:hu@sh/it@db.example/runs", "postgresql://me:***@db.example/runs"),
        ("postgresql://me:hu@sh?it@db.example/runs", "PLAYGROUND_LOG"),
        ("nonsense hush", "PLAYGROUND_LOG"),
    ],
)
def test_where_a_log_lives_is_told_without_its_password(url, place):
    assert place_of(url) == place


@pytest.mark.parametrize(
    "url",
    [
        "sk-ant-api03-0123456789abcdef",
        "postgresql://me:sk-ant-api03-0123456789abcdef@db.example/runs",
        "postgresql://sk-ant-api03-0123456789abcdef@db.example/runs",
        "postgresql://me@db.example/runs?password=sk-ant-api03-0123456789abcdef",
        "postgresql://me@db.example/runs?password=hunter2-0123456",
        "sqlite:///data/sk-ant-api03-0123456789abcdef.db",
    ],
)
def test_where_a_log_lives_is_told_without_a_key_or_a_password(url):
    assert "0123" not in place_of(url)


NOT_AN_ADDRESS = (
    "The log can't be saved: PLAYGROUND_LOG is not the address of a SQLite or PostgreSQL database."
)


@pytest.mark.parametrize(
    "url",
    ["sqlite://runs.db", "sqlite:runs.db", "sqlite:/runs.db", "sqlite://hush@data/runs.db",
     "data/runs.db", "C:\\runs.sqlite"],
)  # fmt: skip
def test_a_file_that_is_no_address_is_told_how_it_is_written(url, now):
    assert problem_of(url, now) == (
        f"{NOT_AN_ADDRESS} A file's address has three slashes: sqlite:///data/runs.db."
    )
    assert place_of(url) == "PLAYGROUND_LOG"


NOT_AN_OPTION = "The log can't be saved: an option in PLAYGROUND_LOG, or its value, is unknown."


@pytest.mark.parametrize(
    "options",
    ["mode=ro", "mode=memory", "journal_mode=wal", "timeout=soon", "check_same_thread=1&x=2",
     "timeout=5&timeout=6", "uri=1&uri=1", "isolation_level=A&isolation_level=B"],
)  # fmt: skip
def test_an_option_of_a_file_that_would_be_left_out_is_told(options, now, tmp_path):
    assert problem_of(f"sqlite:///{tmp_path}/runs.db?{options}", now) == NOT_AN_OPTION
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", ["timeout=5", "check_same_thread=true", "cached_statements=9"])
def test_an_option_that_the_driver_takes_is_taken(options, now, tmp_path):
    assert problem_of(f"SQLite:///{tmp_path}/runs.db?{options}", now) is None


@pytest.mark.parametrize("option", ["row_factory=x", "prepare_threshold=5", "autocommit=0"])
def test_an_option_that_no_address_can_give_is_told(option, now):
    assert problem_of(f"PostgreSQL://me@127.0.0.1:1/runs?{option}", now) == NOT_AN_OPTION
    # The password is not what is wrong.
    assert problem_of(f"postgresql://me:h@s/h@127.0.0.1:1/runs?{option}", now) == NOT_AN_OPTION


def test_a_driver_that_does_not_exist_is_a_wrong_address(now):
    assert problem_of("sqlite+nosuch:///runs.db", now) == NOT_AN_ADDRESS


@pytest.mark.parametrize(
    ("password", "has_hint"),
    [
        ("h@a?b", True), ("h%40s h", True), ("h%40sh%25", False), ("h?sh", False),
        # Read as they are pasted: nothing is wrong with them.
        ("h:sh", False), ("h@sh", False), ("h/sh", False), ("h#sh", False), ("h%zz", False),
        ("h-s_h.~!", False),
    ],
)  # fmt: skip
def test_a_password_that_an_address_needs_encoded_is_told_and_not_repeated(password, has_hint, now):
    told = problem_of(f"postgresql://me:{password}@127.0.0.1:1/runs", now)
    assert told.startswith("The log can't be saved: ")
    assert ("@ as %40" in told) == has_hint
    assert password not in told


def test_a_log_in_memory_is_known_for_one(tmp_path):
    for url in ("sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"):
        assert is_in_process_memory(url)
    for url in (f"sqlite:///{tmp_path}/runs.db", "postgresql://db.example/runs", "nonsense"):
        assert not is_in_process_memory(url)
