"""Each block of an answer is shown, apart, in order, to the letter."""

import json

import pytest
from core.rendering.shown import Shown, words

from playground.core.answer.content import (
    RedactedThinkingBlock,
    ServerToolResultBlock,
    ServerToolUseBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    UnknownBlock,
    citation,
)
from playground.core.rendering.allowed import fault
from playground.core.rendering.blocks_html import blocks_html
from playground.core.text.json_text import indented

CITED = {"type": "web_search_result_location", "cited_text": "It *rains*.", "title": "<Sky>"}
RESULT = [{"type": "web_search_result", "title": "Sky & sun", "url": "https://e.example"}]
BLOCKS = (
    ThinkingBlock("Hmm, **bold**"),
    TextBlock("I'll **search**."),
    ServerToolUseBlock("s1", "web_search", '{"query": "rain"}'),
    ServerToolResultBlock("web_search_tool_result", "s1", json.dumps(RESULT)),
    TextBlock("It rains.", (citation(CITED),)),
    ToolUseBlock("t1", "weather", '{"city": "P'),
    RedactedThinkingBlock("AbC"),
    UnknownBlock("novel", '{"type": "novel", "x": "*y*"}'),
)


def test_all_blocks_are_shown_apart_and_in_order():
    found = blocks_html(BLOCKS)
    assert [block.head.split(" · ")[0] for block in found] == [
        "Thinking", "", "web_search", "web_search_tool_result", "", "Tool use",
        "Redacted thinking, which only the API can read", "Block of type novel",
    ]  # fmt: skip
    assert [block.is_open for block in found] == [
        False,
        True,
        False,
        False,
        True,
        True,
        False,
        False,
    ]
    texts = [Shown(block.html).text.strip() for block in found]
    assert texts[0] == "Hmm, bold"
    assert texts[1] == "I'll search."
    assert "Sky & sun · https://e.example" in texts[3]
    assert texts[4] == "It rains.\n[1] “It *rains*.” · <Sky>"
    assert texts[5] == '{\n  "city": "P'
    assert json.loads(texts[7]) == {"type": "novel", "x": "*y*"}
    assert {fault(block.html) for block in found} == {None}


def test_json_is_shown_to_the_letter_while_it_is_not_whole():
    for text in ('{"a": "*b*', '{"\x00": "\ud800<b>"}', "[" * 5_000, '{"a":\n\n"```'):
        [found] = blocks_html([ToolUseBlock("t", "f", text)])
        expected = text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
        assert words("".join(Shown(found.html).of_tag["code"])) == words(expected)
        assert fault(found.html) is None


@pytest.mark.parametrize("line", ["~" * 10, "~" * 11, "~" * 25, "~" * 3])
@pytest.mark.parametrize("before", ["cut\n", '{"a": "cut\n', ""])
def test_an_input_that_is_no_json_is_code_whatever_it_holds(before, line):
    text = f"{before}{line}\n**b** `c`\n"
    for block in (
        ToolUseBlock("t", "now", text),
        ServerToolResultBlock("x_tool_result", "s", text),
        UnknownBlock("x", text),
    ):
        [found] = blocks_html((block,))
        assert Shown(found.html).of_tag["code"] == [indented(text)]
