"""The Message Batches API in process: requests are kept, and answered when their results are
fetched, each time with the same words.

A batch advances by the clock alone: no task waits for it, and it is gone with the process.
"""

import asyncio
import json
import random
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from playground.claude.demo.faults import SERVER_ERROR, ApiError, Scenario, invalid
from playground.claude.demo.listing import Query, page_of
from playground.claude.demo.rules import broken_batch, check_in_batch
from playground.core.text.json_text import JsonObject

BATCH_S = 4.0
"""How long a batch takes, whatever is in it."""
CANCEL_S = 0.5
EXPIRES_AFTER = timedelta(hours=24)
MAX_BATCHES = 20
MAX_BYTES = 64_000_000
"""Of all kept batches together; the newest is kept whatever its size."""
# Checking 100,000 requests in one go would hold up every stream on the loop.
CHECKED_AT_ONCE = 50
FAULTS = ("errored", "expired", "canceled")
"""What the scenario makes of the first requests of a batch."""

Write = Callable[[JsonObject, Scenario, random.Random], Awaitable[JsonObject]]
"""Writes the message that answers a body the rules allow."""


@dataclass
class StoredBatch:
    """One batch: what was asked, and when it ends."""

    batch_id: str
    version: str | None
    scenario: Scenario
    requests: Sequence[tuple[str, JsonObject]]
    size: int
    created_at: datetime
    ends_at: datetime
    canceled_at: datetime | None = None
    tally: Counter[str] = field(default_factory=Counter)

    def status(self, now: datetime) -> str:
        if now >= self.ends_at:
            return "ended"
        return "canceling" if self.canceled_at else "in_progress"

    def fault(self, index: int, batch_s: float) -> str | None:
        """What keeps a request from its turn, if anything does."""
        if self.scenario.spoils_batches and index < len(FAULTS):
            return FAULTS[index]
        turn = self.created_at + timedelta(seconds=batch_s) * ((index + 1) / len(self.requests))
        return "canceled" if self.canceled_at and turn > self.canceled_at else None


class Batches:
    """Keeps the latest batches, as long as the process lives and memory is bounded."""

    def __init__(
        self, write: Write, now: Callable[[], datetime], rng: random.Random, batch_s: float
    ) -> None:
        self._write, self._now, self._rng, self._batch_s = write, now, rng, batch_s
        self._stored: OrderedDict[str, StoredBatch] = OrderedDict()

    def create(
        self, body: object, version: str | None, scenario: Scenario, size: int
    ) -> StoredBatch | ApiError:
        """`POST /v1/messages/batches`."""
        requests = broken_batch(version, body)
        if isinstance(requests, ApiError):
            return requests
        now = self._now()
        stored = StoredBatch(
            batch_id=f"msgbatch_demo_{self._rng.getrandbits(96):024x}",
            version=version,
            # Nothing is streamed in a batch, so nothing can break in mid-stream.
            scenario=replace(scenario, breaks=None, silence_s=0.0),
            requests=requests,
            size=size,
            created_at=now,
            ends_at=now + timedelta(seconds=self._batch_s),
        )
        self._stored[stored.batch_id] = stored
        while len(self._stored) > 1 and (
            len(self._stored) > MAX_BATCHES
            or sum(batch.size for batch in self._stored.values()) > MAX_BYTES
        ):
            self._stored.popitem(last=False)
        return stored

    def find(self, batch_id: str) -> StoredBatch | ApiError:
        """`GET /v1/messages/batches/{id}`."""
        stored = self._stored.get(batch_id)
        return stored or ApiError(404, "not_found_error", f"Batch {batch_id[:80]} not found")

    def cancel(self, batch_id: str) -> StoredBatch | ApiError:
        """`POST …/cancel`: requests that had their turn stay answered, and a batch that has ended
        stays as it is."""
        stored, now = self.find(batch_id), self._now()
        if not isinstance(stored, ApiError) and stored.status(now) == "in_progress":
            stored.canceled_at = now
            stored.ends_at = min(stored.ends_at, now + timedelta(seconds=CANCEL_S))
        return stored

    async def page(self, query: Query, host: str) -> JsonObject | ApiError:
        """`GET /v1/messages/batches`, newest first."""
        page = page_of(list(reversed(self._stored)), query, "batch")
        if isinstance(page, ApiError):
            return page
        ids, around = page
        described = [await self.described(self._stored[batch_id], host) for batch_id in ids]
        return {"data": described, **around}

    async def described(self, stored: StoredBatch, host: str) -> JsonObject:
        """A batch in the words of the API. Until it has ended, all requests count as processing."""
        status = stored.status(self._now())
        has_ended = status == "ended"
        if has_ended and not stored.tally:
            await self._count(stored)
        counts = {kind: stored.tally[kind] for kind in ("succeeded", *FAULTS)}
        url = f"http://{host}/v1/messages/batches/{stored.batch_id}/results"
        return {
            "id": stored.batch_id,
            "type": "message_batch",
            "processing_status": status,
            "request_counts": {"processing": 0 if has_ended else len(stored.requests), **counts},
            "created_at": _stamp(stored.created_at),
            "expires_at": _stamp(stored.created_at + EXPIRES_AFTER),
            "ended_at": _stamp(stored.ends_at) if has_ended else None,
            "cancel_initiated_at": _stamp(stored.canceled_at),
            "archived_at": None,
            "results_url": url if has_ended else None,
        }

    def results(self, batch_id: str) -> AsyncGenerator[bytes, None] | ApiError:
        """`GET …/results`: JSON lines, not in the order of the requests."""
        stored = self.find(batch_id)
        if isinstance(stored, ApiError):
            return stored
        if stored.status(self._now()) != "ended":
            return invalid(f"Batch {batch_id[:80]} has no results: it has not ended.")
        return self._lines(stored)

    async def _lines(self, stored: StoredBatch) -> AsyncGenerator[bytes, None]:
        order = list(range(len(stored.requests)))
        # The API promises no order: whoever relies on one finds out here.
        random.Random(stored.batch_id).shuffle(order)  # noqa: S311 (a toy)
        for index in order:
            custom_id = stored.requests[index][0]
            line = {"custom_id": custom_id, "result": await self._result(stored, index)}
            # Lone surrogates are valid in JSON text but not in UTF-8.
            yield json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"

    async def _result(self, stored: StoredBatch, index: int) -> JsonObject:
        fault = stored.fault(index, self._batch_s)
        error = SERVER_ERROR if fault == "errored" else None
        if fault and not error:
            return {"type": fault}
        custom_id, params = stored.requests[index]
        rng = random.Random(f"{stored.batch_id}/{custom_id}")  # noqa: S311 (a toy)
        # By the rules of its first day: results are the same whenever they are fetched.
        error = error or check_in_batch(stored.version, params, stored.created_at.date())
        if error is not None:
            body = error.body(f"req_demo_{rng.getrandbits(96):024x}")
            return {"type": "errored", "error": body}
        return {"type": "succeeded", "message": await self._write(params, stored.scenario, rng)}

    async def _count(self, stored: StoredBatch) -> None:
        tally: Counter[str] = Counter()
        for index, (_, params) in enumerate(stored.requests):
            if index % CHECKED_AT_ONCE == 0:
                await asyncio.sleep(0)
            fault = stored.fault(index, self._batch_s)
            wrong = check_in_batch(stored.version, params, stored.created_at.date())
            tally[fault or ("errored" if wrong else "succeeded")] += 1
        stored.tally = tally


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
