"""Reads many streams at once in fewer, larger pieces: each read costs far more than what is
in it. How often a page is sent what came, `ui/server/feed.py` decides."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from math import inf

# Six streams of 100 tokens a second took a fifth of a processor, most of it for reading; 30 ms
# between reads halve that. Up to four do not need it.
PAUSES_S = ((4, 0.0), (16, 0.03), (inf, 0.2))
"""Seconds between reads of a stream, with up to so many streams open."""
MAX_SHARE = 0.1
"""And no more than this share of what the stream has taken: a short answer is not made late."""


class Pacing:
    """How often streams are read. Every reader enters it, and counts until it leaves."""

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep, self.monotonic_s = sleep, monotonic_s
        self._streams = 0

    def __enter__(self) -> None:
        self._streams += 1

    def __exit__(self, *_: object) -> None:
        self._streams -= 1

    def pause_s(self, taken_s: float) -> float:
        """How long a stream pauses after it has taken so long."""
        limit_s = next(pause_s for most, pause_s in PAUSES_S if self._streams <= most)
        return min(limit_s, MAX_SHARE * taken_s)

    async def pause(self, began_s: float) -> None:
        """Pause for as long as a stream may that began at this time."""
        pause_s = self.pause_s(self.monotonic_s() - began_s)
        if pause_s:
            await self._sleep(pause_s)
