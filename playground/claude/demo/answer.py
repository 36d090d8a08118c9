"""One answer as the API's own sequence of events, with the pauses and breaks of a scenario;
and as one message, which it is without streaming and in a batch."""

import asyncio
import json
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from playground.claude.demo.caching import KEPT, CacheUse, PromptCache
from playground.claude.demo.faults import OVERLOADED, Scenario
from playground.claude.demo.filling import filled
from playground.claude.demo.judge import judgement
from playground.claude.demo.language_model import Sampling, language_model
from playground.claude.demo.listing import dated_id
from playground.claude.demo.prompt import Body, input_tokens, system_of, turns_of
from playground.claude.demo.thinking import Thought, thought
from playground.claude.demo.tokens import tokens
from playground.claude.demo.writing import StopReason, Writing
from playground.core.request.model_catalogue import Model, find
from playground.core.text.json_text import Json, JsonObject

# In pauses between tokens, half a second or so: a model has to read the prompt first.
FIRST_TOKEN_PAUSES = (16.0, 28.0)
PING_EVERY_S = 2.0

Event = dict[str, Json]
Sleep = Callable[[float], Awaitable[object]]


WORDS_OF_A_TEXT = 8
"""Tokens of each text in JSON."""
# Every request has a cache of its own, in which nothing grows old.
NO_TIME = datetime(2026, 1, 1, tzinfo=UTC)
WORD = re.compile(r"\w[\w'-]*")


class Dropped(Exception):
    """The connection breaks here."""


@dataclass(frozen=True)
class Pace:
    """How fast the model writes; `pause_s` is the mean between two tokens."""

    pause_s: float
    sleep: Sleep

    async def token(self, rng: random.Random) -> None:
        """Wait for about as long as a token takes."""
        await self.sleep(self.pause_s * rng.uniform(0.7, 1.3))


