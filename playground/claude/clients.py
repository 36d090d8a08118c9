"""SDK clients: one pool of connections per server. No key is ever kept in one.

Importing the SDK takes about a second, so this module is imported by the first run or
list of models, not by the page.
"""

from collections.abc import Mapping

import anthropic
import httpx2

from playground.core.connection import Connection

READ_TIMEOUT_S = 60.0
SERVER_READ_TIMEOUT_S = 600.0
"""A server of one's own sends no pings while it reads a long prompt."""


class Clients:
    """Makes clients on demand; lives on the event loop that uses it.

    `transport` answers for the network in tests; the demo has its own.
    """

    def __init__(
        self,
        transport: httpx2.AsyncBaseTransport | None = None,
        demo: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._transport = transport
        self._demo = demo
        self._pools: dict[str, anthropic.AsyncAnthropic] = {}

    def client(self, connection: Connection, key: str) -> anthropic.AsyncAnthropic:
        """A client for one run: the server's pool, and the key for this run only."""
        pool = self._pools.get(connection.base_url)
        if pool is None:
            pool = self._pools[connection.base_url] = self._new_pool(connection)
        return pool.with_options(api_key=key or "none")

    def _new_pool(self, connection: Connection) -> anthropic.AsyncAnthropic:
        read_s = SERVER_READ_TIMEOUT_S if connection.kind == "server" else READ_TIMEOUT_S
        timeout = httpx2.Timeout(connect=5.0, read=read_s, write=30.0, pool=30.0)
        transport = self._transport
        if connection.kind == "demo":
            from playground.claude.demo.transport import DemoTransport

            transport = self._demo or DemoTransport()
        # A redirect would carry the prompt to a host that nobody chose.
        http_client = anthropic.DefaultAsyncHttpxClient(
            transport=transport,
            timeout=timeout,
            follow_redirects=False,
            trust_env=transport is None,
        )
        return anthropic.AsyncAnthropic(
            api_key="none",
            base_url=connection.base_url,
            max_retries=0,
            timeout=timeout,
            http_client=http_client,
        )

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.close()
        self._pools.clear()


def extra_headers(connection: Connection, key: str, attempt: int) -> Mapping[str, str]:
    """What a connection needs beside the SDK's own headers."""
    headers = {"x-stainless-retry-count": str(attempt - 1)}
    if connection.kind == "server" and key:
        headers["x-api-key"] = key
    if connection.kind == "demo":
        headers["demo-scenario"] = connection.scenario
    return headers
