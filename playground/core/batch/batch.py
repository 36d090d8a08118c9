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
"""How long after it was begun a submission can still create its batch; mostly it is far less."""

BatchStatus = Literal["in_progress", "canceling", "ended"]
ResultKind = Literal["succeeded", "errored", "canceled", "expired"]

Others = Callable[[], Awaitable[Collection[str] | None]]
"""Returns the ids of batches that cannot be the one sought, as they are known then; None: it
cannot be told of every batch whose it is."""


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
    """What became of one request. Only one that succeeded is billed, and has usage."""

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
class Unsure:
    """The reply to a submission was lost: it may have been submitted, or not.

    Never submitted again by itself: the API has no idempotency key, and both would be
    billed. `candidates` are batches that could be it.
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
            "The reply was lost: the batch may have been submitted, but the account's list "
            "does not show it yet. Look again before submitting once more."
        )


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of a batch that is followed: what was seen, or why nothing was, and how long
    until the next. None: there is none."""

    batch: Batch | None = None
    failure: Failure | None = None
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Why the results of a batch are not whole, if they are not: `missing` were asked for and have
    no result, and so many lines were `damaged`."""

    damaged: int = 0
    missing: int = 0
    failure: Failure | None = None

    @property
    def is_whole(self) -> bool:
        return self.failure is None and self.missing == 0

    @property
    def sentence(self) -> str:
        """What is missing, where nothing ended the results early."""
        lacks = "1 result is" if self.missing == 1 else f"{self.missing:,} results are"
        lines = "1 line" if self.damaged == 1 else f"{self.damaged:,} lines"
        return f"{lacks} missing{f'; {lines} could not be read' if self.damaged else ''}."


def why_no_batches(connection: Connection) -> str | None:
    """Why a connection has no batches, in a sentence; None: it has."""
    if connection.kind == "server":
        return "Batches are the Claude API's own: whether this server has them is unknown."
    return None


def batch_label(connection: Connection) -> str:
    """How the log names a connection that was used through a batch."""
    return f"{connection.label} · batch"


def sentence_of(failure: Failure) -> str:
    """What happened to a call about a batch, and what to do. A failure's own sentence speaks
    of models."""
    match failure.kind:
        # The API's 404 does not say which of these it is.
        case "not_found":
            return (
                "The API does not know this batch: another account made it, its 29 days are "
                "over, or the demo was restarted."
            )
        case "not_the_api":
            return "The server answered, but not with the Message Batches API."
        case "too_large":
            return "The batch is too large: submit fewer requests at once."
        case "truncated":
            return "The results ended early. They are kept for 29 days: fetch them again."
    return failure.sentence
