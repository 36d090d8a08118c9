"""Who is visiting: a person at this machine, or a browser from elsewhere. Each browser gets an
unguessable token in an HttpOnly cookie; where a host strips cookies, a visitor is known for one
session only."""

import secrets
from collections.abc import Callable, Mapping

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.core.visitors.access import TOKEN_BYTES, is_token, visitor_of
from playground.settings import is_local_visit
from playground.ui.server.allowed_hosts import scheme_of

COOKIE = "playground_visitor"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""Browsers accept a cookie of such a name only from this host itself, over https."""
MAX_AGE_S = 180 * 24 * 3600


class VisitorCookie:
    """Middleware: sets the cookie when a page is opened without a valid one."""

    def __init__(
        self,
        app: ASGIApp,
        new_token: Callable[[], str] = lambda: secrets.token_urlsafe(TOKEN_BYTES),
    ) -> None:
        self._app, self._new_token = app, new_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        line = self._line(HTTPConnection(scope)) if scope["type"] == "http" else None
        if line is None:
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # Added, not put in the place of others: a login sets cookies of its own.
                headers.append("Set-Cookie", line)
                # A cache on the way must not hand one visitor's cookie to the next.
                headers["Cache-Control"] = "private, no-store"
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _line(self, request: HTTPConnection) -> str | None:
        """The header to set, or None where there is nothing to set."""
        # For the page only: its files are requested concurrently, and each would set another token.
        is_page = request.scope["method"] == "GET" and "text/html" in request.headers.get(
            "accept", ""
        )
        if not is_page or is_local_visit(request.headers, _address(request)):
            return None
        # A browser drops a `__Host-` cookie that comes by http.
        is_https = scheme_of(request.scope) == "https"
        name = SECURE_COOKIE if is_https else COOKIE
        if is_token(request.cookies.get(name, "")):
            return None
        line = f"{name}={self._new_token()}; Path=/; Max-Age={MAX_AGE_S}; HttpOnly; SameSite=Lax"
        return f"{line}; Secure" if is_https else line


def _address(request: HTTPConnection) -> str:
    return request.client.host if request.client else "unknown"


def token_of(cookies: Mapping[str, str]) -> str | None:
    """A browser's token, if it is well-formed."""
    # The one that only this host can set comes first.
    candidates = (cookies.get(name, "") for name in (SECURE_COOKIE, COOKIE))
    return next((token for token in candidates if is_token(token)), None)


def is_local() -> bool:
    """Whether the visitor's browser is on this machine."""
    ip_address: object = st.context.ip_address
    # Without a browser (Streamlit's own test harness) it is neither text nor None.
    known = ip_address if isinstance(ip_address, str) else None
    return is_local_visit(st.context.headers, known)


def has_cookie() -> bool:
    """Whether this visitor's browser will be recognised next time."""
    return token_of(st.context.cookies) is not None


def stranger(page: str) -> str:
    """The name in the log of a visitor from elsewhere: by login, else by browser, else by
    page."""
    issuer, subject = st.user.get("iss"), st.user.get("sub")
    # A subject is unique within its issuer only (OpenID Connect Core 1.0, section 2).
    if st.user.get("is_logged_in") is True and issuer and subject:
        return visitor_of("login", str(issuer), str(subject))
    token = token_of(st.context.cookies)
    return visitor_of("browser", token) if token else visitor_of("page", page)
