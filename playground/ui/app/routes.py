"""The server's lifespan, routes and middleware besides Streamlit's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from playground.ui.app.warming import prepare
from playground.ui.server.allowed_hosts import KnownHosts
from playground.ui.server.page_sockets import MAX_STRANGERS_BYTES, PageSockets
from playground.ui.server.security_headers import SafeHeaders
from playground.ui.server.streamlit_insides import close_on_signal, disable_nagle, limit_messages
from playground.ui.server.uploads import Uploads
from playground.ui.server.visitor import VisitorCookie


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Prepare for the first page just before the server listens: earlier would delay that.
    When it ends, so do runs, with what they have in the log."""
    # Here, for the server makes its sockets once this has begun the app.
    disable_nagle(asyncio.get_running_loop())
    limit_messages(MAX_STRANGERS_BYTES)
    close_on_signal(_close)
    prepare()
    yield
    await asyncio.to_thread(_close)


def _close() -> None:
    from playground.ui.session.services import close_services

    close_services()


def routes() -> list[BaseRoute]:
    """The feed's socket, next to the page so that a relative address finds it."""
    folder = st.get_option("server.baseUrlPath").strip("/")
    return [WebSocketRoute(f"/{folder}/feed" if folder else "/feed", _feed)]


def middleware() -> list[Middleware]:
    """The middleware, the outermost first."""
    # The headers must be on refusals too; a request under a foreign name must neither take a
    # socket's place nor be given a cookie.
    return [
        Middleware(SafeHeaders),
        Middleware(KnownHosts),
        Middleware(PageSockets),
        Middleware(Uploads),
        Middleware(VisitorCookie),
    ]


async def _feed(socket: WebSocket) -> None:
    # Imported late: it imports half of the app, and the server must listen before.
    from playground.ui.session.services import services

    await services().feed.serve(socket)
