"""Limits between a page's socket and Streamlit: how many sockets, which messages, how large and
how often. And which pages are connected."""

import asyncio
import re
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import streamlit as st
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.core.visitors.pace import LeakyBucket, RateLimit, RateLimiter
from playground.settings import is_local_visit
from playground.ui.server.streamlit_insides import read_page_message, set_longest_message

STREAM = "/_stcore/stream"
SOCKET_HEADER = "x-playground-socket"
"""Names the socket of a script's page. A header of this name from a client is dropped."""
THIS_MACHINE = "this machine"
MAX_PAGES, MAX_PAGES_EACH = 400, 100
"""Sockets of all strangers, and of one address: a class behind one router has one."""
MAX_BYTES = 25_000_000
"""Of one message. `typed_text.js` sends none that is longer, but another client could."""
MAX_STRANGERS_BYTES = 4_000_000
"""Four times what a page sends whose prompt is as long as a stranger's may be by default."""
MAX_OTHER_BYTES = 1_000
"""On other sockets: the feed's, where a page sends a token and a word."""
PAGES_PACE = RateLimit(burst=60, per_s=10.0)
"""Messages of one page: more than a person's clicks and timers send."""
# More for an address than for a page: many pages can share it. Apart from its turn, a script takes
# some milliseconds of the server's loop: with 200 a second no page opened any more.
ADDRESS_PACE, ALL_PACE = RateLimit(burst=200, per_s=20.0), RateLimit(burst=300, per_s=40.0)
TOO_BIG, NOT_BINARY, NOT_READABLE, TOO_MANY = 1009, 1003, 1002, 1008

PROXY_NETWORKS = tuple(
    map(
        ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
         "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10"),
    )
)  # fmt: skip
"""Where a proxy of this app's own stands, or its host's. Uvicorn reads FORWARDED_ALLOW_IPS for
others."""
LONGEST_ADDRESS = 200

Sleep = Callable[[float], Awaitable[object]]

# Written by the server's loop and read by scripts on other threads, in atomic operations only.
_open: dict[str, str] = {}
"""The address of each socket, by the socket's name."""


class PageSockets:
    """Middleware: limits the load of strangers' pages."""

    def __init__(
        self,
        app: ASGIApp,
        monotonic_s: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._app, self._monotonic_s, self._sleep = app, monotonic_s, sleep
        self._paces = RateLimiter(ADDRESS_PACE, ALL_PACE)
        self._pages: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        if not scope["path"].endswith(STREAM):
            set_longest_message(receive, MAX_OTHER_BYTES)
            await self._app(scope, receive, send)
            return
        address = address_of(scope)
        set_longest_message(receive, _most_bytes(address))
        if not self._has_place(address):
            # ASGI wants the message of the handshake received before it is refused.
            await receive()
            await send({"type": "websocket.close", "code": TOO_MANY})
            return
        self._pages[address] += 1
        name = secrets.token_urlsafe(16)
        _open[name] = address
        socket = _Socket(receive, send, self._monotonic_s, self._sleep, self._paces, address)
        try:
            await self._app(_named(scope, name), socket.receive, socket.send)
        finally:
            _open.pop(name, None)
            self._pages[address] -= 1
            if not self._pages[address]:
                del self._pages[address]

    def _has_place(self, address: str) -> bool:
        if self._pages[address] >= MAX_PAGES_EACH:
            return False
        # Pages of this machine count against no limit of strangers, nor the other way round.
        return (
            address == THIS_MACHINE or self._pages.total() - self._pages[THIS_MACHINE] < MAX_PAGES
        )


class _Socket:
    """One page's socket: filters and delays messages before Streamlit receives them."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        monotonic_s: Callable[[], float],
        sleep: Sleep,
        paces: RateLimiter,
        address: str,
    ) -> None:
        self._receive, self._send = receive, send
        self._monotonic_s, self._sleep = monotonic_s, sleep
        self._own, self._paces, self._address = LeakyBucket(PAGES_PACE), paces, address
        self._most_bytes = _most_bytes(address)
        self._is_closed = False

    async def send(self, message: Message) -> None:
        """Send to the page, unless its socket was closed here."""
        # Streamlit goes on sending until it receives the disconnect, and a server raises for a
        # message after a close.
        if not self._is_closed:
            await self._send(message)

    async def receive(self) -> Message:
        """The next allowed message, delayed by the rate limit."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return message
            wait_s = self._wait_s()
            if message["type"] == "websocket.connect":
                await self._sleep(wait_s)
                return message
            data = message.get("bytes")
            if data is None or len(data) > self._most_bytes:
                return await self._close(NOT_BINARY if data is None else TOO_BIG)
            page_message = read_page_message(data)
            if page_message is None:
                return await self._close(NOT_READABLE)
            # Delayed even if it is dropped: the client's next messages wait in the network for so
            # long. Counted at once, they would use up the common rate of all pages for hours.
            await self._sleep(wait_s)
            is_late_timer = wait_s > 0 and page_message.is_timer  # Another one follows.
            if page_message.is_allowed and not is_late_timer:
                return message

    def _wait_s(self) -> float:
        now_s = self._monotonic_s()
        own_s = self._own.add(1, now_s)
        # The common rate limit is for strangers only.
        return (
            own_s
            if self._address == THIS_MACHINE
            else max(own_s, self._paces.wait_s(self._address, now_s))
        )

    async def _close(self, code: int) -> Message:
        self._is_closed = True
        # Streamlit must receive a disconnect, or it would keep the session.
        await self._send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}


