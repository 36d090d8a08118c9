"""What becomes of a run in each scenario: through the SDK, the retries and the fold."""

from dataclasses import dataclass

import pytest
from demo_runs import run_on_demo

from playground.claude.demo.faults import SCENARIOS
from playground.core.answer.retry import RetryPolicy
from playground.core.runs.outcome import outcome
from playground.engine.run_rows import cost_of


@dataclass(frozen=True)
class Row:
    scenario: str
    status: str
    attempts: int
    title: str
    retried: str
    billed: str
    step: str
    kind: str | None = None
    stop_reason: str | None = None
    billed_attempts: tuple = (None,)
    is_free: bool = False


REFUSED = "A request without an answer is not billed."
BROKEN = "Tokens in and out before the break are billed."
USUAL = "Billed like any answer: tokens in and out."
STAYS = "Not retried: the same request would fail again."
SHOWN = "Not retried: the answer had begun, and would be billed twice."
AN_ANSWER = "Not retried: this is an answer, not an error."
ONLY_LAST = "Only the attempt that answered is billed."
# fmt: off
ROWS = [
    Row("rate_limited", "done", 3, "Answered at attempt 3", "Retried twice, after 1.0 s and 2.0 s.",
        ONLY_LAST, "Nothing to do: the retry worked.", stop_reason="end_turn",
        billed_attempts=("no", "no", None)),
    Row("rate_limited_retry_after", "done", 3, "Answered at attempt 3",
        "Retried twice, after 2.0 s and 2.0 s.", ONLY_LAST, "Nothing to do: the retry worked.",
        stop_reason="end_turn", billed_attempts=("no", "no", None)),
    Row("overloaded", "failed", 4, "529 overloaded",
        "Retried 3 times, after 1.0 s, 2.0 s and 4.0 s. Given up after attempt 4 of 4.",
        REFUSED, "Run again in a few minutes", "overloaded", billed_attempts=("no",) * 4,
        is_free=True),
    Row("server_error", "done", 2, "Answered at attempt 2", "Retried once, after 1.0 s.",
        ONLY_LAST, "Nothing to do: the retry worked.", stop_reason="end_turn",
        billed_attempts=("no", None)),
    Row("error_mid_stream", "interrupted", 1, "Overloaded inside the stream", SHOWN, BROKEN,
        "Run again in a few minutes", "overloaded", billed_attempts=("partly",)),
    Row("dropped", "interrupted", 1, "Dropped", SHOWN, BROKEN, "Run again", "dropped",
        billed_attempts=("partly",)),
    Row("truncated", "interrupted", 1, "Truncated", SHOWN, BROKEN, "Run again", "truncated",
        billed_attempts=("partly",)),
    Row("stalled", "interrupted", 1, "Timeout", SHOWN, BROKEN, "Run again", "timeout",
        billed_attempts=("partly",)),
    Row("slow_first_token", "done", 1, "Slow first token", AN_ANSWER,
        "Waiting itself costs nothing.", "A smaller model", stop_reason="end_turn"),
    Row("wrong_key", "failed", 1, "401 authentication", STAYS, REFUSED,
        "Check the key in the sidebar or the settings.", "authentication", billed_attempts=("no",),
        is_free=True),
    Row("bad_request", "failed", 1, "400 invalid request", STAYS, REFUSED,
        "Change what the server's message names", "invalid_request", billed_attempts=("no",),
        is_free=True),
    Row("unknown_model", "failed", 1, "404 not found", STAYS, REFUSED, "Choose another model",
        "not_found", billed_attempts=("no",), is_free=True),
    Row("max_tokens", "done", 1, "Cut at max_tokens", AN_ANSWER, USUAL, "Raise max_tokens",
        stop_reason="max_tokens"),
    Row("refusal", "done", 1, "Refused", AN_ANSWER,
        "A refusal before the first token is not billed.", "Rephrase the prompt",
        stop_reason="refusal", billed_attempts=(), is_free=True),
    Row("spend_limit", "failed", 1, "429 spend limit", STAYS, REFUSED, "Raise the limit",
        "spend_limit", billed_attempts=("no",), is_free=True),
]
# fmt: on


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.scenario)
def test_a_scenario_ends_as_the_table_says(row):
    run = run_on_demo(scenario=row.scenario)
    assert (run.status, len(run.attempts)) == (row.status, row.attempts)
    assert (run.failure and run.failure.kind, run.stop_reason) == (row.kind, row.stop_reason)
    if row.billed_attempts:
        assert tuple(attempt.billed for attempt in run.attempts) == row.billed_attempts
    cost, _ = cost_of(run)
    assert (cost.kind, cost.usd == 0) == ("simulated", row.is_free)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.scenario)
def test_a_scenarios_outcome_answers_all_four_questions(row):
    found = outcome(run_on_demo(scenario=row.scenario))
    assert found.title == row.title
    assert found.happened.endswith(".")
    assert (found.retried, found.billed) == (row.retried, row.billed)
    assert row.step in found.step
    assert "This failure is simulated." in found.step


def test_the_table_has_every_scenario_that_shows():
    without = {"none", "hidden_thinking", "spoilt_batch"}
    assert {row.scenario for row in ROWS} == set(SCENARIOS) - without
    assert {outcome(run_on_demo(scenario=name)) for name in without} == {None}


@pytest.mark.parametrize("attempts", [1, 2, 3, 6])
def test_a_lasting_529_costs_exactly_the_attempts_of_the_policy(attempts):
    policy = RetryPolicy(attempts=attempts, deadline_s=600)
    run = run_on_demo(scenario="overloaded", policy=policy)
    assert len(run.attempts) == attempts
    assert f"Given up after attempt {attempts} of {attempts}." in outcome(run).retried


@pytest.mark.parametrize("attempts", [1, 4, 8])
def test_a_401_costs_exactly_one_attempt_whatever_the_policy(attempts):
    run = run_on_demo(scenario="wrong_key", policy=RetryPolicy(attempts=attempts))
    assert len(run.attempts) == 1


def test_retry_after_is_kept_even_where_the_policy_would_not_wait():
    policy = RetryPolicy(base_wait_s=0)
    run = run_on_demo(scenario="rate_limited_retry_after", policy=policy)
    assert [attempt.wait_s for attempt in run.attempts] == [2, 2, None]
    run = run_on_demo(scenario="rate_limited", policy=policy)
    assert [attempt.wait_s for attempt in run.attempts] == [0, 0, None]


def test_a_slow_first_token_is_six_seconds_late():
    assert 6 <= run_on_demo(scenario="slow_first_token").ttft_s < 7


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_429_that_outlasts_the_policy_costs_exactly_its_attempts(attempts):
    run = run_on_demo(scenario="rate_limited", policy=RetryPolicy(attempts=attempts))
    assert (run.status, run.failure.kind) == ("failed", "rate_limit")
    assert len(run.attempts) == attempts
