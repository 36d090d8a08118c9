"""The prompt cache: written once, read while it lasts, and billed as the API bills it."""

from datetime import UTC, datetime, timedelta

import pytest

from playground.claude.demo.caching import CacheUse, PromptCache
from playground.claude.demo.prompt import TOKENS_PER_REQUEST, input_tokens

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG = "dosa " * 1200


def body(ttl="5m", text=LONG, more=(), **changes):
    messages = [{"role": "user", "content": text}, *more]
    cache = {"type": "ephemeral", "ttl": ttl}
    model = "claude-sonnet-4-6"
    return {"model": model, "messages": messages, "cache_control": cache, **changes}


def uses(*requests):
    """What each of several requests, (seconds from now, body), reads and writes."""
    cache = PromptCache()
    return [
        cache.use(request, request["model"], NOW + timedelta(seconds=second))
        for second, request in requests
    ]


TOKENS = input_tokens(body()) - TOKENS_PER_REQUEST


def test_a_prompt_is_written_and_then_read():
    assert uses((0, body()), (1, body())) == [CacheUse(0, TOKENS), CacheUse(TOKENS, 0)]


def test_what_goes_out_side_by_side_is_written_each_time():
    assert [use.read for use in uses((0, body()), (0, body()))] == [0, 0]


@pytest.mark.parametrize(("ttl", "life_s"), [("5m", 300), ("1h", 3600)])
def test_a_prompt_is_kept_for_its_time_which_each_read_begins_anew(ttl, life_s):
    request = body(ttl)
    reads = uses((0, request), (life_s - 1, request), (2 * life_s - 2, request))
    assert [use.read for use in reads] == [0, TOKENS, TOKENS]
    assert uses((0, request), (life_s, request))[1].read == 0


def test_a_longer_conversation_reads_its_beginning_and_writes_the_rest():
    more = [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": "Why?"}]
    [_, use] = uses((0, body()), (1, body(more=more)))
    assert use.read == TOKENS
    assert use.written == input_tokens(body(more=more)) - TOKENS_PER_REQUEST - TOKENS


@pytest.mark.parametrize(
    "change",
    [
        {"model": "claude-sonnet-5"},
        {"system": "Be terse."},
        {"output_config": {"effort": "low"}},
        {"text": LONG + "!"},
    ],
)
def test_what_changes_the_prefix_is_not_read(change):
    assert uses((0, body()), (1, body(**change)))[1].read == 0


def test_a_short_prompt_is_silently_not_cached_and_no_prompt_unasked():
    short = body(text="Hi")
    unasked = body(cache_control=None)
    assert uses((0, short), (1, short), (2, unasked), (3, unasked)) == [CacheUse()] * 4


def test_the_usage_adds_up_to_the_prompt(demo):
    control = {"type": "ephemeral", "ttl": "1h"}
    usage = demo.message(LONG, cache_control=control, max_tokens=5).usage
    assert usage.input_tokens == TOKENS_PER_REQUEST
    assert usage.cache_creation_input_tokens == usage.cache_creation.ephemeral_1h_input_tokens
    assert usage.cache_creation_input_tokens == TOKENS
    assert usage.cache_read_input_tokens == 0
