"""One streamed answer, from server-sent events to the project's own events.

Events are read by the `type` in their data, so that servers that leave out the `event:` line are
understood too. Unknown events are skipped, unknown blocks and deltas are kept as they are, and
damaged ones end the answer.
"""

import asyncio
import codecs
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable

import httpx2
from anthropic._streaming import ServerSentEvent, SSEDecoder

from playground.claude.answer import Answer, AnswerFailed, message_events
from playground.claude.begun import note_message, watched
from playground.claude.stream_limits import TooMuch
from playground.claude.wire_values import object_of
from playground.core.answer.error_body import LONGEST_READ, error_message
from playground.core.answer.events import Event
from playground.core.answer.failures import Failure, FailureKind
from playground.core.text.json_text import JsonObject

# A server may keep a finished stream open: the end of the run waits no longer for it.
DRAIN_S = 0.25
KNOWN = frozenset((
    "message_start", "content_block_start", "content_block_delta", "content_block_stop",
    "message_delta", "message_stop", "error",
))  # fmt: skip
OTHERS_END = "[DONE]"
"""How the streams of OpenAI's API end, and those of gateways that follow it."""
FIELD = re.compile(r"(?:event|data|id|retry)(?::|$)|:|\s+$")
"""What a line of server-sent events begins with; a colon alone begins a comment."""
USUAL = ("data:", "event:", ":")
"""Checked first, being quicker: a hostile stream may have a million lines."""
FIELD_BYTES = re.compile(rb"(?:event|data|id|retry)?:")
ENOUGH = re.compile(rb"[\[{<]|[^:\n]*[:\n]|.{64}")
"""Enough of the beginning of a body to see what it is."""
Note = Callable[[str, str], None]
"""Takes the name and the data of each event of the wire, as they were decoded."""


async def read(response: httpx2.Response, answer: Answer, note: Note) -> AsyncIterator[Event]:
    """Yield the events of a successful response, streamed or not. The first bytes of the body tell
    which, because servers label it in every way.

    Raises `AnswerFailed` if the response says so or is damaged, `TooMuch`, and httpx2's errors when
    the connection breaks.
    """
    try:
        pieces = watched(response.aiter_bytes(), answer)
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
    return object_of(data)


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
        note_message(b"".join(came), answer)
        raise
    return b"".join(came)


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
        note_message(body, answer)
        raise
    for event in message_events(message, answer):
        yield event
