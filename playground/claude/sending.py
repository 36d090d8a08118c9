"""Sends a request by the client of its connection, retries by the policy, and yields what happens
as events.

A server has one pool of connections, and no key is ever kept in one. No exception leaves `send`
except the cancellation that stops it. Importing the SDK takes about a second, so this module is
imported by the first run or list of models, not by the page.
"""

import asyncio
import os
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import cast

import anthropic
import httpx2
from anthropic._base_client import get_platform
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_never

from playground.claude.answer import Answer, AnswerFailed
from playground.claude.environment import setting_error
from playground.claude.errors import failure_of, failure_without_key, without_key
from playground.claude.masking import without_key_in_texts
from playground.claude.pacing import Pacing
from playground.claude.recording import recorded_request, recorded_response
from playground.claude.secret import Secret
from playground.claude.stream import Note, read
from playground.claude.stream_limits import BoundedClient, Patience, limit_s, patience
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
from playground.core.text.json_text import JsonObject
from playground.core.wire.wire import Wire

# The API pings while it thinks: a minute of silence is a dead connection, which the 600 s of the
# SDK would show as alive for ten minutes.
READ_TIMEOUT_S = 60.0
DEMO_READ_TIMEOUT_S = 20.0
"""Nobody learns more from a minute of silence; the demo never pauses for longer."""
SERVER_READ_TIMEOUT_S = 600.0
"""A server of one's own sends no pings while it reads a long prompt."""

READ_TIMEOUTS_S = {
    "demo": DEMO_READ_TIMEOUT_S,
    "claude": READ_TIMEOUT_S,
    "server": SERVER_READ_TIMEOUT_S,
}
_sent_request_var: ContextVar["asyncio.Future[httpx2.Request] | None"] = ContextVar(
    "sent_request", default=None
)
"""Where a task that sends a request waits to see it go out."""


class Clients:
    """Makes clients on demand; lives on the event loop that uses it.

    `transport` stands in for the network in tests; the demo has its own. `read_timeout_s` replaces
    how long a stream may be silent, `limit_s` how long an attempt may take.
    """

    def __init__(
        self,
        transport: httpx2.AsyncBaseTransport | None = None,
        demo: httpx2.AsyncBaseTransport | None = None,
        read_timeout_s: float | None = None,
        limit_s: float | None = None,
    ) -> None:
        self._transport = transport
        self._demo = demo
        self._limit_s = limit_s
        self._read_timeout_s = read_timeout_s
        self._pacing = Pacing()
        self._pools: dict[tuple[str, str], anthropic.AsyncAnthropic] = {}

    def client(self, connection: Connection, key: str) -> anthropic.AsyncAnthropic:
        """A client for one run: the server's pool, with the key for this run only.

        Raises `SettingError` if a setting of this process keeps it from being built.
        """
        place = connection.kind, connection.base_url
        if place not in self._pools:
            try:
                self._pools[place] = self._new_pool(connection)
            except Exception as error:
                # Whatever else can fail here is read from the environment.
                raise setting_error() or error from None
        pool, key = self._pools[place], key or "none"
        # `Omit` is typed for the headers of single calls, but works for these, too.
        overrides = cast(Mapping[str, str], _undo_environment(key))
        client = pool.with_options(api_key=key, default_headers=overrides)
        client._platform = pool._platform
        return client

    def _new_pool(self, connection: Connection) -> anthropic.AsyncAnthropic:
        read_s = self._read_timeout_s or READ_TIMEOUTS_S[connection.kind]
        timeout = _timeout(read_s)
        transport = self._transport
        if connection.kind == "demo":
            from playground.claude.demo.transport import DemoTransport

            transport = self._demo or DemoTransport()
            # It writes when it is read: a pause would slow it down.
            new_client: Callable[..., httpx2.AsyncClient] = anthropic.DefaultAsyncHttpxClient
        else:
            new_client = partial(BoundedClient, self._pacing)
        # A redirect would carry the prompt to a host that nobody chose.
        http_client = new_client(
            transport=transport,
            timeout=timeout,
            follow_redirects=False,
            trust_env=transport is None,
            event_hooks={"request": [_note_sent_request]},
        )
        # Visitors share a pool: a cookie set for one would be sent for the next.
        http_client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
        pool = anthropic.AsyncAnthropic(
            api_key="none",
            base_url=connection.base_url,
            # The SDK's own retries can be neither seen nor stopped, and are not in the log.
            max_retries=0,
            timeout=timeout,
            http_client=http_client,
        )
        # Or each copy would look it up, in a thread, before it sends anything.
        pool._platform = get_platform()
        return pool

    def limit_s(self, connection: Connection, max_tokens: object) -> float:
        """How long an attempt may take in all."""
        return self._limit_s or limit_s(connection, max_tokens)

    def timeout(self, connection: Connection, body: JsonObject) -> httpx2.Timeout | None:
        """The timeout of a call where it is not that of all others. None: it is."""
        if body.get("stream") is True:
            return None
        # Nothing comes before an answer in one piece is whole: given up, it would be paid for
        # and asked for again.
        return _timeout(self.limit_s(connection, body.get("max_tokens")))

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.close()
        self._pools.clear()


def _timeout(read_s: float) -> httpx2.Timeout:
    return httpx2.Timeout(connect=5.0, read=read_s, write=30.0, pool=30.0)


async def _note_sent_request(request: httpx2.Request) -> None:
    """A client's hook: the request is whole and about to go out."""
    waiting = _sent_request_var.get()
    if waiting is not None and not waiting.done():
        waiting.set_result(request)


def _undo_environment(key: str) -> dict[str, str | anthropic.Omit]:
    """Headers that undo the SDK's `ANTHROPIC_CUSTOM_HEADERS`: those could replace a visitor's key
    by the owner's, and nothing may go out that the page does not show."""
    lines = os.environ.get("ANTHROPIC_CUSTOM_HEADERS", "").splitlines()
    names = [line.partition(":")[0].strip() for line in lines if ":" in line]
    return {
        name: f"Bearer {key}" if name.lower() == "authorization" else anthropic.Omit()
        for name in names
    }


def extra_headers(connection: Connection, key: str, attempt: int) -> Mapping[str, str]:
    """The headers that a connection needs besides the SDK's own."""
    # The SDK would always say 0, because its own retries are off.
    headers = {"x-stainless-retry-count": str(attempt - 1)}
    if connection.kind == "server" and key:
        headers["x-api-key"] = key
    if connection.kind == "demo":
        headers["demo-scenario"] = connection.scenario
    return headers


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
    _sent_request_var.set(sent_request)
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
