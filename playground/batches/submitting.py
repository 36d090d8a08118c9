"""Submits batches, each at most once, cancels them, and finds those whose reply was lost.

Uses only the dependencies it is given: no SDK, no database, and it keeps no key.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime

from playground.batches.following import Follower
from playground.batches.interfaces import (
    Admission,
    FollowedBatch,
    LoadApi,
    Log,
    RunOnLoop,
    Store,
    SubmissionItem,
    SubmitResult,
)
from playground.core.answer.failures import Failure
from playground.core.batch.batch import (
    Batch,
    BatchResult,
    OtherBatchIds,
    UncertainSubmission,
    sentence_of,
)
from playground.core.batch.batch_split import BatchRequest, NewBatch, split
from playground.core.batch.submission import Submission, planned_request
from playground.core.request.connection import Connection
from playground.core.text.refusal import Refusal
from playground.engine.run import new_run_id
from playground.experiments.claims import Claims

LOST = Failure("connection", "The reply to the submission never arrived.", billed="possibly")
GONE = Failure("not_found", "The batch returned no result for this request.", billed="possibly")


class BatchService:
    """The batches of all visitors. Methods that return a future do not wait."""

    def __init__(
        self,
        run_on_loop: RunOnLoop,
        log: Log,
        store: Store,
        load_api: LoadApi,
        claims: Claims,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run_on_loop, self._store, self._load_api, self._now = (
            run_on_loop,
            store,
            load_api,
            now,
        )
        self._claims = claims
        self._follower = Follower(run_on_loop, log, store, load_api, claims, monotonic_s)
        self.follow, self.stop = self._follower.follow, self._follower.stop
        self._submitting: set[str] = set()

    def submit(
        self,
        visitor: str,
        key: str,
        items: Sequence[SubmissionItem],
        admission: Admission,
        experiment_id: str = "",
    ) -> "Future[SubmitResult]":
        """Submit requests of one connection, each at most once, in as many batches as the
        API's limits require. Nothing is sent without a reservation and a saved submission."""
        return self._run_on_loop(self._submit(visitor, key, items, admission, experiment_id))

    def cancel(
        self, submission: Submission, connection: Connection, key: str
    ) -> "Future[Submission | Failure]":
        """Ask the API to cancel a batch; requests already processed are answered and billed."""
        return self._run_on_loop(self._cancel(submission, connection, key))

    def find(
        self, submission: Submission, connection: Connection, key: str
    ) -> "Future[Submission | UncertainSubmission | Refusal]":
        """Look for the batch of a submission whose reply was lost, also before a restart.
        Refused while another page or process is working on it."""
        return self._run_on_loop(self._find(submission, connection, key))

    def give_up(
        self, submission: Submission, connection: Connection
    ) -> "Future[Submission | Refusal]":
        """Close a submission that will bring no more results, at its visitor's request: its
        batch was not found, or the API does not know it."""
        return self._run_on_loop(self._give_up(submission, connection))

    @property
    def submitting(self) -> frozenset[str]:
        """The ids of submissions that this process is sending now. Read it before the store:
        any other submission without a batch there has to be looked for with `find`."""
        return frozenset(self._submitting)

    async def _submit(
        self,
        visitor: str,
        key: str,
        items: Sequence[SubmissionItem],
        admission: Admission,
        experiment_id: str,
    ) -> SubmitResult:
        if not items:
            return SubmitResult()
        if why := next(filter(None, (request.plan.why_not for request in items)), None):
            return SubmitResult(problem=why)
        connection = items[0].plan.connection
        plans = {request.run_id: request for request in items}
        requests = [BatchRequest(request.run_id, request.plan.wire) for request in items]
        # Every request is encoded to learn its size, which takes seconds for a large batch.
        parts = await asyncio.to_thread(split, requests)
        remaining = [
            (new, [plans[request.custom_id] for request in new.requests]) for new in parts.batches
        ]
        refused = await asyncio.to_thread(admission.take, _all(remaining)) if remaining else None
        problem = refused.sentence if refused else ""
        submissions: list[Submission] = []
        try:
            while remaining and not problem:
                new, in_batch = remaining[0]
                started = self._begun(visitor, connection, in_batch, experiment_id)
                outcome = await self._submit_one(started, connection, key, new, in_batch)
                if isinstance(outcome, Refusal):
                    problem = outcome.sentence
                    break
                # Only now: whatever stays in the list has its money given back below.
                del remaining[0]
                submission, problem = outcome
                submissions.append(submission)
        except BaseException:
            # Cut off, as the app ends: the first may have been sent, what comes after it was not.
            del remaining[:1]
            raise
        finally:
            # What was refused as a whole holds no money.
            if remaining and refused is None:
                await asyncio.to_thread(admission.give_back, _all(remaining))
        return SubmitResult(tuple(submissions), parts.refused, problem)

    def _begun(
        self,
        visitor: str,
        connection: Connection,
        items: Sequence[SubmissionItem],
        experiment_id: str,
    ) -> Submission:
        models = dict.fromkeys(request.plan.wire.model_id for request in items)
        return Submission(
            visitor=visitor,
            submission_id=new_run_id(),
            connection_kind=connection.kind,
            connection_label=connection.label,
            models=tuple(models),
            requests=len(items),
            submitted_at=self._now(),
            experiment_id=experiment_id,
        )

    async def _submit_one(
        self,
        submission: Submission,
        connection: Connection,
        key: str,
        new: NewBatch,
        items: Sequence[SubmissionItem],
    ) -> tuple[Submission, str] | Refusal:
        api, _ = await self._load_api()
        remembered = (
            planned_request(request.run_id, request.plan, submission.submitted_at, request.cell)
            for request in items
        )
        # From before it can be seen until what became of it can: a page would look for it.
        self._submitting.add(submission.submission_id)
        try:
            async with self._claims.claim(submission.visitor, submission.claim_name) as obstacle:
                # Remembered before it is sent: the API has no idempotency key, so a process that
                # dies now must leave something by which its batch can be looked for.
                refused = obstacle or await asyncio.to_thread(
                    self._store.save, submission, remembered
                )
                if refused is not None:
                    return refused
                reply = await api.create(connection, key, new, self._other_batch_ids(submission))
                if isinstance(reply, Failure):
                    return await self._refuse(submission, connection, reply), sentence_of(reply)
                why = reply.sentence if isinstance(reply, UncertainSubmission) else ""
                return await self._save_reply(submission, reply), why
        finally:
            self._submitting.discard(submission.submission_id)

    async def _save_reply(
        self, submission: Submission, reply: Batch | UncertainSubmission
    ) -> Submission:
        if isinstance(reply, Batch):
            submission = submission.updated_from(reply)
        else:
            submission = replace(submission, status="unsure")
        await asyncio.to_thread(self._store.update, submission)
        return submission

    def _other_batch_ids(self, submission: Submission) -> OtherBatchIds:
        async def other_batch_ids() -> frozenset[str] | None:
            ids = await asyncio.to_thread(self._store.other_batch_ids, submission)
            return None if isinstance(ids, Refusal) else ids

        return other_batch_ids

    async def _refuse(
        self, submission: Submission, connection: Connection, failure: Failure
    ) -> Submission:
        """Log each request of a batch that was not created as a failed run."""
        ids = await asyncio.to_thread(
            self._store.waiting_ids, submission.visitor, submission.submission_id
        )
        submission = replace(submission, status="refused", ended_at=self._now())

        async def failed() -> AsyncGenerator[BatchResult | Failure, None]:
            for custom_id in () if isinstance(ids, Refusal) else ids:
                yield BatchResult(custom_id, "errored", failure=failure)

        followed = FollowedBatch(submission, 0.0)
        await self._follower.collect(followed, connection, failed())
        await asyncio.to_thread(self._store.update, followed.submission)
        return followed.submission

    async def _give_up(
        self, submission: Submission, connection: Connection
    ) -> Submission | Refusal:
        async with self._claims.claim(submission.visitor, submission.claim_name) as obstacle:
            if obstacle is not None:
                return obstacle
            newest = await self._newest(submission)
            if newest.is_collected or (submission.batch_id is None and newest.batch_id is not None):
                return newest  # It came, or was found, meanwhile after all.
            return await self._refuse(newest, connection, GONE if newest.batch_id else LOST)

    async def _cancel(
        self, submission: Submission, connection: Connection, key: str
    ) -> Submission | Failure:
        if submission.batch_id is None:
            return Failure("not_found")
        api, _ = await self._load_api()
        reply = await api.cancel(connection, key, submission.batch_id)
        return reply if isinstance(reply, Failure) else await self._save_reply(submission, reply)

    async def _find(
        self, submission: Submission, connection: Connection, key: str
    ) -> Submission | UncertainSubmission | Refusal:
        # Another process may be submitting it: what is not known yet is not lost.
        async with self._claims.claim(submission.visitor, submission.claim_name) as obstacle:
            if obstacle is not None:
                return obstacle
            return await self._find_alone(submission, connection, key)

    async def _find_alone(
        self, submission: Submission, connection: Connection, key: str
    ) -> Submission | UncertainSubmission:
        newest = await self._newest(submission)
        if newest.is_collected or newest.batch_id is not None:
            return newest
        api, _ = await self._load_api()
        since, other_batch_ids = submission.submitted_at, self._other_batch_ids(submission)
        reply = await api.find(connection, key, submission.requests, since, LOST, other_batch_ids)
        newest = await self._newest(submission)
        if newest.is_collected or newest.batch_id is not None:
            return newest  # Found or given up meanwhile by another process, which is final.
        noted = await self._save_reply(newest, reply)
        return reply if isinstance(reply, UncertainSubmission) else noted

    async def _newest(self, submission: Submission) -> Submission:
        place = submission.visitor, submission.submission_id
        stored = await asyncio.to_thread(self._store.get, *place)
        return stored if isinstance(stored, Submission) else submission


def _all(parts: Sequence[tuple[NewBatch, Sequence[SubmissionItem]]]) -> list[SubmissionItem]:
    return [request for _, items in parts for request in items]
