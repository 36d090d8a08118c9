"""A log of an earlier version: opened, brought up to date, and none of it lost."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal

from playground.core.budget import Budget, Reservation, Spender, windows
from playground.core.history import ORDERS, Filter
from playground.store import migrations

# As the first release made it.
VERSION_1 = """
CREATE TABLE meta (version INTEGER NOT NULL);
CREATE TABLE boots (boot_id TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
  seen_at BIGINT NOT NULL, PRIMARY KEY (boot_id));
CREATE TABLE runs (visitor TEXT NOT NULL, run_id TEXT NOT NULL, boot_id TEXT NOT NULL,
  started_at BIGINT NOT NULL, ended_at BIGINT, press INTEGER NOT NULL, variant TEXT NOT NULL,
  connection TEXT NOT NULL, model TEXT NOT NULL, params_json TEXT NOT NULL,
  status TEXT NOT NULL, stop_reason TEXT, error_kind TEXT, error_message TEXT,
  http_status INTEGER, attempts INTEGER NOT NULL, ttft_s DOUBLE, duration_s DOUBLE,
  input_tokens BIGINT, output_tokens BIGINT, cache_read_tokens BIGINT,
  cache_write_tokens BIGINT, thinking_tokens BIGINT, cost_usd BIGINT,
  cost_kind TEXT NOT NULL, worst_case_usd BIGINT, unit_prices_json TEXT, request_id TEXT,
  PRIMARY KEY (visitor, run_id));
CREATE TABLE texts (visitor TEXT NOT NULL, run_id TEXT NOT NULL, request_json TEXT NOT NULL,
  answer TEXT NOT NULL, thinking TEXT NOT NULL, attempts_json TEXT NOT NULL,
  PRIMARY KEY (visitor, run_id));
CREATE TABLE tallies (visitor TEXT NOT NULL, status TEXT NOT NULL, cost_kind TEXT NOT NULL,
  runs BIGINT NOT NULL, priced BIGINT NOT NULL, input_tokens BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL, cost_usd BIGINT NOT NULL,
  PRIMARY KEY (visitor, status, cost_kind));
CREATE INDEX runs_since ON runs (visitor, status, cost_kind, started_at, input_tokens,
  output_tokens, cost_usd);
CREATE INDEX runs_live ON runs (boot_id)
  WHERE status IN ('queued', 'connecting', 'waiting', 'streaming');
INSERT INTO meta VALUES (1);
INSERT INTO runs (visitor, run_id, boot_id, started_at, press, variant, connection, model,
  params_json, status, attempts, cost_usd, cost_kind)
VALUES ('ada', '1', 'b', 1795435200000000, 1, 'A', 'Claude API', 'm', '{}', 'done', 1,
  250000000000, 'exact');
INSERT INTO texts VALUES ('ada', '1', '{}', 'Hello', '', '[]');
INSERT INTO tallies VALUES ('ada', 'done', 'exact', 1, 1, 0, 0, 250000000000);
"""
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def old_file(file):
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(VERSION_1)


def shape(file):
    """Every table with its columns and types, and every index with its columns."""
    with closing(sqlite3.connect(file)) as connection:
        names = connection.execute("SELECT type, name FROM sqlite_master ORDER BY name").fetchall()
        return {
            name: connection.execute(
                f"PRAGMA {'table_xinfo' if kind == 'table' else 'index_info'}({name})"
            ).fetchall()
            for kind, name in names
        }


def test_the_first_releases_log_is_opened_and_counts_for_a_budget(open_log, file):
    old_file(file)
    log = open_log()
    assert log.get("ada", "1")[1].answer == "Hello"
    assert log.totals("ada").spent_usd == Decimal("0.25")
    caps = windows(Budget(day_usd=Decimal("0.5")), Budget(), Spender("ada", "ada", NOON), NOON)
    one = Reservation("2", "ada", "ada", NOON, Decimal("0.2"))
    assert log.ledger.reserve([one], caps) is None
    [standing] = log.ledger.standings(caps)
    assert (standing.used_usd, standing.left_usd) == (Decimal("0.25"), Decimal("0.05"))
    assert log.warning is None
    assert file.with_name("runs.db.bak-v1").exists()


def test_the_first_releases_runs_are_searched_filtered_and_added_up(open_log, file):
    old_file(file)
    log = open_log()
    for _ in range(4):
        assert log.flush(5)
    assert log.history.indexed("ada") is None
    chosen = Filter(text="hello", models=("m",), to_day=date(2026, 11, 23))
    for order in ORDERS:
        assert [row.run_id for row in log.history.page("ada", chosen, order).rows] == ["1"]
    for one in (chosen, Filter(statuses=("done",))):
        assert log.history.summary("ada", one).totals == log.totals("ada")
    [day] = log.history.day_costs("ada", Filter())
    assert (day.day, day.cost_usd) == (date(2026, 11, 23), Decimal("0.25"))
    assert log.warning is None


def test_an_upgraded_log_has_the_same_tables_as_a_new_one(open_log, file, tmp_path):
    old_file(file)
    assert open_log().flush(5)
    new = tmp_path / "new.db"
    assert open_log(f"sqlite:///{new}").flush(5)
    assert shape(file) == shape(new)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version FROM meta").fetchone() == (migrations.NEWEST,)
