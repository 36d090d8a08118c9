"""A request becomes exactly the headers and the body that the API's rules allow, and every
difference between the form and the body has a line that says why."""

import json
import os
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.request.connection import CLAUDE, DEMO, Connection
from playground.core.request.extra_json import MAX_CHARACTERS, read_extra
from playground.core.request.model_catalogue import CATALOGUE, find
from playground.core.request.request import EFFORTS, Message, Params, Prompt, Request
from playground.core.wire.wire import model_id_of, model_on, wire

SAMPLING = {
    "claude-sonnet-4-6",
    "claude-opus-4-6",
    "claude-haiku-4-5",
    "claude-opus-4-5",
    "claude-sonnet-4-5",
}
PROMPT = Prompt("Be terse.", (Message("user", "Hi"),))
SERVER = Connection("server", "localhost:11434", "http://localhost:11434")


def wired(connection=CLAUDE, prompt=PROMPT, **params):
    params = Params(**{"model": "claude-sonnet-4-6", "max_tokens": 300, **params})
    return wire(Request(prompt, params), model_on(connection, params.model), connection)


@pytest.mark.parametrize("temperature", [None, 0.0, 0.2, 1.0])
@pytest.mark.parametrize("model", [model.id for model in CATALOGUE])
@pytest.mark.parametrize("connection", [CLAUDE, SERVER], ids=["claude", "server"])
def test_only_five_models_are_sent_a_temperature_and_only_by_the_old_version(
    model, temperature, connection
):
    sent = wired(connection, model=model, temperature=temperature)
    takes_it = model in SAMPLING and temperature is not None
    assert sent.headers == {"anthropic-version": "2023-06-01" if takes_it else "2026-10-21"}
    assert ("temperature" in sent.body) == takes_it
    if takes_it:
        assert sent.body["temperature"] == temperature
    assert sent.decision("temperature").why


def test_a_result_of_a_tool_goes_out_as_the_one_turn_behind_its_call():
    calls = '[{"type": "tool_use", "id": "t", "name": "n", "input": {"city": "Pune"}}]'
    messages = (
        Message("user", "Rain?"), Message("assistant", "", calls),
        Message("user", "Dry, 31 °C", result_of="t"), Message("user", "In short?"),
    )  # fmt: skip
    body = json.dumps(wired(prompt=Prompt("", messages)).body["messages"], ensure_ascii=False)
    assert body == (
        '[{"role": "user", "content": "Rain?"}, {"role": "assistant", "content": ' + calls + "}, "
        '{"role": "user", "content": '
        '[{"type": "tool_result", "tool_use_id": "t", "content": "Dry, 31 °C"}, '
        '{"type": "text", "text": "In short?"}]}]'
    )


def test_dated_ids_follow_the_rules_of_their_model():
    sent = wired(model="claude-haiku-4-5-20251001", temperature=0.2)
    assert sent.body["temperature"] == 0.2


def test_a_model_of_another_server_is_sent_its_temperature_by_the_old_version():
    sent = wired(SERVER, model="llama4:8b", temperature=1.5)
    assert sent.body["temperature"] == 1.5
    assert sent.headers["anthropic-version"] == "2023-06-01"
    assert wired(SERVER, model="llama4:8b").headers["anthropic-version"] == "2023-06-01"


def test_an_unknown_model_of_the_claude_api_is_sent_no_temperature():
    sent = wired(model="claude-next-9", temperature=0.5)
    assert "temperature" not in sent.body
    assert sent.decision("temperature").state == "unavailable"


@pytest.mark.parametrize("thinking", [{"type": "dreaming"}, {"type": "adaptive", "display": "all"}])
def test_an_unknown_model_may_think_in_ways_that_are_not_known(thinking):
    extra = json.dumps({"thinking": thinking})
    assert wired(model="claude-next-9", extra_json=extra).decision("thinking").refusal is None
    assert wired(extra_json=extra).decision("thinking").refusal is not None


