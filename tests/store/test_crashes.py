"""Processes that die, processes that share a file, and files of other versions."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from playground.core.rows import Totals
from playground.store import dialect, migrations, schema
from playground.store.boots import Boot

ROOT = Path(__file__).parents[2]

WRITE_UNTIL_KILLED = """
import itertools, sys
from datetime import UTC, datetime
from decimal import Decimal
from playground.store.log import RunLog
from playground.core.rows import RunRow, RunTexts

now = datetime(2026, 11, 23, 12, tzinfo=UTC)
log = RunLog(sys.argv[1], clock=lambda: now)
for number in itertools.count():
    row = dict(run_id=f"{number:016x}", visitor="ada", started_at=now, press=1, variant="A",
               connection="Demo", model="m", params_json="{}", worst_case_usd=Decimal("0.25"))
    texts = RunTexts(run_id=row["run_id"], answer="x" * 2000)
    log.record(RunRow(**row, status="streaming"), texts)
    assert log.flush(5)
    print("started", number, flush=True)
    if number % 2:
        log.record(RunRow(**row, status="done", cost_usd=Decimal("0.1"), cost_kind="exact"))
        assert log.flush(5)
        print("ended", number, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 20, 61])
def test_a_killed_process_loses_nothing_it_was_told_is_written(open_log, file, lines):
    command = [sys.executable, "-c", WRITE_UNTIL_KILLED, f"sqlite:///{file}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.readlines()
    log = open_log()
    rows = {int(row.run_id, 16): row for row in log.page("ada", limit=10_000).rows}
    for line in said:
        word, number = line.split()
        row = rows[int(number)]
        assert len(log.get("ada", row.run_id)[1].answer) == 2000
        if word == "ended":
            assert (row.status, row.cost_usd, row.cost_kind) == ("done", Decimal("0.1"), "exact")
    for row in rows.values():
        if row.status != "done":
            assert row.status == "interrupted"
            assert (row.cost_usd, row.cost_kind) == (Decimal("0.25"), "at most")
            assert row.error_message == "The app stopped before this run ended."
    lost = sum(row.status == "interrupted" for row in rows.values())
    totals = log.totals("ada")
    assert (totals.runs, totals.errors, totals.spent_is_exact) == (len(rows), lost, not lost)
    assert totals.spent_usd == sum(row.cost_usd for row in rows.values())
    assert log.warning is None


@pytest.mark.parametrize(
    ("kind", "worst", "cost", "kind_then"),
    [
        ("unknown", Decimal("0.5"), Decimal("0.5"), "at most"),
        ("unknown", None, None, "unknown"),
        ("simulated", Decimal("0.5"), Decimal("0.5"), "simulated"),
    ],
)
def test_a_lost_run_costs_at_most_its_worst_case(open_log, row, kind, worst, cost, kind_then):
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
        error_message="The app stopped before this run ended.",
    )


@pytest.mark.parametrize(
    ("host", "pid", "silent_s", "is_left_alone"),
    [
        ("here", os.getppid(), 100, True),
        ("here", os.getppid(), 121, False),
        ("here", 2**22 + 1, 0, False),
        ("there", 2**22 + 1, 100, True),
        ("there", 2**22 + 1, 121, False),
    ],
    ids=["running", "silent", "gone", "elsewhere", "silent elsewhere"],
)
def test_only_the_runs_of_dead_processes_are_ended(
    open_log, row, now, host, pid, silent_s, is_left_alone
):
    first = open_log(boot=Boot(host=host, pid=pid))
    first.record(row(1, status="streaming"))
    assert first.flush(5)
    second = open_log(boot=Boot(host="here"), clock=lambda: now + timedelta(seconds=silent_s))
    status = "streaming" if is_left_alone else "interrupted"
    assert second.page("ada").rows[0].status == status
    # Whoever was taken for dead by mistake has the last word on its own runs.
    first.record(row(1))
    assert first.flush(5)
    assert second.page("ada").rows == (row(1),)


def test_a_process_that_dies_later_is_noticed_by_the_heartbeat_of_another(open_log, row, now):
    times = [now]
    first = open_log(boot=Boot(host="there"))
    first.record(row(1, status="streaming"))
    assert first.flush(5)
    second = open_log(boot=Boot(host="here"), clock=lambda: times[-1], heartbeat_every_s=0.01)
    assert second.page("ada").rows[0].status == "streaming"
    times.append(now + timedelta(seconds=121))
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


def add_a_note(connection):
    connection.execute(sa.text("ALTER TABLE runs ADD COLUMN note TEXT"))


def fail(connection):
    connection.execute(sa.text("ALTER TABLE runs ADD COLUMN half TEXT"))
    raise ZeroDivisionError


@pytest.fixture
def engine(file, log, row):
    log.record(row(1))
    assert log.flush(5)
    log.close()
    engine = dialect.connect(sa.make_url(f"sqlite:///{file}"), busy_timeout_s=1, is_reader=False)
    yield engine
    engine.dispose()


def columns(file):
    with closing(sqlite3.connect(file)) as connection:
        return {name for _, name, *_ in connection.execute("PRAGMA table_info(runs)")}


def test_a_migration_keeps_the_rows_and_a_copy_of_the_old_file(engine, file):
    migrations.migrate(engine, file, [*migrations.STEPS, add_a_note])
    with engine.connect() as connection:
        assert migrations.version_of(connection) == migrations.NEWEST + 1
        assert connection.execute(sa.text("SELECT count(*) FROM runs")).scalar_one() == 1
    assert "note" in columns(file)
    backup = file.with_name(f"runs.db.bak-v{migrations.NEWEST}")
    assert "note" not in columns(backup)
    migrations.migrate(engine, file, [*migrations.STEPS, add_a_note])


def test_a_migration_that_fails_leaves_the_last_whole_step(engine, file):
    with pytest.raises(ZeroDivisionError):
        migrations.migrate(engine, file, [*migrations.STEPS, add_a_note, fail])
    with engine.connect() as connection:
        assert migrations.version_of(connection) == migrations.NEWEST + 1
    assert "note" in columns(file)
    assert "half" not in columns(file)


def test_a_newer_app_started_beside_this_one_stops_it_from_writing(log, row, file):
    log.record(row(1))
    assert log.flush(5)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE meta SET version = version + 1")
    log.record(row(2))
    assert not log.flush(5)
    assert "newer version" in log.warning
    assert log.totals("ada") == Totals(
        runs=2, input_tokens=20, output_tokens=10, spent_usd=Decimal("0.00007")
    )
