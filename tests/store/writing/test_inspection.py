"""Trying out a log before it is used."""

import sqlite3
from contextlib import closing

import pytest
from store.databases import ON_BOTH

from playground.store.writing import inspection
from playground.store.writing.inspection import place_of, problem_of


@ON_BOTH
def test_a_sound_log_has_no_problem_and_nobody_is_left_in_it(url, now, execute, file):
    file.parent.mkdir()
    for _ in range(2):
        assert problem_of(url, now) is None
    assert execute("SELECT count(*) FROM boots WHERE pid > 0") == [(0,)]


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
        ("postgres://me:hush@db.example/runs", "postgresql://me:***@db.example/runs"),
        # A password as it is pasted.
        ("postgresql://me:hu@sh/it@db.example/runs", "postgresql://me:***@db.example/runs"),
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
