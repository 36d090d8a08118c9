"""What an answer holds: content blocks in the order in which they came, as the run folds
them, the log keeps them and a next request sends them back.

JSON is kept as the text it came as: an input that was cut is not JSON, and a number that is
read and written again may not be the same.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from playground.core.text.json_text import is_within

VERSION: Final = 1
MAX_JSON: Final = 30_000_000
"""Characters of stored content: more than the longest stream becomes, escaped."""
MAX_BLOCKS: Final = 10_000
MAX_PARTS, DEEPEST = 1_000_000, 100
"""Strings, commas and brackets of stored content, and how deep they may lie."""
APART: Final = "\n\n"
"""Put between two texts with another block between them."""


class ContentError(ValueError):
    """Content that cannot be read, or cannot be sent back; says why in a sentence."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a text takes its words from. `quote` is the cited text, `title` the document's,
    `url` its address (or the name its sender gave the source), `place` where in it, in words;
    each may be empty. `json` is the citation as it came."""

    quote: str
    title: str
    url: str
    place: str
    json: str


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Citations belong to the whole text: the API cuts an answer where they change."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class ThinkingBlock:
    """The text is empty where its display is omitted; the signature, where it was cut."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class RedactedThinkingBlock:
    data: str


@dataclass(frozen=True, slots=True)
class ToolUseBlock:
    """`input_json` is the input as it was streamed: not JSON while it grows or where it was
    cut; empty means no input. `more_json`: the block's other fields as an object, or empty."""

    id: str
    name: str
    input_json: str
    more_json: str = ""


@dataclass(frozen=True, slots=True)
class ServerToolUseBlock:
    """A tool that the API runs itself; `type` is `mcp_tool_use` for one of an MCP server."""

    id: str
    name: str
    input_json: str
    type: str = "server_tool_use"
    more_json: str = ""


@dataclass(frozen=True, slots=True)
class ServerToolResultBlock:
    """`type` is the API's (`web_search_tool_result`, …); `content_json` its `content`."""

    type: str
    tool_use_id: str
    content_json: str
    more_json: str = ""


@dataclass(frozen=True, slots=True)
class UnknownBlock:
    """Any other block. `json` is the object as it came, or an array of all that came where it
    has deltas that are not known here. Such deltas of a known block are one of these as well,
    under the type of the first."""

    type: str
    json: str


Block = (
    TextBlock
    | ThinkingBlock
    | RedactedThinkingBlock
    | ToolUseBlock
    | ServerToolUseBlock
    | ServerToolResultBlock
    | UnknownBlock
)
Blocks = tuple[Block, ...]

