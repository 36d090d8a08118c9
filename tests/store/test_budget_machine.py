"""A budget under everything that can happen to it, in any order."""

import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.runs.run_row import RunRow
from playground.store.log import RunLog
from playground.store.writing.processes import Boot

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MILLI = Decimal("0.001")
MONEY = st.integers(0, 30).map(lambda milli: milli * MILLI)
CAP = Decimal("0.05")


class Spending(RuleBasedStateMachine):
    """Keeps its own account of every run: the day it started, what it counts for."""

    live = Bundle("live")

    def __init__(self, server=None):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"sqlite:///{Path(self.folder.name) / 'runs.db'}"
        if server is not None:
            self.url = server.url(server.new_schema())
        self.now, self.number = NOON, 0
        self.days, self.used, self.held = {}, {}, {}
        self.log = self.opened()

    def opened(self):
        return RunLog(self.url, clock=lambda: self.now, boot=Boot(), retry_every_s=60)

    def caps(self):
        spender = Spender("ada", "owner", NOON)
        return windows(Budget(day_usd=CAP), Budget(day_usd=CAP), spender, self.now)

    def wanted(self, usd):
        self.number += 1
        return Reservation(f"{self.number:016x}", "ada", "owner", self.now, usd)

    def row(self, run, status, **changes):
        return RunRow(
            run_id=run.run_id, visitor="ada", started_at=run.started_at, press=1, variant="A",
            connection="Claude API", model="m", params_json="{}", status=status,
            worst_case_usd=run.usd, **changes,
        )  # fmt: skip

    def counted(self):
        ids = [run_id for run_id, day in self.days.items() if day == self.now.date()]
        return (
            sum((self.used.get(run_id, 0) for run_id in ids), Decimal(0)),
            sum((self.held.get(run_id, 0) for run_id in ids), Decimal(0)),
        )

    @rule(target=live, costs=st.lists(MONEY, min_size=1, max_size=3))
    def press_run(self, costs):
        wanted = [self.wanted(usd) for usd in costs]
        total = sum(costs, Decimal(0))
        refused = self.log.budgets.reserve(wanted, self.caps())
        assert (refused is None) == (total == 0 or sum(self.counted()) + total <= CAP)
        if refused is not None:
            return ()
        for run in wanted:
            self.days[run.run_id], self.held[run.run_id] = run.started_at.date(), run.usd
        return tuple(wanted)

    @rule(press=live, another=MONEY)
    def retry_after_a_lost_attempt(self, press, another):
        for run in press:
            if run.run_id not in self.held or run.started_at.date() != self.now.date():
                continue
            more = Reservation(run.run_id, "ada", "owner", run.started_at, another)
            if self.log.budgets.reserve_again(more, self.caps()) is None:
                self.held[run.run_id] += another

    @rule(press=consumes(live), part=st.integers(0, 10), is_exact=st.booleans())
    def settle(self, press, part, is_exact):
        for run in press:
            if run.run_id not in self.held:
                continue
            most = self.held.pop(run.run_id)
            cost, kind = most * part / 10, "exact" if is_exact else "at least"
            self.used[run.run_id] = cost if is_exact else most
            self.log.record(self.row(run, "done", cost_usd=cost, cost_kind=kind))
        assert self.log.flush(10)

    @rule(press=live)
    def begin_to_stream(self, press):
        for run in press:
            if run.run_id in self.held:
                self.log.record(self.row(run, "streaming"))
        assert self.log.flush(10)

    @rule()
    def crash_and_restart(self):
        # What a killed process leaves behind: runs without an end, which the next one finds.
        self.log.close()
        self.log = self.opened()
        assert self.log.flush(10)
        for run_id, usd in self.held.items():
            if self.log.get("ada", run_id) is not None:
                self.used[run_id] = usd
        self.held = {run_id: usd for run_id, usd in self.held.items() if run_id not in self.used}

    @rule(hours=st.integers(1, 30))
    def time_goes_by(self, hours):
        self.now += timedelta(hours=hours)

    @invariant()
    def nothing_overshoots_and_nothing_is_negative(self):
        for balance in self.log.budgets.balances(self.caps()):
            assert min(balance.used_usd, balance.held_usd, balance.left_usd) >= 0
            assert balance.used_usd + balance.held_usd <= CAP
            assert (balance.used_usd, balance.held_usd) == self.counted()

    def teardown(self):
        self.log.close()
        self.folder.cleanup()


@pytest.mark.parametrize(
    ("database", "examples"), [("sqlite", 25), ("postgres", 3)], indirect=["database"]
)
def test_used_and_held_never_exceed_the_cap_whatever_happens(database, examples, request):
    server = request.getfixturevalue("postgres") if database == "postgres" else None
    run_state_machine_as_test(
        lambda: Spending(server),
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
