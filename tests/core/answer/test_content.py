"""Content blocks as they are kept, read as text, and sent back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.answer.content import (
    Citation,
    ContentError,
    RedactedThinkingBlock,
    ServerToolResultBlock,
    ServerToolUseBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    UnknownBlock,
    answer_of,
    api_content,
    as_text,
    citation,
    from_json,
    of_texts,
    text_of,
    to_json,
)
from playground.core.runs.run_row import RunTexts, content_fields

TOOL = ToolUseBlock("t", "get_weather", '{"city": "Paris"}')
CITED = citation(
    {"type": "page_location", "cited_text": "wet", "document_title": "Almanac",
     "start_page_number": 3, "end_page_number": 5}
)  # fmt: skip

texts = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
blocks = st.lists(
    st.builds(TextBlock, texts, st.lists(st.builds(citation, values), max_size=2).map(tuple))
    | st.builds(ThinkingBlock, texts, texts)
    | st.builds(RedactedThinkingBlock, texts)
    | st.builds(ToolUseBlock, texts, texts, texts, texts)
    | st.builds(ServerToolUseBlock, texts, texts, texts, texts, texts)
    | st.builds(ServerToolResultBlock, texts, texts, texts, texts)
    | st.builds(UnknownBlock, texts, texts),
    max_size=4,
).map(tuple)


@given(blocks)
def test_what_is_stored_is_read_back_the_same(found):
    assert from_json(to_json(found)) == found
    row = RunTexts(run_id="r", **content_fields(found))
    assert row.blocks == (found if row.blocks_json else of_texts(row.answer, row.thinking))
    assert text_of(row.blocks) == text_of(found)
    assert as_text(row.blocks) == as_text(found)


def test_an_answer_that_is_a_text_and_a_thought_is_not_stored_twice():
    plain = (ThinkingBlock("Hm"), TextBlock("Hi"))
    assert content_fields(plain) == {"answer": "Hi", "thinking": "Hm", "blocks_json": ""}
    assert RunTexts(run_id="r", **content_fields(plain)).blocks == plain
    assert content_fields((ThinkingBlock("Hm", "sig"), TextBlock("Hi")))["blocks_json"]
    assert content_fields(())["blocks_json"] == ""


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"version": 2, "blocks": []}', '{"version": 1}',
     '{"version": 1, "blocks": 7}', '{"version": 1, "blocks": [7]}',
     '{"version": 1, "blocks": [{"kind": "text"}]}',
     '{"version": 1, "blocks": [{"kind": "text", "text": 7, "citations": []}]}',
     '{"version": 1, "blocks": [{"kind": "text", "text": "x", "citations": ["{"]}]}',
     '{"version": 1, "blocks": [{"kind": "text", "text": "x", "citations": [7]}]}',
     '{"version": 1, "blocks": [{"kind": "song", "text": "x"}]}',
     '{"version": 1, "blocks": [{"kind": [], "text": "x"}]}',
     '{"version": 1, "blocks": [{"kind": "unknown", "type": "x", "json": "{}", "more": "x"}]}',
     "[" * 200, '{"version": 1, "blocks": [' + ",".join(['""'] * 10_001) + "]}",
     " " * 30_000_001],
)  # fmt: skip
def test_what_was_not_stored_here_fails_one_way_and_leaves_the_texts(text):
    with pytest.raises(ContentError):
        from_json(text)
    damaged = RunTexts(run_id="r", answer="Hi", blocks_json=text)
    assert damaged.blocks == (TextBlock("Hi"),)


def test_texts_around_another_block_stay_apart_and_those_cut_for_citations_do_not():
    told = (TextBlock("I'll search."), TOOL, TextBlock("It "), TextBlock("rains.", (CITED,)))
    assert text_of(told) == "I'll search.\n\nIt rains."
    assert as_text(told) == (
        'I\'ll search.\n\n[tool_use get_weather] {"city": "Paris"}\n\nIt rains.'
    )
    assert text_of((TOOL, TextBlock("Hi"), TOOL)) == "Hi"
    assert as_text((ThinkingBlock("Hm", "s"), TextBlock("Hi"))) == "Hi"
    assert text_of((TextBlock("a"), ThinkingBlock(""), TextBlock("b"))) == "a\n\nb"


def test_what_is_checked_of_an_answer_is_its_text_or_else_what_it_says():
    assert answer_of((TextBlock("Hi"), TOOL)) == "Hi"
    assert answer_of((TOOL,)) == '[tool_use get_weather] {"city": "Paris"}'
    assert answer_of(()) == ""


def test_what_only_the_api_can_read_is_no_text():
    found = [{"title": "Rain", "encrypted_content": "EqgfCioIARgB"}]
    said = as_text((ServerToolResultBlock("web_search_tool_result", "t", json.dumps(found)),))
    assert said == '[web_search_tool_result] [{"title": "Rain"}]'
    assert as_text((UnknownBlock("x", "{"),)) == "[x] {"


def test_an_answer_goes_back_unchanged_but_for_blank_texts():
    more = '{"caller": {"type": "direct"}}'
    told = (
        ThinkingBlock("Hm", "sig"), RedactedThinkingBlock("x"), TextBlock("\n"),
        TextBlock("Hi", (CITED,)), ToolUseBlock("t", "now", "", more),
        ServerToolUseBlock("s", "web_search", '{"query": "rain"}'),
        ServerToolResultBlock("web_search_tool_result", "s", "[]"),
        UnknownBlock("compaction", '{"type": "compaction", "content": null}'),
    )  # fmt: skip
    assert api_content(told) == [
        {"type": "thinking", "thinking": "Hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "Hi", "citations": [json.loads(CITED.json)]},
        {"type": "tool_use", "id": "t", "name": "now", "input": {}, "caller": {"type": "direct"}},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "rain"}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
        {"type": "compaction", "content": None},
    ]


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (ThinkingBlock("Hm"), "no signature"),
        (ToolUseBlock("t", "now", '{"a'), "the input of now is not complete"),
        (ServerToolUseBlock("t", "now", "7"), "the input of now is not an object"),
        (ServerToolResultBlock("x_tool_result", "t", ""), "the content of x_tool_result"),
        (UnknownBlock("x", '[{"type": "x"},{"type": "y_delta"}]'), "the block x is not an object"),
    ],
)
def test_what_is_not_whole_is_not_sent_back(block, why):
    with pytest.raises(ContentError, match=why):
        api_content((block,))


@pytest.mark.parametrize(
    ("found", "quote", "title", "url", "place"),
    [
        ({"cited_text": "a", "document_title": "D", "start_char_index": 0, "end_char_index": 10},
         "a", "D", "", "characters 1 to 10"),
        ({"cited_text": "a", "start_page_number": 3, "end_page_number": 4}, "a", "", "", "page 3"),
        ({"start_block_index": 1, "end_block_index": 3, "source": "kb", "title": "T"},
         "", "T", "kb", "blocks 2 to 3"),
        ({"url": "https://example.org", "title": None}, "", "", "https://example.org", ""),
        ({"cited_text": 7, "title": [], "start_page_number": True, "end_page_number": 2},
         "", "", "", ""),
        ("odd", "", "", "", ""),
    ],
)  # fmt: skip
def test_a_citation_says_what_it_quotes_and_where_it_stands(found, quote, title, url, place):
    assert citation(found) == Citation(quote, title, url, place, json.dumps(found))
