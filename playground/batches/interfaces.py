"""What submitting and following batches needs from its surroundings, and what it gives back."""

import secrets
import time
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
from playground.core.batch.batch import Batch, BatchResult, Others, Poll, TakenIn, Unsure
from playground.core.batch.batch_split import NewBatch
from playground.core.batch.submission import PlannedRequest, Submission
from playground.core.request.connection import Connection
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.text.refusal import Refusal

T = TypeVar("T")
Results = Callable[[Connection, str, str], AsyncGenerator[BatchResult | Failure, None]]
"""Reads the results of a batch, given a connection, a key and the batch's id."""


class Call(Protocol):
    """Runs work on the engine's loop."""

    def __call__(self, work: Coroutine[object, None, T]) -> "Future[T]": ...


class Api(Protocol):
    """The calls of the Message Batches API."""

    async def create(
        self, connection: Connection, key: str, new: NewBatch, others: Others
    ) -> Batch | Failure | Unsure: ...
    async def find(
        self,
        connection: Connection,
        key: str,
        requests: int,
        since: datetime,
        lost: Failure,
        others: Others,
    ) -> Batch | Unsure: ...
    async def cancel(self, connection: Connection, key: str, batch_id: str) -> Batch | Failure: ...
    def follow(
        self, connection: Connection, key: str, batch_id: str
    ) -> AsyncGenerator[Poll, None]: ...


class Log(Protocol):
    """Where runs are recorded."""

    def record(self, row: RunRow, texts: RunTexts | None = None) -> None: ...
    # Waits for the disk: a result is forgotten as one to come only when its row outlives a crash.
    def saved(self, visitor: str, run_ids: Collection[str], timeout_s: float) -> frozenset[str]: ...


class Store(Protocol):
    """Where submissions are remembered."""

    def keep(
        self, submission: Submission, asked: Iterable[PlannedRequest] = ()
    ) -> Refusal | None: ...
    def note(self, submission: Submission) -> Refusal | None: ...
    def get(self, visitor: str, submission_id: str) -> Submission | Refusal | None: ...
    def of(
        self, visitor: str, *, experiment_id: str | None = None, limit: int = 100
    ) -> tuple[Submission, ...] | Refusal: ...
    def others(self, submission: Submission) -> frozenset[str] | Refusal | None: ...
    def waiting_ids(self, visitor: str, submission_id: str) -> frozenset[str] | Refusal: ...
    def asked(
        self, visitor: str, submission_id: str, custom_ids: Collection[str]
    ) -> Mapping[str, PlannedRequest] | Refusal: ...
    def taken_in(
        self, visitor: str, submission_id: str, custom_ids: Collection[str]
    ) -> Refusal | None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request to submit: the run it becomes, its cell, and its plan."""

    run_id: str
    plan: Plan
    cell: str = ""


# Called in a thread of its own (asyncio.to_thread): on the loop all runs would wait for the disk.
class Admission(Protocol):
    """What has to be done for requests before any of them is sent, for all or for none:
    money is reserved. Both methods may wait for a disk."""

    def take(self, wanted: Sequence[Wanted]) -> Refusal | None:
        """Admit these, or say why not."""
        ...

    def give_back(self, wanted: Sequence[Wanted]) -> None:
        """These were not sent after all."""
        ...


Answer = (
    Future[Submission | Failure]
    | Future[Submission | Unsure | Refusal]
    | Future[Submission | Refusal]
)
"""What will come of canceling a submission, looking for its batch, or giving it up."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a press: submissions, and by run id what no batch can take.

    `problem`: why it went no further; what is in `submissions` is submitted all the same.
    """

    submissions: tuple[Submission, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(slots=True)
class Following:
    """One batch that is followed; written by the loop alone and read by pages."""

    submission: Submission
    seen_s: float
    poll: Poll | None = None
    taken: TakenIn | None = None
    problem: str = ""
    work: "Future[None] | None" = None

    @property
    def is_over(self) -> bool:
        return self.work is None or self.work.done()

    @property
    def is_settled(self) -> bool:
        """Whether beginning anew would change nothing by itself."""
        return bool(self.problem) or self.submission.is_taken_in


def run_ids(count: int) -> list[str]:
    """Ids for the runs that a batch will become, in order."""
    # Numbered from one moment: a coarse clock, read each time, would leave the order to chance.
    start = time.time_ns()
    return [f"{start + number:016x}{secrets.token_hex(4)}" for number in range(count)]


Calls = Callable[[], Awaitable[tuple[Api, Results]]]
"""Returns what talks to the API; the first call imports the SDK, which takes
about a second."""
