"""Budgets from the press of Run to the wire: only what was reserved reaches the server."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Semaphore

import pytest
from fake_api import FakeApi

from playground.core.answer.retry import RetryPolicy
from playground.core.money.budget import Budget, Reservation, Spender, reserved_usd, windows
from playground.core.request.connection import Connection, FlatPrice
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.text.refusal import Refusal
from playground.engine.run import Run
from playground.settings import Settings
from playground.ui.runs import spending
from playground.ui.session.services import Services

REQUEST = Request(Prompt("", (Message("user", "Hi"),)), Params("model", 300))


@pytest.fixture
def api():
    with contextlib.closing(FakeApi()) as found:
        yield found


@pytest.fixture
def services(tmp_path):
    built = Services(Settings(log_url=f"sqlite:///{tmp_path}/runs.db", max_runs_per_visitor=32))
    yield built
    built.engine.close()
    built.log.close()


def test_of_many_presses_at_once_only_those_that_fit_reach_the_server(api, services):
    price = FlatPrice(Decimal(10), Decimal(10))
    server = Connection("server", "fake", api.url, price)
    now = datetime.now(UTC)
    planned = plan(RunContext(server, RetryPolicy(), (), now), Variant("A", REQUEST))
    max_usd = reserved_usd(planned.worst_case_usd)
    spender = Spender("ada", "owner", now)
    caps = windows(Budget(day_usd=max_usd * 5 + max_usd / 2), Budget(), spender, now)
    arrived = Semaphore(0)

    async def never_answer(self, seen, writer):
        arrived.release()
        await self._forever(seen)

    api.handler = never_answer

    def press(_):
        run = Run("page", "ada", planned)
        wanted = Reservation(run.id, "ada", "owner", run.created_at, max_usd)
        if services.log.budgets.reserve([wanted], caps) is not None:
            return None
        services.start(run, "", lambda: services.log.budgets.reserve_again(wanted, caps))
        return run

    with ThreadPoolExecutor(20) as threads:
        runs = [run for run in threads.map(press, range(40)) if run is not None]
    assert len(runs) == 5
    assert all(arrived.acquire(timeout=20) for _ in runs)
    services.engine.stop(runs)
    assert all(run.wait(20) for run in runs)
    assert len(api.posts) == 5
    [balance] = services.log.budgets.balances(caps)
    # What was sent may be billed though nobody waited for the answer.
    assert (balance.used_usd, balance.held_usd) == (5 * max_usd, 0)


def test_a_run_that_is_admitted_after_midnight_counts_into_the_day_that_was_looked_at(
    services, monkeypatch
):
    server = Connection("server", "fake", "http://127.0.0.1:9", FlatPrice(Decimal(10), Decimal(10)))
    made = datetime(2026, 11, 30, 23, 59, 59, 999_000, UTC)
    planned = plan(RunContext(server, RetryPolicy(), (), made), Variant("A", REQUEST))
    max_usd = reserved_usd(planned.worst_case_usd)
    spender, own = Spender("ada", "ada", made), Budget(day_usd=max_usd)

    class After(datetime):
        @classmethod
        def now(cls, zone=None):
            return made + timedelta(milliseconds=5)

    monkeypatch.setattr(spending, "datetime", After)
    monkeypatch.setattr(spending, "services", lambda: services)
    monkeypatch.setattr(spending.money_state, "budget", lambda: own)
    first, second = Run("page", "ada", planned), Run("page", "ada", planned)
    first.created_at = second.created_at = made
    assert not isinstance(spending.admit([first], spender), Refusal)
    assert isinstance(spending.admit([second], spender), Refusal), "that day is spent"
    days = [windows(own, Budget(), spender, at) for at in (made, After.now())]
    held = [services.log.budgets.balances(day)[0].held_usd for day in days]
    assert held == [0, max_usd]


def test_an_experiment_whose_clock_is_set_back_keeps_to_the_budget_of_its_session(
    services, monkeypatch
):
    server = Connection("server", "fake", "http://127.0.0.1:9", FlatPrice(Decimal(10), Decimal(10)))
    opened = datetime(2026, 11, 30, 12, tzinfo=UTC)
    planned = plan(RunContext(server, RetryPolicy(), (), opened), Variant("A", REQUEST))
    max_usd = reserved_usd(planned.worst_case_usd)
    moments = iter([opened - timedelta(hours=hours) for hours in (2, 1, 0)])

    class SetBack(datetime):
        @classmethod
        def now(cls, zone=None):
            return next(moments)

    monkeypatch.setattr(spending, "datetime", SetBack)
    monkeypatch.setattr(spending, "services", lambda: services)
    monkeypatch.setattr(spending.money_state, "budget", lambda: Budget(session_usd=2 * max_usd))
    admit = spending.admitter(Spender("ada", "ada", opened))
    refused = []
    for hours in (2, 1, 0):
        run = Run("page", "ada", planned)
        run.created_at = opened - timedelta(hours=hours)
        refused.append(isinstance(admit([run]), Refusal))
    assert refused == [False, False, True]
