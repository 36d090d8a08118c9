"""Claims on work that two pages must not do at once: it would be paid for twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from playground.core.text.refusal import Refusal

ELSEWHERE = Refusal(
    "This experiment is under way on another page. If that page was closed or reloaded, try "
    "again in a minute; if its server died, in two."
)
LOST = Refusal("This experiment was deleted, or is now under way on another server.")


class ClaimStore(Protocol):
    """Stores the claims of all processes that share a database. Waits for a disk."""

    def acquire(self, visitor: str, name: str) -> bool | Refusal: ...
    def is_held(self, visitor: str, name: str) -> bool | Refusal: ...
    def release(self, visitor: str, name: str) -> Refusal | None: ...


class Claims:
    """The claims held by pages of this process, by visitor and name. Call `claim` only on the
    engine's loop."""

    def __init__(self, store: ClaimStore) -> None:
        self._store = store
        self._held: set[tuple[str, str]] = set()

    @asynccontextmanager
    async def claim(self, visitor: str, name: str) -> AsyncIterator[Refusal | None]:
        """Yields None once the work is claimed: until the context is left, no other page and no
        other process does it. Otherwise why not: `ELSEWHERE`, or why that can't be known."""
        place = visitor, name
        # The database knows a claim's process only: its pages are told apart here.
        if place in self._held:
            yield ELSEWHERE
            return
        # Before the first `await`: a second page must find it taken already.
        self._held.add(place)
        try:
            is_free = await asyncio.to_thread(self._store.acquire, *place)
            if isinstance(is_free, Refusal):
                yield is_free
            elif not is_free:
                yield ELSEWHERE
            else:
                try:
                    yield None
                finally:
                    await asyncio.to_thread(self._store.release, *place)
        finally:
            self._held.discard(place)

    def lost_reason(self, visitor: str, name: str) -> Refusal | None:
        """Why a claim is no longer held; None if it is. Waits for a disk."""
        has = self._store.is_held(visitor, name)
        if isinstance(has, Refusal):
            return has
        return None if has else LOST
