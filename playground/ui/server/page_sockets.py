"""What stands between a page's socket and Streamlit: how many sockets there are, what may be
said over one, how much and how often. And which pages are connected."""

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
from playground.ui.server.streamlit_insides import read_page_message

STREAM = "/_stcore/stream"
SOCKET_HEADER = "x-playground-socket"
"""Tells a script which socket it was asked over. A header of this name from outside is dropped."""
HERE = "this machine"
MOST_PAGES, MOST_PAGES_EACH = 400, 100
"""Sockets of all strangers, and of one address: a class behind one router has one."""
MOST_BYTES = 25_000_000
"""Of one message. `typed_text.js` sends no longer one, but a frame can claim to be anything."""
MOST_STRANGERS_BYTES = 4_000_000
"""Four times what a page sends whose prompt is as long as a stranger's may be by default."""
PAGES_PACE = RateLimit(burst=60, per_s=10.0)
"""Messages of one page: nobody clicks as often, and timers ask for less."""
# An address has more than a page's own pace, for many pages can share it. A script takes the
# server's loop some milliseconds beside its turn: of 200 a second no page opened any more.
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

# The server's loop writes it and scripts on other threads read it, each in one step of a
# dictionary.
_open: dict[str, str] = {}
"""The address of each socket, by the socket's name."""


class PageSockets:
    """Middleware: bounds what strangers' pages ask of the server."""

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
        if scope["type"] != "websocket" or not scope["path"].endswith(STREAM):
            await self._app(scope, receive, send)
            return
        address = address_of(scope)
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
        if self._pages[address] >= MOST_PAGES_EACH:
            return False
        # Pages at this machine take no place from strangers, and find one however many those have.
        return address == HERE or self._pages.total() - self._pages[HERE] < MOST_PAGES


class _Socket:
    """One page's socket: what comes in is weighed before Streamlit sees it."""

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
        """What the page is told, unless it was hung up on."""
        # Streamlit goes on sending until it has seen the end; a server raises for what follows a
        # close.
        if not self._is_closed:
            await self._send(message)

    async def receive(self) -> Message:
        """The next message that this app's pages may send, in its time."""
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
                return await self._hang_up(NOT_BINARY if data is None else TOO_BIG)
            page_message = read_page_message(data)
            if page_message is None:
                return await self._hang_up(NOT_READABLE)
            # Delayed also where it is dropped: what comes next waits in the network meanwhile, and
            # would otherwise be counted at once, until every other page waited for hours.
            await self._sleep(wait_s)
            is_late_timer = wait_s > 0 and page_message.is_timer  # It asks again.
            if page_message.is_used and not is_late_timer:
                return message

    def _wait_s(self) -> float:
        now_s = self._monotonic_s()
        own_s = self._own.add(1, now_s)
        # Whoever sits at this machine waits behind no stranger.
        return (
            own_s if self._address == HERE else max(own_s, self._paces.wait_s(self._address, now_s))
        )

    async def _hang_up(self, code: int) -> Message:
        self._is_closed = True
        # Streamlit has to hear of this end as of any other, or the session would stay.
        await self._send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}


def address_of(scope: Scope) -> str:
    """Where a connection comes from: `HERE`, or an address.

    Behind a proxy it is the last one that was added on the way: what stands before that in a
    header can come from whoever asks."""
    headers = Headers(scope=scope)
    peer = scope["client"][0] if scope.get("client") else "unknown"
    if is_local_visit(headers, peer):
        return HERE
    # Who connects from a public address is no proxy of ours, and made such a header up.
    return f"{_counted(peer)} {_forwarded(headers) if _may_be_proxy(peer) else ''}"


def _forwarded(headers: Headers) -> str:
    # HAProxy adds a header of its own beneath the visitor's: only the last of all counts.
    if last := _last(headers.getlist("x-forwarded-for")):
        return _counted(last)
    last = _last(headers.getlist("forwarded"))
    client = re.search(r'for="?([^";]+)', last, re.IGNORECASE)
    return f"for={_counted(client[1])}" if client else last[:LONGEST_ADDRESS]


def _last(values: Sequence[str]) -> str:
    return ",".join(values).rpartition(",")[2].strip()


def _may_be_proxy(peer: str) -> bool:
    address = _ip(peer)
    # Without an address it is a socket of this machine's file system.
    return address is None or any(address in network for network in PROXY_NETWORKS)


def _counted(text: str) -> str:
    """An address as counters take it: without its port, and of IPv6 only the half that a
    provider gives out, for the other half is free to whoever has it."""
    address = _ip(text)
    if address is None:
        # Cut: whoever asks chooses its length, and counters keep it as a key.
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
    # With a header of this name from outside, a page would pass for another one's socket.
    others = [(key, value) for key, value in scope["headers"] if key.lower() != own]
    return {**scope, "headers": [*others, (own, name.encode())]}


def _most_bytes(address: str) -> int:
    return MOST_BYTES if address == HERE else MOST_STRANGERS_BYTES


def most_bytes() -> int:
    """How long a message this page may send; only a server's socket tells where it stands."""
    return _most_bytes(_open.get(socket_name(), HERE))


def has_left(name: str) -> bool:
    """Whether the socket of this name is closed. Without a name no server of ours is in between."""
    return bool(name) and name not in _open


def socket_name() -> str:
    """The name of the socket over which this script was asked for; empty if it is not known."""
    # Headers are those of the handshake: the socket that they name may have closed since.
    name = st.context.headers.get(SOCKET_HEADER) or ""
    return name if name in _open else ""


def asker() -> tuple[str, ...]:
    """Who asked for this script: the page and its address, as far as they are known."""
    name = socket_name()
    address = _open.get(name)
    return (name, address) if address is not None else ()
