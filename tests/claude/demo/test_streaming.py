"""The shape of an answer: its events, what is counted, and where it ends."""

import asyncio
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.claude.demo.answer import Answer, Pace
from playground.claude.demo.api import PAUSE_S
from playground.claude.demo.caching import CacheUse
from playground.claude.demo.faults import SCENARIOS
from playground.claude.demo.language_model import Sampling, language_model
from playground.claude.demo.tokens import count_tokens
from playground.claude.demo.writing import Writing
from playground.core.request.model_catalogue import find

DOSA = "Give me three tips for crisp dosa."
FULL = "".join(
    language_model().generate("", [("user", DOSA)], sampling=Sampling(0.0), rng=random.Random(1))
)


def text_of(events):
    return "".join(
        event.delta.text
        for event in events
        if event.type == "content_block_delta" and event.delta.type == "text_delta"
    )


def end_of(events):
    return next(event for event in events if event.type == "message_delta")


def types_of(events):
    types = [event.type for event in events]
    return [kind for at, kind in enumerate(types) if types[at - 1 : at] != [kind]]


def test_a_stream_has_the_events_of_the_api_in_their_order(demo):
    assert types_of(demo.events()) == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_a_stream_and_a_whole_message_say_the_same(demo):
    events = demo.events(temperature=0.0)
    message = demo.message(temperature=0.0)
    assert text_of(events) == message.content[0].text == FULL
    assert message.stop_reason == "end_turn"
    assert end_of(events).usage.output_tokens == message.usage.output_tokens


def test_the_usage_is_what_was_written_and_what_counting_says(demo):
    request = demo.request()

    async def count(client):
        return await client.messages.count_tokens(
            model=request["model"], messages=request["messages"]
        )

    message = demo.message(temperature=0.0)
    assert message.usage.output_tokens == count_tokens(message.content[0].text)
    assert message.usage.input_tokens == demo.run(count).input_tokens
    assert message.usage.input_tokens > count_tokens(DOSA)
    assert message.usage.cache_read_input_tokens == 0
    assert message.usage.service_tier == "standard"


def test_the_first_report_has_the_input_and_the_last_one_the_output(demo):
    events = demo.events()
    assert events[0].message.usage.output_tokens == 1
    assert end_of(events).usage.input_tokens == events[0].message.usage.input_tokens


def test_the_same_seed_gives_the_same_answer_and_another_seed_another(demo):
    answers = [text_of(demo.events(temperature=1.0, seed=seed)) for seed in (1, 1, 2, 3, 4, 5)]
    assert answers[0] == answers[1]
    assert len(set(answers)) > 2


def test_without_a_temperature_the_model_samples_at_1(demo):
    assert text_of(demo.events(seed=3)) == text_of(demo.events(seed=3, temperature=1.0))


def test_a_dated_model_answers_with_its_dated_id(demo):
    assert demo.message(model="claude-haiku-4-5").model == "claude-haiku-4-5-20251001"


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200))
def test_max_tokens_is_never_exceeded(most):
    whole = list(language_model().generate("", [("user", DOSA)], rng=random.Random(2)))
    writing = Writing(iter(whole), most)
    assert "".join(writing) == "".join(whole[:most])
    assert writing.written == min(most, len(whole))
    assert writing.stop_reason == ("max_tokens" if most < len(whole) else "end_turn")


