"""Logs of earlier versions: opened, brought up to date, and none of them lost."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from store import released
from store.databases import ON_BOTH

from playground.core.log.history import ORDERS, Filter
from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.runs.run_row import Totals
from playground.store.tables import dialect, migrations, sqlite_file
from playground.store.writing.processes import Boot

ROOT = Path(__file__).parents[3]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
EACH_VERSION = pytest.mark.parametrize("version", released.VERSIONS)


@pytest.fixture
def make_old(database, file, execute):
    """Put the log of an earlier version where the log is looked for."""
    file.parent.mkdir()
    return lambda version=1: execute(*released.statements(version, database))


def shape(url):
    """Every table and index with its columns."""
    engine = sa.create_engine(dialect.parse_url(url))
    found = sa.inspect(engine)
    shapes = {}
    for name in found.get_table_names():
        columns = [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(name)]
        indexes = sorted(
            (i["name"], i["column_names"], {k: str(v) for k, v in i["dialect_options"].items()})
            for i in found.get_indexes(name)
        )
        shapes[name] = (columns, found.get_pk_constraint(name)["constrained_columns"], indexes)
    engine.dispose()
    return shapes


@ON_BOTH
@EACH_VERSION
def test_every_released_log_is_opened_whole_and_counts_for_a_budget(
    open_log, make_old, file, database, version
):
    make_old(version)
    log = open_log()
    done, lost = (log.get("ada", run_id) for run_id in "12")
    assert (done[0].cost_usd, done[1].answer) == (Decimal("0.25"), "Hello")
    assert (lost[0].status, lost[0].cost_usd) == ("interrupted", Decimal("0.05"))
    assert log.totals("ada") == Totals(
        runs=2, errors=1, input_tokens=10, output_tokens=5, spent_usd=Decimal("0.3"),
        at_most=1, at_most_usd=Decimal("0.05"),
    )  # fmt: skip
    assert log.count("bob") == 1
    caps = windows(Budget(day_usd=Decimal("0.5")), Budget(), Spender("ada", "ada", NOON), NOON)
    one = Reservation("3", "ada", "ada", NOON, Decimal("0.2"))
    assert log.budgets.reserve([one], caps) is None
    [balance] = log.budgets.balances(caps)
    assert (balance.used_usd, balance.left_usd) == (Decimal("0.3"), Decimal(0))
    assert log.warning is None
    if database == "sqlite":
        is_old = version < migrations.NEWEST
        assert file.with_name(f"runs.db.bak-v{version}").exists() is is_old


@ON_BOTH
def test_the_first_releases_runs_are_searched_filtered_and_added_up(open_log, make_old):
    make_old(1)
    log = open_log()
    for _ in range(4):
        assert log.flush(5)
    assert log.history.indexed("ada") is None
    chosen = Filter(text="hello", models=("m",), to_day=date(2026, 11, 23))
    for order in ORDERS:
        assert [row.run_id for row in log.history.page("ada", chosen, order).rows] == ["1"]
    for one in (chosen, Filter(statuses=("done",))):
        totals = log.history.summary("ada", one).totals
        assert (totals.runs, totals.spent_usd) == (1, Decimal("0.25"))
    assert log.history.summary("ada", Filter()).totals == log.totals("ada")
    [day] = log.history.day_costs("ada", Filter(statuses=("done",)))
    assert (day.day, day.cost_usd) == (date(2026, 11, 23), Decimal("0.25"))
    assert log.warning is None


@ON_BOTH
@EACH_VERSION
def test_an_upgraded_log_has_the_same_tables_as_a_new_one(
    open_log, make_old, url, database, tmp_path, request, execute, version
):
    make_old(version)
    assert open_log().flush(5)
    new = f"sqlite:///{tmp_path}/new.db"
    if database == "postgres":
        server = request.getfixturevalue("postgres")
        new = server.url(server.new_schema())
    assert open_log(new).flush(5)
    assert shape(url) == shape(new)
    assert execute("SELECT version FROM meta") == [(migrations.NEWEST,)]


ABSURD_RUNS = """
INSERT INTO runs (visitor, run_id, boot_id, started_at, press, variant, connection, model,
  params_json, status, attempts, input_tokens, output_tokens, cost_usd, cost_kind)
VALUES ('eve', '{0}', 'b', 1795435200000000, 1, 'A', 'Server', 'm', '{{}}', 'done', 1,
  {1}, {1}, {1}, 'exact')
