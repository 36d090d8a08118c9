"""The same log on a Postgres server, when there is one to try it on."""

import os
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import sqlalchemy as sa

from playground.core.budget import Budget, Reservation, Spender, windows
from playground.store.boots import Boot
from playground.store.schema import metadata

URL = os.environ.get("TEST_DATABASE_URL")
pytestmark = pytest.mark.skipif(not URL, reason="TEST_DATABASE_URL is not set")


@pytest.fixture
def empty_server():
    engine = sa.create_engine(URL)
    metadata.drop_all(engine)
    yield engine
    metadata.drop_all(engine)
    engine.dispose()


def test_runs_are_kept_paged_added_up_and_deleted(empty_server, open_log, row, texts):
    log = open_log(URL)
    for number in range(1, 6):
        log.record(row(number, status="queued"), texts(row(number), answer="nul\0 \ud800"))
    assert log.flush(10), log.warning
    for number in range(1, 6):
        log.record(row(number, cost_usd=Decimal("1000.000000000001")))
    log.record(row(9, "bob"))
    assert log.flush(10)
    log.close()
    again = open_log(URL)
    page = again.page("ada", limit=2, before=row(5).run_id)
    assert [int(found.run_id, 16) for found in page.rows] == [4, 3]
    assert (page.older, page.newer) == (True, True)
    assert again.page("ada", limit=2, after=row(4).run_id).rows[0].press == 5
    assert again.totals("ada").spent_usd == Decimal("5000.000000000005")
    assert again.count("ada") == 5
    assert again.get("ada", row(1).run_id)[1].answer == "nul\ufffd \ufffd"
    again.delete_all("ada")
    assert again.flush(10)
    assert (again.count("ada"), again.count("bob")) == (0, 1)
    assert again.warning is None


def test_the_runs_of_a_dead_process_are_interrupted(empty_server, open_log, row):
    first = open_log(URL, boot=Boot(pid=2**22 + 1))
    lost = row(1, status="streaming", cost_kind="unknown", worst_case_usd=Decimal("0.5"))
    first.record(lost)
    assert first.flush(10)
    (found,) = open_log(URL).page("ada").rows
    assert (found.status, found.cost_usd, found.cost_kind) == (
        "interrupted",
        Decimal("0.5"),
        "at most",
    )


def test_a_row_the_server_refuses_does_not_hold_up_the_others(empty_server, open_log, row):
    log = open_log(URL)
    log.record(row(1))
    log.record(row(2, press=2**40))
    log.record(row(3))
    assert not log.flush(10)
    assert "refuses some rows. 1 row" in log.warning


def test_a_server_that_is_down_is_a_warning_and_the_rows_are_kept(empty_server, open_log, row):
    nowhere = sa.make_url(URL).set(host="127.0.0.1", port=1, query={})
    log = open_log(nowhere.render_as_string(hide_password=False))
    log.record(row(1))
    assert not log.flush(10)
    assert log.warning == (
        "The log can't be saved: the database server can't be reached. "
        "1 row is kept in memory and will be written when it can be."
    )
    assert log.page("ada").rows == (row(1),)


def test_a_budget_is_kept_by_many_threads_and_two_processes(empty_server, open_log, row):
    logs = [open_log(URL), open_log(URL, boot=Boot(pid=2**22 + 1))]
    now = row(1).started_at
    caps = windows(Budget(day_usd=Decimal("0.4")), Budget(), Spender("ada", "owner", now), now)
    logs[0].record(row(0, cost_usd=Decimal("0.1")))
    logs[0].record(row(1, status="streaming", cost_kind="unknown", cost_usd=None,
                       worst_case_usd=Decimal("0.1")))  # fmt: skip

    def admit(number):
        one = Reservation(f"r{number}", "ada", "owner", now, Decimal("0.01"))
        return logs[number % 2].ledger.reserve([one], caps) is None

    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(admit, range(100))) == 20
    [standing] = logs[1].ledger.standings(caps)
    assert (standing.used_usd, standing.held_usd) == (Decimal("0.1"), Decimal("0.3"))
    assert logs[0].ledger.keep_budget("ada", Budget(day_usd=Decimal(1))) is None
    assert logs[1].ledger.budget_of("ada") == Budget(day_usd=Decimal(1))