# The log stores these names: an earlier row whose name is gone falls back to its bare texts.
_KINDS: Final[Mapping[str, type[Block]]] = {
    "text": TextBlock,
    "thinking": ThinkingBlock,
    "redacted_thinking": RedactedThinkingBlock,
    "tool_use": ToolUseBlock,
    "server_tool_use": ServerToolUseBlock,
    "server_tool_result": ServerToolResultBlock,
    "unknown": UnknownBlock,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


def citation(found: object) -> Citation:
    """A citation as the API says it, of any kind."""
    data: Mapping[str, Any] = found if isinstance(found, dict) else {}
    title = _first(data, "document_title", "title")
    text = data.get("cited_text")
    return Citation(
        text if isinstance(text, str) else "",
        title,
        _first(data, "url", "source"),
        _place(data),
        # Kept whole, kinds unknown here included: a citation goes back to the API as it came.
        json.dumps(found, ensure_ascii=False),
    )


def _first(data: Mapping[str, Any], *names: str) -> str:
    return next((data[name] for name in names if isinstance(data.get(name), str)), "")


def _place(data: Mapping[str, Any]) -> str:
    """The place in a document in words. Ends are exclusive (SDK, types/citation_*.py);
    characters and blocks count from 0, pages from 1."""
    for unit, first in (("page_number", 0), ("block_index", 1), ("char_index", 1)):
        start, end = data.get(f"start_{unit}"), data.get(f"end_{unit}")
        # Not isinstance: True is an int, and other servers send what they like.
        if type(start) is int and type(end) is int:
            noun = {"page_number": "page", "block_index": "block", "char_index": "character"}[unit]
            start, last = start + first, end - 1 + first
            return f"{noun}s {start:,} to {last:,}" if last > start else f"{noun} {start:,}"
    return ""


def of_texts(answer: str, thinking: str) -> Blocks:
    """The blocks of an answer of which only the texts are known, as older logs hold it."""
    blocks: list[Block] = [ThinkingBlock(thinking)] if thinking else []
    return (*blocks, TextBlock(answer)) if answer else tuple(blocks)


def to_json(blocks: Sequence[Block]) -> str:
    """The blocks as one line of versioned JSON, to be stored."""
    stored = [{"kind": _NAMES[type(block)], **_values(block)} for block in blocks]
    return json.dumps(
        {"version": VERSION, "blocks": stored}, ensure_ascii=False, separators=(",", ":")
    )


def _values(block: Block) -> dict[str, Any]:
    values = {field.name: getattr(block, field.name) for field in fields(block)}
    if isinstance(block, TextBlock):
        values["citations"] = [source.json for source in block.citations]
    return values


def from_json(text: str) -> Blocks:
    """Read blocks that were stored. Raises `ContentError` for whatever is wrong with them."""
    # Counted before it is parsed: brackets take many times more memory as objects than as text.
    if len(text) > MAX_JSON or not is_within(text, MAX_PARTS, DEEPEST):
        raise ContentError("The stored content is too large.")
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            raise ContentError("The content was stored by another version of this app.")
        if len(data["blocks"]) > MAX_BLOCKS:
            raise ContentError("The stored content has too many blocks.")
        return tuple(_block(stored) for stored in data["blocks"])
    # It is a ValueError: the clause below would put a vaguer sentence in its place.
    except ContentError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ContentError("The stored content is not readable.") from error


def _block(stored: dict[str, Any]) -> Block:
    values = {name: value for name, value in stored.items() if name != "kind"}
    citations = values.pop("citations", [])
    # A dataclass checks no types: a number here would fail only later, while the page draws it.
    if not all(isinstance(value, str) for value in values.values()):
        raise ContentError("The stored content is not readable.")
    if stored["kind"] == "text":
        values["citations"] = tuple(
            citation(json.loads(citation_json)) for citation_json in citations
        )
    return _KINDS[stored["kind"]](**values)


def text_of(blocks: Iterable[Block]) -> str:
    """What the model wrote for a reader: its texts; apart where another block came between,
    as they are where the API cut one text for its citations."""
    return _joined((block.text if isinstance(block, TextBlock) else None) for block in blocks)


def thinking_of(blocks: Iterable[Block]) -> str:
    """The thoughts, a blank line between two blocks."""
    texts = [block.text for block in blocks if isinstance(block, ThinkingBlock) and block.text]
    return APART.join(texts)


def as_text(blocks: Iterable[Block]) -> str:
    """All that an answer says, as plain text for search, comparison and export: its texts, and
    for every other block except thinking a line with its name and its JSON."""
    return _joined(
        text
        for block in blocks
        # None on both sides: a block's line would otherwise run into the texts around it.
        for text in ([block.text] if isinstance(block, TextBlock) else [None, _line(block), None])
    )


def answer_of(blocks: Iterable[Block]) -> str:
    """The part of an answer that is checked and counted: its text, or else all that it says."""
    all_blocks = tuple(blocks)
    return text_of(all_blocks) or as_text(all_blocks)


def _joined(texts: Iterable[str | None]) -> str:
    """Texts joined in order; None stands for a block between two of them."""
    pieces: list[str] = []
    is_apart = False
    for text in texts:
        if text is None:
            is_apart = bool(pieces)
        elif text:
            pieces += [APART, text] if is_apart else [text]
            is_apart = False
    return "".join(pieces)


def type_of(block: Block) -> str:
    """The block's type as the API names it."""
    if isinstance(block, ServerToolUseBlock | ServerToolResultBlock | UnknownBlock):
        return block.type
    return _NAMES[type(block)]


def _line(block: Block) -> str:
    """A block other than text as one line of plain text; empty for thinking."""
    match block:
        case ToolUseBlock() | ServerToolUseBlock():
            return f"[{type_of(block)} {block.name}] {block.input_json or '{}'}"
        case ServerToolResultBlock():
            return f"[{block.type}] {_readable(block.content_json)}"
        case UnknownBlock():
            return f"[{block.type}] {_readable(block.json)}"
        case _:
            return ""


def _readable(text: str) -> str:
    """JSON without what only the API can read, which would fill an index of words."""
    try:
        return json.dumps(_without_encrypted(json.loads(text)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _without_encrypted(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    if isinstance(value, list):
        return [_without_encrypted(item) for item in value]
    if isinstance(value, dict):
        return {
            name: _without_encrypted(item)
            for name, item in value.items()
            if not name.startswith("encrypted_")
        }
    return value


def api_content(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """The content of the assistant turn that sends an answer back unchanged, except for blank
    texts, which the API refuses. Raises `ContentError` where a block is incomplete."""
    return [
        _api_block(block)
        for block in blocks
        if not isinstance(block, TextBlock) or block.text.strip()
    ]


def _api_block(block: Block) -> dict[str, Any]:
    match block:
        case TextBlock(text, citations):
            sources = {"citations": [json.loads(source.json) for source in citations]}
            return {"type": "text", "text": text} | (sources if citations else {})
        case ThinkingBlock(text, signature):
            if not signature:
                raise ContentError(
                    "Its thinking has no signature, and the API rejects it without one."
                )
            return {"type": "thinking", "thinking": text, "signature": signature}
        case RedactedThinkingBlock(data):
            return {"type": "redacted_thinking", "data": data}
        case ToolUseBlock() | ServerToolUseBlock():
            what = f"the input of {block.name or 'a tool'}"
            # A call without input streams no JSON at all, but the API wants an object.
            tool_input = _object(block.input_json or "{}", what)
            kind = type_of(block)
            body = {"type": kind, "id": block.id, "name": block.name, "input": tool_input}
        case ServerToolResultBlock():
            content = _value(block.content_json, f"the content of {block.type}")
            body = {"type": block.type, "tool_use_id": block.tool_use_id, "content": content}
        case UnknownBlock():
            return _object(block.json, f"the block {block.type}")
    # Merged last, the known fields win: nothing stored in `more_json` can change type or id.
    return _object(block.more_json or "{}", "a block") | body


def _value(text: str, what: str) -> Any:  # noqa: ANN401 (any JSON value)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ContentError(f"The answer was cut: {what} is not complete.") from error


def _object(text: str, what: str) -> dict[str, Any]:
    parsed = _value(text, what)
    if not isinstance(parsed, dict):
        raise ContentError(f"The answer can't be put together again: {what} is not an object.")
    return parsed
