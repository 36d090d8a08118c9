"""Which fields a request has and of what type they are, whatever the model. Messages follow the
API's where they are known. Source: the request's types in the SDK."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, get_args

from playground.core.request.model_catalogue import EFFORT_5
from playground.core.request.tool_results import unpaired
from playground.core.text.json_text import JsonObject, is_of_type

Role = Literal["user", "assistant", "system"]
ROLES: tuple[Role, ...] = get_args(Role)
REQUIRED_MESSAGE_FIELDS = ("model", "messages", "max_tokens")
COUNT_FIELDS = frozenset((
    "model", "messages", "system", "thinking", "tools", "tool_choice", "cache_control",
    "output_config", "speed",
))  # fmt: skip
"""What `count_tokens` takes of a body."""
# Without the fields of betas: the API refuses those, too, where their header is not sent.
MESSAGE_FIELDS = COUNT_FIELDS | {
    "max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k", "metadata",
    "service_tier", "container", "inference_geo", "diagnostics",
}  # fmt: skip
_THINKING_KINDS = ("adaptive", "enabled", "disabled", "between_tools")
EMPTY = "messages: text content blocks must be non-empty"
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
CHOICES = ("auto", "any", "tool", "none")
BLANK = "messages: text content blocks must contain non-whitespace text"

Fields = JsonObject
Shape = Callable[[Fields], str | None]


def broken_shape(body: Fields, allowed: frozenset[str]) -> str | None:
    """What is wrong with the fields of a body, or None."""
    for name in REQUIRED_MESSAGE_FIELDS:
        if name in allowed and name not in body:
            return f"{name}: Field required"
    for name in body:
        if name not in allowed:
            # Cut, because a name may be as long as the body.
            return f"{name[:60]}: Extra inputs are not permitted"
    return next((text for _, text in broken_fields(body)), None)


def broken_fields(body: Fields) -> Iterator[tuple[str, str]]:
    """The fields of a body whose type or form is wrong, each with what is wrong."""
    for name, shape in _SHAPES.items():
        if name in body and (text := shape(body)):
            yield name, text


def _input(name: str, expected: str, annotation: Any) -> Shape:  # noqa: ANN401 (any type)
    """The shape of a field whose type says all of it."""
    wrong = f"{name}: Input should be {expected}"
    return lambda body: None if is_of_type(body[name], annotation) else wrong


def _max_tokens(body: Fields) -> str | None:
    limit = body["max_tokens"]
    if not is_of_type(limit, int):
        return "max_tokens: Input should be a valid integer"
    return "max_tokens: must be greater than or equal to 0" if limit < 0 else None


def _messages(body: Fields) -> str | None:
    messages = body["messages"]
    if not isinstance(messages, list):
        return "messages: Input should be a valid list"
    if not messages:
        return "messages: at least one message is required"
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            return f"messages.{index}: Input should be an object"
        if message.get("role") not in ROLES:
            kinds = ", ".join(f"'{role}'" for role in ROLES[:-1])
            return f"messages.{index}.role: Input should be {kinds} or '{ROLES[-1]}'"
        if "content" not in message:
            return f"messages.{index}.content: Field required"
        is_last = index == len(messages) - 1
        if _is_directive(message) or (is_last and _is_empty_answer(message)):
            continue
        wrong = _content(message["content"], f"messages.{index}.content")
        if wrong:
            return wrong
    return _system_turns(messages) or _tool_results(messages)


def _is_directive(message: Fields) -> bool:
    """Whether a message has the form that `_DIRECTIVE` names."""
    is_bare = message["role"] == "system" and message["content"] == []
    return is_bare and bool(message.get("output_config"))


def _is_empty_answer(message: Fields) -> bool:
    # "All messages must have non-empty content except for the optional final assistant message",
    # says the API.
    return message["role"] == "assistant" and message["content"] in ("", [])


def _system_turns(messages: list[Fields]) -> str | None:
    """A run of system messages follows a user's message, and precedes the assistant's or ends the
    conversation. Seen on the API in September and October 2026."""
    turns = [(n, message) for n, message in enumerate(messages) if not _is_directive(message)]
    for place, (index, message) in enumerate(turns):
        if message["role"] != "system":
            continue
        if place == 0 or not may_precede_system(turns[place - 1][1]):
            return (
                f"messages.{index}: role 'system' must follow a 'user' message or an 'assistant'"
                f" message ending in a server tool result; {_DIRECTIVE}"
            )
        if any(after["role"] == "user" for _, after in turns[place + 1 : place + 2]):
            return (
                f"messages.{index}: role 'system' must precede an 'assistant' message or end the"
                f" array; {_DIRECTIVE}"
            )
    return None


def _tool_results(messages: list[Fields]) -> str | None:
    """Each call of a tool is followed by its result. Seen on the API in 2025 and 2026."""
    numbers = [n for n, message in enumerate(messages) if not _is_directive(message)]
    for lack in unpaired([messages[number] for number in numbers]):
        # Cut, because a message may hold any number of calls.
        where, ids = f"messages.{numbers[lack.message]}", ", ".join(lack.ids)[:1_000]
        if lack.block is None:
            return (
                f"{where}: `tool_use` ids were found without `tool_result` blocks immediately"
                f" after: {ids}. Each `tool_use` block must have a corresponding `tool_result`"
                " block in the next message."
            )
        return (
            f"{where}.content.{lack.block}: unexpected `tool_use_id` found in `tool_result` blocks:"
            f" {ids}. Each `tool_result` block must have a corresponding `tool_use` block in the"
            " previous message."
        )
    return None


def may_precede_system(message: Fields) -> bool:
    """Whether a message of the system may follow this one."""
    content = message["content"]
    is_result = isinstance(content, list) and content[-1]["type"].endswith("_tool_result")
    return message["role"] != "assistant" or is_result


_DIRECTIVE = "the directive-only form (content: [] with output_config) is accepted at any position"


def _content(content: object, where: str) -> str | None:
    if isinstance(content, str):
        return _text(content)
    if not isinstance(content, list):
        return f"{where}: Input should be a valid list"
    if not content:
        return EMPTY
    for index, block in enumerate(content):
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            return f"{where}.{index}.type: Field required"
        if block["type"] == "text":
            if not isinstance(block.get("text"), str):
                return f"{where}.{index}.text.text: Field required"
            if wrong := _text(block["text"]):
                return wrong
    return None


def _text(text: str) -> str | None:
    if not text:
        return EMPTY
    return None if text.strip() else BLANK


def _system(body: Fields) -> str | None:
    system = body["system"]
    # Of an empty list, too, nothing says that it is refused.
    if isinstance(system, str) or system == []:
        return None
    wrong = _content(system, "system")
    return wrong.replace("messages:", "system:") if wrong else None


def _stop_sequences(body: Fields) -> str | None:
    stops = body["stop_sequences"]
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        return "stop_sequences: Input should be a valid list"
    if not all(stop.strip() for stop in stops):
        return "stop_sequences: each stop sequence must contain non-whitespace"
    return None


def _thinking(body: Fields) -> str | None:
    thinking = body["thinking"]
    if not isinstance(thinking, dict):
        return "thinking: Input should be an object"
    if thinking.get("type") not in _THINKING_KINDS:
        kinds = ", ".join(f"'{kind}'" for kind in _THINKING_KINDS)
        return f"thinking.type: Input should be one of {kinds}"
    if thinking.get("display") not in (None, "summarized", "omitted"):
        return "thinking.display: Input should be 'summarized' or 'omitted'"
    return None


def _output_config(body: Fields) -> str | None:
    config = body["output_config"]
    if not isinstance(config, dict):
        return "output_config: Input should be an object"
    if config.get("effort") not in (None, *EFFORT_5):
        levels = ", ".join(f"'{level}'" for level in EFFORT_5)
        return f"output_config.effort: Input should be one of {levels}"
    shape = config.get("format")
    if shape is None:
        return None
    if not isinstance(shape, dict) or shape.get("type") != "json_schema":
        return "output_config.format.type: Input should be 'json_schema'"
    if not isinstance(shape.get("schema"), dict):
        return "output_config.format.schema: Field required"
    return None


def _tools(body: Fields) -> str | None:
    tools = body.get("tools", [])
    if not isinstance(tools, list):
        return "tools: Input should be a valid list"
    names = []
    for index, tool in enumerate(tools):
        if not isinstance(tool, dict):
            return f"tools.{index}: Input should be an object"
        if tool.get("type", "custom") != "custom":
            names.append(tool.get("name"))  # One of the API's own, which needs no schema.
            continue
        where, name = f"tools.{index}.custom", tool.get("name")
        if not isinstance(name, str):
            return f"{where}.name: Field required"
        if not TOOL_NAME.fullmatch(name):
            return f"{where}.name: String should match pattern '^{TOOL_NAME.pattern}$'"
        if not isinstance(tool.get("input_schema"), dict):
            return f"{where}.input_schema: Field required"
        names.append(name)
    named = [name for name in names if name is not None]
    return None if len(set(map(str, named))) == len(named) else "tools: Tool names must be unique."


def _tool_choice(body: Fields) -> str | None:
    choice = body["tool_choice"]
    if choice is None:
        return None
    if not isinstance(choice, dict):
        return "tool_choice: Input should be an object"
    kind = choice.get("type")
    if kind not in CHOICES:
        kinds = ", ".join(f"'{choice_type}'" for choice_type in CHOICES)
        return f"tool_choice.type: Input should be one of {kinds}"
    if not body.get("tools") and not _tools(body) and not body.get("mcp_servers"):
        return "tool_choice: may only be specified while providing tools."
    if kind != "tool":
        return None
    if not isinstance(choice.get("name"), str):
        return "tool_choice.tool.name: Field required"
    # Of tools that are broken themselves nothing more is said.
    if _tools(body) or body.get("mcp_servers"):
        return None
    names = [tool.get("name") for tool in body["tools"]]
    # A toolset has no name of its own: its tools have, which are not listed here.
    is_there = choice["name"] in names or None in names
    return None if is_there else f"Tool '{choice['name'][:60]}' not found in provided tools"


def _metadata(body: Fields) -> str | None:
    metadata = body["metadata"]
    if not isinstance(metadata, dict):
        return "metadata: Input should be an object"
    for name in metadata:
        if name != "user_id":
            return f"metadata.{name[:60]}: Extra inputs are not permitted"
    is_right = isinstance(metadata.get("user_id"), str | None)
    return None if is_right else "metadata.user_id: Input should be a valid string"


def _cache_control(body: Fields) -> str | None:
    cache = body["cache_control"]
    if cache is None:
        return None
    if not isinstance(cache, dict):
        return "cache_control: Input should be an object"
    if cache.get("type") != "ephemeral":
        return "cache_control.type: Input should be 'ephemeral'"
    if cache.get("ttl", "5m") not in ("5m", "1h"):
        return "cache_control.ephemeral.ttl: Input should be '5m' or '1h'"
    return None


_TIER = Literal["auto", "standard_only"]
_SHAPES: Mapping[str, Shape] = {
    "model": _input("model", "a valid string", str),
    "max_tokens": _max_tokens,
    "messages": _messages,
    "system": _system,
    "stop_sequences": _stop_sequences,
    "thinking": _thinking,
    "output_config": _output_config,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "cache_control": _cache_control,
    "service_tier": _input("service_tier", "'auto' or 'standard_only'", _TIER),
    "speed": _input("speed", "'standard' or 'fast'", Literal["standard", "fast"] | None),
    "metadata": _metadata,
    "inference_geo": _input("inference_geo", "a valid string", str | None),
    "stream": _input("stream", "a valid boolean", bool),
}
