"""Masks a key that a server echoes in an answer, however it is split into pieces."""

import json
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from playground.core.answer.events import (
    BlockStarted,
    BlockStopped,
    CitationDelta,
    Event,
    Finished,
    InputDelta,
    OtherDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
)
from playground.core.wire.exchange import MASK

Piece = TextDelta | ThinkingDelta | InputDelta | SignatureDelta
Other = BlockStarted | OtherDelta
SHORTEST = 7
DEEPEST = 100
"""How deep texts are searched for in events of unknown type."""
_PLACEHOLDER = re.compile(r"(?!sk-)[a-z-]{1,11}")
"""What local servers take for a key ("ollama", "lm-studio") is no secret and an ordinary word."""


def is_secret(key: str) -> bool:
    """Whether a key is masked: masking a short or an ordinary word would garble messages."""
    return len(key) >= SHORTEST and _PLACEHOLDER.fullmatch(key) is None


class Mask:
    """Passes a text on piece by piece, holding back what may be the beginning of the key."""

    def __init__(self, key: str) -> None:
        self._key = key if is_secret(key) else ""
        self._held = ""

    @property
    def held(self) -> str:
        return self._held

    def passed(self, piece: str) -> str:
        if not self._key:
            return piece
        text = (self._held + piece).replace(self._key, MASK)
        # Every delta passes here, so only places with the first character of the key are looked at.
        start = text.find(self._key[0], max(0, len(text) - len(self._key) + 1))
        while start >= 0 and not self._key.startswith(text[start:]):
            start = text.find(self._key[0], start + 1)
        self._held = text[start:] if start >= 0 else ""
        return text[:start] if start >= 0 else text

    def rest(self) -> str:
        """What was held back and proved harmless: the text is over."""
        rest, self._held = self._held, ""
        return rest


