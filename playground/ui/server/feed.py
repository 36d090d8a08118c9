"""A WebSocket beside Streamlit's own that pushes a page's answers to its browser as they arrive.

Where a host blocks WebSockets, the page polls for the same messages by script runs: slower, and
more work for the server.
"""

import asyncio
import contextlib
import json
import logging
import secrets
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Generic, Protocol, TypeVar
from weakref import WeakValueDictionary

from starlette.websockets import WebSocket, WebSocketDisconnect

from playground.core.runs.run_view import RunView
from playground.core.text.json_text import Json, JsonObject
from playground.core.visitors.pace import LeakyBucket, RateLimit
from playground.ui.server.allowed_hosts import is_own_page
from playground.ui.server.page_sockets import address_of

# All pages share one interpreter: the more of them have live runs, the less often each is updated,
# or a press of Run waits for its first words.
PACES_S = ((3, 0.02), (10, 0.05), (25, 0.1), (inf, 0.2))
"""Up to how many pages with live runs, and the seconds between messages to each."""
FIRST_PACE_S, MAX_SHARE = 0.05, 0.1
"""Where there are many pages, the pace begins with `FIRST_PACE_S` and is at most this share of the
time for which a page has shown its runs: a person waits for the first words."""
AWAITED_PACE_S = 0.01
"""The pace until a run that is being stopped has stopped and, while few pages have live runs,
until an answer has begun: that is what a person is waiting for."""
LONG, LONG_PACE_S = 60_000, 0.1
"""Characters sent to a page, and its minimum pace beyond them: more than a person can follow."""
FEW_PAGES = 10
TOKEN_TIMEOUT_S = 5.0
"""How long a new socket may take to send the token of its page."""
# A socket that never sends a token costs its client nothing. Those of one address have a limit of
# their own, so that one client cannot evict everybody else's.
MAX_SOCKETS, MAX_WAITING, MAX_WAITING_EACH = 4, 200, 20
"""Sockets of one page; and sockets that have not sent a token yet, of all addresses and of one."""
MAX_RECEIVED, RECEIVE_PACE = 100, RateLimit(burst=20, per_s=2.0)
"""How many characters a page may send, and how often: its token, and that Stop was pressed."""
# The end of a page's session raises no event in its socket's task.
RECHECK_S = 30.0
"""How often an idle socket checks whether its page's session is over."""
STOP = "stop"
"""The message of a page on which Stop was pressed."""
# Codes from 4000 to 4999 are an application's own (RFC 6455, section 7.4.2).
TOKEN_TIMEOUT, UNKNOWN_PAGE, TOO_MANY = 4408, 4404, 4429
TOO_BIG = 1009


class PageView(Protocol):
    """What a page shows: its runs, by letter. Two views that look the same are equal."""

    @property
    def runs(self) -> Mapping[str, RunView]: ...


ViewT = TypeVar("ViewT", bound=PageView)
ViewT_contra = TypeVar("ViewT_contra", bound=PageView, contravariant=True)


class Updates(Protocol[ViewT_contra]):
    """The messages to one socket: each holds what changed since the one before."""

    @property
    def sent_characters(self) -> int:
        """How many characters of answers were sent."""

    @property
    def has_more(self) -> bool:
        """Whether there may be more to send although every run has ended."""

    def next_message(self, view: ViewT_contra, *, is_busy: bool) -> dict[str, Json] | None:
        """The next message, or None. `is_busy`: many pages have live runs."""


