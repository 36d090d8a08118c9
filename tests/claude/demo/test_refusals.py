"""What the playground says the API takes and refuses is what the demo does."""

import os
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playground.claude.demo.rules import check
from playground.core.checks.request_checks import param_problems, problems
from playground.core.request.connection import DEMO
from playground.core.request.model_catalogue import CATALOGUE
from playground.core.request.request import EFFORTS, Message, Params, Prompt, Request
from playground.core.wire.wire import model_on, wire

EXAMPLES = int(os.environ.get("EXAMPLES", "200"))
"""How many are tried; set it to thousands for a long look."""

TODAY = date(2026, 11, 24)
PROMPTS = st.sampled_from(
    [
        Prompt("Be terse.", (Message("user", "Hi"),)),
        Prompt("", (Message("user", "Hi"), Message("assistant", "1."))),
        Prompt("", (Message("assistant", "Ask me."), Message("user", "Hi"))),
    ]
)


def forms(*versions):
    return st.builds(
        Params,
        model=st.sampled_from([model.id for model in CATALOGUE]),
        max_tokens=st.just(0) | st.integers(1, 64_000),
        temperature=st.none() | st.sampled_from([0.0, 0.5, 1.0]),
        top_p=st.none() | st.sampled_from([0.5, 0.95, 0.99, 1.0]),
        top_k=st.none() | st.integers(0, 40),
        effort=st.none() | st.sampled_from(EFFORTS),
        thinking=st.sampled_from(["default", "adaptive", "budget", "between_tools", "off"]),
        thinking_budget_tokens=st.none() | st.integers(1024, 4000),
        thinking_display=st.sampled_from(["default", "summarized", "omitted"]),
        cache=st.sampled_from(["off", "5m", "1h"]),
        service_tier=st.sampled_from(["default", "auto", "standard_only"]),
        api_version=st.sampled_from(versions),
    )


def sent_to_the_demo(params, prompt):
    """What goes out, and the demo's answer, of a form that the checks let pass."""
    request = Request(prompt, params)
    model = model_on(DEMO, params.model)
    assume(not any(p.severity == "error" for p in problems(request, model, TODAY)))
    # Out of its range a value may be sent too where a version was chosen; see below.
    in_auto = param_problems(replace(params, api_version="auto"), model)
    assume(not any(p.severity == "error" for p in in_auto))
    sent = wire(request, model, DEMO)
    return sent, check(sent.headers["anthropic-version"], dict(sent.body))


@settings(max_examples=EXAMPLES, deadline=None)
@given(forms("auto"), PROMPTS)
def test_automatically_nothing_is_sent_that_is_refused(params, prompt):
    _, refused = sent_to_the_demo(params, prompt)
    assert refused is None


@settings(max_examples=EXAMPLES, deadline=None)
@given(forms("2023-06-01", "2026-10-21"), PROMPTS)
def test_with_a_version_chosen_exactly_what_is_expected_is_refused(params, prompt):
    sent, refused = sent_to_the_demo(params, prompt)
    expected = [line.refusal for line in sent.decisions if line.refusal]
    assert bool(expected) == (refused is not None)
    texts = [refusal.text for refusal in expected]
    if refused and None not in texts:
        assert any(refused.message.startswith(text) for text in texts)


@pytest.mark.parametrize(
    "params",
    [
        Params("claude-haiku-4-5", 70_000),
        Params("claude-haiku-4-5", 300, temperature=1.5),
        Params("claude-haiku-4-5", 300, top_p=1.5),
        Params("claude-haiku-4-5", 300, top_k=-1),
        Params("claude-haiku-4-5", 300, thinking="budget"),
        Params("claude-haiku-4-5", 3000, thinking="budget", thinking_budget_tokens=9),
        Params("claude-haiku-4-5", 300, stop_sequences=(" ",)),
    ],
    ids=str,
)
def test_what_is_out_of_its_range_is_an_error_and_refused_if_a_version_sends_it(params):
    model = model_on(DEMO, params.model)
    assert "error" in {problem.severity for problem in param_problems(params, model)}
    chosen = replace(params, api_version="2023-06-01")
    assert "error" not in {problem.severity for problem in param_problems(chosen, model)}
    sent = wire(Request(Prompt("", (Message("user", "Hi"),)), chosen), model, DEMO)
    assert check(sent.headers["anthropic-version"], dict(sent.body)) is not None
