"""An answer as its events come: each event of the wire becomes the project's own events."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from playground.claude.errors import failure_in_body, reported_failure
from playground.claude.stream_limits import MAX_TEXT, TooMuch
from playground.claude.usage import UsageReports
from playground.claude.wire_values import dict_of, object_of, text_of
from playground.core.answer.content import MAX_BLOCKS
from playground.core.answer.events import (
    BlockStarted,
    BlockStopped,
    CitationDelta,
    Event,
    Finished,
    InputDelta,
    OtherDelta,
    Reported,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
)
from playground.core.answer.failures import Billed, Failure
from playground.core.text.json_text import Json, JsonObject, with_whole_characters

LONGEST_NAME = 128
"""Characters of a tool's name, and of a block's type."""
ENDINGS = ("stop_reason", "stop_sequence", "stop_details", "container")


class AnswerFailed(Exception):
    """Carries a failure from inside the stream to the attempt that reads it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.kind)
        self.failure = failure


class Answer:
    """Folds the events of the wire. `has_started`: usage was reported; `has_begun`: a content block
    of any kind began, seen or not, readable or not; `is_complete`: the last event came."""

    def __init__(self, request_id: str | None) -> None:
        self.has_started = self.has_begun = self.is_complete = False
        self._request_id = request_id
        self._message_id: object = None
        self._has_content = False
        self._reports = UsageReports()
        self._stop: JsonObject = {}
        self._kinds: list[str] = []
        self._places: dict[int, int] = {}
        self._given: dict[int, JsonObject] = {}
        self._half: dict[int, str] = {}
        self._characters = self._parts = 0

    @property
    def billed(self) -> Billed:
        """What may be billed for an attempt that breaks off now."""
        return "partly" if self.has_started or self.has_begun else "possibly"

    def fold(self, kind: str, data: JsonObject) -> list[Event]:
        """The events that one event of the wire becomes. Raises ValueError if it is damaged."""
        match kind:
            case "message_start":
                return self._start(object_of(data.get("message")))
            case "content_block_start":
                return self._start_block(_index(data), object_of(data.get("content_block")))
            case "content_block_delta":
                return self._delta(_index(data), object_of(data.get("delta")))
            case "content_block_stop":
                return self._stop_block(_index(data))
            case "message_delta":
                self._end_with(dict_of(data.get("delta")))
                self._reports.update(dict_of(data.get("usage")))
                return self._report()
            case "message_stop":
                self.is_complete = True
                return [self._finished()]
            case "error":
                raise AnswerFailed(reported_failure(data, self.billed, self._request_id))
        return []

    def _start(self, message: JsonObject) -> list[Event]:
        # Without ids only what has no content yet can be the same message, said twice.
        is_same = message.get("id") == self._message_id and bool(
            self._message_id or not self._has_content
        )
        if self.has_started and not is_same:
            # A gateway asked once more behind our back: both are paid for. As in the SDK
            # (lib/streaming/_messages.py) what had come stays, and the rest comes after it.
            self._reports.replace_message()
            self._stop = {}
            self._given, self._places = {}, {}
        self.has_started, self._message_id = True, message.get("id")
        is_over = message.get("stop_reason") is not None
        model_id, usage = text_of(message.get("model")), dict_of(message.get("usage"))
        self._reports.begin_message(model_id, usage, is_over=is_over)
        events: list[Event] = self._report()
        self._end_with(message)
        for index, block in enumerate(_content(message.get("content"))):
            # An answer that continues after one of the API's own tools may arrive whole in here.
            events += self._start_block(index, object_of(block))
            self._given[index] = block
        return events

    def _start_block(self, index: int | None, block: JsonObject) -> list[Event]:
        if index is not None and self._given.get(index) == block:
            return []  # It came in `message_start` already.
        self._reports.note_tools(block)
        started = self._begin(index, _started(block))
        at = started.at or 0
        events: list[Event] = [started]
        for kind, name in STARTS.get(started.kind, ()):
            events += self._piece(kind, block.get(name), at)
        citations = block.get("citations") if started.kind == "text" else None
        for citation in citations if isinstance(citations, list) else []:
            events.append(self._cite(citation, at))
        return events

    def _begin(self, index: int | None, started: BlockStarted) -> BlockStarted:
        self.has_begun = self._has_content = True
        self._count(len(started.json) + len(started.more_json), 1)
        at = len(self._kinds)
        self._kinds.append(started.kind)
        if index is not None:
            self._places[index] = at
        return replace(started, at=at)

    def _stop_block(self, index: int | None) -> list[Event]:
        at = self._place(index)
        self._half.pop(at, None)
        return [BlockStopped(at)] if self._kinds else []

    def _place(self, index: int | None) -> int:
        """The position of the block with this index on the wire; of an unknown one, the last."""
        last = len(self._kinds) - 1
        return last if index is None else self._places.get(index, last)

    def _count(self, characters: int, parts: int = 0) -> None:
        self._characters += characters
        self._parts += parts
        if self._characters > MAX_TEXT:
            raise TooMuch(f"The answer is longer than {MAX_TEXT:,} characters.")
        if self._parts > MAX_BLOCKS:
            raise TooMuch(f"The answer has more than {MAX_BLOCKS:,} blocks and citations.")

    def _end_with(self, delta: JsonObject) -> None:
        """Note how the answer ends. A null says nothing, and undoes nothing."""
        values = {name: value for name, value in delta.items() if value is not None}
        self._reports.used_container |= bool(values.get("container"))
        self._stop = {**self._stop, **{name: values[name] for name in ENDINGS if name in values}}

    def _delta(self, index: int | None, delta: JsonObject) -> list[Event]:
        kind = delta.get("type")
        if not isinstance(kind, str):
            raise ValueError("A delta has no type.")
        at = self._place(index)
        events: list[Event] = []
        takes = at >= 0 and _takes(self._kinds[at], kind)
        if not takes and (at < 0 or kind in SHOWN):
            # The block has no start, or is of another kind: what can be read is not lost for that.
            started = self._begin(index, BlockStarted(_implied(kind)))
            events, at, takes = [started], len(self._kinds) - 1, kind in FITS
        if takes and kind == "citations_delta":
            return [*events, self._cite(delta.get("citation"), at)]
        if takes:
            return [*events, *self._piece(kind, delta.get(PIECES[kind][0]), at)]
        whole = _json(delta)
        self._count(len(whole), 1)
        return [*events, OtherDelta(kind[:LONGEST_NAME], whole, at)]

    def _piece(self, kind: str, value: object, at: int) -> list[Event]:
        """The event for a piece of text of some kind; none for an empty one."""
        if value is None or value == "":
            return []
        if not isinstance(value, str):
            raise ValueError(f"A {kind} is no text.")
        self._count(len(value))
        text = self._whole(at, value)
        return [PIECES[kind][1](text, at)] if text else []

    def _cite(self, citation: object, at: int) -> CitationDelta:
        citation_json = _json(object_of(citation))
        self._count(len(citation_json), 1)
        return CitationDelta(citation_json, at)

    def _whole(self, at: int, value: str) -> str:
        """Join a surrogate pair that two deltas share; replace one that stays alone."""
        if value.isascii() and at not in self._half:
            return value
        value = self._half.pop(at, "") + value
        if "\ud800" <= value[-1] <= "\udbff":
            value, self._half[at] = value[:-1], value[-1]
        return with_whole_characters(value)

    def _report(self) -> list[Event]:
        total = self._reports.total()
        return [] if total is None else [Reported(total)]

    def _finished(self) -> Finished:
        details = self._stop.get("stop_details")
        # What is none of the API's objects is read as a category: it may say what is billed.
        details = details if isinstance(details, dict) else {"category": details}
        category = details.get("category")
        return Finished(
            text_of(self._stop.get("stop_reason")),
            text_of(self._stop.get("stop_sequence")),
            text_of(details.get("explanation")) or text_of(category),
            is_empty=not self._has_content,
            # Anything but a text is a category whose price is not known.
            category=text_of(category if category is None else str(category)),
        )


