"""What can happen between this app and a PostgreSQL server, and how two processes share one."""

import logging
import subprocess
import sys
import time

import pytest
from postgres import PASSWORD
from store.kills import ROOT

from playground.core.money.budget import Budget
from playground.store.tables import dialect
from playground.store.writing.processes import Boot

pytestmark = pytest.mark.parametrize("database", ["postgres"], indirect=True)

DOWN = "The log can't be saved: the database server can't be reached."
KEPT = "1 row is kept in memory and will be written when it can be."


def ids(page):
    return [int(row.run_id, 16) for row in page.rows]


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_server_that_crashes_while_rows_are_written_costs_none_and_one_warning(
    open_log, log, row, texts, postgres, execute, caplog
):
    log.record(row(1), texts(row(1)))
    assert log.flush(10)
    postgres.stop()
    try:
        for number in range(2, 400):
            log.record(row(number), texts(row(number)))
        assert not log.flush(10)
        assert not log.flush(10)
        assert (
            log.warning == f"{DOWN} 398 rows are kept in memory and will be written when it can be."
        )
        assert log.count("ada") == 399
        assert log.get("ada", row(399).run_id) == (row(399), texts(row(399)))
        assert "the database server can't be reached" in log.budgets.save("ada", Budget()).sentence
    finally:
        postgres.start()
    assert log.flush(10)
    assert log.warning is None
    assert execute("SELECT count(*) FROM runs") == [(399,)]
    assert log.totals("ada") == open_log().totals("ada")
    assert len(warnings(caplog)) == 1


def test_a_server_that_falls_silent_is_given_up_and_found_again(
    open_log, url, row, postgres, execute, monkeypatch, caplog
):
    monkeypatch.setattr(dialect, "READ_WITHIN_S", 1)
    monkeypatch.setattr(dialect, "WRITTEN_WITHIN_S", 1)
    monkeypatch.setattr(dialect, "REPLY_WITHIN_S", 0.2)
    log = open_log(f"{url}&connect_timeout=2")
    log.record(row(1))
    assert log.flush(10)
    assert ids(log.page("ada")) == [1]
    with postgres.frozen():
        began_s = time.monotonic()
        assert ids(log.page("ada")) == [1]
        assert "can't be reached" in log.warning
        log.record(row(2))
        assert not log.flush(30)
        assert log.warning == f"{DOWN} {KEPT}"
        assert ids(log.page("ada")) == [2, 1]
        assert "can't be reached" in log.budgets.save("ada", Budget()).sentence
        assert time.monotonic() - began_s < 25
    assert log.flush(30)
    assert (ids(log.page("ada")), log.warning) == ([2, 1], None)
    assert execute("SELECT count(*) FROM runs") == [(2,)]
    assert len(warnings(caplog)) == 1


def test_connections_cut_by_the_server_are_made_again_unnoticed(log, row, postgres, caplog):
    log.record(row(1))
    assert log.flush(10)
    assert ids(log.page("ada")) == [1]
    for number in (2, 3):
        postgres.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        if number == 2:
            assert ids(log.page("ada")) == [1]
        log.record(row(number))
        assert log.flush(10)
    assert ids(log.page("ada")) == [3, 2, 1]
    assert not warnings(caplog)


def test_a_read_fault_is_not_waited_for_again_by_every_question(log, row, postgres):
    log.record(row(1))
    assert log.flush(10)
    postgres.stop()
    try:
        assert ids(log.page("ada")) == [1]
        assert "can't be" in log.warning
        assert log._writer.readable is None
        assert log.totals("ada").runs == 1
    finally:
        postgres.start()
    assert log.flush(10)
    assert (ids(log.page("ada")), log.warning) == ([1], None)


