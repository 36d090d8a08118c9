"""The values that go into the run log and come out of it; they know nothing of SQL."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
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
from playground.core.answer.events import Attempt, Usage
from playground.core.answer.failures import Failure
from playground.core.money.pricing import Cost, CostKind, UnitPrices

Status = Literal[
    "queued", "connecting", "waiting", "streaming", "done", "stopped", "failed", "interrupted"
]

LIVE: tuple[Status, ...] = ("queued", "connecting", "waiting", "streaming")


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run as the table shows it; `run_id` sorts by time. `cell`: of an experiment's run,
    its case and repeat in words."""

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
    # Kept with the run: prices change, and the log explains a cost by those of its day.
    unit_prices_json: str | None = None
    request_id: str | None = None
    experiment_id: str | None = None
    cell: str | None = None

    @property
    def name(self) -> str:
        """What the visitor knows the run by: "12 A", "13 B · case 2 · repeat 1"."""
        return f"{self.press} {self.variant}" + (f" · {self.cell}" if self.cell else "")

    @property
    def why_no_text(self) -> str:
        """Why a run that has ended without a text has none, in a few words."""
        if self.stop_reason == "refusal":
            return "Refused: the model declined to answer."
        if self.status == "stopped":
            return "Stopped before any text came."
        if self.status == "done" and self.stop_reason:
            return f"The answer has no text. It ended with {self.stop_reason}."
        return "There is no answer."

    @property
    def cost(self) -> Cost:
        return Cost(self.cost_usd, self.cost_kind, self.cost_why or "")

    @property
    def numbers_only(self) -> "RunRow":
        """The row without what a person wrote or a server answered: only the numbers among the
        parameters, and no error text. Who stopped the run is this app's own word and stays."""
        try:
            parameters = json.loads(self.params_json)
        except (ValueError, RecursionError):
            parameters = None  # A row that holds no numbers is recorded all the same.
        items = parameters.items() if isinstance(parameters, dict) else ()
        # The model stands in a column of its own anyway.
        numbers = {k: v for k, v in items if isinstance(v, int | float) or k == "model"}
        error_message = self.error_message if self.status == "stopped" else None
        return replace(self, params_json=json.dumps(numbers), error_message=error_message)


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
    def size(self) -> int:
        """In characters."""
        bodies = (self.request_json, self.attempts_json, self.blocks_json)
        return sum(map(len, (self.answer, self.thinking, *bodies)))

    @property
    def _of_texts(self) -> Blocks:
        return of_texts(self.answer, self.thinking)


def with_result(
    row: RunRow,
    usage: Usage | None,
    failure: Failure | None,
    cost: Cost,
    prices: UnitPrices | None,
) -> RunRow:
    """The row with what was used, what went wrong and what it cost; each may be unknown."""
    if usage is not None:
        row = replace(
            row,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_read_tokens=usage.cache_read_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            thinking_tokens=usage.thinking_tokens,
        )
    if failure is not None:
        row = replace(
            row,
            error_kind=failure.kind,
            error_message=failure.message or failure.sentence,
            http_status=failure.http_status,
        )
    return replace(
        row,
        cost_usd=cost.usd,
        cost_kind=cost.kind,
        cost_why=cost.why or None,
        unit_prices_json=prices.to_json() if prices else None,
    )


class ContentFields(TypedDict):
    """The fields of `RunTexts` that hold an answer."""

    answer: str
    thinking: str
    blocks_json: str


def content_fields(blocks: Blocks) -> ContentFields:
    """An answer as it is kept: its content only where its two texts do not say it all."""
    answer, thinking = text_of(blocks), thinking_of(blocks)
    # Most answers are a text and at most a thought: kept as blocks, too, they would take twice
    # the room.
    is_said = blocks == of_texts(answer, thinking)
    return {
        "answer": answer,
        "thinking": thinking,
        "blocks_json": "" if is_said else to_json(blocks),
    }


def texts_of(
    run_id: str, request_json: str, attempts: Sequence[Attempt], blocks: Blocks
) -> RunTexts:
    """The texts of a run as the log keeps them."""
    attempts_json = json.dumps([asdict(attempt) for attempt in attempts])
    return RunTexts(
        run_id=run_id,
        request_json=request_json,
        attempts_json=attempts_json,
        **content_fields(blocks),
    )


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
