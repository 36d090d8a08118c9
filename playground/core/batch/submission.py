"""The submitted requests of a batch, saved until their results are collected, and the log row of
each result."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from playground.core.answer.events import Attempt
from playground.core.answer.failures import Billed
from playground.core.batch.batch import (
    Batch,
    BatchResult,
    BatchStatus,
    Counts,
    ResultKind,
    batch_label,
)
from playground.core.batch.batch_split import BatchRequest
from playground.core.money import pricing
from playground.core.money.bill import BilledCall, BillFacts, bill, refusal_facts
from playground.core.money.pricing import Unbounded
from playground.core.request.connection import Connection
from playground.core.request.input_bounds import ttls_in
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_row import RunRow, RunTexts, Status, texts_of, with_result

SubmissionStatus = Literal["submitting", "unsure", "refused"] | BatchStatus
"""`submitting`: sent, or about to be, and no reply known; `refused`: there is no batch."""

CLAIM = "batch "
"""How the name of a claim on a submission begins."""

# The API cancels only what it is asked to: somebody stopped it. Nobody asks for an expiry.
_STATUS: Mapping[ResultKind, Status] = {
    "succeeded": "done",
    "errored": "failed",
    "expired": "failed",
    "canceled": "stopped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRequest:
    """One request of a batch as it is remembered: enough to log its result after a restart.

    `custom_id` is the id of its run, so that a result taken in twice is one row; `cell_label`
    is the `cell` of that row.
    """

    custom_id: str
    cell: str = ""
    press: int = 0
    variant: str = "A"
    model: str
    params_json: str
    request_json: str
    worst_case_usd: Decimal | None = None
    cell_label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One batch of a visitor as this app remembers it, from before it was submitted."""

    visitor: str
    submission_id: str
    connection_kind: str
    connection_label: str
    models: tuple[str, ...]
    requests: int
    submitted_at: datetime
    experiment_id: str = ""
    batch_id: str | None = None
    status: SubmissionStatus = "submitting"
    counts: Counts = field(default_factory=Counts)
    created_at: datetime | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    is_collected: bool = False

    @property
    def claim_name(self) -> str:
        """The name under which submitting it, or taking its results in, is claimed."""
        return f"{CLAIM}{self.submission_id}"

    def updated_from(self, batch: Batch) -> "Submission":
        """The submission as a poll of its batch found it."""
        return replace(
            self,
            batch_id=batch.batch_id,
            status=batch.status,
            counts=batch.counts,
            created_at=batch.created_at,
            expires_at=batch.expires_at,
            ended_at=batch.ended_at,
        )


def worst_case_in_batch(plan: Plan, now: datetime) -> Decimal | None:
    """The most that one request of a batch can cost in dollars. None: unknown."""
    if isinstance(plan.bound, Unbounded):
        return None
    most = pricing.worst_case(plan.bound, plan.connection, now, is_batch=True)
    return None if isinstance(most, Unbounded) else most


def planned_request(custom_id: str, plan: Plan, now: datetime, cell: str = "") -> PlannedRequest:
    """What has to be remembered of one request until its result comes."""
    request = BatchRequest(custom_id, plan.wire)
    sent = {"headers": dict(plan.wire.headers), "body": request.params, "custom_id": custom_id}
    return PlannedRequest(
        custom_id=custom_id,
        cell=cell,
        press=plan.press,
        variant=plan.letter,
        model=plan.wire.model_id,
        params_json=json.dumps(plan.wire.parameters(), ensure_ascii=False),
        request_json=json.dumps(sent, ensure_ascii=False, indent=2),
        worst_case_usd=worst_case_in_batch(plan, now),
        cell_label=plan.cell,
    )


def to_row(
    asked: PlannedRequest, result: BatchResult, submission: Submission, connection: Connection
) -> tuple[RunRow, RunTexts]:
    """The run that a result is in the log. A batch has neither a time to first token nor a
    duration of single answers."""
    # At the prices of its submission: a result does not say when it was answered.
    call = BilledCall(
        asked.model,
        connection,
        submission.submitted_at,
        is_batch=True,
        cache_ttls=_cache_ttls(asked.request_json),
    )
    cost, prices = bill(result.usage, call, _known(result))
    row = RunRow(
        run_id=asked.custom_id,
        visitor=submission.visitor,
        started_at=submission.submitted_at,
        ended_at=submission.ended_at,
        press=asked.press,
        variant=asked.variant,
        connection=batch_label(connection),
        model=asked.model,
        params_json=asked.params_json,
        status=_STATUS[result.kind],
        stop_reason=result.stop_reason,
        attempts=1,
        worst_case_usd=asked.worst_case_usd,
        request_id=result.failure.request_id if result.failure else None,
        experiment_id=submission.experiment_id or None,
        cell=asked.cell_label,
    )
    texts = texts_of(asked.custom_id, asked.request_json, [_attempt(result)], result.blocks)
    return with_result(row, result.usage, result.failure, cost, prices), texts


def _cache_ttls(request_json: str) -> frozenset[str]:
    # Read only where it is needed: a batch may have a hundred thousand requests.
    if "cache_control" not in request_json:
        return frozenset()
    return frozenset(ttls_in(json.loads(request_json)))


def _known(result: BatchResult) -> BillFacts:
    if result.kind != "succeeded":
        # A submission that was given up may be known to the API all the same.
        is_sure = _billed(result) in (None, "no")
        lost = () if is_sure else ("Whether the batch was submitted is not known.",)
        return BillFacts(free="What a batch does not answer is not billed.", missing=lost)
    is_whole = result.usage is None or result.usage.is_complete
    missing = () if is_whole else ("The usage report is not complete.",)
    return refusal_facts(result.refusal, missing)


def _billed(result: BatchResult) -> Billed | None:
    """An unanswered request is not billed, except if it may have been submitted."""
    if result.kind == "succeeded":
        return None
    return result.failure.billed if result.failure else "no"


def _attempt(result: BatchResult) -> Attempt:
    failure = result.failure
    return Attempt(
        number=1,
        start_s=0.0,
        duration_s=0.0,
        kind=failure.kind if failure else None,
        message=failure.message if failure else "",
        billed=_billed(result),
        request_id=failure.request_id if failure else None,
        why=f"Part of a batch: {result.kind}.",
    )
