"""Reservations: nothing overshoots, whoever asks at once, and nothing is freed by a crash."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from store.databases import ON_BOTH, overwrite_pages

from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.text.refusal import Refusal
from playground.store.tables import sqlite_file
from playground.store.writing.processes import Boot

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CENT = Decimal("0.01")
GUEST = Spender("guest", "owner", NOON)


def wanted(number, usd=CENT, visitor="ada", payer="ada", at=NOON):
    return Reservation(f"{number:016x}", visitor, payer, at, usd)


def day(cap, visitor="ada", now=NOON, **changes):
    return windows(Budget(day_usd=Decimal(cap)), Budget(), Spender(visitor, visitor, NOON), now)


def session(cap, since=NOON, visitor="ada"):
    own = Budget(session_usd=Decimal(cap))
    return windows(own, Budget(), Spender(visitor, visitor, since), NOON)


def owners_day(cap, visitor, payer="owner"):
    return windows(Budget(), Budget(day_usd=Decimal(cap)), Spender(visitor, payer, NOON), NOON)


def counts(log, caps):
    [balance] = log.budgets.balances(caps)
    return balance.used_usd, balance.held_usd


def ended(row, number, cost, kind="exact", **changes):
    return row(number, started_at=NOON, cost_usd=cost, cost_kind=kind, **changes)


@pytest.mark.parametrize(
    ("database", "many"), [("sqlite", 10_000), ("postgres", 500)], indirect=["database"]
)
def test_of_very_many_concurrent_admissions_none_overshoots(log, many):
    caps = day("3")

    def admit(number):
        return log.budgets.reserve([wanted(number)], caps) is None

    with ThreadPoolExecutor(50) as threads:
        admitted = sum(threads.map(admit, range(many)))
    assert admitted == 300
    assert counts(log, caps) == (0, 3)


@ON_BOTH
def test_one_press_reserves_for_all_of_its_runs_or_for_none(log):
    caps = day("0.025")
    refused = log.budgets.reserve([wanted(n) for n in range(3)], caps)
    assert "up to $0.0300" in refused.sentence
    assert "$0.0050 too much" in refused.sentence
    assert counts(log, caps) == (0, 0)
    assert log.budgets.reserve([wanted(n) for n in range(2)], caps) is None
    assert counts(log, caps) == (0, Decimal("0.02"))


@ON_BOTH
@pytest.mark.parametrize(
    ("status", "cost", "kind", "counted"),
    [
        ("done", Decimal("0.004"), "exact", Decimal("0.004")),
        ("stopped", Decimal("0.004"), "at least", CENT),
        ("interrupted", Decimal("0.004"), "at least", CENT),
        ("failed", Decimal(0), "exact", Decimal(0)),
        ("failed", Decimal("0.004"), "at least", CENT),
        ("done", None, "unknown", CENT),
        ("stopped", Decimal("0.02"), "at least", Decimal("0.02")),
    ],
)
def test_a_run_that_ends_counts_for_what_it_cost_or_for_the_most_it_can(
    log, row, status, cost, kind, counted
):
    caps = day(1)
    assert log.budgets.reserve([wanted(1)], caps) is None
    log.record(ended(row, 1, cost, kind, status=status))
    assert counts(log, caps) == (counted, 0)


@ON_BOTH
def test_a_live_run_stays_reserved_and_what_it_frees_can_be_spent(log, row):
    caps = day("0.015")
    assert log.budgets.reserve([wanted(1)], caps) is None
    log.record(ended(row, 1, None, "unknown", status="streaming", worst_case_usd=CENT))
    assert counts(log, caps) == (0, CENT)
    assert log.budgets.reserve([wanted(2)], caps) is not None
    log.record(ended(row, 1, Decimal("0.002")))
    assert log.budgets.reserve([wanted(2)], caps) is None


@ON_BOTH
def test_what_was_never_sent_is_let_go_of_and_what_was_spent_is_not(log, row):
    caps = day(1)
    assert log.budgets.reserve([wanted(number) for number in range(3)], caps) is None
    assert log.budgets.reserve([wanted(1, visitor="eve")], caps) is None
    log.record(ended(row, 0, Decimal("0.004")))
    ids = [wanted(number).run_id for number in range(2)]
    assert log.budgets.release("ada", ids) is None
    assert counts(log, caps) == (Decimal("0.004"), CENT)
    assert counts(log, day(1, visitor="eve")) == (0, CENT)


@ON_BOTH
def test_another_attempt_is_reserved_on_top_while_it_fits(log, row):
    caps = day("0.025")
    assert log.budgets.reserve([wanted(1)], caps) is None
    assert log.budgets.reserve_again(wanted(1), caps) is None
    assert log.budgets.reserve_again(wanted(1), caps) is not None
    log.record(ended(row, 1, Decimal("0.001"), "at least"))
    assert counts(log, caps) == (2 * CENT, 0)
    assert log.budgets.reserve_again(wanted(1), day(1)) == Refusal(
        "Not started: this run has already ended."
    )


@ON_BOTH
def test_a_run_that_ends_is_settled_beside_one_that_goes_on(log, row, other_writer):
    assert log.budgets.reserve([wanted(1), wanted(2)], day(1)) is None
    with other_writer():
        log.record(ended(row, 1, None, "unknown", status="streaming", worst_case_usd=CENT))
        log.record(ended(row, 2, CENT / 2))
    assert log.flush(5)
    assert counts(log, day(1)) == (CENT / 2, CENT)


def test_what_nobody_foresaw_is_refused_and_told_to_the_owner(log, execute, caplog):
    assert log.flush(5)
    execute("ALTER TABLE reservations RENAME COLUMN usd TO elsewhere")
    assert_refused(log, because="the database rejects it (SQLITE_ERROR)")
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors == ["the budgets met OperationalError"]
    caplog.clear()


def test_damage_that_a_reservation_meets_is_looked_into_at_once(log, row, texts, file, monkeypatch):
    monkeypatch.setattr(sqlite_file, "_QUICK_TO_CHECK_BYTES", 0)
    for number in range(1, 51):
        log.record(row(number), texts(row(number), answer="x" * 2000))
    assert log.flush(5)
    overwrite_pages(file, first=4096)
    assert_refused(log, because="the file is damaged")
    assert log.flush(5)
    assert "was damaged. It was renamed" in log.warning
    assert log.budgets.reserve([wanted(1)], day(1)) is None


@ON_BOTH
def test_another_attempt_of_one_run_is_none_of_another(log):
    for number, visitor in ((1, "ada"), (2, "ada"), (1, "bob")):
        assert log.budgets.reserve([wanted(number, visitor=visitor)], day(1, visitor)) is None
    assert log.budgets.reserve_again(wanted(1), day(1)) is None
    assert counts(log, day(1)) == (0, 3 * CENT)
    assert counts(log, day(1, "bob")) == (0, CENT)
    assert log.budgets.reserve_again(wanted(3), day(1)) is not None


@ON_BOTH
def test_a_budget_made_at_noon_knows_of_the_runs_of_the_morning(log, row):
    log.record(ended(row, 1, CENT))
    log.record(ended(row, 2, None, "unknown", status="streaming", worst_case_usd=3 * CENT))
    log.record(ended(row, 3, CENT, "at least", worst_case_usd=2 * CENT))
    log.record(ended(row, 4, CENT, "simulated"))
    log.record(ended(row, 5, None, "unknown"))
    log.record(row(6, started_at=NOON - timedelta(days=1), cost_usd=CENT))
    log.record(ended(row, 7, CENT, visitor="bob"))
    assert counts(log, day(1)) == (3 * CENT, 3 * CENT)
    assert log.budgets.reserve([wanted(8), wanted(9)], day(1)) is None
    log.record(ended(row, 9, CENT / 2))
    assert counts(log, day(1)) == (3 * CENT + CENT / 2, 4 * CENT)


@ON_BOTH
def test_a_run_counts_into_the_day_and_the_session_of_its_start(log):
    night = NOON.replace(hour=23, minute=59)
    assert log.budgets.reserve([wanted(1, at=night)], day(1, now=night)) is None
    assert counts(log, day(1, now=night)) == (0, CENT)
    assert counts(log, day(1, now=night + timedelta(minutes=2))) == (0, 0)
    assert counts(log, session(1)) == (0, CENT)
    assert counts(log, session(1, since=night + timedelta(minutes=1))) == (0, 0)


@ON_BOTH
def test_the_owners_day_is_one_for_all_he_pays_for(log):
    bob = owners_day("0.015", "bob")
    assert log.budgets.reserve([wanted(1, payer="owner")], owners_day("0.015", "ada")) is None
    assert log.budgets.reserve([wanted(2, visitor="bob", payer="owner")], bob) is not None
    own = owners_day("0.015", "bob", payer="bob")
    assert log.budgets.reserve([wanted(2, visitor="bob", payer="bob")], own) is None


@ON_BOTH
def test_forgetting_the_log_gives_no_money_back(log, row):
    caps = day(1)
    assert log.budgets.reserve([wanted(1)], caps) is None
    log.record(ended(row, 1, CENT))
    assert log.flush(5)
    log.delete_all("ada")
    assert log.flush(5)
    assert counts(log, caps) == (CENT, 0)


RESERVE_AND_HANG = """
import sys
from datetime import UTC, datetime
from decimal import Decimal
from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.runs.run_row import RunRow
from playground.store.log import RunLog

