"""When a failure is tried again, and when never."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.failures import HAPPENED, KINDS, STEPS, Failure
from playground.core.retry import RetryPolicy, in_words, verdict

POLICY = RetryPolicy()


def judge(failure, policy=POLICY, attempt=1, elapsed_s=0.0, was_shown=False, jitter=0.0):
    return verdict(
        policy, failure, attempt=attempt, elapsed_s=elapsed_s, was_shown=was_shown, jitter=jitter
    )


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_waits_double_and_jitter_comes_on_top(attempt):
    failure = Failure("overloaded", http_status=529)
    base_s = 2.0 ** (attempt - 1)
    assert judge(failure, attempt=attempt).wait_s == base_s
    assert judge(failure, attempt=attempt, jitter=1.0).wait_s == 2 * base_s


def test_the_fourth_attempt_is_the_last():
    last = judge(Failure("overloaded"), attempt=4)
    assert last.wait_s is None
    assert "4 of 4" in last.why


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_sentence_and_only_transient_ones_are_retried(kind):
    transient = {
        "rate_limit", "overloaded", "server_error", "timeout", "connection", "dropped", "truncated",
    }  # fmt: skip
    assert HAPPENED[kind]
    assert STEPS[kind]
    assert (judge(Failure(kind)).wait_s is not None) == (kind in transient)


def test_what_was_shown_is_never_generated_again():
    assert judge(Failure("dropped"), was_shown=True).wait_s is None


def test_retry_after_is_a_floor():
    assert judge(Failure("rate_limit", retry_after_s=7.0)).wait_s == 7.0
    assert judge(Failure("rate_limit", retry_after_s=0.1), jitter=0.5).wait_s == 1.5


def test_a_wait_beyond_the_deadline_ends_the_run_at_once_and_says_so():
    refused = judge(Failure("rate_limit", retry_after_s=3600.0))
    assert refused.wait_s is None
    assert "3,600 s" in refused.why


@given(
    st.sampled_from(KINDS),
    st.integers(1, 8),
    st.floats(0, 30),
    st.floats(1, 600),
    st.floats(0, 1),
    st.one_of(st.none(), st.floats(0, 1e6)),
)
def test_no_schedule_exceeds_its_attempts_or_its_deadline(
    kind, attempts, base_wait_s, deadline_s, jitter, asked_s
):
    policy = RetryPolicy(attempts, base_wait_s, deadline_s)
    elapsed_s, attempt = 0.0, 1
    failure = Failure(kind, retry_after_s=asked_s)
    while True:
        result = judge(failure, policy, attempt, elapsed_s, jitter=jitter)
        assert result.why
        if result.wait_s is None:
            break
        assert result.wait_s >= base_wait_s * 2 ** (attempt - 1)
        elapsed_s += result.wait_s
        attempt += 1
    assert 1 <= attempt <= attempts
    assert elapsed_s <= deadline_s


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (RetryPolicy(), "Waits 1–2 s, 2–4 s, 4–8 s."),
        (RetryPolicy(attempts=2, base_wait_s=0.5), "Waits 0.5–1 s."),
        (RetryPolicy(attempts=1), "Tries once."),
        (RetryPolicy(base_wait_s=0), "Tries again at once."),
        (
            RetryPolicy(base_wait_s=20, deadline_s=10),
            "Tries once. The 10 s deadline ends it before",
        ),
        (
            RetryPolicy(attempts=8),
            "16–32 s. The 60 s deadline may end it before attempt 6, and ends it before attempt 7.",
        ),
        (RetryPolicy(attempts=2, base_wait_s=4, deadline_s=7), "Waits 4–7 s. The 7 s deadline may"),
    ],
    ids=["usual", "short", "once", "at once", "cut at once", "cut later", "cut short"],
)
def test_a_policy_is_said_with_its_waits_and_where_the_deadline_cuts_them(policy, words):
    assert words in in_words(policy)


@given(st.integers(2, 8), st.floats(0.5, 30), st.floats(1, 600))
def test_the_words_promise_the_attempts_that_the_verdicts_allow(attempts, base_wait_s, deadline_s):
    policy = RetryPolicy(attempts, base_wait_s, deadline_s)

    def last_attempt(jitter):
        elapsed_s, attempt = 0.0, 1
        while (
            found := judge(Failure("overloaded"), policy, attempt, elapsed_s, jitter=jitter)
        ) and (found.wait_s is not None):
            elapsed_s, attempt = elapsed_s + found.wait_s, attempt + 1
        return attempt

    said = {
        verb: int(n)
        for verb, n in re.findall(r"(\bmay end|\bends) it before attempt (\d)", in_words(policy))
    }
    assert said.get("ends", attempts + 1) == last_attempt(0.0) + 1
    assert said.get("may end", said.get("ends", attempts + 1)) == last_attempt(1.0) + 1
