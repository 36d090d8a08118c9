"""Reads many streams at once in fewer, larger pieces: each piece costs far more than what
is in it, and pages are told of new text ten times a second at most."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from math import inf
from typing import cast

import httpx2

PAUSES_S = ((4, 0.0), (16, 0.03), (inf, 0.1))
"""Seconds between the pieces of a stream, with up to so many streams open."""
MOST_SHARE = 0.05
"""And no more than this share of what the stream has taken: a short answer is not made late."""
FIRST_TEXT = b"content_block_delta"
"""Until a piece holds this nothing pauses: the time to first token is measured here."""


class Pacing:
    """A client's hook on responses; counts the streams that are being read."""

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sleep, self.monotonic_s = sleep, monotonic_s
        self._streams = 0

    async def __call__(self, response: httpx2.Response) -> None:
        if "event-stream" in response.headers.get("content-type", ""):
            stream = cast(httpx2.AsyncByteStream, response.stream)
            response.stream = _Paced(stream, self)

    def __enter__(self) -> None:
        self._streams += 1

    def __exit__(self, *_: object) -> None:
        self._streams -= 1

    def pause_s(self, taken_s: float) -> float:
        """How long a stream pauses that has taken so long."""
        most_s = next(pause_s for most, pause_s in PAUSES_S if self._streams <= most)
        return min(most_s, MOST_SHARE * taken_s)


class _Paced(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, pacing: Pacing) -> None:
        self._stream, self._pacing = stream, pacing

    async def __aiter__(self) -> AsyncIterator[bytes]:
        has_text, began_s = False, self._pacing.monotonic_s()
        turn = _Turn()
        with self._pacing:
            async for piece in self._stream:
                was_waited_for = turn.is_over
                yield piece
                has_text = has_text or FIRST_TEXT in piece
                taken_s = self._pacing.monotonic_s() - began_s
                pause_s = self._pacing.pause_s(taken_s) if has_text else 0.0
                # Not while pieces are left that came together with the last one: the stream
                # would fall behind.
                if pause_s and was_waited_for:
                    await self._pacing.sleep(pause_s)
                turn = _Turn(is_asked=bool(pause_s))

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Turn:
    """Whether the event loop has gone on to other things since: only a read of the network
    lets it, a piece that is here already does not."""

    def __init__(self, *, is_asked: bool = False) -> None:
        self.is_over = not is_asked
        if is_asked:
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        self.is_over = True
