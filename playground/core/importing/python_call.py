"""A call in Python source: of the Anthropic SDK, of OpenAI's, or of a plain POST.

The source is parsed and never run; the key in it is not even looked at. Straight-line code is
followed: literals, names, f-strings, `+`, `join`, `append` and `[key] =`. Whatever else could
change a value makes it unknown, and an unknown value is listed, never guessed.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from playground.core.importing.import_result import Call, ImportingError, LeftOut, short
from playground.core.importing.messages_body import ABOUT_THE_CALL, KEYS
from playground.core.importing.python_program import Program, Text, Unknown, Value, code, sdk_call
from playground.core.importing.python_source import parse_python
from playground.core.importing.strict_json import read_object
from playground.core.importing.unreadable import kind_sentence
from playground.core.request.template import as_name
from playground.core.text.json_text import Json

_NOT_SENT: Final = frozenset(
    ("auth", "betas", "cookies", "extra_query", "files", "max_iterations", "params", "timeout")
)
_SKIPPED_HEADERS: Final = KEYS | ABOUT_THE_CALL
_NOT_KNOWN: Final = "What this call sends is known only when the code runs."
_MESSAGES: Final = "{{messages}}"
"""What stands for a conversation that only running the source would tell."""
_TURNS: Final = [{"role": "user", "content": _MESSAGES}]
_BODIES: Final = ("json", "data", "body", "content")
_PLACES: Final = {
    "post": ("url", "data", "json"),
    "request": ("method", "url"),
    "http.client": ("method", "url", "body", "headers"),
}
"""What an HTTP client that posts takes by its place."""
_OF_MESSAGES: Final = (None, "extra_body", "max_tokens", "messages", "model", "system", "tools")
"""What a call of the Messages API has at least one of; None: `**` with anything."""
_OMIT_MARKERS: Final = ("NOT_GIVEN", "anthropic.NOT_GIVEN", "anthropic.omit", "omit")
_TEXTS: Final = ("content", "text", "system", "input", "instructions")
_LONGEST_NAME: Final = 60
_DEEPEST: Final = 60  # each level takes several calls, which Python's own stack bounds


class UnknownValueError(Exception):
    """A value that is known only when the source runs; the text is its expression."""


@dataclass(slots=True)
class JsonConverter:
    """Converts a program's values to JSON and lists the unknown ones in `left_out`."""

    program: Program
    left_out: list[LeftOut]
    _names: dict[tuple[str, int], str] = field(default_factory=dict)
    """The names that stand for unknown parts, by what they stand for."""

    def _json(self, value: Value, name: str = "", depth: int = 0) -> Json:
        """Raises `UnknownValueError`, or `ImportingError` for a value that grows without end. In
        a field that takes text, an unknown value is listed and becomes a `{{variable}}`."""
        self.program.spend(characters=len(value) if isinstance(value, str) else 0)
        if depth > _DEEPEST:
            raise ImportingError(_NOT_KNOWN)
        match value:
            case Text(parts=parts) if name in _TEXTS:
                return "".join(p if isinstance(p, str) else self._placeholder(p) for p in parts)
            case Unknown() if name in _TEXTS:
                return self._placeholder(value, name)
            case list() if name in _TEXTS:
                return self._known_entries(value, f"{name}, block", depth + 1)
            case Text(parts=parts):
                return self._json(next(part for part in parts if isinstance(part, Unknown)))
            case Unknown():
                raise UnknownValueError(code(value.node))
            case list():
                return [self._json(entry, depth=depth + 1) for entry in value]
            case dict():
                return {key: self._json(entry, key, depth + 1) for key, entry in value.items()}
        return value

    def known(self, fields: dict[str, Value], where: str = "", depth: int = 0) -> dict[str, Json]:
        """What is known of the fields, as JSON; what is not is listed."""
        known: dict[str, Json] = {}
        for name, value in fields.items():
            try:
                known[name] = self._field(where + name, value, depth)
            except UnknownValueError as error:
                self.list_unknown(where + name, str(error))
        return known

    def _field(self, name: str, value: Value, depth: int) -> Json:
        if name in _BODIES and isinstance(value, Unknown) and value.dumped is not None:
            value = value.dumped
        match value:
            # Given as `json`, a text goes out as one.
            case str() if name in ("data", "body", "content") and value.lstrip().startswith("{"):
                return self.known(read_object(value, "The text that is posted"))
            case Text(parts=parts) if name == "url":
                return "".join(part for part in parts if isinstance(part, str))
            case dict() if name in _BODIES:
                return self.known(value)
            case dict() if name in ("headers", "extra_headers"):
                # A key among headers is not even looked at.
                names = [name for name in value if name.lower() not in _SKIPPED_HEADERS]
                return self.known({name: value[name] for name in names}, "Header ")
            case list() if name in ("messages", "input"):
                entries = self._known_entries(value, "Message")
                return entries if entries or not value or name == "input" else _TURNS
            case Unknown() if name == "messages":
                self.list_unknown(name, code(value.node), f": {_MESSAGES} stands there.")
                return _TURNS
        return self._json(value, name if name in ("system", "instructions", "input") else "", depth)

    def _known_entries(self, entries: list[Value], what: str, depth: int = 0) -> list[Json]:
        fields = {f"{what} {number}": entry for number, entry in enumerate(entries, 1)}
        return list(self.known(fields, depth=depth + 1).values())

    def list_unknown(self, name: str, source: str, instead: str = ".") -> None:
        """Add an unknown value to `left_out`."""
        why = f"{short(source)} is known only when the code runs{instead}"
        self.left_out.append(LeftOut(short(name), why))

    def _placeholder(self, unknown: Unknown, where: str = "f-string") -> str:
        """A variable of the editor's, whose value can be filled in there."""
        # The same value written in another way is another text; a name bound again, another value.
        source = code(unknown.node)
        what = (source, unknown.since)
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
    calls = _calls(tree)
    if not calls:
        raise ImportingError("This Python has no call of messages.create, messages.stream or post.")
    name, call = calls[0]
    converter = JsonConverter(Program(tree, call), [*_beside_the_call(tree)])
    if len(calls) > 1:
        why = f"It has {len(calls)} calls; the first is taken, in line {call.lineno}."
        converter.left_out.append(LeftOut("Other calls", why))
    arguments = _arguments(name, call, converter)
    if name.startswith("completions") and "prompt" in arguments:
        raise ImportingError(kind_sentence("a call of a text-completion API"))
    body = converter.known(arguments)
    for key in sorted(_NOT_SENT & body.keys()):
        del body[key]
        converter.left_out.append(LeftOut(key, "It is not sent from here."))
    return _post_body(body, converter) if name in _PLACES else _sdk_call_body(name, body, converter)


