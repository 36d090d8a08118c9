"""A key that a server echoes in its answer is masked, however the stream cuts it."""

from itertools import pairwise

import pytest
from fake_api import block, delta, end, start
from hypothesis import given
from hypothesis import strategies as st
from scripted import Script, play

from playground.claude.masking import Mask
from playground.core.events import TextDelta

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


@pytest.mark.parametrize("ending", [end(), b""], ids=["complete", "cut off"])
def test_an_answer_that_echoes_the_key_is_shown_without_it(ending):
    pieces = [start() + block(), *(delta(letter) for letter in f"Your key is {KEY}, s"), ending]
    events, _ = play(Script((200, pieces)), key=KEY)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert text == "Your key is …, s"
