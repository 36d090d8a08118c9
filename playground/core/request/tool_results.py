"""Calls of the caller's own tools, and their results: behind an answer that calls tools the user's
turn begins with one result for each call, says the API."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from playground.core.text.json_text import Json, JsonObject

CALL: Final = "tool_use"
RESULT: Final = "tool_result"


def result_block(call_id: str, text: str) -> dict[str, Json]:
    """What gives a call its result. One that is empty has no content: that the API documents, of
    an empty text nothing is known."""
    content = {"content": text} if text else {}
    return {"type": RESULT, "tool_use_id": call_id, **content}


def calls_in(content: object) -> dict[str, str]:
    """The names of the tools that content calls, by the ids of the calls."""
    calls = [block for block in _blocks(content) if block.get("type") == CALL]
    named = {_text(call, "id"): _text(call, "name") or "a tool" for call in calls}
    return {call_id: name for call_id, name in named.items() if call_id}


def content_texts(content: object) -> list[str]:
    """The texts of a message's content, those of results of tools among them."""
    if isinstance(content, str):
        return [content]
    texts: list[Json] = []
    for block in _blocks(content):
        result = block.get("content") if block.get("type") == RESULT else None
        texts += [result, *(part.get("text") for part in _blocks(result)), block.get("text")]
    return [text for text in texts if isinstance(text, str)]


@dataclass(frozen=True, slots=True)
class Unpaired:
    """Calls of a message that lack their results; or, at `block` of its content, a result that has
    no call of its own."""

    message: int
    ids: tuple[str, ...]
    block: int | None = None


def unpaired(messages: Sequence[JsonObject]) -> Iterator[Unpaired]:
    """What keeps the calls and results of a conversation from being pairs. Consecutive messages
    of a role are one turn, as they are to the API."""
    waiting: dict[str, int] = {}
    for role, turn in groupby(enumerate(messages), lambda numbered: numbered[1]["role"]):
        calls: dict[str, int] = {}
        is_head = role == "user"
        for index, message in turn:
            # A plain text is a block as well, behind which no result counts.
            for at, block in enumerate(_blocks(message["content"]) or [{}]):
                is_result, call = block.get("type") == RESULT, _text(block, "tool_use_id")
                is_head = is_head and is_result
                if is_head and call in waiting:
                    del waiting[call]
                elif is_result and call not in waiting:
                    yield Unpaired(index, (call,), at)
            calls |= dict.fromkeys(calls_in(message["content"]), index)
        yield from _lacking(waiting)
        waiting = calls if role == "assistant" else {}
    yield from _lacking(waiting)


def _lacking(waiting: Mapping[str, int]) -> Iterator[Unpaired]:
    for index, calls in groupby(waiting, waiting.__getitem__):
        yield Unpaired(index, tuple(calls))


def _blocks(content: object) -> list[JsonObject]:
    blocks = content if isinstance(content, list) else []
    return [block for block in blocks if isinstance(block, dict)]


def _text(block: JsonObject, name: str) -> str:
    value = block.get(name)
    return value if isinstance(value, str) else ""
