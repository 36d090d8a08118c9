"""One attempt at one call of the Message Batches API, and what its JSON says.

Results are fetched from the documented path at the connection's own address: the `results_url` of a
reply could name any host, and the key would go there.
"""

from dataclasses import fields
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from functools import partial
from typing import Literal
from urllib.parse import quote

import anthropic
import httpx2

from playground.claude.clients import Clients, extra_headers
from playground.claude.errors import failure_of, failure_without_key
from playground.core.answer.failures import Failure
from playground.core.batch.batch import Batch, BatchStatus, Counts
from playground.core.request.connection import Connection, key_problem
from playground.core.text.json_text import JsonObject

PATH = "/v1/messages/batches"
CALL_TIMEOUT_S = 30.0
# The 256 MB of the largest batch take minutes on a slow line.
UPLOAD_TIMEOUT_S = 600.0
# A larger count is nonsense, and does not fit into a 32-bit column.
MOST_COUNTED = 10**9
LONGEST_ID = 1_000
EXPIRES_AFTER = timedelta(hours=24)

Method = Literal["get", "post"]
_STATUSES: tuple[BatchStatus, ...] = ("in_progress", "canceling", "ended")


def path_of(batch_id: str, what: Literal["", "/cancel", "/results"] = "") -> str:
    """The path of a batch, whatever characters a server put into its id."""
    return f"{PATH}/{quote(batch_id, safe='')}{what}"


def page_path(limit: int, after: str) -> str:
    """The path of the page of the list that follows a batch."""
    return f"{PATH}?limit={limit}" + (f"&after_id={quote(after, safe='')}" if after else "")


async def ask(
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
        failure = failure_of(error, "possibly", datetime.now(UTC))
        return failure_without_key(failure, key)
    return reply if isinstance(reply, dict) else _not_the_api()


def as_batch(found: JsonObject | Failure) -> Batch | Failure:
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
    return min(value, MOST_COUNTED) if isinstance(value, int) and value > 0 else 0


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
