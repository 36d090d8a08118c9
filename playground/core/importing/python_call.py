"""A call in Python source: of the Anthropic SDK, of OpenAI's, or of a plain POST.

The source is parsed and never run; the key in it is not even looked at. Straight-line code is
followed: literals, names, f-strings, `+`, `join`, `append` and `[key] =`. Whatever else could
change a value makes it unknown, and an unknown value is listed, never guessed.
"""

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

from playground.core.importing.import_result import Call, ImportingError, LeftOut, short
from playground.core.importing.messages_body import ABOUT_THE_CALL, KEYS
from playground.core.importing.python_bindings import Bindings, sdk_call
from playground.core.importing.python_values import UnknownValueError, Values
from playground.core.text.json_text import Json

MOST_SOURCE: Final = 200_000
DEEPEST: Final = 100
"""Nodes in each other: Python's own stack is what bounds it."""
_OF_THE_CLIENT: Final = frozenset({"timeout", "extra_query", "max_iterations"})
MESSAGES: Final = "{{messages}}"
"""What stands for a conversation that only running the source would tell."""
_URLS: Final = ("/v1/messages", "chat/completions", "/v1/responses")
_POSTS: Final = ("url", "data", "json")
_OF_BEDROCK: Final = ("invoke_model", "invoke_model_with_response_stream")
_BODIES: Final = ("json", "data", "body", "content")
_OWN_URLS: Final = {
    "messages": "/v1/messages",
    "completions": "chat/completions",
    "responses": "/v1/responses",
}
_NOT_GIVEN: Final = ("NOT_GIVEN", "NotGiven", "omit", "Omit")


def read_python(text: str) -> Call:
    """The first call in the source. Raises `ImportingError`."""
    tree, source = _parsed(text)
    calls = list(_calls(tree))
    if not calls:
        raise ImportingError("This Python has no call of messages.create or messages.stream.")
    name, call = calls[0]
    # Not `splitlines`, which knows more line breaks than Python's line numbers do.
    values = Values(Bindings(tree, call), re.split(r"\r\n|\r|\n", source), [*_of_client(tree)])
    if len(calls) > 1:
        why = f"It has {len(calls)} calls; the first is taken, in line {call.lineno}."
        values.left_out.append(LeftOut("Other calls", why))
    return _read(name, _arguments(call, values), values)


def calls_from_python(text: str) -> bool:
    """Whether this is Python with a call that can be read."""
    try:
        return any(_calls(_parsed(text)[0]))
    except ImportingError:
        return False


def _parsed(text: str) -> tuple[ast.Module, str]:
    if len(text) > MOST_SOURCE:
        raise ImportingError(f"Python longer than {MOST_SOURCE:,} characters is not read.")
    # People copy calls out of the middle of a function.
    source = textwrap.dedent(text)
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        # Notebooks have lines that are none of Python.
        rest = re.sub(r"(?m)^[ \t]*[!%].*$", "", source)
        if rest != source:
            return _parsed(rest)
        where = f" in line {error.lineno}" if error.lineno else ""
        raise ImportingError(f"This Python has an error{where}.") from None
    # Deep nesting raises the last two, and in some versions a NUL raises the first.
    except (ValueError, RecursionError, MemoryError):
        raise ImportingError("This cannot be read as Python.") from None
    # Level by level: recursion would fail at the very depth that is to be found.
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return tree, source
    raise ImportingError("This Python is nested too deep to be read.")


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    # `ast.walk` goes by depth, but the first call in the text is meant.
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        name = sdk_call(call.func)
        if name is not None and not name.endswith(".count_tokens"):
            yield name, call
        elif isinstance(call.func, ast.Attribute) and _is_post(call.func.attr, call):
            yield "post", call


def _is_post(method: str, call: ast.Call) -> bool:
    names = {keyword.arg for keyword in call.keywords}
    if method in _OF_BEDROCK:
        return "body" in names
    return method == "post" and _posts(call, names)


def _posts(call: ast.Call, names: set[str | None]) -> bool:
    targets = [
        *call.args[:1],
        *(keyword.value for keyword in call.keywords if keyword.arg == "url"),
    ]
    if targets and (names & {"json", "data", "body", "content"} or len(call.args) > 1):
        return True
    texts = [
        inner.value
        for node in targets
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant)
    ]
    return any(part in str(text) for text in texts for part in _URLS)


def _arguments(call: ast.Call, values: Values) -> dict[str, ast.expr]:
    """What the call is given, by name."""
    arguments: dict[str, ast.expr] = {}
    twice: set[str] = set()
    is_post = sdk_call(call.func) is None
    for at, node in enumerate(call.args):
        if is_post and at < len(_POSTS) and not isinstance(node, ast.Starred):
            arguments[_POSTS[at]] = node
        else:
            values.left_out.append(LeftOut(f"Argument {at + 1}", "It is given without a name."))
    for keyword in call.keywords:
        try:
            more = {keyword.arg: keyword.value} if keyword.arg else values.dict_of(keyword.value)
        except UnknownValueError:
            source = values.source(keyword.value)
            values.lost(f"**{source}", source)
            continue
        twice |= arguments.keys() & more.keys()
        arguments |= more
    for name in sorted(twice):
        del arguments[name]
        values.left_out.append(LeftOut(short(name), "It is given twice, which Python refuses."))
    return arguments


