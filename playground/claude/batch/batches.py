"""The calls of the Message Batches API: create, find, list, cancel, follow.

Each takes the key for that call alone, and gives a value or a `Failure`, never an exception.
Results are fetched from the documented path at the connection's own address: the `results_url` of a
reply could name any host, and the key would go there.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, fields
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from functools import partial
from typing import Literal
from urllib.parse import quote

import anthropic
import httpx2

from playground.claude.errors import call_failure
from playground.claude.sending import Clients, Timing, extra_headers
from playground.core.answer.failures import Failure
from playground.core.answer.retry import RetryPolicy, retry_decision
from playground.core.batch.batch import (
    ARRIVES_WITHIN,
    Batch,
    BatchStatus,
    Counts,
    OtherBatchIds,
    Poll,
    UncertainSubmission,
)
from playground.core.batch.batch_split import NewBatch
from playground.core.request.connection import Connection, key_problem
from playground.core.text.json_text import JsonObject

PATH = "/v1/messages/batches"
CALL_TIMEOUT_S = 30.0
# The 256 MB of the largest batch take minutes on a slow line.
UPLOAD_TIMEOUT_S = 600.0
# A larger count is nonsense, and does not fit into a 32-bit column.
MAX_COUNTED = 10**9
LONGEST_ID = 1_000
EXPIRES_AFTER = timedelta(hours=24)

Method = Literal["get", "post"]
_STATUSES: tuple[BatchStatus, ...] = ("in_progress", "canceling", "ended")
# The largest page that the API gives.
MAX_LISTED = 1000
CLOCK_SKEW = timedelta(minutes=2)
"""How far the API's clock may be from this machine's."""
SEARCH_WAITS_S = (1.0, 4.0, 10.0)
"""When to look for a batch whose reply was lost: the list may lag behind."""
# A small batch is done in seconds, a large one within the hour.
FIRST_LOOK_S, LONGEST_LOOK_S, LOOK_GROWTH = 1.0, 60.0, 1.5
PATIENCE_S = 600.0
"""A batch is sometimes "not found" for a while after it was created (SDK issue 1432)."""


@dataclass(frozen=True)
class BatchApi:
    """The calls and how patiently they are made. Lives on the event loop; holds no key."""

    clients: Clients
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    timing: Timing = field(default_factory=Timing)

    async def create(
        self, connection: Connection, key: str, new: NewBatch, other_batch_ids: OtherBatchIds
    ) -> Batch | Failure | UncertainSubmission:
        """Submit a batch, at most once. `other_batch_ids` is asked if the reply is lost."""
        began = self.timing.now()
        try:
            # In a thread: a batch can have 256 MB, and all streams share this loop.
            body = await asyncio.to_thread(new.encoded)
        except (ValueError, TypeError):
            return Failure("invalid_request", "The batch contains something that is not JSON.")
        # Repeated only where it certainly did nothing: the API has no idempotency key, and a second
        # batch would be paid for as well.
        outcome = batch_or_failure(
            await self._call_with_retries(
                connection, key, "post", PATH, new.headers, body, _was_refused
            )
        )
        if isinstance(outcome, Batch) or not _may_be_submitted(outcome):
            return outcome
        return await self.find(connection, key, len(new.requests), began, outcome, other_batch_ids)

    async def find(
        self,
        connection: Connection,
        key: str,
        requests: int,
        since: datetime,
        lost: Failure,
        other_batch_ids: OtherBatchIds,
    ) -> Batch | UncertainSubmission:
        """Look for a batch that may have been submitted after `since`. Only a single batch with as
        many requests from that time counts as found; anything else is uncertain."""
        candidates: tuple[Batch, ...] = ()
        for wait_s in SEARCH_WAITS_S:
            await self.timing.sleep(wait_s)
            listed = await self.list_batches(connection, key, since - CLOCK_SKEW)
            if isinstance(listed, Failure):
                continue
            # Read after the list: the batch of any other submission in it was recorded before.
            known_ids = await other_batch_ids()
            candidates = tuple(
                batch
                for batch in listed
                if batch.counts.total == requests
                # A later one is another submission, however alike.
                and batch.created_at <= since + ARRIVES_WITHIN
                and batch.batch_id not in (known_ids or ())
            )
            if len(candidates) == 1 and known_ids is not None:
                return candidates[0]
        return UncertainSubmission(lost, candidates)

    async def retrieve(self, connection: Connection, key: str, batch_id: str) -> Batch | Failure:
        """The state of a batch."""
        return batch_or_failure(
            await self._call_with_retries(connection, key, "get", path_of(batch_id))
        )

    async def cancel(self, connection: Connection, key: str, batch_id: str) -> Batch | Failure:
        """Ask for a batch to be canceled; requests under way may still be answered and billed."""
        return batch_or_failure(
            await self._call_with_retries(connection, key, "post", path_of(batch_id, "/cancel"))
        )

    async def list_batches(
        self, connection: Connection, key: str, since: datetime
    ) -> tuple[Batch, ...] | Failure:
        """The batches of the key's workspace that are no older, newest first."""
        batches: list[Batch] = []
        after = ""
        while len(batches) < MAX_LISTED:
            page = await self._page(connection, key, after)
            if isinstance(page, Failure):
                return page
            rows, has_more = page
            for batch in rows:
                if batch.created_at < since:
                    return tuple(batches)
                batches.append(batch)
            if not rows or not has_more:
                break
            after = rows[-1].batch_id
        return tuple(batches)

    async def follow(
        self, connection: Connection, key: str, batch_id: str, longest_s: float = LONGEST_LOOK_S
    ) -> AsyncGenerator[Poll, None]:
        """Poll a batch at growing intervals until it has ended. Failures that may pass (a lost
        connection, an overload) do not end it."""
        wait_s = FIRST_LOOK_S
        missed_s = 0.0
        while True:
            outcome = await self.retrieve(connection, key, batch_id)
            if isinstance(outcome, Batch):
                missed_s = 0.0
                if outcome.has_ended:
                    yield Poll(batch=outcome)
                    return
                yield Poll(batch=outcome, wait_s=wait_s)
            else:
                # Whatever the server says of this look: a later one is not the same request again.
                is_transient = outcome.is_transient or (
                    outcome.kind == "not_found" and missed_s < PATIENCE_S
                )
                yield Poll(failure=outcome, wait_s=wait_s if is_transient else None)
                if not is_transient:
                    return
                missed_s += wait_s
            await self.timing.sleep(wait_s)
            wait_s = min(longest_s, wait_s * LOOK_GROWTH)

    async def _page(
        self, connection: Connection, key: str, after: str
    ) -> tuple[list[Batch], bool] | Failure:
        page = await self._call_with_retries(connection, key, "get", page_path(MAX_LISTED, after))
        if isinstance(page, Failure):
            return page
        rows = page.get("data")
        if not isinstance(rows, list):
            return Failure("not_the_api")
        # If a row is no batch, the last id may not be that of the page, and going on from it could
        # repeat rows.
        batches = [batch for row in rows if (batch := batch_of(row)) is not None]
        return batches, page.get("has_more") is True and len(batches) == len(rows)

    async def _call_with_retries(
        self,
        connection: Connection,
        key: str,
        method: Method,
        path: str,
        headers: JsonObject | None = None,
        body: bytes | None = None,
        may_repeat: Callable[[Failure], bool] = lambda _: True,
    ) -> JsonObject | Failure:
        """A call's answer; it is retried by the policy where repeating does no harm."""
        began_s = self.timing.monotonic_s()
        number = 1
        while True:
            outcome = await call_once(
                self.clients, connection, key, number, method, path, headers, body
            )
            if not isinstance(outcome, Failure) or not may_repeat(outcome):
                return outcome
            wait_s = self.wait_s(outcome, number, began_s)
            if wait_s is None:
                return outcome
            await self.timing.sleep(wait_s)
            number += 1

    def wait_s(self, failure: Failure, number: int, began_s: float) -> float | None:
        """The wait after attempt `number` of a call that began at `began_s`; None: no retry."""
        return retry_decision(
            self.policy,
            failure,
            attempt=number,
            elapsed_s=self.timing.monotonic_s() - began_s,
            has_begun=False,
            jitter=self.timing.jitter(),
        ).wait_s