def address_of(scope: Scope) -> str:
    """Where a connection comes from: `HERE`, or an address.

    Behind a proxy it is the last address in the header: a client can forge those before it."""
    headers = Headers(scope=scope)
    peer = scope["client"][0] if scope.get("client") else "unknown"
    if is_local_visit(headers, peer):
        return THIS_MACHINE
    # A peer with a public address is no proxy of ours: it forged such a header.
    return f"{_rate_limit_key(peer)} {_forwarded(headers) if _may_be_proxy(peer) else ''}"


def _forwarded(headers: Headers) -> str:
    # HAProxy adds a header of its own beneath the visitor's: only the last of all counts.
    if last := _last_value(headers.getlist("x-forwarded-for")):
        return _rate_limit_key(last)
    last = _last_value(headers.getlist("forwarded"))
    client = re.search(r'for="?([^";]+)', last, re.IGNORECASE)
    return f"for={_rate_limit_key(client[1])}" if client else last[:LONGEST_ADDRESS]


def _last_value(values: Sequence[str]) -> str:
    return ",".join(values).rpartition(",")[2].strip()


def _may_be_proxy(peer: str) -> bool:
    address = _ip(peer)
    # A peer without an address is connected by a Unix socket.
    return address is None or any(address in network for network in PROXY_NETWORKS)


def _rate_limit_key(text: str) -> str:
    """The key of an address for rate limits: without its port, and of IPv6 only the /64 prefix,
    since its owner can choose the other half."""
    address = _ip(text)
    if address is None:
        # Truncated: the client chooses its length, and it is kept as a key.
        return text[:LONGEST_ADDRESS]
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    for part in (text, re.sub(r"^\[?([^\]]+?)\]?(:\d+)?$", r"\1", text)):
        try:
            address = ip_address(part)
        except ValueError:
            continue
        # A dual-stack socket reports ::ffff:192.0.2.1.
        return getattr(address, "ipv4_mapped", None) or address
    return None


def _named(scope: Scope, name: str) -> Scope:
    own = SOCKET_HEADER.encode()
    # With a header of this name a client could impersonate another page's socket.
    others = [(key, value) for key, value in scope["headers"] if key.lower() != own]
    return {**scope, "headers": [*others, (own, name.encode())]}


def _most_bytes(address: str) -> int:
    return MAX_BYTES if address == THIS_MACHINE else MAX_STRANGERS_BYTES


def max_bytes() -> int:
    """The longest message that this page may send, by its address."""
    return _most_bytes(_open.get(socket_name(), THIS_MACHINE))


def is_closed(name: str) -> bool:
    """Whether the socket of this name is closed. False for no name: this middleware is not used."""
    return bool(name) and name not in _open


def socket_name() -> str:
    """The name of the socket of this script's page; empty if it is not known."""
    # The headers are the handshake's: the socket that they name may have closed since.
    name = st.context.headers.get(SOCKET_HEADER) or ""
    return name if name in _open else ""


def client_ids() -> tuple[str, ...]:
    """The page that this script runs for, and its address, if they are known."""
    name = socket_name()
    address = _open.get(name)
    return (name, address) if address is not None else ()
