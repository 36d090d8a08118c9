"""What is too large for a visitor, said before Run and whatever the extra JSON makes of it."""

from dataclasses import replace

import pytest
from scripted import NOW, REQUEST

from playground.core.answer.retry import RetryPolicy
from playground.core.checks.caps import NO_CAPS, Caps, is_spare, queue_problem, variants_problem
from playground.core.request.connection import CLAUDE, DEMO
from playground.core.request.request import Message, Prompt
from playground.core.runs.run_plan import RunContext, Variant, plan

CAPS = Caps(max_tokens=4096, prompt_chars=1000, variants=2)


def errors(request, caps=CAPS):
    planned = plan(RunContext(CLAUDE, RetryPolicy(), (), NOW, caps=caps), Variant("A", request))
    assert planned.can_run == (not any(p.severity == "error" for p in planned.problems))
    return [problem for problem in planned.problems if "This app" in problem.text]


def with_params(**changes):
    return replace(REQUEST, params=replace(REQUEST.params, **changes))


def test_what_is_within_the_caps_runs():
    assert errors(with_params(max_tokens=4096)) == []


def test_too_many_tokens_are_named_and_mended_by_a_click():
    request = with_params(max_tokens=4097)
    [problem] = errors(request)
    assert "4,096 max_tokens" in problem.text
    params = replace(request.params, **dict(problem.fix.params))
    assert errors(replace(request, params=params)) == []
    assert errors(request, NO_CAPS) == []


@pytest.mark.parametrize("value", ["4097", "1e9", '"5000"', "99999.0", "null", "[1]"])
def test_the_extra_json_is_no_way_around(value):
    [problem] = errors(with_params(extra_json=f'{{"max_tokens": {value}}}'))
    assert problem.fix is None


@pytest.mark.parametrize(
    "request_",
    [
        replace(REQUEST, prompt=Prompt("", (Message("user", "x" * 1001),))),
        replace(REQUEST, prompt=Prompt("x" * 600, (Message("user", "x" * 600),))),
        with_params(extra_json='{"metadata": {"user_id": "%s"}}' % ("x" * 1000)),
        with_params(stop_sequences=("x" * 1000,)),
    ],
    ids=["message", "system", "extra", "stops"],
)
def test_all_that_is_written_counts_into_the_size(request_):
    [problem] = errors(request_)
    assert "characters. This app takes 1,000" in problem.text


def test_who_is_capped():
    assert CAPS.for_visitor(is_local=False, is_owners=True) == CAPS
    assert CAPS.for_visitor(is_local=False, is_owners=False) == Caps(prompt_chars=1000)
    assert CAPS.for_visitor(is_local=True, is_owners=True) == NO_CAPS


def test_more_variants_than_allowed_are_refused():
    assert variants_problem(2, CAPS) is None
    assert "2 variants" in variants_problem(3, CAPS)
    assert variants_problem(6, NO_CAPS) is None


@pytest.mark.parametrize(
    ("count", "own", "all_", "said"),
    [
        (6, 0, 194, None),
        (6, 0, 195, "195 of 200 places"),
        (6, 44, 44, None),
        (6, 45, 45, "45 of your 50 places"),
    ],
)
def test_the_queue_is_bounded_and_nobody_fills_it_alone(count, own, all_, said):
    problem = queue_problem("visitor-1", count, own, all_, 200)
    assert (problem is None) == (said is None)
    assert said is None or said in problem
    # At one's own machine there is nobody to leave places for.
    assert queue_problem("local", 6, 45, 45, 200) is None
    assert queue_problem("local", 6, 195, 195, 200) is not None


def test_only_a_strangers_run_on_the_demo_can_wait_behind_all_others():
    assert is_spare("visitor-1", DEMO)
    assert not is_spare("visitor-1", CLAUDE)
    assert not is_spare("local", DEMO)
