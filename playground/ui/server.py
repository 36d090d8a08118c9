"""What the server does and answers beside Streamlit's own routes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from playground.ui.headers import SafeHeaders
from playground.ui.hosts import KnownHosts
from playground.ui.page_sockets import PageSockets
from playground.ui.uploads import Uploads
from playground.ui.visitor_cookie import VisitorCookie
from playground.ui.warming import prepare


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Prepare for the first page just before the server listens: earlier would delay that."""
    _send_at_once(asyncio.get_running_loop())
    prepare()
    yield


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
    from playground.ui.services import services

    await services().feed.serve(socket)
