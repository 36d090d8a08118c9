"""What a run is billed, how that is known, and why, in one line.

An answer can take several prompts: the turns of a server tool, a compaction, a fallback to
another model. Each is priced for itself where the API tells them apart. Sources: the pricing,
compaction and fallback pages of platform.claude.com, and the SDK's types of usage.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from playground.core.answer.events import Iteration, RefusalBill, Usage
from playground.core.money.dollars import in_all_digits
from playground.core.money.pricing import (
    MAX_USD,
    Cost,
    CostKind,
    UnitPrices,
    has_fast_price,
    unit_prices,
)
from playground.core.request.connection import Connection
from playground.core.request.model_catalogue import find

ITERATION_KINDS = ("message", "compaction", "advisor_message", "fallback_message")
_BESIDE = ("compaction", "advisor_message")
"""Iterations that the counts of the whole report leave out."""
_TOO_MUCH = f"The reported tokens would cost more than ${MAX_USD:,}: they can't be right."
_LONGEST_NAME = 80
"""Characters of what a server calls something that it bills."""
_CREDIT = "A fallback credit was redeemed: its cache writes may be billed as reads."
_TOKENS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
)


@dataclass(frozen=True, slots=True)
class BillFacts:
    """What happened to a run as far as its bill depends on it, each in a sentence; empty: nothing.

    `free`: nothing was billed, whatever the usage is. `perhaps_free`: nothing may have been.
    `missing`: what the usage leaves out.
    """

    free: str = ""
    perhaps_free: str = ""
    missing: tuple[str, ...] = ()


def refusal_facts(refusal: RefusalBill, missing: tuple[str, ...] = ()) -> BillFacts:
    """The bill facts of an answer that may be a refusal."""
    if refusal == "free":
        return BillFacts("A refusal of this category before any output is not billed.", "", missing)
    reason = "The category of the refusal is new, so it may not be billed."
    return BillFacts(perhaps_free=reason if refusal == "unknown" else "", missing=missing)


@dataclass(frozen=True, slots=True)
class BilledCall:
    """What was asked, as far as prices depend on it. `cache_ttls`: how long the request asks to
    keep what it writes to the cache."""

    model_id: str
    connection: Connection
    at: datetime
    is_batch: bool = False
    cache_ttls: frozenset[str] = frozenset()

    def prices(self, usage: Usage, model_id: str | None = None) -> UnitPrices | None:
        return unit_prices(
            model_id or self.model_id, self.connection, usage, self.at, is_batch=self.is_batch
        )


def bill(usage: Usage | None, call: BilledCall, known: BillFacts) -> tuple[Cost, UnitPrices | None]:
    """The cost, and the unit prices of the model that was asked. None as `usage`: the API
    reported none."""
    prices = call.prices(usage or Usage())
    is_demo = call.connection.kind == "demo"
    # Asked before any price: what was not billed costs nothing even where no price is known.
    if known.free:
        missing = (*known.missing, *_beside_what_is_free(usage or Usage()))
        kind: CostKind = "at least" if missing else "exact"
        why = _line(known.free, *missing)
        return Cost(Decimal(0), "simulated" if is_demo else kind, why), prices
    if usage is None:
        return Cost(None, "unknown", "The answer came without a usage report."), prices
    if prices is None:
        return Cost(None, "unknown", _no_price(call)), None
    usage = _with_lifetimes(usage, call.cache_ttls)
    usd, missing = _add_up(usage, prices, call)
    missing = (*known.missing, *missing, *_unpriced(usage, prices, call))
    if usd > MAX_USD:
        return Cost(None, "unknown", _TOO_MUCH), prices
    perhaps_less = known.perhaps_free or (_CREDIT if _is_credited(usage) else "")
    why = _line(_basis(usage, prices, is_demo), perhaps_less, *missing)
    # Whatever else is known: nothing of the demo's may look like money spent.
    if is_demo:
        return Cost(usd, "simulated", why), prices
    if missing and perhaps_less:
        return Cost(None, "unknown", why), prices  # It may be less, and it may be more.
    kind = "at least" if missing else "at most" if perhaps_less else "exact"
    return Cost(usd, kind, why), prices


def _beside_what_is_free(usage: Usage) -> Iterator[str]:
    """What was done before an answer was refused, and may be billed all the same."""
    has_others = any(part.kind in _BESIDE or part.usage.output_tokens for part in usage.iterations)
    if has_others or usage.web_searches or usage.used_container:
        yield "What was done before it, such as a compaction or a search, may be billed."


def add_earlier_attempts(last: Cost, earlier: Sequence[Cost]) -> Cost:
    """What a run cost: its last attempt, and at least what earlier ones reported. Each attempt
    is billed by itself, for the step of a stepped price is that of one prompt."""
    if not earlier:
        return last
    before = [cost.usd for cost in earlier if cost.usd is not None]
    if not before and last.usd is None:
        return last
    before_usd = sum(before, Decimal(0))
    usd = before_usd + (_least_billed(last) or Decimal(0))
    if usd > MAX_USD:
        return Cost(None, "unknown", _TOO_MUCH)
    # A failed attempt may be billed for more than it reported before it broke off.
    kind: CostKind = "at least"
    if any(cost.kind == "simulated" for cost in (last, *earlier)):
        kind = "simulated"
    why = _line(
        last.why,
        f"Earlier attempts reported {in_all_digits(before_usd)} of it." if before else "",
        "What an earlier attempt cost is unknown." if len(before) < len(earlier) else "",
    )
    return Cost(usd, kind, why)


def _least_billed(cost: Cost) -> Decimal | None:
    """The least that was billed: of what may have been free, nothing."""
    return None if cost.kind == "at most" else cost.usd


def searches(usage: Usage, prices: UnitPrices | None) -> str:
    """How many web searches were made and what they cost: 10 web searches · $0.10."""
    count = usage.web_searches
    if not count:
        return ""
    phrase = "1 web search" if count == 1 else f"{count:,} web searches"
    usd = count * prices.web_search_usd if prices else None
    return f"{phrase} · {in_all_digits(usd)}" if usd else phrase


def _add_up(usage: Usage, prices: UnitPrices, call: BilledCall) -> tuple[Decimal, tuple[str, ...]]:
    """Dollars for all prompts of an answer and its searches, and what is not in them."""
    usd = usage.web_searches * prices.web_search_usd
    if not usage.iterations:
        tokens = replace(usage, web_searches=0)
        missing = [*_unknown_tier(usage, prices, call)]
        tokens_usd = prices.cost_of(tokens)
        served = _prices_of_another(usage, call)
        if served is not None and served.cost_of(tokens) != tokens_usd:
            tokens_usd = min(tokens_usd, served.cost_of(tokens))
            name = _named(usage.model_id)
            missing.append(f"{name} answered instead, and it isn't reported whose price is billed.")
        return tokens_usd + usd, tuple(missing)
    iterations = _certainly_billed(usage.iterations)
    missing = []
    if len(iterations) < len(usage.iterations):
        missing.append("The attempt by the model that declined may be billed, too.")
    for iteration in iterations:
        # Priced at its own length: the steps of a price are those of one prompt, never of a sum.
        part_prices = call.prices(_at_speed_of(usage, iteration.usage), iteration.model_id)
        if part_prices is None:
            missing.append(f"No price of {_named(iteration.model_id)} is known.")
            continue
        usd += part_prices.cost_of(iteration.usage)
    for kind in dict.fromkeys(iteration.kind for iteration in iterations):
        if kind not in ITERATION_KINDS:
            # Priced as any other, but a kind newer than this code may be billed in another way.
            missing.append(f"The usage has an iteration of an unknown kind, {_named(kind)}.")
    rest, lowest = _left_over(usage), call.prices(replace(usage, is_summed=True))
    if rest is not None and lowest is not None:
        # Of how many prompts they are isn't known: each may be too short for a higher step.
        usd += lowest.cost_of(rest)
        missing.append("The iterations in the usage report add up to fewer tokens than its total.")
    return usd, tuple(missing)


def _with_lifetimes(usage: Usage, asked: frozenset[str]) -> Usage:
    """The usage with its cache writes of unclear lifetime as the request asked for them, where it
    asked for one lifetime alone and the report knows no other."""
    count = usage.unclear_cache_write_tokens
    short, long = usage.cache_write_5m_tokens - count, usage.cache_write_1h_tokens
    parts = tuple(
        replace(part, usage=_with_lifetimes(part.usage, asked)) for part in usage.iterations
    )
    usage = replace(usage, iterations=parts)
    if asked == {"5m"} and not long:
        return replace(usage, unclear_cache_write_tokens=0)
    if asked == {"1h"} and not short:
        return replace(
            usage,
            cache_write_5m_tokens=0,
            cache_write_1h_tokens=long + count,
            unclear_cache_write_tokens=0,
        )
    return usage


def _prices_of_another(usage: Usage, call: BilledCall) -> UnitPrices | None:
    """The prices of the model that answered, where that is another than the one that was asked."""
    asked, answered = find(call.model_id), find(usage.model_id or "")
    if asked is None or answered is None or asked.id == answered.id:
        return None
    return call.prices(usage, answered.id)


def _certainly_billed(iterations: Sequence[Iteration]) -> list[Iteration]:
    """Without the attempts that were declined before any output: they may have been free."""
    if not any(iteration.kind == "fallback_message" for iteration in iterations):
        return list(iterations)
    return [
        iteration
        for iteration in iterations
        if iteration.kind != "message" or iteration.usage.output_tokens
    ]


def _is_credited(usage: Usage) -> bool:
    cache_writes = usage.cache_write_tokens or any(
        part.usage.cache_write_tokens for part in usage.iterations
    )
    return usage.has_credit and bool(cache_writes)


def _at_speed_of(usage: Usage, part: Usage) -> Usage:
    return replace(part, speed=usage.speed, inference_geo=usage.inference_geo)


def _left_over(usage: Usage) -> Usage | None:
    """Tokens that are in the report and in none of its iterations. They should be none."""
    parts = [part.usage for part in usage.iterations if part.kind not in _BESIDE]
    left = {
        name: getattr(usage, name) - sum(getattr(part, name) for part in parts) for name in _TOKENS
    }
    # A write of unclear lifetime is counted as a short one in a part, and may be a long one here.
    left["cache_write_1h_tokens"] += min(0, left["cache_write_5m_tokens"])
    positive = {name: count for name, count in left.items() if count > 0}
    return Usage(**positive) if positive else None


def _unknown_tier(usage: Usage, prices: UnitPrices, call: BilledCall) -> Iterator[str]:
    # A sum below the first step says that each of its prompts was.
    if usage.is_summed and call.prices(replace(usage, is_summed=False)) != prices:
        yield (
            "The tokens belong to several prompts, and it isn't reported whether one was "
            "long enough for the higher price."
        )


def _unpriced(usage: Usage, prices: UnitPrices, call: BilledCall) -> Iterator[str]:
    """What was billed and has no price here. A server of one's own has its flat price."""
    if call.connection.kind == "server":
        return
    if usage.used_container:
        yield "Code ran in a container, whose hours are billed separately."
    if usage.service_tier == "priority":
        yield "It ran on priority capacity, whose price depends on the account."
    unclear = (usage, *(part.usage for part in usage.iterations))
    tokens = next((part.unclear_cache_write_tokens for part in unclear
                   if part.unclear_cache_write_tokens), 0)  # fmt: skip
    lasting = f"{tokens:,} cache_creation_input_tokens of unknown lifetime"
    for count in (*usage.unpriced, *([lasting] if tokens else ())):
        yield f"The usage reports {_named(count)}, whose price isn't known."
    if usage.web_searches and not prices.web_search_usd:
        yield "The price of a web search with this model isn't known."
    # The library gives the standard price where it knows no fast one, and says nothing.
    if usage.speed == "fast" and not has_fast_price(call.model_id, call.at):
        yield "The price of fast answers of this model isn't known."
    for what, value, known in (
        ("speed", usage.speed, ("standard", "fast")),
        ("service tier", usage.service_tier, ("standard", "batch", "priority")),
        ("region", usage.inference_geo, ("global", "not_available", "us")),
    ):
        if value is not None and value not in known:
            yield f"The price of the {what} {_named(value)} isn't known."


def _named(name: str | None) -> str:
    return (name or "unnamed")[:_LONGEST_NAME]


def _basis(usage: Usage, prices: UnitPrices, is_demo: bool) -> str:
    if not (usage.prompt_tokens or usage.output_tokens or usage.web_searches or usage.iterations):
        return "The demo bills nothing." if is_demo else "The API reported no tokens."
    source = "the price in the settings" if prices.source == "settings" else prices.source
    counts = "The tokens that the API reported"
    if [iteration.kind for iteration in usage.iterations] not in ([], ["message"]):
        count = len(usage.iterations)
        counts = f"The tokens of {count} iteration{'s' if count > 1 else ''} that the API reported"
    if is_demo:
        counts = "The demo bills nothing. What the tokens it counted would cost"
    web_searches = searches(usage, prices)
    return f"{counts}, at {source}{f', and {web_searches}' if web_searches else ''}."


def _no_price(call: BilledCall) -> str:
    if call.connection.kind == "server":
        return "What this server charges is unknown, because PLAYGROUND_SERVER_PRICE is not set."
    return f"No list price of {call.model_id} is known."


def _line(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
