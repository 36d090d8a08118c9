"""The same API as an ordinary HTTP server on loopback, for curl and for other clients."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from playground.claude.demo.answer import Dropped
from playground.claude.demo.api import DemoApi, Reply, Request

if TYPE_CHECKING:
    import uvicorn

DEFAULT_PORT = 8901
LOOPBACK = "127.0.0.1"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def asgi(api: DemoApi) -> App:
    """The API as an ASGI app."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        request = Request(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("ascii", "replace"),
            {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            await _body(receive),
        )
        answering = asyncio.create_task(_answer(api, request, send))
        leaving = asyncio.create_task(_leave(receive))
        try:
            # A client that hangs up must not leave a model writing for nobody.
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (answering, leaving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Dropped):
                    await task

    return app


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


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
    try:
        await _start(send, reply.status, reply.headers)
        await _send_body(reply, send)
    finally:
        await reply.body.aclose()


async def _start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    lines = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})


async def _send_body(reply: Reply, send: Send) -> None:
    async for part in reply.body:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


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
