"""Processes that die, and processes that share a database."""

import os
import random
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from store.databases import ON_BOTH
from store.kills import ROOT, kill_writers

from playground.core.log.history import Filter
from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.store.rows import forgetting
from playground.store.tables import schema
from playground.store.writing.processes import Boot


@pytest.mark.parametrize(
    ("database", "kills"), [("sqlite", 10), ("postgres", 4)], indirect=["database"]
)
def test_killed_processes_lose_nothing_they_were_told_is_written(open_log, url, kills):
    chance = random.Random(kills)
    started, ended = kill_writers(url, [chance.randrange(1, 30) for _ in range(kills)])
    log = open_log(busy_timeout_s=5)
    rows = {row.run_id: row for row in log.page("ada", limit=10_000).rows}
    assert started <= rows.keys()
    for run_id in ended:
        row = rows[run_id]
        assert (row.status, row.cost_usd, row.cost_kind) == ("done", Decimal("0.1"), "exact")
    for run_id, row in rows.items():
        assert len(log.get("ada", run_id)[1].answer) == 2000
        if row.status != "done":
            assert row.status == "interrupted"
            assert (row.cost_usd, row.cost_kind) == (Decimal("0.25"), "at most")
            assert row.error_message == "The app stopped before this run ended."
    lost = sum(row.status == "interrupted" for row in rows.values())
    totals = log.totals("ada")
    assert (totals.runs, totals.errors, totals.at_most) == (len(rows), lost, lost)
    assert totals.spent_usd == sum(row.cost_usd for row in rows.values())
    assert log.warning is None


DELETE_AND_HANG = """
import sys, time
from datetime import UTC, datetime
from decimal import Decimal
from playground.core.runs.run_row import RunRow, RunTexts
from playground.store.log import RunLog

now = datetime(2026, 11, 23, 12, tzinfo=UTC)
log = RunLog(sys.argv[1], clock=lambda: now)
for visitor, runs in (("ada", int(sys.argv[2])), ("bob", 1)):
    for number in range(runs):
        run_id = f"{number:016x}"
        row = RunRow(run_id=run_id, visitor=visitor, started_at=now, press=1, variant="A",
                     connection="Claude API", model="m", params_json="{}", status="done",
                     cost_usd=Decimal("0.01"), cost_kind="exact")
        log.record(row, RunTexts(run_id=run_id, answer="needle"))
assert log.flush(60)
log.delete_all("ada")
while (deletions := log._memory.deletions()) and not deletions[0].is_recorded:
    time.sleep(0.001)
print(log.count("ada"), log.warning_to("ada"), flush=True)
time.sleep(60)
"""


