"""Sends a request, retries by the policy, and yields what happens as events.

No exception leaves `send` but the cancellation that stops it.
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

from playground.claude.clients import Clients, extra_headers
from playground.claude.errors import failure_of, failure_without_key, without_key
from playground.claude.stream import Answer, AnswerFailed, read
from playground.core.connection import Connection, key_problem
from playground.core.events import (
    Accepted,
    AttemptFailed,
    Connecting,
    Event,
    Finished,
    TextDelta,
    ThinkingDelta,
)
from playground.core.failures import Failure
from playground.core.retry import RetryPolicy, verdict
from playground.core.wire import Wire


@dataclass(frozen=True)
class Timing:
    """Time and chance, so that tests can be both."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic_s: Callable[[], float] = monotonic
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    jitter: Callable[[], float] = random.random


class _Again(Exception):
    """Tells tenacity to try again after `wait_s`; never leaves this module."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


def _wait_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.wait_s if isinstance(error, _Again) else 0.0


async def send(
    clients: Clients,
    connection: Connection,
    key: str,
    wire: Wire,
    policy: RetryPolicy,
    timing: Timing,
) -> AsyncGenerator[Event, None]:
    """Run one request to its end: `Finished`, or `AttemptFailed` without a wait."""
    began_s = timing.monotonic_s()
    was_shown = False
    tries = AsyncRetrying(
        retry=retry_if_exception_type(_Again),
        wait=_wait_s,
        stop=stop_never,
        sleep=timing.sleep,
        reraise=True,
    )
    async for attempt in tries:
        number = attempt.retry_state.attempt_number
        yield Connecting(number)
        failure: Failure | None = None
        async for event in _attempt(clients, connection, key, wire, number, timing):
            if isinstance(event, Failure):
                failure = event
                continue
            was_shown = was_shown or isinstance(event, TextDelta | ThinkingDelta)
            yield event
        if failure is None:
            return
        decision = verdict(
            policy,
            failure,
            attempt=number,
            elapsed_s=timing.monotonic_s() - began_s,
            was_shown=was_shown,
            jitter=timing.jitter(),
        )
        yield AttemptFailed(number, failure, decision.wait_s, decision.why)
        if decision.wait_s is None:
            return
        # Only the raise stands inside: tenacity would swallow a cancellation too.
        with attempt:
            raise _Again(decision.wait_s)


async def _attempt(
    clients: Clients, connection: Connection, key: str, wire: Wire, number: int, timing: Timing
) -> AsyncGenerator[Event | Failure, None]:
    """One attempt: its events, and last its failure if it has one."""
    if key and key_problem(key):
        yield Failure("bad_key")
        return
    answer: Answer | None = None
    response: httpx2.Response | None = None
    try:
        client = clients.client(connection, key)
        response = await _open(client, connection, key, wire, number)
        request_id = response.headers.get("request-id")
        answer = Answer(request_id)
        yield Accepted(response.status_code, without_key(request_id, key))
        async for event in read(response, answer):
            yield _without_key(event, key) if isinstance(event, Finished) else event
    except AnswerFailed as error:
        yield failure_without_key(error.failure, key)
    except Exception as error:
        has_begun = answer is not None and answer.has_begun
        failure = failure_of(error, has_begun=has_begun, now=timing.now())
        yield failure_without_key(failure, key)
    finally:
        if response is not None:
            await response.aclose()


def _without_key(finished: Finished, key: str) -> Finished:
    return Finished(
        without_key(finished.stop_reason, key),
        without_key(finished.stop_sequence, key),
        without_key(finished.detail, key),
    )


async def _open(
    client: anthropic.AsyncAnthropic, connection: Connection, key: str, wire: Wire, number: int
) -> httpx2.Response:
    # `post` rather than `messages.create`: what the wire says is what goes out, whole.
    stream = await client.post(
        "/v1/messages",
        body=dict(wire.body),
        cast_to=object,
        options={"headers": {**wire.headers, **extra_headers(connection, key, number)}},
        stream=True,
        stream_cls=anthropic.AsyncStream[object],
    )
    return stream.response
