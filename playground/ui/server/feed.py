"""A socket beside Streamlit's own that brings a page what is new of its answers as it arrives.

Where a host lets no socket through, the page asks for the same by its script: slower, and
dearer for the server.
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

# All pages share one interpreter: the more of them are told at once, the rarer each must be, or a
# press of Run waits for its first words.
PACES_S = ((10, 0.05), (25, 0.1), (inf, 0.2))
"""How many pages are told at once, at most, and the seconds between messages to each."""
MOST_SHARE = 0.1
"""Where there are many pages, the pace is at most this share of the time for which a page has
shown its runs: a person waits for the first words."""
AWAITED_PACE_S = 0.01
"""The pace where a person waits for one thing: until a run that is being stopped has stopped and,
where few pages are told, until an answer has begun."""
LONG, LONG_PACE_S = 60_000, 0.1
"""Characters on a page, and its pace beyond them: nobody reads along that fast."""
FEW_PAGES = 10
PATIENCE_S = 5.0
"""How long a new socket may take to say which page it belongs to."""
# A socket that never says a token costs its sender nothing. Those of one address are bounded apart,
# so that one client cannot push out everybody else's.
MOST_SOCKETS, MOST_WAITING, MOST_WAITING_EACH = 4, 200, 20
"""Sockets of one page; and those that have not said yet which page they belong to, of all
addresses and of one."""
MOST_SAID, MOST_SAID_PACE = 100, RateLimit(burst=20, per_s=2.0)
"""How many characters a page may send, and how often: its token, and that Stop was pressed."""
# The end of a page's session is no event that reaches its socket.
LOOK_AGAIN_S = 30.0
"""How soon a socket that has nothing to say sees that its page's session is over."""
STOP = "stop"
"""What a page says when Stop is pressed on it."""
# Codes from 4000 to 4999 are an application's own (RFC 6455, section 7.4.2).
SILENT, UNKNOWN_PAGE, TOO_MANY = 4408, 4404, 4429
TOO_BIG = 1009


class Shown(Protocol):
    """What a page shows: its runs, by letter. Two are equal where the same is seen."""

    @property
    def runs(self) -> Mapping[str, RunView]: ...


S = TypeVar("S", bound=Shown)
S_contra = TypeVar("S_contra", bound=Shown, contravariant=True)


class Teller(Protocol[S_contra]):
    """What one listener has been told of a page, and is to be told next."""

    @property
    def told(self) -> int:
        """How many characters it has been told."""

    @property
    def is_behind(self) -> bool:
        """Whether there may be more to tell although every run has ended."""

    def news(self, shown: S_contra, *, is_busy: bool) -> dict[str, Json] | None:
        """The next message, or None. `is_busy`: many pages are told at once."""


class FedPage(Generic[S]):
    """One open page: what it shows, and the sockets that tell it of that.

    The token is all that a socket must know: it is sent to this page alone.
    """

    def __init__(
        self, stop: Callable[[Iterable[RunView]], object], teller: Callable[[], Teller[S]]
    ) -> None:
        self.teller = teller
        self.token = secrets.token_urlsafe(24)
        self.identity: tuple[str, str] | None = None
        """Its owner for the engine, and its visitor; None: nobody may take its runs over."""
        self._stop = stop
        self._is_told_to_stop = False
        self._shown: S | None = None
        self._handing = threading.Lock()
        self._sockets: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    @property
    def is_fed(self) -> bool:
        """Whether a socket is listening."""
        return bool(self._sockets)

    @property
    def shown(self) -> S | None:
        """What the page shows; None: nothing yet."""
        return self._shown

    @property
    def is_stopping(self) -> bool:
        """Whether Stop was pressed and a run is still on its way to its end."""
        return self._is_told_to_stop and any(run.is_live for run in self._runs().values())

    def show(self, shown: S) -> None:
        """From now on the page shows this. Called by its script's thread."""
        # Most script runs change nothing of the answers: they wake no socket.
        if shown == self._shown:
            return
        # Where other runs are shown, nobody pressed Stop on those.
        self._is_told_to_stop &= shown.runs == self._runs()
        self._shown = shown
        self._wake()

    def hand_over(self) -> tuple[str, S | None] | None:
        """Its owner for the engine and what it shows, once: another page has both from now on.
        Of two that ask at once only one gets them, or one would show what the other owns."""
        with self._handing:
            identity, self.identity = self.identity, None
            shown, self._shown = self._shown, None
        return None if identity is None else (identity[0], shown)

    def stop(self) -> None:
        """Stop was pressed on the page."""
        self._is_told_to_stop = True
        self._stop([run for run in self._runs().values() if run.is_live])
        self._wake()

    def _runs(self) -> Mapping[str, RunView]:
        return self._shown.runs if self._shown is not None else {}

    def _wake(self) -> None:
        # An asyncio event may be set on its own loop's thread only, and this may be a script's.
        # Copied, for sockets join and leave meanwhile.
        for woken, loop in list(self._sockets.items()):
            loop.call_soon_threadsafe(woken.set)

    def join(self, woken: asyncio.Event) -> bool:
        """A socket joins, and is woken by new runs; false when there are too many."""
        if len(self._sockets) >= MOST_SOCKETS:
            return False
        self._sockets[woken] = asyncio.get_running_loop()
        return True

    def leave(self, woken: asyncio.Event) -> None:
        self._sockets.pop(woken, None)


