"""Submits batches, each at most once, cancels them, and finds those whose reply was lost.

Joins what `services` hands it: it knows neither the SDK nor a database, and keeps no key.
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
    Call,
    Calls,
    Following,
    Log,
    Store,
    Submitted,
    Wanted,
    run_ids,
)
from playground.core.answer.failures import Failure
from playground.core.batch.batch import Batch, BatchResult, Others, Unsure, sentence_of
from playground.core.batch.batch_split import BatchRequest, NewBatch, split
from playground.core.batch.submission import Submission, planned_request
from playground.core.request.connection import Connection
from playground.core.text.refusal import Refusal
from playground.experiments.claims import Claims

LOST = Failure("connection", "The reply to the submission was never seen.", billed="possibly")
GONE = Failure("not_found", "Its batch brought no result for it.", billed="possibly")


class Batching:
    """The batches of all visitors. Methods that return a future do not wait."""

    def __init__(
        self,
        call: Call,
        log: Log,
        store: Store,
        calls: Calls,
        claims: Claims,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._call, self._store, self._calls, self._now = call, store, calls, now
        self._claims = claims
        self._follower = Follower(call, log, store, calls, claims, monotonic_s)
        self.follow, self.stop = self._follower.follow, self._follower.stop
        self._submitting: set[str] = set()

    def submit(
        self,
        visitor: str,
        key: str,
        wanted: Sequence[Wanted],
        admission: Admission,
        experiment_id: str = "",
    ) -> "Future[Submitted]":
        """Submit requests of one connection, each at most once, in as many batches as the
        API's rules need. Nothing is sent that was not admitted, or could not be remembered."""
        return self._call(self._submit(visitor, key, wanted, admission, experiment_id))

    def cancel(
        self, submission: Submission, connection: Connection, key: str
    ) -> "Future[Submission | Failure]":
        """Ask the API to cancel a batch; what had its turn is answered, and billed."""
        return self._call(self._cancel(submission, connection, key))

    def find(
        self, submission: Submission, connection: Connection, key: str
    ) -> "Future[Submission | Unsure | Refusal]":
        """Look for the batch of a submission whose reply was lost, also before a restart. A
        refusal: another page or process is at it."""
        return self._call(self._find(submission, connection, key))

    def give_up(
        self, submission: Submission, connection: Connection
    ) -> "Future[Submission | Refusal]":
        """Take a submission for one that brings nothing more, as its visitor says: it was not
        found, or the API does not know its batch."""
        return self._call(self._give_up(submission, connection))

    @property
    def submitting(self) -> frozenset[str]:
        """The ids of submissions that this process is sending just now. Read before the store:
        for any other that has no batch there, `find` tells what became of it."""
        return frozenset(self._submitting)

    async def _submit(
        self,
        visitor: str,
        key: str,
        wanted: Sequence[Wanted],
        admission: Admission,
        experiment_id: str,
    ) -> Submitted:
        if not wanted:
            return Submitted()
        if why := next(filter(None, (request.plan.why_not for request in wanted)), None):
            return Submitted(problem=why)
        connection = wanted[0].plan.connection
        plans = {request.run_id: request for request in wanted}
        requests = [BatchRequest(request.run_id, request.plan.wire) for request in wanted]
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
        return Submitted(tuple(submissions), parts.refused, problem)

    def _begun(
        self, visitor: str, connection: Connection, wanted: Sequence[Wanted], experiment_id: str
    ) -> Submission:
        models = dict.fromkeys(request.plan.wire.model_id for request in wanted)
        return Submission(
            visitor=visitor,
            submission_id=run_ids(1)[0],
            connection_kind=connection.kind,
            connection_label=connection.label,
            models=tuple(models),
            requests=len(wanted),
            submitted_at=self._now(),
            experiment_id=experiment_id,
        )

    async def _submit_one(
        self,
        submission: Submission,
        connection: Connection,
        key: str,
        new: NewBatch,
        wanted: Sequence[Wanted],
    ) -> tuple[Submission, str] | Refusal:
        api, _ = await self._calls()
        remembered = (
            planned_request(request.run_id, request.plan, submission.submitted_at, request.cell)
            for request in wanted
        )
        # From before it can be seen until what became of it can: a page would look for it.
        self._submitting.add(submission.submission_id)
        try:
            async with self._claims.claim(submission.visitor, submission.claim_name) as obstacle:
                # Remembered before it is sent: the API has no idempotency key, so a process that
                # dies now must leave something by which its batch can be looked for.
                refused = obstacle or await asyncio.to_thread(
                    self._store.keep, submission, remembered
                )
                if refused is not None:
                    return refused
                reply = await api.create(connection, key, new, self._others(submission))
                if isinstance(reply, Failure):
                    return await self._refuse(submission, connection, reply), sentence_of(reply)
                why = reply.sentence if isinstance(reply, Unsure) else ""
                return await self._noted(submission, reply), why
        finally:
            self._submitting.discard(submission.submission_id)

    async def _noted(self, submission: Submission, reply: Batch | Unsure) -> Submission:
        if isinstance(reply, Batch):
            submission = submission.seen(reply)
        else:
            submission = replace(submission, status="unsure")
        await asyncio.to_thread(self._store.note, submission)
        return submission

    def _others(self, submission: Submission) -> Others:
        async def others() -> frozenset[str] | None:
            ids = await asyncio.to_thread(self._store.others, submission)
            return None if isinstance(ids, Refusal) else ids

        return others

    async def _refuse(
        self, submission: Submission, connection: Connection, failure: Failure
    ) -> Submission:
        """Log each request of a batch that there is not, as any run that failed."""
        ids = await asyncio.to_thread(
            self._store.waiting_ids, submission.visitor, submission.submission_id
        )
        submission = replace(submission, status="refused", ended_at=self._now())

        async def failed() -> AsyncGenerator[BatchResult | Failure, None]:
            for custom_id in () if isinstance(ids, Refusal) else ids:
                yield BatchResult(custom_id, "errored", failure=failure)

        following = Following(submission, 0.0)
        await self._follower.take(following, connection, failed())
        await asyncio.to_thread(self._store.note, following.submission)
        return following.submission

    async def _give_up(
        self, submission: Submission, connection: Connection
    ) -> Submission | Refusal:
        async with self._claims.claim(submission.visitor, submission.claim_name) as obstacle:
            if obstacle is not None:
                return obstacle
            newest = await self._newest(submission)
            if newest.is_taken_in or (submission.batch_id is None and newest.batch_id is not None):
                return newest  # It came, or was found, meanwhile after all.
            return await self._refuse(newest, connection, GONE if newest.batch_id else LOST)

    async def _cancel(
        self, submission: Submission, connection: Connection, key: str
    ) -> Submission | Failure:
        if submission.batch_id is None:
            return Failure("not_found")
        api, _ = await self._calls()
        reply = await api.cancel(connection, key, submission.batch_id)
        return reply if isinstance(reply, Failure) else await self._noted(submission, reply)

    async def _find(
        self, submission: Submission, connection: Connection, key: str
    ) -> Submission | Unsure | Refusal:
        # Another process may be submitting it: what is not known yet is not lost.
        async with self._claims.claim(submission.visitor, submission.claim_name) as obstacle:
            if obstacle is not None:
                return obstacle
            return await self._find_alone(submission, connection, key)

    async def _find_alone(
        self, submission: Submission, connection: Connection, key: str
    ) -> Submission | Unsure:
        newest = await self._newest(submission)
        if newest.is_taken_in or newest.batch_id is not None:
            return newest
        api, _ = await self._calls()
        since, others = submission.submitted_at, self._others(submission)
        reply = await api.find(connection, key, submission.requests, since, LOST, others)
        newest = await self._newest(submission)
        if newest.is_taken_in or newest.batch_id is not None:
            return newest  # Whoever found it meanwhile, or gave it up: that is never undone.
        noted = await self._noted(newest, reply)
        return reply if isinstance(reply, Unsure) else noted

    async def _newest(self, submission: Submission) -> Submission:
        place = submission.visitor, submission.submission_id
        stored = await asyncio.to_thread(self._store.get, *place)
        return stored if isinstance(stored, Submission) else submission


def _all(parts: Sequence[tuple[NewBatch, Sequence[Wanted]]]) -> list[Wanted]:
    return [request for _, wanted in parts for request in wanted]