now = datetime(2026, 11, 23, 12, tzinfo=UTC)
log = RunLog(sys.argv[1], clock=lambda: now)
caps = windows(Budget(day_usd=Decimal("0.015")), Budget(), Spender("ada", "ada", now), now)
assert log.budgets.reserve([Reservation("1", "ada", "ada", now, Decimal("0.01"))], caps) is None
if sys.argv[2] == "recorded":
    log.record(RunRow(run_id="1", visitor="ada", started_at=now, press=1, variant="A",
                      connection="Claude API", model="m", params_json="{}", status="streaming",
                      worst_case_usd=Decimal("0.01")))
    assert log.flush(5)
print("reserved", flush=True)
sys.stdin.read()
"""


@ON_BOTH
@pytest.mark.parametrize("moment", ["recorded", "not yet recorded"])
def test_after_a_kill_in_the_middle_of_a_run_its_reservation_still_counts(open_log, url, moment):
    command = [sys.executable, "-c", RESERVE_AND_HANG, url, moment]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout.readline() == "reserved\n"
        process.kill()
    log = open_log()
    assert sum(counts(log, day("0.015"))) == CENT
    assert "$0.0050 too much" in log.budgets.reserve([wanted(2)], day("0.015")).sentence


ADMIT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.store.log import RunLog

now = datetime(2026, 11, 23, 12, tzinfo=UTC)
name = sys.argv[2]
sys.stdin.readline()
log = RunLog(sys.argv[1], clock=lambda: now, busy_timeout_s=10)
caps = windows(Budget(day_usd=Decimal("0.4")), Budget(), Spender("ada", "ada", now), now)

def admit(number):
    wanted = Reservation(f"{name}-{number}", "ada", "ada", now, Decimal("0.01"))
    return log.budgets.reserve([wanted], caps) is None

with ThreadPoolExecutor(8) as threads:
    print(sum(threads.map(admit, range(50))))
assert log.warning is None, log.warning
log.close()
"""