def test_a_user_who_may_only_read_is_shown_the_history(
    open_log, log, row, url, postgres, caplog, request
):
    log.record(row(1))
    assert log.flush(10)
    log.close()
    schema = url.rpartition("%3D")[2]
    postgres.execute(
        f"CREATE ROLE reader_{schema} LOGIN",
        f"GRANT USAGE ON SCHEMA {schema} TO reader_{schema}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader_{schema}",
    )
    reader = open_log(postgres.url(schema, user=f"reader_{schema}"))
    reader.record(row(2))
    assert not reader.flush(10)
    cause = "the database is read-only, or its user has no right to write"
    assert reader.warning == f"The log can't be saved: {cause}. {KEPT}"
    assert ids(reader.page("ada")) == [2, 1]
    assert reader.totals("ada").runs == 2
    assert cause in reader.budgets.save("ada", Budget()).sentence
    assert len(warnings(caplog)) == 1
    postgres.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO reader_{schema}")
    assert reader.flush(10)
    assert reader.warning is None


AN_OPTION = "an option in PLAYGROUND_LOG, or its value, is unknown"


def test_a_wrong_password_says_so_and_the_right_one_is_taken_as_pasted(
    open_log, row, postgres, caplog
):
    wrong = open_log(postgres.network_url(f"{PASSWORD}-not"))
    wrong.record(row(1))
    assert not wrong.flush(10)
    told = "the database server rejects the user name or the password"
    assert wrong.warning == f"The log can't be saved: {told}. {KEPT}"
    assert ids(wrong.page("ada")) == [1]
    assert PASSWORD.split("@")[0] not in caplog.text
    right = open_log(postgres.network_url())
    assert (right.flush(10), right.warning) == (True, None)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"database": "nosuch"}, "the server has no database or schema of that name"),
        ({"query": "options=-csearch_path%3Dnosuch"}, "no database or schema of that name"),
        ({"query": "sslmode=require"}, "the server does not offer the encryption (TLS)"),
        ({"query": "sslmode=verify-full&sslrootcert=/nosuch"}, "the encryption (TLS)"),
        ({"query": "channel_binding=require"}, "the encryption (TLS)"),
        ({"query": "sslmode=sometimes"}, AN_OPTION),
        ({"query": "ssl=sometimes"}, AN_OPTION),
        ({"query": "nosuch=1"}, AN_OPTION),
        ({"query": "connect_timeout=soon"}, AN_OPTION),
        ({"query": "keepalives=soon"}, AN_OPTION),
        ({"query": "port=70000"}, AN_OPTION),
        ({"query": "options=-cnosuch%3D1"}, AN_OPTION),
        ({"query": "options=-cstatement_timeout%3Dsoon"}, AN_OPTION),
        ({"query": "client_encoding=nosuch"}, AN_OPTION),
        ({"query": "service=nosuch"}, AN_OPTION),
    ],
)
def test_what_is_wrong_with_an_address_is_told(open_log, row, postgres, changes, told):
    log = open_log(postgres.network_url(**changes))
    log.record(row(1))
    assert not log.flush(10)
    assert told in log.warning
    assert ids(log.page("ada")) == [1]


def test_a_full_disk_of_the_server_keeps_the_rows(log, row, execute):
    assert log.flush(10)
    execute(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON runs EXECUTE FUNCTION full_disk()",
    )
    log.record(row(1))
    assert not log.flush(10)
    assert log.warning == f"The log can't be saved: the disk is full. {KEPT}"
    assert ids(log.page("ada")) == [1]
    execute("DROP TRIGGER full_disk ON runs")
    assert log.flush(10)
    assert (ids(log.page("ada")), log.warning) == ([1], None)


def test_a_row_that_the_server_refuses_is_not_repeated_in_our_log(log, row, texts, caplog):
    log.record(row(1, params_json="the secret plan", model=None), texts(row(1), "secret too"))
    assert not log.flush(10)
    assert log.warning.startswith("The database rejects 1 row (SQLSTATE 23502).")
    assert "SQLSTATE 23502" in caplog.text
    assert "secret" not in caplog.text


