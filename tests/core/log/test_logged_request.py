"""A request out of the log, back in the form: what it sends then is what was sent."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.answer.retry import RetryPolicy
from playground.core.log.logged_request import differences, request_of, request_text
from playground.core.request.connection import Connection
from playground.core.request.model_catalogue import CATALOGUE
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.wire.exchange import Exchange, ExchangeRecord, SentRequest, to_json

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CLAUDE = Connection("claude", "Claude API", "https://api.anthropic.com")
EXTRA = ["", '{"cache_control": {"type": "ephemeral"}, "stop_sequences": []}',
         '{"system": "", "top_k": 5.0, "temperature": 1}', '{"stream": true, "system": " "}',
         '{"max_tokens": 0, "stream": false}', '{"output_config": {}, "service_tier": "default"}',
         '{"metadata": {"user_id": "x"}}', '{"messages": [{"role": "user", "content": []}]}',
         '{"thinking": {"type": "odd"}}', '{"temperature": "hot", "max_tokens": null}']  # fmt: skip
CALLS = '[{"type": "tool_use", "id": "t", "name": "n", "input": {}}]'
BLOCKS = '[{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}]'
requests = st.builds(
    Request,
    st.builds(
        Prompt,
        st.sampled_from(["", "Be terse."]),
        st.lists(
            st.builds(Message, st.sampled_from(["user", "assistant"]), st.text(max_size=9))
            | st.builds(
                Message,
                st.just("assistant"),
                st.sampled_from(["", "So"]),
                st.sampled_from([BLOCKS, CALLS]),
            )
            | st.builds(Message, st.just("user"), st.text(max_size=9), result_of=st.just("t")),
            max_size=4,
        ).map(tuple),
    ),
    st.builds(
        Params,
        st.sampled_from([model.id for model in CATALOGUE]),
        st.integers(0, 9_000),
        temperature=st.none() | st.sampled_from([0.0, 0.7, 1.0]),
        top_p=st.none() | st.just(0.9),
        top_k=st.none() | st.just(5),
        effort=st.none() | st.sampled_from(["low", "max"]),
        thinking=st.sampled_from(["default", "adaptive", "budget", "off"]),
        thinking_budget_tokens=st.none() | st.just(2_000),
        thinking_display=st.sampled_from(["default", "summarized", "omitted"]),
        stop_sequences=st.sampled_from([(), ("END", "x y"), ("END\rSTOP",)]),
        cache=st.sampled_from(["off", "5m", "1h"]),
        service_tier=st.sampled_from(["default", "standard_only"]),
        api_version=st.sampled_from(["auto", "2023-06-01", "2026-10-21"]),
        extra_json=st.sampled_from(EXTRA),
    ),
)


def wire_of(request):
    return plan(RunContext(CLAUDE, RetryPolicy(), (), NOW), Variant("A", request)).wire


@settings(max_examples=100, deadline=None)
@given(requests)
def test_what_the_form_sends_again_is_what_was_sent(request):
    wire = wire_of(request)
    logged = json.dumps({"headers": dict(wire.headers), "body": dict(wire.body)})
    again = wire_of(request_of(logged, wire_of))
    # As text, for to Python 1 and 1.0 are equal.
    assert json.dumps(again.body) == json.dumps(wire.body)
    assert again.headers == wire.headers


def test_a_conversation_with_results_is_taken_into_the_form_and_found_by_their_words():
    messages = (
        Message("user", "Rain?"), Message("assistant", "", CALLS),
        Message("user", "Dry.", result_of="t"), Message("user", "In short?"),
    )  # fmt: skip
    request = Request(Prompt("", messages), Params("claude-sonnet-4-6", 300))
    wire = wire_of(request)
    logged = json.dumps({"headers": dict(wire.headers), "body": wire.body})
    assert request_of(logged, wire_of) == request
    assert request_text(logged) == "Rain?\nDry.\nIn short?"
    # Two turns that would go out as one stay two, beside the form.
    apart = json.loads(logged)
    apart["body"]["messages"][2:] = [
        {"role": "user", "content": wire.body["messages"][2]["content"][:1]},
        {"role": "user", "content": "In short?"},
    ]
    again = request_of(json.dumps(apart), wire_of)
    assert again.prompt.messages == ()
    assert wire_of(again).body == apart["body"]


def logged_of(params, system=""):
    wire = wire_of(Request(Prompt(system, (Message("user", "hi"),)), params))
    return json.dumps({"headers": dict(wire.headers), "body": wire.body})


def test_the_version_stays_with_what_depends_on_it_beside_a_field_no_control_sends_the_same():
    extra = '{"cache_control": {"type": "ephemeral"}}'
    params = Params("claude-opus-5-5", 300, 0.5, api_version="2023-06-01", extra_json=extra)
    again = request_of(logged_of(params), wire_of).params
    assert (again.api_version, again.temperature, again.cache) == ("2023-06-01", 0.5, "off")
    assert json.loads(again.extra_json) == {"cache_control": {"type": "ephemeral"}}
    params = Params("claude-sonnet-4-6", 300, 0.5, api_version="2026-10-21",
                    extra_json='{"stop_sequences": []}')  # fmt: skip
    again = request_of(logged_of(params), wire_of).params
    assert (again.api_version, again.temperature) == ("2026-10-21", 0.5)


def test_what_a_call_cannot_send_as_the_log_has_it_is_named():
    params = Params("claude-opus-5-5", 300, temperature=0.5, api_version="2023-06-01")
    in_batch = json.loads(logged_of(params))
    assert (
        differences(json.dumps(in_batch), wire_of(request_of(json.dumps(in_batch), wire_of))) == ()
    )
    del in_batch["body"]["stream"]
    again = request_of(json.dumps(in_batch), wire_of)
    assert (again.params.api_version, again.params.temperature) == ("2023-06-01", 0.5)
    assert differences(json.dumps(in_batch), wire_of(again)) == ("stream",)
    in_batch["headers"] = {"anthropic-version": "2030-01-01"}
    again = request_of(json.dumps(in_batch), wire_of)
    assert differences(json.dumps(in_batch), wire_of(again)) == ("stream", "anthropic-version")


def test_extra_json_that_was_dense_is_still_read_when_it_comes_back():
    dense = json.dumps({"tools": [[[1] * 900] * 5]}, separators=(",", ":"))
    params = Params("claude-sonnet-4-6", 300, extra_json=dense)
    again = request_of(logged_of(params), wire_of)
    assert again.params.extra.problem is None
    assert again.params.extra.fields == params.extra.fields


def test_the_exchange_that_was_recorded_last_counts():
    body = json.dumps({"model": "m", "max_tokens": 5, "system": "S",
                       "messages": [{"role": "user", "content": "Hi"}]})  # fmt: skip
    sent = SentRequest("POST", "https://x", (("anthropic-version", "2026-10-21"),), body)
    recorded = to_json(ExchangeRecord((Exchange(1, sent), Exchange(2, sent)), ()))
    found = request_of(recorded, wire_of)
    assert found.prompt == Prompt("S", (Message("user", "Hi"),))
    assert (found.params.model, found.params.max_tokens) == ("m", 5)
    assert request_text(recorded) == "S\nHi"


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", '{"body": 1, "headers": {}}', '{"exchanges": 3}', "[" * 10**5]
)
def test_what_cannot_be_read_is_nothing(text):
    assert request_of(text, wire_of) is None
    assert request_text(text) == ""


def test_blocks_of_text_are_read_and_whatever_else_is_there_is_not():
    body = {"system": [{"type": "text", "text": "S"}], "messages": [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Hi"}, 3]}, 7,
    ]}  # fmt: skip
    assert request_text(json.dumps({"headers": {}, "body": body})) == "S\nHi"