def test_tools_may_come_from_a_server_of_tools():
    choice = {"tool_choice": {"type": "tool", "name": "t"}}
    for more, is_refused in (({}, True), ({"mcp_servers": [{"name": "m"}]}, False)):
        line = wired(extra_json=json.dumps(choice | more)).decision("tool_choice")
        assert (line.refusal is not None) == is_refused


def test_a_refusal_ends_with_one_full_stop():
    twice = '{"tools": [{"name": "t", "input_schema": {}}, {"name": "t", "input_schema": {}}]}'
    assert wired(extra_json=twice).decision("tools").why.endswith("Tool names must be unique.")
    assert (
        wired(extra_json='{"service_tier": 1}')
        .decision("service_tier")
        .why.endswith("standard_only'.")
    )


def test_thinking_takes_the_temperature_away_and_says_so():
    sent = wired(temperature=0.2, thinking="adaptive")
    assert "temperature" not in sent.body
    assert "while it thinks" in sent.decision("temperature").why


def test_an_empty_system_prompt_is_not_sent():
    assert "system" not in wired(prompt=Prompt("  \n", PROMPT.messages)).body
    assert wired().body["system"] == "Be terse."


def test_the_body_holds_the_messages_with_their_roles_and_asks_for_a_stream():
    prompt = Prompt(
        "", (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "?"))
    )
    body = wired(prompt=prompt).body
    assert [(m["role"], m["content"]) for m in body["messages"]] == [
        ("user", "Hi"), ("assistant", "Hello"), ("user", "?"),
    ]  # fmt: skip
    assert body["stream"] is True
    assert body["max_tokens"] == 300


@pytest.mark.parametrize(
    ("model", "effort", "state"),
    [
        ("claude-opus-5-5", "max", "sent"),
        ("claude-sonnet-4-6", "xhigh", "unavailable"),
        ("claude-sonnet-4-6", "max", "sent"),
        ("claude-opus-4-5", "max", "unavailable"),
        ("claude-haiku-4-5", "low", "unavailable"),
        ("claude-haiku-4-5", None, "unavailable"),
        ("claude-opus-5-5", None, "default"),
        ("claude-next-9", "low", "sent"),
    ],
)
def test_effort_is_sent_to_models_that_have_the_level(model, effort, state):
    sent = wired(model=model, effort=effort)
    assert sent.decision("effort").state == state
    assert ("output_config" in sent.body) == (state == "sent")


@pytest.mark.parametrize(
    ("model", "thinking", "effort", "block"),
    [
        ("claude-opus-5-5", "adaptive", None, {"type": "adaptive"}),
        ("claude-opus-5-5", "off", None, None),
        ("claude-opus-5", "off", "high", {"type": "disabled"}),
        ("claude-opus-5", "off", "xhigh", None),
        ("claude-sonnet-5", "off", "max", {"type": "disabled"}),
        ("claude-sonnet-5-5", "off", None, None),
        ("claude-haiku-4-5", "budget", None, {"type": "enabled", "budget_tokens": 1024}),
        ("claude-sonnet-4-6", "adaptive", None, {"type": "adaptive"}),
        ("claude-sonnet-4-6", "default", None, None),
    ],
)
def test_thinking_is_asked_for_in_the_form_that_the_model_takes(model, thinking, effort, block):
    sent = wired(model=model, thinking=thinking, effort=effort, max_tokens=4000)
    assert sent.body.get("thinking") == block
    if thinking == "off" and block is None:
        assert sent.decision("thinking").state == "unavailable"


def test_the_parameters_as_sent_leave_out_the_texts():
    sent = wired(temperature=0.2, stop_sequences=("END",)).parameters()
    assert sent == {
        "model": "claude-sonnet-4-6",
        "max_tokens": 300,
        "temperature": 0.2,
        "stop_sequences": ["END"],
    }


def test_the_catalogue_agrees_with_itself():
    for model in CATALOGUE:
        assert find(model.id) is model
        assert model.default_effort in (None, *model.efforts)
        assert model.takes_sampling == ("enabled" in model.thinking_types)
        assert model.max_output_tokens < model.context_tokens


