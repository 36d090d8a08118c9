"""Answers as the wire tells them: each block, delta and stop reason, by name."""

import json

from fake_api import sse

from playground.claude.answer import Answer
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
from playground.core.answer.folding import Content, Folding

CHAR = {"type": "char_location", "cited_text": "It rained.", "document_index": 0,
        "document_title": "Diary", "start_char_index": 0, "end_char_index": 10}  # fmt: skip
PAGE = {"type": "page_location", "cited_text": "wet", "document_index": 1,
        "document_title": "Almanac", "start_page_number": 3, "end_page_number": 5}  # fmt: skip
PART = {"type": "content_block_location", "cited_text": "wet", "document_index": 0,
        "document_title": None, "start_block_index": 1, "end_block_index": 2}  # fmt: skip
WEB = {"type": "web_search_result_location", "cited_text": "rain", "encrypted_index": "EoAB",
       "title": "Weather", "url": "https://example.org/w"}  # fmt: skip
FOUND = {"type": "search_result_location", "cited_text": "rain", "search_result_index": 0,
         "source": "kb/7", "title": "Notes", "start_block_index": 0,
         "end_block_index": 1}  # fmt: skip
RESULTS = [{"type": "web_search_result", "title": "Weather", "url": "https://example.org/w",
            "encrypted_content": "EqgfCioIARgB", "page_age": None}]  # fmt: skip
CODE = {"type": "bash_code_execution_result", "stdout": "42\n", "stderr": "", "return_code": 0,
        "content": []}  # fmt: skip
FETCHED = {"type": "web_fetch_result", "url": "https://example.org", "retrieved_at": None,
           "content": {"type": "document"}}  # fmt: skip
