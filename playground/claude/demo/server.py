"""The same API as an ordinary HTTP server on loopback, for curl and for other clients."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from starlette.requests import Request as HttpRequest
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.claude.demo.answer import Dropped
from playground.claude.demo.api import DemoApi, Request

if TYPE_CHECKING:
    import uvicorn

DEFAULT_PORT = 8901
LOOPBACK = "127.0.0.1"


def asgi(api: DemoApi) -> ASGIApp:
    """The API as an ASGI app."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("ascii", "replace"),
            {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            await HttpRequest(scope, receive).body(),
        )
        answering = asyncio.create_task(_answer(api, request, send))
        leaving = asyncio.create_task(_leave(receive))
        try:
            # A client that hangs up must not leave a model writing for nobody.
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (answering, leaving):
                task.cancel()
                with suppress(asyncio.CancelledError, Dropped):
                    await task

    return app


async def _leave(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _answer(api: DemoApi, request: Request, send: Send) -> None:
    """Returning without the last part makes the server break the connection."""
    try:
        reply = await api.reply(request)
    except Dropped:
        # A promised byte that never comes: the client sees a broken connection.
        await _start(send, 200, {"content-length": "1"})
        return
    async with aclosing(reply.body) as parts:
        await _start(send, reply.status, reply.headers)
        async for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    lines = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})


def server(api: DemoApi, port: int, host: str = LOOPBACK) -> "uvicorn.Server":
    """A server that is not started yet."""
    import uvicorn

    # "critical": a scenario that drops the connection is no error of the server's.
    config = uvicorn.Config(
        asgi(api), host=host, port=port, lifespan="off", log_level="critical", ws="none"
    )
    return uvicorn.Server(config)


def serve(port: int = DEFAULT_PORT, host: str = LOOPBACK) -> None:
    """Serve until interrupted."""
    print(f"The demo's Messages API is on http://{host}:{port}")
    server(DemoApi(), port, host).run()
