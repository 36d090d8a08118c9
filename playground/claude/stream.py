"""One streamed answer, from server-sent events to the project's own events.

Events are read by the `type` in their data, so that servers that leave out the `event:` line are
understood too. Unknown events are skipped, unknown blocks and deltas are kept as they are, and
damaged ones end the answer.
"""

import asyncio
import codecs
import contextlib
import itertools
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace

import httpx2
from anthropic._streaming import ServerSentEvent, SSEDecoder

from playground.claude.errors import failure_in_body, reported_failure
from playground.claude.stream_limits import MAX_TEXT, TooMuch
from playground.core.answer.content import MAX_BLOCKS
from playground.core.answer.error_body import LONGEST_READ, error_message
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
from playground.core.answer.failures import Billed, Failure, FailureKind
from playground.core.text.json_text import Json, JsonObject, with_whole_characters

# A server may keep a finished stream open: the end of the run waits no longer for it.
DRAIN_S = 0.25
MAX_TOKEN_COUNT = 10**12
"""A larger count is nonsense, and would not fit into a log."""
LONGEST_NAME = 128
"""Characters of a tool's name, and of a block's type."""
KNOWN = frozenset((
    "message_start", "content_block_start", "content_block_delta", "content_block_stop",
    "message_delta", "message_stop", "error",
))  # fmt: skip
OTHERS_END = "[DONE]"
"""How the streams of OpenAI's API end, and those of gateways that follow it."""
ENDINGS = ("stop_reason", "stop_sequence", "stop_details", "container")
FIELD = re.compile(r"(?:event|data|id|retry)(?::|$)|:|\s+$")
"""What a line of server-sent events begins with; a colon alone begins a comment."""
USUAL = ("data:", "event:", ":")
"""Checked first, being quicker: a hostile stream may have a million lines."""
FIELD_BYTES = re.compile(rb"(?:event|data|id|retry)?:")
ENOUGH = re.compile(rb"[\[{<]|[^:\n]*[:\n]|.{64}")
"""Enough of the beginning of a body to see what it is."""
CONTENT = re.compile(
    rb"[\r\n](?:event: ?content_b"
    rb'|[^\r\n{:"]{1,6}: ?\{ ?'
    rb'(?:"content_block"|(?:"index" ?: ?\d{1,9} ?, ?)?"type" ?: ?"content_b))'
)
"""How the lines of an event of content begin, the name of a field damaged or not. Within a line
others may say the same: an error's text, or its details. No match is longer than `LONGEST_MARK`."""
LONGEST_MARK = 64
MESSAGE = re.compile(rb'"content" ?: ?\[')
"""What a message that is not streamed has, and an error has not."""

