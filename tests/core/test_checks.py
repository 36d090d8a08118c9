"""What is wrong with a request is said before anything is sent."""

from datetime import date

import pytest

from playground.core.catalogue import find, unknown
from playground.core.checks import problems
from playground.core.request import Message, Params, Prompt, Request

TODAY = date(2026, 11, 23)


def found(prompt=None, today=TODAY, model="claude-sonnet-4-6", **params):
    prompt = prompt or Prompt("", (Message("user", "Hi"),))
    params = Params(**{"model": model, "max_tokens": 300, **params})
    return problems(Request(prompt, params), find(model) or unknown(model), today)


def chat(*turns):
    return Prompt("", tuple(Message(role, text) for role, text in turns))


def test_an_ordinary_request_has_no_problem():
    assert found() == ()


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (chat(), "no message"),
        (chat(("user", "  ")), "Message 1 is empty"),
        (chat(("assistant", "Hi"), ("user", "Hi")), "first message must be from the user"),
        (chat(("user", "Hi"), ("assistant", "{")), "takes no prefill"),
    ],
)
def test_a_prompt_that_the_api_would_refuse_is_an_error(prompt, words):
    [problem] = found(prompt)
    assert problem.severity == "error"
    assert words in problem.text


def test_a_prefill_is_fine_where_it_is_taken_but_must_not_end_with_a_space():
    assert found(chat(("user", "Hi"), ("assistant", "{")), model="claude-haiku-4-5") == ()
    [problem] = found(chat(("user", "Hi"), ("assistant", "{ ")), model="claude-haiku-4-5")
    assert "must not end with a space" in problem.text


def test_a_prefill_and_thinking_exclude_each_other():
    prefilled = chat(("user", "Hi"), ("assistant", "{"))
    [problem] = found(prefilled, model="claude-haiku-4-5", thinking="budget", max_tokens=2000)
    assert "while it thinks" in problem.text


def test_two_turns_of_one_role_are_only_a_warning():
    [problem] = found(chat(("user", "Hi"), ("user", "there")))
    assert problem.severity == "warning"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"max_tokens": 0}, "at least 1"),
        ({"max_tokens": 200_000}, "at most 128,000"),
        ({"temperature": 1.1}, "from 0 to 1"),
        ({"temperature": -0.1}, "0 or more"),
        ({"model": "claude-haiku-4-5", "thinking": "budget"}, "above the budget of 1,024"),
        ({"model": "claude-haiku-4-5", "thinking": "budget", "thinking_budget_tokens": 9}, "1,024"),
        ({"thinking": "budget", "thinking_budget_tokens": 2000, "max_tokens": 2000}, "2,000"),
        ({"top_p": 1.1}, "from 0 to 1"),
        ({"top_k": -1}, "0 or more"),
        ({"extra_json": '{"a": 1,}'}, "line 1, column 9"),
        ({"extra_json": "[]"}, "must be an object"),
        ({"extra_json": '{"stream": false}'}, "streamed"),
        ({"stop_sequences": ("a", " ")}, "white space"),
        ({"model": ""}, "No model"),
    ],
)
def test_a_parameter_out_of_its_range_is_an_error(params, words):
    errors = [problem.text for problem in found(**params) if problem.severity == "error"]
    assert any(words in text for text in errors)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"model": "claude-haiku-4-5", "temperature": 0.5, "top_p": 0.9}, "not both"),
        ({"temperature": 0.5, "thinking": "adaptive"}, "not sent while"),
    ],
)
def test_a_value_that_another_keeps_from_being_sent_is_a_warning(params, words):
    [problem] = found(**params)
    assert problem.severity == "warning"
    assert words in problem.text


def test_with_a_version_chosen_a_refused_prefill_may_be_tried():
    prefilled = chat(("user", "Hi"), ("assistant", "{"))
    assert found(prefilled, model="claude-opus-5-5", api_version="2026-10-21") == ()


def test_a_model_that_retires_soon_is_named_with_its_date():
    [problem] = found(model="claude-sonnet-4-5")
    assert problem.severity == "warning"
    assert "2026-11-30" in problem.text
    [problem] = found(model="claude-sonnet-4-5", today=date(2026, 11, 30))
    assert "was retired" in problem.text


def test_a_prompt_that_surely_does_not_fit_is_an_error():
    [problem] = found(chat(("user", "word " * 400_000)), model="claude-haiku-4-5")
    assert "does not fit" in problem.text