EXAMPLES = int(os.environ.get("EXAMPLES", "200"))
"""How many are tried; set it to thousands for a long look."""

OLD, NEW = "2023-06-01", "2026-10-21"
KNOWN = st.sampled_from([*(model.id for model in CATALOGUE), "claude-haiku-4-5-20251001"])
UNKNOWN = st.sampled_from(["claude-next-9", "llama4:8b", ""]) | st.text(max_size=12)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab {", max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab"), inner, max_size=2),
    max_leaves=4,
)
FIELDS = [
    "model",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "output_config",
    "thinking",
    "stop_sequences",
    "cache_control",
    "service_tier",
    "stream",
    "system",
    "messages",
    "effort",
    "extra_json",
    "metadata",
    "tools",
    "speed",
]
EXTRAS = (
    st.just("")
    | st.dictionaries(st.sampled_from(FIELDS) | st.text("xyz"), JSON_VALUES, max_size=3).map(
        json.dumps
    )
    | st.text(max_size=20)
)


def or_unset(values):
    return st.none() | values


FORMS = st.builds(
    Params,
    model=KNOWN | UNKNOWN,
    max_tokens=st.integers(0, 200_000),
    temperature=or_unset(st.floats(-1, 3) | st.sampled_from([0.0, 1.0])),
    top_p=or_unset(st.floats(0, 1) | st.sampled_from([0.99, 1.0])),
    top_k=or_unset(st.integers(0, 500)),
    effort=or_unset(st.sampled_from(EFFORTS)),
    thinking=st.sampled_from(["default", "adaptive", "budget", "off"]),
    thinking_budget_tokens=or_unset(st.integers(1, 100_000)),
    thinking_display=st.sampled_from(["default", "summarized", "omitted"]),
    stop_sequences=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    cache=st.sampled_from(["off", "5m", "1h"]),
    service_tier=st.sampled_from(["default", "auto", "standard_only"]),
    api_version=st.sampled_from(["auto", OLD, NEW]),
    extra_json=EXTRAS,
)
PROMPTS = st.builds(
    Prompt,
    st.text(max_size=5),
    st.lists(
        st.builds(Message, st.sampled_from(["user", "assistant"]), st.text(max_size=5)), max_size=3
    ).map(tuple),
)


def sent_by(params, connection, prompt=None):
    request = Request(prompt or Prompt("", (Message("user", "Hi"),)), params)
    return wire(request, model_on(connection, model_id_of(params)), connection)


def set_by(params):
    """What a form asks for: each parameter that is not at its default, and its value."""
    values = {
        "temperature": params.temperature,
        "top_p": params.top_p,
        "top_k": params.top_k,
        "effort": params.effort,
        "thinking": {"adaptive": "adaptive", "budget": "enabled", "off": "disabled"}.get(
            params.thinking
        ),
        "thinking_budget_tokens": params.thinking_budget_tokens,
        "thinking_display": None
        if params.thinking_display == "default"
        else params.thinking_display,
        "stop_sequences": list(params.stop_sequences) or None,
        "cache": None if params.cache == "off" else params.cache,
        "service_tier": None if params.service_tier == "default" else params.service_tier,
    }
    return {name: value for name, value in values.items() if value is not None}


def found_in(body):
    """What a body says, by the names of the parameters."""

    def inner(field, name):
        value = body.get(field)
        return value.get(name) if isinstance(value, dict) else None

    values = {
        "effort": inner("output_config", "effort"),
        "thinking": inner("thinking", "type"),
        "thinking_budget_tokens": inner("thinking", "budget_tokens"),
        "thinking_display": inner("thinking", "display"),
        "cache": inner("cache_control", "ttl"),
    }
    same = ("temperature", "top_p", "top_k", "stop_sequences", "service_tier")
    values |= {name: body[name] for name in same if name in body}
    return {name: value for name, value in values.items() if value is not None}


