"""What the server does and answers beside Streamlit's own routes."""

import asyncio
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from types import FrameType
from typing import Any

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from playground.ui.app.warming import prepare
from playground.ui.server.allowed_hosts import KnownHosts
from playground.ui.server.page_sockets import PageSockets
from playground.ui.server.security_headers import SafeHeaders
from playground.ui.server.uploads import Uploads
from playground.ui.server.visitor_cookie import VisitorCookie

CLOSED_WITHIN_S = 5
"""How long the server waits for browsers to hang up when it ends."""


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Prepare for the first page just before the server listens: earlier would delay that.
    When it ends, so do runs, with what they have in the log."""
    _send_at_once(asyncio.get_running_loop())
    _close_at_once()
    prepare()
    yield
    await asyncio.to_thread(_close)


def _close() -> None:
    from playground.ui.session.services import close_services

    close_services()


def _close_at_once() -> None:
    # uvicorn ends the app once every connection is closed, and a browser that sleeps closes
    # none: by then the process may have been killed.
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        server = getattr(before, "__self__", None)
        if isinstance(server, uvicorn.Server) and callable(before):
            given_s = server.config.timeout_graceful_shutdown
            server.config.timeout_graceful_shutdown = given_s or CLOSED_WITHIN_S
            signal.signal(number, partial(_begin_to_close, before))


def _begin_to_close(
    before: Callable[[int, FrameType | None], object], number: int, frame: FrameType | None
) -> None:
    threading.Thread(target=_close, name="close", daemon=True).start()
    before(number, frame)


def _send_at_once(loop: asyncio.AbstractEventLoop) -> None:
    # asyncio sees to it where a socket says that it is TCP, which Streamlit's own does not. The
    # second piece of anything would wait until the first is confirmed, which browsers put off
    # for 40 ms (https://github.com/Kludex/uvicorn/issues/3149).
    create_server = loop.create_server

    async def create(*args: Any, **options: Any) -> asyncio.Server:  # noqa: ANN401
        listening = options.get("sock")
        if listening is not None and listening.family in (socket.AF_INET, socket.AF_INET6):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return await create_server(*args, **options)

    loop.create_server = create  # type: ignore[method-assign]


def routes() -> list[BaseRoute]:
    """The feed's socket, next to the page so that a relative address finds it."""
    folder = st.get_option("server.baseUrlPath").strip("/")
    return [WebSocketRoute(f"/{folder}/feed" if folder else "/feed", _feed)]


def middleware() -> list[Middleware]:
    """What stands before every answer, the outermost first."""
    return [
        Middleware(SafeHeaders),
        Middleware(KnownHosts),
        Middleware(PageSockets),
        Middleware(Uploads),
        Middleware(VisitorCookie),
    ]


async def _feed(socket: WebSocket) -> None:
    # Half of the page hangs on it, and the server listens before that is imported.
    from playground.ui.session.services import services

    await services().feed.serve(socket)
