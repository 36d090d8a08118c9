"""Follows batches until they end and records their results in the log, each exactly once.

Only the call that uses a key holds it. Following ends soon after the page that requested it was
last seen, and can be resumed at any time.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from playground.batches.collecting import collect_results
from playground.batches.interfaces import FollowedBatch, LoadApi, Log, RunOnLoop, Store
from playground.core.answer.failures import Failure
from playground.core.batch.batch import BatchResult, sentence_of
from playground.core.batch.submission import Submission, to_row
from playground.core.request.connection import Connection
from playground.core.text.refusal import Refusal
from playground.experiments.claims import ELSEWHERE, Claims

CLAIM_RETRY_S = 1.0
"""How often to check whether another process has collected the results, or died doing so."""
GRACE_S = 120.0
"""How long a page may be unseen before its batches are no longer polled."""
# The log writes when it can. What is not on the disk by then is fetched once more: the API
# keeps results for 29 days.
SAVED_WITHIN_S = 30.0
MAX_REMEMBERED = 200
"""Batches that are no longer followed, whose outcome the page can still read."""


class ResultsNotSavedError(Exception):
    """The log cannot record results now; the API keeps them for 29 days."""


class Follower:
    """The batches that are followed in this process, of all visitors."""

    def __init__(
        self,
        run_on_loop: RunOnLoop,
        log: Log,
        store: Store,
        load_api: LoadApi,
        claims: Claims,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run_on_loop, self._log, self._store, self._load_api = (
            run_on_loop,
            log,
            store,
            load_api,
        )
        self._claims, self._monotonic_s = claims, monotonic_s
        self._followed: dict[tuple[str, str], FollowedBatch] = {}

    def follow(
        self, submission: Submission, connection: Connection, key: str, *, again: bool = False
    ) -> FollowedBatch:
        """Follow a batch until its results are in the log. Called on every rerun: a batch that
        is already followed stays so, and after a problem only `again` restarts it."""
        place = submission.visitor, submission.submission_id
        followed = self._followed.get(place)
        # After a problem only a press begins anew: otherwise each rerun would ask the API again
        # for what it has refused.
        if followed is not None and not (followed.is_over and (again or not followed.is_settled)):
            followed.seen_s = self._monotonic_s()
            return followed
        followed = FollowedBatch(submission, self._monotonic_s())
        # Removed first, so that it moves to the end: the oldest are forgotten first.
        self._followed.pop(place, None)
        self._followed[place] = followed
        self._drop_oldest()
        followed.work = self._run_on_loop(self._follow_or_report(followed, connection, key))
        return followed

    def _drop_oldest(self) -> None:
        over = [place for place, followed in list(self._followed.items()) if followed.is_over]
        for place in over[:-MAX_REMEMBERED]:
            self._followed.pop(place, None)

    def stop(self, submission: Submission) -> None:
        """Stop following a batch; the batch itself continues."""
        followed = self._followed.get((submission.visitor, submission.submission_id))
        if followed is not None and followed.work is not None:
            followed.work.cancel()

    async def collect(
        self,
        followed: FollowedBatch,
        connection: Connection,
        results: AsyncGenerator[BatchResult | Failure, None],
    ) -> None:
        """Record results in the log. Safe to repeat after a crash, one row for each run: a
        planned request is forgotten only once its run is on disk."""
        submission = followed.submission
        place = submission.visitor, submission.submission_id
        expected_ids = await asyncio.to_thread(self._store.waiting_ids, *place)

        async def save(chunk: Sequence[BatchResult]) -> None:
            await asyncio.to_thread(self._record, submission, connection, chunk)

        try:
            if isinstance(expected_ids, Refusal):
                raise ResultsNotSavedError(expected_ids.sentence)
            followed.collection = await collect_results(results, expected_ids, save)
        except ResultsNotSavedError as error:
            followed.problem = str(error)
            return
        finally:
            # A response left half read would keep its connection.
            await results.aclose()
        if followed.collection.is_whole:
            followed.submission = replace(submission, is_collected=True)
            await asyncio.to_thread(self._store.update, followed.submission)
        elif followed.collection.failure is not None:
            followed.problem = sentence_of(followed.collection.failure)
        else:
            followed.problem = followed.collection.sentence

    def _record(
        self, submission: Submission, connection: Connection, results: Sequence[BatchResult]
    ) -> None:
        place = submission.visitor, submission.submission_id
        ids = [result.custom_id for result in results]
        planned = self._store.planned_requests(*place, ids)
        if isinstance(planned, Refusal):
            raise ResultsNotSavedError(planned.sentence)
        for result in results:
            # Killed and repeated, a chunk comes twice: what is no longer asked is in the log.
            if result.custom_id in planned:
                self._log.record(*to_row(planned[result.custom_id], result, submission, connection))
        # Also keeps memory bounded: the next results wait until these are on the disk.
        saved = self._log.flush_runs(submission.visitor, ids, SAVED_WITHIN_S)
        refused = self._store.forget_requests(*place, saved)
        if refused is not None:
            raise ResultsNotSavedError(refused.sentence)
        if len(saved) < len(set(ids)):
            raise ResultsNotSavedError(
                "The results cannot be logged just now. They are kept for 29 days."
            )

    async def _follow_or_report(
        self, followed: FollowedBatch, connection: Connection, key: str
    ) -> None:
        try:
            await self._follow(followed, connection, key)
        except Exception as error:
            # Its text could hold a header; and without an end the page would begin anew.
            logging.getLogger(__name__).error("following broke: %s", type(error).__name__)
            followed.problem = Failure("internal", type(error).__name__).sentence

    async def _follow(self, followed: FollowedBatch, connection: Connection, key: str) -> None:
        submission = followed.submission
        if submission.is_collected:
            return
        if submission.batch_id is None:
            followed.problem = "It is not known which batch this is. Look for it first."
            return
        api, results = await self._load_api()
        async with aclosing(api.follow(connection, key, submission.batch_id)) as polls:
            async for poll in polls:
                followed.poll = poll
                if poll.batch is not None:
                    followed.submission = followed.submission.updated_from(poll.batch)
                    await asyncio.to_thread(self._store.update, followed.submission)
                elif poll.failure is not None and poll.wait_s is None:
                    followed.problem = sentence_of(poll.failure)
                if self._is_unseen(followed):
                    return
        if followed.submission.status == "ended":
            await self._collect_alone(
                followed, connection, lambda batch_id: results(connection, key, batch_id)
            )

    async def _collect_alone(
        self,
        followed: FollowedBatch,
        connection: Connection,
        results: Callable[[str], AsyncGenerator[BatchResult | Failure, None]],
    ) -> None:
        """Collect results, or wait while another process does."""
        submission = followed.submission
        place = submission.visitor, submission.submission_id
        obstacle: Refusal | None = ELSEWHERE
        while obstacle == ELSEWHERE and not self._is_unseen(followed):
            async with self._claims.claim(submission.visitor, submission.claim_name) as obstacle:
                # Another process may have taken everything in while this one waited for the claim.
                newest = await asyncio.to_thread(self._store.get, *place)
                if isinstance(newest, Submission) and newest.is_collected:
                    followed.submission = newest
                    return
                if obstacle is None and submission.batch_id is not None:
                    await self.collect(followed, connection, results(submission.batch_id))
                    return
            await asyncio.sleep(CLAIM_RETRY_S)
        followed.problem = obstacle.sentence if obstacle and obstacle != ELSEWHERE else ""

    def _is_unseen(self, followed: FollowedBatch) -> bool:
        return self._monotonic_s() - followed.seen_s > GRACE_S
