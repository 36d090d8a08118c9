"""What a stream says of content blocks is what the run holds: whole, cut and interleaved."""

import json
from dataclasses import replace
from itertools import zip_longest

import pytest
from claude.test_begun import run_of, runs_of
from fake_api import sse, start
from scenes import (
    CHAR,
    NEW,
    SCENES,
    SEARCHED,
    SEARCHED_BLOCK,
    WEATHER,
    WEATHER_BLOCK,
    ending,
    events_of,
    part,
    text,
    thinking,
)
from scripted import Script

from playground.core.answer.content import (
    TextBlock,
    ThinkingBlock,
    api_content,
    as_text,
    from_json,
    text_of,
    to_json,
)
from playground.core.runs.outcome import outcome
from playground.engine.run_rows import log_record


@pytest.mark.parametrize("name", SCENES)
def test_a_run_holds_each_block_as_it_came_and_says_how_it_ended(name):
    blocks, reason, expected, title = SCENES[name]
    run, _ = run_of((200, [start(), *events_of(blocks), *ending(reason)]))
    assert run.blocks == expected
    assert (run.status, run.stop_reason) == ("done", reason)
    found = outcome(run)
    assert (found and found.title) == title
    assert from_json(to_json(run.blocks)) == expected
    _, texts = log_record(run)
    assert texts.blocks == expected
    assert run.text == texts.answer == text_of(expected)


@pytest.mark.parametrize("name", SCENES)
def test_an_answer_that_comes_whole_is_the_same_as_a_streamed_one(name):
    blocks, reason, expected, _ = SCENES[name]
    streamed, _ = run_of((200, [start(), *events_of(blocks), *ending(reason)]))
    try:
        content = api_content(streamed.blocks)
    except ValueError:
        assert "delta" in name
        return
    message = {"id": "m", "type": "message", "role": "assistant", "content": content,
               "stop_reason": reason, "usage": {"input_tokens": 1, "output_tokens": 2}}  # fmt: skip
    body = json.dumps(message).encode()
    for answer in (body, sse("message_start", message=message) + sse("message_stop")):
        run, _ = run_of((200, answer))
        assert (run.status, run.stop_reason) == ("done", reason)
        assert api_content(run.blocks) == content
        assert as_text(run.blocks).replace(" ", "") == as_text(expected).replace(" ", "").replace(
            "1.50", "1.5"
        )


@pytest.mark.parametrize("name", SCENES)
def test_cut_at_any_event_a_run_keeps_what_had_come(name):
    blocks, reason, _, _ = SCENES[name]
    events = [start(), *events_of(blocks), *ending(reason)]
    cuts = range(1, len(events) - 1)
    runs = runs_of([Script((200, [b"".join(events[:cut])])) for cut in cuts])
    whole, _ = run_of((200, events))
    before = ()
    for run in runs:
        has_begun = bool(run.blocks)
        assert run.status == ("interrupted" if has_begun else "failed")
        assert whole.text.startswith(run.text)
        assert len(run.blocks) >= len(before)
        # Only what grows is another than at the event before.
        assert run.blocks[: max(0, len(before) - 2)] == before[: max(0, len(before) - 2)]
        assert from_json(to_json(run.blocks)) == run.blocks
        before = run.blocks
    assert before == whole.blocks


@pytest.mark.parametrize("name", SCENES)
def test_blocks_that_come_interleaved_are_each_what_they_would_be_alone(name):
    blocks, reason, expected, _ = SCENES[name]
    other = [thinking("One", " two."), WEATHER]
    second = list(events_of(other, first=len(blocks)))
    pairs = zip_longest(events_of(blocks), second, fillvalue=b"")
    run, _ = run_of((200, [start(), *(event for pair in pairs for event in pair), *ending(reason)]))
    alone = [*expected, ThinkingBlock("One two.", "c2ln"), WEATHER_BLOCK]
    assert sorted(map(repr, run.blocks)) == sorted(map(repr, alone))


