"""Follows batches until they end and takes their results into the log, each exactly once.

A key is held by the call that uses it, and following ends soon after the page that asked
for it was last seen. Whatever stops it, it can begin anew.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from playground.batches.intake import take_in
from playground.batches.interfaces import Call, Calls, Following, Log, Store
from playground.core.answer.failures import Failure
from playground.core.batch.batch import BatchResult, sentence_of
from playground.core.batch.submission import Submission, to_row
from playground.core.request.connection import Connection
from playground.core.text.refusal import Refusal
from playground.experiments.claims import ELSEWHERE, Claims

LOOK_AGAIN_S = 1.0
"""How soon it is seen that another process has taken results in, or died at it."""
GRACE_S = 120.0
"""How long a page may be unseen before its batches are no longer looked at."""
# The log writes when it can. What is not on the disk by then is fetched once more: the API
# keeps results for 29 days.
SAVED_WITHIN_S = 30.0
MOST_REMEMBERED = 200
"""Batches that are followed no longer, of which the page may still ask how it ended."""


class NotKept(Exception):
    """Results that cannot be logged now; they stay with the API for 29 days."""


class Follower:
    """The batches that are followed in this process, of all visitors."""

    def __init__(
        self,
        call: Call,
        log: Log,
        store: Store,
        calls: Calls,
        claims: Claims,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._call, self._log, self._store, self._calls = call, log, store, calls
        self._claims, self._monotonic_s = claims, monotonic_s
        self._followed: dict[tuple[str, str], Following] = {}

    def follow(
        self, submission: Submission, connection: Connection, key: str, *, again: bool = False
    ) -> Following:
        """Follow a batch until its results are in the log. Called on every rerun: it goes on
        where it is followed, and begins where it is not; after a problem only if `again`."""
        place = submission.visitor, submission.submission_id
        following = self._followed.get(place)
        # After a problem only a press begins anew: otherwise each rerun would ask the API again
        # for what it has refused.
        if following is not None and not (
            following.is_over and (again or not following.is_settled)
        ):
            following.seen_s = self._monotonic_s()
            return following
        following = Following(submission, self._monotonic_s())
        # Removed first, so that it moves to the end: the oldest are forgotten first.
        self._followed.pop(place, None)
        self._followed[place] = following
        self._forget_old()
        following.work = self._call(self._safely(following, connection, key))
        return following

    def _forget_old(self) -> None:
        over = [place for place, following in list(self._followed.items()) if following.is_over]
        for place in over[:-MOST_REMEMBERED]:
            self._followed.pop(place, None)

    def stop(self, submission: Submission) -> None:
        """Follow a batch no longer; the batch itself goes on."""
        following = self._followed.get((submission.visitor, submission.submission_id))
        if following is not None and following.work is not None:
            following.work.cancel()

    async def take(
        self,
        following: Following,
        connection: Connection,
        results: AsyncGenerator[BatchResult | Failure, None],
    ) -> None:
        """Take results into the log. Killed at any moment and repeated, each run is one row:
        what was asked is forgotten only once its run is safe."""
        submission = following.submission
        place = submission.visitor, submission.submission_id
        wanted = await asyncio.to_thread(self._store.waiting_ids, *place)

        async def keep(chunk: Sequence[BatchResult]) -> None:
            await asyncio.to_thread(self._record, submission, connection, chunk)

        try:
            if isinstance(wanted, Refusal):
                raise NotKept(wanted.sentence)
            following.taken = await take_in(results, wanted, keep)
        except NotKept as error:
            following.problem = str(error)
            return
        finally:
            # A response left half read would keep its connection.
            await results.aclose()
        if following.taken.is_whole:
            following.submission = replace(submission, is_taken_in=True)
            await asyncio.to_thread(self._store.note, following.submission)
        elif following.taken.failure is not None:
            following.problem = sentence_of(following.taken.failure)
        else:
            following.problem = following.taken.sentence

    def _record(
        self, submission: Submission, connection: Connection, results: Sequence[BatchResult]
    ) -> None:
        place = submission.visitor, submission.submission_id
        ids = [result.custom_id for result in results]
        planned = self._store.asked(*place, ids)
        if isinstance(planned, Refusal):
            raise NotKept(planned.sentence)
        for result in results:
            # Killed and repeated, a chunk comes twice: what is no longer asked is in the log.
            if result.custom_id in planned:
                self._log.record(*to_row(planned[result.custom_id], result, submission, connection))
        # Also keeps memory bounded: the next results wait until these are on the disk.
        saved = self._log.saved(submission.visitor, ids, SAVED_WITHIN_S)
        refused = self._store.taken_in(*place, saved)
        if refused is not None:
            raise NotKept(refused.sentence)
        if len(saved) < len(set(ids)):
            raise NotKept("The results cannot be logged just now. They are kept for 29 days.")

    async def _safely(self, following: Following, connection: Connection, key: str) -> None:
        try:
            await self._follow(following, connection, key)
        except Exception as error:
            # Its text could hold a header; and without an end the page would begin anew.
            logging.getLogger(__name__).error("following broke: %s", type(error).__name__)
            following.problem = Failure("internal", type(error).__name__).sentence

    async def _follow(self, following: Following, connection: Connection, key: str) -> None:
        submission = following.submission
        if submission.is_taken_in:
            return
        if submission.batch_id is None:
            following.problem = "It is not known which batch this is: look for it first."
            return
        api, results = await self._calls()
        async with aclosing(api.follow(connection, key, submission.batch_id)) as polls:
            async for poll in polls:
                following.poll = poll
                if poll.batch is not None:
                    following.submission = following.submission.seen(poll.batch)
                    await asyncio.to_thread(self._store.note, following.submission)
                elif poll.failure is not None and poll.wait_s is None:
                    following.problem = sentence_of(poll.failure)
                if self._is_unseen(following):
                    return
        if following.submission.status == "ended":
            await self._take_alone(
                following, connection, lambda batch_id: results(connection, key, batch_id)
            )

    async def _take_alone(
        self,
        following: Following,
        connection: Connection,
        results: Callable[[str], AsyncGenerator[BatchResult | Failure, None]],
    ) -> None:
        """Take results into the log, or wait while another process does."""
        submission = following.submission
        place = submission.visitor, submission.submission_id
        obstacle: Refusal | None = ELSEWHERE
        while obstacle == ELSEWHERE and not self._is_unseen(following):
            async with self._claims.claim(submission.visitor, submission.claim_name) as obstacle:
                # Another process may have taken everything in while this one waited for the claim.
                newest = await asyncio.to_thread(self._store.get, *place)
                if isinstance(newest, Submission) and newest.is_taken_in:
                    following.submission = newest
                    return
                if obstacle is None and submission.batch_id is not None:
                    await self.take(following, connection, results(submission.batch_id))
                    return
            await asyncio.sleep(LOOK_AGAIN_S)
        following.problem = obstacle.sentence if obstacle and obstacle != ELSEWHERE else ""

    def _is_unseen(self, following: Following) -> bool:
        return self._monotonic_s() - following.seen_s > GRACE_S
