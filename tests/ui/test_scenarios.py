"""Each scenario as the page tells it: what happened, was it retried, the cost, what next."""

import asyncio
import time

import pytest
from ui.driving import answer, click_more, finish, press_run, words

from playground.claude.demo.faults import SCENARIOS
from playground.claude.demo.language_model import language_model
from playground.claude.demo.transport import DemoTransport
from playground.claude.sending import Clients, Timing
from playground.core.runs import outcome
from playground.ui.session.services import services

SPEED = 60
"""How much faster the demo's clock goes here; its six slow seconds are a tenth of one."""


async def sleep(wait_s):
    await asyncio.sleep(wait_s / SPEED)


@pytest.fixture(autouse=True)
def hurry(page, monkeypatch):
    """The same demo and the same waits, in less time."""
    services()._clients = Clients(demo=DemoTransport(sleep=sleep))
    monkeypatch.setattr("playground.claude.sending.Timing", lambda: Timing(sleep))


def explained(page):
    """The head of the first card's outcome, whether it was retried, as its timeline says it or
    else the outcome, and the outcome's other lines."""
    said = answer(page).said
    found, drawn = said["outcome"], said.get("timeline")
    lines = [f"{name} {words}".strip() for name, words in found["lines"]]
    lines.append(f"Next {found['next']}")
    if drawn:
        assert "etried" not in " ".join(lines)
        lines.insert(0, " ".join(f"{each['facts']} {each['why']}" for each in drawn["lines"]))
    return [f"{found['title']} · {found['happened']}", *lines]


# fmt: off
CASES = [
    ("rate_limited", "Answered at attempt 3 · Attempts 1 and 2 hit the rate limit (429).",
     "Retried: ", "Only the attempt that answered", "Nothing to do: the retry worked."),
    ("rate_limited_retry_after", "Answered at attempt 3", "Retried: ",
     "Only the attempt that answered", "run fewer variants at once"),
    ("overloaded", "529 overloaded · The API is overloaded.",
     "Given up after attempt 4 of 4.", "$0 simulated. A request without an answer is not billed.",
     "choose another model"),
    ("server_error", "Answered at attempt 2 · Attempt 1 hit a server error (500).",
     "Retried: ", "Only the attempt that answered", "Nothing to do: the retry worked."),
    ("error_mid_stream", "Overloaded inside the stream", "Not retried: the answer had begun",
     "before the break are billed", "Run again"),
    ("dropped", "Dropped · The connection broke", "Not retried: the answer had begun",
     "before the break are billed", "Run again"),
    ("truncated", "Truncated · The answer ended early", "Not retried: the answer had begun",
     "before the break are billed", "Run again"),
    ("stalled", "Timeout · The API sent nothing for too long.",
     "Not retried: the answer had begun", "before the break are billed", "Run again"),
    ("slow_first_token", "Slow first token · The first token came after",
     "Not retried: this is an answer", "Waiting itself costs nothing.", "A smaller model"),
    ("wrong_key", "401 authentication · The key was rejected (401).",
     "Not retried: the same request would fail again.", "$0 simulated",
     "Check the key in the sidebar or the settings."),
    ("bad_request", "400 invalid request · The request was rejected (400).",
     "Not retried: the same request would fail again.", "$0 simulated",
     "Change what the server's message names"),
    ("unknown_model", "404 not found · The API does not know this model",
     "Not retried: the same request would fail again.", "$0 simulated", "Choose another model"),
    ("max_tokens", "Cut at max_tokens · The answer was cut after 40 tokens.",
     "Not retried: this is an answer", "Billed like any answer", "Raise max_tokens and run again"),
    ("refusal", "Refused · The demo refuses because", "Not retried: this is an answer",
     "$0 simulated. A refusal before the first token is not billed.", "try another model"),
    ("spend_limit", "(429). The account's spend limit is reached.",
     "Not retried: the same request would fail again.", "$0 simulated",
     "Raise the limit in the account"),
]
# fmt: on


@pytest.mark.parametrize(
    ("scenario", "happened", "retried", "cost", "following"), CASES, ids=[row[0] for row in CASES]
)
def test_the_page_answers_all_four_questions(
    page, monkeypatch, scenario, happened, retried, cost, following
):
    if scenario == "stalled":
        language_model()  # Its training is no silence of the stream's.
        services()._clients = Clients(demo=DemoTransport(sleep=sleep), read_timeout_s=0.5)
    if scenario == "slow_first_token":
        monkeypatch.setattr(outcome, "SLOW_S", 6 / SPEED)
    click_more(page, "remove_variant_B")
    page.selectbox(key="demo_scenario").select(scenario).run()
    press_run(page)
    assert not page.exception
    shown = explained(page)
    assert happened in shown[0]
    assert retried in shown[1]
    assert shown[2].startswith("Cost $")
    assert "simulated" in shown[2]
    assert cost in shown[2]
    assert shown[3].startswith("Next ")
    assert following in shown[3]
    assert shown[3].endswith('Set Scenario to "Nothing goes wrong" to end it.')


def test_every_scenario_that_shows_is_on_the_list():
    assert {row[0] for row in CASES} == set(SCENARIOS) - {"none", "hidden_thinking", "spoilt_batch"}


def test_a_run_without_trouble_says_nothing_more(page):
    press_run(page)
    assert answer(page).said.get("outcome") is None


def test_the_servers_own_words_are_shown_as_they_came(page):
    page.selectbox(key="demo_scenario").select("wrong_key").run()
    press_run(page)
    assert answer(page).said["outcome"]["message"] == "invalid x-api-key"


def test_a_scenario_that_is_on_is_a_badge_in_the_header(page):
    def badge():
        return page.button(key="show_connection").label

    assert badge() == "Demo · made\\-up answers"
    page.selectbox(key="demo_scenario").select("overloaded").run()
    assert "529 until it gives up" in badge()
    page.selectbox(key="connection").select("claude").run()
    assert "529" not in badge()


def test_silence_is_counted_while_nothing_arrives(page):
    page.selectbox(key="demo_scenario").select("overloaded").run()
    press_run(page)
    run = page.session_state["runs"]["A"]
    run.status, run.last_event_s = "streaming", time.monotonic() - 11.6
    page.run()
    assert "no text for 12 s" in words(page)
    run.last_event_s = time.monotonic()
    page.run()
    assert "no text" not in words(page)
    run.status = "failed"


def test_a_stopped_run_says_what_was_kept_and_billed(page):
    services()._clients = Clients()
    page.selectbox(key="demo_scenario").select("slow_first_token").run()
    page.button(key="run_all").click().run()
    page.button(key="stop_all").click().run()
    finish(page)
    assert answer(page).said["outcome"]["title"] == "Stopped"
    assert explained(page)[1].startswith("Not retried: ")
