"""What a run costs, and what it can cost at most. Unknown is None, never 0.

List prices are those of genai-prices; what it does not know (the geographic factor, the
free refusal, prices of a self-hosted server) is added here. Sources: the pricing and
refusals pages of platform.claude.com.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Literal

from playground.core.bounds import most_billed
from playground.core.catalogue import find
from playground.core.connection import Connection
from playground.core.events import Usage
from playground.core.request import Prompt, Request

CostKind = Literal["exact", "at least", "at most", "simulated", "unknown"]

MTOK = Decimal(1_000_000)
MOST_USD = Decimal(1_000_000)
"""What costs more is no price but a field made up, and a log could not hold the sum."""
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
ENVELOPE_TOKENS = 200
TOKENS_PER_MESSAGE = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars, and how they are known. None when the price is unknown."""

    usd: Decimal | None
    kind: CostKind


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


def input_tokens_bound(prompt: Prompt) -> int:
    """More input tokens than the prompt can have: a token is at least one byte."""
    texts = [prompt.system, *(message.text for message in prompt.messages)]
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return size + ENVELOPE_TOKENS + TOKENS_PER_MESSAGE * len(prompt.messages)


def most_input_tokens(prompt: Prompt, counted_tokens: int | None) -> int:
    """The bound, or a count that is tighter. The documentation calls a count an estimate,
    so a twentieth is added."""
    bound = input_tokens_bound(prompt)
    return bound if counted_tokens is None else min(bound, -(-counted_tokens * 21 // 20))


def unit_prices(
    model_id: str, connection: Connection, usage: Usage, at: datetime, *, is_batch: bool = False
) -> UnitPrices | None:
    """The prices that apply to a run of this size at that time, or None if unknown."""
    if connection.flat_price is not None and not is_batch:
        flat = connection.flat_price
        i, o, zero = flat.input_usd, flat.output_usd, Decimal(0)
        return UnitPrices(i, o, i, i, i, zero, "settings")
    if connection.kind == "server":
        return None
    price = _list_price(model_id.strip(), usage.speed, at.date())
    if price is None:
        return None
    factor = US_FACTOR if usage.inference_geo == "us" else Decimal(1)
    source = f"genai-prices {_prices_version()}"
    if is_batch:
        factor, source = factor * BATCH_FACTOR, f"{source}, half in a batch"
    tokens = usage.prompt_tokens
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


def cost(
    usage: Usage,
    prices: UnitPrices | None,
    connection: Connection,
    *,
    is_complete: bool,
    is_free: bool = False,
) -> Cost:
    """The cost of a run. `is_free`: nothing was billed, whatever the prices are, because
    the API refused the request, or the answer before its first token."""
    if is_free:
        usd = Decimal(0)
    elif prices is None:
        return Cost(None, "unknown")
    else:
        usd = prices.cost_of(usage)
    if usd > MOST_USD:
        return Cost(None, "unknown")
    if connection.kind == "demo":
        return Cost(usd, "simulated")
    return Cost(usd, "exact" if is_complete else "at least")


def with_earlier(last: Cost, earlier: Sequence[Cost]) -> Cost:
    """What a run cost: its last attempt, and at least what earlier ones reported. Each has a
    price of its own, for the step of a stepped price is that of one prompt."""
    if not earlier or last.usd is None or any(each.usd is None for each in earlier):
        return last if not earlier else Cost(None, "unknown")
    usd = sum((each.usd or Decimal(0) for each in earlier), last.usd)
    if usd > MOST_USD:
        return Cost(None, "unknown")
    return Cost(usd, "at least" if last.kind == "exact" else last.kind)


def worst_case(
    request: Request,
    connection: Connection,
    at: datetime,
    counted_tokens: int | None = None,
    *,
    is_batch: bool = False,
) -> Decimal | None:
    """The most one answer can cost in dollars; the API's own count of the prompt, where
    there is one, makes it tighter. None: unknown."""
    bound = most_billed(request.params, most_input_tokens(request.prompt, counted_tokens))
    if bound is None:
        return None
    usage = bound.usage
    if connection.kind == "claude":
        usage = replace(usage, inference_geo="us")  # It may be the workspace's default.
    prices = unit_prices(bound.model_id, connection, usage, at, is_batch=is_batch)
    if prices is None or (usage.speed == "fast" and not _is_faster(bound.model_id, connection, at)):
        return None
    most_usd = max(prices.cost_of(usage), prices.cost_of(_uncached(usage)))
    return most_usd if most_usd <= MOST_USD else None


def _uncached(usage: Usage) -> Usage:
    return replace(
        usage,
        input_tokens=usage.prompt_tokens,
        cache_write_5m_tokens=0,
        cache_write_1h_tokens=0,
    )


def _is_faster(model_id: str, connection: Connection, at: datetime) -> bool:
    """Whether a price of its own is known for fast answers; without one it could be any."""
    if connection.flat_price is not None:
        return False
    fast = _list_price(model_id.strip(), "fast", at.date())
    return fast is not None and fast != _list_price(model_id.strip(), None, at.date())


@lru_cache(maxsize=1)
def _prices_version() -> str:
    return version("genai-prices")


@lru_cache(maxsize=256)
def _list_price(model_id: str, speed: str | None, on: date) -> Any | None:  # noqa: ANN401 (its class moved between releases)
    # Imported at first use: 0.2 s that the first paint of the page need not wait for.
    from genai_prices import Usage as PricedUsage
    from genai_prices import calc_price

    context = {"speed": "fast"} if speed == "fast" else None
    try:
        priced = calc_price(
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


def _tier(price: Any, prompt_tokens: int) -> Decimal:  # noqa: ANN401 (same)
    """A price, or the step of a stepped price that a prompt of this length reaches."""
    if price is None:
        return Decimal(0)
    if isinstance(price, Decimal | int):
        return Decimal(price)
    reached = [step.price for step in price.tiers if prompt_tokens > step.start]
    return Decimal(reached[-1] if reached else price.base)
