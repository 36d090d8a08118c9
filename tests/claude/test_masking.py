"""A key that a server echoes in its answer is masked, however the stream cuts it."""

import asyncio
import json
from dataclasses import asdict, replace
from itertools import pairwise

import pytest
from fake_api import block, delta, end, start
from hypothesis import example, given
from hypothesis import strategies as st
from scripted import Script, play

from playground.claude.masking import EventMask, Mask, without_key_in_texts
from playground.claude.secret import SHORTEST, Secret
from playground.core.answer.content import TextBlock, text_of
from playground.core.answer.events import (
    BlockStarted,
    BlockStopped,
    CitationDelta,
    Connecting,
    Finished,
    InputDelta,
    OtherDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
)
from playground.core.answer.folding import Folding
from playground.core.wire.exchange import MASK

KEY = "sk-ant-canary-key"
MOST = KEY[: len(KEY) // 2 + 1]
"""So much of it is no accident."""


def masked(pieces, key=KEY):
    mask = Mask(Secret(key))
    return "".join([*(mask.feed(piece) for piece in pieces), mask.flush()])


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
    mask = Mask(Secret(KEY))
    assert [mask.feed(piece) for piece in ("all of it", " sk", "y", " sk-ant", "-")] == [
        "all of it",
        " ",
        "sky",
        " ",
        "",
    ]
    assert (mask.flush(), mask.flush()) == ("sk-ant-", "")


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


said = st.lists(st.sampled_from([KEY, KEY[:4], KEY[4:], KEY[:-1], "s", "sk", " and ", "é"]),
                max_size=4).map("".join)  # fmt: skip
places = st.lists(st.integers(0, 60), max_size=4)
parts = st.lists(
    st.tuples(
        st.sampled_from([TextDelta, ThinkingDelta, SignatureDelta, InputDelta]), said, places,
        st.booleans(),
    ),
    max_size=5,
)  # fmt: skip
KINDS = {TextDelta: "text", ThinkingDelta: "thinking", SignatureDelta: "thinking",
         InputDelta: "tool_use"}  # fmt: skip


@given(parts)
@example([(TextDelta, "sk-a", [], False), (TextDelta, "nt-canary-key", [], False)])
@example([(TextDelta, text, [], False) for text in ("sk-a", "nt-c", "anary-key")])
@example([(TextDelta, "sk-a", [], False), (ThinkingDelta, "", [], False),
          (TextDelta, "nt-canary-key", [], False)])  # fmt: skip
@example([(TextDelta, "sk-a", [], True), (ThinkingDelta, "", [], True),
          (TextDelta, "nt-canary-key", [], True)])  # fmt: skip
def test_no_block_holds_the_key_however_it_was_cut_and_nothing_else_is_changed(made):
    events = []
    for at, (kind, text, where, has_stop) in enumerate(made):
        events.append(BlockStarted(KINDS[kind], at=at))
        events += [kind(piece, at) for piece in cut(text, where) if piece]
        events += [BlockStopped(at)] * has_stop
    plain, shown = Folding(), Folding()
    for event in events:
        plain.fold(event)
    seen = stream(*events, Finished("end_turn"))
    assert seen[-1] == Finished("end_turn")
    for event in seen[:-1]:
        shown.fold(event)
    assert KEY not in repr(shown.read())
    assert KEY not in text_of(shown.read())
    texts = [part.text for part in shown.read() if isinstance(part, TextBlock)]
    assert not [text for text in texts if text.endswith(MOST)]
    # A key that two texts share is masked also where another block stands between them.
    if MOST not in "".join(part.text for part in plain.read() if isinstance(part, TextBlock)):
        assert text_of(shown.read()) == text_of(plain.read())
    for before, after in zip(plain.read(), shown.read(), strict=True):
        if not isinstance(before, TextBlock):
            assert repr(after) == repr(before).replace(KEY, MASK)
    # A key that two texts share is masked also where another block stands between them.
    if MOST not in "".join(part.text for part in plain.read() if isinstance(part, TextBlock)):
        assert shown.read() == repr_masked(plain.read())


def repr_masked(blocks):
    """The blocks with the key masked in each by itself."""
    return tuple(
        replace(block, **{
            name: value.replace(KEY, MASK) for name, value in asdict(block).items()
            if isinstance(value, str)
        })
        for block in blocks
    )  # fmt: skip


def test_a_text_is_whole_before_what_follows_it_though_its_end_looks_like_the_key():
    begun, tool = BlockStarted("text", at=0), BlockStarted("tool_use", "now", at=1)
    stop = BlockStopped(0)
    found = stream(begun, TextDelta("It rains", 0), stop, tool, Finished("tool_use"))
    assert found == [
        begun, TextDelta("It rain", 0), TextDelta("s", 0), stop, tool, Finished("tool_use"),
    ]  # fmt: skip


TOOL = (BlockStarted("tool_use", "now", at=1), InputDelta("{}", 1), BlockStopped(1))


@pytest.mark.parametrize("between", [(), TOOL], ids=["adjacent", "a tool between"])
@pytest.mark.parametrize("size", range(1, len(KEY)))
def test_of_a_key_that_two_texts_share_no_half_is_shown(size, between):
    seen = stream(
        BlockStarted("text", at=0), TextDelta(f"Key {KEY[:size]}", 0), BlockStopped(0), *between,
        BlockStarted("text", at=2), TextDelta(f"{KEY[size:]}!", 2), BlockStopped(2),
        Finished("end_turn"),
    )  # fmt: skip
    first, second = (
        "".join(e.text for e in seen if isinstance(e, TextDelta) and e.at == at) for at in (0, 2)
    )
    is_half = size * 2 >= len(KEY)
    assert (first, second) == (f"Key {MASK if is_half else KEY[:size]}", f"{MASK}!")


def test_a_key_cut_over_three_texts_is_masked_and_what_only_begins_like_one_is_not():
    def texts(*pieces):
        blocks = [
            (BlockStarted("text", at=at), TextDelta(piece, at), BlockStopped(at))
            for at, piece in enumerate(pieces)
        ]
        seen = stream(*(event for block in blocks for event in block), Finished("end_turn"))
        return [
            "".join(e.text for e in seen if isinstance(e, TextDelta) and e.at == at)
            for at in range(len(pieces))
        ]

    assert texts(KEY[:4], KEY[4:8], KEY[8:] + "!") == [KEY[:4], KEY[4:8], MASK + "!"]
    assert texts(KEY[:4], "other", KEY[4:]) == [KEY[:4], "other", KEY[4:]]
    assert texts("sk-", "sk-ant", "s") == ["sk-", "sk-ant", "s"]
    assert texts("s", KEY) == ["s", MASK]


@pytest.mark.parametrize("kind", [ThinkingDelta, InputDelta])
def test_a_block_that_comes_between_does_not_end_a_text(kind):
    begun, other_begun = BlockStarted("text", at=0), BlockStarted(KINDS[kind], at=1)
    seen = stream(
        begun, TextDelta(KEY[:6], 0), other_begun, kind("x", 1), TextDelta(KEY[6:], 0),
        BlockStopped(0), BlockStopped(1), Finished("end_turn"),
    )  # fmt: skip
    assert seen == [
        begun, other_begun, kind("x", 1), TextDelta(MASK, 0), BlockStopped(0), BlockStopped(1),
        Finished("end_turn"),
    ]  # fmt: skip


def test_the_key_is_masked_in_all_that_comes_at_once():
    begun = BlockStarted(KEY, KEY, KEY, f'["{KEY}"]', f'{{"a": "{KEY}"}}', 0)
    events = begun, CitationDelta(f'{{"cited_text": "{KEY}"}}', 0), OtherDelta(KEY, f'"{KEY}"', 0)
    ended = Finished("refusal", KEY, KEY, category=KEY)
    assert KEY not in repr(stream(*events, ended))


def test_in_json_a_key_is_found_as_json_writes_it():
    key = 'sk-"quoted\\"-key'
    mask = EventMask(key)
    written = json.dumps({"key": key})
    found = [*mask.feed(InputDelta(written[:12], 0)), *mask.feed(InputDelta(written[12:], 0)),
             *mask.flush()]  # fmt: skip
    assert "".join(event.text for event in found) == f'{{"key": "{MASK}"}}'
    [begun] = mask.feed(BlockStarted("web_search_tool_result", json=written))
    assert begun.json == f'{{"key": "{MASK}"}}'


@given(st.data())
def test_a_key_in_json_is_masked_whatever_of_it_is_escaped_and_wherever_it_is_cut(data):
    escaped = "".join(
        data.draw(st.sampled_from([c, f"\\u{ord(c):04x}", f"\\u{ord(c):04X}"])) for c in KEY
    )
    places = data.draw(st.lists(st.integers(1, 120), max_size=6))
    seen = stream(
        *(InputDelta(piece, 0) for piece in cut(f'{{"key": "{escaped}"}}', places)),
        Finished("tool_use"),
    )  # fmt: skip
    text = "".join(event.text for event in seen[:-1])
    assert json.loads(text) == {"key": MASK}


def other(at=0, **more):
    return OtherDelta("hue_delta", json.dumps({"type": "hue_delta", **more}), at)


def texts_of(events, *names):
    """The texts of some place in all unknown deltas, as one."""
    found = []
    for event in events:
        value = json.loads(event.json) if isinstance(event, BlockStarted | OtherDelta) else {}
        for name in names:
            value = value.get(name, {})
        found.append(value if isinstance(value, str) else "")
    return "".join(found)


@given(st.lists(st.integers(1, len(KEY) + 8), max_size=6), st.booleans(), st.booleans())
def test_a_key_is_masked_however_unknown_deltas_cut_it(places, is_nested, is_begun):
    names = ("a", "b") if is_nested else ("a",)
    pieces = cut(f"one {KEY} two", places)
    deltas = [other(a={"b": piece} if is_nested else piece) for piece in pieces]
    begun = BlockStarted("hologram", json='{"type": "hologram"}', at=0)
    if is_begun:
        begun, deltas = replace(begun, json=deltas[0].json), deltas[1:]
    found = stream(begun, *deltas, BlockStopped(0), Finished("end_turn"))
    assert texts_of(found, *names) == f"one {MASK} two"
    assert len(found) == len(deltas) + 3
    assert found[0].kind == "hologram"


def test_what_only_looks_like_a_key_comes_unchanged():
    deltas = [other(x="sk-"), other(y=1), other(x=KEY[3:9]), other(x="no")]
    mask = EventMask(KEY)
    assert [mask.feed(delta) for delta in deltas] == [[], [], [], deltas]
    events = [deltas[0], BlockStopped(0), deltas[0], Finished("end_turn")]
    assert stream(*events) == events
    begun = BlockStarted("hologram", json='{"type": "sk"}', at=0)
    next_one = BlockStarted("text", at=1)
    assert stream(begun, next_one, TextDelta("x", 1)) == [begun, next_one, TextDelta("x", 1)]


def test_blocks_that_come_interleaved_are_masked_each_by_itself():
    first, second = KEY[:6], KEY[6:]
    found = stream(other(0, x=first), other(1, x=first), other(0, x=second), other(1, x=second))
    assert [json.loads(event.json)["x"] for event in found] == [MASK, "", MASK, ""]
    assert [event.at for event in found] == [0, 0, 1, 1]


def test_a_server_cannot_make_deltas_wait_for_ever():
    mask = EventMask(KEY)
    found = [each for _ in range(10_000) for each in mask.feed(other(x=KEY[:3], y=""))]
    assert len(found) > 9_000
