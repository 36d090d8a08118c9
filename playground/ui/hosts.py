"""The names this app goes by: a request under any other is refused, so that an address which
somebody else's name points to cannot read a page meant for this machine."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

HEALTH = ("/_stcore/health", "/healthz")
"""Platforms probe these by an address; they tell nothing."""
UNKNOWN_HOST = (
    "This app does not go by this name. Its owner can add it to server.allowedHosts in "
    ".streamlit/config.toml.\n"
)
FOREIGN_ORIGIN = "Another site's page may not ask this app.\n"


class KnownHosts:
    """Middleware: answers only under the app's own names, and only its own pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = None
        if scope["type"] in ("http", "websocket") and not scope["path"].endswith(HEALTH):
            problem = _problem(Headers(scope=scope))
        if problem is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(problem, 403)(scope, receive, send)
        else:
            await receive()
            # Before it is accepted: the browser sees 403.
            await send({"type": "websocket.close", "code": 1008})


def _problem(headers: Headers) -> str | None:
    if not is_known(host_of(headers)):
        return UNKNOWN_HOST
    return None if is_own_page(headers) else FOREIGN_ORIGIN


def is_own_page(headers: Mapping[str, str]) -> bool:
    """Whether a page of this app asks, under a name that the app goes by."""
    host, name = headers.get("host", ""), host_of(headers)
    if not is_known(name):
        return False
    if "origin" not in headers:
        return True
    try:
        origin = urlsplit(headers["origin"])
        origin_name = origin.hostname or ""
    except ValueError:
        return False
    # Behind a proxy the app may be asked under another name than its page has.
    return origin.netloc == host or (origin_name != name and _is_listed(origin_name))


def host_of(headers: Mapping[str, str]) -> str:
    """The name under which the app is asked, without the port; empty if it is none."""
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def is_known(name: str) -> bool:
    """Whether the app goes by this name; by any, where its owner lists none."""
    return not st.get_option("server.allowedHosts") or _is_listed(name)


def _is_listed(name: str) -> bool:
    """Whether `server.allowedHosts` holds a name, or `*.` and the end of it."""
    allowed: list[str] = st.get_option("server.allowedHosts")
    return any(
        name == each.strip("[]") or (each.startswith("*.") and name.endswith(each[1:]))
        for each in allowed
    )
