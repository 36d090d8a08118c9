"""Which fields a request has and of what type they are, whatever the model."""

import re
from collections.abc import Callable

from playground.core.request.request import EFFORTS, ROLES
from playground.core.text.json_text import Json

REQUIRED_MESSAGE_FIELDS = ("model", "messages", "max_tokens")
COUNT_FIELDS = frozenset(
    {
        "model",
        "messages",
        "system",
        "thinking",
        "tools",
        "tool_choice",
        "cache_control",
        "output_config",
        "speed",
    }
)
MESSAGE_FIELDS = COUNT_FIELDS | {
    "max_tokens",
    "stream",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "metadata",
    "service_tier",
    "container",
    "inference_geo",
    "diagnostics",
}
THINKING_TYPES = ("adaptive", "enabled", "disabled", "between_tools")
EMPTY = "messages: text content blocks must be non-empty"
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
CHOICES = ("auto", "any", "tool", "none")
BLANK = "messages: text content blocks must contain non-whitespace text"

Fields = dict[str, Json]
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
    return next((text for shape in _SHAPES if (text := shape(body))), None)


def _model(body: Fields) -> str | None:
    model = body["model"]
    return None if isinstance(model, str) else "model: Input should be a valid string"


def _max_tokens(body: Fields) -> str | None:
    limit = body.get("max_tokens", 1)
    # JSON's true is an int to Python.
    if isinstance(limit, bool) or not isinstance(limit, int):
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
        wrong = _content(message["content"], f"messages.{index}.content")
        if wrong:
            return wrong
    return _system_turns([message["role"] for message in messages])


def _system_turns(roles: list[str]) -> str | None:
    """A run of system messages follows a user's message, and precedes the assistant's or ends the
    conversation. Seen on the API in September and October 2026."""
    for index, role in enumerate(roles):
        before, after = roles[index - 1 : index], roles[index + 1 : index + 2]
        if role != "system" or before == ["system"]:
            continue
        if before != ["user"]:
            return (
                f"messages.{index}: role 'system' must follow a 'user' message or an 'assistant'"
                f" message ending in a server tool result; {_DIRECTIVE}"
            )
        while after == ["system"]:
            index += 1
            after = roles[index + 1 : index + 2]
        if after == ["user"]:
            return (
                f"messages.{index}: role 'system' must precede an 'assistant' message or end the"
                f" array; {_DIRECTIVE}"
            )
    return None


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
    system = body.get("system", "")
    if isinstance(system, str):
        return None
    wrong = _content(system, "system")
    return wrong.replace("messages:", "system:") if wrong else None


def _stop_sequences(body: Fields) -> str | None:
    stops = body.get("stop_sequences", [])
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        return "stop_sequences: Input should be a valid list"
    if not all(stop.strip() for stop in stops):
        return "stop_sequences: each stop sequence must contain non-whitespace"
    return None


def _thinking(body: Fields) -> str | None:
    if "thinking" not in body:
        return None
    thinking = body["thinking"]
    if not isinstance(thinking, dict):
        return "thinking: Input should be an object"
    if thinking.get("type") not in THINKING_TYPES:
        kinds = ", ".join(f"'{kind}'" for kind in THINKING_TYPES)
        return f"thinking.type: Input should be one of {kinds}"
    if thinking.get("display", "omitted") not in ("summarized", "omitted"):
        return "thinking.display: Input should be 'summarized' or 'omitted'"
    return None


def _output_config(body: Fields) -> str | None:
    config = body.get("output_config", {})
    if not isinstance(config, dict):
        return "output_config: Input should be an object"
    if config.get("effort") not in (None, *EFFORTS):
        levels = ", ".join(f"'{level}'" for level in EFFORTS)
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
    choice = body.get("tool_choice")
    if choice is None:
        return None
    if not isinstance(choice, dict):
        return "tool_choice: Input should be an object"
    kind = choice.get("type")
    if kind not in CHOICES:
        kinds = ", ".join(f"'{choice_type}'" for choice_type in CHOICES)
        return f"tool_choice.type: Input should be one of {kinds}"
    if not body.get("tools"):
        return "tool_choice: may only be specified while providing tools."
    if kind != "tool":
        return None
    if not isinstance(choice.get("name"), str):
        return "tool_choice.tool.name: Field required"
    is_there = any(tool.get("name") == choice["name"] for tool in body["tools"])
    return None if is_there else f"Tool '{choice['name'][:60]}' not found in provided tools"


def _speed(body: Fields) -> str | None:
    is_right = body.get("speed") in (None, "standard", "fast")
    return None if is_right else "speed: Input should be 'standard' or 'fast'"


def _metadata(body: Fields) -> str | None:
    metadata = body.get("metadata", {})
    if not isinstance(metadata, dict):
        return "metadata: Input should be an object"
    for name in metadata:
        if name != "user_id":
            return f"metadata.{name[:60]}: Extra inputs are not permitted"
    is_right = isinstance(metadata.get("user_id"), str | None)
    return None if is_right else "metadata.user_id: Input should be a valid string"


def _inference_geo(body: Fields) -> str | None:
    is_right = isinstance(body.get("inference_geo"), str | None)
    return None if is_right else "inference_geo: Input should be a valid string"


def _cache_control(body: Fields) -> str | None:
    cache = body.get("cache_control")
    if cache is None:
        return None
    if not isinstance(cache, dict):
        return "cache_control: Input should be an object"
    if cache.get("type") != "ephemeral":
        return "cache_control.type: Input should be 'ephemeral'"
    if cache.get("ttl", "5m") not in ("5m", "1h"):
        return "cache_control.ephemeral.ttl: Input should be '5m' or '1h'"
    return None


def _service_tier(body: Fields) -> str | None:
    is_right = body.get("service_tier", "auto") in ("auto", "standard_only")
    return None if is_right else "service_tier: Input should be 'auto' or 'standard_only'"


def _stream(body: Fields) -> str | None:
    is_right = isinstance(body.get("stream", False), bool)
    return None if is_right else "stream: Input should be a valid boolean"


_SHAPES: tuple[Shape, ...] = (
    _model,
    _max_tokens,
    _messages,
    _system,
    _stop_sequences,
    _thinking,
    _output_config,
    _tools,
    _tool_choice,
    _cache_control,
    _service_tier,
    _speed,
    _metadata,
    _inference_geo,
    _stream,
)
