"""A request read back from the log: what was said in it, the form that makes it again, and the
words by which its run is recognised."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from playground.core.request.extra_json import MAX_CHARACTERS
from playground.core.request.request import (
    CURRENT_VERSION,
    SAMPLING_VERSION,
    Message,
    Prompt,
    Request,
)
from playground.core.request.tool_results import content_texts
from playground.core.runs.run_row import RunTexts
from playground.core.text.json_text import Json, JsonObject
from playground.core.text.one_line import answer_line, one_line
from playground.core.wire.exchange import from_json
from playground.core.wire.from_body import messages_of, take_params
from playground.core.wire.wire import VERSION_HEADER, Wire

Body = JsonObject
_VERSIONS = (SAMPLING_VERSION, CURRENT_VERSION)


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A body that was sent or planned, and its API version."""

    body: Body
    version: str | None


def last_request(request_json: str) -> LoggedRequest | None:
    """The last request of a run; None if the log has no readable one."""
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
    return LoggedRequest(body, names.get(VERSION_HEADER)) if isinstance(body, dict) else None


def turns(request_json: str) -> tuple[tuple[str, str], ...]:
    """What a person reads of a request: who says what, the system prompt first."""
    request = last_request(request_json)
    if request is None:
        return ()
    messages = request.body.get("messages")
    rows = [row for row in messages if isinstance(row, dict)] if isinstance(messages, list) else []
    said_by = [(str(row.get("role")), _text(row.get("content"))) for row in rows]
    everything = [("system", _text(request.body.get("system"))), *said_by]
    return tuple((role, text) for role, text in everything if text)


def request_text(request_json: str) -> str:
    """The texts of a request, a line break between two, without who says them."""
    return "\n".join(text for _, text in turns(request_json))


def _text(content: object) -> str:
    return "\n".join(content_texts(content))


def request_of(request_json: str, wire_of: Callable[[Request], Wire]) -> Request | None:
    """The form that sends the same again, as `wire_of` would send it. What no control sends
    the same goes into the extra JSON; None if the log has nothing that can be read."""
    sent = last_request(request_json)
    if sent is None:
        return None
    chosen: list[JsonObject] = [{"api_version": sent.version}] * (sent.version in _VERSIONS)
    # Automatic first: where that sends the same, it was most likely chosen so.
    forms = [_closest(sent, version, wire_of) for version in ({}, *chosen)]
    return min(forms, key=lambda form: (len(form.different), len(form.moved))).request


def differences(request_json: str, wire: Wire) -> tuple[str, ...]:
    """The fields, and the header of the version, that a call sends otherwise than a request of
    the log did."""
    sent = last_request(request_json)
    return _different(sent, wire) if sent else ()


@dataclass(frozen=True, slots=True)
class _Form:
    """A form, the fields that were moved from its controls to its extra JSON, and those that
    it still does not send the same."""

    request: Request
    moved: tuple[str, ...]
    different: tuple[str, ...]


def _closest(sent: LoggedRequest, version: JsonObject, wire_of: Callable[[Request], Wire]) -> _Form:
    form = _form(sent, version, ())
    moved = tuple(name for name in _different(sent, wire_of(form)) if name in sent.body)
    form = _form(sent, version, moved) if moved else form
    return _Form(form, moved, _different(sent, wire_of(form)))


def _different(sent: LoggedRequest, wire: Wire) -> tuple[str, ...]:
    names = sorted({*sent.body, *wire.body})
    fields = tuple(name for name in names if _written(sent.body, name) != _written(wire.body, name))
    is_same_version = wire.headers[VERSION_HEADER] == sent.version
    return fields if is_same_version else (*fields, VERSION_HEADER)


def _written(body: Body, name: str) -> str | None:
    # As text: to Python 1, 1.0 and true are equal, and the API is sent different ones.
    return json.dumps(body[name], sort_keys=True) if name in body else None


def _form(sent: LoggedRequest, version: JsonObject, moved: tuple[str, ...]) -> Request:
    """The form of a body; the fields `moved` stay in its extra JSON whatever they hold."""
    rest = {name: value for name, value in sent.body.items() if name not in moved}
    rest.pop("stream", None)
    system, messages = _system(rest), _messages(rest)
    params = take_params(rest, max_tokens=0)
    extra = {name: sent.body[name] for name in sent.body if name in rest or name in moved}
    params = replace(params, extra_json=_extra_json(extra), **version)
    return Request(Prompt(system, messages), params)


def _extra_json(extra: JsonObject) -> str:
    if not extra:
        return ""
    text = json.dumps(extra, ensure_ascii=False, indent=2)
    # Indented, what was typed densely can pass the bound of what is read.
    is_short = len(text) <= MAX_CHARACTERS
    return text if is_short else json.dumps(extra, ensure_ascii=False, separators=(",", ":"))


def _system(rest: dict[str, Json]) -> str:
    return rest.pop("system") if isinstance(rest.get("system"), str) else ""


def _messages(rest: dict[str, Json]) -> tuple[Message, ...]:
    rows = rest.get("messages")
    # One message that the form cannot hold leaves all of them in the extra JSON: split up,
    # they would lose their order.
    messages = list(map(messages_of, rows)) if isinstance(rows, list) else [()]
    if not all(messages):
        return ()
    del rest["messages"]
    return tuple(message for of_row in messages for message in of_row)


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
    prompt = one_line(user_texts[-1] if user_texts else "", LONGEST)
    return RowWords(prompt, answer_line(texts.answer, LONGEST))