@ON_BOTH
def test_of_a_deletion_that_was_cut_off_nothing_comes_back(open_log, url, now):
    runs = 2 * forgetting._DELETED_AT_ONCE + 1
    command = [sys.executable, "-c", DELETE_AND_HANG, url, str(runs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        told = process.stdout.readline()
        process.kill()
    assert told == "0 None\n"
    log = open_log(busy_timeout_s=5)
    assert (log.count("ada"), log.page("ada").rows) == (0, ())
    limit_s = time.monotonic() + 60
    while log._memory.deletions():
        assert time.monotonic() < limit_s
        log.flush(5)
    assert (log.count("ada"), log.count("bob"), log.warning) == (0, 1, None)
    assert [row.visitor for row in log.history.page("bob", Filter(text="needle")).rows] == ["bob"]
    spent = log.budgets.balances(windows(Budget(day_usd=Decimal(99)), Budget(),
                                         Spender("ada", "ada", now), now))  # fmt: skip
    assert [balance.used_usd for balance in spent] == [Decimal("0.01") * runs]


@pytest.fixture
def few_at_once(monkeypatch):
    monkeypatch.setattr(forgetting, "_DELETED_AT_ONCE", 2)


@ON_BOTH
def test_a_long_deletion_that_stops_half_way_goes_on_after_a_restart(
    open_log, row, texts, execute, database, few_at_once
):
    log = open_log()
    for number in range(1, 6):
        for visitor in ("ada", "bob"):
            log.record(row(number, visitor), texts(row(number)))
    assert log.flush(5)
    if database == "postgres":
        execute(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'no' USING ERRCODE = '54000'; END $$",
            "CREATE TRIGGER keep BEFORE DELETE ON runs FOR EACH ROW "
            f"WHEN (OLD.run_id = '{row(4).run_id}') EXECUTE FUNCTION keep()",
        )
    else:
        execute(
            f"CREATE TRIGGER keep BEFORE DELETE ON runs WHEN OLD.run_id = '{row(4).run_id}' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    log.delete_all("ada")
    assert not log.flush(5)
    is_adas = "FROM runs WHERE visitor = 'ada'"
    assert execute(f"SELECT count(*) {is_adas}") == [(3,)]
    assert log.warning_to("ada").endswith("It will be deleted when that is over.")
    log.close()
    execute("DROP TRIGGER keep" + (" ON runs" if database == "postgres" else ""))
    later = open_log()
    assert later.flush(5)
    assert (later.count("ada"), later.count("bob"), later.warning) == (0, 5, None)
    assert execute(f"SELECT count(*) {is_adas}") == [(0,)]
    assert execute("SELECT visitor FROM deletions") == []
    later.record(row(6))
    assert later.flush(5)
    assert (later.count("ada"), later.totals("ada").runs) == (1, 1)


@ON_BOTH
def test_what_comes_after_another_process_has_kept_the_promise_stays(open_log, row, execute):
    log = open_log()
    log.record(row(1))
    assert log.flush(5)
    log._memory.resume("ada")
    assert log.flush(5)
    assert log.count("ada") == 1
    execute("INSERT INTO deletions VALUES ('ada', 0)")
    assert open_log().count("ada") == 0
    assert execute("SELECT visitor FROM deletions") == []


MOST = "The app stopped before this run ended: this is the most it could have cost."
NO_PRICE = "The app stopped before this run ended, and no price is known."


@ON_BOTH
@pytest.mark.parametrize(
    ("kind", "worst", "cost", "kind_then", "why"),
    [
        ("unknown", Decimal("0.5"), Decimal("0.5"), "at most", MOST),
        ("unknown", None, None, "unknown", NO_PRICE),
        ("simulated", Decimal("0.5"), Decimal("0.5"), "simulated", MOST),
    ],
)
def test_a_lost_run_costs_at_most_its_worst_case(open_log, row, kind, worst, cost, kind_then, why):
    start = row(
        1, status="waiting", cost_usd=None, cost_kind=kind, worst_case_usd=worst, attempts=2
    )
    log = open_log(boot=Boot(pid=os.getpid()))
    log.record(start)
    assert log.flush(5)
    (found,) = open_log(boot=Boot(pid=os.getpid())).page("ada").rows
    assert found == replace(
        start,
        status="interrupted",
        cost_usd=cost,
        cost_kind=kind_then,
        cost_why=why,
        error_message="The app stopped before this run ended.",
    )


def silent(execute, host, seconds):
    """Nothing has been heard of this machine's process for so long."""
    longer = f"seen_at = seen_at - {seconds * 1_000_000}"
    execute(f"UPDATE boots SET {longer} WHERE host = '{host}'")


@ON_BOTH
@pytest.mark.parametrize(
    ("host", "pid", "silent_s", "is_left_alone"),
    [
        ("here", None, 100, True),
        ("here", None, 121, False),
        ("here", 2**22 + 1, 0, False),
        ("there", os.getpid(), 0, True),
        ("there", 2**22 + 1, 100, True),
        ("there", 2**22 + 1, 115, True),
        ("there", 2**22 + 1, 121, False),
    ],
    ids=[
        "running",
        "silent",
        "gone",
        "of the same number",
        "elsewhere",
        "late elsewhere",
        "silent elsewhere",
    ],
)
def test_only_the_runs_of_dead_processes_are_ended(
    open_log, row, execute, host, pid, silent_s, is_left_alone
):
    first = open_log(boot=Boot(host=host, pid=pid or os.getppid()))
    first.record(row(1, status="streaming"))
    assert first.flush(5)
    silent(execute, host, silent_s)
    second = open_log(boot=Boot(host="here"))
    status = "streaming" if is_left_alone else "interrupted"
    assert second.page("ada").rows[0].status == status
    # Whoever was taken for dead by mistake has the last word on its own runs.
    first.record(row(1))
    assert first.flush(5)
    assert second.page("ada").rows == (row(1),)


@ON_BOTH
def test_of_a_dead_process_only_what_was_lost_is_given_up(open_log, row, now, execute):
    logs = {
        "dead": open_log(boot=Boot("dead", host="here", pid=2**22 + 1), busy_timeout_s=5),
        "alive": open_log(boot=Boot("alive", host="there"), busy_timeout_s=5),
    }
    dollar = Decimal(1)
    caps = windows(Budget(day_usd=10 * dollar), Budget(), Spender("ada", "ada", now), now)
    for number, who, changes in (
        (1, "dead", {"status": "streaming", "cost_kind": "unknown", "cost_usd": None}),
        (2, "dead", {"cost_usd": dollar / 4}),
        (3, "alive", {"status": "waiting", "cost_kind": "unknown", "cost_usd": None}),
        (4, "alive", {"cost_usd": dollar / 2}),
    ):
        run = row(number, started_at=now, worst_case_usd=dollar, **changes)
        held = Reservation(run.run_id, "ada", "ada", now, dollar)
        assert logs[who].budgets.reserve([held], caps) is None
        logs[who].record(run)
        assert logs[who].flush(5)
    later = open_log(boot=Boot("later", host="here"), busy_timeout_s=5)
    assert [found.status for found in later.page("ada").rows] == [
        "done",
        "waiting",
        "done",
        "interrupted",
    ]
    [balance] = later.budgets.balances(caps)
    assert (balance.used_usd, balance.held_usd) == (dollar + dollar / 4 + dollar / 2, dollar)
    totals = later.totals("ada")
    assert (totals.runs, totals.errors, totals.spent_usd) == (4, 1, dollar * 7 / 4)
    boots = "SELECT boot_id FROM boots ORDER BY boot_id"
    assert execute(boots) == [("alive",), ("later",)]
    logs["alive"].close()
    assert execute(boots) == [("later",)]


@ON_BOTH
def test_what_a_process_left_running_when_it_signed_off_is_lost(open_log, row):
    first = open_log(boot=Boot(host="there"))
    first.record(row(1, status="streaming"))
    first.record(row(1, "bob"))
    assert first.flush(5)
    first.close()
    later = open_log(boot=Boot(host="here"))
    assert [found.status for found in later.page("ada").rows] == ["interrupted"]
    assert [found.status for found in later.page("bob").rows] == ["done"]


def test_asking_whether_another_process_lives_does_it_no_harm(open_log, row):
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as other:
        first = open_log(boot=Boot(host="here", pid=other.pid))
        first.record(row(1, status="streaming"))
        assert first.flush(5)
        assert open_log(boot=Boot(host="here")).page("ada").rows[0].status == "streaming"
        other.communicate("\n", timeout=30)
    assert other.returncode == 0
    assert open_log(boot=Boot(host="here")).page("ada").rows[0].status == "interrupted"


def test_a_process_of_another_user_is_alive(open_log, row, monkeypatch):
    def not_ours(pid, signal):
        raise PermissionError

    first = open_log(boot=Boot(host="here", pid=2**22 + 1))
    first.record(row(1, status="streaming"))
    assert first.flush(5)
    monkeypatch.setattr(os, "kill", not_ours)
    assert open_log(boot=Boot(host="here")).page("ada").rows[0].status == "streaming"


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("ahead", [timedelta(hours=-1), timedelta(hours=1)])
def test_machines_whose_clocks_differ_leave_each_other_alone(open_log, row, now, ahead):
    first = open_log(boot=Boot(host="there"))
    first.record(row(1, status="streaming"))
    assert first.flush(5)
    second = open_log(boot=Boot(host="here"), clock=lambda: now + ahead, heartbeat_every_s=0.01)
    assert second.claims.acquire("ada", "experiment 1") is True
    assert second.page("ada").rows[0].status == "streaming"


def test_a_process_number_counts_only_where_it_was_given():
    """Two containers can have one name, and number their processes alike."""
    namespace = Path("/proc/self/ns/pid")
    place = Boot().host.removeprefix(socket.gethostname())
    assert place.endswith(os.readlink(namespace) if namespace.exists() else "")
    assert Boot().host == Boot().host


@ON_BOTH
def test_a_process_that_dies_later_is_noticed_by_the_heartbeat_of_another(
    open_log, row, now, execute
):
    first = open_log(boot=Boot(host="there"))
    first.record(row(1, status="streaming"))
    assert first.flush(5)
    second = open_log(boot=Boot(host="here"), heartbeat_every_s=0.01)
    assert second.page("ada").rows[0].status == "streaming"
    silent(execute, "there", 121)
    for _ in range(2):
        assert second.flush(5)
    writer = second._writer
    with writer._changed:
        turn = writer._finished_turn + 2
        assert writer._changed.wait_for(lambda: writer._finished_turn >= turn, 5)
    assert second.page("ada").rows[0].status == "interrupted"


def test_live_runs_are_found_and_totals_added_without_reading_the_table(log, file, row):
    log.record(row(1))
    assert log.flush(5)
    engine = sa.create_engine(f"sqlite:///{file}")
    live = sa.select(schema.runs.c.boot_id).where(schema.IS_LIVE)
    with closing(sqlite3.connect(file)) as connection:
        plan = connection.execute(
            f"EXPLAIN QUERY PLAN {live.compile(engine, compile_kwargs={'literal_binds': True})}"
        ).fetchall()
        assert "runs_live" in str(plan)
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT status, cost_kind, count(*), count(cost_usd), "
            "sum(input_tokens), sum(output_tokens), sum(cost_usd) FROM runs "
            "WHERE visitor = 'ada' AND status = 'done' AND cost_kind = 'exact' "
            "AND started_at >= 5 GROUP BY status, cost_kind"
        ).fetchall()
        assert "COVERING INDEX runs_since" in str(plan)
        assert "started_at>" in str(plan)
        assert "TEMP B-TREE" not in str(plan)
    engine.dispose()
