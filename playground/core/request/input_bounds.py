"""The most that fields of a body can make the model read, judged by the fields alone.

A token is at least one byte, so bytes bound the tokens of texts. What the API turns into
tokens by rules of its own (images, PDFs, tools that it defines) has no bound until it was
counted, and what fetches or runs something has none at all, unless its uses are limited.
Sources: the tool use, web search, web fetch and structured outputs pages of
platform.claude.com.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from playground.core.text.json_text import Json, JsonObject

TOKENS_PER_MESSAGE: Final = 16
TOKENS_PER_TOOL: Final = 100
TOOLS_TOKENS: Final = 1_000
"""The API's own words about tools to the model: at most 804 tokens are documented."""
FORMAT_TOKENS: Final = 1_000
"""Its words about a format, beside the schema."""
LOOP_ROUNDS: Final = 10
"""A turn pauses after so many rounds of what the model's own code asked for."""
_CODE_CALLS_SINCE: Final = "20260209"
"""The first version of the web tools that the model calls from code unless it is told not to."""
_NO_TOKENS: Final = frozenset(
    {
        "model", "max_tokens", "temperature", "top_p", "top_k", "stop_sequences", "stream",
        "thinking", "metadata", "cache_control", "speed", "inference_geo", "service_tier",
    }
)  # fmt: skip
"""Fields that add nothing to what the model reads; what they cost is for `pricing.py`."""
_DEFINED_BY_THE_API: Final = ("bash_", "text_editor_", "memory_", "computer_", "browser_")
"""Tools that the caller runs and the API describes: their tokens can only be counted."""
_AS_TEXT: Final = frozenset({"text", "tool_use", "search_result"})
_TO_COUNT: Final = frozenset({"thinking", "redacted_thinking"})


@dataclass(frozen=True, slots=True)
class InputBound:
    """What some fields add to the prompt at most, in tokens.

    `unknown` is the first place that has no bound at all, `to_count` the first that has one
    only once the API has counted; None where there is none. `ttls` are those of
    everything to be cached. With server tools the model is asked `rounds` times instead of
    once, at most, and `searches` are paid for.
    """

    tokens: int = 0
    unknown: str | None = None
    to_count: str | None = None
    ttls: frozenset[str] = frozenset()
    rounds: int = 1
    searches: int = 0


class _UnknownError(Exception):
    """Something without a bound; the text says where."""


class _Sum:
    """What has been added up so far."""

    def __init__(self) -> None:
        self.tokens, self.rounds, self.searches = 0, 1, 0
        self.to_count: str | None = None
        self.ttls: set[str] = set()

    def text(self, value: object) -> None:
        """Something that is read as it is written, or in fewer characters."""
        written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        self.tokens += len(written.encode("utf-8", "replace"))
        # Its text is searched before it is walked through: most of what is sent caches nothing.
        if "cache_control" in written and not isinstance(value, str):
            self.ttls.update(ttls_in(value))

    def later(self, path: str) -> None:
        """Something that only the API can count."""
        self.to_count = self.to_count or path


def input_bound(fields: JsonObject) -> InputBound:
    """What these fields of a body add."""

    def add(sums: _Sum) -> None:
        for name, value in fields.items():
            _add(name, value, sums)

    return _bound_of(add)


def blocks_bound(messages: Sequence[JsonObject]) -> InputBound:
    """What the blocks of an answer that go back add to their own bytes: what is to be cached, and
    what is in them that bytes do not bound."""

    def add(sums: _Sum) -> None:
        for index, message in enumerate(messages):
            content = message["content"]
            if not isinstance(content, str):
                sums.ttls.update(ttls_in(content))
                _look_within(content, f"messages[{index}].content", sums)

    return _bound_of(add)


def _bound_of(add: Callable[[_Sum], None]) -> InputBound:
    sums = _Sum()
    unknown = None
    try:
        add(sums)
    except _UnknownError as error:
        unknown = str(error)
    return InputBound(
        sums.tokens,
        unknown,
        sums.to_count,
        frozenset(sums.ttls),
        sums.rounds,
        sums.searches,
    )


def _add(name: str, value: Json, sums: _Sum) -> None:
    if value is None or name in _NO_TOKENS:
        return
    match name:
        case "tools":
            _add_tools(value, sums)
        case "messages":
            for index, message in enumerate(_list(value, name)):
                _add_message(message, f"{name}[{index}]", sums)
        case "system":
            _add_content(value, name, sums)
        case "output_config":
            _add_output_config(value, sums)
        case "tool_choice":
            sums.text(_object(value, name, "type", "name", "disable_parallel_tool_use"))
        case "diagnostics":
            _object(value, name, "previous_message_id")
        case _:
            raise _UnknownError(name)


def _add_output_config(value: object, sums: _Sum) -> None:
    config = _object(value, "output_config", "effort", "format")
    output_format = config.get("format")
    if output_format is not None:
        sums.text(_object(output_format, "output_config.format", "type", "name", "schema"))
        sums.tokens += FORMAT_TOKENS


