"""SDK clients: one pool of connections per server. No key is ever kept in one.

Importing the SDK takes about a second, so this module is imported by the first run or
list of models, not by the page.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import cast

import anthropic
import httpx2
from anthropic._base_client import get_platform

from playground.claude.environment import setting_error
from playground.claude.pacing import Pacing
from playground.claude.stream_limits import BoundedClient, limit_s
from playground.core.request.connection import Connection
from playground.core.text.json_text import JsonObject

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
sent_request_var: ContextVar["asyncio.Future[httpx2.Request] | None"] = ContextVar(
    "departure", default=None
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
    waiting = sent_request_var.get()
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
