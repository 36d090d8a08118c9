"""A call in Python source: of the Anthropic SDK, of OpenAI's, or of a plain POST.

The source is parsed and never run; the key in it is not even looked at.
"""

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from playground.core.imported import Call, ImportingError, LeftOut, short
from playground.core.importing_body import ABOUT_THE_CALL, KEYS
from playground.core.python_effects import asks, names_that_run
from playground.core.python_expressions import Expressions
from playground.core.python_literals import Literals, UnknownValueError
from playground.core.python_statements import NeverRunError
from playground.core.python_values import Dumped, Fields, Items, Partial, Path, Value, Work
from playground.core.python_way import Way

MOST_SOURCE: Final = 200_000
MOST_CALLS: Final = 20
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
    """The first call in the source that it can reach. Raises `ImportingError`."""
    tree, source = _parsed(text)
    calls = list(_calls(tree))
    if not calls:
        raise ImportingError("This Python has no call of messages.create or messages.stream.")
    work = Work()
    runs = names_that_run(tree, work)
    for name, call in calls[:MOST_CALLS]:
        names = Expressions(work, re.split(r"\r\n|\r|\n", source), runs)
        way = Way(tree, call, names)
        try:
            way.walk()
        except NeverRunError:
            continue
        literals = Literals(work, way.left_out)
        literals.left_out += _of_client(tree, work)
        if len(calls) > 1:
            why = f"It has {len(calls)} calls; one is taken, in line {call.lineno}."
            literals.left_out.append(LeftOut("Other calls", why))
        return _read(name, _arguments(call, names, literals), literals)
    raise ImportingError("Its call is never reached when the code runs.")


def calls_from_python(text: str) -> bool:
    """Whether this is Python with a call that can be read."""
    try:
        return any(_calls(_parsed(text)[0]))
    except ImportingError:
        return False


def _parsed(text: str) -> tuple[ast.Module, str]:
    if len(text) > MOST_SOURCE:
        raise ImportingError(f"Python longer than {MOST_SOURCE:,} characters is not read.")
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
    except (ValueError, RecursionError, MemoryError):
        raise ImportingError("This cannot be read as Python.") from None
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return tree, source
    raise ImportingError("This Python is nested too deep to be read.")


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
        name = asks(call.func)
        if name is not None and not name.endswith(".count_tokens"):
            yield name, call
        elif isinstance(call.func, ast.Attribute) and _is_post(call.func.attr, call):
            yield "post", call


def _is_post(method: str, call: ast.Call) -> bool:
    names = {each.arg for each in call.keywords}
    if method in _OF_BEDROCK:
        return "body" in names
    return method == "post" and _posts(call, names)


def _posts(call: ast.Call, names: set[str | None]) -> bool:
    given = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "url")]
    if given and (names & {"json", "data", "body", "content"} or len(call.args) > 1):
        return True
    texts = [
        each.value for node in given for each in ast.walk(node) if isinstance(each, ast.Constant)
    ]
    return any(part in str(text) for text in texts for part in _URLS)


def _arguments(call: ast.Call, names: Expressions, literals: Literals) -> dict[str, Value]:
    """What the call is given, by name."""
    given: dict[str, Value] = {}
    twice: set[str] = set()
    is_post = asks(call.func) is None
    for at, node in enumerate(call.args):
        value = names.value(node)
        if is_post and at < len(_POSTS) and not isinstance(node, ast.Starred):
            given[_POSTS[at]] = value
        else:
            literals.left_out.append(LeftOut(f"Argument {at + 1}", "It is given without a name."))
    for keyword in call.keywords:
        value = names.value(keyword.value)
        more = {keyword.arg: value} if keyword.arg is not None else value
        if isinstance(more, dict) and not getattr(more, "is_lost", False):
            twice |= given.keys() & more.keys()
            given |= more
        else:
            source = names.source(keyword.value)
            literals.lost(f"**{source}", source)
    for name in sorted(twice):
        del given[name]
        literals.left_out.append(LeftOut(short(name), "It is given twice, which Python refuses."))
    return given


def _of_client(tree: ast.Module, work: Work) -> Iterator[LeftOut]:
    """What a client adds to each of its requests; all but keys."""
    for node in ast.walk(tree):
        work.spend()
        if not isinstance(node, ast.keyword) or node.arg not in (
            "default_headers",
            "default_query",
        ):
            continue
        keys = node.value.keys if isinstance(node.value, ast.Dict) else [None]
        names = [each.value if isinstance(each, ast.Constant) else None for each in keys]
        if not all(str(name).lower() in KEYS for name in names):
            yield LeftOut(node.arg, "It is set on the client, and not read.")


