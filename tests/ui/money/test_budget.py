"""The budget on the page: nothing starts that does not fit, and it says by how much."""

import contextlib
import sqlite3
from datetime import timedelta
from decimal import Decimal

import pytest
from fake_api import FakeApi
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, click_more, finish, press_run, unfold, words


@pytest.fixture
def api():
    with contextlib.closing(FakeApi()) as found:
        yield found


@pytest.fixture
def environ(monkeypatch, api):
    """An owner's server, where a token costs a thousandth of a cent, in and out."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    monkeypatch.setenv("PLAYGROUND_SERVER_PRICE", "10/10")
    return monkeypatch


def opened(budget=""):
    page = unfold(AppTest.from_file(SCRIPT, default_timeout=30).run(), "budget")
    click_more(page, "remove_variant_B")
    page.text_input(key="max_tokens_A").set_value("100")
    page.text_input(key="budget_day_usd").input(budget)
    return page.run()


def press(page):
    page.button(key="run_all").click().run()
    return page


def the_run(page):
    return finish(page).session_state["runs"]["A"]


def balance():
    from playground.core.money.budget import Budget, Spender, windows
    from playground.ui.session.services import services

    spender = Spender("local", "owner", None)
    return services().log.budgets.balances(
        windows(Budget(day_usd=Decimal(1)), Budget(), spender, _now())
    )[0]


def _now():
    from datetime import UTC, datetime

    return datetime.now(UTC)


def test_a_run_within_the_budget_is_reserved_and_settled(environ, api):
    page = opened("0.50")
    assert not page.button(key="run_all").disabled
    assert the_run(press(page)).status == "done"
    # 10 tokens in, 5 out.
    assert (balance().used_usd, balance().held_usd) == (Decimal("0.00015"), 0)
    assert "Spent **\\$0\\.00015** this session" in words(page)
    assert "(max $" in words(page).replace("\\", "")


def test_a_session_whose_clock_was_set_back_keeps_to_its_budget(environ, api):
    page = opened()
    page.session_state["since"] += timedelta(hours=1)
    run = the_run(press(page.run()))
    assert "Spent **\\$0\\.00015** this session" in words(page)
    almost_two_usd = run.plan.worst_case_usd + Decimal("0.0001")
    page.text_input(key="budget_session_usd").input(str(almost_two_usd)).run()
    assert page.button(key="run_all").disabled
    assert "of this session's" in words(page).replace("\\", "")


def test_what_does_not_fit_is_not_sent_and_says_by_how_much(environ, api):
    page = opened("0.001")
    assert page.button(key="run_all").disabled
    said = words(page).replace("\\", "")
    assert "Not started: this run can cost up to $0.00" in said
    assert "$0.0010 of today's $0.001 are left" in said
    assert "too much" in said
    page.text_input(key="budget_day_usd").input("").run()
    assert not page.button(key="run_all").disabled
    assert "too much" not in words(page)


def test_a_budget_that_arrives_together_with_the_press_is_kept(environ, api):
    page = opened()
    page.text_input(key="budget_day_usd").input("0.001")
    press(page)
    assert page.session_state["runs"] == {}
    assert api.posts == []
    assert "too much" in words(page)


def test_one_press_is_all_or_nothing(environ, api):
    page = opened("0.0060")
    assert not page.button(key="run_all").disabled
    page.button(key="add_variant").click().run()
    assert page.button(key="run_all").disabled


def test_an_unknown_price_under_a_budget_does_not_start(environ, api):
    environ.delenv("PLAYGROUND_SERVER_PRICE")
    page = opened("5")
    assert page.button(key="run_all").disabled
    assert "the price of Claude Sonnet 4.6 is unknown" in words(page).replace("\\", "")
    page.text_input(key="budget_day_usd").input("").run()
    assert the_run(press(page)).status == "done"


def test_two_pages_share_the_day(environ, api):
    api.plays = ["silent"]
    first, second = opened("0.0060"), opened("0.0060")
    press(first)
    # The second page still shows what was left when it was drawn.
    press(second)
    assert second.session_state["runs"] == {}
    assert "too much" in words(second)
    first.button(key="stop_all").click().run()
    assert the_run(first).status == "stopped"
    # What was sent may be billed though nobody read it: it stays used.
    assert balance().held_usd == 0
    assert balance().used_usd > Decimal("0.003")


@pytest.mark.parametrize(("budget", "attempts"), [("0.0060", 1), ("0.0120", 2)])
def test_a_lost_attempt_is_retried_only_if_it_can_be_paid_for_twice(environ, api, budget, attempts):
    page = opened(budget)
    page.session_state["base_wait_s"] = "0"
    page.run()

    async def drop_first(self, seen, writer):
        if len(self.posts) == 1:
            writer.transport.abort()
        else:
            await self.open(writer)
            await self._stream("any", seen, writer)

    api.handler = drop_first
    run = the_run(press(page))
    assert len(api.posts) == attempts
    assert run.status == ("done" if attempts == 2 else "failed")
    if attempts == 1:
        assert "the budget has no room" in run.why
    assert balance().held_usd == 0
    assert balance().used_usd == attempts * run.plan.worst_case_usd


def test_the_demo_costs_nothing_and_runs_on_an_empty_budget(page):
    unfold(page, "budget").text_input(key="budget_session_usd").input("0").run()
    assert not page.button(key="run_all").disabled
    press_run(page)
    assert page.session_state["runs"]["A"].status == "done"
    assert "The demo is free" in words(page)
    assert "Session: **\\$0 left**" in words(page)
    assert "simulated" in words(page)


def test_what_is_not_an_amount_is_said_and_starts_nothing(environ, api):
    page = opened("a lot")
    assert any("Enter dollars" in error.value for error in page.error)
    assert page.button(key="run_all").disabled


@pytest.mark.parametrize("budget", ["0.001", "a lot"])
def test_a_budget_that_is_folded_away_holds_and_is_there_when_it_is_unfolded(environ, api, budget):
    page = opened(budget)
    page.session_state["budget"] = False
    for _ in range(3):
        page.run()
        assert "budget_day_usd" not in {field.key for field in page.text_input}
        assert page.button(key="run_all").disabled
    assert unfold(page, "budget").text_input(key="budget_day_usd").value == budget
    assert page.button(key="run_all").disabled
    assert api.posts == []


def test_the_owners_budget_binds_everybody_and_can_only_be_tightened(environ, api):
    environ.setenv("PLAYGROUND_BUDGET_DAY_USD", "0.001")
    environ.setenv("PLAYGROUND_BUDGET_SESSION_USD", "5")
    page = opened("9")
    assert "allows \\$5\\.00 a session and \\$0\\.001 a day" in words(page)
    assert page.button(key="run_all").disabled
    assert "Today, all visitors: **\\$0\\.0010 left**" in words(page)


def test_a_budget_is_there_again_after_a_reload(page):
    unfold(page, "budget").text_input(key="budget_day_usd").input("0.25").run()
    again = unfold(AppTest.from_file(SCRIPT, default_timeout=30).run(), "budget")
    assert again.text_input(key="budget_day_usd").value == "0.25"


def test_where_nothing_can_be_reserved_nothing_starts(environ, api, tmp_path):
    page = opened("5")
    with contextlib.closing(sqlite3.connect(tmp_path / "runs.db")) as database, database:
        database.execute("update meta set version = version + 1")
    press(page)
    assert page.session_state["runs"] == {}
    assert api.posts == []
    assert "made by a newer version" in words(page).replace("\\", "")
    page.text_input(key="budget_day_usd").input("").run()
    assert the_run(press(page)).status == "done"
