"""The parameters that a request's body holds, as the editor's controls have them.

The way back from `wire`: what no control holds stays in the body, to go out as extra JSON.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast, get_args

from playground.core.request.model_catalogue import is_model_id
from playground.core.request.request import (
    EFFORTS,
    MOST_STOPS,
    Params,
    ServiceTier,
    Thinking,
    ThinkingDisplay,
)
from playground.core.request.request_fields import is_whole
from playground.core.text.json_text import Json
from playground.core.wire.wire import NO_THINKING, THINKING_TYPES

MOST_MAX_TOKENS: Final = 1_000_000
_MOST: Final = 10**9
_THINKING: Final[Mapping[str, Thinking]] = {kind: name for name, kind in THINKING_TYPES.items()}


def take_params(body: dict[str, Json], max_tokens: int) -> Params:
    """Take out of a body what the controls hold; the rest stays in it. `max_tokens` is for a
    body that has none, or one that no control takes."""
    model = body.pop("model") if _is_model(body.get("model")) else ""
    if _is_whole_to(body.get("max_tokens"), MOST_MAX_TOKENS):
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
    if not isinstance(stops, list) or len(stops) > MOST_STOPS:
        return ()
    # The control holds one a line.
    if not all(isinstance(stop, str) and stop and "\n" not in stop for stop in stops):
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
    if not set(block) <= {"type", "ttl"} or block.get("ttl", "5m") not in ("5m", "1h"):
        return params
    del body["cache_control"]
    return replace(params, cache=block.get("ttl", "5m"))