def test_who_holds_the_log_up_is_waited_for_only_so_long(log, row, other_writer, postgres, url):
    log.record(row(1))
    assert log.flush(10)
    with other_writer():
        log.record(row(2))
        assert not log.flush(10)
        assert log.warning == f"The log can't be saved: another program has locked it. {KEPT}"
        assert ids(log.page("ada")) == [2, 1]
    schema = url.rpartition("%3D")[2]
    with postgres.connection() as other:
        other.execute(f"BEGIN; LOCK TABLE {schema}.runs IN ACCESS EXCLUSIVE MODE")
        assert ids(log.page("ada")) == [2, 1]
        assert "another program has locked it" in log.warning
        other.execute("ROLLBACK")
    assert log.flush(10)
    assert log.warning is None
    assert ids(log.page("ada")) == [2, 1]


def test_dropped_tables_are_made_again_with_all_that_is_remembered(log, row, texts, url, execute):
    log.record(row(1), texts(row(1)))
    assert log.flush(10)
    schema = url.rpartition("%3D")[2]
    execute(f"DROP SCHEMA {schema} CASCADE", f"CREATE SCHEMA {schema}")
    assert ids(log.page("ada")) == [1]
    log.record(row(2))
    assert log.flush(10)
    assert (ids(log.page("ada")), log.warning) == ([2, 1], None)
    assert execute("SELECT count(*) FROM runs") == [(2,)]
    assert log.get("ada", row(1).run_id) == (row(1), texts(row(1)))


def test_an_answer_sees_one_moment_while_others_write(open_log, log, row):
    writer = open_log(boot=Boot())
    log.record(row(1))
    assert log.flush(10)
    with log._writer.database.reading() as connection:
        first = connection.exec_driver_sql("SELECT count(*) FROM runs").scalar_one()
        writer.record(row(2))
        assert writer.flush(10)
        again = connection.exec_driver_sql("SELECT count(*) FROM runs").scalar_one()
    assert (first, again) == (1, 1)
    assert ids(log.page("ada")) == [2, 1]


def shown(connection, *names):
    return [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]


def test_nothing_is_waited_for_without_an_end_and_few_connections_are_taken(open_log, postgres):
    database = open_log(busy_timeout_s=0.25)._writer
    assert database.has_tried.wait(5)
    database = database.database
    names = ("transaction_read_only", "transaction_isolation", "lock_timeout", "statement_timeout")
    with database.reading() as reading:
        assert shown(reading, *names) == ["on", "repeatable read", "250ms", "10s"]
    with database.writing() as writing:
        assert shown(writing, *names) == ["off", "read committed", "250ms", "1min"]
        assert shown(writing, "idle_in_transaction_session_timeout") == ["1min"]
    pools = [(engine.pool.size(), engine.pool._max_overflow)
             for engine in (database._reader, database._writer)]  # fmt: skip
    assert pools == [(2, 3), (1, 0)]


ANOTHER_APP = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from playground.core.runs.run_row import RunRow, RunTexts
from playground.store.log import RunLog

now = datetime(2026, 11, 23, 12, tzinfo=UTC)
log = RunLog(sys.argv[1], clock=lambda: now)
for number in (1, 2):
    row = RunRow(run_id=f"{number:016x}", visitor="ada", started_at=now, press=number,
                 variant="A", connection="Claude API", model="m", params_json="{}",
                 status="streaming")
    log.record(row, RunTexts(run_id=row.run_id, answer="Hello"))
    assert log.flush(10)
print("written", flush=True)
sys.stdin.readline()
log.record(replace(row, run_id=f"{1:016x}", press=1, status="done"))
assert log.flush(10)
log.close()
"""


def test_two_apps_share_a_database_and_a_later_one_finds_the_history(open_log, log, row, url):
    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER_APP, url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as other:  # fmt: skip
        assert other.stdout.readline() == "written\n"
        log.record(row(3))
        assert log.flush(10)
        assert [r.status for r in log.page("ada").rows] == ["done", "streaming", "streaming"]
        other.communicate("go on\n", timeout=60)
    assert other.returncode == 0
    log.close()
    later = open_log()
    assert [r.status for r in later.page("ada").rows] == ["done", "interrupted", "done"]
    assert later.get("ada", row(1).run_id)[1].answer == "Hello"
    totals = later.totals("ada")
    assert (totals.runs, totals.errors, totals.unknown_cost) == (3, 1, 2)
    assert later.count("bob") == 0