class _UnknownBlock:
    """Masks a key in the events of a block of unknown type, whose texts may continue in the next
    event. Events wait while one of their texts ends like the beginning of the key."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._came: list[tuple[Other, Any]] = []

    def passed(self, event: Other) -> list[Other]:
        self._came.append((event, _parsed(event.json)))
        texts_by_place: dict[_Place, list[_Text]] = defaultdict(list)
        for index, (_, value) in enumerate(self._came):
            for place, holder, name in _texts(value):
                texts_by_place[place].append((index, holder, name))
        for texts in texts_by_place.values():
            self._mask(texts)
        # Each waiting event adds a character: more of them than the key has cannot be part of it.
        may_go_on = len(self._came) < len(self._key) and any(
            map(self._is_open, texts_by_place.values())
        )
        return [] if may_go_on else self.rest()

    @property
    def has_begun(self) -> bool:
        """Whether the beginning of the block is among what waits."""
        return any(isinstance(event, BlockStarted) for event, _ in self._came)

    def rest(self) -> list[Other]:
        """Everything that waited."""
        waited, self._came = self._came, []
        return [event for event, _ in waited]

    def _mask(self, texts: list["_Text"]) -> None:
        """Mask a key that is spread over several texts, in the first of them."""
        start = "".join(holder[name] for _, holder, name in texts).find(self._key)
        end = start + len(self._key)
        for at, holder, name in texts if start >= 0 else ():
            text = holder[name]
            if start < len(text) and end > 0:
                before = text[:start] + MASK if start >= 0 else ""
                holder[name] = before + text[end:]
                event, value = self._came[at]
                json_text = json.dumps(value, ensure_ascii=False)
                self._came[at] = replace(event, json=json_text), value
            start, end = start - len(text), max(0, end - len(text))

    def _is_open(self, texts: list["_Text"]) -> bool:
        text = "".join(holder[name] for _, holder, name in texts)
        return any(text.endswith(self._key[:size]) for size in range(1, len(self._key)))


_Place = tuple[str | int, ...]
_Text = tuple[int, Any, Any]
"""In which object a text is, what holds it there, and under which name."""


def _parsed(text: str) -> Any:  # noqa: ANN401 (any JSON value)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _texts(value: Any, *place: str | int) -> Iterator[tuple[_Place, Any, Any]]:  # noqa: ANN401
    """The texts within a JSON value: where each is, what contains it, and under which name."""
    # Each level is a call, and Python allows about a thousand.
    if len(place) > DEEPEST:
        return
    for name, item in (
        value.items() if isinstance(value, dict)
        else enumerate(value) if isinstance(value, list) else ()
    ):  # fmt: skip
        if isinstance(item, str):
            yield (*place, name), value, name
        else:
            yield from _texts(item, *place, name)


class EventMask:
    """Masks a key in events, piece by piece and block by block.

    The key may continue from one text into the next, so that they are read as one: what stands
    between them waits while the end of the first may be its beginning.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        # Inside JSON a quote or a backslash of the key is escaped.
        self._escaped = json.dumps(key)[1:-1]
        self._is_secret = is_secret(key)
        self._masks: dict[tuple[type[Piece], int | None], Mask] = {}
        self._others: dict[int | None, _UnknownBlock] = {}
        self._waiting: list[Event] = []
        self._text_at: int | None = None
        self._behind = 0

    def passed(self, event: Event) -> list[Event]:
        """The events that can be shown now that this one has come."""
        if not self._is_secret:
            return [event]
        released: list[Event] = self._end_others(event)
        if isinstance(event, TextDelta):
            return [*released, *(self._after(event) if self._waiting else self._pieces(event))]
        if isinstance(event, BlockStopped):
            return [*released, *self._at_boundary(event)]
        if isinstance(event, BlockStarted) and event.kind == "text":
            return [*released, *self._at_boundary(event)]
        is_over = self._waiting or isinstance(event, BlockStarted)
        before = [*released, *(self._end_text() if is_over else [])]
        if isinstance(event, ThinkingDelta | InputDelta | SignatureDelta):
            return [*before, *self._pieces(event)]
        # What is still held back belongs before the end of the answer.
        if isinstance(event, Finished):
            before += self.rest()
        shown = self._without_key(event)
        # The start of a block that has an id is of a known type, and complete.
        if isinstance(shown, OtherDelta) or (
            isinstance(shown, BlockStarted) and shown.json and not shown.id
        ):
            return [*before, *self._other(shown)]
        return [*before, shown]

    def rest(self) -> list[Event]:
        """What was held back and proved harmless: the answer is over."""
        events = self._end_text() if self._waiting else []
        # Thoughts come before the text that they led to.
        for (kind, at), mask in sorted(
            self._masks.items(), key=lambda keyed_mask: keyed_mask[0][0] is TextDelta
        ):
            if held := mask.rest():
                events.append(kind(held, at))
        events += (event for others in self._others.values() for event in others.rest())
        self._masks, self._others = {}, {}
        return events

    def _other(self, event: Other) -> list[Other]:
        others = self._others.setdefault(event.at, _UnknownBlock(self._key))
        passed = others.passed(event)
        if passed:
            del self._others[event.at]
        return passed

    def _end_others(self, event: Event) -> list[Event]:
        """What waited and is not continued by this event. The beginning of a block comes before
        everything after it except its own deltas."""
        events: list[Event] = []
        for at, others in [*self._others.items()]:
            is_next = isinstance(event, OtherDelta) and event.at == at
            is_whole = isinstance(event, BlockStopped) and event.at == at
            if is_whole or (others.has_begun and not is_next) or isinstance(event, BlockStarted):
                events += self._others.pop(at).rest()
        return events

    def _pieces(self, piece: Piece) -> list[Event]:
        if isinstance(piece, TextDelta):
            self._text_at = piece.at
        passed = self._mask(type(piece), piece.at).passed(piece.text)
        return [type(piece)(passed, piece.at)] if passed else []

    def _mask(self, kind: type[Piece], at: int | None) -> Mask:
        mask = self._masks.get((kind, at))
        if mask is None:
            # The input is JSON: there a quote or a backslash of the key is escaped.
            mask = Mask(self._escaped if kind is InputDelta else self._key)
            self._masks[kind, at] = mask
        return mask

    def _at_boundary(self, event: BlockStarted | BlockStopped) -> list[Event]:
        if self._waiting:
            self._waiting.append(event)
            return []
        mask = self._masks.get((TextDelta, self._text_at))
        if mask is not None and mask.held:
            # So many of the next characters still belong to the text before this boundary.
            self._waiting, self._behind = [event], len(mask.held)
            return []
        events: list[Event] = []
        for kind in (ThinkingDelta, SignatureDelta, InputDelta) * isinstance(event, BlockStopped):
            block_mask = self._masks.pop((kind, event.at), None)
            if block_mask is not None and (held := block_mask.rest()):
                events.append(kind(held, event.at))
        return [*events, event]

    def _after(self, piece: TextDelta) -> list[Event]:
        """Text that continues behind one whose end is held back."""
        mask = self._mask(TextDelta, self._text_at)
        passed = mask.passed(piece.text)
        if passed.startswith(MASK):
            self._behind, before, passed = 0, MASK, passed.removeprefix(MASK)
        else:
            before, passed = passed[: self._behind], passed[self._behind :]
            self._behind -= len(before)
        events: list[Event] = [TextDelta(before, self._text_at)] if before else []
        if self._behind:
            return events
        del self._masks[TextDelta, self._text_at]
        self._masks[TextDelta, piece.at] = mask
        self._text_at = piece.at
        events += self._waiting
        self._waiting = []
        return [*events, TextDelta(passed, piece.at)] if passed else events

    def _end_text(self) -> list[Event]:
        """No text follows the last one: its end is held back no longer."""
        mask = self._masks.pop((TextDelta, self._text_at), None)
        held = mask.rest() if mask else ""
        waiting, self._waiting = self._waiting, []
        return [TextDelta(held, self._text_at), *waiting] if held else waiting

    def _without_key(self, event: Event) -> Event:
        match event:
            case BlockStarted():
                return replace(
                    event,
                    kind=self._of(event.kind),
                    name=self._of(event.name),
                    id=self._of(event.id),
                    json=self._of(event.json),
                    more_json=self._of(event.more_json),
                )
            case CitationDelta(text):
                return replace(event, json=self._of(text))
            case OtherDelta(kind, text):
                return replace(event, kind=self._of(kind), json=self._of(text))
            case Finished():
                return replace(
                    event,
                    stop_reason=event.stop_reason and self._of(event.stop_reason),
                    stop_sequence=event.stop_sequence and self._of(event.stop_sequence),
                    detail=event.detail and self._of(event.detail),
                    category=event.category and self._of(event.category),
                )
        return event

    def _of(self, text: str) -> str:
        return text.replace(self._key, MASK).replace(self._escaped, MASK)


async def without_key_in_texts(
    events: AsyncIterator[Event], key: str
) -> AsyncGenerator[Event, None]:
    """The same events with the key masked in all of them, however the stream ends."""
    mask = EventMask(key)
    try:
        async for event in events:
            for passed in mask.passed(event):
                yield passed
    except Exception:
        # A broken answer is shown as far as it came, and its last letters may be held back.
        for rest in mask.rest():
            yield rest
        raise
