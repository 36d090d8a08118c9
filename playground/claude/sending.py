"""Sends a request, retries by the policy, and yields what happens as events.

No exception leaves `send` except the cancellation that stops it.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

import anthropic
import httpx2
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_never

from playground.claude.clients import Clients, extra_headers, sent_request_var
from playground.claude.errors import failure_of, failure_without_key, without_key
from playground.claude.masking import without_key_in_texts
from playground.claude.recording import recorded_request, recorded_response
from playground.claude.secret import Secret
from playground.claude.stream import Answer, AnswerFailed, Note, read
from playground.claude.stream_limits import Patience, patience
from playground.core.answer.events import (
    Accepted,
    AttemptFailed,
    Connecting,
    Event,
)
from playground.core.answer.failures import Failure
from playground.core.answer.raw_events import RawEvents
from playground.core.answer.retry import RetryPolicy, retry_decision
from playground.core.request.connection import Connection, key_problem
from playground.core.wire.wire import Wire


@dataclass(frozen=True)
class Timing:
    """Time and chance as arguments, so that tests can set both."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic_s: Callable[[], float] = monotonic
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    jitter: Callable[[], float] = random.random


class _RetrySignal(Exception):
    """Tells tenacity to try again after `wait_s`; never leaves this module."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class _AttemptError:
    failure: Failure
    has_begun: bool = False


def _wait_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.wait_s if isinstance(error, _RetrySignal) else 0.0


async def send(
    clients: Clients,
    connection: Connection,
    key: str,
    wire: Wire,
    policy: RetryPolicy,
    timing: Timing,
    raw: RawEvents | None = None,
) -> AsyncGenerator[Event, None]:
    """Run one request to its end: `Finished`, or `AttemptFailed` without a wait.

    What arrives goes into `raw` as it is, except for the key.
    """
    began_s = timing.monotonic_s()
    raw = raw if raw is not None else RawEvents()
    # `retry_decision` alone decides when to stop; tenacity counts and waits.
    tries = AsyncRetrying(
        retry=retry_if_exception_type(_RetrySignal),
        wait=_wait_s,
        stop=stop_never,
        sleep=timing.sleep,
        reraise=True,
    )
    async for attempt in tries:
        number = attempt.retry_state.attempt_number
        yield Connecting(number)
        call_failure: _AttemptError | None = None
        note = raw_event_recorder(raw, number, key, began_s, timing)
        async for event in _attempt(clients, connection, key, wire, number, timing, note):
            if isinstance(event, _AttemptError):
                call_failure = event
                continue
            yield event
        if call_failure is None:
            return
        decision = retry_decision(
            policy,
            call_failure.failure,
            attempt=number,
            elapsed_s=timing.monotonic_s() - began_s,
            has_begun=call_failure.has_begun,
            jitter=timing.jitter(),
        )
        # Before the wait, so that the page can show it while it lasts.
        yield AttemptFailed(
            number, call_failure.failure, decision.wait_s, decision.why, call_failure.has_begun
        )
        if decision.wait_s is None:
            return
        # Only the raise is inside: tenacity would swallow a cancellation, too.
        with attempt:
            raise _RetrySignal(decision.wait_s)


def raw_event_recorder(
    raw: RawEvents, number: int, key: str, began_s: float, timing: Timing
) -> Note:
    """A function that records an attempt's raw events. It runs for every delta, so it does as
    little as possible."""
    monotonic_s, add = timing.monotonic_s, raw.add
    masked = Secret(key).masked

    def note(name: str, data: str) -> None:
        add(number, monotonic_s() - began_s, masked(name), masked(data))

    return note


async def _attempt(
    clients: Clients,
    connection: Connection,
    key: str,
    wire: Wire,
    number: int,
    timing: Timing,
    note: Note,
) -> AsyncGenerator[Event | _AttemptError, None]:
    """One attempt: its events, then its failure if it has one."""
    # Checked before any client sees it: httpx2 refuses such a key with the key in its message.
    if key and key_problem(key):
        yield _AttemptError(Failure("bad_key"))
        return
    answer: Answer | None = None
    sent_request: asyncio.Future[httpx2.Request] = asyncio.get_running_loop().create_future()
    opening = asyncio.create_task(_open(clients, connection, key, wire, number, sent_request))
    try:
        # The request is known before its answer, and is all that is known if none comes.
        await asyncio.wait((sent_request, opening), return_when=asyncio.FIRST_COMPLETED)
        if sent_request.done():
            yield recorded_request(sent_request.result(), key)
        response = await opening
        yield recorded_response(response, key)
        request_id = response.headers.get("request-id")
        answer = Answer(request_id)
        yield Accepted(response.status_code, without_key(request_id, key))
        async for event in without_key_in_texts(read(response, answer, note), key):
            yield event
    except AnswerFailed as error:
        yield _AttemptError(failure_without_key(error.failure, key), _has_begun(answer))
    except Exception as error:
        if isinstance(error, anthropic.APIStatusError):
            yield recorded_response(error.response, key)
            note("", error.response.text)
        # Without a response nobody knows whether the request arrived, and the API has no
        # idempotency key to ask by.
        lost = answer.billed if answer is not None else "possibly"
        failure = failure_of(error, lost, timing.now())
        yield _AttemptError(failure_without_key(failure, key), _has_begun(answer))
    finally:
        await _close(opening)


def _has_begun(answer: Answer | None) -> bool:
    return answer is not None and answer.has_begun


async def _close(opening: "asyncio.Task[httpx2.Response]") -> None:
    """Close what was opened, or stop opening it."""
    if not opening.done():
        opening.cancel()
        # `wait` raises nothing of what the task raises when it is cancelled.
        await asyncio.wait((opening,))
    if not opening.cancelled() and opening.exception() is None:
        await opening.result().aclose()


async def _open(
    clients: Clients,
    connection: Connection,
    key: str,
    wire: Wire,
    number: int,
    sent_request: "asyncio.Future[httpx2.Request]",
) -> httpx2.Response:
    # In this task's own context, where no other run sees them.
    sent_request_var.set(sent_request)
    patience.set(Patience.of(clients.limit_s(connection, wire.body.get("max_tokens"))))
    return await open_stream(clients, connection, key, wire, number)


async def open_stream(
    clients: Clients, connection: Connection, key: str, wire: Wire, number: int
) -> httpx2.Response:
    """Send attempt `number`; return its response, not yet read."""
    client, timeout = clients.client(connection, key), clients.timeout(connection, wire.body)
    options: anthropic.RequestOptions = {
        "headers": {**wire.headers, **extra_headers(connection, key, number)}
    }
    if timeout is not None:
        options["timeout"] = timeout
    # `post` rather than `messages.create`, so that exactly what the wire says goes out.
    stream = await client.post(
        "/v1/messages",
        body=dict(wire.body),
        cast_to=object,
        options=options,
        stream=True,
        stream_cls=anthropic.AsyncStream[object],
    )
    return stream.response