Note = Callable[[str, str], None]
"""Takes the name and the data of each event of the wire, as they were decoded."""


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
        self._model_id: str | None = None
        self._earlier: Usage | None = None
        self._has_output = False
        self._is_readable = True
        self._has_content = False
        self._used_tools = self._used_container = False
        self._usage: dict[str, Json] = {}
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
                return self._start(_object(data.get("message")))
            case "content_block_start":
                return self._start_block(_index(data), _object(data.get("content_block")))
            case "content_block_delta":
                return self._delta(_index(data), _object(data.get("delta")))
            case "content_block_stop":
                return self._stop_block(_index(data))
            case "message_delta":
                self._end_with(_dict(data.get("delta")))
                usage = _dict(data.get("usage"))
                if not self._has_output and _is_count(usage.get("output_tokens")):
                    # message_start only says how many there are so far, mostly 1.
                    self._usage.pop("output_tokens", None)
                    self._has_output = True
                return self._report(usage)
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
            replaced = self.usage()
            self._earlier = self._earlier + replaced if self._earlier else replaced
            self._usage, self._stop, self._has_output = {}, {}, False
            self._given, self._places = {}, {}
        self.has_started, self._message_id = True, message.get("id")
        self._model_id = _str(message.get("model"))
        usage = _dict(message.get("usage"))
        is_over = message.get("stop_reason") is not None
        self._has_output |= is_over and _is_count(usage.get("output_tokens"))
        events: list[Event] = self._report(usage)
        self._end_with(message)
        for index, block in enumerate(_content(message.get("content"))):
            # An answer that continues after one of the API's own tools may arrive whole in here.
            events += self._start_block(index, _object(block))
            self._given[index] = block
        return events

    def _start_block(self, index: int | None, block: JsonObject) -> list[Event]:
        if index is not None and self._given.get(index) == block:
            return []  # It came in `message_start` already.
        self._note_tools(block)
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
        self._used_container |= bool(values.get("container"))
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
        citation_json = _json(_object(citation))
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

    def _report(self, usage: JsonObject) -> list[Event]:
        """The usage as far as it is known; none as long as there was no report."""
        self._usage = _merged(self._usage, usage)
        self._is_readable &= _is_readable(usage)
        if not self._usage and self._earlier is None:
            return []
        reported = self.usage()
        return [Reported(self._earlier + reported if self._earlier else reported)]

    def _note_tools(self, block: JsonObject) -> None:
        """Tools that the API runs itself send each result to the model in another request."""
        kind, name = str(block.get("type")), str(block.get("name"))
        is_result = kind.endswith("_tool_result")
        self._used_tools |= is_result or kind in ("server_tool_use", "mcp_tool_use")
        # The hours of a container are billed apart, and no usage reports them.
        is_code = kind == "server_tool_use" and name.endswith("code_execution")
        is_result_of_code = is_result and "code_execution" in kind
        self._used_container |= is_code or is_result_of_code or kind == "container_upload"

    def usage(self) -> Usage:
        """Usage as reported so far; only the last report has all of the output."""
        u = self._usage
        tools = {name: _int(count) for name, count in _dict(u.get("server_tool_use")).items()}
        iterations, credit = u.get("iterations"), _dict(u.get("fallback_credit"))
        return replace(
            _counts(u),
            thinking_tokens=_int(_dict(u.get("output_tokens_details")).get("thinking_tokens")),
            web_searches=tools.get(_SEARCHES, 0),
            speed=_str(u.get("speed")),
            inference_geo=_str(u.get("inference_geo")),
            is_complete=self._has_output and "input_tokens" in u and self._is_readable,
            service_tier=_str(u.get("service_tier")),
            is_summed=self._used_tools or any(tools.values()),
            iterations=tuple(map(_iteration, iterations)) if isinstance(iterations, list) else (),
            used_container=self._used_container,
            unpriced=tuple(_unpriced(u)),
            model_id=self._model_id,
            has_credit=_dict(credit.get("status")).get("type") not in (None, "not_applied"),
        )

    def _finished(self) -> Finished:
        details = self._stop.get("stop_details")
        # What is none of the API's objects is read as a category: it may say what is billed.
        details = details if isinstance(details, dict) else {"category": details}
        category = details.get("category")
        return Finished(
            _str(self._stop.get("stop_reason")),
            _str(self._stop.get("stop_sequence")),
            _str(details.get("explanation")) or _str(category),
            is_empty=not self._has_content,
            # Anything but a text is a category whose price is not known.
            category=_str(category if category is None else str(category)),
        )


_SEARCHES = "web_search_requests"
_COUNTS = re.compile(
    r"(?:cache_(?:read|creation)_)?input_tokens|output_tokens|thinking_tokens|\w+_requests"
    r"|ephemeral_\w+_tokens"
)
"""Fields of a report that count what is paid for."""
_TOKENS: JsonObject = {
    "input_tokens": None,
    "output_tokens": None,
    "cache_read_input_tokens": None,
    "cache_creation_input_tokens": None,
    "cache_creation": {"ephemeral_5m_input_tokens": None, "ephemeral_1h_input_tokens": None},
    # How the counts above are made up.
    "input_tokens_details": None,
    "output_tokens_details": None,
}
_KNOWN_COUNTS: JsonObject = {
    **_TOKENS,
    # A fetch is free (pricing page).
    "server_tool_use": {_SEARCHES: None, "web_fetch_requests": None},
    "iterations": _TOKENS,
}
"""The counts of a report that have a price, or none; those within each as a mapping."""
_TYPES: Mapping[str, type] = {
    **{name: dict for name, within in _KNOWN_COUNTS.items() if within},
    "iterations": list,
    **dict.fromkeys(("speed", "service_tier", "inference_geo"), str),
}
"""The other fields on which a bill depends."""
MAX_UNPRICED = 5