FALLBACK = {"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}, "trigger": {}}
UPLOAD = {"type": "container_upload", "file_id": "file_1"}
NEW = {"type": "hologram", "shape": [1, {"x": "y"}]}


def js(value):
    return json.dumps(value, ensure_ascii=False)


def part(begun, *deltas):
    """A block of the wire: how it begins, and its deltas by their kind."""
    return begun, deltas


def text(*pieces, citations=()):
    begun = {"type": "text", "text": ""} | ({"citations": []} if citations else {})
    cited = [{"type": "citations_delta", "citation": each} for each in citations]
    said = [{"type": "text_delta", "text": piece} for piece in pieces]
    return part(begun, *cited, *said)


def thinking(*pieces, signature="c2ln"):
    thought = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
    signed = [{"type": "signature_delta", "signature": signature}] if signature else []
    return part({"type": "thinking", "thinking": "", "signature": ""}, *thought, *signed)


def call(kind, name, *pieces, **more):
    given = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", *pieces)]
    return part({"type": kind, "id": "t1", "name": name, "input": {}, **more}, *given)


def result(kind, content, **more):
    return part({"type": kind, "tool_use_id": "t1", "content": content, **more})


def told(block):
    return UnknownBlock(block["type"], js(block))


def cited(said, *found):
    return TextBlock(said, tuple(map(citation, found)))


WEATHER = call("tool_use", "get_weather", '{"city": "P', 'aris", "days": 1', ".50}")
WEATHER_BLOCK = ToolUseBlock("t1", "get_weather", '{"city": "Paris", "days": 1.50}')
SEARCH = call("server_tool_use", "web_search", '{"query": "ra', 'in"}')
SEARCH_BLOCK = ServerToolUseBlock("t1", "web_search", '{"query": "rain"}')
SEARCHED = result("web_search_tool_result", RESULTS)
SEARCHED_BLOCK = ServerToolResultBlock("web_search_tool_result", "t1", js(RESULTS))
HI = TextBlock("Hi 🌧")

# The wire's blocks, the stop reason, the blocks of the run, and the title of its outcome.
SCENES = {
    "text": ([text("Hi", " 🌧")], "end_turn", (HI,), None),
    "thinking": (
        [thinking("Hm", "m."), text("Hi", " 🌧")],
        "end_turn", (ThinkingBlock("Hmm.", "c2ln"), HI), None,
    ),
    "hidden thinking": (
        [thinking(), text("Hi 🌧")], "stop_sequence", (ThinkingBlock("", "c2ln"), HI), None,
    ),
    "redacted": (
        [part({"type": "redacted_thinking", "data": "ZGF0YQ"}), text("Hi 🌧")],
        "end_turn", (RedactedThinkingBlock("ZGF0YQ"), HI), None,
    ),
    "only thinking": (
        [thinking("Hmm.")], "end_turn", (ThinkingBlock("Hmm.", "c2ln"),), "Only thinking",
    ),
    "tool": ([WEATHER], "tool_use", (WEATHER_BLOCK,), "Tool call"),
    "tool without input": (
        [call("tool_use", "now")], "tool_use", (ToolUseBlock("t1", "now", ""),), "Tool call",
    ),
    "two tools": (
        [text("Hi 🌧"), WEATHER, call("tool_use", "now", "{}")],
        "tool_use", (HI, WEATHER_BLOCK, ToolUseBlock("t1", "now", "{}")), "Tool calls",
    ),
    "a tool with a caller": (
        [call("tool_use", "now", "{}", caller={"type": "direct"})],
        "tool_use", (ToolUseBlock("t1", "now", "{}", '{"caller": {"type": "direct"}}'),),
        "Tool call",
    ),
    "thinking, then a tool": (
        [thinking("Hmm."), WEATHER],
        "tool_use", (ThinkingBlock("Hmm.", "c2ln"), WEATHER_BLOCK), "Tool call",
    ),
    "search between texts": (
        [text("I'll search."), SEARCH, SEARCHED, text("It rains.")], "end_turn",
        (TextBlock("I'll search."), SEARCH_BLOCK, SEARCHED_BLOCK, TextBlock("It rains.")), None,
    ),
    "fetch": (
        [call("server_tool_use", "web_fetch", '{"url": "u"}'),
         result("web_fetch_tool_result", FETCHED)],
        "pause_turn",
        (ServerToolUseBlock("t1", "web_fetch", '{"url": "u"}'),
         ServerToolResultBlock("web_fetch_tool_result", "t1", js(FETCHED))),
        "Paused",
    ),
    "code": (
        [call("server_tool_use", "bash_code_execution", '{"command": "echo 42"}'),
         result("bash_code_execution_tool_result", CODE), text("42")],
        "end_turn",
        (ServerToolUseBlock("t1", "bash_code_execution", '{"command": "echo 42"}'),
         ServerToolResultBlock("bash_code_execution_tool_result", "t1", js(CODE)),
         TextBlock("42")),
        None,
    ),
    "a result that is an error": (
        [result("code_execution_tool_result", {"error_code": "unavailable"})], "end_turn",
        (ServerToolResultBlock("code_execution_tool_result", "t1",
                               '{"error_code": "unavailable"}'),),
        "No text",
    ),
    "tool search": (
        [result("tool_search_tool_result", {"tool_references": []})], "pause_turn",
        (ServerToolResultBlock("tool_search_tool_result", "t1", '{"tool_references": []}'),),
        "Paused",
    ),
    "mcp": (
        [call("mcp_tool_use", "echo", '{"a": 1}'), result("mcp_tool_result", [])], "end_turn",
        (ServerToolUseBlock("t1", "echo", '{"a": 1}', "mcp_tool_use"),
         ServerToolResultBlock("mcp_tool_result", "t1", "[]")),
        "No text",
    ),
    "citations of documents": (
        [text("It", " rained", citations=[CHAR, PAGE, PART]), text(" and poured.")], "end_turn",
        (cited("It rained", CHAR, PAGE, PART), TextBlock(" and poured.")), None,
    ),
    "citations of searches": (
        [text("Rain.", citations=[WEB, FOUND])], "end_turn", (cited("Rain.", WEB, FOUND),), None,
    ),
    "container upload": ([part(UPLOAD)], "end_turn", (told(UPLOAD),), "No text"),
    "fallback": ([part(FALLBACK), text("Hi 🌧")], "end_turn", (told(FALLBACK), HI), None),
    "compaction": (
        [part({"type": "compaction", "content": None},
              {"type": "compaction_delta", "content": "So far: rain.", "encrypted_content": "x"})],
        "compaction",
        (told({"type": "compaction", "content": "So far: rain.", "encrypted_content": "x"}),),
        "Compacted",
    ),
    "unknown block": ([part(NEW), text("Hi 🌧")], "end_turn", (told(NEW), HI), None),
    "unknown deltas": (
        [part(NEW, {"type": "shape_delta", "z": 1}), text("Hi 🌧")], "end_turn",
        (UnknownBlock("hologram", f'[{js(NEW)},{js({"type": "shape_delta", "z": 1})}]'), HI), None,
    ),
    "unknown delta of a text": (
        [part({"type": "text", "text": ""}, {"type": "text_delta", "text": "Hi 🌧"},
              {"type": "hue_delta", "hue": 7})],
        "end_turn", (HI, UnknownBlock("hue_delta", '[{"type": "hue_delta", "hue": 7}]')), None,
    ),
    "cut at max_tokens": ([WEATHER], "max_tokens", (WEATHER_BLOCK,), "Cut at max_tokens"),
    "context window": (
        [text("Hi 🌧")], "model_context_window_exceeded", (HI,), "Cut at the context window",
    ),
    "refused on the way": ([text("Hi 🌧")], "refusal", (HI,), "Refused"),
    "nothing": ([], "end_turn", (), "Empty answer"),
}  # fmt: skip


def events_of(blocks, first=0):
    """The events of the wire, block by block."""
    for index, (begun, deltas) in enumerate(blocks, first):
        yield sse("content_block_start", index=index, content_block=begun)
        for delta in deltas:
            yield sse("content_block_delta", index=index, delta=delta)
        yield sse("content_block_stop", index=index)


def ending(reason, **more):
    stop = {"stop_reason": reason, "stop_sequence": None, **more}
    return [sse("message_delta", delta=stop, usage={"output_tokens": 5}), sse("message_stop")]


def folded(wire):
    """The blocks after each event of the wire."""
    answer, content = Answer(None), Folding()
    for event in wire:
        kind, data = event.decode().split("\n")[:2]
        for each in answer.fold(
            kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))
        ):
            if isinstance(each, Content):
                content.fold(each)
        yield content.read()


def parts_of(block):
    """What has to be shown of a block, in this order."""
    match block:
        case TextBlock(said, citations):
            return [said, *(part for each in citations for part in (each.quote, each.title))]
        case ThinkingBlock(said):
            return ["Thinking", said]
        case RedactedThinkingBlock(data):
            return ["Redacted thinking", data]
        case ToolUseBlock(call, name, given):
            return [name, call, given or "{}"]
        case ServerToolUseBlock(name=name, input_json=given):
            return [name, given or "{}"]
        case ServerToolResultBlock(kind, _, content):
            return [kind, content]
        case UnknownBlock(kind, found):
            return [kind, found]
