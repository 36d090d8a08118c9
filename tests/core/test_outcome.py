"""The four answers under a run that did not simply succeed."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from scripted import NOW, REQUEST

from playground.core.connection import CLAUDE, DEMO
from playground.core.events import Attempt, Usage
from playground.core.failures import KINDS, Failure
from playground.core.outcome import outcome
from playground.core.plan import plan
from playground.core.retry import RetryPolicy, verdict
from playground.core.stopping import why_stopped

REFUSED = Attempt(1, 0.0, 0.1, wait_s=1.4, http_status=529, kind="overloaded", billed="no")
LAST = Attempt(2, 1.5, 0.1, http_status=200)


def ended(status, *attempts, connection=CLAUDE, **more):
    run = SimpleNamespace(
        plan=plan(1, "A", REQUEST, connection, RetryPolicy(), (), NOW),
        status=status,
        failure=None,
        why="",
        attempts=attempts,
        stop_reason="end_turn" if status == "done" else None,
        stop_detail=None,
        usage=Usage(9, 40),
        ttft_s=0.4,
        is_free=False,
    )
    vars(run).update(more)
    return run


@pytest.mark.parametrize("status", ["queued", "connecting", "waiting", "streaming", "done"])
def test_a_live_or_plainly_answered_run_has_nothing_to_explain(status):
    assert outcome(ended(status, replace(LAST, number=1))) is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_failure_has_all_four_answers(kind):
    failure = Failure(kind, http_status=400)
    judged = verdict(RetryPolicy(), failure, attempt=4, elapsed_s=9, was_shown=False, jitter=0)
    found = outcome(ended("failed", REFUSED, failure=failure, why=judged.why))
    assert found.tone == "error"
    for answer in (found.title, found.happened, found.retried, found.billed, found.step):
        assert answer.strip()
    assert found.retried.startswith("No")


def test_a_run_that_was_retried_and_then_broke_says_both():
    failure = Failure("dropped", billed="partly")
    broken = replace(LAST, kind="dropped", billed="partly")
    why = "Not retried: part of the answer is already shown."
    found = outcome(ended("interrupted", REFUSED, broken, failure=failure, why=why))
    assert found.retried == (
        "Yes, once, after 1.4 s. Attempt 2 was not: part of the answer is already shown."
    )


def test_an_attempt_whose_reply_was_lost_may_be_billed():
    lost = replace(REFUSED, kind="timeout", http_status=None, billed="possibly")
    found = outcome(ended("failed", lost, failure=Failure("timeout", billed="possibly")))
    assert "may be billed" in found.billed
    found = outcome(ended("done", lost, LAST))
    assert found.title == "Answered at attempt 2"
    assert "perhaps" in found.billed


@pytest.mark.parametrize(
    ("attempts", "ttft_s", "happened", "billed"),
    [
        ((), None, "Before it began.", "nothing is billed"),
        ((REFUSED,), None, "Between two attempts.", "not billed"),
        ((replace(LAST, billed="possibly"),), None, "Before the first token.", "may be billed"),
        ((replace(LAST, billed="possibly"),), 0.4, "What had arrived is kept.", "until then"),
    ],
    ids=["queued", "waiting", "connecting", "streaming"],
)
def test_a_stop_says_how_far_the_run_had_come(attempts, ttft_s, happened, billed):
    found = outcome(ended("stopped", *attempts, ttft_s=ttft_s))
    assert (found.title, found.happened) == ("Stopped", happened)
    assert billed in found.billed


@pytest.mark.parametrize(
    ("attempts", "ttft_s"), [((), None), ((LAST,), None), ((LAST,), 0.1), ((REFUSED, LAST), 0.1)]
)
@pytest.mark.parametrize("by", ["server", "page gone"])
def test_who_did_not_stop_a_run_is_not_said_to_have(attempts, ttft_s, by):
    why = why_stopped(by, 25.0)
    found = outcome(ended("stopped", *attempts, ttft_s=ttft_s, why=why))
    assert (found.title, found.happened.startswith(why)) == ("Stopped by the server", True)
    assert "you" not in f"{found.happened} {found.retried}"
    assert ("gone for 25 s" in found.happened) == (by == "page gone")


def test_a_refusal_in_mid_answer_is_billed_and_one_before_it_is_not():
    assert "not billed" not in outcome(ended("done", LAST, stop_reason="refusal")).billed
    assert "not billed" in outcome(ended("done", LAST, stop_reason="refusal", is_free=True)).billed


def test_only_a_scenario_of_the_demo_is_named_as_the_cause():
    def step(connection):
        return outcome(ended("done", LAST, stop_reason="max_tokens", connection=connection)).step

    assert "scenario" not in step(CLAUDE)
    assert "scenario" not in step(DEMO)
    assert "Here a scenario did it" in step(replace(DEMO, scenario="max_tokens"))


def test_a_late_first_token_is_told_only_where_nothing_else_explains_it():
    assert outcome(ended("done", LAST, ttft_s=6.4)).title == "Slow first token"
    assert outcome(ended("done", REFUSED, LAST, ttft_s=6.4)).title == "Answered at attempt 2"