def _unpriced(usage: JsonObject) -> Iterator[str]:
    """What a report counts whose price is not known here: it may be billed."""
    counted = itertools.islice(_unknown_counts(usage, _KNOWN_COUNTS, ""), MAX_UNPRICED)
    for count, place in counted:
        yield with_whole_characters(f"{count:,} {place[1:]}")


def _unknown_counts(value: Json, known: Json, place: str) -> Iterator[tuple[float, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _unknown_counts(item, known, place)
    elif isinstance(value, dict):
        for name, field in value.items():
            is_known = isinstance(known, dict) and name in known
            if not is_known or known[name]:
                within = known[name] if is_known else None
                yield from _unknown_counts(field, within, f"{place}.{name}")
    elif type(value) in (int, float) and value > 0:
        yield value, place


def _counts(usage: JsonObject) -> Usage:
    """The tokens of one report. A cache write of unknown lifetime counts as a short one."""
    written = _dict(usage.get("cache_creation"))
    long = _int(written.get("ephemeral_1h_input_tokens"))
    written_tokens = _int(usage.get("cache_creation_input_tokens"))
    return Usage(
        input_tokens=_int(usage.get("input_tokens")),
        output_tokens=_int(usage.get("output_tokens")),
        cache_read_tokens=_int(usage.get("cache_read_input_tokens")),
        cache_write_5m_tokens=max(
            written_tokens - long, _int(written.get("ephemeral_5m_input_tokens"))
        ),
        cache_write_1h_tokens=long,
        # The last report of a stream has only the sum, which a server tool's turns make larger.
        unclear_cache_write_tokens=max(0, written_tokens - sum(map(_int, written.values()))),
    )


def _merged(earlier: JsonObject, later: JsonObject) -> dict[str, Json]:
    """What two reports on one answer say: counts and lists only grow, and a null undoes nothing."""
    merged = {**earlier}
    for name, value in later.items():
        before = merged.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            merged[name] = _merged(before, value)
        elif value is not None and not _is_less(value, before):
            merged[name] = value
    return merged


def _is_less(value: Json, before: Json) -> bool:
    if isinstance(before, list):
        return not isinstance(value, list) or len(value) < len(before)
    return _is_count(before) and (not _is_count(value) or value < before)


def _is_readable(usage: Json) -> bool:
    """Whether everything in a report that counts something, or decides on its price, is of the
    type that it has. What is left out or null was not counted."""
    if isinstance(usage, list):
        return all(map(_is_readable, usage))
    if not isinstance(usage, dict):
        return True
    return all(value is None or _fits(name, value) for name, value in usage.items())


def _fits(name: str, value: Json) -> bool:
    if _COUNTS.fullmatch(name):
        return _is_count(value)
    return isinstance(value, _TYPES.get(name, object)) and _is_readable(value)


def _iteration(value: object) -> Iteration:
    if not isinstance(value, dict):
        return Iteration("unreadable", None, Usage())
    return Iteration(_str(value.get("type")) or "", _str(value.get("model")), _counts(value))


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
    kind = (_str(block.get("type")) or "unknown")[:LONGEST_NAME]
    name = (_str(block.get("name")) or "")[:LONGEST_NAME]
    if kind in STARTS:
        return BlockStarted(kind)
    if kind == "redacted_thinking":
        return BlockStarted(kind, json=_str(block.get("data")) or "")
    if kind.endswith("tool_use"):
        tool_input = _json(block["input"]) if block.get("input") else ""
        more = _rest_of(block, "type", "id", "name", "input")
        return BlockStarted(kind, name, _str(block.get("id")) or "", tool_input, more)
    if kind.endswith("_tool_result"):
        tool_use_id = _str(block.get("tool_use_id")) or ""
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


async def read(response: httpx2.Response, answer: Answer, note: Note) -> AsyncIterator[Event]:
    """Yield the events of a successful response, streamed or not. The first bytes of the body tell
    which, because servers label it in every way.

    Raises `AnswerFailed` if the response says so or is damaged, `TooMuch`, and httpx2's errors when
    the connection breaks.
    """
    try:
        pieces = _watched(response.aiter_bytes(), answer)
        head = await _head(pieces)
        if not head:
            raise AnswerFailed(_empty(response.status_code))
        if FIELD_BYTES.match(head) or _is_damaged_stream(head, response):
            events = _streamed(_joined(head, pieces), answer, note)
        else:
            body = await _rest(head, pieces, answer)
            events = _unstreamed(body, response.status_code, answer, note)
        async for event in events:
            yield event
    except TooMuch:
        # A ValueError, too, but nothing is damaged.
        raise
    except (ValueError, RecursionError) as error:
        # Only an answer can be damaged: what never began as one may come from any server.
        kind: FailureKind = "undecodable" if answer.billed == "possibly" else "damaged"
        # Plain ValueErrors have our own words; those of a library are not for people.
        what = str(error) if type(error) is ValueError else ""
        raise AnswerFailed(Failure(kind, what, billed=answer.billed)) from error


def _is_damaged_stream(head: bytes, response: httpx2.Response) -> bool:
    """Whether a body is the stream that its label says, although its first line is damaged."""
    kind = response.headers.get("content-type", "")
    return "event-stream" in kind and not head.startswith((b"{", b"[", b"<"))


async def _streamed(
    pieces: AsyncIterator[bytes], answer: Answer, note: Note
) -> AsyncIterator[Event]:
    events = _Decoder().aiter_bytes(pieces)
    is_foreign = False
    async for sse in events:
        note(sse.event or "", sse.data)
        # An event without its data would otherwise leave a gap in the answer that nobody sees.
        if not sse.data and sse.event in KNOWN:
            raise ValueError(f"An event {sse.event} has no data.")
        if not sse.data or sse.event == "ping":
            continue
        if sse.data == OTHERS_END:
            is_foreign = True
            break
        data = _data(sse.event, sse.data)
        kind = _kind(sse.event, data)
        is_foreign |= kind not in (*KNOWN, "ping")
        for event in answer.fold(kind, data):
            yield event
        if answer.is_complete:
            await _drain(events)
            return
    if is_foreign and answer.billed == "possibly":
        raise ValueError("It is the stream of another API.")
    # A clean end without `message_stop`: for the SDK, which raises nothing, the answer is whole.
    raise AnswerFailed(Failure("truncated", billed=answer.billed))


class _Decoder(SSEDecoder):
    """Refuses a damaged line, which the SDK's own decoder skips, so that what was in it is lost."""

    def decode(self, line: str) -> ServerSentEvent | None:
        if line and not line.startswith(USUAL) and not FIELD.match(line):
            raise ValueError(f"A line that is no field of an event: {line[:LONGEST_READ]}")
        return super().decode(line)


def _data(name: str | None, text: str) -> JsonObject:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        # What is reported as an error is one: gateways do so in plain text, too.
        if name != "error":
            raise ValueError(f"An event that is not JSON: {text[:LONGEST_READ]}") from None
        return {"type": "error", "error": text}
    if name == "error" and not isinstance(data, dict):
        return {"type": "error", "error": str(data)}
    return _object(data)


def _kind(name: str | None, data: JsonObject) -> str:
    """The type of an event: from its data, or from its name if the data does not tell."""
    kind = data.get("type")
    if isinstance(kind, str) and kind in KNOWN:
        return kind
    if data.get("error") or name == "error":
        return "error"  # Gateways report the errors of others in their shapes.
    if kind is not None and name in KNOWN:
        raise ValueError(f"An event {name} is of another type.")
    return str(kind or name)


async def _watched(pieces: AsyncIterator[bytes], answer: Answer) -> AsyncIterator[bytes]:
    """The same pieces. A block whose first event is damaged or cut short has begun as well, and
    is paid for: that can be seen only before the event is decoded."""
    line = b"\n"
    async for piece in pieces:
        if not answer.has_begun:
            text = line + piece
            answer.has_begun = CONTENT.search(text) is not None
            began = max(text.rfind(b"\n"), text.rfind(b"\r"))
            line = text[began : began + LONGEST_MARK]
        yield piece


async def _head(pieces: AsyncIterator[bytes]) -> bytes:
    """The beginning of a body, as far as needed to tell what it is; empty if the body is."""
    head = b""
    async for piece in pieces:
        head = (head + piece).removeprefix(codecs.BOM_UTF8).lstrip()
        if ENOUGH.match(head):
            break
    return head


async def _rest(head: bytes, pieces: AsyncIterator[bytes], answer: Answer) -> bytes:
    came = [head]
    try:
        async for piece in pieces:
            came.append(piece)
    except Exception:
        _note_message(b"".join(came), answer)
        raise
    return b"".join(came)


def _note_message(cut: bytes, answer: Answer) -> None:
    """An answer that is not streamed was whole, and is paid for, before its first byte came."""
    answer.has_begun = MESSAGE.search(cut) is not None


async def _joined(head: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for piece in pieces:
        yield piece


def _empty(status: int) -> Failure:
    """A 204 itself says that there is no answer; any other status may be a gateway's hiccup.
    Neither says whether anything was billed."""
    kind: FailureKind = "no_content" if status in (204, 205) else "empty"
    return Failure(kind, http_status=status, billed="possibly")


async def _drain(events: AsyncIterator[object]) -> None:
    """Read the end of a finished stream, so that its connection can be used again."""
    with contextlib.suppress(TimeoutError, ValueError, httpx2.HTTPError, httpx2.StreamError):
        async with asyncio.timeout(DRAIN_S):
            async for _ in events:
                continue


async def _unstreamed(body: bytes, status: int, answer: Answer, note: Note) -> AsyncIterator[Event]:
    """A server that ignores `stream` and sends the whole message, or something else."""
    text = body.decode("utf-8", "replace")
    note("", text)
    if not text.startswith("{"):
        raise AnswerFailed(Failure("not_the_api", error_message(text), status))
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        _note_message(body, answer)
        raise
    for event in message_events(message, answer):
        yield event


def message_events(message: object, answer: Answer) -> Iterator[Event]:
    """The events of a message that was not streamed. Raises `AnswerFailed` if it is not one."""
    if not isinstance(message, dict) or message.get("type") != "message":
        raise AnswerFailed(failure_in_body(message, answer.billed))
    yield from answer.fold("message_start", {"message": message})
    yield from answer.fold("message_delta", {"usage": message.get("usage")})
    yield from answer.fold("message_stop", {})


def _object(value: object) -> JsonObject:
    if not isinstance(value, dict):
        raise ValueError("A part of an event is no object.")
    return value


def _dict(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _content(value: Json) -> list[Json]:
    """The blocks of a message. Some servers send a text, or one block without its list."""
    if isinstance(value, str):
        return [{"type": "text", "text": value}] if value else []
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_count(value: Json) -> bool:
    # Not isinstance: JSON's true is an int to Python.
    return type(value) in (int, float) and value >= 0 and value == value // 1


def _int(value: Json) -> int:
    return int(min(value, MAX_TOKEN_COUNT)) if _is_count(value) else 0


def _str(value: object) -> str | None:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None