class FedPage(Generic[ViewT]):
    """One open page: what it shows, and the sockets that send it updates.

    The token authenticates a socket: it is sent to this page alone.
    """

    def __init__(
        self,
        stop: Callable[[Iterable[RunView]], object],
        new_updates: Callable[[], Updates[ViewT]],
    ) -> None:
        self.new_updates = new_updates
        self.token = secrets.token_urlsafe(24)
        self.identity: tuple[str, str] | None = None
        """Its owner for the engine, and its visitor; None: nobody may take its runs over."""
        self._stop = stop
        self._is_stop_requested = False
        self._view: ViewT | None = None
        self._handover_lock = threading.Lock()
        self._sockets: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    @property
    def has_socket(self) -> bool:
        """Whether a socket is open."""
        return bool(self._sockets)

    @property
    def view(self) -> ViewT | None:
        """What the page shows; None: nothing yet."""
        return self._view

    @property
    def is_stopping(self) -> bool:
        """Whether Stop was pressed and a run is still live."""
        return self._is_stop_requested and any(run.is_live for run in self._runs().values())

    def show(self, view: ViewT) -> None:
        """From now on the page shows this. Called on its script's thread."""
        # Most script runs change nothing of the answers: they wake no socket.
        if view == self._view:
            return
        # Stop was pressed on the runs shown then, not on others.
        self._is_stop_requested &= view.runs == self._runs()
        self._view = view
        self._wake()

    def hand_over(self) -> tuple[str, ViewT | None] | None:
        """Its owner for the engine and what it shows, once: another page has both from now on.
        Of two concurrent callers only one gets them, or one would show what the other owns."""
        with self._handover_lock:
            identity, self.identity = self.identity, None
            view, self._view = self._view, None
        return None if identity is None else (identity[0], view)

    def stop(self) -> None:
        """Stop was pressed on the page."""
        self._is_stop_requested = True
        self._stop([run for run in self._runs().values() if run.is_live])
        self._wake()

    def _runs(self) -> Mapping[str, RunView]:
        return self._view.runs if self._view is not None else {}

    def _wake(self) -> None:
        # An asyncio event may be set on its own loop's thread only, and this may be a script's.
        # Copied, for sockets join and leave meanwhile.
        for changed, loop in list(self._sockets.items()):
            loop.call_soon_threadsafe(changed.set)

    def join(self, changed: asyncio.Event) -> bool:
        """Add a socket, whose event is set when the page changes; false: there are too many."""
        if len(self._sockets) >= MAX_SOCKETS:
            return False
        self._sockets[changed] = asyncio.get_running_loop()
        return True

    def leave(self, changed: asyncio.Event) -> None:
        self._sockets.pop(changed, None)