@dataclass(frozen=True)
class Answer:
    """What one request becomes. Iterating over `events` writes the answer."""

    body: Body
    model: Model
    scenario: Scenario
    pace: Pace
    rng: random.Random
    request_id: str
    input_tokens: int
    cached: CacheUse

    async def events(self) -> AsyncGenerator[Event, None]:
        """From message_start to message_stop, unless the scenario breaks it."""
        yield {"type": "message_start", "message": self._message()}
        async for ping in self._wait():
            yield ping
        # With max_tokens 0 the API only fills its cache, and the answer is empty.
        if not self.body["max_tokens"]:
            for event in self._end("max_tokens", 0, 0):
                yield event
            return
        if self.scenario.refuses:
            for event in self._end("refusal", 0, 0, details=REFUSAL):
                yield event
            return
        most, at_most = self._most_tokens()
        thinking = self._thought()
        thought_tokens = min(len(thinking.tokens), most) if thinking else 0
        if thinking:
            async for event in self._think(thinking, thought_tokens):
                yield event
        if thinking and thought_tokens == most:
            for event in self._end(at_most, thought_tokens, thought_tokens):
                yield event
            return
        tool = forced_tool(self.body)
        room = most - thought_tokens
        writing = self._calling(tool, room) if tool else self._writing(room)
        async for event in self._write(writing, index=1 if thinking else 0, tool=tool):
            yield event
            if event["type"] == "error":
                return
        if self.scenario.breaks:
            return
        reason: StopReason = "tool_use" if tool else writing.stop_reason
        reason = at_most if writing.stop_reason == "max_tokens" else reason
        written = thought_tokens + writing.written
        for event in self._end(reason, written, thought_tokens, writing.stop_sequence):
            yield event

    def _message(self) -> Event:
        return {
            "id": f"msg_demo_{self.rng.getrandbits(96):024x}",
            "type": "message",
            "role": "assistant",
            "model": dated_id(self.model),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "stop_details": None,
            "usage": {
                **self._input_usage(),
                "cache_creation": {
                    f"ephemeral_{ttl}_input_tokens": (
                        self.cached.written if self.cached.ttl == ttl else 0
                    )
                    for ttl in KEPT
                },
                # As in the API: only `message_delta` says how many there are.
                "output_tokens": 1,
                "service_tier": "standard",
                "inference_geo": "not_available",
            },
        }

    def _input_usage(self) -> Event:
        return {
            "input_tokens": self.input_tokens - self.cached.read - self.cached.written,
            "cache_creation_input_tokens": self.cached.written,
            "cache_read_input_tokens": self.cached.read,
        }

    async def _wait(self) -> AsyncGenerator[Event, None]:
        left_s = self.scenario.silence_s
        while left_s > 0:
            await self.pace.sleep(min(left_s, PING_EVERY_S))
            left_s -= PING_EVERY_S
            yield {"type": "ping"}
        await self.pace.sleep(self.pace.pause_s * self.rng.uniform(*FIRST_TOKEN_PAUSES))

    def _most_tokens(self) -> tuple[int, StopReason]:
        """How many tokens may be written, and the stop reason once they are."""
        room = self.model.context_tokens - self.input_tokens
        max_tokens = self.body["max_tokens"]
        most = min(max_tokens, self.scenario.cut_after or max_tokens)
        return (room, "model_context_window_exceeded") if room < most else (most, "max_tokens")

    def _thought(self) -> Thought | None:
        match = language_model().match(system_of(self.body), turns_of(self.body))
        hidden = self.scenario.hidden_thinking_tokens
        return thought(self.body, self.model, match, hidden)

    def _writing(self, most_tokens: int) -> Writing:
        verdict = judgement(self.body)
        if verdict is not None:
            return Writing(tokens(verdict), most_tokens, self.body.get("stop_sequences", ()))
        shape = (self.body.get("output_config") or {}).get("format")
        text_tokens = tokens(self._filled(shape["schema"])) if shape else self._generated()
        return Writing(text_tokens, most_tokens, self.body.get("stop_sequences", ()))

    def _calling(self, tool: JsonObject, most_tokens: int) -> Writing:
        # Stop sequences end a text, not the input of a tool.
        return Writing(tokens(self._filled(tool["input_schema"])), most_tokens)

    def _filled(self, schema: object) -> str:
        """JSON that fits a schema, with words the model would have written."""
        return json.dumps(filled(schema, self.rng, self._words), ensure_ascii=False)

    def _words(self) -> str:
        text = "".join(islice(self._generated(), WORDS_OF_A_TEXT))
        return " ".join(WORD.findall(text)) or "demo"

    def _generated(self) -> Iterator[str]:
        return language_model().generate(
            system_of(self.body),
            turns_of(self.body),
            sampling=Sampling(
                self.body.get("temperature", 1.0),
                self.body.get("top_p", 1.0),
                self.body.get("top_k", 0),
            ),
            rng=self.rng,
        )

    async def _think(self, thinking: Thought, count: int) -> AsyncGenerator[Event, None]:
        yield _block_start(0, {"type": "thinking", "thinking": "", "signature": ""})
        yield {"type": "ping"}
        for number, token in enumerate(islice(thinking.tokens, count), start=1):
            await self.pace.token(self.rng)
            if thinking.is_shown:
                yield _delta(0, {"type": "thinking_delta", "thinking": token})
            elif number % 40 == 0:
                # The API pings while it shows nothing, so that no reader gives up.
                yield {"type": "ping"}
        signature = f"demo{self.rng.getrandbits(128):032x}"
        yield _delta(0, {"type": "signature_delta", "signature": signature})
        yield {"type": "content_block_stop", "index": 0}

    async def _write(
        self, writing: Writing, index: int, tool: JsonObject | None
    ) -> AsyncGenerator[Event, None]:
        block: Event = {"type": "text", "text": ""}
        kind, field = "text_delta", "text"
        if tool is not None:
            call = f"toolu_demo_{self.rng.getrandbits(96):024x}"
            block = {"type": "tool_use", "id": call, "name": tool["name"], "input": {}}
            kind, field = "input_json_delta", "partial_json"
        yield _block_start(index, block)
        if index == 0:
            yield {"type": "ping"}
        for text in writing:
            await self.pace.token(self.rng)
            yield _delta(index, {"type": kind, field: text})
            if self.scenario.breaks and writing.written >= self.scenario.breaks_after:
                break
        # A stream that is cut off needs no case: it just ends.
        match self.scenario.breaks:
            case "error":
                yield dict(OVERLOADED.body(self.request_id))
            case "drop":
                raise Dropped
            case "stall":
                # Silent until the reader times out or stops, either of which cancels this.
                await asyncio.Event().wait()
            case None:
                yield {"type": "content_block_stop", "index": index}

    def _end(
        self,
        reason: StopReason,
        written: int,
        thinking_tokens: int,
        stop_sequence: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> list[Event]:
        delta = {"stop_reason": reason, "stop_sequence": stop_sequence, "stop_details": details}
        usage = {
            **self._input_usage(),
            "output_tokens": written,
            "output_tokens_details": {"thinking_tokens": thinking_tokens},
        }
        return [
            {"type": "message_delta", "delta": delta, "usage": usage},
            {"type": "message_stop"},
        ]


REFUSAL = {
    "type": "refusal",
    "category": "general_harms",
    "explanation": "The demo refuses because its scenario says so, not because of your prompt.",
}


def forced_tool(body: Body) -> JsonObject | None:
    """The tool that a request makes the model call: the one it names, or the first."""
    choice = body.get("tool_choice") or {}
    if choice.get("type") not in ("any", "tool"):
        return None
    tools = [tool for tool in body["tools"] if tool.get("type", "custom") == "custom"]
    candidates = [
        tool for tool in tools if choice["type"] == "any" or tool["name"] == choice["name"]
    ]
    return candidates[0] if candidates else None


def _block_start(index: int, block: Event) -> Event:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index: int, delta: Event) -> Event:
    return {"type": "content_block_delta", "index": index, "delta": delta}


