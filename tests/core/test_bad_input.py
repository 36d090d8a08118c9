"""Whatever is typed, a plan is made of it and says what is wrong; nothing raises."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.answer.events import Usage
from playground.core.answer.retry import RetryPolicy
from playground.core.money.bill import BilledCall, BillFacts, bill
from playground.core.money.pricing import MAX_USD
from playground.core.request.body_shapes import ROLES
from playground.core.request.connection import CLAUDE, DEMO, Connection, FlatPrice
from playground.core.request.extra_json import MAX_CHARACTERS, read_extra
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.wire.exchange import differences

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SERVER = Connection("server", "s", "http://s", FlatPrice(Decimal(10**6), Decimal(10**6)))
NAMES = (
    "model", "max_tokens", "messages", "system", "stream", "temperature", "top_p", "top_k",
    "stop_sequences", "thinking", "output_config", "tools", "cache_control", "service_tier",
    "metadata", "inference_geo", "speed", "", "__proto__",
)  # fmt: skip
NUMBERS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(10**11, 10**400), st.floats()
)
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(["\0", "\u202e", "\ufeff", "![x](u)"]))
JSON = st.recursive(
    NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
EXTRAS = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4).map(json.dumps),
    st.text(max_size=60),
    st.text(alphabet='{}[]",:\\u0123456789eE+-. ntfNaI', max_size=60),
)
PARAMS = st.builds(
    Params,
    model=st.sampled_from(["claude-sonnet-4-6", "claude-haiku-4-5", "claude-opus-5-5", "", "x\0y"]),
    max_tokens=st.integers(-(2**53), 2**53),
    temperature=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    top_p=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    top_k=st.none() | st.integers(-(2**53), 2**53),
    effort=st.none() | st.sampled_from(["low", "max", "x"]),
    thinking=st.sampled_from(["default", "adaptive", "budget", "off"]),
    thinking_budget_tokens=st.none() | st.integers(-(2**53), 2**53),
    stop_sequences=st.lists(TEXTS, max_size=6).map(tuple),
    cache=st.sampled_from(["off", "5m", "1h"]),
    api_version=st.sampled_from(["auto", "2023-06-01", "2026-10-21"]),
    extra_json=EXTRAS,
)
PROMPTS = st.builds(
    Prompt,
    TEXTS,
    st.lists(st.builds(Message, st.sampled_from(ROLES), TEXTS), max_size=3).map(tuple),
)


@settings(max_examples=120, deadline=None)
@given(st.builds(Request, PROMPTS, PARAMS), st.sampled_from([DEMO, CLAUDE, SERVER]))
def test_a_plan_is_made_of_anything_and_can_be_sent_stored_and_priced(request_, connection):
    made = plan(RunContext(connection, RetryPolicy(), (), NOW), Variant("A", request_))
    assert all(problem.text for problem in made.problems)
    json.dumps(made.wire.body, ensure_ascii=False, allow_nan=False).encode()
    json.dumps(made.wire.parameters())
    assert differences(request_, made.wire)
    most = made.worst_case_usd
    assert most is None or 0 <= most <= MAX_USD


@given(EXTRAS)
def test_an_extra_is_an_object_or_a_sentence(text):
    found = read_extra(text)
    assert isinstance(found.fields, dict)
    assert not (found.problem and found.fields)


def test_too_long_an_extra_is_refused_with_its_limit_and_never_cut():
    text = json.dumps({"a": "x" * MAX_CHARACTERS})
    assert read_extra(text).problem == "it is longer than 20,000 characters"


@pytest.mark.parametrize("connection", [DEMO, CLAUDE, SERVER])
@pytest.mark.parametrize("tokens", [10**12, 10**15, 10**400], ids=["far", "farther", "beyond"])
def test_what_no_log_could_hold_has_no_price(connection, tokens):
    extra = json.dumps({"max_tokens": tokens})
    request = Request(
        Prompt("", (Message("user", "Hi"),)), Params("claude-sonnet-4-6", 9, extra_json=extra)
    )
    assert (
        plan(RunContext(connection, RetryPolicy(), (), NOW), Variant("A", request)).worst_case_usd
        is None
    )
    usage = Usage(output_tokens=tokens)
    assert (
        bill(usage, BilledCall("claude-sonnet-4-6", connection, NOW), BillFacts())[0].kind
        == "unknown"
    )
