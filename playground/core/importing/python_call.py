"""A call in Python source: of the Anthropic SDK, of OpenAI's, or of a plain POST.

The source is parsed and never run; the key in it is not even looked at. Straight-line code is
followed: literals, names, f-strings, `+`, `join`, `append` and `[key] =`. Whatever else could
change a value makes it unknown, and an unknown value is listed, never guessed.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from playground.core.importing.import_result import Call, ImportingError, LeftOut, short
from playground.core.importing.messages_body import ABOUT_THE_CALL, KEYS
from playground.core.importing.python_program import (
    Program,
    Text,
    Unknown,
    Value,
    sdk_call,
)
from playground.core.importing.python_source import parse_python
from playground.core.importing.strict_json import read_object
from playground.core.importing.unreadable import kind_sentence
from playground.core.request.template import as_name
from playground.core.text.json_text import Json

_NOT_SENT: Final = frozenset(
    ("auth", "betas", "cookies", "extra_query", "files", "max_iterations", "params", "timeout")
)
_NOT_KNOWN: Final = "What this call sends is known only when the code runs."
_MESSAGES: Final = "{{messages}}"
"""What stands for a conversation that only running the source would tell."""
_TURNS: Final = [{"role": "user", "content": _MESSAGES}]
_POSTED: Final = frozenset(("method", "url", "json", "data", "content"))
_PLACES: Final = {"post": ("url", "data", "json"), "request": ("method", "url")}
"""What a client's `post` and `request` take by their places."""
_OF_HTTP_CLIENT: Final = ("method", "url", "body", "headers")
"""What the `request` of Python's own `http.client` takes, which has no body by name beside it."""
_OF_MESSAGES: Final = frozenset(
    (None, "extra_body", "max_tokens", "messages", "model", "system", "tools")
)
"""What a call of the Messages API has at least one of; None: `**` with anything."""
_OMIT_MARKERS: Final = ("NOT_GIVEN", "anthropic.NOT_GIVEN", "anthropic.omit", "omit")
_BODIES: Final = ("json", "data", "body", "content")
_TEXTS: Final = ("content", "text", "system", "input", "instructions")
_LONGEST_NAME: Final = 60
_MAX_VALUES: Final = 300_000  # lists in lists can double with each line
_DEEPEST: Final = 60  # each level takes several calls, which Python's own stack bounds


class UnknownValueError(Exception):
    """A value that is known only when the source runs; the text is its expression."""


@dataclass(slots=True)
class JsonConverter:
    """Converts values to JSON and lists the unknown ones in `left_out`."""

    left_out: list[LeftOut] = field(default_factory=list)
    _steps: int = 0
    _names: dict[tuple[str, int], str] = field(default_factory=dict)
    """The names that stand for unknown parts, by what they stand for."""

    def json(self, value: Value, name: str = "", depth: int = 0) -> Json:
        """Raises `UnknownValueError`, or `ImportingError` for a value that grows without end. In
        a field that takes text, an unknown value is listed and becomes a `{{variable}}`."""
        self._steps += 1
        if self._steps > _MAX_VALUES or depth > _DEEPEST:
            raise ImportingError(_NOT_KNOWN)
        match value:
            case Text(parts=parts) if name in _TEXTS:
                return "".join(p if isinstance(p, str) else self._placeholder(p) for p in parts)
            case Unknown() if name in _TEXTS:
                return self._placeholder(value, name)
            case list() if name in _TEXTS:
                return self.known_entries(value, f"{name}, block", depth + 1)
            case Text(parts=parts):
                return self.json(next(part for part in parts if isinstance(part, Unknown)))
            case Unknown():
                raise UnknownValueError(value.source)
            case list():
                return [self.json(entry, depth=depth + 1) for entry in value]
            case dict():
                return {key: self.json(entry, key, depth + 1) for key, entry in value.items()}
        return value

    def known_entries(self, entries: Iterable[Value], what: str, depth: int = 0) -> list[Json]:
        """The entries whose values are known; the unknown ones are listed."""
        known = []
        for number, entry in enumerate(entries, 1):
            try:
                known.append(self.json(entry, depth=depth + 1))
            except UnknownValueError as error:
                self.list_unknown(f"{what} {number}", str(error))
        return known

    def list_unknown(self, name: str, source: str, instead: str = ".") -> None:
        """Add an unknown value to `left_out`."""
        why = f"{short(source)} is known only when the code runs{instead}"
        self.left_out.append(LeftOut(short(name), why))

    def _placeholder(self, unknown: Unknown, where: str = "f-string") -> str:
        """A variable of the editor's, whose value can be filled in there."""
        # The same value written in another way is another text; a name bound again, another value.
        source, what = unknown.source, (unknown.source, unknown.since)
        is_named = where == "f-string" or isinstance(unknown.node, ast.Name)
        name = new = as_name(short(source) if is_named else where) or "value"
        numbered = (f"{name[:_LONGEST_NAME]}_{number}" for number in count(2))
        while what not in self._names and new in self._names.values():
            new = next(numbered)
        name = f"{{{{{self._names.setdefault(what, new)}}}}}"
        self.list_unknown(where, source, f": {name} stands there.")
        return name


