"""A request out of the log, back in the form: what it sends then is what was sent."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.answer.retry import RetryPolicy
from playground.core.log.logged_request import request_of, said
from playground.core.request.connection import Connection
from playground.core.request.model_catalogue import CATALOGUE
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.wire.exchange import Exchange, Recorded, Sent, to_json

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CLAUDE = Connection("claude", "Claude API", "https://api.anthropic.com")
EXTRA = ["", '{"metadata": {"user_id": "x"}}', '{"messages": [{"role": "user", "content": []}]}',
         '{"thinking": {"type": "odd"}}', '{"temperature": "hot", "max_tokens": null}']  # fmt: skip
BLOCKS = '[{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}]'
requests = st.builds(
    Request,
    st.builds(
        Prompt,
        st.sampled_from(["", "Be terse."]),
        st.lists(
            st.builds(Message, st.sampled_from(["user", "assistant"]), st.text(max_size=9))
            | st.builds(
                Message, st.just("assistant"), st.sampled_from(["", "So"]), st.just(BLOCKS)
            ),
            max_size=3,
        ).map(tuple),
    ),
    st.builds(
        Params,
        st.sampled_from([model.id for model in CATALOGUE]),
        st.integers(1, 9_000),
        temperature=st.none() | st.sampled_from([0.0, 0.7, 1.0]),
        top_p=st.none() | st.just(0.9),
        top_k=st.none() | st.just(5),
        effort=st.none() | st.sampled_from(["low", "max"]),
        thinking=st.sampled_from(["default", "adaptive", "budget", "off"]),
        thinking_budget_tokens=st.none() | st.just(2_000),
        thinking_display=st.sampled_from(["default", "summarized", "omitted"]),
        stop_sequences=st.sampled_from([(), ("END", "x y")]),
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
    assert again.body == wire.body
    assert again.headers == wire.headers


def test_the_exchange_that_was_recorded_last_counts():
    body = json.dumps({"model": "m", "max_tokens": 5, "system": "S",
                       "messages": [{"role": "user", "content": "Hi"}]})  # fmt: skip
    sent = Sent("POST", "https://x", (("anthropic-version", "2026-10-21"),), body)
    recorded = to_json(Recorded((Exchange(1, sent), Exchange(2, sent)), ()))
    found = request_of(recorded, wire_of)
    assert found.prompt == Prompt("S", (Message("user", "Hi"),))
    assert (found.params.model, found.params.max_tokens) == ("m", 5)
    assert said(recorded) == "S\nHi"


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", '{"body": 1, "headers": {}}', '{"exchanges": 3}', "[" * 10**5]
)
def test_what_cannot_be_read_is_nothing(text):
    assert request_of(text, wire_of) is None
    assert said(text) == ""


def test_blocks_of_text_are_read_and_whatever_else_is_there_is_not():
    body = {"system": [{"type": "text", "text": "S"}], "messages": [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Hi"}, 3]}, 7,
    ]}  # fmt: skip
    assert said(json.dumps({"headers": {}, "body": body})) == "S\nHi"
