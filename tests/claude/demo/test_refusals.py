"""What the playground says the API takes and refuses is what the demo does."""

import json
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
from playground.core.wire.wire import model_id_of, model_on, wire

EXAMPLES = int(os.environ.get("EXAMPLES", "200"))
"""How many are tried; set it to thousands for a long look."""

TODAY = date(2026, 11, 24)
CALL = {"type": "tool_use", "id": "t", "name": "n", "input": {}}
CALLS = Message("assistant", "", json.dumps([CALL]))
PROMPTS = st.sampled_from(
    [
        Prompt("Be terse.", (Message("user", "Hi"),)),
        Prompt("", (Message("user", "Hi"), Message("assistant", "1."))),
        Prompt("", (Message("assistant", "Ask me."), Message("user", "Hi"))),
        Prompt("", (Message("user", "Hi"), CALLS, Message("user", "9 °C", result_of="t"))),
    ]
)
UNPAIRED = st.sampled_from(
    [
        Prompt("", (Message("user", "Hi"), CALLS)),
        Prompt("", (Message("user", "Hi"), Message("user", "9 °C", result_of="t"))),
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
@given(forms("auto"), PROMPTS | UNPAIRED)
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


def turn(role, *blocks):
    return {"role": role, "content": [{"type": "text", "text": "Hi"}, *blocks]}


def ended(text):
    return {"role": "assistant", "content": text}


TOOL = {"name": "t", "input_schema": {"type": "object"}}
EFFORT_ALONE = {"role": "system", "content": [], "output_config": {"effort": "low"}}
RESULT = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
RETURNED = {"type": "tool_result", "tool_use_id": "t"}
SEARCHED = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
DOCUMENT = {"type": "document", "source": {"type": "text", "data": "d", "media_type": "text/plain"}}
CITED = {"type": "text", "text": "Hi", "citations": [{"type": "char_location"}]}
FORMAT = {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}}
EXTRAS = st.fixed_dictionaries(
    {},
    optional={
        "max_tokens": st.sampled_from([0, 300, 3000, 200_000, -1, "many", None]),
        "temperature": st.sampled_from([0, 0.2, 1, 1.0, 1.5, -1, "hot", None]),
        "top_p": st.sampled_from([0.5, 0.99, 1, 2, "high"]),
        "top_k": st.sampled_from([5, -1, "few"]),
        "thinking": st.sampled_from(
            [{"type": "adaptive"}, {"type": "disabled"}, {"type": "between_tools"},
             {"type": "enabled", "budget_tokens": 1024}, {"type": "enabled", "budget_tokens": 0},
             {"type": "enabled"}, {"type": "enabled", "budget_tokens": 2000}, {"type": "odd"}, {},
             {"type": "adaptive", "display": "all"}, {"type": "adaptive", "display": None}]
        ),
        "output_config": st.sampled_from(
            [{}, "high", {"format": FORMAT}, {"effort": 7}, {"format": "json"}, {"effort": None},
             {"format": {"type": "json_schema"}}, *({"effort": level} for level in EFFORTS)]
        ),
        "stop_sequences": st.sampled_from([[], ["a"], ["a", " "], "a"]),
        "inference_geo": st.sampled_from(["us", "global", None, 7]),
        "service_tier": st.sampled_from(["auto", "standard_only", "priority", "", 5, None]),
        "speed": st.sampled_from(["fast", "standard", "warp", 1, None]),
        "metadata": st.sampled_from([{}, {"user_id": "u"}, {"user_id": 5}, {"x": 1}, [], None]),
        "cache_control": st.sampled_from(
            [None, {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "2h"}, {"ttl": "5m"}, "5m"]
        ),
        "system": st.sampled_from(["Hi", "", [], ["Hi"], 7, None, [{"type": "text", "text": ""}]]),
        "model": st.sampled_from([7, None]) | st.sampled_from([m.id for m in CATALOGUE]),
        "messages": st.sampled_from(
            [[turn("user")], [turn("user"), turn("assistant")],
             [turn("user"), turn("assistant", SEARCHED)], [turn("user"), turn("system")],
             [turn("user"), turn("assistant", DOCUMENT), turn("user")], [turn("user", CITED)],
             [turn("system")], [turn("system"), turn("user")], [turn("user"), ended("Yes ")],
             [turn("user"), turn("system"), turn("user")], [turn("user"), ended("Yes.\n")],
             [turn("user"), turn("assistant"), turn("system")], [turn("user"), ended("Yes.")],
             [turn("user"), turn("system"), turn("system"), turn("assistant"), turn("user")],
             [turn("user"), ended("")], [turn("user"), ended([])], [turn("user"), EFFORT_ALONE],
             [turn("user"), ended([]), turn("user")], [EFFORT_ALONE, turn("user")],
             [turn("user"), turn("assistant", RESULT), turn("system")],
             [turn("user"), ended([CALL]), {"role": "user", "content": [RETURNED]}],
             [turn("user"), ended([CALL]), turn("user", RETURNED)], [turn("user", RETURNED)],
             [turn("user"), ended([CALL, {"type": "tool_use"}])],
             [], ["Hi"], "Hi", None, [{"role": "bot", "content": "Hi"}], [{"content": "Hi"}],
             [{"role": "user"}], [{"role": "user", "content": ""}], [{"role": ["user"]}],
             [{"role": "user", "content": []}], [{"role": "user", "content": [{"text": "Hi"}]}]]
        ),
        "stream": st.just(True),
        "tools": st.sampled_from(
            [[TOOL], [TOOL, TOOL], [], ["t"], {}, None, [{"name": "t"}], [{**TOOL, "name": "a b"}],
             [{"type": "browser_toolset_20260801"}]]
        ),
        "tool_choice": st.sampled_from(
            [{"type": "auto"}, {"type": "any"}, {"type": "tool", "name": "t"}, "auto", {}, None,
             {"type": "tool", "name": "u"}, {"type": "tool"}, {"type": "none"}]
        ),
    },
)  # fmt: skip


@settings(max_examples=2 * EXAMPLES, deadline=None)
@given(forms("auto", "2023-06-01", "2026-10-21"), PROMPTS | UNPAIRED, EXTRAS)
def test_what_the_extra_json_makes_refused_is_said_and_nothing_else(params, prompt, extra):
    assume(params.max_tokens)
    request = Request(prompt, replace(params, extra_json=json.dumps(extra)))
    model = model_on(DEMO, model_id_of(request.params))
    sent = wire(request, model, DEMO)
    refused = check(sent.headers["anthropic-version"], dict(sent.body))
    said = problems(request, model, date(2026, 9, 1), sent.decisions)
    assert bool(refused) == any(each.severity != "info" for each in said), (refused, said)


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