def _was_refused(failure: Failure) -> bool:
    """Whether a submission certainly had no effect: it never arrived, or was rejected."""
    if failure.http_status is None:
        return failure.billed == "no"
    return failure.kind in ("rate_limit", "overloaded")


def _may_be_submitted(failure: Failure) -> bool:
    if failure.http_status is None:
        return failure.billed != "no"
    # A status of success: it arrived, though its reply cannot be read.
    return failure.kind in ("server_error", "gateway", "timeout") or failure.http_status < 300


def path_of(batch_id: str, what: Literal["", "/cancel", "/results"] = "") -> str:
    """The path of a batch, whatever characters a server put into its id."""
    return f"{PATH}/{quote(batch_id, safe='')}{what}"


def page_path(limit: int, after: str) -> str:
    """The path of the page of the list that follows a batch."""
    return f"{PATH}?limit={limit}" + (f"&after_id={quote(after, safe='')}" if after else "")


async def call_once(
    clients: Clients,
    connection: Connection,
    key: str,
    number: int,
    method: Method,
    path: str,
    headers: JsonObject | None = None,
    body: bytes | None = None,
) -> JsonObject | Failure:
    """Attempt `number` at a call that answers with a JSON object."""
    if key and key_problem(key):
        return Failure("bad_key")
    # Encoded by us, a request at a time: the SDK would hold the loop for a whole batch.
    kind = {} if body is None else {"content-type": "application/json"}
    all_headers = {**kind, **(headers or {}), **extra_headers(connection, key, number)}
    timeout_s = CALL_TIMEOUT_S if body is None else UPLOAD_TIMEOUT_S
    try:
        client = clients.client(connection, key).with_options(timeout=timeout_s)
        call = client.get if method == "get" else partial(client.post, content=body)
        reply: object = await call(path, cast_to=object, options={"headers": all_headers})
    except Exception as error:
        return call_failure(error, key)
    return reply if isinstance(reply, dict) else _not_the_api()