def _read(name: str, given: Mapping[str, Value], literals: Literals) -> Call:
    body = {
        each: found
        for each, value in given.items()
        if not _is_not_given(value)
        for found in _resolved(each, value, literals)
    }
    if name == "post":
        return _posted(body, literals)
    owner, _, method = name.partition(".")
    headers, extra = body.pop("extra_headers", {}), body.pop("extra_body", {})
    if body.pop("betas", None):
        literals.left_out.append(LeftOut("betas", "Beta headers are not sent from here."))
    for argument in sorted(_OF_THE_CLIENT & set(body)):
        del body[argument]
        literals.left_out.append(LeftOut(argument, "It is about the client, not the request."))
    body |= extra if isinstance(extra, dict) else {}
    if owner not in ("responses", "batches"):
        _check_known(body, literals)
    if method == "stream":
        body["stream"] = True
    if method == "tool_runner":
        why = "It runs tools and asks again; a run here asks once."
        literals.left_out.append(LeftOut("tool_runner", why))
    url = _OWN_URLS.get(owner, "")
    return Call(body, headers, url, tuple(literals.left_out))


def _check_known(body: dict[str, Any], literals: Literals) -> None:
    """Raises `ImportingError` where nothing at all is known of a call."""
    if not {"messages", "prompt"} & body.keys():
        literals.left_out.append(LeftOut("messages", f"None are known: {MESSAGES} stands there."))
        body["messages"] = _turns()
    if body == {"messages": _turns()}:
        raise ImportingError("What this call sends is known only when the code runs.")


def _turns() -> list[dict[str, str]]:
    return [{"role": "user", "content": MESSAGES}]


def _posted(given: dict[str, Any], literals: Literals) -> Call:
    body = next((given[each] for each in _BODIES if isinstance(given.get(each), dict)), None)
    if body is None:
        raise ImportingError("What this code posts is known only when it runs.")
    if isinstance(given.get("modelId"), str):
        body = {"model": given["modelId"], **body}
    for name in sorted(set(given) & {"params", "auth", "cookies", "files"}):
        literals.left_out.append(LeftOut(name, "It is not sent from here."))
    url = given.get("url")
    headers = given.get("headers", {})
    return Call(body, headers, url if isinstance(url, str) else "", tuple(literals.left_out))


def _is_not_given(value: Value) -> bool:
    return isinstance(value, Path) and value.name.rpartition(".")[2] in _NOT_GIVEN


def _resolved(name: str, value: Value, literals: Literals) -> Iterator[Any]:
    """The argument as JSON; nothing where it is not known, which is listed."""
    try:
        if name in ("headers", "extra_headers"):
            yield _headers(value, literals)
        elif name == "url":
            parts = value.parts if isinstance(value, Partial) else (value,)
            yield "".join(each for each in parts if isinstance(each, str))
        elif name in ("messages", "input") and isinstance(value, Items) and not value.is_lost:
            found = literals.entries(value, "Message")
            yield found if found or not value or name == "input" else _turns()
        elif name in ("system", "instructions", "input"):
            yield literals.text(value, name)
        elif name in _BODIES and isinstance(value, Dumped):
            yield from _resolved(name, value.value, literals)
        elif name in _BODIES and isinstance(value, Fields) and not value.is_lost:
            inner = {
                each: found
                for each, part in value.items()
                for found in _resolved(each, part, literals)
            }
            yield inner
        else:
            yield literals.json(value)
    except UnknownValueError as error:
        if name == "messages":
            why = f"{short(str(error))} is known only when the code runs: {MESSAGES} stands there."
            literals.left_out.append(LeftOut(name, why))
            yield _turns()
        else:
            literals.lost(name, str(error))


def _headers(value: Value, literals: Literals) -> dict[str, str]:
    """Headers one by one; a key among them is not even looked at."""
    if value is None:
        return {}
    if not isinstance(value, Fields) or value.is_lost:
        literals.json(value)
        return {}
    headers: dict[str, str] = {}
    for name, each in value.items():
        if name.lower() in KEYS | ABOUT_THE_CALL:
            continue
        try:
            headers[name] = str(literals.json(each))
        except UnknownValueError as error:
            literals.lost(f"Header {short(name)}", str(error))
    return headers