class Feed(Generic[ViewT]):
    """All open pages, by their tokens. `stop` asks runs to stop and returns at once."""

    def __init__(
        self, stop: Callable[[Iterable[RunView]], object], token_timeout_s: float = TOKEN_TIMEOUT_S
    ) -> None:
        self._stop = stop
        self._token_timeout_s = token_timeout_s
        # Weak: the session owns its page, which would otherwise outlive it with all its answers.
        self._pages: WeakValueDictionary[str, FedPage[ViewT]] = WeakValueDictionary()
        self._live = 0
        self._waiting: dict[asyncio.Timeout, str] = {}

    def open_page(self, new_updates: Callable[[], Updates[ViewT]]) -> FedPage[ViewT]:
        """A page for a new session, which owns it: no socket keeps it longer. `new_updates` is
        called once per socket."""
        page = FedPage(self._stop, new_updates)
        self._pages[page.token] = page
        return page

    def page(self, token: str) -> FedPage[ViewT] | None:
        """The page of this token, while its session lives."""
        return self._pages.get(token)

    async def serve(self, socket: WebSocket) -> None:
        """Send updates to one page until its socket closes."""
        # Browsers apply no same-origin policy to WebSockets, so any site could open one here.
        if not is_own_page(socket.scope):
            await socket.close()
            return
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, TimeoutError, KeyError):
            page = await self._identify(socket)
            changed = asyncio.Event()
            if page is None or not page.join(changed):
                await _close(socket, UNKNOWN_PAGE if page is None else TOO_MANY)
                return
            # No local may hold a strong reference from here on: an open socket would keep a
            # session's answers after the session's end.
            page_ref = weakref.ref(page)
            del page
            tasks = [
                asyncio.create_task(self._send_updates(socket, page_ref, changed)),
                asyncio.create_task(_handle_messages(socket, page_ref)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                # The browser reconnects and is sent everything again. Of an error only the type is
                # logged, for its text can hold an answer.
                if isinstance(ended, Exception) and not isinstance(ended, WebSocketDisconnect):
                    logging.getLogger(__name__).error("a feed broke: %s", type(ended).__name__)
            if (page := page_ref()) is not None:
                page.leave(changed)

    async def _identify(self, socket: WebSocket) -> FedPage[ViewT] | None:
        """The page whose token the socket sends."""
        try:
            async with asyncio.timeout(self._token_timeout_s) as timeout:
                self._evict_oldest(address_of(socket.scope))
                self._waiting[timeout] = address_of(socket.scope)
                try:
                    return self._pages.get(await _receive(socket))
                finally:
                    self._waiting.pop(timeout, None)
        except TimeoutError:
            await _close(socket, TOKEN_TIMEOUT)
            raise

    def _evict_oldest(self, address: str) -> None:
        # A page of this app sends its token at once: the socket that has waited longest is no page.
        waiting = [timer for timer, at in self._waiting.items() if at == address]
        if len(waiting) >= MAX_WAITING_EACH or len(self._waiting) >= MAX_WAITING:
            timeout = waiting[0] if len(waiting) >= MAX_WAITING_EACH else next(iter(self._waiting))
            del self._waiting[timeout]
            timeout.reschedule(0.0)

    async def _send_updates(
        self, socket: WebSocket, page_ref: "weakref.ref[FedPage[ViewT]]", changed: asyncio.Event
    ) -> None:
        clock = asyncio.get_running_loop().time
        began_s, runs = clock(), None
        updates = page.new_updates() if (page := page_ref()) is not None else None
        while updates is not None and (page := page_ref()) is not None:
            # Cleared before the view is read: a change between read and wait must end the wait.
            changed.clear()
            view, is_stopping = page.view, page.is_stopping
            del page
            message = None
            if view is not None:
                if view.runs != runs:
                    began_s, runs = clock(), view.runs
                message = updates.next_message(view, is_busy=self._live > FEW_PAGES)
            # Read before the send: a run that ends during it is reported in the next message.
            live = [run for run in (runs or {}).values() if not run.is_over]
            is_live = bool(live) or updates.has_more
            if message is not None:
                await socket.send_text(as_json(message))
            if is_live:
                self._live += 1
                shown_s = clock() - began_s
                is_first = any(run.ttft_s is None and not run.attempts for run in live)
                wait_s = pace_s(
                    self._live,
                    updates.sent_characters,
                    shown_s,
                    is_stopping=is_stopping,
                    is_first=is_first,
                )
                try:
                    await _wait(changed, wait_s)
                finally:
                    self._live -= 1
            else:
                await _wait(changed, RECHECK_S)
        await _close(socket, UNKNOWN_PAGE)


def as_json(message: JsonObject) -> str:
    """A message as it goes over the socket."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def pace_s(
    live: int,
    sent_characters: int,
    shown_s: float,
    *,
    is_stopping: bool = False,
    is_first: bool = False,
) -> float:
    """Seconds until the next message to a page: `live` pages have live runs, and this one has
    shown its runs for `shown_s`. `is_first`: an answer has yet to begin."""
    if is_stopping or (is_first and live <= FEW_PAGES):
        return AWAITED_PACE_S
    of_all_s = next(s for most, s in PACES_S if live <= most)
    wait_s = min(of_all_s, max(FIRST_PACE_S, MAX_SHARE * shown_s))
    return max(wait_s, LONG_PACE_S) if sent_characters > LONG else wait_s


async def _receive(socket: WebSocket) -> str:
    """The next message from a page; one that is too long closes the socket."""
    text = await socket.receive_text()
    if len(text) > MAX_RECEIVED:
        await _close(socket, TOO_BIG)
        raise WebSocketDisconnect(TOO_BIG)
    return text


async def _close(socket: WebSocket, code: int) -> None:
    # The server closes a socket by itself whose message is too long, and raises for a second close.
    with contextlib.suppress(RuntimeError):
        await socket.close(code)


async def _wait(changed: asyncio.Event, max_s: float) -> None:
    # Python 3.11's `wait_for` loses a cancellation that arrives just as the event is set.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max_s):
            await changed.wait()


async def _handle_messages(socket: WebSocket, page_ref: "weakref.ref[FedPage[ViewT]]") -> None:
    """Handle the page's messages until it disconnects."""
    clock, bucket = asyncio.get_running_loop().time, LeakyBucket(RECEIVE_PACE)
    while True:
        text = await _receive(socket)
        is_in_time = bucket.take(1, clock())
        if text == STOP and is_in_time and (page := page_ref()) is not None:
            page.stop()
            del page
