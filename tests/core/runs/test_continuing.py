"""A conversation goes on from an answer as the API needs it."""

import json

import pytest

from playground.core.answer.content import (
    ServerToolResultBlock,
    ServerToolUseBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    UnknownBlock,
    api_content,
    citation,
)
from playground.core.request.request import Message, Prompt
from playground.core.runs.continuing import can_continue, continued, left_out

ASKED = Prompt("Be brief.", (Message("user", "Rain?"),))
NEXT = Message("user", "")
SEARCH = (
    ThinkingBlock("Hm", "sig"),
    ServerToolUseBlock("s", "web_search", '{"query": "rain"}'),
    ServerToolResultBlock("web_search_tool_result", "s", "[]"),
)
TOOL = ToolUseBlock("t", "get_weather", '{"city": "Paris"}')
CITED = TextBlock("Wet.", (citation({"cited_text": "wet"}),))


def test_a_text_goes_back_as_a_text_that_can_be_edited():
    blocks = (ThinkingBlock("Hm", "sig"), TextBlock("Yes."))
    going_on = continued(ASKED, blocks, "end_turn")
    assert going_on.messages == (*ASKED.messages, Message("assistant", "Yes."), NEXT)
    assert left_out(blocks) == ""
    begun = Prompt("", (Message("user", "Rain?"), Message("assistant", "Y")))
    assert continued(begun, (TextBlock("es."),), "end_turn").messages[1].text == "Yes."


def test_a_turn_that_paused_goes_back_unchanged_and_nothing_follows_it():
    [_, answer] = continued(ASKED, SEARCH, "pause_turn").messages
    assert answer.content == api_content(SEARCH)
    again = continued(Prompt("", (ASKED.messages[0], answer)), (CITED,), "end_turn")
    assert [each.role for each in again.messages] == ["user", "assistant", "user"]
    assert again.messages[1].content == api_content((*SEARCH, CITED))


def test_what_was_written_by_hand_stands_before_the_blocks_that_follow_it():
    begun = Prompt("", (ASKED.messages[0], Message("assistant", "I'll look:")))
    content = continued(begun, SEARCH, "pause_turn").messages[1].content
    assert content == [{"type": "text", "text": "I'll look:"}, *api_content(SEARCH)]


def test_a_finished_answer_with_blocks_is_followed_by_the_user():
    blocks = (*SEARCH, CITED)
    going_on = continued(ASKED, blocks, "end_turn")
    assert going_on.messages[1].content == api_content(blocks)
    assert going_on.messages[2] == NEXT
    assert left_out(blocks) == ""


@pytest.mark.parametrize(
    ("blocks", "lost"),
    [
        ((TextBlock("Hi"), TOOL, TOOL), "tool_use get_weather"),
        ((*SEARCH[:1], ServerToolUseBlock("s", "web_search", '{"que')),
         "server_tool_use web_search"),
        ((ThinkingBlock("Hm"), CITED), "citations"),
        ((TextBlock("Hi"), UnknownBlock("song", '[{"type": "song"}, {"type": "song_delta"}]')),
         "song"),
    ],
)  # fmt: skip
def test_what_cannot_go_back_is_named_and_the_text_goes_on(blocks, lost):
    assert left_out(blocks) == f"Only its text goes on; this stays behind: {lost}."
    text = "".join(each.text for each in blocks if isinstance(each, TextBlock))
    assert continued(ASKED, blocks, "pause_turn").messages[1:] == (Message("assistant", text), NEXT)


def test_an_answer_without_anything_to_send_back_does_not_go_on():
    assert not can_continue(())
    assert not can_continue((TOOL,))
    assert can_continue(SEARCH)
    assert can_continue((TextBlock("Hi"),))


def test_a_message_sends_its_blocks_and_then_its_text():
    message = Message("assistant", "So", json.dumps(api_content(SEARCH)))
    assert message.content == [*api_content(SEARCH), {"type": "text", "text": "So"}]
    assert Prompt("", (message,)).is_prefilled
    alone = Message("assistant", " ", message.blocks_json)
    assert alone.content == api_content(SEARCH)
    assert not Prompt("", (alone,)).is_prefilled
    assert not alone.is_empty
    texts = json.dumps(api_content((*SEARCH, TextBlock("Wet."))))
    assert Message("assistant", "So", texts).without_blocks() == Message("assistant", "Wet.\n\nSo")
