"""A run's attempts and waits are drawn to scale and said in words."""

import json
from dataclasses import asdict, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.answer.events import Attempt
from playground.core.answer.timeline import (
    MIN_WIDTH,
    has_timeline,
    lines,
    read_attempts,
    seconds,
    spans,
)

WHY = "529 overloaded: It is."
REFUSED = Attempt(1, 0.0, 1.0, 2.0, 529, "overloaded", "Overloaded", "no", "req_1", WHY)
ANSWERED = Attempt(2, 3.0, 1.0, http_status=200, request_id="req_2")


def shares(found):
    return [
        (span.kind, span.outcome, pytest.approx(span.start), pytest.approx(span.width))
        for span in found
    ]


def test_attempts_and_waits_stand_one_after_the_other_to_scale():
    found = spans((REFUSED, ANSWERED), 4.0)
    assert shares(found) == [
        ("attempt", "failed", 0.0, 0.25),
        ("wait", "waited", 0.25, 0.5),
        ("attempt", "answered", 0.75, 0.25),
    ]
    assert [span.label for span in found] == [
        "Attempt 1: 529 overloaded, 1.00 s",
        "Waited 2.00 s",
        "Attempt 2: 200 answered, 1.00 s",
    ]


def test_a_wait_under_way_is_drawn_in_its_planned_length():
    found = spans((REFUSED,), 1.1, "waiting")
    assert [(span.outcome, span.width) for span in found] == [
        ("failed", pytest.approx(1 / 3)),
        ("waiting", pytest.approx(2 / 3)),
    ]


def test_an_attempt_under_way_is_as_long_as_it_has_taken_so_far():
    found = spans((REFUSED,), 6.0, "trying")
    assert [(span.outcome, span.width) for span in found] == [
        ("failed", pytest.approx(1 / 6)),
        ("waited", pytest.approx(2 / 6)),
        ("under way", pytest.approx(3 / 6)),
    ]


def test_a_run_stopped_in_a_wait_shows_how_much_of_it_passed():
    _, wait = spans((REFUSED,), 1.5)
    assert (wait.outcome, wait.label) == ("waited", "Waited 0.50 s")
    assert "waited 0.50 s" in lines((REFUSED,), 1.5)[0].facts


@pytest.mark.parametrize(("doing", "is_said"), [("waiting", False), ("trying", True)])
def test_a_wait_is_said_once_it_is_over(doing, is_said):
    assert ("waited 2.00 s" in lines((REFUSED,), 3.5, doing)[0].facts) == is_said


def test_the_real_wait_is_said_not_the_planned_one():
    late = Attempt(2, 3.4, 1.0)
    assert "waited 2.40 s" in lines((REFUSED, late))[0].facts


def test_each_attempt_has_its_status_its_bill_its_request_id_and_its_reason():
    first, second = lines((REFUSED, ANSWERED))
    assert first.facts == "529 overloaded · 1.00 s · waited 2.00 s · not billed"
    assert (first.request_id, second.request_id) == ("req_1", "req_2")
    assert first.why == "Retried: It is."
    assert first.message == "Overloaded"
    assert second.facts == "200 answered · 1.00 s · billed"
    assert second.why == ""


def test_what_attempts_have_in_common_is_said_once():
    again = replace(REFUSED, number=2, start_s=3.0)
    other = replace(REFUSED, number=3, start_s=6.0, why="429 rate limit: Too many.", message="Slow")
    given_up = Attempt(4, 9.0, 1.0, None, 529, "overloaded", "Overloaded", why="Given up.")
    attempts = (REFUSED, again, other, given_up)
    found = [(line.why, line.message) for line in lines(attempts)]
    assert found == [
        ("Retried: It is.", "Overloaded"), ("", ""),
        ("Retried: 429 rate limit: Too many.", "Slow"), ("Given up.", ""),
    ]  # fmt: skip
    # The card says it beneath the lines.
    assert [line.why for line in lines(attempts, shown="It is.")] == [
        "", "", "Retried: 429 rate limit: Too many.", "Given up.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (
            Attempt(1, 0, 1, kind="connection", billed="no"),
            "connection · 1.00 s · not billed",
        ),
        (Attempt(1, 0, 1, None, 200, billed="no"), "200 answered · 1.00 s · not billed"),
        (Attempt(1, 0, 1, kind="dropped", billed="partly"), "partly billed"),
        (Attempt(1, 0, 1, billed="possibly", why="Stopped."), "stopped · 1.00 s · possibly billed"),
    ],
)
def test_an_attempt_that_did_not_answer_says_what_it_may_have_cost(attempt, words):
    [line] = lines((attempt,))
    assert words in line.facts
    assert line.request_id == "no request id"


