"""The security headers: a page of this app loads nothing from other hosts, and other sites cannot
frame it. They are a second line of defence: answers are sanitised anyway."""

from collections.abc import Mapping
from typing import ClassVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.ui.server.allowed_hosts import is_served_by_community_cloud

# `unsafe-inline`: Streamlit's page has inline scripts and styles without a nonce. blob: and
# data: are what the page makes itself: pictures, fonts, workers, and the scripts of custom
# components. Streamlit compiles WebAssembly; no other code is ever made from text.
POLICY: Mapping[str, str] = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "connect-src": "'self'",
    "frame-src": "'self' blob: data:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
CLOUDS_FRAMES = "'self' https://*.streamlit.app https://share.streamlit.io"
"""Community Cloud shows an app inside its own page."""


def _line(policy: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _line(POLICY),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


CLOUDS_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": _line({**POLICY, "frame-ancestors": CLOUDS_FRAMES}),
}


class SafeHeaders:
    """Middleware: adds the headers to every answer."""

    is_serving: ClassVar = False
    """Whether a server of this process answers through it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Set by a server's Starlette, but not by the self-check, which calls this too.
        if "app" in scope:
            SafeHeaders.is_serving = True
        is_cloud = scope["type"] == "http" and is_served_by_community_cloud(Headers(scope=scope))
        headers = CLOUDS_HEADERS if is_cloud else HEADERS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Replaced, not added: of two policies a browser applies both.
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
