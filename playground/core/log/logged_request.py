"""A request read back from the log: what was said in it, the form that makes it again, and the
words by which its run is recognised."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from playground.core.request.request import (
    ROLES,
    Message,
    Prompt,
    Request,
)
from playground.core.request.sent_blocks import holds_answer, write_blocks
from playground.core.runs.run_row import RunTexts
from playground.core.text.json_text import Json, JsonObject
from playground.core.wire.exchange import from_json
from playground.core.wire.from_body import take_params
from playground.core.wire.wire import VERSION_HEADER, Wire

Body = JsonObject
_VERSIONS = ("2023-06-01", "2026-10-21")


@dataclass(frozen=True, slots=True)
class Logged:
    """A body that went out, or was about to, and the API version it asked for."""

    body: Body
    version: str | None


def logged(request_json: str) -> Logged | None:
    """The last request of a run; None if the log has none that can be read."""
    recorded = from_json(request_json)
    try:
        if recorded:
            sent = recorded.exchanges[-1].sent
            headers, body = dict(sent.headers), json.loads(sent.body)
        else:
            planned = json.loads(request_json)
            headers, body = dict(planned["headers"]), planned["body"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    names = {str(name).lower(): str(value) for name, value in headers.items()}
    return Logged(body, names.get(VERSION_HEADER)) if isinstance(body, dict) else None


def turns(request_json: str) -> tuple[tuple[str, str], ...]:
    """What a person reads of a request: who says what, the system prompt first."""
    request = logged(request_json)
    if request is None:
        return ()
    messages = request.body.get("messages")
    rows = [row for row in messages if isinstance(row, dict)] if isinstance(messages, list) else []
    said_by = [(str(row.get("role")), _text(row.get("content"))) for row in rows]
    everything = [("system", _text(request.body.get("system"))), *said_by]
    return tuple((role, text) for role, text in everything if text)


def said(request_json: str) -> str:
    """The texts of a request, a line break between two, without who says them."""
    return "\n".join(text for _, text in turns(request_json))


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = [part.get("text") for part in content if isinstance(part, dict)]
    return "\n".join(part for part in parts if isinstance(part, str))


def request_of(request_json: str, wire_of: Callable[[Request], Wire]) -> Request | None:
    """The form that sends the same again, as `wire_of` would send it. What has no control
    goes into the extra JSON; None if the log has nothing that can be read."""
    sent = logged(request_json)
    if sent is None:
        return None
    plainest = _form(sent, {})
    version = {"api_version": sent.version} if sent.version in _VERSIONS else {}
    # The version stays automatic where that sends the same: most likely it was chosen so.
    for form in (plainest, _form(sent, version)):
        wire = wire_of(form)
        if wire.body == sent.body and wire.headers[VERSION_HEADER] == sent.version:
            return form
    return plainest


def _form(sent: Logged, version: JsonObject) -> Request:
    rest = dict(sent.body)
    rest.pop("stream", None)
    system, messages = _system(rest), _messages(rest)
    params = take_params(rest, max_tokens=0)
    extra = json.dumps(rest, ensure_ascii=False, indent=2) if rest else ""
    return Request(Prompt(system, messages), replace(params, extra_json=extra, **version))


def _system(rest: dict[str, Json]) -> str:
    return rest.pop("system") if isinstance(rest.get("system"), str) else ""


def _messages(rest: dict[str, Json]) -> tuple[Message, ...]:
    rows = rest.get("messages")
    # One message that the form cannot hold leaves all of them in the extra JSON: split up,
    # they would lose their order.
    if not isinstance(rows, list) or not all(map(_is_plain, rows)):
        return ()
    del rest["messages"]
    return tuple(
        Message(row["role"], row["content"]) if isinstance(row["content"], str)
        else Message(row["role"], "", write_blocks(row["content"]))
        for row in rows
    )  # fmt: skip


def _is_plain(row: object) -> bool:
    if not isinstance(row, dict) or set(row) != {"role", "content"}:
        return False
    is_text = isinstance(row["content"], str) and row["role"] in ROLES
    return is_text or (row["role"] == "assistant" and holds_answer(row["content"]))


LONGEST = 160
"""Characters: more than a cell of the log has room for."""
LONGEST_READ = 200_000
"""A request with more characters is not parsed for a cell of a table."""


@dataclass(frozen=True, slots=True)
class RowWords:
    """One line each; empty: there are none, or they were not kept."""

    prompt: str = ""
    answer: str = ""


NO_WORDS = RowWords()


def row_words(texts: RunTexts | None) -> RowWords:
    """The beginning of the last message that a person wrote, and of the answer."""
    if texts is None:
        return NO_WORDS
    is_short = len(texts.request_json) <= LONGEST_READ
    messages = turns(texts.request_json) if is_short else ()
    user_texts = [text for role, text in messages if role == "user"] or [
        text for _, text in messages
    ]
    return RowWords(_line(user_texts[-1] if user_texts else ""), _line(texts.answer))


def _line(text: str) -> str:
    # Twice as much: white space is taken out of it.
    line = " ".join(text[: 2 * LONGEST].split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
