"""What strangers may send with the owner's key: fields on a list, however deep they stand.

A field that is new to the API is not on it. Left out on purpose is what fetches, runs or
reads something beyond the request (server tools, MCP servers, containers, files, addresses,
other people's messages), and what changes the price or the account. Source: the request's
types in the SDK, `anthropic/types/message_create_params.py` of 2.14.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from playground.core.text.json_text import JsonObject


class Anything:
    """Any JSON: a schema, or the input of a tool."""


@dataclass(frozen=True)
class Plain:
    """A text, a number, true or false; one of `words` where there are any."""

    words: tuple[object, ...] = ()


@dataclass(frozen=True)
class Items:
    """A list, each item of which is one of these."""

    rule: "Rule"


@dataclass(frozen=True)
class Fields:
    """An object that has no other fields."""

    known: Mapping[str, "Rule"]


@dataclass(frozen=True)
class Kinds:
    """An object whose fields depend on its `type`; `default` where it has none."""

    known: Mapping[str, Fields]
    default: str = ""


@dataclass(frozen=True)
class TextOr:
    """A text, or what the rule says."""

    rule: "Rule"


Rule = Anything | Plain | Items | Fields | Kinds | TextOr

_ANY, _PLAIN = Anything(), Plain()
_PLAINS: Final = Items(_PLAIN)
_CACHE: Final = Fields({"type": _PLAIN, "ttl": _PLAIN})


def _fields(*plain: str, **others: Rule) -> Fields:
    return Fields({"type": _PLAIN} | dict.fromkeys(plain, _PLAIN) | others)


_TEXT: Final = _fields("text", cache_control=_CACHE, citations=Items(_ANY))
_DATA: Final = _fields("media_type", "data")
# Neither `url` nor `file`: the API would fetch what nobody here has seen.
_IMAGE: Final = _fields(source=Kinds({"base64": _DATA}), cache_control=_CACHE)
_SEEN: Final = Kinds({"text": _TEXT, "image": _IMAGE})
_SOURCES: Final = Kinds(
    {"base64": _DATA, "text": _DATA, "content": _fields(content=TextOr(Items(_SEEN)))}
)
_CITED: Final = Fields({"enabled": _PLAIN})
_DOCUMENT: Final = _fields(
    "title", "context", source=_SOURCES, citations=_CITED, cache_control=_CACHE
)
_SEARCH_RESULT: Final = _fields(
    "title", "source", content=Items(_TEXT), citations=_CITED, cache_control=_CACHE
)
_RESULTS: Final = Kinds({**_SEEN.known, "document": _DOCUMENT, "search_result": _SEARCH_RESULT})
_BLOCKS: Final = Kinds(
    {
        **_RESULTS.known,
        # An answer's own fields: a call that comes from the model directly says so.
        "tool_use": _fields(
            "id",
            "name",
            "toolset_name",
            input=_ANY,
            cache_control=_CACHE,
            caller=Kinds({"direct": _fields()}),
        ),
        "tool_result": _fields(
            "tool_use_id", "is_error", content=TextOr(Items(_RESULTS)), cache_control=_CACHE
        ),
        "thinking": _fields("thinking", "signature"),
        "redacted_thinking": _fields("data"),
    }
)
_TOOL: Final = _fields(
    "name",
    "description",
    "strict",
    "eager_input_streaming",
    input_schema=_ANY,
    input_examples=_ANY,
    cache_control=_CACHE,
)
ALLOWED: Final = Fields(
    {
        **dict.fromkeys(("model", "max_tokens", "temperature", "top_p", "top_k"), _PLAIN),
        "cache_control": _CACHE,
        "messages": Items(Fields({"role": _PLAIN, "content": TextOr(Items(_BLOCKS))})),
        "metadata": Fields({"user_id": _PLAIN}),
        "output_config": Fields({"effort": _PLAIN, "format": _fields("name", schema=_ANY)}),
        "service_tier": Plain(("auto", "standard_only")),
        # Fast answers cost twice as much, at the owner's expense.
        "speed": Plain(("standard",)),
        "stop_sequences": _PLAINS,
        "stream": _PLAIN,
        "system": TextOr(Items(Kinds({"text": _TEXT}))),
        "thinking": _fields("budget_tokens", "display"),
        "tool_choice": _fields("name", "disable_parallel_tool_use"),
        # The API takes a tool without a type for one of the caller's own.
        "tools": Items(Kinds({"custom": _TOOL}, default="custom")),
    }
)


def first_not_allowed(body: JsonObject) -> str | None:
    """The first place in a body, such as `tools[0].type`, that is not on the list."""
    return _first(body, ALLOWED, "")


def _first(value: object, rule: Rule, path: str) -> str | None:
    # In a field of the list, null asks for nothing.
    if value is None or isinstance(rule, Anything):
        return None
    if isinstance(rule, TextOr):
        return None if isinstance(value, str) else _first(value, rule.rule, path)
    if isinstance(rule, Plain):
        is_fine = value in rule.words if rule.words else isinstance(value, str | int | float)
        return None if is_fine and not isinstance(value, dict | list) else path
    if isinstance(rule, Items):
        if not isinstance(value, list):
            return path
        places = (_first(item, rule.rule, f"{path}[{i}]") for i, item in enumerate(value))
        return next((place for place in places if place is not None), None)
    if not isinstance(value, dict):
        return path
    if isinstance(rule, Kinds):
        kind = value.get("type") or rule.default
        if not isinstance(kind, str) or kind not in rule.known:
            return f"{path}.type"
        rule = rule.known[kind]
    return _first_field(value, rule, path)


def _first_field(value: JsonObject, rule: Fields, path: str) -> str | None:
    for name, field in value.items():
        place = f"{path}.{name}" if path else name
        refused = _first(field, rule.known[name], place) if name in rule.known else place
        if refused is not None:
            return refused
    return None
