"""What the extra JSON can cost at most, and the name of what nobody knows the price of."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.answer.events import Usage
from playground.core.answer.retry import RetryPolicy
from playground.core.money.pricing import unit_prices
from playground.core.request.connection import CLAUDE, DEMO
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.wire.wire import count_key

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SONNET = "claude-sonnet-5-5"
CONTEXT = RunContext(CLAUDE, RetryPolicy(), (), NOW, has_budget=True)
TOOL = {
    "name": "weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def planned(extra=None, context=CONTEXT, model=SONNET, max_tokens=300):
    text = "" if extra is None else json.dumps(extra)
    params = Params(model, max_tokens, extra_json=text)
    return plan(context, Variant("A", Request(Prompt("", (Message("user", "Hi"),)), params)))


def one_message(*blocks):
    return {"messages": [{"role": "user", "content": list(blocks)}]}


@pytest.mark.parametrize(
    "extra",
    [
        {"tools": [TOOL]},
        {"tools": [TOOL], "tool_choice": {"type": "auto"}},
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        {"messages": [{"role": "user", "content": "A longer question than Hi" * 40}]},
        one_message({"type": "text", "text": "A longer question" * 40}),
        {"system": [{"type": "text", "text": "Be brief, and then briefer still." * 20}]},
        one_message(
            {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}]}
        ),
        {"thinking": {"type": "adaptive"}, "tools": [TOOL] * 20},
        one_message({"type": "document", "source": {"type": "text", "data": "x" * 900}}),
    ],
    ids=["tools", "choice", "format", "messages", "blocks", "system", "result", "many", "document"],
)
def test_what_is_text_in_the_end_is_bounded_by_its_bytes(extra):
    found = planned(extra)
    assert found.can_run
    tokens = len(json.dumps(extra, ensure_ascii=False))
    assert found.bound.prompt_tokens > tokens - 100
    assert found.worst_case_usd >= planned().worst_case_usd


def test_diagnostics_change_no_price():
    asks = {"diagnostics": {"previous_message_id": "msg_1"}}
    assert planned(asks).worst_case_usd == planned().worst_case_usd


def test_messages_of_the_extra_json_take_the_place_of_those_of_the_form():
    short = planned({"messages": [{"role": "user", "content": "Hi"}], "system": ""})
    assert short.bound.prompt_tokens == planned().bound.prompt_tokens


@pytest.mark.parametrize(
    ("extra", "name"),
    [
        ({"container": "container_1"}, "`container`"),
        ({"mcp_servers": [{"type": "url", "url": "https://x.example"}]}, "`mcp_servers`"),
        ({"fallbacks": [{"model": SONNET}]}, "`fallbacks`"),
        ({"never_heard_of": 1}, "`never_heard_of`"),
        ({"": 1}, '`""`'),
        ({"output_config": {"task_budget": {"total": 5}}}, "`output_config.task_budget`"),
        ({"tools": [TOOL, {"type": "code_execution_20260521"}]}, "`tools[1].type`"),
        ({"tools": [{"type": "tool_search_tool_bm25_20251119"}]}, "`tools[0].type`"),
        ({"tools": "all"}, "`tools`"),
        ({"tools": [7]}, "`tools[0]`"),
        ({"service_tier": "priority"}, "`service_tier`"),
        ({"speed": "warp"}, "`speed`"),
        ({"inference_geo": "mars"}, "`inference_geo`"),
        ({"max_tokens": None}, "`max_tokens`"),
        ({"messages": [{"role": "user", "content": "x", "cache": 1}]}, "`messages[0].cache`"),
        (
            one_message({"type": "image", "source": {"type": "url", "url": "https://x.example"}}),
            "`messages[0].content[0].source`",
        ),
        (one_message({"type": "container_upload"}), "`messages[0].content[0].type`"),
        (one_message({"type": "server_tool_use"}), "`messages[0].content[0].type`"),
    ],
)
def test_what_has_no_bound_is_refused_with_its_name(extra, name):
    found = planned(extra)
    assert found.worst_case_usd is None
    assert found.why_not == (
        f"The budget can't be kept: {name} in the extra JSON has no known price bound."
    )
    without = planned(extra, replace(CONTEXT, has_budget=False))
    assert "price" not in (without.why_not or "")
    assert without.unpriced == found.unpriced
    assert planned(extra, replace(CONTEXT, connection=DEMO)).can_run == without.can_run


@pytest.mark.parametrize("uses", [None, 0, True, "3", -1])
def test_a_server_tool_without_a_limit_of_its_uses_is_refused_by_what_is_missing(uses):
    found = planned({"tools": [SEARCH | {"max_uses": uses}]})
    assert found.why_not == (
        "The budget can't be kept: `tools[0]` in the extra JSON has no known price bound "
        "without `max_uses`."
    )


@pytest.mark.parametrize("uses", [1, 3, 100])
@pytest.mark.parametrize(
    "kind",
    ["web_search_20250305", "web_search_20260318", "web_fetch_20250910", "web_fetch_20260318"],
)
def test_a_server_tool_is_bounded_by_its_uses_and_by_what_each_lets_the_model_read(kind, uses):
    found = planned({"tools": [{"type": kind, "name": "web", "max_uses": uses}]})
    assert found.can_run
    searches = uses if kind.startswith("web_search") else 0
    assert found.bound.usage.web_searches == searches
    # Each use is followed by a round that may read a window full of what was found.
    read = Usage(found.bound.prompt_tokens + uses * 1_000_000, 300, web_searches=searches)
    prices = unit_prices(SONNET, CLAUDE, read, NOW)
    assert found.worst_case_usd >= prices.cost_of(read)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "source": PNG},
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "document", "source": PNG | {"media_type": "application/pdf"}},
        {
            "type": "document",
            "source": {"type": "text", "data": "x"},
            "citations": {"enabled": True},
        },
        {"type": "thinking", "thinking": "", "signature": "EqQB"},
    ],
    ids=["image", "file", "pdf", "citations", "thinking"],
)
def test_what_the_api_alone_can_count_is_bounded_once_it_has_counted(block):
    extra = one_message(block)
    before = planned(extra)
    assert before.why_not == (
        "The budget can't be kept: `messages[0].content[0]` in the extra JSON has no known price "
        "bound until its tokens are counted."
    )
    assert before.can_count
    counts = {count_key(before.wire, CLAUDE): 1_000}
    after = planned(extra, replace(CONTEXT, counts=counts))
    assert after.can_run
    assert after.bound.prompt_tokens == 1_050


def test_tools_that_the_api_describes_are_counted_too():
    extra = {"tools": [{"type": "bash_20250124", "name": "bash"}]}
    before = planned(extra)
    assert "until its tokens are counted" in before.why_not
    counts = {count_key(before.wire, CLAUDE): 400}
    assert planned(extra, replace(CONTEXT, counts=counts)).bound.prompt_tokens == 420


def test_a_count_makes_no_field_known():
    extra = {"container": "c"}
    counts = {count_key(planned(extra).wire, CLAUDE): 400}
    assert not planned(extra, replace(CONTEXT, counts=counts)).can_run


@pytest.mark.parametrize("place", ["tools", "system", "messages"])
def test_what_is_cached_anywhere_is_bounded_as_a_write(place):
    def extra(**cache):
        text = {"type": "text", "text": "x" * 5_000} | cache
        return {
            "tools": {"tools": [TOOL | cache]},
            "system": {"system": [text]},
            "messages": one_message(text),
        }[place]

    plain = planned(extra()).worst_case_usd
    short = planned(extra(cache_control={"type": "ephemeral"})).worst_case_usd
    long = planned(extra(cache_control={"type": "ephemeral", "ttl": "1h"})).worst_case_usd
    assert plain < short < long


def test_an_unknown_model_is_named_as_what_has_no_price():
    found = planned(model="claude-next-9")
    assert found.why_not == "The budget can't be kept: the price of claude-next-9 is unknown."


def test_what_keeps_a_known_model_without_a_bound_is_named_not_its_price():
    fast = planned({"speed": "fast"}, model="claude-sonnet-5-5").unpriced
    assert fast == "the price of fast answers of Claude Sonnet 5.5 is unknown"
    endless = planned({"max_tokens": 10**15}).unpriced
    assert endless == "it would be more than $1,000,000"


@settings(deadline=None)
@given(
    st.lists(st.text(max_size=300), max_size=4),
    st.lists(st.text(max_size=100), max_size=4),
    st.integers(0, 10_000),
)
def test_no_text_of_the_extra_json_is_longer_than_its_bound(messages, descriptions, max_tokens):
    texts = [text.encode("utf-8", "ignore").decode() for text in (*messages, *descriptions)]
    extra = {
        "messages": [{"role": "user", "content": text} for text in texts[: len(messages)]],
        "tools": [TOOL | {"description": text} for text in texts[len(messages) :]],
        "max_tokens": max_tokens,
    }
    found = planned(extra)
    usage = Usage(sum(len(text.encode()) for text in texts), max_tokens)
    assert found.bound.prompt_tokens > usage.input_tokens
    assert found.worst_case_usd > unit_prices(SONNET, CLAUDE, usage, NOW).cost_of(usage)
