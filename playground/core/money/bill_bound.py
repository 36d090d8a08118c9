"""The most that a request can be billed for, its extra JSON included, or why nobody knows."""

from dataclasses import dataclass, replace

from playground.core.answer.events import Usage
from playground.core.money.input_bounds import TOKENS_PER_MESSAGE, InputBound
from playground.core.request.extra_json import quoted
from playground.core.request.model_catalogue import Model
from playground.core.request.request import Prompt
from playground.core.text.json_text import Json, JsonObject
from playground.core.wire.wire import Wire

# The API adds some words of its own around the texts; how many is not documented.
ENVELOPE_TOKENS = 200


@dataclass(frozen=True, slots=True)
class Bound:
    """The model that is billed, and no less than the tokens it can be billed for.
    `prompt_tokens` are those of the prompt as it is sent, read once."""

    model_id: str
    usage: Usage
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class Unbounded:
    """Why there is no bound: part of a sentence that names the field. `prompt_tokens` as of
    `Bound`, where at least they are known."""

    why: str
    prompt_tokens: int | None = None


def input_tokens_bound(prompt: Prompt) -> int:
    """More input tokens than the prompt can have: a token is at least one byte."""
    return _tokens(prompt, {})


def most_billed(wire: Wire, prompt: Prompt, model: Model, counted: int | None) -> Bound | Unbounded:
    """A bound of the bill for one answer; the API's own count of the prompt, where there is
    one, makes it tighter."""
    extra = wire.extra
    if extra.problem:
        return Unbounded("the extra JSON can't be read")
    tokens = _prompt_tokens(prompt, extra.fields, extra.bound, counted)
    why = _unknown(wire, extra.bound, model)
    if why is None and tokens is None:
        place = _named(extra.bound.to_count or "", wire)
        why = f"{place} has no known price bound until its tokens are counted"
    if why is not None or tokens is None:
        return Unbounded(why or "", tokens)
    body, rounds = wire.body, extra.bound.rounds
    usage = Usage(
        output_tokens=rounds * body["max_tokens"],
        web_searches=extra.bound.searches,
        speed=body.get("speed"),
        inference_geo=body.get("inference_geo"),
    )
    # What a server tool finds is read in the rounds after it, each as long as the window.
    read_tokens = tokens + (rounds - 1) * max(tokens, model.context_tokens)
    return Bound(body["model"], _with_input(usage, read_tokens, _ttls(body, extra.bound)), tokens)


def _prompt_tokens(
    prompt: Prompt, fields: JsonObject, extra: InputBound, counted: int | None
) -> int | None:
    """The documentation calls a count an estimate, so a twentieth is added."""
    # Negated for rounding up: a bound may not lie a fraction of a token too low.
    estimate = None if counted is None else -(-counted * 21 // 20)
    # Bytes bound texts only: an image or a PDF has tokens by the API's own rules.
    if extra.to_count or extra.unknown is not None:
        return estimate
    bound = _tokens(prompt, fields) + extra.tokens
    # Each of them is a bound, so the smaller one is as well.
    return bound if estimate is None else min(bound, estimate)


def _tokens(prompt: Prompt, replaced: JsonObject) -> int:
    """What the prompt adds where no field of the extra JSON takes its place."""
    system = "" if "system" in replaced else prompt.system
    messages = () if "messages" in replaced else prompt.messages
    texts = (system, *(message.whole for message in messages))
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return size + ENVELOPE_TOKENS + TOKENS_PER_MESSAGE * len(messages)


def _unknown(wire: Wire, extra: InputBound, model: Model) -> str | None:
    """The first field that could raise the bill at will."""
    if extra.unknown is not None:
        place, dot, last = extra.unknown.rpartition(".max_uses")
        if dot and not last:
            return f"{_named(place, wire)} has no known price bound without `max_uses`"
        return f"{_named(extra.unknown, wire)} has no known price bound"
    for name, value in wire.body.items():
        if not _is_understood(name, value):
            return f"{_named(name, wire)} has no known price bound"
    # Each later round can fill the window, whose size only the catalogue tells.
    if extra.rounds > 1 and not model.is_known:
        reason = f"how much {model.name} can read is unknown"
        return f"{_named('tools', wire)} has no known price bound: {reason}"
    return None


def _named(path: str, wire: Wire) -> str:
    is_extra = any(path == name or path.startswith((f"{name}[", f"{name}."))
                   for name in wire.extra.fields)  # fmt: skip
    return f"{quoted(path)}{' in the extra JSON' if is_extra else ''}"


def _is_understood(name: str, value: Json) -> bool:
    """Whether a field that decides about the price has a value whose price is known."""
    match name:
        case "model":
            return isinstance(value, str)
        case "max_tokens":
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case "cache_control":
            return value is None or isinstance(value, dict)
        case "speed":
            return value in (None, "standard", "fast")
        case "inference_geo":
            return value in (None, "us", "global")
        case "service_tier":
            return value in (None, "auto", "standard_only")
        case _:
            return True


def _ttls(body: JsonObject, extra: InputBound) -> frozenset[str]:
    cache_control = body.get("cache_control")
    return (
        extra.ttls if cache_control is None else extra.ttls | {str(cache_control.get("ttl", "5m"))}
    )


def _with_input(usage: Usage, tokens: int, ttls: frozenset[str]) -> Usage:
    """The whole prompt billed in the dearest way: a cache write costs more than a read, and a
    write for an hour more than one for 5 minutes."""
    if not ttls:
        return replace(usage, input_tokens=tokens)
    if ttls <= {"5m"}:
        return replace(usage, cache_write_5m_tokens=tokens)
    return replace(usage, cache_write_1h_tokens=tokens)
