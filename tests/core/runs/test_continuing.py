"""A conversation goes on from an answer as the API needs it."""

import json
from dataclasses import replace

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
TIME = ToolUseBlock("u", "get_time", "", '{"caller": {"type": "direct"}}')
CITED = TextBlock("Wet.", (citation({"cited_text": "wet"}),))


def test_a_text_goes_back_as_a_text_that_can_be_edited():
    blocks = (ThinkingBlock("Hm", "sig"), TextBlock("Yes."))
    going_on = continued(ASKED, blocks, "end_turn")
    assert going_on.messages == (*ASKED.messages, Message("assistant", "Yes."), NEXT)
    assert left_out(blocks, "end_turn") == ""
    begun = Prompt("", (Message("user", "Rain?"), Message("assistant", "Y")))
    assert continued(begun, (TextBlock("es."),), "end_turn").messages[1].text == "Yes."


def test_a_turn_that_paused_goes_back_unchanged_and_nothing_follows_it():
    [_, answer] = continued(ASKED, SEARCH, "pause_turn").messages
    assert answer.content == api_content(SEARCH)
    again = continued(Prompt("", (ASKED.messages[0], answer)), (CITED,), "end_turn")
    assert [each.role for each in again.messages] == ["user", "assistant", "user"]
    assert again.messages[1].content == api_content((*SEARCH, CITED))


@pytest.mark.parametrize(
    "block",
    [
        UnknownBlock("odd", '{"type": "odd", "x": NaN}'),
        UnknownBlock("odd", '{"type": "odd", "x": 1e400}'),
        UnknownBlock("image", '{"type": "image", "source": {"type": "url", "url": "https://x"}}'),
        ServerToolUseBlock("s", "web_search", '{"query": "\\ud83d"}'),
        ServerToolResultBlock("web_search_tool_result", "s", '[{"x": -Infinity}]'),
        ServerToolResultBlock("web_search_tool_result", "s", "[" * 150 + "]" * 150),
    ],
    ids=["nan", "infinite", "image", "half", "infinite result", "deep result"],
)
def test_a_block_that_no_request_can_hold_stays_behind_and_is_named(block):
    blocks = (block, TextBlock("Wet."))
    assert continued(ASKED, blocks, "pause_turn").messages[1:] == (
        Message("assistant", "Wet."),
        NEXT,
    )
    assert block.type in left_out(blocks, "end_turn")
    assert can_continue(blocks, "end_turn")
    assert not can_continue((block,), "end_turn")


def test_what_was_written_by_hand_stands_before_the_blocks_that_follow_it():
    begun = Prompt("", (ASKED.messages[0], Message("assistant", "I'll look:")))
    content = continued(begun, SEARCH, "pause_turn").messages[1].content
    assert content == [{"type": "text", "text": "I'll look:"}, *api_content(SEARCH)]


def test_a_finished_answer_with_blocks_is_followed_by_the_user():
    blocks = (*SEARCH, CITED)
    going_on = continued(ASKED, blocks, "end_turn")
    assert going_on.messages[1].content == api_content(blocks)
    assert going_on.messages[2] == NEXT
    assert left_out(blocks, "end_turn") == ""


def test_calls_go_back_as_they_came_and_a_result_of_each_can_be_typed_behind_them():
    blocks = (ThinkingBlock("Hm", "sig"), TextBlock("Let me look."), TOOL, TIME)
    going_on = continued(ASKED, blocks, "tool_use")
    assert going_on.messages[1].content == api_content(blocks)
    results = Message("user", "", result_of="t"), Message("user", "", result_of="u")
    assert going_on.messages[2:] == results
    assert left_out(blocks, "tool_use") == ""
    assert can_continue((TOOL,), "tool_use")


def test_the_turn_behind_calls_holds_their_results_and_then_the_users_text():
    going_on = continued(ASKED, (TOOL, TIME), "tool_use").messages
    typed = [replace(going_on[2], text="9 °C"), going_on[3], Message("user", "In short?")]
    later = Message("user", "And thanks.")
    assert Prompt("", (*going_on[:2], *typed, later)).turns[2:] == [
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t", "content": "9 °C"},
            {"type": "tool_result", "tool_use_id": "u"},
            {"type": "text", "text": "In short?"},
        ]},
        {"role": "user", "content": "And thanks."},
    ]  # fmt: skip
    # A turn that is not written yet is no part of another.
    blank = Prompt("", (*going_on, Message("user", " "))).turns
    assert blank[3] == {"role": "user", "content": " "}


@pytest.mark.parametrize(
    ("blocks", "stop_reason"),
    [
        ((TOOL,), "max_tokens"),
        ((ToolUseBlock("t", "get_time", ""),), "max_tokens"),
        ((TOOL,), None),
        ((ToolUseBlock("t", "get_weather", '{"ci'),), "tool_use"),
        ((TOOL, TOOL), "tool_use"),
        ((ToolUseBlock("", "get_weather", "{}"),), "tool_use"),
        ((ToolUseBlock("t", "screenshot", "{}", '{"toolset_name": "browser"}'),), "tool_use"),
    ],
    ids=["cut", "cut before its input", "stopped", "damaged", "twice", "without an id", "toolset"],
)
def test_a_call_that_no_text_can_answer_stays_behind(blocks, stop_reason):
    assert not can_continue(blocks, stop_reason)
    text = TextBlock("Hi")
    assert continued(ASKED, (text, *blocks), stop_reason).messages[1:] == (
        Message("assistant", "Hi"), NEXT,
    )  # fmt: skip
    assert "tool_use" in left_out((text, *blocks), stop_reason)


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
    assert (
        left_out(blocks, "pause_turn") == f"Only the answer's text is carried over, without {lost}."
    )
    text = "".join(each.text for each in blocks if isinstance(each, TextBlock))
    assert continued(ASKED, blocks, "pause_turn").messages[1:] == (Message("assistant", text), NEXT)


def test_an_answer_without_anything_to_send_back_does_not_go_on():
    assert not can_continue((), "end_turn")
    assert can_continue(SEARCH, "pause_turn")
    assert can_continue((TextBlock("Hi"),), None)


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