def batch_or_failure(found: JsonObject | Failure) -> Batch | Failure:
    """The batch that a call answered with."""
    return found if isinstance(found, Failure) else batch_of(found) or _not_the_api()


async def open_results(
    clients: Clients, connection: Connection, key: str, number: int, batch_id: str
) -> httpx2.Response:
    """The response whose body is the results, not yet read. Raises what the SDK raises."""
    stream = await clients.client(connection, key).get(
        path_of(batch_id, "/results"),
        cast_to=object,
        options={
            # As the SDK asks for results.
            "headers": {"accept": "application/binary", **extra_headers(connection, key, number)}
        },
        stream=True,
        stream_cls=anthropic.AsyncStream[object],
    )
    return stream.response


def batch_of(row: object) -> Batch | None:
    """A batch from the API's JSON; None if it is not one."""
    if not isinstance(row, dict) or row.get("processing_status") not in _STATUSES:
        return None
    created_at, batch_id, counts = _moment(row.get("created_at")), row.get("id"), _counts(row)
    if not isinstance(batch_id, str) or counts is None or created_at is None:
        return None
    # It goes into paths, which cannot hold a lone surrogate.
    if not 0 < len(batch_id) <= LONGEST_ID or not batch_id.isprintable():
        return None
    return Batch(
        batch_id=batch_id,
        status=row["processing_status"],
        counts=counts,
        created_at=created_at,
        expires_at=_moment(row.get("expires_at")) or created_at + EXPIRES_AFTER,
        ended_at=_moment(row.get("ended_at")),
        is_archived=isinstance(row.get("archived_at"), str),
    )


def _counts(row: JsonObject) -> Counts | None:
    counts = row.get("request_counts")
    if not isinstance(counts, dict):
        return None
    return Counts(*(_count(counts.get(field.name)) for field in fields(Counts)))


def _not_the_api() -> Failure:
    return Failure("not_the_api", billed="possibly")


def _count(value: object) -> int:
    return min(value, MAX_COUNTED) if isinstance(value, int) and value > 0 else 0


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        moment = parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # A change of zone overflows at the ends of the calendar.
        return None
    # Clear of both ends of the calendar, so that times can be added to it.
    return moment if MINYEAR < moment.year < MAXYEAR else None