def _of_client(tree: ast.Module) -> Iterator[LeftOut]:
    """What a client adds to each of its requests; all but keys."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.keyword) or node.arg not in (
            "default_headers",
            "default_query",
        ):
            continue
        keys = node.value.keys if isinstance(node.value, ast.Dict) else [None]
        names = [key.value if isinstance(key, ast.Constant) else None for key in keys]
        # Keys are no loss: none is ever kept.
        if not all(str(name).lower() in KEYS for name in names):
            yield LeftOut(node.arg, "It is set on the client, and not read.")


def _read(name: str, arguments: Mapping[str, ast.expr], values: Values) -> Call:
    body = {
        key: resolved
        for key, value in arguments.items()
        if not _is_not_given(value)
        for resolved in _resolved(key, value, values)
    }
    if name == "post":
        return _posted(body, values)
    owner, _, method = name.partition(".")
    headers, extra = body.pop("extra_headers", {}), body.pop("extra_body", {})
    if body.pop("betas", None):
        values.left_out.append(LeftOut("betas", "Beta headers are not sent from here."))
    for argument in sorted(_OF_THE_CLIENT & set(body)):
        del body[argument]
        values.left_out.append(LeftOut(argument, "It is about the client, not the request."))
    # As in the SDK: `extra_body` wins over named arguments, field by field.
    body |= extra if isinstance(extra, dict) else {}
    if owner not in ("responses", "batches"):
        _check_known(body, values)
    if method == "stream":
        body["stream"] = True
    if method == "tool_runner":
        why = "It runs tools and asks again; a run here asks once."
        values.left_out.append(LeftOut("tool_runner", why))
    url = _OWN_URLS.get(owner, "")
    return Call(body, headers, url, tuple(values.left_out))


def _check_known(body: dict[str, Json], values: Values) -> None:
    """Raises `ImportingError` where nothing at all is known of a call."""
    if not {"messages", "prompt"} & body.keys():
        values.left_out.append(LeftOut("messages", f"None are known: {MESSAGES} stands there."))
        body["messages"] = _turns()
    if body == {"messages": _turns()}:
        raise ImportingError("What this call sends is known only when the code runs.")


def _turns() -> list[dict[str, str]]:
    return [{"role": "user", "content": MESSAGES}]


def _posted(arguments: dict[str, Json], values: Values) -> Call:
    body = next(
        (arguments[field] for field in _BODIES if isinstance(arguments.get(field), dict)), None
    )
    if body is None:
        raise ImportingError("What this code posts is known only when it runs.")
    if isinstance(arguments.get("modelId"), str):
        body = {"model": arguments["modelId"], **body}
    for name in sorted(set(arguments) & {"params", "auth", "cookies", "files"}):
        values.left_out.append(LeftOut(name, "It is not sent from here."))
    url = arguments.get("url")
    headers = arguments.get("headers", {})
    return Call(body, headers, url if isinstance(url, str) else "", tuple(values.left_out))


def _is_not_given(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in _NOT_GIVEN


def _resolved(name: str, node: ast.expr, values: Values) -> Iterator[Json]:
    """The argument as JSON; nothing where it is not known, which is listed."""
    try:
        expression = values.plain(node)
        if name in ("headers", "extra_headers"):
            yield _headers(expression, values)
        elif name == "url":
            yield values.known_text(expression)
        elif name in ("messages", "input") and isinstance(expression, ast.List | ast.Tuple):
            entries = values.known_entries(expression, "Message")
            yield entries if entries or not expression.elts or name == "input" else _turns()
        elif name in ("system", "instructions", "input"):
            yield values.text(node, name)
        elif name in _BODIES and isinstance(body := values.plain(_dumped(expression)), ast.Dict):
            yield {
                key: value
                for key, inner in values.fields(body).items()
                for value in _resolved(key, inner, values)
            }
        else:
            yield values.json(node)
    except UnknownValueError as error:
        if name == "messages":
            why = f"{short(str(error))} is known only when the code runs: {MESSAGES} stands there."
            values.left_out.append(LeftOut(name, why))
            yield _turns()
        else:
            values.lost(name, str(error))


def _dumped(node: ast.expr) -> ast.expr:
    """What an expression makes JSON text of, or the expression."""
    match node:
        case ast.Call(func=ast.Attribute(attr="encode", value=inner)):
            return _dumped(inner)
        case ast.Call(func=ast.Attribute(attr="dumps", value=ast.Name()), args=[inner, *_]):
            return inner
    return node


def _headers(node: ast.expr, values: Values) -> dict[str, str]:
    """Headers one by one; a key among them is not even looked at."""
    if not isinstance(node, ast.Dict):
        values.json(node)
        return {}
    headers: dict[str, str] = {}
    for name, value in values.fields(node).items():
        if name.lower() in KEYS | ABOUT_THE_CALL:
            continue
        try:
            headers[name] = str(values.json(value))
        except UnknownValueError as error:
            values.lost(f"Header {short(name)}", str(error))
    return headers
