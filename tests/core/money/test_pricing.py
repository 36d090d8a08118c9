"""What a run costs: exact where it can be, unknown where it cannot, never a false zero."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage as PricedUsage
from genai_prices import calc_price
from hypothesis import assume, given
from hypothesis import strategies as st

from playground.core.answer.events import Usage
from playground.core.answer.retry import RetryPolicy
from playground.core.money.bill import BilledCall, BillFacts, bill
from playground.core.money.pricing import (
    Cost,
    UnitPrices,
    input_tokens_bound,
    unit_prices,
)
from playground.core.request.connection import CLAUDE, DEMO, Connection, FlatPrice
from playground.core.request.model_catalogue import CATALOGUE, find
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.wire.wire import model_on, wire

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SERVER = Connection("server", "local", "http://localhost:1")
# Dollars a million tokens: input, output, cache read, 5-minute write, 1-hour write.
LIST = {
    "claude-fable-5-2": (8, 40, "0.20", 10, 16),
    "claude-mythos-5-2": (8, 40, "0.20", 10, 16),
    "claude-haiku-5-5": ("0.10", "0.50", "0.01", "0.125", "0.20"),
    "claude-sonnet-5-5": (2, 10, "0.10", "2.50", 4),
    "claude-fable-5-1": (10, 50, "0.25", "12.50", 20),
    "claude-mythos-5-1": (10, 50, "0.25", "12.50", 20),
    "claude-opus-5-5": (4, 20, "0.20", 5, 8),
    "claude-sonnet-5": (2, 10, "0.20", "2.50", 4),
    "claude-fable-5": (10, 50, "1.00", "12.50", 20),
    "claude-mythos-5": (10, 50, "1.00", "12.50", 20),
    "claude-opus-5": (5, 25, "0.50", "6.25", 10),
    "claude-opus-4-8": (5, 25, "0.50", "6.25", 10),
    "claude-opus-4-7": (5, 25, "0.50", "6.25", 10),
    "claude-opus-4-6": (5, 25, "0.50", "6.25", 10),
    "claude-sonnet-4-6": (3, 15, "0.30", "3.75", 6),
    "claude-haiku-4-5": (1, 5, "0.10", "1.25", 2),
    "claude-opus-4-5": (5, 25, "0.50", "6.25", 10),
    "claude-sonnet-4-5": (3, 15, "0.30", "3.75", 6),
}


def worst_case(request, connection):
    context = RunContext(connection, RetryPolicy(), (), NOW)
    return plan(context, Variant("A", request)).worst_case_usd


def exact(usage, model, connection=CLAUDE):
    return bill(usage, BilledCall(model, connection, NOW), BillFacts())[0]


@pytest.mark.parametrize("model", [model.id for model in CATALOGUE])
def test_every_model_of_the_catalogue_has_its_list_price(model):
    prices = unit_prices(model, CLAUDE, Usage(input_tokens=10), NOW)
    assert prices is not None
    found = (
        prices.input_usd,
        prices.output_usd,
        prices.cache_read_usd,
        prices.cache_write_5m_usd,
        prices.cache_write_1h_usd,
    )
    assert found == tuple(Decimal(value) for value in LIST[model])
    assert prices.source.startswith("genai-prices")


def test_a_cached_prompt_is_priced_by_what_was_read_and_written():
    usage = Usage(11, 4, cache_read_tokens=16_522)
    assert exact(usage, "claude-haiku-4-5") == Cost(Decimal("0.0016832"), "exact")
    usage = Usage(100, 50, 2000, cache_write_5m_tokens=400, cache_write_1h_tokens=600)
    assert exact(usage, "claude-opus-5-5").usd == Decimal("0.0086")


@given(
    st.sampled_from([model.id for model in CATALOGUE if "mythos" not in model.id]),
    st.integers(0, 150_000),
    st.integers(0, 150_000),
    st.integers(0, 5_000),
    st.integers(0, 5_000),
    st.integers(0, 128_000),
)
def test_the_frozen_unit_prices_give_what_the_price_library_gives(
    model, fresh, read, short, long, output
):
    usage = Usage(fresh, output, read, short, long)
    assume(usage.prompt_tokens <= find(model).context_tokens)
    priced = calc_price(
        PricedUsage(
            input_tokens=usage.prompt_tokens,
            cache_read_tokens=read,
            cache_write_tokens=short + long,
            cache_write_1h_tokens=long,
            output_tokens=output,
        ),
        model_ref=model,
        provider_id="anthropic",
        genai_request_timestamp=NOW,
    )
    assert exact(usage, model).usd == priced.total_price


def test_haiku_costs_more_for_every_token_of_a_long_prompt():
    assert exact(Usage(100_000, 0), "claude-haiku-5-5").usd == Decimal("0.01")
    assert exact(Usage(100_001, 0), "claude-haiku-5-5").usd == Decimal("0.0500005")


def test_us_inference_costs_a_tenth_more():
    here, there = Usage(1000, 10, inference_geo="us"), Usage(1000, 10)
    assert exact(here, "claude-opus-5-5").usd == exact(there, "claude-opus-5-5").usd * Decimal(
        "1.1"
    )


def test_an_unknown_price_is_unknown_and_never_zero():
    assert exact(Usage(10, 10), "claude-next-9") == Cost(None, "unknown")
    assert exact(Usage(10, 10), "claude-sonnet-4-6", SERVER) == Cost(None, "unknown")
    request = Request(Prompt("", ()), Params("claude-next-9", 10))
    assert worst_case(request, CLAUDE) is None


def test_a_model_of_a_longer_name_is_another_model():
    assert exact(Usage(10, 10), "claude-opus-4-60") == Cost(None, "unknown")
    assert exact(Usage(10, 10), "claude-haiku-4-5-20991231").kind == "exact"


def test_a_servers_own_price_applies_where_it_is_configured():
    server = Connection("server", "s", "http://s", FlatPrice(Decimal(1), Decimal(2)))
    assert exact(Usage(1_000_000, 500_000), "anything", server) == Cost(Decimal(2), "exact")


def test_a_servers_own_price_is_all_it_charges():
    server = Connection("server", "s", "http://s", FlatPrice(Decimal(1), Decimal(2)))
    one, two = Decimal(1), Decimal(2)
    assert unit_prices("anything", server, Usage(), NOW) == UnitPrices(
        one, two, one, one, one, Decimal(0), "settings"
    )


def test_a_web_search_is_a_cent_on_top():
    searched = Usage(1000, 10, web_searches=3)
    plain = exact(Usage(1000, 10), "claude-opus-5-5").usd
    assert exact(searched, "claude-opus-5-5").usd == plain + Decimal("0.03")


def test_what_a_model_does_not_sell_has_no_price():
    prices = unit_prices("claude-2", CLAUDE, Usage(), NOW)
    assert (prices.input_usd, prices.cache_read_usd, prices.web_search_usd) == (8, 0, 0)


def test_every_message_adds_its_envelope_to_the_bound():
    turns = (Message("user", "é"), Message("assistant", "ok"), Message("user", "!"))
    assert input_tokens_bound(Prompt("abc", turns)) == 3 + 2 + 2 + 1 + 200 + 3 * 16


def test_the_demos_costs_are_simulated():
    assert exact(Usage(1000, 10), "claude-sonnet-4-6", DEMO).kind == "simulated"


def test_what_was_cut_short_costs_at_least_its_usage():
    cut = BillFacts(missing=("It was cut short.",))
    found, _ = bill(Usage(1000, 10), BilledCall("claude-sonnet-4-6", CLAUDE, NOW), cut)
    assert (found.kind, found.usd) == ("at least", Decimal("0.00315"))
    assert "It was cut short." in found.why


def test_what_was_not_billed_costs_nothing_even_at_an_unknown_price():
    found, _ = bill(
        None, BilledCall("claude-next-9", CLAUDE, NOW), BillFacts(free="Nothing was sent.")
    )
    assert (found, found.why) == (Cost(Decimal(0), "exact"), "Nothing was sent.")


@given(st.text(max_size=200), st.text(max_size=200), st.integers(1, 1000))
def test_the_worst_case_bounds_every_answer(system, text, max_tokens):
    prompt = Prompt(system, (Message("user", text),))
    request = Request(prompt, Params("claude-sonnet-4-6", max_tokens))
    most = worst_case(request, CLAUDE)
    tokens = len((system + text).encode("utf-8", "replace"))
    assert input_tokens_bound(prompt) > tokens
    assert exact(Usage(tokens, max_tokens), "claude-sonnet-4-6").usd < most


def worst(model="claude-opus-5-5", max_tokens=1000, connection=CLAUDE, **params):
    request = Request(Prompt("", (Message("user", "Hi"),)), Params(model, max_tokens, **params))
    return worst_case(request, connection)


@pytest.mark.parametrize(("cache", "field"), [("5m", "cache_write_5m"), ("1h", "cache_write_1h")])
@pytest.mark.parametrize("model", [model.id for model in CATALOGUE])
def test_the_worst_case_bounds_a_prompt_that_is_written_to_the_cache(model, cache, field):
    tokens = input_tokens_bound(Prompt("", (Message("user", "Hi"),)))
    written = Usage(output_tokens=1000, inference_geo="us", **{f"{field}_tokens": tokens})
    assert worst(model, cache=cache) == exact(written, model).usd > worst(model)
    in_extra = f'{{"cache_control": {{"type": "ephemeral", "ttl": "{cache}"}}}}'
    assert worst(model, extra_json=in_extra) == worst(model, cache=cache)


@pytest.mark.parametrize("ttl", ["5m", "1h"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda cached: {"type": "text", "text": "Hi", **cached},
        lambda cached: {"type": "web_search_tool_result", "content": [{"type": "x", **cached}]},
    ],
    ids=["block", "within a block"],
)
def test_the_worst_case_bounds_blocks_of_an_answer_that_are_to_be_cached(wrap, ttl):
    def most(cached):
        blocks = json.dumps([wrap(cached)])
        turns = Message("user", "Hi"), Message("assistant", "", blocks), Message("user", "Go on")
        request = Request(Prompt("", turns), Params("claude-opus-5-5", 1000))
        tokens = input_tokens_bound(request.prompt)
        return worst_case(request, CLAUDE), tokens

    max_usd, tokens = most({"cache_control": {"type": "ephemeral", "ttl": ttl}})
    field = f"cache_write_{ttl}_tokens"
    written = Usage(output_tokens=1000, inference_geo="us", **{field: tokens})
    assert max_usd >= exact(written, "claude-opus-5-5").usd
    assert max_usd > most({})[0]


@pytest.mark.parametrize(
    "source", [{"type": "url", "url": "https://x.example"}, {"type": "new"}], ids=["url", "new"]
)
@pytest.mark.parametrize("kind", ["image", "document"])
def test_what_an_address_in_a_block_leads_to_has_no_worst_case(kind, source):
    def most(*blocks):
        turns = Message("user", "Hi"), Message("assistant", "", json.dumps(blocks))
        prompt = Prompt("", (*turns, Message("user", "Go on")))
        return worst_case(Request(prompt, Params("claude-opus-5-5", 1000)), CLAUDE)

    thought = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    assert most(thought) is not None
    assert most(thought, {"type": "tool_use", "name": "n", "input": {"type": kind}}) is not None
    fetched = {"content": {"type": kind, "source": source}}
    assert most(thought, {"type": "web_fetch_tool_result", "content": fetched}) is None


@pytest.mark.parametrize(
    ("extra", "same_as"),
    [
        ('{"max_tokens": 5000}', {"max_tokens": 5000}),
        ('{"model": "claude-fable-5"}', {"model": "claude-fable-5"}),
        ('{"temperature": 1, "thinking": {"type": "adaptive"}, "stop_sequences": ["x"]}', {}),
        ('{"output_config": {"effort": "max"}, "service_tier": "auto"}', {}),
    ],
)
def test_the_worst_case_follows_the_extra_json(extra, same_as):
    assert worst(extra_json=extra) == worst(**same_as)


def test_the_prices_of_a_run_are_kept_exactly():
    prices = unit_prices("claude-haiku-5-5", CLAUDE, Usage(input_tokens=1), NOW)
    kept = json.loads(prices.to_json())
    assert (kept["input_usd"], kept["cache_write_5m_usd"]) == ("0.1", "0.125")
    assert kept["source"] == prices.source
    assert kept.keys() == {field.name for field in fields(prices)}


def test_a_flat_price_has_no_price_of_its_own_for_fast_answers():
    flat = Connection("server", "s", "http://s", FlatPrice(Decimal(1), Decimal(2)))
    assert worst(connection=flat) is not None
    assert worst(connection=flat, extra_json='{"speed": "fast"}') is None


def test_fast_answers_cost_their_own_price_where_there_is_one():
    fast = '{"speed": "fast"}'
    assert worst(extra_json=fast) == 2 * worst()
    assert worst("claude-sonnet-5-5", extra_json=fast) is None


@pytest.mark.parametrize(
    "extra",
    [
        '{"container": "c"}',
        '{"tools": 1}',
        '{"messages": "Hi"}',
        '{"system": 7}',
        '{"max_tokens": null}',
        '{"max_tokens": true}',
        '{"max_tokens": 1.5}',
        '{"model": 7}',
        '{"model": "claude-next-9"}',
        '{"output_config": {"task_budget": {}}}',
        '{"": 1}',
        '{"inference_geo": "mars"}',
        '{"speed": "warp"}',
        '{"service_tier": "priority"}',
        '{"cache_control": 1}',
        '{"cache_control": {"type": "ephemeral", "ttl": "24h"}}',
        '{"cache_control": {"type": "ephemeral", "ttl": 60}}',
        '{"system": [{"type": "text", "text": "Hi",'
        ' "cache_control": {"type": "ephemeral", "ttl": "24h"}}]}',
        '{"never_heard_of": 1}',
    ],
)
def test_what_the_extra_json_leaves_unbounded_has_no_worst_case(extra):
    assert worst(extra_json=extra) is None


@pytest.mark.parametrize(
    "model",
    ["claude-haiku-4-5-ultra-20270101", "claude-haiku-4-5-opus-latest", "claude-3-haiku-opus-0"],
)
def test_a_model_of_a_longer_name_has_no_price_whatever_its_date(model):
    usage = Usage(input_tokens=1, output_tokens=1)
    assert unit_prices(model, CLAUDE, usage, datetime(2026, 11, 24, tzinfo=UTC)) is None


def test_a_new_date_of_a_known_model_has_its_price():
    usage = Usage(input_tokens=1, output_tokens=1)
    at = datetime(2026, 11, 24, tzinfo=UTC)
    assert unit_prices("claude-haiku-4-5-20270101", CLAUDE, usage, at) is not None


def deeply(depth, work):
    """The same work with so much of Python's stack in use."""
    return work() if depth == 0 else deeply(depth - 1, work)


@pytest.mark.parametrize("levels", [58, 59, 60, 900, 975])
def test_extra_json_that_is_sent_is_in_the_worst_case_however_deep_it_is(levels):
    nested = "[" * levels + "]" * levels
    for extra in (
        f'{{"metadata": {nested}, "max_tokens": 60000}}',
        f'{{"metadata": {nested}, "metadata": {{}}, "max_tokens": 60000}}',
    ):
        request = Request(
            Prompt("", (Message("user", "Hi"),)), Params("claude-sonnet-4-6", 10, extra_json=extra)
        )
        for depth in (0, 60):
            model = model_on(CLAUDE, request.params.model)
            sent = deeply(depth, lambda request=request, model=model: wire(request, model, CLAUDE))
            max_usd = worst_case(request, CLAUDE)
            most_tokens_usd = Decimal(sent.body["max_tokens"]) * 15 / 1_000_000
            assert max_usd is None or max_usd > most_tokens_usd


def test_extra_json_that_cannot_be_read_makes_the_worst_case_unknown():
    assert worst(extra_json="{not JSON") is None