async def batched_message(body: Body, chosen: Scenario, rng: random.Random) -> Event:
    """The message that answers one request of a batch, whose rules were checked. All requests are
    under way at once: what is to be cached is written and never read."""
    model = find(body["model"])
    if model is None:
        raise LookupError(body["model"])
    prompt_tokens = input_tokens(body)
    cached = PromptCache().use(body, model.id, NO_TIME)
    request_id = f"req_demo_{rng.getrandbits(96):024x}"
    pace = Pace(0.0, asyncio.sleep)
    answer = Answer(body, model, chosen, pace, rng, request_id, prompt_tokens, cached)
    message: Event = {}
    async for event in answer.events():
        fold(message, event)
    message["usage"]["service_tier"] = "batch"
    return message


def fold(message: Event, event: Event) -> None:
    """Add one event to the message that is sent without streaming."""
    match event["type"]:
        case "message_start":
            message.update(event["message"])
        case "content_block_start":
            message["content"].append(dict(event["content_block"]))
        case "content_block_delta":
            block, delta = message["content"][event["index"]], event["delta"]
            if delta["type"] == "input_json_delta":
                # It begins as {}, and is the text of JSON until the block ends.
                block["input"] = (block["input"] or "") + delta["partial_json"]
                return
            name = delta["type"].removesuffix("_delta")
            block[name] += delta[name]
        case "content_block_stop":
            block = message["content"][event["index"]]
            if block["type"] == "tool_use":
                block["input"] = _input(block["input"])
        case "message_delta":
            message.update(event["delta"])
            message["usage"].update(event["usage"])


def _input(written: object) -> object:
    """The input of a tool; without streaming a call that was cut off has none."""
    try:
        return json.loads(written) if isinstance(written, str) else written
    except ValueError:
        return {}
