"""The messages and the parameters of a request's body, as the editor's controls have them.

The way back from `wire`: what no control holds stays in the body, to go out as extra JSON.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast, get_args

from playground.core.request.body_shapes import ROLES
from playground.core.request.model_catalogue import is_model_id
from playground.core.request.request import (
    EFFORTS,
    MAX_STOPS,
    Message,
    Params,
    Prompt,
    ServiceTier,
    Thinking,
    ThinkingDisplay,
    is_line,
)
from playground.core.request.request_fields import is_whole
from playground.core.request.sent_blocks import holds_answer, write_blocks
from playground.core.request.tool_results import RESULT
from playground.core.text.json_text import Json, JsonObject
from playground.core.wire.wire import NO_THINKING, THINKING_TYPES

MAX_TOKENS_LIMIT: Final = 1_000_000
_MOST: Final = 10**9
_THINKING: Final[Mapping[str, Thinking]] = {kind: name for name, kind in THINKING_TYPES.items()}


def messages_of(row: object) -> tuple[Message, ...]:
    """The messages that send what one of a body does; without any where none do."""
    if not isinstance(row, dict) or set(row) != {"role", "content"} or row["role"] not in ROLES:
        return ()
    role, content = row["role"], row["content"]
    if isinstance(content, str):
        return (Message(role, content),)
    if role == "assistant" and holds_answer(content):
        return (Message(role, "", write_blocks(content)),)
    results, rest = take_results(content)
    texts = [block.get("text") if isinstance(block, dict) else None for block in rest]
    messages = *results, *(Message("user", text) for text in texts if isinstance(text, str))
    return messages if Prompt("", messages).turns == [row] else ()


def take_results(content: Json) -> tuple[list[Message], list[Json]]:
    """The results with which a user's content begins, where they are texts; and what is left."""
    blocks = content if isinstance(content, list) else []
    results, rest, is_head = [], [], True
    for block in blocks:
        is_head = is_head and isinstance(block, dict) and block.get("type") == RESULT
        result = _result(block) if is_head else None
        if result:
            results.append(result)
        else:
            rest.append(block)
    return results, rest


def _result(block: JsonObject) -> Message | None:
    match block.get("tool_use_id"), block.get("content"), bool(block.get("is_error")):
        case str(call), (None | str()) as text, False if call:
            return Message("user", text or "", result_of=call)
        case str(call), [{"type": "text", "text": str(text)}], False if call:
            return Message("user", text, result_of=call)
    return None


def take_params(body: dict[str, Json], max_tokens: int) -> Params:
    """Take out of a body what the controls hold; the rest stays in it. `max_tokens` is for a
    body that has none, or one that no control takes."""
    model = body.pop("model") if _is_model(body.get("model")) else ""
    if _is_whole_to(body.get("max_tokens"), MAX_TOKENS_LIMIT):
        max_tokens = body.pop("max_tokens")
    params = Params(
        model,
        max_tokens,
        temperature=_number(body, "temperature", 2.0),
        top_p=_number(body, "top_p", 1.0),
        top_k=body.pop("top_k") if _is_whole_to(body.get("top_k"), _MOST) else None,
        stop_sequences=_stops(body),
        effort=_effort(body),
    )
    # Without its first word: "default" is the control's for what is not sent, not the API's.
    if body.get("service_tier") in get_args(ServiceTier)[1:]:
        params = replace(params, service_tier=body.pop("service_tier"))
    return _with_cache(_with_thinking(params, body), body)


def _is_model(value: object) -> bool:
    return isinstance(value, str) and is_model_id(value) and value == value.strip()


def _is_whole_to(value: object, most: int) -> bool:
    return is_whole(value) and 0 <= cast(int, value) <= most


def _number(body: dict[str, Json], name: str, most: float) -> float | None:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        return None
    return float(body.pop(name))


def _stops(body: dict[str, Json]) -> tuple[str, ...]:
    stops = body.get("stop_sequences")
    # An empty list is sent all the same, where the control sends none at all.
    if not isinstance(stops, list) or not 1 <= len(stops) <= MAX_STOPS:
        return ()
    # The control holds one a line.
    if not all(isinstance(stop, str) and is_line(stop) for stop in stops):
        return ()
    return tuple(body.pop("stop_sequences"))


def _effort(body: dict[str, Json]) -> str | None:
    config = body.get("output_config")
    # With more than an effort in it the extra JSON's one would win over the control's.
    if not isinstance(config, dict) or set(config) != {"effort"}:
        return None
    if config["effort"] not in EFFORTS:
        return None
    return str(body.pop("output_config")["effort"])


def _with_thinking(params: Params, body: dict[str, Json]) -> Params:
    block = body.get("thinking")
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return params
    kind = _THINKING.get(block["type"])
    budget, display = block.get("budget_tokens"), block.get("display", "default")
    allowed = {"type"}
    allowed |= {"budget_tokens"} if kind == "budget" else set()
    allowed |= {"display"} if kind not in NO_THINKING else set()
    # The control of the budget sends it with that one way to think alone.
    has_budget = _is_whole_to(budget, _MOST) and budget != 0
    is_plain = set(block) <= allowed and has_budget == (kind == "budget")
    # Taken whole or not at all: with half of it in a control another request would go out.
    if kind is None or not is_plain or display not in get_args(ThinkingDisplay):
        return params
    del body["thinking"]
    return replace(params, thinking=kind, thinking_budget_tokens=budget, thinking_display=display)


def _with_cache(params: Params, body: dict[str, Json]) -> Params:
    block = body.get("cache_control")
    if not isinstance(block, dict) or block.get("type") != "ephemeral":
        return params
    # The control always names a time: without one, this stays as it is.
    if set(block) != {"type", "ttl"} or block["ttl"] not in ("5m", "1h"):
        return params
    del body["cache_control"]
    return replace(params, cache=block["ttl"])
