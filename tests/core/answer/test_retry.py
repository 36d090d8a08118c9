"""When a failure is tried again, and when never."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.answer.failures import HAPPENED, KINDS, STEPS, Failure
from playground.core.answer.retry import RetryDecision, RetryPolicy, in_words, retry_decision

POLICY = RetryPolicy()
WAITS_AN_HOUR = (
    "Not retried: the server asks to wait 1 hour, and all retries together may take 60 s."
)


def judge(failure, policy=POLICY, attempt=1, elapsed_s=0.0, has_begun=False, jitter=0.0):
    return retry_decision(
        policy, failure, attempt=attempt, elapsed_s=elapsed_s, has_begun=has_begun, jitter=jitter
    )


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_waits_double_and_jitter_comes_on_top(attempt):
    failure = Failure("overloaded", http_status=529)
    base_s = 2.0 ** (attempt - 1)
    assert judge(failure, attempt=attempt).wait_s == base_s
    assert judge(failure, attempt=attempt, jitter=1.0).wait_s == 2 * base_s


FINAL = "Not retried: the server asks not to."


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_server_asks_not_to_be_sent_again_is_not_whatever_it_is(kind):
    why = FINAL if Failure(kind).is_retryable else judge(Failure(kind)).why
    assert judge(Failure(kind, is_final=True)) == RetryDecision(None, why)


def test_a_final_failure_still_says_how_long_to_wait():
    final = Failure("rate_limit", http_status=429, retry_after_s=18_000.0, is_final=True)
    assert final.step == "Run again in 5 hours, as the server asks."


def test_every_verdict_says_why():
    busy, asked = Failure("overloaded"), Failure("rate_limit", retry_after_s=3600.0)
    assert judge(busy) == RetryDecision(1.0, f"{busy.label}: {busy.happened}")
    for failure, changes, why in (
        (busy, {"attempt": 4}, "Given up after attempt 4 of 4."),
        (busy, {"elapsed_s": 59.5}, "Given up: the 60 s for retries are used up."),
        (
            busy,
            {"has_begun": True},
            "Not retried: the answer had begun, and would be billed twice.",
        ),
        (Failure("billing"), {}, "Not retried: the same request would fail again."),
        (Failure("overloaded", is_final=True), {}, FINAL),
        (asked, {}, WAITS_AN_HOUR),
    ):
        assert judge(failure, **changes) == RetryDecision(None, why)


def test_the_deadline_may_be_used_up_to_its_end():
    assert judge(Failure("overloaded"), elapsed_s=59.0).wait_s == 1.0
    assert judge(Failure("rate_limit", retry_after_s=60.0)).wait_s == 60.0
    # Where the own wait is no shorter than what is asked for, it is not the API's doing.
    assert "used up" in judge(Failure("rate_limit", retry_after_s=1.0), elapsed_s=59.5).why


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_sentence_and_only_transient_ones_are_retried(kind):
    transient = {
        "rate_limit", "overloaded", "server_error", "gateway", "timeout", "connection", "closed",
        "dropped", "truncated", "damaged", "empty",
    }  # fmt: skip
    assert HAPPENED[kind]
    assert STEPS[kind]
    assert (judge(Failure(kind)).wait_s is not None) == (kind in transient)


def test_what_has_begun_is_never_generated_again():
    assert judge(Failure("dropped"), has_begun=True).wait_s is None


@pytest.mark.parametrize(
    ("asked_s", "jitter", "wait_s", "said"),
    [
        (2.0, 0.9, 1.9, " The server asks to wait 2.0 s."),
        (30.0, 1.0, 30.0, " The server asks to wait 30.0 s."),
        (1.0, 0.0, 1.0, " The server asks to wait 1.0 s."),
        (2.0, 0.9, 3.8,
         " The server asks to wait 2.0 s; the retry policy's back-off, 3.8 s, is longer."),
        (0.4, 0.5, 1.5,
         " The server asks to wait 0.4 s; the retry policy's back-off, 1.5 s, is longer."),
        (None, 0.5, 1.5, ""),
        (0.0, 0.5, 1.5, ""),
    ],
)  # fmt: skip
def test_a_wait_says_whether_the_server_or_the_policy_decided_it(asked_s, jitter, wait_s, said):
    failure = Failure("rate_limit", http_status=429, retry_after_s=asked_s)
    found = judge(failure, attempt=2 if wait_s == 3.8 else 1, jitter=jitter)
    assert found.wait_s == max(wait_s, asked_s or 0.0)
    assert found.why == f"{failure.label}: {failure.happened}{said}"


def test_retry_after_is_a_floor():
    assert judge(Failure("rate_limit", retry_after_s=7.0)).wait_s == 7.0
    assert judge(Failure("rate_limit", retry_after_s=0.1), jitter=0.5).wait_s == 1.5


def test_a_wait_beyond_the_deadline_ends_the_run_at_once_and_says_so():
    refused = judge(Failure("rate_limit", retry_after_s=3600.0))
    assert refused.wait_s is None
    assert "1 hour" in refused.why


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
        (RetryPolicy(attempts=1, base_wait_s=0), "Tries once."),
        (
            RetryPolicy(base_wait_s=20, deadline_s=10),
            "Tries once. The 10 s deadline ends it before attempt 2.",
        ),
        (
            RetryPolicy(attempts=8),
            "Waits 1–2 s, 2–4 s, 4–8 s, 8–16 s, 16–32 s. The 60 s deadline may end it before "
            "attempt 6, and ends it before attempt 7.",
        ),
        (
            RetryPolicy(attempts=2, base_wait_s=4, deadline_s=7),
            "Waits 4–7 s. The 7 s deadline may end it before attempt 2.",
        ),
        (
            RetryPolicy(attempts=3, base_wait_s=2, deadline_s=6.5),
            "Waits 2–4 s, 4–4.5 s. The 6.5 s deadline may end it before attempt 3.",
        ),
    ],
    ids=["usual", "short", "once", "at once", "once at once", "cut", "later", "shorter", "last"],
)
def test_a_policy_is_said_with_its_waits_and_where_the_deadline_cuts_them(policy, words):
    assert in_words(policy) == words


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