def test_the_first_content_of_any_kind_is_the_first_token_and_the_run_streams():
    for wire in ([WEATHER], [thinking("Hm")], [part(NEW)], [text("Hi")], [SEARCHED]):
        [begun, *deltas] = list(events_of(wire))[:-1]
        run, _ = run_of((200, [start(), begun, *deltas]))
        assert run.ttft_s is not None
    run, _ = run_of((200, [start(), next(events_of([text("Hi")]))]))
    assert run.ttft_s is None  # A text begins empty.


def test_a_block_that_came_in_the_first_event_is_not_there_twice():
    begun = {"type": "text", "text": "Hi"}
    message = {"id": "m", "role": "assistant", "content": [begun], "usage": {}}
    first = sse("message_start", message=message)
    again = sse("content_block_start", index=0, content_block=begun)
    more = sse("content_block_delta", index=0, delta={"type": "text_delta", "text": " there"})
    run, _ = run_of((200, [first, again, more, *ending("end_turn")]))
    assert run.blocks == (TextBlock("Hi there"),)


def test_two_beginnings_of_one_answer_are_one_answer():
    run, _ = run_of((200, [start(), start(), *events_of([WEATHER]), *ending("tool_use")]))
    assert run.blocks == (WEATHER_BLOCK,)


def test_an_answer_that_begins_anew_in_the_same_stream_goes_on_and_both_are_paid_for():
    first = [start(input_tokens=10), *events_of([text("Hel"), WEATHER])]
    message = {"id": "msg_2", "role": "assistant", "content": [],
               "usage": {"input_tokens": 20, "output_tokens": 1}}  # fmt: skip
    again = [sse("message_start", message=message), *events_of([text("Hello"), SEARCHED])]
    run, _ = run_of((200, [*first, *again, *ending("end_turn")]))
    assert (run.status, run.stop_reason) == ("done", "end_turn")
    assert run.blocks == (TextBlock("Hel"), WEATHER_BLOCK, TextBlock("Hello"), SEARCHED_BLOCK)
    assert (run.usage.input_tokens, run.usage.output_tokens) == (30, 6)


def test_a_beginning_that_is_said_again_tells_nothing_new():
    half = list(events_of([text("Hel", "lo")]))
    run, _ = run_of((200, [start(), *half[:2], start(), *half[2:], *ending("end_turn")]))
    assert run.blocks == (TextBlock("Hello"),)
    assert run.usage.input_tokens == 10


def test_deltas_without_a_start_or_of_another_kind_are_kept():
    run, _ = run_of((200, [start(), *list(events_of([WEATHER]))[1:], *ending("tool_use")]))
    assert run.blocks == (replace(WEATHER_BLOCK, id="", name=""),)
    said = sse("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hi"})
    odd = sse("content_block_delta", index=0, delta={"type": "citations_delta", "citation": CHAR})
    run, _ = run_of((200, [start(), *events_of([WEATHER]), said, *ending("tool_use")]))
    assert run.blocks == (WEATHER_BLOCK, TextBlock("Hi"))
    run, _ = run_of((200, [start(), *events_of([WEATHER]), odd, *ending("tool_use")]))
    assert run.blocks[1].type == "citations_delta"


@pytest.mark.parametrize(
    ("category", "word"),
    [
        ("cyber", "networks"),
        ("bio", "biological"),
        ("frontier_llm", "competing AI model"),
        ("reasoning_extraction", "inner reasoning"),
        ("general_harms", "do harm"),
        (None, "declined to answer"),
        ("of_2027", "declined to answer. Category: of_2027."),
    ],
)
def test_a_refusal_says_what_its_category_means(category, word):
    details = {"type": "refusal", "category": category, "explanation": None}
    run, _ = run_of((200, [start(), *ending("refusal", stop_details=details)]))
    found = outcome(run)
    assert found.title == "Refused"
    assert word in found.happened
    assert found.step
    details["explanation"] = "Because."
    run, _ = run_of((200, [start(), *ending("refusal", stop_details=details)]))
    assert outcome(run).happened.startswith("Because.")


def test_too_many_blocks_end_an_answer():
    many = next(events_of([part(NEW)])) * 10_001
    run, _ = run_of((200, [start(), many, *ending("end_turn")]))
    assert run.status == "interrupted"
    assert len(run.blocks) == 10_000