@settings(max_examples=EXAMPLES, deadline=None)
@given(FORMS, st.sampled_from([CLAUDE, DEMO, SERVER]), PROMPTS)
def test_every_difference_between_form_and_body_has_a_reason(params, connection, prompt):
    sent = sent_by(params, connection, prompt)
    lines = {}
    for line in sent.decisions:
        assert line.why.strip()
        lines.setdefault(line.parameter, []).append(line)
    extra = read_extra(params.extra_json).fields
    asked, went = set_by(params), found_in(sent.body)
    for name, value in asked.items():
        [line] = [line for line in lines[name] if "from the extra JSON" not in line.why]
        if name not in went and name not in extra:
            assert line.state == "unavailable"
        elif name not in extra and went[name] != value:
            assert "extra JSON" in line.why
    for name in went.keys() - asked.keys():
        assert any(
            "extra JSON" in line.why or "None was entered" in line.why for line in lines[name]
        ) or ({"effort": "output_config", "cache": "cache_control"}.get(name, "thinking") in extra)
    for field in sent.body.keys() - {"messages", "system"}:
        form_name = {"output_config": "effort", "cache_control": "cache"}.get(field, field)
        assert field in lines or form_name in lines
    for field in extra:
        assert any("extra JSON" in line.why for line in lines[field])
        assert sent.body[field] == extra[field]
    [version] = lines["anthropic-version"]
    assert sent.headers["anthropic-version"] in version.why


@settings(max_examples=EXAMPLES, deadline=None)
@given(FORMS, st.sampled_from([CLAUDE, DEMO, SERVER]))
def test_only_a_chosen_version_or_extra_json_sends_what_will_be_refused(params, connection):
    sent = sent_by(params, connection)
    refused = [line for line in sent.decisions if line.refusal]
    if params.api_version == "auto":
        assert {line.parameter for line in refused} <= sent.extra.fields.keys()
    assert all(line.state == "sent" and "rejects it" in line.why for line in refused)


@pytest.mark.parametrize(
    ("params", "parameter", "text"),
    [
        (
            Params("claude-sonnet-4-6", 9, temperature=0.5, api_version=NEW),
            "temperature",
            "temperature: Extra inputs are not permitted",
        ),
        (
            Params("claude-opus-5-5", 9, temperature=0.5, api_version=OLD),
            "temperature",
            "`temperature` is deprecated for this model.",
        ),
        (
            Params("claude-opus-5", 9, top_p=1.0, api_version=OLD),
            "top_p",
            "`top_p` is deprecated for this model.",
        ),
        (
            Params("claude-haiku-4-5", 9, thinking="adaptive", api_version=NEW),
            "thinking",
            "adaptive thinking is not supported on this model",
        ),
        (Params("claude-haiku-4-5", 9, effort="low", api_version=NEW), "effort", None),
    ],
)
def test_a_chosen_version_sends_the_value_and_names_the_refusal(params, parameter, text):
    sent = sent_by(params, CLAUDE)
    line = sent.decision(parameter)
    assert sent.headers["anthropic-version"] == params.api_version
    assert parameter in found_in(sent.body)
    assert line.refusal is not None
    assert line.refusal.text == text
    assert (text or "rejects it") in line.why


def test_the_default_temperature_is_not_refused_by_the_older_version():
    sent = sent_by(Params("claude-opus-5-5", 9, temperature=1.0, api_version=OLD), CLAUDE)
    assert sent.decision("temperature").refusal is None
    assert sent.body["temperature"] == 1


def test_of_temperature_and_top_p_the_first_is_sent_where_only_one_is_taken():
    both = {"temperature": 0.5, "top_p": 0.9}
    sent = sent_by(Params("claude-haiku-4-5", 9, **both), CLAUDE)
    assert "top_p" not in sent.body
    assert "not both" in sent.decision("top_p").why
    assert both.items() <= sent_by(Params("claude-opus-4-6", 9, **both), CLAUDE).body.items()


