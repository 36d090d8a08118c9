"""An answer's content as parts that any page can draw: a text, or a name with its JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from typing import Any, Literal

from playground.core.answer.content import (
    Block,
    Citation,
    RedactedThinkingBlock,
    ServerToolResultBlock,
    ServerToolUseBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    UnknownBlock,
    api_content,
    text_of,
    type_of,
)
from playground.core.text.json_text import indented, with_whole_characters

LONGEST_HEAD = 200
MAX_NOTES = 200
"""Citations under a text, or sources of a result, that are listed; its JSON has them all."""
_SAID = ("title", "url", "error_code", "error_message", "stdout", "stderr")
_SHORTEST_FENCE = "~" * 10


@dataclass(frozen=True, slots=True)
class Part:
    """`body` is a text as it was written or thought, or JSON; `head` names a part that is not text.
    `notes` are citations, sources or output, a line each. An open part is what the answer is
    about; the others are worth a line until someone asks."""

    kind: Literal["text", "thinking", "json"]
    head: str
    body: str
    notes: tuple[str, ...] = ()
    is_open: bool = False

    @property
    def markdown(self) -> str:
        """The body as Markdown: JSON as code, within a fence that does not occur in it.
        What was damaged on its way is any text, and may have a line of such marks."""
        if self.kind != "json" or not self.body:
            return self.body
        fence = _SHORTEST_FENCE
        while fence in self.body:
            fence += fence
        return f"{fence}json\n{self.body}"


def outline(blocks: Sequence[Block]) -> tuple[Part, ...]:
    """The parts of an answer in order: texts that the API cut for their citations are one."""
    numbers = count(1)
    parts: list[Part] = []
    for is_text, group in groupby(blocks, lambda block: isinstance(block, TextBlock)):
        if is_text:
            parts += _text([block for block in group if isinstance(block, TextBlock)], numbers)
        else:
            parts += map(_part, group)
    return tuple(parts)


def _text(blocks: Sequence[TextBlock], numbers: Iterator[int]) -> list[Part]:
    citations = [citation for block in blocks for citation in block.citations][:MAX_NOTES]
    notes = tuple(f"[{next(numbers)}] {_cited(citation)}" for citation in citations)
    text = text_of(blocks)
    return [Part("text", "", text, notes, is_open=True)] if text or notes else []


def _cited(citation: Citation) -> str:
    source = ", ".join(part for part in (citation.title, citation.place, citation.url) if part)
    quote = f"“{citation.quote}”" if citation.quote else ""
    return " · ".join(part for part in (quote, source) if part) or citation.json


def _part(block: Block) -> Part:
    match block:
        case ThinkingBlock(text):
            return Part("thinking", "Thinking" if text else "Thinking, not shown by the API", text)
        case RedactedThinkingBlock():
            [whole] = api_content([block])
            head = "Redacted thinking, which only the API can read"
            return Part("json", head, indented(json.dumps(whole, ensure_ascii=False)))
        case ToolUseBlock(call, name, given, more):
            head = " · ".join(part for part in ("Tool use", name, call) if part)
            return Part("json", head, indented(given or "{}"), _others(more), is_open=True)
        case ServerToolUseBlock(name=name, input_json=given, more_json=more):
            head = " · ".join(part for part in (name or block.type, _query_of(given)) if part)
            # The query may be a whole program; a head is one line.
            return Part("json", head[:LONGEST_HEAD], indented(given or "{}"), _others(more))
        case ServerToolResultBlock(kind, _, content, more):
            notes = (*_others(more), *_notes(_parsed(content)))[:MAX_NOTES]
            return Part("json", kind, indented(content), notes)
        case UnknownBlock(kind, block_json):
            return Part("json", f"Block of type {kind}", indented(block_json))
        case _:
            return Part("json", type_of(block), "")


def _parsed(text: str) -> Any:  # noqa: ANN401 (any JSON value)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _others(more: str) -> tuple[str, ...]:
    """The other fields of a call or a result, such as `is_error`, a line each."""
    fields = _parsed(more)
    pairs = fields.items() if isinstance(fields, dict) else ()
    return tuple(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in pairs)


def _query_of(given: str) -> str:
    """What one of the API's own tools is asked for: its usual text, or the only one it has."""
    parsed = _parsed(given)
    texts = {k: v for k, v in parsed.items() if isinstance(v, str)} if type(parsed) is dict else {}
    # What the API's tools call it: search, fetch, the two of code execution, files.
    usual = (texts.get(name) for name in ("query", "url", "code", "command", "path"))
    query = next((text for text in usual if text), "") or (
        next(iter(texts.values())) if len(texts) == 1 else ""
    )
    # What streams in may hold half a character as an escape.
    return with_whole_characters(query)


def _notes(content: Any) -> Iterator[str]:  # noqa: ANN401 (any JSON value)
    """The sources, the output or the error of a result."""
    for result in content if isinstance(content, list) else [content]:
        if not isinstance(result, dict):
            continue
        fields = [result.get(name) for name in _SAID]
        texts = [text.strip() for text in fields if isinstance(text, str) and text.strip()]
        if texts:
            yield " · ".join(texts)
        elif isinstance(result.get("text"), str):
            yield result["text"]
