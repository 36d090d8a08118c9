"""The page while its log can't be written: runs go on, and it is said once."""

import sqlite3
from contextlib import closing

import pytest
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, press_run

from playground.ui.session.services import reset_services, services


@pytest.fixture
def file(tmp_path):
    return tmp_path / "runs.db"


def execute(file, statement):
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


def statuses(page):
    [table] = page.dataframe
    return list(table.value["Status"])


def set_most_pages(most):
    with services().log._writer.database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={most or pages}")


def test_while_the_disk_is_full_runs_end_on_the_page_and_none_is_lost(page, file):
    press_run(page)
    log = services().log
    assert log.flush(10)
    assert not page.warning
    set_most_pages(None)
    presses = 0
    while log.flush(10):
        press_run(page)
        presses += 1
    runs = page.session_state["runs"].values()
    assert [run.status for run in runs] == ["done", "done"]
    page.run()
    [warning] = page.warning
    assert "the disk is full" in warning.value
    kept = len(log.unsaved_rows("local"))
    assert f"{'1 row is' if kept == 1 else f'{kept} rows are'} kept in memory" in warning.value
    [download] = page.get("download_button")
    assert download.label == f"Download {kept} run{'s' * (kept > 1)}"
    assert statuses(page) == ["done"] * (2 + 2 * presses)
    set_most_pages(1_000_000)
    assert log.flush(10)
    page.run()
    assert not page.warning
    assert not page.get("download_button")
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (2 + 2 * presses,)


def test_the_log_of_a_newer_version_is_shown_and_runs_go_on_in_memory(page, file):
    press_run(page)
    services().close()
    reset_services()
    execute(file, "UPDATE meta SET version = version + 1")
    later = AppTest.from_file(SCRIPT, default_timeout=30).run()
    [warning] = later.warning
    assert "made by a newer version of this app" in warning.value
    assert statuses(later) == ["done"] * 2
    press_run(later)
    [warning] = later.warning
    assert "2 rows are kept in memory" in warning.value
    assert statuses(later) == ["done"] * 4
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (2,)


def test_an_app_restarted_with_a_postgres_url_keeps_its_history(
    monkeypatch, postgres, fresh_process
):
    monkeypatch.setenv("PLAYGROUND_LOG", postgres.url(postgres.new_schema()))
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    press_run(page)
    assert services().log.flush(10)
    services().close()
    reset_services()
    later = AppTest.from_file(SCRIPT, default_timeout=30).run()
    assert statuses(later) == ["done", "done"]
    assert not later.warning
