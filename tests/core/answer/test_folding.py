"""Events folded into blocks while others read them."""

from playground.core.answer.content import TextBlock, ThinkingBlock, ToolUseBlock, UnknownBlock
from playground.core.answer.events import (
    BlockStarted,
    BlockStopped,
    CitationDelta,
    InputDelta,
    OtherDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
)
from playground.core.answer.folding import Folding


def folded(*events):
    content = Folding()
    for event in events:
        content.fold(event)
    return content


def test_what_was_read_stays_as_it_was_and_only_the_block_that_grows_is_made_anew():
    content = folded(BlockStarted("text", at=0), TextDelta("Hi", 0), BlockStopped(0))
    content.fold(BlockStarted("tool_use", "now", "t", at=1))
    before = content.read()
    content.fold(InputDelta('{"a', 1))
    after = content.read()
    assert before == (TextBlock("Hi"), ToolUseBlock("t", "now", ""))
    assert after == (TextBlock("Hi"), ToolUseBlock("t", "now", '{"a'))
    assert after[0] is before[0]
    assert content.read() is after


def test_a_delta_that_does_not_say_where_it_belongs_goes_to_the_last_block_of_its_kind():
    content = folded(ThinkingDelta("Hm"), SignatureDelta("sig"), TextDelta("H"), TextDelta("i"))
    assert content.read() == (ThinkingBlock("Hm", "sig"), TextBlock("Hi"))
    assert (content.thinking(), content.text()) == ("Hm", "Hi")
    assert folded(InputDelta("{}")).read() == (ToolUseBlock("", "", "{}"),)
    [cited] = folded(CitationDelta('{"cited_text": "wet"}')).read()
    assert cited.citations[0].quote == "wet"
    assert folded(OtherDelta("x_delta", '{"x": 1}')).read() == (
        UnknownBlock("unknown", '[{"x": 1}]'),
    )


def test_the_input_that_is_streamed_takes_the_place_of_what_came_at_once():
    begun = BlockStarted("tool_use", "now", "t", '{"a": 1}', at=0)
    assert folded(begun).read() == (ToolUseBlock("t", "now", '{"a": 1}'),)
    assert folded(begun, InputDelta('{"b": 2}', 0)).read() == (
        ToolUseBlock("t", "now", '{"b": 2}'),
    )


def test_a_late_piece_of_an_earlier_block_lands_there():
    content = folded(BlockStarted("text", at=0), BlockStarted("thinking", at=1))
    content.fold(TextDelta("Hi", 0))
    content.fold(TextDelta("!", 9))  # No such block: a text of its own.
    assert content.read() == (TextBlock("Hi"), ThinkingBlock(""), TextBlock("!"))
