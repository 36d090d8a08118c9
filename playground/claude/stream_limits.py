"""Bounds on what a server may send and for how long: far above what any answer needs, so that none
can fill the memory, block the event loop or keep a run open for ever."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import anthropic
import httpx2

from playground.claude.pacing import Pacing
from playground.core.request.connection import Connection

MAX_STREAMED = 40_000_000
"""Bytes of a whole stream, decompressed: twice what 128,000 tokens, one an event, take."""
MAX_AT_ONCE = 8_000_000
"""Bytes of one event, or of a body that is no stream."""
MAX_JOINED = 500_000
"""Bytes that are passed on in one piece, roughly."""
MAX_LINES = 100
"""Lines of one event; the SDK copies an event for each of its lines."""
MAX_TEXT = 4_000_000
"""Characters of one answer."""
FIRST_TEXT = b"content_block_delta"
"""Nothing pauses until a stream has brought this: it marks the time to first token."""
SHORTEST_LIMIT_S, LONGEST_LIMIT_S, LONGEST_TOKENS = 600.0, 3600.0, 128_000
"""The SDK's own reckoning: an hour for the longest answer, and ten minutes for a short one."""
CALL_LIMIT_S = 600.0

T = TypeVar("T")

BLANK_LINE = re.compile(rb"\n\n|\r\r|\r\n\r\n")


class TooMuch(ValueError):
    """More arrived than any answer needs."""


class TooLong(TimeoutError):
    """An attempt went on for longer than any answer takes."""


def limit_s(connection: Connection, max_tokens: object) -> float:
    """How long an attempt may take in all, pings or not."""
    if connection.kind == "server" or not isinstance(max_tokens, int):
        return LONGEST_LIMIT_S  # One's own machine may be slow.
    reckoned_tokens = min(max_tokens, LONGEST_TOKENS)
    return max(LONGEST_LIMIT_S * reckoned_tokens / LONGEST_TOKENS, SHORTEST_LIMIT_S)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long something may take, and when that ends on the event loop's clock."""

    limit_s: float
    ends_at_s: float

    @classmethod
    def of(cls, limit_s: float) -> "Patience":
        return cls(limit_s, asyncio.get_running_loop().time() + limit_s)

    async def wait(self, awaited: Awaitable[T]) -> T:
        """The result of what is awaited, or `TooLong`."""
        try:
            async with asyncio.timeout_at(self.ends_at_s) as timeout:
                return await awaited
        except TimeoutError as error:
            if not timeout.expired():
                raise
            raise TooLong(f"The answer had not ended after {self.limit_s:g} s.") from error


patience: ContextVar[Patience | None] = ContextVar("patience", default=None)
"""How long the attempt may take that this task is part of."""


class BoundedClient(anthropic.DefaultAsyncHttpxClient):
    """The SDK's own client, with bounds on its calls and on the bodies of responses; its streams
    are read at the pace of all of them."""

    def __init__(self, pacing: Pacing, **options: Any) -> None:  # noqa: ANN401 (they are httpx2's)
        super().__init__(**options)
        self._pacing = pacing
        self.event_hooks["response"].append(self._bound)

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:  # noqa: ANN401
        return await _patience().wait(super().send(request, **options))

    async def _bound(self, response: httpx2.Response) -> None:
        if response.request.url.path.endswith("/results"):
            return  # Of any length; their reader bounds each line.
        kind = response.headers.get("content-type", "")
        is_stream = response.is_success and "event-stream" in kind
        raw = cast(httpx2.AsyncByteStream, response.stream)
        pieces: AsyncIterator[bytes] = aiter(raw)
        if "content-encoding" in response.headers:
            # Decompressed before it is counted.
            encoded = httpx2.Response(200, headers=response.headers, stream=raw)
            pieces = encoded.aiter_bytes()
            # Or httpx2 would decompress it once more.
            del response.headers["content-encoding"]
        response.stream = _Bounded(raw, pieces, self._pacing, is_stream=is_stream)


def _patience() -> Patience:
    # Lists, counts and batches belong to no attempt that could set one.
    return patience.get() or Patience.of(CALL_LIMIT_S)


class _Bounded(httpx2.AsyncByteStream):
    """A body read by a task of its own, so that one timer bounds all of it and pieces that arrive
    together are passed on together."""

    def __init__(
        self,
        raw: httpx2.AsyncByteStream,
        pieces: AsyncIterator[bytes],
        pacing: Pacing,
        *,
        is_stream: bool,
    ) -> None:
        self._raw, self._pieces, self._pacing, self._is_stream = raw, pieces, pacing, is_stream
        self._patience = _patience()
        self._has_text = False
        self._arrived: list[bytes] = []
        self._has_news = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._reading = asyncio.create_task(self._patience.wait(self._read()))
        self._reading.add_done_callback(lambda _: self._has_news.set())
        event = _OpenEvent()
        while not self._reading.done() or self._arrived:
            await self._has_news.wait()
            self._has_news.clear()
            piece = b"".join(self._arrived)
            self._arrived.clear()
            if self._is_stream:
                event.grow(piece)
                self._has_text = self._has_text or FIRST_TEXT in piece
            if piece:
                yield piece
        # Raises what ended the reading, or a broken body would look like a whole one.
        await self._reading

    async def _read(self) -> None:
        size = joined = 0
        limit = MAX_STREAMED if self._is_stream else MAX_AT_ONCE
        began_s = self._pacing.monotonic_s()
        with self._pacing:
            async for piece in self._pieces:
                size += len(piece)
                if size > limit:
                    raise TooMuch(f"More than {limit // 1_000_000} MB arrived.")
                is_first = not self._arrived
                joined = len(piece) if is_first else joined + len(piece)
                self._arrived.append(piece)
                if is_first and self._has_text:
                    # Pieces that arrive together are taken before this one is passed on.
                    await self._pacing.pause(began_s)
                self._has_news.set()
                if joined > MAX_JOINED:
                    await asyncio.sleep(0)  # A small piece may be unpacked into a great many.

    async def aclose(self) -> None:
        try:
            if self._reading is not None:
                self._reading.cancel()
                await asyncio.gather(self._reading, return_exceptions=True)
        finally:
            # Also if a stop comes just now: nobody closes it again, and the pool would keep it.
            await self._raw.aclose()


class _OpenEvent:
    """The event that is not over yet."""

    def __init__(self) -> None:
        self._size = self._lines = 0
        self._end = b""

    def grow(self, piece: bytes) -> None:
        """Raise `TooMuch` if this event has become longer than any real one."""
        # A blank line may be cut in two.
        text = self._end + piece
        first, *later_events = BLANK_LINE.split(text) if b"\r" in text else text.split(b"\n\n")
        self._size += len(first) - len(self._end)
        self._lines += _lines(first) - _lines(self._end)
        longest = self._lines
        if later_events:
            self._check(longest)
            self._size, self._lines = len(later_events[-1]), _lines(later_events[-1])
            # Rarely true; then each event is checked.
            is_doubtful = _lines(text) > 2 * len(later_events) + MAX_LINES
            longest = max(map(_lines, later_events)) if is_doubtful else self._lines
        self._check(longest)
        self._end = text[-3:]

    def _check(self, lines: int) -> None:
        if self._size > MAX_AT_ONCE or lines > MAX_LINES:
            raise TooMuch("One event is longer than any answer.")


def _lines(text: bytes) -> int:
    return text.count(b"\n") + text.count(b"\r")
