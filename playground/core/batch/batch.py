"""Message Batches as values: many requests at half the price, answered within a day.

They expire 24 hours after their creation; their results are kept for 29 days. Source: the
batch-processing page of platform.claude.com, and the SDK's own types.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from playground.core.answer.content import Blocks, text_of, thinking_of
from playground.core.answer.events import RefusalBill, Usage
from playground.core.answer.failures import Failure
from playground.core.request.connection import Connection

# A batch whose reply was lost is found by its age and its size alone: the API takes no
# idempotency key, and its list says nothing else of what a batch was asked.
ARRIVES_WITHIN = timedelta(hours=1)
"""How long after a submission started its batch can still be created; usually far less."""

BatchStatus = Literal["in_progress", "canceling", "ended"]
ResultKind = Literal["succeeded", "errored", "canceled", "expired"]

OtherBatchIds = Callable[[], Awaitable[Collection[str] | None]]
"""Returns the batch ids known to belong to other submissions; None if some batch could belong
to more than one submission."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many requests are in which state. Until a batch has ended the API counts all of them as
    processing."""

    processing: int = 0
    succeeded: int = 0
    errored: int = 0
    canceled: int = 0
    expired: int = 0

    @property
    def total(self) -> int:
        # The API gives no total, and a batch whose reply was lost is known by it.
        return self.processing + self.succeeded + self.errored + self.canceled + self.expired


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the API describes it. `is_archived`: its results are no longer kept."""

    batch_id: str
    status: BatchStatus
    counts: Counts
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    is_archived: bool = False

    @property
    def has_ended(self) -> bool:
        return self.status == "ended"


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The result of one request. Only a request that succeeded is billed and has usage."""

    custom_id: str
    kind: ResultKind
    blocks: Blocks = ()
    usage: Usage | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_detail: str | None = None
    refusal: RefusalBill = "billed"
    failure: Failure | None = None

    @property
    def text(self) -> str:
        return text_of(self.blocks)

    @property
    def thinking(self) -> str:
        return thinking_of(self.blocks)


@dataclass(frozen=True, slots=True)
class UncertainSubmission:
    """The reply to a submission was lost, so the batch may or may not have been created.

    Never resubmitted automatically: the API has no idempotency key, and both batches would be
    billed. `candidates` are the batches that could be the submitted one.
    """

    failure: Failure
    candidates: tuple[Batch, ...] = ()

    @property
    def sentence(self) -> str:
        if self.candidates:
            count = len(self.candidates)
            which = "one batch" if count == 1 else f"{count} batches"
            clause = f"{which} of the account could be it"
            return f"The reply was lost: the batch may have been submitted, and {clause}."
        return (
            "The reply was lost. The batch may have been submitted, but the account's list "
            "does not show it yet. Look again before submitting once more."
        )


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of a batch: its state or the failure, and the wait until the next poll. None:
    this was the last poll."""

    batch: Batch | None = None
    failure: Failure | None = None
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class CollectionReport:
    """Whether all results of a batch were collected: how many requests have no result
    (`missing`), and how many lines could not be read (`damaged`)."""

    damaged: int = 0
    missing: int = 0
    failure: Failure | None = None

    @property
    def is_whole(self) -> bool:
        return self.failure is None and self.missing == 0

    @property
    def sentence(self) -> str:
        """What is missing, if no failure ended the results early."""
        lacks = "1 result is" if self.missing == 1 else f"{self.missing:,} results are"
        lines = "1 line" if self.damaged == 1 else f"{self.damaged:,} lines"
        return f"{lacks} missing{f'; {lines} could not be read' if self.damaged else ''}."


def why_no_batches(connection: Connection) -> str | None:
    """Why a connection does not support batches, as a sentence; None if it does."""
    if connection.kind == "server":
        return "Only the Claude API is known to have batches; this server may not."
    return None


def batch_label(connection: Connection) -> str:
    """The log's name for a connection that was used through a batch."""
    return f"{connection.label} · batch"


def sentence_of(failure: Failure) -> str:
    """What happened to a call about a batch, and what to do. A failure's own sentence speaks
    of models."""
    match failure.kind:
        # The API's 404 does not say which of these it is.
        case "not_found":
            return (
                "The API does not know this batch. Another account made it, its 29 days are "
                "over, or the demo was restarted."
            )
        case "not_the_api":
            return "The server answered, but not with the Message Batches API."
        case "too_large":
            return "The batch is too large. Submit fewer requests at once."
        case "truncated":
            return "The results ended early. They are kept for 29 days; fetch them again."
    return failure.sentence
