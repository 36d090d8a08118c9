"""What the server does and answers beside Streamlit's own routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from playground.ui.headers import SafeHeaders
from playground.ui.hosts import KnownHosts
from playground.ui.visitor_cookie import VisitorCookie
from playground.ui.warming import prepare


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Prepare for the first page just before the server listens: earlier would delay that."""
    prepare()
    yield


def routes() -> list[BaseRoute]:
    """The feed's socket, next to the page so that a relative address finds it."""
    folder = st.get_option("server.baseUrlPath").strip("/")
    return [WebSocketRoute(f"/{folder}/feed" if folder else "/feed", _feed)]


def middleware() -> list[Middleware]:
    """What stands before every answer, the outermost first."""
    return [Middleware(SafeHeaders), Middleware(KnownHosts), Middleware(VisitorCookie)]


async def _feed(socket: WebSocket) -> None:
    # Half of the page hangs on it, and the server listens before that is imported.
    from playground.ui.services import services

    await services().feed.serve(socket)