@ON_BOTH
def test_two_processes_create_one_log_and_keep_to_one_budget(open_log, url, execute):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADMIT, url, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    admitted = [int(process.communicate("\n", timeout=60)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum(admitted) == 40
    assert sum(counts(open_log(), day("0.4"))) == 40 * CENT
    assert execute("SELECT count(*) FROM meta") == [(1,)]


def assert_refused(log, *, because, number=9):
    assert log.budgets.reserve([wanted(number)], day(1)) == Refusal(
        f"Not started: there is a budget, and nothing can be reserved: {because}."
    )


def test_what_cannot_be_reserved_is_refused_and_says_why(
    open_log, log, row, file, tmp_path, caplog
):
    log.record(row(1))
    assert log.flush(5)
    assert_refused(
        open_log(f"sqlite:///file:{file}?mode=ro&uri=true"),
        because="the file or its folder is read-only",
    )
    assert_refused(open_log(f"sqlite:///{tmp_path}"), because="its path is a folder, not a file")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert_refused(log, because="another program has locked it")
        other.execute("ROLLBACK")
    assert log.budgets.reserve([wanted(1)], day(1)) is None
    # The same run twice would be two runs on one reservation.
    assert_refused(log, number=1, because="the database rejects it (SQLITE_CONSTRAINT_PRIMARYKEY)")
    assert "the budgets met IntegrityError" in caplog.text
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE meta SET version = version + 1")
    assert_refused(log, because="it was made by a newer version of this app")


def test_a_full_disk_refuses_and_a_closed_log_too(log, file):
    assert log.budgets.reserve([wanted(1)], day(1)) is None
    with log._writer.database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    many = [wanted(number) for number in range(2, 2_000)]
    assert "the disk is full" in log.budgets.reserve(many, day(100)).sentence
    assert counts(log, day(100)) == (0, CENT)
    log.close()
    assert_refused(log, because="the log is not open")


@ON_BOTH
def test_a_visitors_own_budget_is_there_on_the_next_visit(open_log, other_writer):
    first = open_log()
    assert first.budgets.load("local") == Budget()
    for budget in (Budget(day_usd=Decimal("0.5")), Budget(session_usd=CENT)):
        assert first.budgets.save("local", budget) is None
        assert open_log().budgets.load("local") == budget
    assert first.budgets.load("someone else") == Budget()
    with other_writer():
        assert first.budgets.load("local") == Budget(session_usd=CENT)
        assert counts(first, day(1, "local")) == (0, 0)


def test_a_guests_share_counts_what_the_owner_paid_for_him_and_nothing_else(log, row):
    caps = windows(Budget(), Budget(visitor_day_usd=Decimal("0.02")), GUEST, NOON)
    own, other = wanted(1, visitor="guest", payer="guest"), wanted(2, visitor="eve", payer="owner")
    assert log.budgets.reserve([own, other], ()) is None
    assert counts(log, caps) == (0, 0)
    first = [wanted(n, visitor="guest", payer="owner") for n in (3, 4)]
    assert log.budgets.reserve(first, caps) is None
    refused = log.budgets.reserve([wanted(5, visitor="guest", payer="owner")], caps)
    assert "$0 of your $0.02 for today is left" in refused.sentence
    log.record(ended(row, 3, CENT / 2, visitor="guest"))
    assert log.flush(5)
    assert counts(log, caps) == (CENT / 2, CENT)


def test_a_share_binds_neither_a_key_of_ones_own_nor_who_is_at_the_machine():
    owners = Budget(visitor_day_usd=CENT)
    assert windows(Budget(), owners, Spender("guest", "guest", NOON), NOON) == ()
    assert windows(Budget(), owners, Spender("local", "owner", NOON), NOON) == ()


@pytest.mark.parametrize("is_reserved", [True, False])
def test_deleting_a_history_frees_nothing_that_was_spent(log, row, is_reserved):
    caps = (*day("1"), *owners_day("1", "ada"))
    if is_reserved:
        held = [wanted(1, payer="owner"), wanted(3, payer="owner")]
        assert log.budgets.reserve(held, caps) is None
    log.record(ended(row, 1, CENT / 2))
    log.record(row(2, cost_usd=CENT, cost_kind="simulated"))
    log.record(row(3, started_at=NOON, status="streaming", worst_case_usd=CENT, cost_usd=None,
                   cost_kind="unknown"))  # fmt: skip
    assert log.flush(5)
    before = log.budgets.balances(caps)
    spent = sum(balance.used_usd + balance.held_usd for balance in before)
    assert spent == (2 if is_reserved else 1) * Decimal("0.015")
    log.delete_all("ada")
    assert log.flush(5)
    assert log.count("ada") == 0
    after = log.budgets.balances(caps)
    assert sum(balance.used_usd + balance.held_usd for balance in after) == spent
    # A run that was on its way counts for what it cost in the end.
    log.record(ended(row, 3, CENT / 4))
    assert log.flush(5)
    assert log.budgets.balances(caps)[0].used_usd == CENT * 3 / 4


@ON_BOTH
def test_what_was_reserved_by_a_process_that_died_counts_until_its_day_is_over(open_log):
    gone = open_log(boot=Boot(pid=2**22 + 1))
    assert gone.budgets.reserve([wanted(1, 3 * CENT)], day("0.10")) is None
    # As a kill leaves it: the run's row was never written, nor did the process sign off.
    later = open_log()
    later.claims.acquire("ada", "whatever makes it look for the dead")
    midnight = NOON.replace(hour=0) + timedelta(days=1)
    for now in (NOON, midnight - timedelta(microseconds=1)):
        assert counts(later, day("0.10", now=now)) == (0, 3 * CENT)
        assert later.budgets.reserve([wanted(2, 8 * CENT, at=now)], day("0.10", now=now))
    assert counts(later, day("0.10", now=midnight)) == (0, 0)
