"""Every place where money stands: at most before a run, in fact after it, and in all."""

import contextlib
import re

from fake_api import FakeApi
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, open_more, press_run, words

from playground.ui.session.services import (
    COUNT_PACE,
    COUNTS_PACE,
    MODELS_PACE,
    reset_services,
    services,
)


def said(page):
    return words(page).replace("\\", "")


def counted(page):
    """Press Count tokens and draw the page with what comes back."""
    page.button(key="count_tokens").click().run()
    for answer in page.session_state["counts"].values():
        answer.result(30)
    return page.run()


def test_each_variant_says_at_most_and_for_a_thousand_calls(page):
    open_more(page)
    assert "Simulated, at most $0.0" in said(page)
    assert said(page).count("for 1,000 calls") == 2


def test_what_has_no_price_says_that_its_cost_is_unknown(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://localhost:1")
    reset_services()
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    assert "Cost unknown: the price of" in said(open_more(page))
    assert "cost unknown" in page.button(key="run_all").label


def test_a_count_replaces_the_bound_until_what_was_counted_changes(page):
    before = page.button(key="run_all").label
    assert "At most" in said(page)
    counted(page)
    assert "input tokens, counted" in said(page)
    after = page.button(key="run_all").label
    assert after != before
    page.text_input(key="max_tokens_A").set_value("301").run()
    assert "input tokens, counted" in said(page)
    page.text_area(key="message_0_text").input("Another question").run()
    assert "counted" not in said(page)
    # What was counted once is known once more.
    page.text_area(key="message_0_text").input("Give me three tips for crisp dosa.").run()
    assert "input tokens, counted" in said(page)


def test_variants_that_differ_in_what_counts_are_counted_apart(page):
    page.session_state["system_B"] = "Answer in Telugu, and at great length."
    page.run()
    counted(page)
    assert len(page.session_state["counts"]) == 2
    [tokens_a, tokens_b] = [each.result() for each in page.session_state["counts"].values()]
    assert f"Input tokens: A {tokens_a:,} · B {tokens_b:,}" in said(page).splitlines()


def test_of_variants_that_differ_each_bound_stands_beside_its_letter_and_the_noun_once(page):
    page.session_state["system_B"] = "Answer in Telugu, and at great length."
    lines = said(page.run()).splitlines()
    [line] = [line for line in lines if "nput tokens" in line]
    assert re.fullmatch(r"Input tokens: A at most [\d,]+ · B at most [\d,]+", line)


def test_a_count_equals_what_is_billed(page):
    counted(page)
    [tokens, *_] = [each.result() for each in page.session_state["counts"].values()]
    press_run(page)
    assert page.session_state["runs"]["A"].usage.prompt_tokens == tokens


def test_a_count_that_fails_says_so_and_the_bound_is_used(page):
    page.selectbox(key="demo_scenario").select("wrong_key").run()
    counted(page)
    assert "Not counted: The key was rejected (401)" in said(page)


def test_a_server_that_does_not_count_is_no_error(page, monkeypatch):
    with contextlib.closing(FakeApi()) as api:

        async def not_found(self, seen, writer):
            await self._reply(writer, 404, "text/plain", "404 page not found")

        api.handler = not_found
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        reset_services()
        other = AppTest.from_file(SCRIPT, default_timeout=30).run()
        counted(other)
        assert "This server does not count tokens; the bound is used." in said(other)


def test_after_a_run_the_actual_stands_against_the_worst_case(page):
    press_run(page)
    assert "(simulated, max $" in said(page)
    page.session_state["opened_run"] = page.session_state["runs"]["A"].id
    page.run()
    assert "for 1,000 such calls" in said(page)


def test_a_run_without_a_price_has_an_unknown_cost_in_its_card_and_in_the_log(monkeypatch):
    with contextlib.closing(FakeApi()) as api:
        api.plays = ["drops"] * 2  # In the middle of an answer: the card explains itself.
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        reset_services()
        other = AppTest.from_file(SCRIPT, default_timeout=30).run()
        press_run(other)
        assert "Cost unknown. " in said(other)
        assert "out · cost unknown" in said(other)
        assert list(other.dataframe[0].value["Cost"]) == ["unknown", "unknown"]


def test_totals_tell_session_today_and_all_time_and_simulated_apart(page):
    press_run(page)
    assert "Spent **$0**: the demo is free" in said(page)
    assert "Simulated $0.0" in said(page)
    fresh = AppTest.from_file(SCRIPT, default_timeout=30).run()
    assert "Simulated $0 this session · $0.0" in said(fresh)


def test_a_stranger_has_only_so_many_prompts_counted_and_others_have_theirs(come_from):
    come_from()
    built = services()
    asked = [built.acquire_count("visitor-1") for _ in range(40)]
    assert asked == [True] * COUNT_PACE.burst + [False] * (40 - COUNT_PACE.burst)
    assert built.acquire_count("visitor-2")
    others = [built.acquire_count(f"visitor {n}") for n in range(200)]
    assert others.count(True) < COUNTS_PACE.burst
    assert all(built.acquire_count("local") for _ in range(200))


def test_who_had_too_many_counted_is_told_so_and_nothing_is_asked(come_from, monkeypatch):
    come_from()
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    monkeypatch.setattr(services(), "acquire_count", lambda visitor: visitor == "local")
    page.button(key="count_tokens").click().run()
    assert "Not counted, because too many prompts were counted lately." in said(page)
    assert page.session_state["counts"] == {}


def test_a_stranger_has_the_models_of_only_so_many_accounts_read_and_is_told_so(
    come_from, monkeypatch
):
    come_from()
    built = services()
    asked = [built.acquire_model_read("visitor-1") for _ in range(40)]
    assert asked == [True] * MODELS_PACE.burst + [False] * (40 - MODELS_PACE.burst)
    assert built.acquire_model_read("visitor-2")
    assert all(built.acquire_model_read("local") for _ in range(200))
    monkeypatch.setattr(built, "acquire_model_read", lambda visitor: visitor == "local")
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    page.selectbox(key="connection").select("claude").run()
    page.text_input(key="api_key").input("sk-ant-of-a-stranger").run()
    assert "models were not read, because too many accounts were asked lately." in said(page)
    assert "models_read" not in page.session_state