def test_while_it_thinks_a_model_is_sent_only_the_highest_top_p():
    for top_p, is_sent in ((0.94, False), (0.95, True)):
        params = Params("claude-sonnet-4-6", 9, top_p=top_p, top_k=5, thinking="adaptive")
        sent = sent_by(params, CLAUDE)
        assert ("top_p" in sent.body) is is_sent
        assert "top_k" not in sent.body


def test_a_budget_that_was_not_entered_is_the_smallest_and_says_so():
    sent = sent_by(Params("claude-haiku-4-5", 4000, thinking="budget"), CLAUDE)
    assert sent.body["thinking"] == {"type": "enabled", "budget_tokens": 1024}
    assert "1,024" in sent.decision("thinking_budget_tokens").why


def test_caching_and_the_service_tier_go_out_as_the_api_names_them():
    body = sent_by(
        Params("claude-opus-5-5", 9, cache="1h", service_tier="standard_only"), CLAUDE
    ).body
    assert body["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert body["service_tier"] == "standard_only"


def test_the_extra_json_wins_and_names_the_version_that_its_fields_need():
    params = Params(
        "claude-sonnet-4-6", 300, effort="low", extra_json='{"top_k": 5, "output_config": {}}'
    )
    sent = sent_by(params, CLAUDE)
    assert sent.body["output_config"] == {}
    assert sent.decision("effort").state == "unavailable"
    assert sent.headers["anthropic-version"] == OLD
    assert "top_k" in sent.decision("anthropic-version").why


def test_the_extra_json_can_name_the_model_whose_rules_then_apply():
    params = Params(
        "claude-sonnet-4-6", 9, temperature=0.2, extra_json='{"model": "claude-opus-5"}'
    )
    sent = sent_by(params, CLAUDE)
    assert sent.model_id == "claude-opus-5"
    assert "temperature" not in sent.body


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1,}', "line 1, column 9"),
        ("{\n  nope}", "line 2, column 3"),
        ("[1]", "must be an object"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": [1e400]}', "number is too large"),
        ('{"a": -1.5E+999}', "number is too large"),
        ('{"a": 0.30000000000000000001}', "0.30000000000000000001 is more precise than can be"),
        ('{"a": [1e-400]}', "1e-400 is more precise"),
        ('{"a": 1E-99999999999999999999}', "more precise"),
        ('{"a": 12345678901234567890.5}', "more precise"),
        ('{"a": 0.' + "1" * 5000 + "}", "more precise"),
        ('{"a": "\\ud800"}', "surrogate"),
        ("[" * 15_000, "more than 60 levels"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "more than 60 levels"),
        ('{"metadata": {}, "max_tokens": 5, "metadata": {}}', "twice"),
        ('{"a": ' + "9" * 5000 + "}", "number is too long"),
        (" " * MAX_CHARACTERS + "{}", "longer than 20,000"),
    ],
)
def test_extra_json_that_cannot_be_used_says_where_it_is_wrong(text, problem):
    extra = read_extra(text)
    assert problem in extra.problem
    assert not extra.fields
    assert (
        sent_by(Params("claude-opus-5", 9, extra_json=text), CLAUDE)
        .decision("extra_json")
        .why.startswith("Not sent: ")
    )


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("0.1", "0.1"), ("1E5", "100000.0"), ("0.10", "0.1"), ("-0.0", "-0.0"), ("5e-324", "5e-324"),
     ("0.30000000000000004", "0.30000000000000004"), ("9" * 30, "9" * 30)],
)  # fmt: skip
def test_a_number_of_the_extra_json_is_sent_as_the_same_number(typed, sent):
    extra = read_extra(f'{{"a": {typed}}}')
    assert (extra.problem, extra.json_of_fields["a"]) == (None, sent)
    assert Decimal(sent) == Decimal(typed)


def test_brackets_in_texts_nest_nothing():
    text = '{"metadata": {"user_id": "' + "[{" * 500 + '\\\\"}}'
    assert read_extra(text).problem is None
