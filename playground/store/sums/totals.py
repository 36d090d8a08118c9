"""Adds up runs, those in memory and those in the database, by status and kind of cost."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from playground.core.runs.run_row import LIVE, RunRow, Totals


class Tally(NamedTuple):
    """What some runs of one status and kind of cost add up to; negative `runs` are subtracted."""

    status: str
    cost_kind: str
    runs: int
    priced: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal

    def plus(self, other: "Tally") -> "Tally":
        return Tally(
            self.status,
            self.cost_kind,
            self.runs + other.runs,
            self.priced + other.priced,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
        )

    def negative(self) -> "Tally":
        return Tally(
            self.status,
            self.cost_kind,
            -self.runs,
            -self.priced,
            -self.input_tokens,
            -self.output_tokens,
            -self.cost_usd,
        )


def tally(
    status: str,
    cost_kind: str,
    input_tokens: int | None,
    output_tokens: int | None,
    cost_usd: Decimal | None,
) -> Tally:
    """Count one run."""
    # A single NaN would turn the sum of all other runs into NaN.
    if cost_usd is not None and not cost_usd.is_finite():
        cost_usd = None
    return Tally(
        status=status,
        cost_kind=cost_kind,
        runs=1,
        priced=int(cost_usd is not None),
        input_tokens=input_tokens or 0,
        output_tokens=output_tokens or 0,
        cost_usd=cost_usd or Decimal(0),
    )


def tally_of(row: RunRow) -> Tally:
    """Count one row."""
    return tally(row.status, row.cost_kind, row.input_tokens, row.output_tokens, row.cost_usd)


def add_up(tallies: Iterable[Tally]) -> Totals:
    """Add up everything; unknown costs are counted, never taken as 0."""
    runs = errors = input_tokens = output_tokens = unknown = 0
    spent = simulated = at_most_usd = Decimal(0)
    bounded = {"at least": 0, "at most": 0}
    for subtotal in tallies:
        runs += subtotal.runs
        errors += subtotal.runs if subtotal.status in ("failed", "interrupted") else 0
        input_tokens += subtotal.input_tokens
        output_tokens += subtotal.output_tokens
        # A run on its way has no cost yet, which is not the same as an unknown one.
        has_ended = subtotal.status not in LIVE
        if subtotal.cost_kind == "simulated":
            simulated += subtotal.cost_usd
        elif subtotal.cost_kind == "unknown":
            unknown += subtotal.runs if has_ended else 0
        else:
            spent += subtotal.cost_usd
            unknown += subtotal.runs - subtotal.priced if has_ended else 0
            if subtotal.cost_kind in bounded:
                bounded[subtotal.cost_kind] += subtotal.priced
            at_most_usd += subtotal.cost_usd if subtotal.cost_kind == "at most" else 0
    return Totals(
        runs=runs,
        errors=errors,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        spent_usd=spent,
        simulated_usd=simulated,
        unknown_cost=unknown,
        at_least=bounded["at least"],
        at_most=bounded["at most"],
        at_most_usd=at_most_usd,
    )
