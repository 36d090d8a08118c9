"""The app's own host names: a request for any other is refused, against DNS rebinding, by which
another site could read a page that is meant for this machine."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

HEALTH = ("/_stcore/health", "/healthz")
"""Platforms probe these by IP address; they reveal nothing."""
UNKNOWN_HOST = (
    "This app does not answer under this name. Its owner can add the name to "
    "server.allowedHosts in "
    ".streamlit/config.toml.\n"
)
CLOUD = ".streamlit.app"
PORTS = {"http": 80, "https": 443}
WEB_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""The scheme of the requesting page: some proxies (Traefik) forward the socket's."""
Origin = tuple[str, str, int]
"""Scheme, name and port."""
FOREIGN_ORIGIN = "Pages of other sites may not send requests to this app.\n"


class KnownHosts:
    """Middleware: answers only under the app's own names, and only its own pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = None
        if scope["type"] in ("http", "websocket") and not scope["path"].endswith(HEALTH):
            problem = _problem(scope)
        if problem is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(problem, 403)(scope, receive, send)
        else:
            # ASGI wants the message of the handshake received before it is answered.
            await receive()
            # Before it is accepted: the browser sees 403.
            await send({"type": "websocket.close", "code": 1008})


def _problem(scope: Scope) -> str | None:
    if not is_known(host_of(Headers(scope=scope))):
        return UNKNOWN_HOST
    return None if is_own_page(scope) else FOREIGN_ORIGIN


def is_own_page(scope: Scope) -> bool:
    """Whether a page of this app makes the request: for a known host, and from the same origin
    (scheme, name and port) or one that the owner listed."""
    headers = Headers(scope=scope)
    if not is_known(host_of(headers)):
        return False
    if "origin" not in headers:
        return True  # Not a browser, or a plain GET for what is public.
    origin = _origin(headers["origin"])
    return origin is not None and (origin in _own_origins(scope) or origin in _listed_origins())


def _own_origins(scope: Scope) -> set[Origin]:
    """The origins that this app's page may have for a browser, as far as this request shows."""
    headers = Headers(scope=scope)
    # The host as a proxy received it; a page of another origin cannot set such a header without a
    # preflight (https://fetch.spec.whatwg.org/#cors-preflight-fetch).
    forwarded = _forwarded(headers, "x-forwarded-host")
    scheme = _forwarded_scheme(headers)
    schemes = {scheme_of(scope)}
    origins = set()
    for host in filter(None, (headers.get("host", ""), forwarded)):
        name = _name_of(host)
        if not scheme and not is_loopback_name(name):
            schemes = schemes | {"https"}  # A proxy may terminate TLS without such a header.
        origins |= {_origin(f"{candidate}://{host}") for candidate in schemes if is_known(name)}
    return {candidate for candidate in origins if candidate is not None}


def _listed_origins() -> set[Origin]:
    """Those in `server.corsAllowedOrigins`, which Streamlit allows as well."""
    listed: list[str] = st.get_option("server.corsAllowedOrigins") or []
    origins = (_origin(origin.strip().removesuffix("/")) for origin in listed)
    return {origin for origin in origins if origin is not None}


def scheme_of(scope: Scope) -> str:
    """`http` or `https`, as the browser sees it, as far as this request shows."""
    own = WEB_SCHEMES.get(scope.get("scheme", ""), "http")
    return _forwarded_scheme(Headers(scope=scope)) or own


def _forwarded_scheme(headers: Headers) -> str:
    return WEB_SCHEMES.get(_forwarded(headers, "x-forwarded-proto").lower(), "")


def _forwarded(headers: Headers, name: str) -> str:
    # A proxy may add a header of its own beneath the one that was sent: the last of all counts.
    return ",".join(headers.getlist(name)).rpartition(",")[2].strip()


def _origin(text: str) -> Origin | None:
    """Parse an origin, with its default port if it has none; None if it is malformed."""
    try:
        parts = urlsplit(text)
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    # `urlsplit` accepts a path, a query and a user's name as well: a text with those is no origin.
    is_whole = text.lower() == f"{parts.scheme}://{parts.netloc.lower()}"
    if parts.scheme not in PORTS or not name or not is_whole or "@" in parts.netloc:
        return None
    return parts.scheme, name, PORTS[parts.scheme] if port is None else port


def host_of(headers: Mapping[str, str]) -> str:
    """The host name of a request, without the port; empty if it is malformed."""
    return _name_of(headers.get("host", ""))


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_loopback_name(name: str) -> bool:
    """Whether a name is a loopback name, to which no proxy belongs."""
    return name in ("localhost", "127.0.0.1", "::1") or name.endswith(".localhost")


def is_served_by_community_cloud(headers: Mapping[str, str]) -> bool:
    """Whether a request is for the name that Streamlit's Community Cloud gives the app."""
    forwarded = headers.get("x-forwarded-host", "").rpartition(",")[2].strip()
    return any(_name_of(host).endswith(CLOUD) for host in (headers.get("host", ""), forwarded))


def is_known(name: str) -> bool:
    """Whether this is a name of the app; any is, if its owner lists none."""
    return not st.get_option("server.allowedHosts") or _is_listed(name)


def _is_listed(name: str) -> bool:
    """Whether `server.allowedHosts` has a name, `*.` and its end, or `*`. Matches as Streamlit does
    for the page's socket, or one of the two would refuse what the other accepts."""
    allowed: object = st.get_option("server.allowedHosts")
    bare = name.rstrip(".")
    # A file can hold any value: one that is no list of texts allows nothing.
    listed = allowed if isinstance(allowed, list | tuple) else ()
    texts = [pattern for pattern in listed if isinstance(pattern, str)]
    patterns = [text.strip().lower().strip("[]").rstrip(".") for text in texts]
    return bool(bare) and any(
        pattern in ("*", bare) or (pattern.startswith("*.") and bare.endswith(pattern[1:]))
        for pattern in patterns
    )