def _beside_the_call(tree: ast.Module) -> Iterator[LeftOut]:
    """What is set elsewhere and sent with a request, except keys, which are never imported."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="default_headers" | "default_query" as name, value=value):
                keys = getattr(value, "keys", (None,))
                if not KEYS.issuperset(str(getattr(key, "value", key)).lower() for key in keys):
                    yield LeftOut(name, "It is set on the client and is not imported.")
            case ast.Call(func=ast.Attribute(attr="add_header"), args=[ast.Constant(name), _]):
                if str(name).lower() not in _SKIPPED_HEADERS:
                    yield LeftOut(f"Header {short(str(name))}", "It is not sent from here.")


def holds_python_call(text: str) -> bool:
    """Whether this is Python with a call that can be read."""
    try:
        return bool(_calls(parse_python(text)[0]))
    except ImportingError:
        return False


def _calls(tree: ast.Module) -> list[tuple[str, ast.Call]]:
    """The calls that send a request, each with the name of its kind."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    # `ast.walk` goes by depth, but the first call in the text is meant.
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    return [(name, call) for call in calls if (name := _kind(call))]


def _kind(call: ast.Call) -> str:
    """Which call of an SDK this is, or which of `_PLACES`; an empty text for any other."""
    name, names = sdk_call(call.func) or "", {keyword.arg for keyword in call.keywords}
    # Other services' SDKs have messages too, as Twilio's has.
    is_of_others = name == "messages.create" and names and names.isdisjoint(_OF_MESSAGES)
    if name and not name.endswith(".count_tokens") and not is_of_others:
        return name
    method, places = getattr(call.func, "attr", ""), len(call.args)
    has_body = not names.isdisjoint(_BODIES)
    is_of_bedrock = method.startswith("invoke_model") and "body" in names
    if is_of_bedrock or (method == "post" and (has_body or places > 1)):
        return "post"
    named = [keyword.value for keyword in call.keywords if keyword.arg == "method"]
    verbs = [str(getattr(node, "value", "")).upper() for node in (*call.args[:1], *named)]
    # The `stream` of httpx takes the verb first, as `request` does.
    if method in ("request", "stream", "Request") and verbs[:1] == ["POST"]:
        return "request" if has_body else "http.client" if places > 2 else ""
    # urllib posts what it has data for, unless a verb is named.
    is_of_urllib = code(call.func).endswith(("Request", "urlopen")) and "data" in names
    return "post" if is_of_urllib and places < 2 and verbs[places:] in ([], ["POST"]) else ""


def _arguments(name: str, call: ast.Call, converter: JsonConverter) -> dict[str, Value]:
    """What the call is given, by name."""
    arguments: dict[str, Value] = {}
    program, places = converter.program, _PLACES.get(name, ())
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
            converter.list_unknown(f"**{code(keyword.value)}", code(keyword.value))
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
    body = next((body for body in map(arguments.get, _BODIES) if isinstance(body, dict)), None)
    if body is None:
        raise ImportingError("What this code posts is known only when it runs.")
    # Bedrock takes the model beside the body.
    if isinstance(arguments.get("modelId"), str):
        body = {"model": arguments["modelId"], **body}
    headers, url = arguments.get("headers", {}), str(arguments.get("url", ""))
    return Call(body, headers, url, tuple(converter.left_out))
