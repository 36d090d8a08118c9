"""A key that a server echoes in its answer is masked, however the stream cuts it."""

import asyncio
from itertools import pairwise

import pytest
from fake_api import block, delta, end, start
from hypothesis import given
from hypothesis import strategies as st
from scripted import Script, play

from playground.claude.masking import SHORTEST, Mask, without_key_in_texts
from playground.core.answer.events import Connecting, Finished, TextDelta, ThinkingDelta
from playground.core.wire.exchange import MASK

KEY = "sk-ant-canary-key"


def masked(pieces, key=KEY):
    mask = Mask(key)
    return "".join([*(mask.passed(piece) for piece in pieces), mask.rest()])


def cut(text, places):
    places = sorted({0, *(place for place in places if place < len(text)), len(text)})
    return [text[a:b] for a, b in pairwise(places)]


@given(st.lists(st.integers(0, 60), max_size=20), st.text("sk-anty ", max_size=20))
def test_wherever_it_is_cut_the_key_is_gone_and_all_else_is_there(places, around):
    text = around + KEY + around
    assert masked(cut(text, places)) == text.replace(KEY, "…")


@given(st.lists(st.text("sk-anty ", max_size=8)))
def test_a_text_without_the_key_comes_whole(pieces):
    assert masked(pieces) == "".join(pieces).replace(KEY, "…")


def test_a_key_too_short_to_be_one_garbles_nothing():
    assert masked(["looks like k"], key="k") == "looks like k"
    short, long = "K" * (SHORTEST - 1), "K" * SHORTEST
    assert (masked([f"a {short} b"], short), masked([f"a {long} b"], long)) == (
        f"a {short} b",
        f"a {MASK} b",
    )
    assert masked(["looks like XXXX"], key="") == "looks like XXXX"


def test_no_more_is_held_back_than_may_be_the_beginning_of_the_key():
    mask = Mask(KEY)
    assert [mask.passed(piece) for piece in ("all of it", " sk", "y", " sk-ant", "-")] == [
        "all of it",
        " ",
        "sky",
        " ",
        "",
    ]
    assert (mask.rest(), mask.rest()) == ("sk-ant-", "")


def stream(*events, error=None):
    async def come():
        for event in events:
            yield event
        if error is not None:
            raise error

    async def collect():
        seen = []
        try:
            async for event in without_key_in_texts(come(), KEY):
                seen.append(event)
        except ValueError as caught:
            seen.append(caught)
        return seen

    return asyncio.run(collect())


def test_text_and_thinking_are_masked_apart_and_nothing_held_back_is_lost():
    first, second = KEY[:5], KEY[5:]
    ended = Finished("end_turn")
    assert stream(
        Connecting(1), ThinkingDelta(first), TextDelta(first), ThinkingDelta(second),
        TextDelta("!"), ThinkingDelta("sk"), TextDelta("s"), ended,
    ) == [
        Connecting(1), ThinkingDelta(MASK), TextDelta(first + "!"),
        ThinkingDelta("sk"), TextDelta("s"), ended,
    ]  # fmt: skip
    assert stream(ThinkingDelta("sk"), ended) == [ThinkingDelta("sk"), ended]
    assert stream(TextDelta("sk"), ended) == [TextDelta("sk"), ended]


def test_what_was_held_back_comes_also_when_the_stream_breaks():
    lost = ValueError("lost")
    found = stream(ThinkingDelta("all sk"), TextDelta("sk-"), error=lost)
    assert found == [ThinkingDelta("all "), ThinkingDelta("sk"), TextDelta("sk-"), lost]


@pytest.mark.parametrize("ending", [end(), b""], ids=["complete", "cut off"])
def test_an_answer_that_echoes_the_key_is_shown_without_it(ending):
    pieces = [start() + block(), *(delta(letter) for letter in f"Your key is {KEY}, s"), ending]
    events, _ = play(Script((200, pieces)), key=KEY)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert text == "Your key is …, s"