def test_a_clean_first_attempt_needs_no_timeline():
    assert not has_timeline(())
    assert not has_timeline((ANSWERED,))
    assert has_timeline((REFUSED,))
    assert has_timeline((REFUSED, ANSWERED))


LENGTHS = st.one_of(st.just(0.0), st.floats(0, 1e-3), st.floats(0, 600))


@st.composite
def histories(draw):
    """What a run can have recorded, from the clock's view: each attempt begins after a wait."""
    found, now_s = [], draw(LENGTHS)
    for number in range(1, draw(st.integers(1, 8)) + 1):
        duration_s, wait_s = draw(LENGTHS), draw(LENGTHS)
        found.append(Attempt(number, now_s, duration_s, wait_s, kind="overloaded"))
        now_s += duration_s + wait_s
    return tuple(found), now_s


@given(histories(), st.sampled_from([None, "waiting", "trying"]), LENGTHS)
def test_spans_fill_the_line_in_order_and_each_can_be_seen(history, doing, more_s):
    attempts, end_s = history
    found = spans(attempts, end_s + more_s, doing)
    end = 0.0
    for span in found:
        assert span.start == pytest.approx(end)
        assert span.width >= MIN_WIDTH - 1e-9
        end = span.start + span.width
    assert end == pytest.approx(1.0)
    assert sum(span.kind == "attempt" for span in found) == len(attempts) + (doing == "trying")


@given(st.lists(LENGTHS, min_size=9, max_size=80))
def test_however_many_attempts_a_file_holds_their_spans_fill_the_line(durations_s):
    attempts = [Attempt(n, 2.0 * n, duration_s) for n, duration_s in enumerate(durations_s, 1)]
    drawn = spans(tuple(attempts), 2.0 * len(attempts) + 600)
    assert sum(span.width for span in drawn) == pytest.approx(1.0)
    assert all(span.width > 0 for span in drawn)


@given(histories())
def test_a_longer_part_is_never_drawn_shorter(history):
    attempts, end_s = history
    drawn = [span.width for span in spans(attempts, end_s) if span.kind == "attempt"]
    pairs = sorted(zip([attempt.duration_s for attempt in attempts], drawn, strict=True))
    assert all(left[1] <= right[1] + 1e-9 for left, right in pairwise(pairs))


@given(histories())
def test_the_attempts_survive_the_log(history):
    attempts, _ = history
    rows = json.loads(json.dumps([asdict(attempt) for attempt in attempts]))
    assert read_attempts(rows) == attempts


@pytest.mark.parametrize(
    "row",
    [None, [], {}, {"number": 1}, {"number": "1", "start_s": 0, "duration_s": 0},
     {"number": 1, "start_s": float("nan"), "duration_s": 0}],
)  # fmt: skip
def test_a_damaged_attempt_is_left_out(row):
    assert read_attempts([row, asdict(ANSWERED)]) == (ANSWERED,)


def test_an_attempt_of_an_older_log_still_opens():
    [found] = read_attempts([{"number": 1, "start_s": 0, "duration_s": 1, "kind": "gone"}])
    assert lines((found,))[0].facts.startswith("gone · 1.00 s")


@pytest.mark.parametrize(
    ("value_s", "words"),
    [(0.0, "0.000 s"), (0.004, "0.004 s"), (0.1, "0.10 s"), (9.5, "9.50 s"), (61, "61.0 s")],
)
def test_times_have_one_unit(value_s, words):
    assert seconds(value_s) == words
