"""The most that a request can be billed for, its extra JSON included, or that nobody knows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from playground.core.events import Usage
from playground.core.extra import read_extra
from playground.core.request import Params

NOT_PRICED = frozenset(
    {"temperature", "top_p", "top_k", "stop_sequences", "stream", "thinking", "metadata"}
)
"""Fields of the body that change neither a price nor how many tokens there can be."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The model that is billed, and no less than the tokens it can be billed for."""

    model_id: str
    usage: Usage


def most_billed(params: Params, input_tokens: int) -> Bound | None:
    """A bound of the bill, given one of the prompt. None: a field could raise it at will."""
    extra = read_extra(params.extra_json)
    if extra.problem:
        return None
    body: dict[str, Any] = {"model": params.model, "max_tokens": params.max_tokens}
    if params.cache != "off":
        body["cache_control"] = {"ttl": params.cache}
    body = {**body, **extra.fields}
    if not _is_bounded(body):
        return None
    usage = Usage(
        output_tokens=body["max_tokens"],
        speed=body.get("speed"),
        inference_geo=body.get("inference_geo"),
    )
    return Bound(body["model"], _with_input(usage, input_tokens, body.get("cache_control")))


def _is_bounded(body: Mapping[str, Any]) -> bool:
    return all(name in NOT_PRICED or _is_understood(name, value) for name, value in body.items())


def _is_understood(name: str, value: Any) -> bool:  # noqa: ANN401 (any JSON)
    match name:
        case "model":
            return isinstance(value, str)
        case "max_tokens":
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case "cache_control":
            return isinstance(value, dict)
        case "output_config":
            # A format would be described to the model in tokens that nobody counted.
            return isinstance(value, dict) and set(value) <= {"effort"}
        case "speed":
            return value in ("standard", "fast")
        case "inference_geo":
            return value in ("us", "global")
        case "service_tier":
            return value in ("auto", "standard_only")
        case _:
            return False


def _with_input(usage: Usage, tokens: int, cache: Mapping[str, Any] | None) -> Usage:
    """The whole prompt at the dearest way it can be billed: a write costs more than a read."""
    if cache is None:
        return replace(usage, input_tokens=tokens)
    if cache.get("ttl", "5m") == "5m":
        return replace(usage, cache_write_5m_tokens=tokens)
    return replace(usage, cache_write_1h_tokens=tokens)
