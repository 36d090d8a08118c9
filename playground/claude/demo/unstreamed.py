"""An answer as one message: what it is without streaming, and in a batch."""

import asyncio
import json
import random
from datetime import UTC, datetime

from playground.claude.demo.answer import Answer, Event, Pace
from playground.claude.demo.caching import PromptCache
from playground.claude.demo.faults import Scenario
from playground.claude.demo.prompt import Body, input_tokens
from playground.core.request.model_catalogue import find

# Every request has a cache of its own, in which nothing grows old.
NO_TIME = datetime(2026, 1, 1, tzinfo=UTC)


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
