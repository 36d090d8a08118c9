"""An answer as parts that can be drawn."""

import json

import pytest

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
from playground.core.answer.outline import Part, outline


def part(block):
    [found] = outline((block,))
    return found


def test_texts_that_were_cut_for_their_citations_are_one_and_their_citations_are_numbered():
    one = citation({"cited_text": "wet", "title": "Almanac", "url": "https://example.org"})
    other = citation({"type": "of_2027"})
    cut = TextBlock("It "), TextBlock("rained", (one,)), TextBlock(".", (other,))
    tool = ToolUseBlock("t", "now", "")
    assert outline((*cut, tool, TextBlock("So", (one,)))) == (
        Part("text", "", "It rained.",
             ("[1] “wet” · Almanac, https://example.org", '[2] {"type": "of_2027"}'), is_open=True),
        Part("json", "Tool use · now · t", "{}", is_open=True),
        Part("text", "", "So", ("[3] “wet” · Almanac, https://example.org",), is_open=True),
    )  # fmt: skip


def test_a_tools_input_is_shown_as_json_also_while_it_grows():
    grown = part(ToolUseBlock("t", "get_weather", '{"city":"Paris"}'))
    assert grown.body == '{\n  "city": "Paris"\n}'
    assert grown.body.startswith(part(ToolUseBlock("t", "get_weather", '{"city":"Pa')).body)


@pytest.mark.parametrize(
    ("given", "head"),
    [
        ('{"query": "rain"}', "web_search · rain"),
        ('{"max": 3, "question": "rain?"}', "web_search · rain?"),
        ('{"a": "b", "c": "d"}', "web_search"),
        ('{"query": "ra', "web_search"),
        ('{"query": "ra\\ud83din"}', "web_search · ra\ufffdin"),
        ("[]", "web_search"),
    ],
)
def test_a_search_is_named_by_its_query(given, head):
    found = part(ServerToolUseBlock("s", "web_search", given))
    assert (found.head, found.is_open) == (head, False)


def test_a_result_names_its_sources_its_output_or_its_error():
    sources = [{"title": "Rain", "url": "https://example.org"}, {"title": "Sun"}, 7]
    found = part(ServerToolResultBlock("web_search_tool_result", "s", json.dumps(sources)))
    assert found.notes == ("Rain · https://example.org", "Sun")
    assert json.loads(found.body) == sources
    output = {"stdout": "42\n", "stderr": ""}
    assert part(ServerToolResultBlock("x_tool_result", "s", json.dumps(output))).notes == ("42",)
    error = '{"error_code": "too_many_requests"}'
    assert part(ServerToolResultBlock("x_tool_result", "s", error)).notes == ("too_many_requests",)
    why = '{"error_code": "unavailable", "error_message": "No such file"}'
    assert part(ServerToolResultBlock("x_tool_result", "s", why)).notes == (
        "unavailable · No such file",
    )
    said = '[{"type": "text", "text": "4"}]'
    assert part(ServerToolResultBlock("mcp_tool_result", "s", said)).notes == ("4",)
    assert part(ServerToolResultBlock("x_tool_result", "s", "")).notes == ()


def test_the_other_fields_of_a_call_and_of_a_result_are_told():
    failed = ServerToolResultBlock("mcp_tool_result", "s", '"down"', '{"is_error": true}')
    assert (part(failed).notes, part(failed).body) == (("is_error: true",), '"down"')
    caller = '{"caller": {"type": "direct"}, "x": "é"}'
    for block in (
        ToolUseBlock("t", "now", "", caller),
        ServerToolUseBlock("t", "n", "", "", caller),
    ):
        assert part(block).notes == ('caller: {"type": "direct"}', 'x: "é"')


def test_what_cannot_be_read_is_named():
    redacted = part(RedactedThinkingBlock("ZGF0"))
    assert redacted.head.startswith("Redacted thinking")
    assert json.loads(redacted.body) == {"type": "redacted_thinking", "data": "ZGF0"}
    assert part(ThinkingBlock("", "sig")).head == "Thinking, not shown by the API"
    assert part(ThinkingBlock("Hm")) == Part("thinking", "Thinking", "Hm")
    unknown = part(UnknownBlock("hologram", '{"type":"hologram"}'))
    assert unknown == Part("json", "Block of type hologram", '{\n  "type": "hologram"\n}')


def test_an_empty_text_is_no_part():
    assert outline((TextBlock(""),)) == ()
