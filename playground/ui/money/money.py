"""Lines about money: the most a call can cost, what it did cost, a thousand of them, totals."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from decimal import Decimal

import streamlit as st

from playground.core.money.pricing import Cost
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_row import RunRow, Totals
from playground.core.runs.run_view import RunView
from playground.core.text.json_text import Json
from playground.engine.run_rows import cost_of
from playground.ui.session import money_state
from playground.ui.session.services import services
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain

CALLS = 1_000
SIMULATED = "What demo runs would have cost at the API's prices. Nobody pays this."
ONE_ATTEMPT = "For one attempt. A lost attempt may be billed in addition to the next."


def show_worst_case(plan: Plan) -> None:
    """The most that one call of a variant can cost, and a thousand of them."""
    max_usd = plan.worst_case_usd
    if plan.unreadable:
        st.caption("Cost unknown until the numbers are corrected.")
        return
    if max_usd is None:
        st.caption(plain(f"Cost unknown: {plan.unpriced}."))
        return
    is_demo = plan.connection.kind == "demo"
    words = "Simulated, at most" if is_demo else "At most"
    line = f"{words} {formats.money(max_usd)} · {formats.money(CALLS * max_usd)}"
    st.caption(plain(f"{line} for {CALLS:,} calls"), help=None if is_demo else ONE_ATTEMPT)


def spent_of(run: RunView) -> str:
    """A run's cost, compared with its worst case."""
    cost, _ = cost_of(run)
    billed = [attempt.billed for attempt in run.attempts]
    return _against(cost, _most_usd(run.plan.worst_case_usd, billed))


def show_cost(row: RunRow, attempts: Iterable[Json]) -> None:
    """Draw the cost of a run of the log, its worst case, the reasons, and the cost of a thousand
    such calls."""
    cost = row.cost
    billed = [attempt.get("billed") for attempt in attempts if isinstance(attempt, dict)]
    st.markdown(plain(_against(cost, _most_usd(row.worst_case_usd, billed))))
    st.caption(plain(cost.explained))
    if cost.usd:
        thousand = formats.cost(Cost(CALLS * cost.usd, cost.kind))
        st.caption(plain(f"{thousand} for {CALLS:,} such calls"))
    lost = sum(outcome not in (None, "no") for outcome in billed)
    if lost:
        attempts_are = "An attempt was" if lost == 1 else f"{lost} attempts were"
        st.caption(f"{attempts_are} lost or cut short and may be billed up to the worst case.")


def _against(cost: Cost, max_usd: Decimal | None) -> str:
    if cost.usd is None:
        return "cost unknown"
    spent = formats.cost(cost)
    if not cost.usd or not max_usd:
        return spent
    if cost.kind == "simulated":
        return f"{formats.money(cost.usd)} (simulated, max {formats.money(max_usd)})"
    return f"{spent} (max {formats.money(max_usd)})"


def _most_usd(worst_usd: Decimal | None, billed: list[Json]) -> Decimal | None:
    """Each attempt that may be billed can cost as much as the worst case."""
    count = sum(outcome != "no" for outcome in billed)
    return None if worst_usd is None else worst_usd * max(1, count)


def show_totals(visitor: str) -> None:
    """Draw runs and cost: this session, today and in all; simulated cost apart."""
    midnight = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    moments = None, money_state.since(), midnight
    # Asked together: they are read at each run of the page, over one connection.
    whole, session, today = services().log.totals_since(visitor, *moments)
    spans = [("this session", session), ("today (UTC)", today), ("in all", whole)]
    counts = [
        f"**{whole.runs:,}** {'run' if whole.runs == 1 else 'runs'}",
        f"**{whole.errors:,}** {'error' if whole.errors == 1 else 'errors'}",
        f"**{whole.input_tokens:,}** tokens in, **{whole.output_tokens:,}** out",
    ]
    spent = " · ".join(f"{_spent(totals)} {span}" for span, totals in spans)
    if whole.simulated_usd and not whole.spent_usd:
        spent = f"{_spent(whole)}: the demo is free"
    reason = plain(whole.spent.explained) if whole.spent_usd else None
    line = f"{' · '.join(counts)} · Spent {spent}{_unknown(whole)}"
    st.markdown(line, help=reason, width="content")
    # Apart from what was spent: nobody pays it.
    if whole.simulated_usd:
        parts = [f"{formats.money(totals.simulated_usd)} {span}" for span, totals in spans]
        st.caption(plain(f"Simulated {' · '.join(parts)}"), width="content", help=SIMULATED)


def _spent(totals: Totals) -> str:
    spent = totals.spent if totals.spent_usd else Cost(Decimal(0), "exact")
    return f"**{plain(formats.cost(spent))}**"


def _unknown(totals: Totals) -> str:
    return f" · {totals.unknown_cost:,} of unknown cost" if totals.unknown_cost else ""
