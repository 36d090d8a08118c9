"""Rows that no database takes: they are said, stay readable, and harm nobody else's."""

import sqlite3
import string
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from threading import Semaphore

import pytest
import sqlalchemy as sa
from store.databases import ON_BOTH

from playground.core.log.history import ORDERS, Filter
from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.runs.run_row import Page
from playground.core.text.refusal import Refusal
from playground.store.writing import writer as writer_module
from playground.store.writing.processes import Boot

PROSE = "word7919 " + "".join(Random(1).choices(string.ascii_letters + " ", k=5_491))
"""Hardly compressible: PostgreSQL takes no such text into an index."""
BAD = {
    "a model of 5,500 characters": {"model": PROSE},
    "a model of 3 MB": {"model": PROSE * 550},
    "no model": {"model": None},
    "an experiment of 5,500 characters": {"experiment_id": PROSE},
    "a variant of 5,500 characters": {"variant": PROSE},
    "a status of 5,500 characters": {"status": PROSE},
    "a NUL and half a character": {"model": "a\0b\ud83d", "error_message": "\0\udc00"},
    "more tokens than fit": {"input_tokens": 2**63},
    "as many tokens as just fit": {"output_tokens": 2**63 - 1},
    "fewer than none": {"input_tokens": -(2**63) - 1},
    "a press beyond 32 bits": {"press": 2**31},
    "an HTTP status beyond 32 bits": {"http_status": 2**40},
    "a cost beyond all money": {"cost_usd": Decimal("1e30")},
    "a cost that is no number": {"cost_usd": Decimal("NaN")},
    "an endless cost": {"worst_case_usd": Decimal("Infinity")},
    "a cost that signals": {"cost_usd": Decimal("sNaN")},
    "a cost of a million digits": {"cost_usd": Decimal("1e999999")},
    "a cost next to nothing": {"cost_usd": Decimal("1e-999999")},
    "parameters nested without end": {"params_json": '{"a":' + "[" * 50_000 + "]" * 50_000 + "}"},
    "parameters that are a list": {"params_json": "[1]"},
    "a duration that is no number": {"duration_s": float("nan")},
    "an endless duration": {"duration_s": float("inf")},
    "the first moment": {"started_at": datetime.min.replace(tzinfo=UTC)},
    "the last moment": {"ended_at": datetime.max.replace(tzinfo=UTC)},
    "a moment before the first": {
        "started_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    },
    "a moment after the last": {
        "started_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))
    },
    "parameters that are no JSON": {"params_json": "{"},
    "text where a number belongs": {"attempts": "many"},
    "a list where text belongs": {"request_id": ["a"]},
}


@pytest.fixture(autouse=True)
def no_surprises(caplog):
    """What the server's log says of refusals is checked where it is the point."""
    yield
    assert "word7919" not in caplog.text
    caplog.clear()


def ids(page):
    return [int(row.run_id, 16) for row in page.rows]


def saved(execute, visitor):
    found = execute(f"SELECT press FROM runs WHERE visitor = '{visitor}' ORDER BY press")
    return [press for (press,) in found]


def refused(row, number=1, visitor="eve", **changes):
    """No database takes it."""
    return row(number, visitor, cost_usd=Decimal("1e30"), **changes)


@ON_BOTH
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_whatever_a_row_holds_the_rows_beside_it_are_written_and_it_is_seen(
    open_log, log, row, texts, other_writer, execute, bad
):
    assert log.flush(5)
    with other_writer():
        for number in range(1, 4):
            log.record(row(number, "bob"), texts(row(number)))
        log.record(replace(row(9, "eve"), **bad), texts(row(9)))
        for number in range(4, 6):
            log.record(row(number, "bob"), texts(row(number)))
    is_taken = log.flush(5)
    assert saved(execute, "bob") == [1, 2, 3, 4, 5]
    assert (log.warning_to("eve") is None) == is_taken
    assert is_taken or "The database rejects 1 row (" in log.warning_to("eve")
    assert log.warning_to("bob") is None
    [shown] = log.page("eve").rows
    assert log.get("eve", shown.run_id)[1].answer == "Hello"
    assert (log.count("eve"), len(log.unsaved_rows("eve"))) == (1, int(not is_taken))
    assert len(log.history.page("eve", Filter(text="hello")).rows) == 1
    log.record(row(6, "bob"))
    assert log.flush(5) == is_taken
    assert saved(execute, "bob") == [1, 2, 3, 4, 5, 6]
    log.close()
    later = open_log(busy_timeout_s=5)
    assert later.flush(30)
    assert ids(later.page("bob")) == [6, 5, 4, 3, 2, 1]
    assert ids(later.page("eve")) == ([9] if is_taken else [])


@pytest.mark.parametrize("is_kept", [True, False], ids=["stored", "on its page only"])
@pytest.mark.parametrize("name", [name for name in BAD if name != "no model"])
def test_beside_two_rows_of_whatever_kind_all_can_be_asked(log, row, texts, name, is_kept):
    bad = BAD[name]
    log.open_pages.open("page")
    for number in (1, 2, 3):
        changes = bad if number != 2 else {}
        run = replace(row(number), **changes)
        log.record(run, texts(run), only_on_page=None if is_kept else "page")
    log.flush(5)
    for order in ORDERS:
        assert len(log.history.page("ada", Filter(), order).rows) == 3
    within = log.history.page("ada", Filter(from_usd=Decimal("0.00001"), to_usd=Decimal(1)))
    assert sorted(ids(within)) == ([2] if "cost_usd" in bad else [1, 2, 3])
    assert log.totals("ada").runs == log.history.summary("ada", Filter()).totals.runs == 3
    assert log.history.summary("ada", Filter(text="hello")).totals.runs in (2, 3)
    assert log.history.day_costs("ada", Filter())


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_prose_for_a_model_is_a_refusal_named_by_its_code(log, row, texts, execute, caplog):
    log.record(row(1, model=PROSE), texts(row(1)))
    log.record(row(1, "bob"))
    assert not log.flush(5)
    assert log.warning == (
        "The database rejects 1 row (SQLSTATE 54000). It is kept in memory only, until the app "
        "stops; everything else is saved."
    )
    assert "the run log met OperationalError, SQLSTATE 54000" in caplog.text
    assert saved(execute, "bob") == [1]
    assert log._writer.readable is not None
    assert log.get("ada", row(1).run_id) == (row(1, model=PROSE), texts(row(1)))


@ON_BOTH
def test_budgets_go_on_beside_a_refused_row_and_it_counts_for_what_it_cost(log, row, now):
    cents = {number: Decimal(number) / 100 for number in (1, 2, 3)}
    caps = windows(Budget(day_usd=Decimal("0.05")), Budget(), Spender("ada", "owner", now), now)

    def reserve(number):
        wanted = Reservation(row(number).run_id, "ada", "owner", now, cents[number])
        return log.budgets.reserve([wanted], caps)

    assert reserve(3) is None
    log.record(row(3, cost_usd=Decimal("0.01"), press=2**70))
    assert not log.flush(5)
    for balance in log.budgets.balances(caps):
        assert (balance.used_usd, balance.held_usd) == (Decimal("0.01"), 0)
    assert reserve(2) is None
    assert "$0.0100 too much" in reserve(3).sentence


@ON_BOTH
def test_a_history_is_deleted_for_good_beside_a_refused_row(open_log, log, row, texts, execute):
    for visitor in ("ada", "bob"):
        log.record(row(1, visitor), texts(row(1)))
    assert log.flush(5)
    log.record(refused(row), texts(row(1)))
    assert not log.flush(5)
    log.delete_all("ada")
    assert not log.flush(5)
    assert saved(execute, "ada") == []
    assert log.warning_to("ada") is None
    # It was done once: what comes later is not deleted.
    for number in (2, 3, 4):
        log.record(row(number), texts(row(number)))
        log.record(refused(row, number))
    assert not log.flush(5)
    log.record(refused(row, 5))
    assert not log.flush(5)
    assert saved(execute, "ada") == [2, 3, 4]
    assert "4 rows" in log.warning_to("eve") or "5 rows" in log.warning_to("eve")
    log.close()
    later = open_log()
    assert ids(later.page("ada")) == [4, 3, 2]
    assert (ids(later.page("bob")), ids(later.page("eve"))) == ([1], [])


@ON_BOTH
def test_a_deletion_that_has_to_wait_says_so_to_whom_it_concerns(
    open_log, log, row, other_writer, execute
):
    log.record(row(1))
    assert log.flush(5)
    with other_writer():
        log.delete_all("ada")
        assert not log.flush(5)
        assert log.warning_to("ada") == (
            "Your history is not deleted yet, because another program has locked it. It will be "
            "deleted when that is over; if the app stops first, delete it again. "
            "The log can't be saved: another program has locked it."
        )
        assert "history" not in log.warning_to("bob")
        assert (log.page("ada"), log.count("ada")) == (Page(), 0)
        log.record(row(2))
    assert log.flush(5)
    assert (log.warning_to("ada"), saved(execute, "ada")) == (None, [2])


@ON_BOTH
def test_a_deletion_that_the_database_refuses_holds_up_nobody_else(log, row, execute, database):
    for visitor in ("ada", "bob"):
        log.record(row(1, visitor))
    assert log.flush(5)
    if database == "postgres":
        execute(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'no' USING ERRCODE = '54000'; END $$",
            "CREATE TRIGGER keep BEFORE DELETE ON runs FOR EACH ROW "
            "WHEN (OLD.visitor = 'ada') EXECUTE FUNCTION keep()",
        )
    else:
        execute(
            "CREATE TRIGGER keep BEFORE DELETE ON runs WHEN OLD.visitor = 'ada' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    log.delete_all("ada")
    log.delete_all("bob")
    log.record(row(2))
    log.record(row(2, "bob"))
    assert not log.flush(5)
    assert saved(execute, "bob") == [2]
    assert log.warning_to("ada").startswith(
        "Your history is not deleted yet, because the database rej"
    )
    assert log.warning_to("bob") is None
    assert ids(log.page("ada")) == [2]
    execute("DROP TRIGGER keep" + (" ON runs" if database == "postgres" else ""))
    assert log.flush(5)
    assert (saved(execute, "ada"), log.warning) == ([2], None)


class Gate:
    """A clock that can be closed: then each who asks it waits to be let through."""

    def __init__(self, now):
        self.now, self.is_closed = now, False
        self.asked, self.passes = Semaphore(0), Semaphore(0)

    def __call__(self):
        if self.is_closed:
            self.asked.release()
            assert self.passes.acquire(timeout=30)
        return self.now


def test_what_is_asked_for_while_a_turn_goes_on_is_tried_again_by_the_next(
    open_log, row, execute, now
):
    log = open_log(clock=(gate := Gate(now)))
    log.record(row(1))
    assert log.flush(5)
    execute("CREATE TRIGGER keep BEFORE DELETE ON runs BEGIN SELECT RAISE(ABORT, 'no'); END")
    log.delete_all("ada")
    assert not log.flush(5)
    gate.is_closed = True
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(log.flush, 30)
        assert gate.asked.acquire(timeout=30)
        second = threads.submit(log.flush, 30)
        while not log._writer._is_urgent:
            time.sleep(0.001)
        gate.passes.release()
        assert gate.asked.acquire(timeout=30)  # The deletion is tried once more.
        execute("DROP TRIGGER keep")
        gate.is_closed = False
        gate.passes.release()
        assert (first.result(), second.result()) == (False, True)
    assert saved(execute, "ada") == []


@ON_BOTH
def test_a_refused_run_can_be_deleted_brought_back_and_deleted_for_good(log, row, texts):
    bad = replace(row(1), press=2**70)
    log.record(bad, texts(bad))
    log.record(row(2), texts(row(2)))
    assert not log.flush(5)
    both = [row(1).run_id, row(2).run_id]
    assert log.history.delete("ada", both) is None
    assert (log.page("ada"), log.warning, log.flush(5)) == (Page(), None, True)
    assert log.history.bring_back("ada", both) is None
    assert not log.flush(5)
    assert log.get("ada", bad.run_id) == (bad, texts(bad))
    assert ids(log.page("ada")) == [2, 1]
    day = row(1).started_at.date()
    assert sum(log.housekeeping.drop_old_texts("ada", day)) == 2
    assert ids(log.page("ada")) == [2, 1]
    assert log.get("ada", bad.run_id)[1].answer == ""
    assert sum(log.housekeeping.delete_old("ada", day)) == 2
    assert (log.page("ada"), log.flush(5), log.warning) == (Page(), True, None)


@ON_BOTH
@pytest.mark.parametrize("keeps_numbers", [False, True])
def test_a_deletion_whose_commit_fails_loses_no_refused_row(log, row, texts, keeps_numbers, caplog):
    bad = replace(row(1), press=2**70)
    log.record(bad, texts(bad))
    log.record(row(2), texts(row(2)))
    assert not log.flush(5)
    day = row(1).started_at.date() + timedelta(days=1)

    def forget():
        if keeps_numbers:
            return list(log.housekeeping.drop_old_texts("ada", day))
        return [log.history.delete("ada", [row(1).run_id, row(2).run_id])]

    engine = log._writer.database._writer

    def fail(connection):
        sa.event.remove(engine, "commit", fail)
        raise sa.exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error"))

    sa.event.listen(engine, "commit", fail)
    assert isinstance(forget()[-1], Refusal)
    assert not log.flush(5)
    assert log.get("ada", bad.run_id) == (bad, texts(bad))
    assert ids(log.page("ada")) == [2, 1]


@ON_BOTH
def test_runs_of_one_visitor_are_deleted_beside_the_refused_rows_of_another(log, row, execute):
    log.record(refused(row))
    log.record(row(1))
    assert log.history.delete("ada", [row(1).run_id]) is None
    assert log.flush_runs("ada", [row(1).run_id, row(7).run_id], 5) == {
        row(1).run_id,
        row(7).run_id,
    }
    log.record(row(2))
    mine = [row(2).run_id]
    assert (log.flush_runs("ada", mine, 5), log.flush_runs("eve", [row(1).run_id], 5)) == (
        set(mine),
        set(),
    )
    assert saved(execute, "ada") == [2]


def test_many_refused_rows_are_tried_again_a_few_at_a_time(open_log, row, execute, monkeypatch):
    monkeypatch.setattr(writer_module, "_REFUSED_AT_ONCE", 3)
    log = open_log(retry_every_s=0.01, busy_timeout_s=5)
    for number in range(40):
        log.record(refused(row, number))
        log.record(row(number, "bob"))
    assert not log.flush(60)
    assert saved(execute, "bob") == list(range(40))
    assert "The database rejects 40 rows" in log.warning
    log.record(row(1000, "bob"))
    assert log.flush_runs("bob", [row(1000).run_id], 5)
    for number in range(40):
        log.record(row(number, "eve"))
    assert log.flush(60)
    assert (len(saved(execute, "eve")), log.warning) == (40, None)


@ON_BOTH
def test_one_is_never_repeated_undone_or_late_because_another_is_refused(
    open_log, row, texts, execute
):
    log = open_log(busy_timeout_s=5)
    assert log.flush(5)
    other = open_log(boot=Boot(), busy_timeout_s=5, heartbeat_every_s=600)
    assert other.flush(5)
    for number in range(1, 15):
        log.record(row(number, "bob", status="streaming"), texts(row(number)))
        log.record(refused(row, number))
        assert not log.flush(5)
        assert other.get("bob", row(number).run_id)[0].status == "streaming"
        log.record(row(number, "bob"), texts(row(number)))
        assert log.flush_runs("bob", [row(number).run_id], 5)
        assert other.totals("bob") == log.totals("bob")
    assert saved(execute, "bob") == list(range(1, 15))
