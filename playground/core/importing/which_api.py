"""Which of two APIs a body was written for, told by everything in it that only one of them has."""

from collections.abc import Iterator
from typing import Final

from playground.core.importing.import_result import Call
from playground.core.text.json_text import Json, JsonObject

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
    messages = openai = 0
    for is_of_openai, weight in _signs(call.body):
        openai += weight if is_of_openai else 0
        messages += 0 if is_of_openai else weight
    return openai > 0 and openai >= messages


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