class Feed(Generic[S]):
    """All pages that are open, by their tokens. `stop` begins to stop runs and returns."""

    def __init__(
        self, stop: Callable[[Iterable[RunView]], object], patience_s: float = PATIENCE_S
    ) -> None:
        self._stop = stop
        self._patience_s = patience_s
        # Weak: the session owns its page, which would otherwise outlive it with all its answers.
        self._pages: WeakValueDictionary[str, FedPage[S]] = WeakValueDictionary()
        self._live = 0
        self._waiting: dict[asyncio.Timeout, str] = {}

    def open_page(self, teller: Callable[[], Teller[S]]) -> FedPage[S]:
        """A page of its own for a new session; no socket keeps it beyond that. `teller` makes
        the memory of each of its sockets."""
        page = FedPage(self._stop, teller)
        self._pages[page.token] = page
        return page

    def page(self, token: str) -> FedPage[S] | None:
        """The page of this token, as long as its session is kept."""
        return self._pages.get(token)

    async def serve(self, socket: WebSocket) -> None:
        """Feed one page for as long as its socket is open."""
        # A browser asks nobody before it opens a socket, so any site could open one here.
        if not is_own_page(socket.scope):
            await socket.close()
            return
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, TimeoutError, KeyError):
            page = await self._page_of(socket)
            woken = asyncio.Event()
            if page is None or not page.join(woken):
                await socket.close(UNKNOWN_PAGE if page is None else TOO_MANY)
                return
            # No local may hold the page from here on: an open socket would keep a session's answers
            # after the session's end.
            page_ref = weakref.ref(page)
            del page
            tasks = [
                asyncio.create_task(self._tell(socket, page_ref, woken)),
                asyncio.create_task(_listen(socket, page_ref)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                # The browser connects again and is told all of it anew. Of an error only the type
                # is logged, for its text can hold an answer.
                if isinstance(ended, Exception) and not isinstance(ended, WebSocketDisconnect):
                    logging.getLogger(__name__).error("a feed broke: %s", type(ended).__name__)
            if (page := page_ref()) is not None:
                page.leave(woken)

    async def _page_of(self, socket: WebSocket) -> FedPage[S] | None:
        """The page whose token the socket says."""
        try:
            async with asyncio.timeout(self._patience_s) as patience:
                self._make_room(address_of(socket.scope))
                self._waiting[patience] = address_of(socket.scope)
                try:
                    return self._pages.get(await _said(socket))
                finally:
                    self._waiting.pop(patience, None)
        except TimeoutError:
            await socket.close(SILENT)
            raise

    def _make_room(self, address: str) -> None:
        # A page of this app says its token at once: whoever has waited for longest is none.
        silent = [timer for timer, at in self._waiting.items() if at == address]
        if len(silent) >= MOST_WAITING_EACH or len(self._waiting) >= MOST_WAITING:
            patience = silent[0] if len(silent) >= MOST_WAITING_EACH else next(iter(self._waiting))
            del self._waiting[patience]
            patience.reschedule(0.0)

    async def _tell(
        self, socket: WebSocket, page_ref: "weakref.ref[FedPage[S]]", woken: asyncio.Event
    ) -> None:
        clock = asyncio.get_running_loop().time
        began_s, runs = clock(), None
        teller = page.teller() if (page := page_ref()) is not None else None
        while teller is not None and (page := page_ref()) is not None:
            # Cleared before the look: what changes between look and wait must end the wait.
            woken.clear()
            shown, is_stopping = page.shown, page.is_stopping
            del page
            message = None
            if shown is not None:
                if shown.runs != runs:
                    began_s, runs = clock(), shown.runs
                message = teller.news(shown, is_busy=self._live > FEW_PAGES)
            # Before the message goes out: a run that ends while it does is told in another turn.
            live = [run for run in (runs or {}).values() if not run.is_over]
            is_live = bool(live) or teller.is_behind
            if message is not None:
                await socket.send_text(as_json(message))
            if is_live:
                self._live += 1
                shown_s = clock() - began_s
                is_first = any(run.ttft_s is None and not run.attempts for run in live)
                wait_s = pace_s(
                    self._live, teller.told, shown_s, is_stopping=is_stopping, is_first=is_first
                )
                try:
                    await _wait(woken, wait_s)
                finally:
                    self._live -= 1
            else:
                await _wait(woken, LOOK_AGAIN_S)
        await socket.close(UNKNOWN_PAGE)


def as_json(message: JsonObject) -> str:
    """A message as it goes over the socket."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def pace_s(
    live: int, told: int, shown_s: float, *, is_stopping: bool = False, is_first: bool = False
) -> float:
    """Seconds until the next message to one of so many pages, which was told so many
    characters of runs that it has shown for so long. `is_first`: an answer has yet to begin."""
    if is_stopping or (is_first and live <= FEW_PAGES):
        return AWAITED_PACE_S
    of_all_s = next(s for most, s in PACES_S if live <= most)
    wait_s = min(of_all_s, max(PACES_S[0][1], MOST_SHARE * shown_s))
    return max(wait_s, LONG_PACE_S) if told > LONG else wait_s


async def _said(socket: WebSocket) -> str:
    """What a page says; whoever says anything longer is hung up on."""
    text = await socket.receive_text()
    if len(text) > MOST_SAID:
        await socket.close(TOO_BIG)
        raise WebSocketDisconnect(TOO_BIG)
    return text


async def _wait(woken: asyncio.Event, most_s: float) -> None:
    # Python 3.11's `wait_for` forgets that it was cancelled where it was woken just then.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(most_s):
            await woken.wait()


async def _listen(socket: WebSocket, page_ref: "weakref.ref[FedPage[S]]") -> None:
    """Do what the page says, until it hangs up."""
    clock, bucket = asyncio.get_running_loop().time, LeakyBucket(MOST_SAID_PACE)
    while True:
        text = await _said(socket)
        is_in_time = bucket.take(1, clock())
        if text == STOP and is_in_time and (page := page_ref()) is not None:
            page.stop()
            del page
