"""Reads the results of a batch as they arrive, a line at a time and never all at once."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import get_args

import httpx2

from playground.claude.answer import Answer, AnswerFailed, message_events
from playground.claude.batch.batches import BatchApi, open_results
from playground.claude.errors import call_failure, failure_in_result, failure_without_key
from playground.claude.masking import EventMask
from playground.core.answer.events import Finished, Reported
from playground.core.answer.failures import Billed, Failure
from playground.core.answer.folding import Content, Folding
from playground.core.batch.batch import BatchResult, ResultKind
from playground.core.batch.batch_split import CUSTOM_ID, MAX_REQUESTS
from playground.core.request.connection import Connection, key_problem
from playground.core.text.json_text import JsonObject

LONGEST_LINE = 32_000_000
"""No answer is that long: a longer line is no result."""
# Ids that never end would be read, and remembered, without end.
MAX_LINES = 2 * MAX_REQUESTS


@dataclass(frozen=True, slots=True)
class _Broken:
    """The results broke off."""

    failure: Failure


async def results(
    api: BatchApi, connection: Connection, key: str, batch_id: str
) -> AsyncGenerator[BatchResult | Failure, None]:
    """Every result of a batch that has ended, in any order.

    A damaged line becomes a Failure `undecodable`, and reading goes on. After a broken connection
    the policy retries, and no result comes twice because of it. Any other Failure comes last.
    """
    if key and key_problem(key):
        yield Failure("bad_key")
        return
    seen_ids: set[str] = set()
    number, began_s = 1, api.timing.monotonic_s()
    while True:
        # Each attempt begins with the first result: those that have come already are passed over.
        earlier_ids = frozenset(seen_ids)
        failure: Failure | None = None
        async with aclosing(_once(api, connection, key, batch_id, number)) as incoming:
            async for result in incoming:
                if isinstance(result, _Broken):
                    failure = result.failure
                elif isinstance(result, Failure):
                    yield result
                elif result.custom_id not in earlier_ids:
                    seen_ids.add(result.custom_id)
                    yield result
        if failure is None:
            return
        if len(seen_ids) > len(earlier_ids):
            number, began_s = 1, api.timing.monotonic_s()  # It went on: patience begins anew.
        # What was there a moment ago can be "not found" for another (SDK issue 1432).
        is_gone = failure.kind == "not_found"
        judged = replace(failure, kind="server_error") if is_gone else failure
        wait_s = api.wait_s(judged, number, began_s)
        if wait_s is None:
            yield failure
            return
        await api.timing.sleep(wait_s)
        number += 1


async def _once(
    api: BatchApi, connection: Connection, key: str, batch_id: str, number: int
) -> AsyncGenerator[BatchResult | Failure | _Broken, None]:
    response: httpx2.Response | None = None
    try:
        response = await open_results(api.clients, connection, key, number, batch_id)
        # A page has lines, too: each would be a damaged result.
        if "html" in response.headers.get("content-type", ""):
            yield _Broken(Failure("not_the_api", http_status=response.status_code))
            return
        lines = 0
        async for line, is_last in _lines(response.aiter_bytes()):
            lines += 1
            if lines > MAX_LINES:
                yield _Broken(Failure("not_the_api", "The reply does not end."))
                return
            result = result_of(line, key)
            # Half a line: the connection broke, and what is missing can be fetched.
            if result is None and is_last:
                yield _Broken(Failure("truncated"))
                return
            yield result or Failure("undecodable", "A damaged line among the results.")
    except Exception as error:
        # Results that were being read are of answers that are paid for.
        lost: Billed = "possibly" if response is None else "partly"
        yield _Broken(call_failure(error, key, lost))
    finally:
        if response is not None:
            await response.aclose()


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncGenerator[tuple[bytes, bool], None]:
    """Lines that are not blank, and whether a line is the unterminated last one."""
    pending: list[bytes] = []
    size = 0
    async for piece in pieces:
        *whole_lines, rest = piece.split(b"\n")
        for line in whole_lines:
            complete = b"".join((*pending, line)).strip()
            pending, size = [], 0
            if complete:
                yield complete, False
        # Joined only once its end has come: adding to a growing line takes quadratic time.
        pending.append(rest)
        size += len(rest)
        if size > LONGEST_LINE:
            raise ValueError("a line without an end")
    complete = b"".join(pending).strip()
    if complete:
        yield complete, True


def result_of(line: bytes, key: str) -> BatchResult | None:
    """One line of results; None if it is not one."""
    try:
        row = json.loads(line)
        custom_id, result = row["custom_id"], row["result"]
        kind = result["type"]
        if not CUSTOM_ID.fullmatch(custom_id) or kind not in get_args(ResultKind):
            return None
        if kind == "succeeded":
            return _succeeded(custom_id, result["message"], key)
    except (ValueError, TypeError, KeyError, RecursionError, AnswerFailed):
        return None
    if kind == "errored":
        failure = failure_without_key(failure_in_result(result.get("error")), key)
        return BatchResult(custom_id, kind, failure=failure)
    return BatchResult(custom_id, kind, failure=Failure("expired") if kind == "expired" else None)


def _succeeded(custom_id: str, message: JsonObject, key: str) -> BatchResult:
    answer, mask, content = Answer(None), EventMask(key), Folding()
    finished, usage = Finished(None), None
    for raw_event in message_events(message, answer):
        for event in mask.feed(raw_event):
            if isinstance(event, Content):
                content.fold(event)
            elif isinstance(event, Reported):
                usage = event.usage
            elif isinstance(event, Finished):
                finished = event
    return BatchResult(
        custom_id,
        "succeeded",
        blocks=content.read(),
        # Without a report the cost is unknown, not 0.
        usage=usage,
        stop_reason=finished.stop_reason,
        stop_sequence=finished.stop_sequence,
        stop_detail=finished.detail,
        refusal=finished.refusal,
    )
