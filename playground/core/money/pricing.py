"""The prices of a run, and the most that it can be billed for, its extra JSON included. An unknown
price is None, never 0.

List prices are those of genai-prices; what it does not know (the geographic factor, the
free refusal, prices of a self-hosted server) is added here. Sources: the pricing and
refusals pages of platform.claude.com.
"""

import json
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

from playground.core.answer.events import Usage
from playground.core.request.connection import Connection
from playground.core.request.extra_json import quoted
from playground.core.request.input_bounds import (
    TOKENS_PER_MESSAGE,
    InputBound,
    blocks_bound,
    ttls_in,
)
from playground.core.request.model_catalogue import Model, find
from playground.core.request.request import Prompt
from playground.core.text.json_text import Json, JsonObject
from playground.core.wire.wire import Wire

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice, TieredPrices

CostKind = Literal["exact", "at least", "at most", "simulated", "unknown"]
_MEANINGS: dict[CostKind, str] = {
    "exact": "The tokens that the API reported, at its list prices.",
    "at least": "More may be billed than was reported before it ended.",
    "at most": "It ended when the server did; this is the most it could have cost.",
    "simulated": "The demo bills nothing. What the tokens it counted would cost.",
    "unknown": "There was no usage report, or no price is known.",
}
"""What a kind means, for a run that was logged without its reason."""

MTOK = Decimal(1_000_000)
MAX_USD = Decimal(1_000_000)
"""A higher price can only be an invented field, and the log could not hold the sum."""
DATED = re.compile(r"-(\d{8}|latest|0)$")
US_FACTOR = Decimal("1.1")
"""Price of `inference_geo: "us"` on every token."""
BATCH_FACTOR = Decimal("0.5")
"""Price of every token in a Message Batch, cached ones too. Searches have no other price."""
_PRICED_LIKE = {
    "claude-mythos-5": "claude-fable-5",
    "claude-mythos-5-1": "claude-fable-5-1",
}
"""Models that genai-prices lacks, and the public model of the same price."""
# The API adds some words of its own around the texts; how many is not documented.
ENVELOPE_TOKENS = 200


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars, and how they are known; None when unknown. `why`: the reason, in a line."""

    usd: Decimal | None
    kind: CostKind
    why: str = field(default="", compare=False)

    @property
    def reason(self) -> str:
        """The reason alone; of a run that was logged without one, what its kind means."""
        return self.why or _MEANINGS[self.kind]

    @property
    def explained(self) -> str:
        """The kind with its reason, in a line."""
        return f"{self.kind.capitalize()}: {self.reason}"


@dataclass(frozen=True, slots=True)
class UnitPrices:
    """Dollars a million tokens, as they applied to one run."""

    input_usd: Decimal
    output_usd: Decimal
    cache_read_usd: Decimal
    cache_write_5m_usd: Decimal
    cache_write_1h_usd: Decimal
    web_search_usd: Decimal
    source: str

    def to_json(self) -> str:
        # Decimals go out as text, for a float would round them.
        return json.dumps(asdict(self), default=str)

    def cost_of(self, usage: Usage) -> Decimal:
        tokens = (
            usage.input_tokens * self.input_usd
            + usage.output_tokens * self.output_usd
            + usage.cache_read_tokens * self.cache_read_usd
            + usage.cache_write_5m_tokens * self.cache_write_5m_usd
            + usage.cache_write_1h_tokens * self.cache_write_1h_usd
        )
        return tokens / MTOK + usage.web_searches * self.web_search_usd


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


def unit_prices(
    model_id: str, connection: Connection, usage: Usage, at: datetime, *, is_batch: bool = False
) -> UnitPrices | None:
    """The prices that apply to a run of this size at that time, or None if unknown."""
    if connection.flat_price is not None and not is_batch:
        flat = connection.flat_price
        read, written, zero = flat.input_usd, flat.output_usd, Decimal(0)
        return UnitPrices(read, written, read, read, read, zero, "settings")
    if connection.kind == "server":
        return None
    price = _list_price(model_id.strip(), usage.speed, at.date())
    if price is None:
        return None
    factor = US_FACTOR if usage.inference_geo == "us" else Decimal(1)
    source = f"genai-prices {_prices_version()}"
    # Halved here: the library has batch prices of older models only from 2026-10-14 on.
    if is_batch:
        factor, source = factor * BATCH_FACTOR, f"{source}, half in a batch"
    tokens = _longest_prompt_tokens(usage, model_id)
    read = _tier(price.input_mtok, tokens)
    write = _tier(price.cache_write_mtok, tokens)
    return UnitPrices(
        input_usd=factor * read,
        output_usd=factor * _tier(price.output_mtok, tokens),
        cache_read_usd=factor * _tier(price.cache_read_mtok, tokens),
        cache_write_5m_usd=factor * write,
        cache_write_1h_usd=factor * _tier(price.cache_write_1h_mtok, tokens),
        web_search_usd=_tier(price.web_searches_kcount, tokens) / 1000,
        source=source,
    )


def _longest_prompt_tokens(usage: Usage, model_id: str) -> int:
    """The length of the longest prompt, on which a stepped price depends, as far as it is
    known: no prompt is longer than the model's window, and a sum says nothing of one."""
    model = find(model_id)
    window_tokens = model.context_tokens if model else usage.prompt_tokens
    return 0 if usage.is_summed else min(usage.prompt_tokens, window_tokens)


def has_fast_price(model_id: str, at: datetime) -> bool:
    """Whether a price of its own is known for fast answers; without one it could be any."""
    fast = _list_price(model_id.strip(), "fast", at.date())
    return fast is not None and fast != _list_price(model_id.strip(), None, at.date())


