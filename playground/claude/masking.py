"""Masks a key that a server echoes in an answer, however it is split into pieces."""

import json
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import fields, replace
from typing import Any

from playground.claude.secret import Secret
from playground.core.answer.events import (
    BlockStarted,
    BlockStopped,
    CitationDelta,
    Event,
    Finished,
    InputDelta,
    Iteration,
    OtherDelta,
    Reported,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from playground.core.wire.exchange import MASK

Piece = TextDelta | ThinkingDelta | InputDelta | SignatureDelta
Other = BlockStarted | OtherDelta
WITH_TEXTS = (BlockStarted, OtherDelta, CitationDelta, Reported, Finished, Usage, Iteration)
"""Events with texts that are no piece of a longer one, and what stands in them."""
DEEPEST = 100
"""How deep texts are searched for in events of unknown type."""


class Mask:
    """Passes a text on piece by piece, holding back what may be the beginning of the key.

    `before` ends the text before this one, which its reader may join with it.
    """

    def __init__(self, secret: Secret, before: str = "") -> None:
        self._secret = secret
        self._before = before
        self._held = ""

    def feed(self, piece: str) -> str:
        """Add a piece; return the text that can be shown now, which may be empty."""
        if not self._secret.is_secret:
            return piece
        text = self._held + piece
        if self._before:
            end = self._secret.starts(self._before + text)
            if end is None and self._secret.tail(self._before + text).start == 0:
                self._held = text
                return ""
            if end is not None:
                text = MASK + text[end - len(self._before) :]
            self._before = ""
        text = self._secret.masked(text)
        start = self._secret.tail(text).start
        self._held = text[start:]
        return text[:start]

    def flush(self) -> str:
        """End the text; return what was held back."""
        rest, self._held = self._held, ""
        return rest

    @property
    def begun(self) -> str:
        """What a text that is joined with this one may continue."""
        return self._before + self._held

    def end(self) -> tuple[str, str]:
        """What was held back, and what a text that is joined with this one may continue. Of a key
        that two texts share no half is shown."""
        begun, rest = self.begun, self.flush()
        hides = self._secret.tail(begun).size * 2 >= len(self._secret.key)
        return MASK if rest and hides else rest, begun


class _UnknownBlock:
    """Masks a key in the events of a block of unknown type, whose texts may continue in the next
    event. Events wait while one of their texts ends like the beginning of the key."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._came: list[tuple[Other, Any]] = []

    def feed(self, event: Other) -> list[Other]:
        self._came.append((event, _parsed(event.json)))
        texts_by_place: dict[_Place, list[_Text]] = defaultdict(list)
        for index, (_, value) in enumerate(self._came):
            for place, holder, name in _texts(value):
                texts_by_place[place].append((index, holder, name))
        for texts in texts_by_place.values():
            self._mask(texts)
        # Each waiting event adds a character: more of them than the key has cannot be part of it.
        may_go_on = len(self._came) < len(self._secret.key) and any(
            map(self._is_open, texts_by_place.values())
        )
        return [] if may_go_on else self.flush()

    @property
    def has_begun(self) -> bool:
        """Whether the beginning of the block is among what waits."""
        return any(isinstance(event, BlockStarted) for event, _ in self._came)

    def flush(self) -> list[Other]:
        """Everything that waited."""
        waited, self._came = self._came, []
        return [event for event, _ in waited]

    def _mask(self, texts: list["_Text"]) -> None:
        """Mask a key that is spread over several texts, in the first of them."""
        place = self._secret.span("".join(holder[name] for _, holder, name in texts))
        start, end = place or (0, 0)
        for at, holder, name in texts if place else ():
            text = holder[name]
            if start < len(text) and end > 0:
                before = text[:start] + MASK if start >= 0 else ""
                holder[name] = before + text[end:]
                event, value = self._came[at]
                json_text = json.dumps(value, ensure_ascii=False)
                self._came[at] = replace(event, json=json_text), value
            start, end = start - len(text), max(0, end - len(text))

    def _is_open(self, texts: list["_Text"]) -> bool:
        return self._secret.tail("".join(holder[name] for _, holder, name in texts)).size > 0


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

    Texts are read as one, for a reader may join them: what one of them ends with may go on in the
    next.
    """

    def __init__(self, key: str) -> None:
        self._secret = Secret(key)
        # By kind and place: blocks may come interleaved, and each has a text of its own.
        self._masks: dict[tuple[type[Piece], int | None], Mask] = {}
        self._others: dict[int | None, _UnknownBlock] = {}
        self._text_end = ""

    def feed(self, event: Event) -> list[Event]:
        """Add an event; return the events that can be shown now."""
        if not self._secret.is_secret:
            return [event]
        before: list[Event] = self._end_others(event)
        match event:
            case TextDelta() | ThinkingDelta() | InputDelta() | SignatureDelta():
                return [*before, *self._pieces(event)]
            case BlockStarted(at=at) | BlockStopped(at=at):
                before += self._end_texts(at)
            case Finished():
                # What is still held back belongs before the end of the answer.
                before += self.flush()
        shown = self._without_key(event)
        # The start of a block that has an id is of a known type, and complete.
        if isinstance(shown, OtherDelta) or (
            isinstance(shown, BlockStarted) and shown.json and not shown.id
        ):
            return [*before, *self._other(shown)]
        return [*before, shown]

    def flush(self) -> list[Event]:
        """End the answer; return what was held back."""
        # A dict and no set: texts end in the order in which they began.
        events = self._end_texts(*{at: None for _, at in self._masks})
        events += (event for others in self._others.values() for event in others.flush())
        self._others = {}
        return events

    def _other(self, event: Other) -> list[Other]:
        others = self._others.setdefault(event.at, _UnknownBlock(self._secret))
        passed = others.feed(event)
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
                events += self._others.pop(at).flush()
        return events

    def _pieces(self, piece: Piece) -> list[Event]:
        mask = self._masks.get((type(piece), piece.at))
        if mask is None:
            before = ""
            # Texts alone: a reader joins one with the next, but never a thought with a text.
            if isinstance(piece, TextDelta):
                before, self._text_end = self._text_end or self._open_end(), ""
            mask = self._masks[type(piece), piece.at] = Mask(self._secret, before)
        passed = mask.feed(piece.text)
        return [type(piece)(passed, piece.at)] if passed else []

    def _open_end(self) -> str:
        """What the last text holds back that is not over: a server may leave out its end."""
        texts = [mask for (kind, _), mask in self._masks.items() if kind is TextDelta]
        return texts[-1].begun if texts else ""

    def _end_texts(self, *ended: int | None) -> list[Event]:
        """What was held back of the blocks at these places, which are over."""
        events: list[Event] = []
        # Thoughts come before the text that they led to.
        for at in ended:
            for kind in (ThinkingDelta, SignatureDelta, InputDelta):
                mask = self._masks.pop((kind, at), None)
                if mask is not None and (held := mask.flush()):
                    events.append(kind(held, at))
        for at in ended:
            mask = self._masks.pop((TextDelta, at), None)
            if mask is not None:
                held, self._text_end = mask.end()
                events += [TextDelta(held, at)] * bool(held)
        return events

    def _without_key(self, value: Any) -> Any:  # noqa: ANN401 (an event or any field of one)
        """The same with each of its texts masked: tools, tiers, models and whatever else a report
        counts have names in a server's own words."""
        if isinstance(value, str):
            return self._secret.masked(value)
        if isinstance(value, tuple):
            return tuple(map(self._without_key, value))
        if not isinstance(value, WITH_TEXTS):
            return value
        values = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{name: self._without_key(of) for name, of in values.items()})


async def without_key_in_texts(
    events: AsyncIterator[Event], key: str
) -> AsyncGenerator[Event, None]:
    """The same events with the key masked in all of them, however the stream ends."""
    mask = EventMask(key)
    try:
        async for event in events:
            for passed in mask.feed(event):
                yield passed
    # Nothing wider: a generator that is closed must not yield any more.
    except Exception:
        # A broken answer is shown as far as it came, and its last letters may be held back.
        for rest in mask.flush():
            yield rest
        raise
