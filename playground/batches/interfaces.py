"""The dependencies of submitting and following batches, and the values that these return."""

from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from playground.core.answer.failures import Failure
from playground.core.batch.batch import (
    Batch,
    BatchResult,
    CollectionReport,
    OtherBatchIds,
    Poll,
    UncertainSubmission,
)
from playground.core.batch.batch_split import NewBatch
from playground.core.batch.submission import PlannedRequest, Submission
from playground.core.request.connection import Connection
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.text.refusal import Refusal

T = TypeVar("T")
Results = Callable[[Connection, str, str], AsyncGenerator[BatchResult | Failure, None]]
"""Reads the results of a batch, given a connection, a key and the batch's id."""


class RunOnLoop(Protocol):
    """Runs work on the engine's loop."""

    def __call__(self, work: Coroutine[object, None, T]) -> "Future[T]": ...


class Api(Protocol):
    """The calls of the Message Batches API."""

    async def create(
        self, connection: Connection, key: str, new: NewBatch, other_batch_ids: OtherBatchIds
    ) -> Batch | Failure | UncertainSubmission: ...
    async def find(
        self,
        connection: Connection,
        key: str,
        requests: int,
        since: datetime,
        lost: Failure,
        other_batch_ids: OtherBatchIds,
    ) -> Batch | UncertainSubmission: ...
    async def cancel(self, connection: Connection, key: str, batch_id: str) -> Batch | Failure: ...
    def follow(
        self, connection: Connection, key: str, batch_id: str
    ) -> AsyncGenerator[Poll, None]: ...


class Log(Protocol):
    """Where runs are recorded."""

    def record(self, row: RunRow, texts: RunTexts | None = None) -> None: ...
    # Waits for the disk: a result is forgotten as one to come only when its row outlives a crash.
    def flush_runs(
        self, visitor: str, run_ids: Collection[str], timeout_s: float
    ) -> frozenset[str]: ...


class Store(Protocol):
    """Stores submissions."""

    def save(
        self, submission: Submission, requests: Iterable[PlannedRequest] = ()
    ) -> Refusal | None: ...
    def update(self, submission: Submission) -> Refusal | None: ...
    def get(self, visitor: str, submission_id: str) -> Submission | Refusal | None: ...
    def list_submissions(
        self, visitor: str, *, experiment_id: str | None = None, limit: int = 100
    ) -> tuple[Submission, ...] | Refusal: ...
    def other_batch_ids(self, submission: Submission) -> frozenset[str] | Refusal | None: ...
    def waiting_ids(self, visitor: str, submission_id: str) -> frozenset[str] | Refusal: ...
    def planned_requests(
        self, visitor: str, submission_id: str, custom_ids: Collection[str]
    ) -> Mapping[str, PlannedRequest] | Refusal: ...
    def forget_requests(
        self, visitor: str, submission_id: str, custom_ids: Collection[str]
    ) -> Refusal | None: ...


@dataclass(frozen=True, slots=True)
class SubmissionItem:
    """One request to submit: the run it becomes, its cell, and its plan."""

    run_id: str
    plan: Plan
    cell: str = ""


# Called in a thread of its own (asyncio.to_thread): on the loop all runs would wait for the disk.
class Admission(Protocol):
    """Reserves money for requests before any of them is sent, for all or none. Both methods
    may wait for a disk."""

    def take(self, items: Sequence[SubmissionItem]) -> Refusal | None:
        """Reserve for these requests, or say why not."""
        ...

    def give_back(self, items: Sequence[SubmissionItem]) -> None:
        """Release the reservations of requests that were not sent."""
        ...


Answer = (
    Future[Submission | Failure]
    | Future[Submission | UncertainSubmission | Refusal]
    | Future[Submission | Refusal]
)
"""The result of canceling a submission, looking for its batch, or giving it up."""


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """The submissions made by one press of the button, and the refused requests by run id.

    `problem`: why submitting stopped; everything in `submissions` was submitted.
    """

    submissions: tuple[Submission, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(slots=True)
class FollowedBatch:
    """The state of one followed batch; written only by the event loop and read by pages."""

    submission: Submission
    seen_s: float
    poll: Poll | None = None
    collection: CollectionReport | None = None
    problem: str = ""
    work: "Future[None] | None" = None

    @property
    def is_over(self) -> bool:
        return self.work is None or self.work.done()

    @property
    def is_settled(self) -> bool:
        """Whether following it again would change nothing."""
        return bool(self.problem) or self.submission.is_collected


LoadApi = Callable[[], Awaitable[tuple[Api, Results]]]
"""Returns the API client; the first call imports the SDK, which takes about a second."""
