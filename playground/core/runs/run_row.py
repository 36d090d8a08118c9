"""The values that go into the run log and come out of it; they know nothing of SQL."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypedDict

from playground.core.answer.content import (
    Blocks,
    ContentError,
    from_json,
    of_texts,
    text_of,
    thinking_of,
    to_json,
)
from playground.core.money.pricing import Cost, CostKind

Status = Literal[
    "queued", "connecting", "waiting", "streaming", "done", "stopped", "failed", "interrupted"
]

LIVE: tuple[Status, ...] = ("queued", "connecting", "waiting", "streaming")


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run as the table shows it; `run_id` sorts by time."""

    run_id: str
    visitor: str
    started_at: datetime
    ended_at: datetime | None = None
    press: int
    variant: str
    connection: str
    model: str
    params_json: str
    status: Status
    stop_reason: str | None = None
    error_kind: str | None = None
    error_message: str | None = None
    http_status: int | None = None
    attempts: int = 0
    ttft_s: float | None = None
    duration_s: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    thinking_tokens: int | None = None
    cost_usd: Decimal | None = None
    cost_kind: CostKind = "unknown"
    cost_why: str | None = None
    worst_case_usd: Decimal | None = None
    unit_prices_json: str | None = None
    request_id: str | None = None
    experiment_id: str | None = None

    @property
    def cost(self) -> Cost:
        return Cost(self.cost_usd, self.cost_kind, self.cost_why or "")


@dataclass(frozen=True, kw_only=True)
class RunTexts:
    """The long texts of one run, kept beside the table so that a page never reads them.
    `answer` and `thinking` are what was written and thought, `blocks_json` the content whole."""

    run_id: str
    request_json: str = ""
    answer: str = ""
    thinking: str = ""
    attempts_json: str = "[]"
    blocks_json: str = ""

    @property
    def blocks(self) -> Blocks:
        """The answer's content. A run of an older log, and one that is nothing but a text and
        a thought, has no `blocks_json`; from what is not readable its texts are left."""
        try:
            return from_json(self.blocks_json) if self.blocks_json else self._of_texts
        except ContentError:
            return self._of_texts

    @property
    def _of_texts(self) -> Blocks:
        return of_texts(self.answer, self.thinking)


class KeptContent(TypedDict):
    """The fields of `RunTexts` that hold an answer."""

    answer: str
    thinking: str
    blocks_json: str


def kept(blocks: Blocks) -> KeptContent:
    """An answer as it is kept: its content only where its two texts do not say it all."""
    answer, thinking = text_of(blocks), thinking_of(blocks)
    is_said = blocks == of_texts(answer, thinking)
    return {
        "answer": answer,
        "thinking": thinking,
        "blocks_json": "" if is_said else to_json(blocks),
    }


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some rows of one visitor, newest first, and whether there are more on either side."""

    rows: tuple[RunRow, ...] = ()
    older: bool = False
    newer: bool = False


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What one visitor's runs add up to; simulated money is never part of `spent_usd`.

    `at_least` and `at_most` count the runs whose cost is a bound; `at_most_usd` is the part of
    `spent_usd` that the latter are.
    """

    runs: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    spent_usd: Decimal = Decimal(0)
    simulated_usd: Decimal = Decimal(0)
    unknown_cost: int = 0
    at_least: int = 0
    at_most: int = 0
    at_most_usd: Decimal = Decimal(0)

    @property
    def spent(self) -> Cost:
        """The money spent, as exactly as the runs' own costs are known."""
        counts = (
            (self.at_least, "cost at least what is counted"),
            (self.unknown_cost, "have an unknown cost, which is not counted"),
            (self.at_most, "cost at most what is known of them"),
        )
        why = " ".join(f"Runs that {what}: {count:,}." for count, what in counts if count)
        if self.at_least or self.unknown_cost:
            # What may have cost nothing is no part of a lower bound.
            return Cost(self.spent_usd - self.at_most_usd, "at least", why)
        if self.at_most:
            return Cost(self.spent_usd, "at most", why)
        return Cost(self.spent_usd, "exact", "The sum of exact costs.")