@settings(max_examples=300, deadline=None)
@given(st.text("ab\n*", max_size=30), st.lists(st.text("ab*", min_size=1, max_size=4)), st.data())
def test_nothing_from_a_stop_sequence_on_is_shown(text, stops, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
    tokens = [text[left:right] for left, right in pairwise(cuts)]
    writing = Writing(iter(tokens), 1000, stops)
    shown = "".join(writing)
    assert text.startswith(shown)
    assert not any(stop in shown for stop in stops)
    if any(stop in text for stop in stops):
        assert writing.stop_reason == "stop_sequence"
        assert text[len(shown) :].startswith(writing.stop_sequence)
    else:
        assert shown == text
        assert writing.stop_reason == "end_turn"


def test_a_stop_sequence_across_tokens_ends_the_answer(demo):
    events = demo.events(temperature=0.0, stop_sequences=["never there", "\n2. **Get"])
    assert text_of(events) == FULL[: FULL.index("\n2.")]
    assert end_of(events).delta.stop_reason == "stop_sequence"
    assert end_of(events).delta.stop_sequence == "\n2. **Get"


def test_max_tokens_cuts_the_answer_and_says_so(demo):
    message = demo.message(temperature=0.0, max_tokens=9)
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 9
    assert FULL.startswith(message.content[0].text)


def test_thinking_that_is_asked_for_is_shown_counted_and_signed(demo):
    thinking = {"type": "adaptive", "display": "summarized"}
    message = demo.message(model="claude-haiku-5-5", thinking=thinking)
    block, text = message.content
    assert (block.type, text.type) == ("thinking", "text")
    assert "crisp dosa" in block.thinking
    assert block.signature.startswith("demo")
    thought = message.usage.output_tokens_details.thinking_tokens
    assert thought == count_tokens(block.thinking)
    assert message.usage.output_tokens > thought


def test_a_budget_makes_an_older_model_show_its_thinking(demo):
    message = demo.message(
        model="claude-haiku-4-5",
        max_tokens=2000,
        thinking={"type": "enabled", "budget_tokens": 1024},
    )
    assert message.content[0].thinking


@pytest.mark.parametrize("thinking", [{}, {"thinking": {"type": "adaptive"}}])
def test_a_current_model_hides_what_it_thinks_unless_asked(demo, thinking):
    message = demo.message(model="claude-opus-5-5", **thinking)
    assert message.content[0].type == "thinking"
    assert message.content[0].thinking == ""
    assert message.usage.output_tokens_details.thinking_tokens > 0


def test_a_model_told_not_to_think_does_not(demo):
    message = demo.message(model="claude-haiku-5-5", thinking={"type": "disabled"})
    assert [block.type for block in message.content] == ["text"]
    assert message.usage.output_tokens_details.thinking_tokens == 0


def test_thinking_alone_can_use_up_max_tokens(demo):
    message = demo.message(model="claude-opus-5-5", max_tokens=3)
    assert message.stop_reason == "max_tokens"
    assert [block.type for block in message.content] == ["thinking"]
    assert message.usage.output_tokens == 3


def test_more_effort_thinks_longer(demo):
    def thought(effort):
        message = demo.message(
            model="claude-opus-5-5",
            thinking={"type": "adaptive"},
            output_config={"effort": effort},
        )
        return message.usage.output_tokens_details.thinking_tokens

    assert thought("low") < thought("medium") < thought("high")


def test_an_answer_stops_where_the_context_is_full():
    model = find("claude-haiku-4-5")
    body = {"messages": [{"role": "user", "content": DOSA}], "max_tokens": 100}
    pace = Pace(0, asyncio.sleep)
    used = model.context_tokens - 5
    answer = Answer(body, model, SCENARIOS["none"], pace, random.Random(1), "req", used, CacheUse())

    async def last():
        return [event async for event in answer.events()][-2]

    event = asyncio.run(last())
    assert event["delta"]["stop_reason"] == "model_context_window_exceeded"
    assert event["usage"]["output_tokens"] == 5


def test_the_model_writes_at_its_pace(demo):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        await asyncio.sleep(0)

    body = {"messages": [{"role": "user", "content": DOSA}], "max_tokens": 60}
    pace = Pace(PAUSE_S, sleep)
    answer = Answer(
        body,
        find("claude-sonnet-4-6"),
        SCENARIOS["none"],
        pace,
        random.Random(1),
        "req",
        9,
        CacheUse(),
    )

    async def drain():
        return [event async for event in answer.events()]

    asyncio.run(drain())
    assert 0.3 < slept[0] < 0.6
    assert len(slept) == 61
    assert 0.8 < sum(slept[1:]) / (60 * PAUSE_S) < 1.2
