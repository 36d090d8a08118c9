"""One streamed answer, from server-sent events to the project's own events.

Reads events by the `type` in their data, so that servers which leave out the `event:`
line are understood too; unknown types of anything are passed over.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

import anthropic
import httpx2

from playground.claude.errors import reported_failure
from playground.claude.stream_limits import MOST_TEXT, TooMuch
from playground.core.events import (
    Event,
    Finished,
    Iteration,
    Reported,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from playground.core.failures import Failure

DRAIN_S = 0.25
MOST_TOKENS = 10**12
"""A larger count is nonsense, and would not fit into a log."""

Json = Mapping[str, Any]
Note = Callable[[str, str], None]
"""Takes the name and the data of each event of the wire, as they were decoded."""


class AnswerFailed(Exception):
    """Carries a failure from inside the stream to the attempt that reads it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.kind)
        self.failure = failure


class Answer:
    """Folds the wire's events. `has_begun` and `is_complete` tell how far it came."""

    def __init__(self, request_id: str | None) -> None:
        self.has_begun = False
        self.is_complete = False
        self._request_id = request_id
        self._has_started = False
        self._has_output = False
        self._has_content = False
        self._used_tools = self._used_container = False
        self._usage: dict[str, Any] = {}
        self._stop: Json = {}
        self._half = {"text": "", "thinking": ""}
        self._characters = 0

    def fold(self, kind: str, data: Json) -> list[Event]:
        """The events that one event of the wire becomes."""
        match kind:
            case "message_start":
                if self._has_started:
                    raise ValueError("a second answer in the stream")
                self.has_begun = self._has_started = True
                return [self._report(_dict(data.get("message")).get("usage"))]
            case "content_block_start":
                self._has_content = True
                block = _dict(data.get("content_block"))
                self._note_tools(block)
                return self._delta(block.get("type"), block)
            case "content_block_delta":
                delta = _dict(data.get("delta"))
                return self._delta(str(delta.get("type")).removesuffix("_delta"), delta)
            case "message_delta":
                self._stop = {**self._stop, **_dict(data.get("delta"))}
                self._used_container |= bool(self._stop.get("container"))
                if not self._has_output and "output_tokens" in _dict(data.get("usage")):
                    # message_start only says how many there are so far, mostly 1.
                    self._usage.pop("output_tokens", None)
                    self._has_output = True
                return [self._report(data.get("usage"))]
            case "message_stop":
                self.is_complete = True
                return [self._finished()]
            case "error":
                request_id = self._request_id or data.get("request_id")
                failure = reported_failure(data, has_begun=self.has_begun, request_id=request_id)
                raise AnswerFailed(failure)
        return []

    def _delta(self, kind: object, block: Json) -> list[Event]:
        if kind not in ("text", "thinking"):
            return []
        value = block.get(kind)
        if not isinstance(value, str) or not value:
            return []
        self.has_begun = True
        self._characters += len(value)
        if self._characters > MOST_TEXT:
            raise TooMuch(f"It is longer than {MOST_TEXT:,} characters.")
        text = self._whole(kind, value)
        if not text:
            return []
        return [TextDelta(text) if kind == "text" else ThinkingDelta(text)]

    def _whole(self, kind: str, value: str) -> str:
        """Join a surrogate pair that two deltas share; replace one that stays alone."""
        if value.isascii() and not self._half[kind]:
            return value
        value = self._half[kind] + value
        self._half[kind] = ""
        if "\ud800" <= value[-1] <= "\udbff":
            value, self._half[kind] = value[:-1], value[-1]
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _report(self, usage: object) -> Reported:
        for name, value in _dict(usage).items():
            before = self._usage.get(name)
            if isinstance(value, int) and isinstance(before, int):
                value = max(value, before)  # Reports are cumulative.
            if value is not None:
                self._usage[name] = value
        return Reported(self.usage())

    def _note_tools(self, block: Json) -> None:
        """Tools that the API runs itself ask the model once more with each result."""
        kind, name = str(block.get("type")), str(block.get("name"))
        is_result = kind.endswith("_tool_result")
        self._used_tools |= is_result or kind in ("server_tool_use", "mcp_tool_use")
        is_code = kind == "server_tool_use" and name.endswith("code_execution")
        is_result_of_code = is_result and "code_execution" in kind
        self._used_container |= is_code or is_result_of_code or kind == "container_upload"

    def usage(self) -> Usage:
        """Usage as reported so far; the output is complete only in the last report."""
        u = self._usage
        tools = {name: _int(count) for name, count in _dict(u.get("server_tool_use")).items()}
        other = {name: count for name, count in tools.items() if count and name not in _PRICED}
        found = u.get("iterations")
        return replace(
            _counts(u),
            thinking_tokens=_int(_dict(u.get("output_tokens_details")).get("thinking_tokens")),
            web_searches=tools.get(_SEARCHES, 0),
            speed=_str(u.get("speed")),
            inference_geo=_str(u.get("inference_geo")),
            is_complete=self._has_output and "input_tokens" in u,
            service_tier=_str(u.get("service_tier")),
            is_summed=self._used_tools or any(tools.values()),
            iterations=tuple(map(_iteration, found)) if isinstance(found, list) else (),
            used_container=self._used_container,
            other_tool_uses=tuple(f"{count:,} {name}" for name, count in other.items()),
        )

    def _finished(self) -> Finished:
        details = _dict(self._stop.get("stop_details"))
        category = details.get("category")
        return Finished(
            _str(self._stop.get("stop_reason")),
            _str(self._stop.get("stop_sequence")),
            _str(details.get("explanation")) or _str(category),
            is_empty=not self._has_content,
            # Whatever else it is, it is no category whose price is known.
            category=_str(category if category is None else str(category)),
        )