"""


@ON_BOTH
@EACH_VERSION
@pytest.mark.parametrize(
    ("numbers", "input_tokens"),
    [
        ((2**63 - 1, 2**63 - 1), 9 * 10**18),
        ((-(2**63), -(2**63)), -9 * 10**18),
        ((2**62, -(2**62) + 7), 7),
        ((2**40, 2**40 + 1), 2**41 + 1),
    ],
)
def test_a_log_with_absurd_numbers_is_brought_up_to_date_and_all_others_are_exact(
    open_log, make_old, execute, row, version, numbers, input_tokens
):
    make_old(version)
    execute(*(ABSURD_RUNS.format(*pair) for pair in enumerate(numbers)))
    log = open_log()
    assert log.totals("eve").input_tokens == input_tokens
    assert sorted(r.input_tokens for r in log.page("eve").rows) == sorted(numbers)
    assert (log.totals("ada").input_tokens, log.count("bob")) == (10, 1)
    log.record(row(9))
    log.delete_all("eve")
    assert log.flush(5)
    assert (log.count("ada"), log.count("eve"), log.warning) == (3, 0, None)
    assert execute("SELECT version FROM meta") == [(migrations.NEWEST,)]


def add_a_note(connection):
    connection.execute(sa.text("ALTER TABLE runs ADD COLUMN note TEXT"))


def fail(connection):
    connection.execute(sa.text("ALTER TABLE runs ADD COLUMN half TEXT"))
    raise ZeroDivisionError


@pytest.fixture
def engine(url, make_old):
    make_old()
    engine = dialect.connect(dialect.parse_url(url), busy_timeout_s=5, is_reader=False)
    yield engine
    engine.dispose()


def columns(url):
    return {name for name, *_ in shape(url)["runs"][0]}


def test_a_migration_keeps_the_rows_and_a_copy_of_the_old_file(engine, file, url):
    migrations.migrate(engine, file, [*migrations.STEPS, add_a_note])
    with engine.connect() as connection:
        assert migrations.version_of(connection) == migrations.NEWEST + 1
        assert connection.execute(sa.text("SELECT count(*) FROM runs")).scalar_one() == 3
    assert "note" in columns(url)
    backup = file.with_name("runs.db.bak-v1")
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT version FROM meta").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (3,)
    written = backup.read_bytes()
    migrations.migrate(engine, file, [*migrations.STEPS, add_a_note])
    assert backup.read_bytes() == written


def test_a_copy_made_while_another_process_migrated_does_not_replace_the_older_one(
    engine, file, monkeypatch
):
    """The other process is quicker: it has copied and migrated while this one still copies."""
    first = dialect.connect(sa.make_url(f"sqlite:///{file}"), busy_timeout_s=5, is_reader=False)
    names = iter(["slow", "quick"])

    def name(_length):
        chosen = next(names)
        if chosen == "slow":
            migrations.migrate(first, file)
        return chosen

    monkeypatch.setattr(sqlite_file.secrets, "token_hex", name)
    migrations.migrate(engine, file)
    first.dispose()
    with closing(sqlite3.connect(file.with_name("runs.db.bak-v1"))) as connection:
        assert connection.execute("SELECT version FROM meta").fetchone() == (1,)
    left = sorted(found.name for found in file.parent.iterdir() if ".bak" in found.name)
    assert left == ["runs.db.bak-v1"]


def test_a_log_that_is_up_to_date_is_not_copied(engine, file):
    for _ in range(2):
        migrations.migrate(engine, file)
    copies = [found.name for found in file.parent.iterdir() if ".bak" in found.name]
    assert copies == ["runs.db.bak-v1"]


def test_a_copy_that_was_killed_half_way_is_made_again(engine, file, open_log):
    unfinished = file.with_name("runs.db.bak-v1.0a1b.unfinished")
    unfinished.write_bytes(b"half a copy")
    # What cannot be deleted is in nobody's way.
    file.with_name("runs.db.bak-v1.0a1c.unfinished").mkdir()
    log = open_log()
    assert (log.count("ada"), log.warning) == (2, None)
    assert not unfinished.exists()
    with closing(sqlite3.connect(file.with_name("runs.db.bak-v1"))) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (3,)


def test_a_copy_that_another_process_tidies_away_is_no_fault(engine, file, monkeypatch):
    def tidied_away(*_):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "replace", tidied_away)
    migrations.migrate(engine, file)
    with engine.connect() as connection:
        assert migrations.version_of(connection) == migrations.NEWEST


@ON_BOTH
def test_a_migration_that_fails_leaves_the_last_whole_step(engine, url):
    with pytest.raises(ZeroDivisionError):
        migrations.migrate(engine, None, [*migrations.STEPS, add_a_note, fail])
    with engine.connect() as connection:
        assert migrations.version_of(connection) == migrations.NEWEST + 1
    assert "note" in columns(url)
    assert "half" not in columns(url)


MIGRATE_AND_HANG = """
import sys
from pathlib import Path
from playground.store.tables import dialect, migrations, sqlite_file

def hang(connection):
    connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN half TEXT")
    connection.exec_driver_sql("DELETE FROM runs")
    print("half-way", flush=True)
    sys.stdin.read()

url = dialect.parse_url(sys.argv[1])
engine = dialect.connect(url, busy_timeout_s=5, is_reader=False)
migrations.migrate(engine, dialect.sqlite_file(url), [*migrations.STEPS, hang])
"""


@ON_BOTH
def test_a_log_whose_migration_was_killed_half_way_opens_with_every_row(
    open_log, make_old, url, execute
):
    make_old()
    with subprocess.Popen(
        [sys.executable, "-c", MIGRATE_AND_HANG, url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "half-way\n"
        process.kill()
    log = open_log(busy_timeout_s=5)
    assert (log.count("ada"), log.count("bob"), log.warning) == (2, 1, None)
    assert "half" not in columns(url)
    assert execute("SELECT version FROM meta") == [(migrations.NEWEST,)]


@ON_BOTH
def test_an_old_log_opened_by_several_at_once_is_migrated_once(open_log, make_old, execute, row):
    make_old()
    with ThreadPoolExecutor(4) as threads:
        logs = list(threads.map(lambda _: open_log(boot=Boot(), busy_timeout_s=10), range(4)))
    for number, log in enumerate(logs, 10):
        log.record(row(number))
        assert log.flush(10)
    assert [(log.count("ada"), log.warning) for log in logs] == [(6, None)] * 4
    assert execute("SELECT version FROM meta") == [(migrations.NEWEST,)]


@ON_BOTH
def test_a_newer_app_started_beside_this_one_stops_it_from_writing(log, row, execute):
    log.record(row(1))
    assert log.flush(5)
    execute("UPDATE meta SET version = version + 1")
    log.record(row(2))
    assert not log.flush(5)
    assert "newer version" in log.warning
    assert log.totals("ada") == Totals(
        runs=2, input_tokens=20, output_tokens=10, spent_usd=Decimal("0.00007")
    )
