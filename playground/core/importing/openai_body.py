"""A request of OpenAI's Chat Completions or Responses API as a request of the editor, and which
API a body was written for, told by everything in it that only one of them has."""

from collections.abc import Iterator
from typing import Final

from playground.core.importing.import_result import (
    Call,
    Imported,
    ImportingError,
    LeftOut,
    short,
    texts_of,
)
from playground.core.importing.messages_body import (
    ONLY_TEXTS,
    WITHOUT_TEXT,
    request_from_messages_body,
)
from playground.core.request.request import EFFORTS
from playground.core.text.json_text import Json, JsonObject

SOURCE: Final = "OpenAI chat request"
RESPONSES_SOURCE: Final = "OpenAI response request"
SAME: Final = ("model", "temperature", "top_p", "stream")
_RESPONSES_TAKEN: Final = (*SAME, "input", "instructions", "max_output_tokens")
INSTEAD: Final = {
    "n": "Each run gives one answer. Add a variant for another.",
    "seed": "The Messages API has none.",
    "user": "The Messages API calls it metadata.user_id.",
    "tools": "The Messages API describes tools differently.",
    "tool_choice": "The Messages API writes it differently.",
    "parallel_tool_calls": "The Messages API has it in tool_choice, as disable_parallel_tool_use.",
    "response_format": "The Messages API calls it output_config.format.",
    "text": "The Messages API calls its format output_config.format.",
    "max_tokens": "max_completion_tokens is used.",
    "metadata": "The Messages API takes a user_id there, and nothing else.",
    "service_tier": "The Messages API has different ones.",
    "reasoning_effort": "The Messages API has no such effort.",
}
# fmt: off
MESSAGES_ONLY: Final = frozenset((
    "anthropic_beta", "anthropic_version", "betas", "cache_control", "container",
    "context_management", "fallbacks", "inference_geo", "mcp_servers", "output_config", "speed",
    "stop_sequences", "system", "thinking",
))
"""Fields of the Messages API that chat completions have not."""
_OPENAI_ONLY: Final = frozenset((
    "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs",
    "max_completion_tokens", "modalities", "n", "parallel_tool_calls", "prediction",
    "presence_penalty", "reasoning_effort", "response_format", "seed", "stop", "stream_options",
    "top_logprobs", "verbosity",
))
_MESSAGES_BLOCKS: Final = frozenset((
    "document", "image", "redacted_thinking", "search_result", "server_tool_use", "thinking",
    "tool_result", "tool_use",
))
# fmt: on
_OPENAI_BLOCKS: Final = frozenset(("file", "image_url", "input_audio", "refusal"))
_OPENAI_TURNS: Final = frozenset(("function_call", "refusal", "tool_call_id", "tool_calls"))
_OPENAI_MODELS: Final = ("gpt-", "o1", "o3", "o4", "chatgpt-", "openai/")
# A message of the role system proves little: the Messages API has those as well, and further
# down in a conversation as many as the other.
_STRONG, _WEAK = 2, 1


def is_openai(call: Call) -> bool:
    """Whether a body is meant for chat completions and not for the Messages API."""
    # An address decides; fields are only signs of one API or the other.
    if "chat/completions" in call.url:
        return True
    headers = {name.lower() for name in call.headers}
    if "/v1/messages" in call.url or "anthropic-version" in headers:
        return False
    model = str(call.body.get("model"))
    if model.startswith(_OPENAI_MODELS):
        return True
    weights = {True: 0, False: 0}
    for is_of_openai, weight in _signs(call.body):
        weights[is_of_openai] += weight
    return weights[True] > 0 and weights[True] >= weights[False]


def _signs(body: JsonObject) -> Iterator[tuple[bool, int]]:
    """Whether a sign is one of OpenAI's, and how much it weighs."""
    fields = {name for name, value in body.items() if value is not None}
    yield True, _STRONG * len(fields & _OPENAI_ONLY)
    yield False, _STRONG * len(fields & MESSAGES_ONLY)
    if "top_k" in fields:
        yield False, _WEAK
    if "claude" in str(body.get("model")):
        yield False, _WEAK
    yield from _tools(body)
    for number, message in enumerate(_objects(body.get("messages"))):
        yield from _turn(message, is_first=number == 0)


def _tools(body: JsonObject) -> Iterator[tuple[bool, int]]:
    for tool in _objects(body.get("tools")):
        yield ("function" in tool or tool.get("type") == "function"), _STRONG
    match body.get("tool_choice"):
        case str() | {"type": "function"}:
            yield True, _WEAK
        case {"type": "auto" | "any" | "tool" | "none"}:
            yield False, _WEAK


def _turn(message: JsonObject, *, is_first: bool) -> Iterator[tuple[bool, int]]:
    role = str(message.get("role"))
    if role == "system":
        yield True, _WEAK if is_first else 0
    elif role in ("developer", "tool", "function"):
        yield True, _STRONG
    if any(message.get(name) is not None for name in _OPENAI_TURNS):
        yield True, _STRONG
    for block in _objects(message.get("content")):
        kind = str(block.get("type"))
        if kind in _OPENAI_BLOCKS:
            yield True, _STRONG
        elif kind in _MESSAGES_BLOCKS or "cache_control" in block:
            yield False, _STRONG