PIECES: Mapping[str, tuple[str, Callable[[str, int], Event]]] = {
    "text_delta": ("text", TextDelta),
    "thinking_delta": ("thinking", ThinkingDelta),
    "signature_delta": ("signature", SignatureDelta),
    "input_json_delta": ("partial_json", InputDelta),
}
"""The field in which each kind of text delta has its text, and what that becomes."""
STARTS = {
    "text": (("text_delta", "text"),),
    "thinking": (("thinking_delta", "thinking"), ("signature_delta", "signature")),
}
"""Fields of the start of a block that continue in deltas, and the delta each is read as."""
FITS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
    "input_json_delta": "tool_use",
    "citations_delta": "text",
}
"""The kind of block that a delta belongs to; of `tool_use` there are several."""
SHOWN = ("text_delta", "thinking_delta")


def _takes(block: str, delta: str) -> bool:
    """Whether a block of this kind is made of such deltas."""
    kind = FITS.get(delta)
    return block == kind or (kind == "tool_use" and block.endswith("_tool_use"))


def _implied(delta: str) -> str:
    return FITS.get(delta, delta.removesuffix("_delta")[:LONGEST_NAME] or "unknown")


def _started(block: JsonObject) -> BlockStarted:
    """What the start of a block says, except for what continues in deltas."""
    kind = (text_of(block.get("type")) or "unknown")[:LONGEST_NAME]
    name = (text_of(block.get("name")) or "")[:LONGEST_NAME]
    if kind in STARTS:
        return BlockStarted(kind)
    if kind == "redacted_thinking":
        return BlockStarted(kind, json=text_of(block.get("data")) or "")
    if kind.endswith("tool_use"):
        tool_input = _json(block["input"]) if block.get("input") else ""
        more = _rest_of(block, "type", "id", "name", "input")
        return BlockStarted(kind, name, text_of(block.get("id")) or "", tool_input, more)
    if kind.endswith("_tool_result"):
        tool_use_id = text_of(block.get("tool_use_id")) or ""
        more = _rest_of(block, "type", "tool_use_id", "content")
        return BlockStarted(kind, name, tool_use_id, _json(block.get("content")), more)
    return BlockStarted(kind, name, json=_json(block))


def _rest_of(block: JsonObject, *known: str) -> str:
    rest = {name: value for name, value in block.items() if name not in known}
    return _json(rest) if rest else ""


def _json(value: object) -> str:
    # No encoding has lone surrogates, so no log can hold one.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()


def _index(data: JsonObject) -> int | None:
    index = data.get("index")
    # Not isinstance: JSON's true is an int to Python.
    return index if type(index) is int else None


def _content(value: Json) -> list[Json]:
    """The blocks of a message. Some servers send a text, or one block without its list."""
    if isinstance(value, str):
        return [{"type": "text", "text": value}] if value else []
    return value if isinstance(value, list) else [] if value is None else [value]


def message_events(message: object, answer: Answer) -> Iterator[Event]:
    """The events of a message that was not streamed. Raises `AnswerFailed` if it is not one."""
    if not isinstance(message, dict) or message.get("type") != "message":
        raise AnswerFailed(failure_in_body(message, answer.billed))
    yield from answer.fold("message_start", {"message": message})
    yield from answer.fold("message_delta", {"usage": message.get("usage")})
    yield from answer.fold("message_stop", {})