_SEARCHES = "web_search_requests"
_PRICED = frozenset({_SEARCHES, "web_fetch_requests"})
"""Server tools whose uses are priced: a search is, a fetch is free (pricing page)."""


def _counts(usage: Json) -> Usage:
    """The tokens of one report. A write to the cache whose life is not told is a short one."""
    written = _dict(usage.get("cache_creation"))
    long = _int(written.get("ephemeral_1h_input_tokens"))
    short = _int(usage.get("cache_creation_input_tokens")) - long
    return Usage(
        input_tokens=_int(usage.get("input_tokens")),
        output_tokens=_int(usage.get("output_tokens")),
        cache_read_tokens=_int(usage.get("cache_read_input_tokens")),
        cache_write_5m_tokens=max(short, _int(written.get("ephemeral_5m_input_tokens"))),
        cache_write_1h_tokens=long,
    )


def _iteration(found: object) -> Iteration:
    if not isinstance(found, dict):
        return Iteration("unreadable", None, Usage())
    return Iteration(_str(found.get("type")) or "", _str(found.get("model")), _counts(found))


async def read(response: httpx2.Response, answer: Answer, note: Note) -> AsyncIterator[Event]:
    """Yield the events of a streamed response; raise `AnswerFailed` where it says so.

    Raises httpx2's errors when the connection breaks and ValueError for garbage.
    """
    if "json" in response.headers.get("content-type", ""):
        body = await response.aread()
        note("", response.text)
        for event in _unstreamed(body, answer):
            yield event
        return
    if "html" in response.headers.get("content-type", ""):
        raise AnswerFailed(Failure("not_the_api", http_status=response.status_code))
    events = anthropic.AsyncStream.raw_events(response)
    async for sse in events:
        note(sse.event or "", sse.data)
        if not sse.data or sse.event == "ping":
            continue
        data = json.loads(sse.data)
        if not isinstance(data, dict):
            raise ValueError("an event that is not an object")
        for event in answer.fold(str(data.get("type") or sse.event), data):
            yield event
        if answer.is_complete:
            await _drain(events)
            return
    raise AnswerFailed(Failure("truncated", billed="partly" if answer.has_begun else "possibly"))


async def _drain(events: AsyncIterator[object]) -> None:
    """Read the end of a finished stream, so that its connection can be used again."""
    with contextlib.suppress(TimeoutError, ValueError, httpx2.HTTPError, httpx2.StreamError):
        async with asyncio.timeout(DRAIN_S):
            async for _ in events:
                continue


def _unstreamed(body: bytes, answer: Answer) -> list[Event]:
    """A server that ignores `stream` and sends the message whole."""
    return whole(json.loads(body), answer)


def whole(message: object, answer: Answer) -> list[Event]:
    """The events of a message that was not streamed. Raises `AnswerFailed` if it is none."""
    if not isinstance(message, dict) or message.get("type") not in ("message", "error"):
        raise AnswerFailed(Failure("not_the_api"))
    if message["type"] == "error":
        return answer.fold("error", message)
    events = answer.fold("message_start", {"message": message})
    blocks = message.get("content")
    for block in blocks if isinstance(blocks, list) else []:
        events += answer.fold("content_block_start", {"content_block": block})
    events += answer.fold("message_delta", {"delta": message, "usage": message.get("usage")})
    return events + answer.fold("message_stop", {})


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _int(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return min(value, MOST_TOKENS) if isinstance(value, int) and value > 0 else 0


def _str(value: object) -> str | None:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None
