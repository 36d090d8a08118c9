"""The four answers under a run that did not simply succeed."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from scripted import NOW, REQUEST

from playground.core.answer.content import (
    RedactedThinkingBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    UnknownBlock,
)
from playground.core.answer.events import Attempt, Usage
from playground.core.answer.failures import KINDS, Failure
from playground.core.answer.retry import RetryPolicy, retry_decision
from playground.core.request.connection import CLAUDE, DEMO
from playground.core.runs.outcome import outcome, why_stopped
from playground.core.runs.run_plan import RunContext, Variant, plan

REFUSED = Attempt(1, 0.0, 0.1, wait_s=1.4, http_status=529, kind="overloaded", billed="no")
LAST = Attempt(2, 1.5, 0.1, http_status=200)


def ended(status, *attempts, connection=CLAUDE, **more):
    run = SimpleNamespace(
        plan=plan(RunContext(connection, RetryPolicy(), (), NOW), Variant("A", REQUEST)),
        status=status,
        failure=None,
        why="",
        attempts=attempts,
        stop_reason="end_turn" if status == "done" else None,
        stop_detail=None,
        usage=Usage(9, 40),
        text="Hello",
        thinking="",
        blocks=(TextBlock("Hello"),),
        stop_category=None,
        ttft_s=0.4,
        refusal="billed",
    )
    vars(run).update(more)
    run.last_usage = more.get("last_usage", run.usage)
    return run


def test_a_tool_call_is_no_failure_of_which_one_asks_whether_it_was_retried():
    called = {"blocks": (ToolUseBlock("t", "weather", {}),), "stop_reason": "tool_use"}
    assert outcome(ended("done", LAST, **called)).retried == ""
    assert outcome(ended("done", REFUSED, LAST, **called)).retried == "Retried once, after 1.4 s."


CUT = {"stop_reason": "max_tokens", "usage": Usage(50_009, 41), "last_usage": Usage(9, 40)}


def test_an_answer_is_as_long_as_its_own_attempt_reported_and_earlier_ones_are_billed_too():
    lost = replace(REFUSED, billed="partly", prompt_tokens=50_000)
    found = outcome(ended("done", lost, LAST, **CUT))
    assert found.happened == "The answer was cut after 40 tokens."
    assert found.billed.endswith("Failed attempts reported 50,000 tokens in, and those are billed.")
    silent = replace(lost, billed="possibly", prompt_tokens=None)
    found = outcome(ended("done", silent, LAST, **CUT))
    assert found.billed.endswith("An attempt whose reply was lost may be billed too.")
    found = outcome(ended("done", REFUSED, LAST, **CUT))
    assert found.billed == "Billed like any answer: tokens in and out."


def test_a_free_refusal_after_a_lost_attempt_does_not_say_that_all_was_free():
    lost = replace(REFUSED, billed="partly", prompt_tokens=50_000)
    found = outcome(ended("done", lost, LAST, stop_reason="refusal", refusal="free"))
    assert found.billed == (
        "A refusal before the first token is not billed. Failed attempts reported"
        " 50,000 tokens in, and those are billed."
    )


@pytest.mark.parametrize("status", ["queued", "connecting", "waiting", "streaming", "done"])
def test_a_live_or_plainly_answered_run_has_nothing_to_explain(status):
    assert outcome(ended(status, replace(LAST, number=1))) is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_failure_has_all_four_answers(kind):
    failure = Failure(kind, http_status=400)
    judged = retry_decision(
        RetryPolicy(), failure, attempt=4, elapsed_s=9, has_begun=False, jitter=0
    )
    found = outcome(ended("failed", REFUSED, failure=failure, why=judged.why))
    assert found.tone == "error"
    for answer in (found.title, found.happened, found.retried, found.billed, found.step):
        assert answer.strip()
    assert found.retried.startswith(("Not retried: ", "Given up "))
    assert "{" not in found.happened


def test_a_run_that_was_retried_and_then_broke_says_both():
    failure = Failure("dropped", billed="partly")
    broken = replace(LAST, kind="dropped", billed="partly")
    why = "Not retried: the answer had begun, and would be billed twice."
    found = outcome(ended("interrupted", REFUSED, broken, failure=failure, why=why))
    assert found.retried == f"Retried once, after 1.4 s. {why}"


def test_an_attempt_whose_reply_was_lost_may_be_billed():
    lost = replace(REFUSED, kind="timeout", http_status=None, billed="possibly")
    timeout = Failure("timeout", billed="possibly")
    found = outcome(ended("failed", lost, failure=timeout, usage=None))
    assert "may be billed" in found.billed
    found = outcome(ended("done", lost, LAST))
    assert found.title == "Answered at attempt 2"
    assert "perhaps" in found.billed


@pytest.mark.parametrize(
    ("attempts", "ttft_s", "happened", "billed"),
    [
        ((), None, "Before the run began.", "nothing is billed"),
        ((REFUSED,), None, "Between two attempts.", "not billed"),
        ((replace(LAST, billed="possibly"),), None, "Before the first token.", "may be billed"),
        (
            (replace(LAST, billed="possibly"),),
            0.4,
            "The text that had arrived is kept.",
            "until then",
        ),
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
    assert (
        "not billed" in outcome(ended("done", LAST, stop_reason="refusal", refusal="free")).billed
    )


def test_only_a_scenario_of_the_demo_is_named_as_the_cause():
    def step(connection):
        return outcome(ended("done", LAST, stop_reason="max_tokens", connection=connection)).step

    assert "simulated" not in step(CLAUDE)
    assert "simulated" not in step(DEMO)
    assert "This failure is simulated" in step(replace(DEMO, scenario="max_tokens"))


def test_a_late_first_token_is_told_only_where_nothing_else_explains_it():
    assert outcome(ended("done", LAST, ttft_s=6.4)).title == "Slow first token"
    assert outcome(ended("done", REFUSED, LAST, ttft_s=6.4)).title == "Answered at attempt 2"


def done(*kinds, text="", stop_reason="end_turn", **more):
    made = {"text": TextBlock(text), "thinking": ThinkingBlock(""),
            "redacted_thinking": RedactedThinkingBlock("x")}  # fmt: skip
    blocks = tuple(
        ToolUseBlock("t", kind[1], "{}") if isinstance(kind, tuple)
        else made.get(kind, UnknownBlock(kind, "{}"))
        for kind in kinds
    )  # fmt: skip
    return outcome(ended("done", LAST, blocks=blocks, text=text, stop_reason=stop_reason, **more))


@pytest.mark.parametrize(
    ("found", "title", "happened"),
    [
        (done(), "Empty answer", "no content"),
        (done("text"), "Empty answer", "an empty text"),
        (done("text", text=" \n\t"), "Empty answer", "only white space"),
        (done("text", text="\u200b\u2060\ufeff\u00ad"), "Empty answer", "only white space"),
        (done("text", text="\u3164 \u2800"), "Empty answer", "only white space"),
        (done(stop_reason="stop_sequence"), "Empty answer", "no content"),
        (done("thinking"), "Only thinking", "wrote no text"),
        (done("redacted_thinking"), "Only thinking", "wrote no text"),
        (done("container_upload", "block_of_2027"), "No text",
         "no text, only block_of_2027 and container_upload"),
        (done(("tool_use", "weather"), stop_reason="tool_use"), "Tool call",
         "calls weather and waits for the result; it wrote no text."),
        (done("text", ("tool_use", "a"), ("tool_use", "b"), text="Hm", stop_reason="tool_use"),
         "Tool calls", "calls a and b and waits for the result."),
        (done("text", text="Hi", stop_reason="pause_turn"), "Paused", "not complete"),
        (done("text", text="Hi", stop_reason="of_2027"), "Unknown stop reason", "of_2027"),
        (done(stop_reason="of_2027"), "Unknown stop reason", "The answer has no text."),
        (done("text", text="Hi", stop_reason=None), "No stop reason", "may not be complete"),
        (done(stop_reason=None), "No stop reason", "The answer has no text."),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_plain_text_says_what_happened(found, title, happened):
    assert (found.tone, found.title) == ("warning", title)
    assert happened in found.happened
    assert found.step


def test_a_call_says_how_to_go_on_where_its_result_can_be_typed():
    def step(tool_input):
        tool = ToolUseBlock("t", "weather", tool_input)
        return outcome(ended("done", LAST, blocks=(tool,), text="", stop_reason="tool_use")).step

    assert step('{"city": "Paris"}') == (
        "Nothing runs tools here. Press Continue, type what the tool returned, then Run."
    )
    assert step('{"ci').endswith("The call is shown above with its input.")


def test_a_plain_answer_that_ends_at_a_stop_sequence_has_nothing_to_explain():
    assert done("thinking", "text", text="Hi", stop_reason="stop_sequence") is None


@pytest.mark.parametrize(
    ("kinds", "happened"),
    [
        (("rate_limit",), "Attempt 1 hit the rate limit (429)."),
        (("rate_limit", "rate_limit"), "Attempts 1 and 2 hit the rate limit (429)."),
        (("timeout", "overloaded"),
         "Attempts 1 and 2 timed out and found the API overloaded (529)."),
        (("closed", "empty", "damaged"),
         "Attempts 1 to 3 got no answer, came back empty and came back damaged."),
        (("conflict",), "Attempt 1 failed with: conflict (409)."),
    ],
)  # fmt: skip
def test_what_failed_before_an_answer_is_said_in_a_sentence(kinds, happened):
    status = {"rate_limit": 429, "overloaded": 529, "conflict": 409, "empty": 200}
    failed = [replace(REFUSED, kind=kind, http_status=status.get(kind)) for kind in kinds]
    assert outcome(ended("done", *failed, LAST)).happened == happened


def test_what_failed_attempts_reported_is_said_to_be_billed():
    lost = replace(REFUSED, billed="partly", prompt_tokens=50_000)
    assert (
        "50,000 tokens in that failed attempts reported"
        in outcome(ended("done", lost, LAST)).billed
    )
    failure = Failure("overloaded", billed="partly")
    found = outcome(ended("failed", lost, failure=failure, usage=Usage(50_000)))
    assert (
        found.billed == "No answer came, but 50,000 tokens in were reported, and those are billed."
    )