def _objects(value: object) -> list[dict[str, Json]]:
    entries = value if isinstance(value, list) else []
    return [entry for entry in entries if isinstance(entry, dict)]


def request_from_chat_completions(call: Call) -> Imported:
    """The request that says the same. Raises `ImportingError`."""
    left_out = list(call.left_out)
    # Null stands there for what is not set.
    fields = {name: value for name, value in call.body.items() if value is not None}
    body: dict[str, Json] = {name: fields[name] for name in SAME if name in fields}
    # The message roles are sorted here; what is not text is left out on the way.
    system, body["messages"] = conversation(fields.get("messages"), left_out)
    top_level = texts_of(fields.get("system"), "system", left_out)
    if prompts := list(filter(None, (top_level, system))):
        body["system"] = "\n\n".join(prompts)
    rest = {name: fields[name] for name in fields if name not in (*SAME, "messages", "system")}
    body |= _renamed(rest)
    for name in rest:
        left_out.append(LeftOut(short(str(name)), INSTEAD.get(name, "Not in the Messages API.")))
    return request_from_messages_body(Call(body, {}, call.url, tuple(left_out)), SOURCE)


def _renamed(rest: dict[str, Json]) -> dict[str, Json]:
    """Parameters that OpenAI names differently, removed from the rest."""
    body: dict[str, Json] = {}
    for name in ("max_completion_tokens", "max_tokens"):
        if name in rest and "max_tokens" not in body:
            body["max_tokens"] = rest.pop(name)
    stop = rest.get("stop")
    if isinstance(stop, str | list):
        body["stop_sequences"] = [stop] if isinstance(stop, str) else stop
        del rest["stop"]
    if rest.get("reasoning_effort") in EFFORTS:
        body["output_config"] = {"effort": rest.pop("reasoning_effort")}
    # A gateway in OpenAI's shape passes fields of the Messages API on under their own names.
    for name in sorted(MESSAGES_ONLY & rest.keys() - body.keys()):
        body[name] = rest.pop(name)
    return body


def conversation(found: object, left_out: list[LeftOut]) -> tuple[str, list[JsonObject]]:
    if not isinstance(found, list):
        raise ImportingError("The messages are not a list.")
    systems: list[str] = []
    messages: list[JsonObject] = []
    for number, message in enumerate(found, 1):
        if not isinstance(message, dict):
            raise ImportingError(f"Message {number} is not an object.")
        role, where = message.get("role"), f"Message {number}"
        named = {str(name) for name, value in message.items() if value is not None}
        for name in sorted(named - {"role", "content", "type"}):
            left_out.append(LeftOut(f"{where}: {short(name)}", ONLY_TEXTS))
        if role in ("system", "developer"):
            if messages:
                left_out.append(LeftOut(where, "It moves up into the system prompt."))
            systems += filter(None, [texts_of(message.get("content"), where, left_out)])
        elif role in ("user", "assistant"):
            text = texts_of(message.get("content"), where, left_out)
            if text or message.get("content") == "":
                messages.append({"role": role, "content": text})
            else:
                left_out.append(LeftOut(where, WITHOUT_TEXT))
        else:
            left_out.append(LeftOut(where, "Its role is neither user nor assistant."))
    if len(systems) > 1:
        left_out.append(LeftOut("system", f"{len(systems)} system messages become one prompt."))
    return "\n\n".join(systems), messages


def is_responses(call: Call) -> bool:
    """Whether a body is meant for the Responses API."""
    is_named = "/v1/responses" in call.url or "input" in call.body
    return is_named and "messages" not in call.body


def request_from_responses(call: Call) -> Imported:
    """The request that says the same. Raises `ImportingError`."""
    left_out = list(call.left_out)
    # Null stands there for what is not set.
    fields = {name: value for name, value in call.body.items() if value is not None}
    body: dict[str, Json] = {name: fields[name] for name in SAME if name in fields}
    if "max_output_tokens" in fields:
        body["max_tokens"] = fields["max_output_tokens"]
    system, body["messages"] = conversation(_input_messages(fields.get("input")), left_out)
    instructions = texts_of(fields.get("instructions"), "instructions", left_out)
    if prompts := list(filter(None, (instructions, system))):
        body["system"] = "\n\n".join(prompts)
    if instructions and system:
        left_out.append(LeftOut("system", "Its instructions and messages become one prompt."))
    rest = {name: fields[name] for name in fields if name not in _RESPONSES_TAKEN}
    match rest.get("reasoning"):
        case {"effort": effort, **others} if effort in EFFORTS and not others:
            body["output_config"] = {"effort": effort}
            del rest["reasoning"]
    for name in rest:
        left_out.append(LeftOut(short(str(name)), INSTEAD.get(name, "Not in the Messages API.")))
    return request_from_messages_body(Call(body, {}, call.url, tuple(left_out)), RESPONSES_SOURCE)


def _input_messages(value: object) -> list[Json]:
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    if not isinstance(value, list):
        raise ImportingError("Its input is neither text nor a list.")
    return value