def read_python(text: str) -> Call:
    """The first call in the source. Raises `ImportingError`."""
    tree, _ = parse_python(text)
    calls = list(_calls(tree))
    if not calls:
        raise ImportingError("This Python has no call of messages.create, messages.stream or post.")
    name, call = calls[0]
    converter = JsonConverter([*_of_client(tree)])
    if len(calls) > 1:
        why = f"It has {len(calls)} calls; the first is taken, in line {call.lineno}."
        converter.left_out.append(LeftOut("Other calls", why))
    arguments = _arguments(name, call, Program(tree, call), converter)
    if name.startswith("completions") and "prompt" in arguments:
        raise ImportingError(kind_sentence("a call of a text-completion API"))
    body = {
        key: known
        for key, value in arguments.items()
        for known in _json_argument(key, value, converter)
    }
    for key in sorted(_NOT_SENT & body.keys()):
        del body[key]
        converter.left_out.append(LeftOut(key, "It is not sent from here."))
    return _post_body(body, converter) if name in _PLACES else _sdk_call_body(name, body, converter)


def _of_client(tree: ast.Module) -> Iterator[LeftOut]:
    """What the client object adds to each request, except keys, which are never imported."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="default_headers" | "default_query" as name, value=value):
                keys = getattr(value, "keys", (None,))
                if not KEYS.issuperset(str(getattr(key, "value", key)).lower() for key in keys):
                    yield LeftOut(name, "It is set on the client and is not imported.")


def holds_python_call(text: str) -> bool:
    """Whether this is Python with a call that can be read."""
    try:
        return any(_calls(parse_python(text)[0]))
    except ImportingError:
        return False


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    # `ast.walk` goes by depth, but the first call in the text is meant.
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        name, names = sdk_call(call.func), {keyword.arg for keyword in call.keywords}
        method, given = getattr(call.func, "attr", ""), len(call.args) + len(names & _POSTED)
        # Other services' SDKs have messages too, as Twilio's has.
        is_of_others = name == "messages.create" and names and names.isdisjoint(_OF_MESSAGES)
        is_of_bedrock = method.startswith("invoke_model") and "body" in names
        if name is not None and not name.endswith(".count_tokens") and not is_of_others:
            yield name, call
        elif is_of_bedrock or (method == "post" and given > 1):
            yield "post", call
        # The `stream` of httpx takes the verb first, as `request` does.
        elif method in ("request", "stream") and given > 2:
            verbs = call.args[:1] or [k.value for k in call.keywords if k.arg == "method"]
            if "POST" in (str(getattr(verb, "value", "")).upper() for verb in verbs):
                yield "request", call


def _arguments(
    name: str, call: ast.Call, program: Program, converter: JsonConverter
) -> dict[str, Value]:
    """What the call is given, by name."""
    arguments: dict[str, Value] = {}
    places = _PLACES.get(name, ())
    if name == "request" and not any(keyword.arg in _BODIES for keyword in call.keywords):
        places = _OF_HTTP_CLIENT
    for at, node in enumerate(call.args):
        if at < len(places) and not isinstance(node, ast.Starred):
            arguments[places[at]] = program.value(node)
        else:
            converter.left_out.append(LeftOut(f"Argument {at + 1}", "It is passed without a name."))
    for keyword in call.keywords:
        value = program.value(keyword.value)
        if keyword.arg:
            value = {} if program.function(keyword.value) in _OMIT_MARKERS else {keyword.arg: value}
        if not isinstance(value, dict):
            source = Unknown(keyword.value).source
            converter.list_unknown(f"**{source}", source)
            continue
        if twice := arguments.keys() & value.keys():
            raise ImportingError(f"{short(min(twice))} is given twice, which Python rejects.")
        arguments |= value
    return arguments


def _sdk_call_body(name: str, body: dict[str, Json], converter: JsonConverter) -> Call:
    owner, _, method = name.partition(".")
    headers, extra = body.pop("extra_headers", {}), body.pop("extra_body", {})
    # As in the SDK: `extra_body` wins over named arguments, field by field.
    body |= extra if isinstance(extra, dict) else {}
    if "messages" not in body and owner not in ("responses", "batches"):
        converter.left_out.append(LeftOut("messages", f"None are known: {_MESSAGES} stands there."))
        body["messages"] = _TURNS
    if body in ({}, {"messages": _TURNS}):
        raise ImportingError(_NOT_KNOWN)
    # A call of `stream` does not say so in its arguments: the SDK adds it to the body.
    if method == "stream":
        body["stream"] = True
    url = "chat/completions" if owner == "completions" else f"/v1/{owner}"
    return Call(body, headers, url, tuple(converter.left_out))


def _post_body(arguments: dict[str, Json], converter: JsonConverter) -> Call:
    bodies = (arguments.get(name) for name in _BODIES)
    body = next((body for body in bodies if isinstance(body, dict)), None)
    if body is None:
        raise ImportingError("What this code posts is known only when it runs.")
    # Bedrock takes the model beside the body.
    if isinstance(arguments.get("modelId"), str):
        body = {"model": arguments["modelId"], **body}
    headers, url = arguments.get("headers", {}), str(arguments.get("url", ""))
    return Call(body, headers, url, tuple(converter.left_out))


def _json_argument(name: str, value: Value, converter: JsonConverter) -> Iterator[Json]:
    """The argument as JSON; nothing where it is not known, which is listed."""
    if name in _BODIES and isinstance(value, Unknown) and value.dumped is not None:
        value = value.dumped
    # Given as `json`, a text goes out as one.
    is_sent = name in _BODIES and name != "json"
    if is_sent and isinstance(value, str) and value.lstrip().startswith("{"):
        value = read_object(value, "The text that is posted")
    try:
        if name == "url" and isinstance(value, Text):
            yield "".join(part for part in value.parts if isinstance(part, str))
        elif name in (*_BODIES, "headers", "extra_headers") and isinstance(value, dict):
            where, skipped = ("", ()) if name in _BODIES else ("Header ", KEYS | ABOUT_THE_CALL)
            # A key among headers is not even looked at.
            fields = {key: inner for key, inner in value.items() if key.lower() not in skipped}
            yield {
                key: known
                for key, inner in fields.items()
                for known in _json_argument(where + key, inner, converter)
            }
        elif name in ("messages", "input") and isinstance(value, list):
            entries = converter.known_entries(value, "Message")
            yield entries if entries or not value or name == "input" else _TURNS
        else:
            yield converter.json(value, name if name in ("system", "instructions", "input") else "")
    except UnknownValueError as error:
        is_prompt = name == "messages"
        converter.list_unknown(
            name, str(error), f": {_MESSAGES} stands there." if is_prompt else "."
        )
        if is_prompt:
            yield _TURNS
