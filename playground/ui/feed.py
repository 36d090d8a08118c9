"""A socket beside Streamlit's own that brings an answer's text to its page as it arrives.

The page polls for everything else. Where a host lets no socket through, it polls for the
text too: slower, and dearer for the server.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import streamlit as st
from starlette.websockets import WebSocket, WebSocketDisconnect

PACES_S = ((10, 0.05), (25, 0.1), (inf, 0.2))
"""Seconds between messages to a page, up to so many pages that are told at once."""
LONG, LONG_PACE_S = 60_000, 0.1
"""Nobody reads along that fast: characters on a page, and its pace from then on."""
FEW_PAGES = 10
PATIENCE_S = 5.0
"""How long a new socket may take to say which page it belongs to."""
MOST_SOCKETS = 4
UNKNOWN_PAGE = 4404


class FedPage:
    """One open page: its runs, and the sockets that bring their texts to it.

    The token is all that a socket must know: it is sent to this page alone.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        self._runs: Mapping[str, Any] = {}
        self._sockets: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    @property
    def is_fed(self) -> bool:
        """Whether a socket is listening."""
        return bool(self._sockets)

    @property
    def runs(self) -> Mapping[str, Any]:
        return self._runs

    def show(self, runs: Mapping[str, Any]) -> None:
        """From now on the page shows these runs, by letter. Called by its script's thread."""
        self._runs = dict(runs)
        for woken, loop in list(self._sockets.items()):
            loop.call_soon_threadsafe(woken.set)

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """A socket joins, and is woken by new runs; `OverflowError` if it is one too many."""
        if len(self._sockets) >= MOST_SOCKETS:
            raise OverflowError
        woken = asyncio.Event()
        self._sockets[woken] = asyncio.get_running_loop()
        try:
            yield woken
        finally:
            del self._sockets[woken]


class News:
    """What one socket has not told its page yet."""

    def __init__(self) -> None:
        self._runs: Mapping[str, Any] = {}
        self._told: dict[str, int] = {}
        self._signs: tuple[object, ...] = ()
        self._changes = 0

    def of(self, runs: Mapping[str, Any], *, is_busy: bool = False) -> dict[str, Any] | None:
        """The next message for a page with these runs, or None.

        `changed` counts whatever the page draws by itself: a status, an attempt, an end. In
        a busy process only the last end: the page polls for the others.
        """
        news: dict[str, Any] = {}
        if runs is not self._runs:
            self._runs, self._told = runs, {}
            # The script that brought the new runs draws them as they are.
            self._signs = _signs(runs)
            news["clear"] = True
        signs = _signs(runs)
        texts = [*self._new_texts(runs)]
        is_worth_it = not is_busy or all(run.is_over for run in runs.values())
        if signs != self._signs and is_worth_it:
            self._signs = signs
            self._changes += 1
            news["changed"] = self._changes
        return {"texts": texts, **news} if texts or news else None

    @property
    def told(self) -> int:
        """How many characters of the shown runs were told."""
        return sum(self._told.values())

    def _new_texts(self, runs: Mapping[str, Any]) -> list[tuple[str, str]]:
        found = []
        for run in runs.values():
            for name, text in (("text", run.text), ("thinking", run.thinking)):
                of = source(run, name)
                told = self._told.get(of, 0)
                if len(text) > told:
                    found.append((of, text[told:]))
                    self._told[of] = len(text)
        return found


def source(run: Any, name: str) -> str:  # noqa: ANN401 (a Run)
    """What the page calls one text of a run."""
    return f"{run.id} {name}"


def _signs(runs: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(
        (run.status, run.is_over, len(run.attempts), bool(run.thinking)) for run in runs.values()
    )


class Feed:
    """All pages that are open, by their tokens."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._pages: WeakValueDictionary[str, FedPage] = WeakValueDictionary()
        self._live = 0

    def open_page(self) -> FedPage:
        """A page of its own for a new session; forgotten with the session."""
        page = FedPage()
        self._pages[page.token] = page
        return page

    async def serve(self, socket: WebSocket) -> None:
        """Feed one page for as long as its socket is open."""
        if not _is_own_page(socket):
            await socket.close()
            return
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, TimeoutError, KeyError, OverflowError):
            page = self._pages.get(await asyncio.wait_for(socket.receive_text(), self._patience_s))
            if page is None:
                await socket.close(UNKNOWN_PAGE)
                return
            with page.listening() as woken:
                tasks = [
                    asyncio.create_task(self._tell(socket, page, woken)),
                    asyncio.create_task(_leave(socket)),
                ]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, socket: WebSocket, page: FedPage, woken: asyncio.Event) -> None:
        news = News()
        while True:
            woken.clear()
            message = news.of(page.runs, is_busy=self._live > FEW_PAGES)
            if message is not None:
                await socket.send_text(json.dumps(message, ensure_ascii=False))
            if any(not run.is_over for run in page.runs.values()):
                self._live += 1
                try:
                    await asyncio.sleep(self._pace_s(news.told))
                finally:
                    self._live -= 1
            else:
                await woken.wait()

    def _pace_s(self, told: int) -> float:
        pace_s = next(s for most, s in PACES_S if self._live <= most)
        return max(pace_s, LONG_PACE_S) if told > LONG else pace_s


async def _leave(socket: WebSocket) -> None:
    """Wait until the page hangs up; it says nothing more before."""
    while True:
        await socket.receive_text()


def _is_own_page(socket: WebSocket) -> bool:
    """Whether a page of this app asks, as far as its browser tells."""
    origin = socket.headers.get("origin")
    if origin is None:
        return True
    name = urlsplit(origin).hostname or ""
    host = urlsplit(f"//{socket.headers.get('host', '')}").hostname
    allowed: list[str] = st.get_option("server.allowedHosts")
    return name == host or any(
        name == each or (each.startswith("*.") and name.endswith(each[1:])) for each in allowed
    )
