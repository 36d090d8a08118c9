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
CLOUD = ".streamlit.app"
PORTS = {"http": 80, "https": 443}
WEB_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""The scheme of the page that asks: some proxies (Traefik) tell a socket's own."""
Origin = tuple[str, str, int]
"""Scheme, name and port."""
FOREIGN_ORIGIN = "Another site's page may not ask this app.\n"


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
    """Whether a page of this app asks, under a name that the app goes by: one of the very
    origin (scheme, name and port) that was asked, or one that its owner listed."""
    headers = Headers(scope=scope)
    if not is_known(host_of(headers)):
        return False
    if "origin" not in headers:
        return True  # No browser, or one that asks for what anybody may see.
    origin = _origin(headers["origin"])
    return origin is not None and (origin in _own_origins(scope) or origin in _listed_origins())


def _own_origins(scope: Scope) -> set[Origin]:
    """What the origin of this app's page is to a browser, as far as this request tells."""
    headers = Headers(scope=scope)
    # What a proxy says of the address it was asked under; no page of another origin can add
    # such a header without asking first (https://fetch.spec.whatwg.org/#cors-preflight-fetch).
    forwarded = _forwarded(headers, "x-forwarded-host")
    scheme = _forwarded_scheme(headers)
    schemes = {scheme_of(scope)}
    origins = set()
    for host in filter(None, (headers.get("host", ""), forwarded)):
        name = _name_of(host)
        if not scheme and not is_loopback_name(name):
            schemes = schemes | {"https"}  # A proxy may undo TLS without a word.
        origins |= {_origin(f"{candidate}://{host}") for candidate in schemes if is_known(name)}
    return {candidate for candidate in origins if candidate is not None}


def _listed_origins() -> set[Origin]:
    """Those in `server.corsAllowedOrigins`, which Streamlit lets in as well."""
    listed: list[str] = st.get_option("server.corsAllowedOrigins") or []
    origins = (_origin(origin.strip().removesuffix("/")) for origin in listed)
    return {origin for origin in origins if origin is not None}


def scheme_of(scope: Scope) -> str:
    """`http` or `https`, as the browser asked, as far as this request tells."""
    own = WEB_SCHEMES.get(scope.get("scheme", ""), "http")
    return _forwarded_scheme(Headers(scope=scope)) or own


def _forwarded_scheme(headers: Headers) -> str:
    return WEB_SCHEMES.get(_forwarded(headers, "x-forwarded-proto").lower(), "")


def _forwarded(headers: Headers, name: str) -> str:
    # A proxy may add a header of its own beneath the one that was sent: the last of all counts.
    return ",".join(headers.getlist(name)).rpartition(",")[2].strip()


def _origin(text: str) -> Origin | None:
    """The origin that a text is, its port always said; None if it is none, or has more."""
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
    """The name under which the app is asked, without the port; empty if it is none."""
    return _name_of(headers.get("host", ""))


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_loopback_name(name: str) -> bool:
    """Whether a name is this machine's own, where no proxy stands between."""
    return name in ("localhost", "127.0.0.1", "::1") or name.endswith(".localhost")


def is_served_by_community_cloud(headers: Mapping[str, str]) -> bool:
    """Whether the app is asked under the name that Streamlit's Community Cloud gives it."""
    forwarded = headers.get("x-forwarded-host", "").rpartition(",")[2].strip()
    return any(_name_of(host).endswith(CLOUD) for host in (headers.get("host", ""), forwarded))


def is_known(name: str) -> bool:
    """Whether the app goes by this name; by any, where its owner lists none."""
    return not st.get_option("server.allowedHosts") or _is_listed(name)


def _is_listed(name: str) -> bool:
    """Whether `server.allowedHosts` holds a name, `*.` and the end of it, or `*`; read as Streamlit
    reads it for the page's socket, or one of the two would refuse what the other answers."""
    allowed: object = st.get_option("server.allowedHosts")
    bare = name.rstrip(".")
    # A file can give anything: what is no list of texts names nobody.
    listed = allowed if isinstance(allowed, list | tuple) else ()
    texts = [pattern for pattern in listed if isinstance(pattern, str)]
    patterns = [text.strip().lower().strip("[]").rstrip(".") for text in texts]
    return bool(bare) and any(
        pattern in ("*", bare) or (pattern.startswith("*.") and bare.endswith(pattern[1:]))
        for pattern in patterns
    )
