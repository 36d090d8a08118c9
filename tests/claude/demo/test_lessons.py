"""Each lesson says what is so: its setup, run on the demo, shows what it tells to look at."""

import re

import pytest
from demo_runs import run_on_demo

from playground.core.checks.request_checks import problems
from playground.core.library.lessons import LESSONS
from playground.core.request.model_catalogue import find
from playground.core.request.request import Prompt, Request
from playground.core.runs.outcome import outcome
from playground.engine.run_rows import cost_of

BY_NAME = {lesson.name: lesson for lesson in LESSONS}


def run_lesson(name, *, seed=1, prompt=None):
    """The lesson's variants, one run each."""
    lesson = BY_NAME[name]
    return [
        run_on_demo(Request(prompt or lesson.prompt, params), lesson.scenario, seed=seed + index)
        for index, params in enumerate(lesson.variants)
    ]


def duration_s(run):
    return run.ended_s - run.began_s


def test_six_lessons_begin_with_press_run_and_say_at_most_two_sentences_more():
    assert len(LESSONS) == 6
    for lesson in LESSONS:
        assert lesson.look_at.startswith("Press Run. "), lesson.name
        assert len(re.findall(r"\.(?: |$)", lesson.look_at)) <= 3, lesson.name
        assert 1 <= len(lesson.variants) <= 3


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_has_nothing_that_a_check_would_object_to(lesson):
    for params in lesson.variants:
        request = Request(lesson.prompt, params)
        model = find(params.model)
        assert problems(request, model, model.released) == ()


def test_messages_without_the_earlier_turns_the_answer_is_another_and_fewer_tokens_go_in():
    [whole] = run_lesson("Messages")
    prompt = BY_NAME["Messages"].prompt
    [alone] = run_lesson("Messages", prompt=Prompt(prompt.system, prompt.messages[2:]))
    assert "batter" in whole.text
    assert "batter" not in alone.text
    assert alone.usage.input_tokens < whole.usage.input_tokens / 2


def test_temperature_at_0_runs_agree_and_at_1_they_differ():
    presses = [run_lesson("Temperature", seed=seed) for seed in range(10, 130, 3)]
    cold = {run.text for press in presses for run in press[:2]}
    hot = [press[2].text for press in presses]
    assert len(cold) == 1
    assert sum(text in cold for text in hot) <= len(hot) // 10
    assert len(set(hot)) > len(hot) // 2
    assert all(text.count("\n") == 4 for text in hot)


def test_max_tokens_cuts_one_and_not_the_other():
    cut, whole = run_lesson("max_tokens")
    assert (cut.stop_reason, cut.usage.output_tokens) == ("max_tokens", 40)
    assert whole.stop_reason == "end_turn"
    assert whole.text.startswith(cut.text)
    assert not cut.text.rstrip().endswith((".", ":"))
    assert whole.usage.output_tokens < 400


def test_streaming_the_first_token_comes_long_before_the_last():
    [run] = run_lesson("Streaming")
    assert run.stop_reason == "end_turn"
    assert run.ttft_s < duration_s(run) / 10
    assert duration_s(run) > 5


def test_errors_the_third_attempt_answers_and_a_wrong_key_is_tried_once():
    [run] = run_lesson("Errors and retries")
    assert (run.status, len(run.attempts)) == ("done", 3)
    assert [attempt.http_status for attempt in run.attempts] == [429, 429, 200]
    assert run.attempts[1].wait_s == 2 * run.attempts[0].wait_s
    assert "429" in run.text
    lesson = BY_NAME["Errors and retries"]
    [refused] = [
        run_on_demo(Request(lesson.prompt, params), "wrong_key") for params in lesson.variants
    ]
    assert (refused.status, len(refused.attempts)) == ("failed", 1)


def test_the_smallest_model_gives_the_same_answer_at_a_fifth_of_the_cost():
    small, middle, large = run_lesson("The smallest model")
    assert small.text == middle.text == large.text
    assert small.text == '{"dish": "sambar", "minutes": 40, "vegetarian": true}'
    costs = [cost_of(run)[0].usd for run in (small, middle, large)]
    assert costs == sorted(costs)
    assert costs[0] * 5 == costs[2]


def test_only_the_lesson_on_errors_needs_the_demo():
    assert [lesson.name for lesson in LESSONS if lesson.needs_demo] == ["Errors and retries"]


@pytest.mark.parametrize("name", ["Messages", "Temperature", "Streaming", "The smallest model"])
def test_a_lesson_that_goes_well_has_no_trouble_to_explain(name):
    assert {outcome(run) for run in run_lesson(name)} == {None}