def _add_tools(value: object, sums: _Sum) -> None:
    tools = _list(value, "tools")
    sums.tokens += TOOLS_TOKENS if tools else 0
    for index, tool in enumerate(tools):
        path = f"tools[{index}]"
        if not isinstance(tool, dict):
            raise _UnknownError(path)
        sums.text(tool)
        sums.tokens += TOKENS_PER_TOOL
        kind = tool.get("type") or "custom"
        if not isinstance(kind, str):
            raise _UnknownError(f"{path}.type")
        if kind.startswith(("web_search_", "web_fetch_")):
            _add_web_tool(tool, kind, path, sums)
        elif kind.startswith(_DEFINED_BY_THE_API):
            sums.later(path)
        # A server tool not named here may read or run anything, at any price.
        elif kind != "custom":
            raise _UnknownError(f"{path}.type")


def _add_web_tool(tool: JsonObject, kind: str, path: str, sums: _Sum) -> None:
    """Each use is followed by another round, which reads what was found; code of the model's
    that uses the tool has rounds of its own."""
    uses = tool.get("max_uses")
    if not isinstance(uses, int) or isinstance(uses, bool) or uses < 1:
        raise _UnknownError(f"{path}.max_uses")
    # Versions end in a date of eight digits, whose order as text is that of time.
    by_code = kind.rpartition("_")[2] >= _CODE_CALLS_SINCE
    if by_code and tool.get("allowed_callers") != ["direct"]:
        sums.rounds += LOOP_ROUNDS
    sums.rounds += uses
    sums.searches += uses if kind.startswith("web_search_") else 0


def _add_message(value: object, path: str, sums: _Sum) -> None:
    message = _object(value, path, "role", "content")
    sums.tokens += TOKENS_PER_MESSAGE
    _add_content(message.get("content"), f"{path}.content", sums)


def _add_content(value: object, path: str, sums: _Sum) -> None:
    """A text, or blocks."""
    if isinstance(value, str) or value is None:
        sums.text(value or "")
        return
    for index, block in enumerate(_list(value, path)):
        _add_block(block, f"{path}[{index}]", sums)


def _look_within(value: Json, path: str, sums: _Sum) -> None:
    """Images and documents, which results of the API's tools hold at any depth."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            _look_within(item, f"{path}[{index}]", sums)
    elif isinstance(value, dict):
        if value.get("type") in ("image", "document"):
            _add_block(value, path, sums)
        for name, field in value.items():
            # Of a tool's input the model reads what is written, whatever it looks like.
            if name != "input":
                _look_within(field, f"{path}.{name}", sums)


def _add_block(block: object, path: str, sums: _Sum) -> None:
    if not isinstance(block, dict):
        raise _UnknownError(path)
    kind = block.get("type")
    if not isinstance(kind, str):
        raise _UnknownError(f"{path}.type")
    if kind == "tool_result":
        sums.text({name: field for name, field in block.items() if name != "content"})
        # Block by block: a result may hold an image, whose tokens only the API can count.
        _add_content(block.get("content"), f"{path}.content", sums)
        return
    if kind in ("image", "document"):
        # Before anything else: not even a count bounds what an address leads to later.
        _require_fixed(block.get("source"), f"{path}.source")
    if kind == "document" and _is_plain_document(block):
        sums.text(block)
    elif kind in ("image", "document") or kind in _TO_COUNT or _is_cited(block):
        sums.ttls.update(ttls_in(block))
        sums.later(path)
    elif kind in _AS_TEXT:
        sums.text(block)
    else:
        raise _UnknownError(f"{path}.type")


def _require_fixed(source: object, path: str) -> None:
    """What an address leads to may be longer when it is sent than when it was counted."""
    kind = source.get("type") if isinstance(source, dict) else None
    if kind not in ("base64", "text", "content", "file"):
        raise _UnknownError(path)
    content = source.get("content") if isinstance(source, dict) else None
    for index, block in enumerate(content if isinstance(content, list) else ()):
        if isinstance(block, dict) and block.get("type") == "image":
            _require_fixed(block.get("source"), f"{path}.content[{index}].source")


def _is_plain_document(block: JsonObject) -> bool:
    source = block["source"]
    return source["type"] == "text" and not _is_cited(block)


def _is_cited(block: JsonObject) -> bool:
    """Whether the API cuts it into numbered pieces, each with a number of its own."""
    citations = block.get("citations")
    return isinstance(citations, dict) and citations.get("enabled") is not False


def _list(value: object, path: str) -> list[Json]:
    if not isinstance(value, list):
        raise _UnknownError(path)
    return value


def _object(value: object, path: str, *known: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise _UnknownError(path)
    # A field newer than this code may add any number of tokens.
    for name in value:
        if name not in known:
            raise _UnknownError(f"{path}.{name}")
    return value


def ttls_in(value: object) -> Iterator[str]:
    """How long anything in it is to be cached, wherever it says so."""
    if isinstance(value, list):
        for item in value:
            yield from ttls_in(item)
    elif isinstance(value, dict):
        for name, field in value.items():
            if name == "cache_control" and isinstance(field, dict):
                yield str(field.get("ttl", "5m"))
            else:
                yield from ttls_in(field)
