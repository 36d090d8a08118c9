"""Takes a key out of what a server echoes in an answer, wherever its pieces cut the key."""

import re
from collections.abc import AsyncGenerator, AsyncIterator

from playground.core.answer.events import Event, Finished, TextDelta, ThinkingDelta
from playground.core.wire.exchange import MASK

SHORTEST = 7
_PLACEHOLDER = re.compile(r"(?!sk-)[a-z-]{1,11}")
"""What local servers take for a key ("ollama", "lm-studio") is no secret and an ordinary word."""


def is_secret(key: str) -> bool:
    """Whether a key is masked: to mask a short or an ordinary word would garble messages."""
    return len(key) >= SHORTEST and _PLACEHOLDER.fullmatch(key) is None


class Mask:
    """Passes a text on piece by piece; holds back what may be the beginning of the key."""

    def __init__(self, key: str) -> None:
        self._key = key if is_secret(key) else ""
        self._held = ""

    def passed(self, piece: str) -> str:
        if not self._key:
            return piece
        text = (self._held + piece).replace(self._key, MASK)
        # Each delta comes by here: only where the key's first character stands can it begin.
        start = text.find(self._key[0], max(0, len(text) - len(self._key) + 1))
        while start >= 0 and not self._key.startswith(text[start:]):
            start = text.find(self._key[0], start + 1)
        self._held = text[start:] if start >= 0 else ""
        return text[:start] if start >= 0 else text

    def rest(self) -> str:
        """What was held back and proved harmless: the text is over."""
        rest, self._held = self._held, ""
        return rest


async def without_key_in_texts(
    events: AsyncIterator[Event], key: str
) -> AsyncGenerator[Event, None]:
    """The same events with the key masked in text and thinking, however the stream ends."""
    text, thinking = Mask(key), Mask(key)
    try:
        async for event in events:
            match event:
                case TextDelta(piece):
                    if passed := text.passed(piece):
                        yield TextDelta(passed)
                case ThinkingDelta(piece):
                    if passed := thinking.passed(piece):
                        yield ThinkingDelta(passed)
                case Finished():
                    for rest in _rests(text, thinking):
                        yield rest
                    yield event
                case _:
                    yield event
    except Exception:
        for rest in _rests(text, thinking):
            yield rest
        raise


def _rests(text: Mask, thinking: Mask) -> list[Event]:
    held = thinking.rest(), text.rest()
    found: list[Event] = [ThinkingDelta(held[0])] if held[0] else []
    return [*found, TextDelta(held[1])] if held[1] else found
