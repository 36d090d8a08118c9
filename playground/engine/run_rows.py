"""What the log is told of a run: its row, its texts and its cost."""

import json

from playground.core.answer.events import Usage
from playground.core.money.bill import (
    BilledCall,
    BillFacts,
    add_earlier_attempts,
    bill,
    refusal_facts,
)
from playground.core.money.pricing import Cost, UnitPrices
from playground.core.request.input_bounds import ttls_in
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_row import RunRow, RunTexts, texts_of, with_result
from playground.core.runs.run_view import RunView
from playground.core.wire.exchange import ExchangeRecord, differences, to_json


def cost_of(run: RunView) -> tuple[Cost, UnitPrices | None]:
    """What a run has cost so far, and the unit prices that applied."""
    plan = run.plan
    ttls = frozenset(ttls_in(plan.wire.body))
    call = BilledCall(plan.wire.model_id, plan.connection, run.created_at, cache_ttls=ttls)
    # Without a report a finished run has an unknown cost; one that was cut short has cost
    # at least nothing, which is a bound.
    usage = run.last_usage if run.status == "done" else run.last_usage or Usage()
    cost, prices = bill(usage, call, _bill_facts(run))
    return add_earlier_attempts(
        cost, [bill(earlier, call, BillFacts())[0] for earlier in run.earlier_usages]
    ), prices


def _bill_facts(run: RunView) -> BillFacts:
    """What happened to a run, as far as its bill depends on it."""
    lost = sum(attempt.billed not in (None, "no") for attempt in run.attempts)
    missing = [_LOST[min(lost, 2)].format(lost)] if lost else []
    if run.status == "stopped" and run.began_s is None:
        return BillFacts("Nothing was sent.")
    if run.status in ("failed", "stopped") and not lost:
        return BillFacts("A request that the API did not answer is not billed.")
    if not lost and not (run.status == "done" and (run.last_usage or Usage()).is_complete):
        missing.append("Its usage was not reported to the end.")
    # What is free needs no usage report.
    return refusal_facts(run.refusal, tuple(missing if run.refusal != "free" or lost else ()))


_LOST = {
    1: "An attempt was lost or cut short: what it was billed beyond its report is not known.",
    2: "{} attempts were lost or cut short: what they were billed is not known.",
}


def log_record(run: RunView) -> tuple[RunRow, RunTexts]:
    """A run as the log keeps it."""
    return run_row(run), texts_of(run.id, _request_json(run), run.attempts, run.blocks)


def run_row(run: RunView) -> RunRow:
    """The run's line of the log. While it is live its cost is unknown, on the demo simulated."""
    plan = run.plan
    cost, prices = _cost_of_live(plan) if run.is_live else cost_of(run)
    row = RunRow(
        run_id=run.id,
        visitor=run.visitor,
        started_at=run.created_at,
        ended_at=run.ended_at,
        press=plan.press,
        variant=plan.letter,
        connection=plan.connection.label,
        model=plan.wire.model_id,
        params_json=json.dumps(plan.wire.parameters(), ensure_ascii=False),
        status=run.status,
        stop_reason=run.stop_reason,
        error_message=(run.why or None) if run.status == "stopped" else None,
        attempts=len(run.attempts),
        ttft_s=run.ttft_s,
        duration_s=None if run.is_live else run.duration_s,
        worst_case_usd=plan.worst_case_usd,
        request_id=run.request_id,
        experiment_id=run.experiment_id,
        cell=plan.cell,
    )
    return with_result(row, run.usage, run.failure, cost, prices)


def _cost_of_live(plan: Plan) -> tuple[Cost, None]:
    return Cost(None, "simulated" if plan.connection.kind == "demo" else "unknown"), None


def _request_json(run: RunView) -> str:
    """What went out; before anything has, what was planned."""
    plan = run.plan
    if run.exchanges:
        return to_json(ExchangeRecord(run.exchanges, differences(plan.request, plan.wire)))
    planned = {"headers": dict(plan.wire.headers), "body": dict(plan.wire.body)}
    return json.dumps(planned, ensure_ascii=False, indent=2)
