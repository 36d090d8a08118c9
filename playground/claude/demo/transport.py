"""Plugs the demo in where the network would be: the SDK above it is the real one."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime

import httpx2

from playground.claude.demo.answer import Dropped, Sleep
from playground.claude.demo.api import PAUSE_S, DemoApi, Request
from playground.claude.demo.batches import BATCH_S


class DemoTransport(httpx2.AsyncBaseTransport):
    """Answers every request in process and streams as it writes. `pause_s` is the mean
    time between two tokens; the client's read timeout holds as it does on a socket."""

    def __init__(
        self,
        *,
        pause_s: float = PAUSE_S,
        sleep: Sleep = asyncio.sleep,
        rng: random.Random | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        batch_s: float = BATCH_S,
    ) -> None:
        self._api = DemoApi(pause_s=pause_s, sleep=sleep, rng=rng, now=now, batch_s=batch_s)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        api_request = Request(
            request.method,
            request.url.path,
            request.url.query.decode("ascii"),
            {name.lower(): value for name, value in request.headers.items()},
            await request.aread(),
        )
        # There is no socket to time out, so that the client's read timeout is kept here.
        read_s = request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(read_s):
                reply = await self._api.reply(api_request)
        except TimeoutError as error:
            raise httpx2.ReadTimeout("The demo fell silent.", request=request) from error
        except Dropped as error:
            # In the words of h11, by which errors are told apart (`claude.errors`).
            text = "Server disconnected without sending a response."
            raise httpx2.RemoteProtocolError(text, request=request) from error
        stream = _Stream(reply.body, read_s, request)
        return httpx2.Response(reply.status, headers=dict(reply.headers), stream=stream)


class _Stream(httpx2.AsyncByteStream):
    """A body in pieces. Closing it closes the generator that writes them."""

    def __init__(
        self, body: AsyncGenerator[bytes, None], read_s: float | None, request: httpx2.Request
    ) -> None:
        self._body = body
        self._read_s = read_s
        self._request = request

    def __aiter__(self) -> "_Stream":
        return self

    async def __anext__(self) -> bytes:
        try:
            async with asyncio.timeout(self._read_s):
                return await anext(self._body)
        except TimeoutError as error:
            raise httpx2.ReadTimeout("The demo fell silent.", request=self._request) from error
        except Dropped as error:
            text = "peer closed connection without sending complete message body"
            raise httpx2.RemoteProtocolError(text, request=self._request) from error

    async def aclose(self) -> None:
        await self._body.aclose()
