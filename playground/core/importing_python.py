"""A call in Python source: of the Anthropic SDK, of OpenAI's, or of a plain POST.

The source is parsed and never run; the key in it is not even looked at.
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from typing import Any, Final

from playground.core.imported import Call, ImportingError, LeftOut, short
from playground.core.python_literals import Literals, UnknownValueError

MOST_SOURCE: Final = 200_000
_SDK: Final = ("messages.create", "messages.stream", "messages.parse")
_OPENAI: Final = ("completions.create", "completions.parse", "completions.stream")
_OF_THE_CLIENT: Final = frozenset({"timeout", "extra_query"})
_URLS: Final = ("/v1/messages", "chat/completions")


def read_python(text: str) -> Call:
    """The first call in the source. Raises `ImportingError`."""
    tree = _parsed(text)
    calls = list(_calls(tree))
    if not calls:
        raise ImportingError("There is no call of messages.create or messages.stream in it.")
    name, call = calls[0]
    literals = Literals(tree, call.lineno)
    given = _arguments(call, literals)
    if len(calls) > 1:
        why = f"It has {len(calls)} calls; the first is taken, in line {call.lineno}."
        literals.left_out.append(LeftOut("Other calls", why))
    if name == "post":
        return _posted(call, given, literals)
    return _sdk_call(name, given, literals)


def _parsed(text: str) -> ast.Module:
    if len(text) > MOST_SOURCE:
        raise ImportingError(f"Python longer than {MOST_SOURCE:,} characters is not read.")
    source = textwrap.dedent(text)
    try:
        return ast.parse(source)
    except SyntaxError as error:
        # Notebooks have lines that are none of Python.
        rest = re.sub(r"(?m)^[ \t]*[!%].*$", "", source)
        if rest != source:
            return _parsed(rest)
        raise ImportingError(f"This Python has an error in line {error.lineno}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise ImportingError("This cannot be read as Python.") from None


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
        match call.func:
            case ast.Attribute(value=ast.Attribute(attr=owner), attr=method):
                name = f"{owner}.{method}"
                if name in (*_SDK, *_OPENAI):
                    yield name, call
            case ast.Attribute(attr="post") if _is_url_in(call):
                yield "post", call


def _is_url_in(call: ast.Call) -> bool:
    values = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "url")]
    names = {each.arg for each in call.keywords}
    is_url = any(part in ast.unparse(value) for value in values for part in _URLS)
    return is_url or bool(values and names & {"json", "data"})


def _arguments(call: ast.Call, literals: Literals) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for keyword in call.keywords:
        name = keyword.arg
        try:
            if name is None:
                found = literals.value(keyword.value)
                given |= found if isinstance(found, dict) else {}
            elif name == "system":
                given[name] = literals.text(keyword.value, name)
            elif name == "messages":
                given[name] = _messages(keyword.value, literals)
            elif name == "data":
                given[name] = literals.value(_dumped(keyword.value))
            elif name == "headers":
                given[name] = _headers(keyword.value, literals)
            else:
                given[name] = literals.value(keyword.value)
        except UnknownValueError:
            source = short(ast.unparse(keyword.value))
            why = f"{source} is known only when the code runs."
            literals.left_out.append(LeftOut(name or f"**{source}", why))
    return given


def _messages(node: ast.expr, literals: Literals) -> list[Any]:
    """The messages; one that only the running code knows is left out by itself."""
    if not isinstance(node, ast.List):
        found = literals.value(node)
        return found if isinstance(found, list) else [found]
    messages = []
    for number, entry in enumerate(node.elts, 1):
        try:
            messages.append(literals.value(entry))
        except UnknownValueError:
            why = f"{short(ast.unparse(entry))} is known only when the code runs."
            literals.left_out.append(LeftOut(f"Message {number}", why))
    return messages


def _dumped(node: ast.expr) -> ast.expr:
    """What is given to `json.dumps`."""
    match node:
        case ast.Call(func=ast.Attribute(attr="dumps"), args=[value, *_]):
            return value
    return node


def _headers(node: ast.expr, literals: Literals) -> dict[str, Any]:
    """Headers one by one: the key among them is seldom a literal, the version always is."""
    if not isinstance(node, ast.Dict):
        found = literals.value(node)
        return found if isinstance(found, dict) else {}
    headers = {}
    for key, value in zip(node.keys, node.values, strict=True):
        try:
            if key is not None:
                headers[str(literals.value(key))] = literals.value(value)
        except UnknownValueError:
            continue  # Headers that can be imported are literals; keys are dropped anyway.
    return headers


def _sdk_call(name: str, given: dict[str, Any], literals: Literals) -> Call:
    headers = given.pop("extra_headers", {})
    extra = given.pop("extra_body", {})
    betas = given.pop("betas", None)
    if betas:
        literals.left_out.append(LeftOut("betas", "Beta headers are not sent from here."))
    for argument in sorted(_OF_THE_CLIENT & set(given)):
        del given[argument]
        literals.left_out.append(LeftOut(argument, "It is about the client, not the request."))
    body = given | (extra if isinstance(extra, dict) else {})
    if name.endswith(".stream"):
        body["stream"] = True
    url = "chat/completions" if name in _OPENAI else ""
    return Call(body, _texts_only(headers), url, tuple(literals.left_out))


def _posted(call: ast.Call, given: dict[str, Any], literals: Literals) -> Call:
    body = given.get("json", given.get("data"))
    if not isinstance(body, dict):
        raise ImportingError("What this code posts is known only when it runs.")
    url = ast.unparse(call.args[0]) if call.args else str(given.get("url", ""))
    return Call(body, _texts_only(given.get("headers")), url, tuple(literals.left_out))


def _texts_only(headers: object) -> dict[str, str]:
    if not isinstance(headers, dict):
        return {}
    return {name: value for name, value in headers.items() if isinstance(value, str)}