@lru_cache(maxsize=1)
def _prices_version() -> str:
    return version("genai-prices")


@lru_cache(maxsize=256)
def _list_price(model_id: str, speed: str | None, on: date) -> "ModelPrice | None":
    # Imported at first use: 0.2 s that the first paint of the page need not wait for.
    from genai_prices import Usage as PricedUsage
    from genai_prices import calc_price

    context = {"speed": "fast"} if speed == "fast" else None
    try:
        priced = calc_price(
            # Only unit prices are taken: the library knows no US factor, and would bill a sum as
            # one prompt.
            PricedUsage(input_tokens=1, output_tokens=1),
            model_ref=_PRICED_LIKE.get(model_id, model_id),
            provider_id="anthropic",
            genai_request_timestamp=datetime.combine(on, time(12), UTC),
            price_context=context,
        )
    except (LookupError, ValueError):
        return None
    # It matches by prefix: a model of a longer name is another model, whatever its date.
    is_same = find(model_id) or DATED.sub("", model_id) == DATED.sub("", priced.model.id)
    return priced.model_price if is_same else None


def _tier(price: "Decimal | TieredPrices | None", prompt_tokens: int) -> Decimal:
    """A price, or the step of a stepped price that a prompt of this length reaches."""
    if price is None:
        return Decimal(0)
    if isinstance(price, Decimal | int):
        return Decimal(price)
    # A step begins above its number, and its price then holds for every token of the prompt.
    reached = [step.price for step in price.tiers if prompt_tokens > step.start]
    return Decimal(reached[-1] if reached else price.base)


def worst_case(
    bound: Bound, connection: Connection, at: datetime, *, is_batch: bool = False
) -> Decimal | Unbounded:
    """The most one answer can cost in dollars."""
    usage = bound.usage
    model = find(bound.model_id)
    name = model.name if model else bound.model_id
    if connection.kind == "claude":
        usage = replace(usage, inference_geo="us")  # It may be the workspace's default.
    prices = unit_prices(bound.model_id, connection, usage, at, is_batch=is_batch)
    if prices is None:
        return Unbounded(f"the price of {name} is unknown", bound.prompt_tokens)
    # A fast answer without a price of its own would be bounded by the standard one, far too low.
    if usage.speed == "fast" and not (
        connection.flat_price is None and has_fast_price(bound.model_id, at)
    ):
        return Unbounded(f"the price of fast answers of {name} is unknown", bound.prompt_tokens)
    # A prompt too short for the cache is plain input, which a model without a price for cache
    # writes would otherwise make free.
    max_usd = max(prices.cost_of(usage), prices.cost_of(_uncached(usage)))
    if max_usd <= MAX_USD:
        return max_usd
    return Unbounded(f"it would be more than ${MAX_USD:,}", bound.prompt_tokens)


def _uncached(usage: Usage) -> Usage:
    return replace(
        usage,
        input_tokens=usage.prompt_tokens,
        cache_write_5m_tokens=0,
        cache_write_1h_tokens=0,
    )


def input_tokens_bound(prompt: Prompt) -> int:
    """More input tokens than the prompt can have: a token is at least one byte."""
    return _tokens(prompt, {})


def billing_bound(
    wire: Wire, prompt: Prompt, model: Model, counted: int | None
) -> Bound | Unbounded:
    """A bound of the bill for one answer; the API's own count of the prompt, where there is
    one, makes it tighter."""
    extra = wire.extra
    if extra.problem:
        return Unbounded("the extra JSON can't be read")
    added = _added(wire)
    tokens = _prompt_tokens(prompt, extra.fields, added, counted)
    why = _unknown(wire, added, model)
    if why is None and tokens is None:
        place = _named(added.to_count or "", wire)
        why = f"{place} has no known price bound until its tokens are counted"
    if why is not None or tokens is None:
        return Unbounded(why or "", tokens)
    body, rounds = wire.body, added.rounds
    usage = Usage(
        output_tokens=rounds * body["max_tokens"],
        web_searches=added.searches,
        speed=body.get("speed"),
        inference_geo=body.get("inference_geo"),
    )
    # What a server tool finds is read in the rounds after it, each as long as the window.
    read_tokens = tokens + (rounds - 1) * max(tokens, model.context_tokens)
    return Bound(body["model"], _with_input(usage, read_tokens, _ttls(body, added)), tokens)


def _added(wire: Wire) -> InputBound:
    """What the extra JSON adds, and the blocks of answers where that leaves them."""
    extra = wire.extra
    if "messages" in extra.fields:
        return extra.bound
    blocks = blocks_bound(wire.body["messages"])
    return replace(
        extra.bound,
        unknown=blocks.unknown if extra.bound.unknown is None else extra.bound.unknown,
        to_count=extra.bound.to_count or blocks.to_count,
        ttls=extra.bound.ttls | blocks.ttls,
    )


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
    if not _ttls(wire.body, extra) <= {"5m", "1h"}:
        return "`cache_control` has no known price bound with a ttl that is none of 5m and 1h"
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


def _ttls(body: JsonObject, added: InputBound) -> frozenset[str]:
    cache_control = body.get("cache_control")
    return added.ttls.union(ttls_in({"cache_control": cache_control}))


def _with_input(usage: Usage, tokens: int, ttls: frozenset[str]) -> Usage:
    """The whole prompt billed at the highest price: a cache write costs more than a read, and a
    write for an hour more than one for 5 minutes."""
    if not ttls:
        return replace(usage, input_tokens=tokens)
    if ttls <= {"5m"}:
        return replace(usage, cache_write_5m_tokens=tokens)
    return replace(usage, cache_write_1h_tokens=tokens)
