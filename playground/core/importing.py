"""A pasted text of a shape that people have: JSON of two APIs, Python or curl.

It only reads. A key in the text is masked before anything looks at it.
"""

from dataclasses import replace
from typing import Any, Final

from playground.core.import_json import read_json
from playground.core.import_signs import is_openai
from playground.core.imported import (
    MOST_CHARACTERS,
    Call,
    Imported,
    ImportingError,
    LeftOut,
    short,
)
from playground.core.importing_body import of_messages_api
from playground.core.importing_clouds import on_the_claude_api
from playground.core.importing_curl import calls_curl, read_curl
from playground.core.importing_openai import of_openai
from playground.core.importing_python import calls_from_python, read_python
from playground.core.importing_responses import is_responses, of_responses
from playground.core.key_shapes import MASK, holds_key, masked
from playground.core.page_state import PageState, PageStateError, Variant, from_json, to_json
from playground.core.request import Prompt
from playground.core.without_keys import json_without_keys, page_without_keys

_FENCES: Final = ("```", "~~~")


def read_request(text: str) -> Imported:
    """The request in a text of any known shape. Raises `ImportingError`."""
    plain = _readable(text)
    if plain.startswith(("{", "[")):
        found = _of_json(plain)
    elif calls_curl(plain) and not calls_from_python(plain):
        found = _of_call(read_curl(plain), "curl command")
    else:
        found = _of_call(read_python(plain), "Python call")
    if holds_key(text) or MASK in repr(found.request):
        line = LeftOut("Key", f"A key is never kept: {MASK} stands where one was.")
        found = replace(found, left_out=(line, *found.left_out))
    _check(found)
    return found


def read_page(text: str) -> PageState | None:
    """The page in a text, where it says that it is one. Raises `ImportingError`."""
    if '"playground"' not in text[:MOST_CHARACTERS]:
        return None
    plain = _readable(text)
    if not plain.startswith("{") or _parsed(plain).get("playground") != "page":
        return None
    try:
        return page_without_keys(from_json(plain))
    except PageStateError as error:
        raise ImportingError(str(error)) from None


def _readable(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise ImportingError(f"More than {MOST_CHARACTERS:,} characters are not read.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ImportingError("It holds half of a character (a lone surrogate).") from None
    text = text.removeprefix("\ufeff")
    plain = masked(_unfenced(text))
    if not plain.strip():
        raise ImportingError("There is nothing in it.")
    return plain.strip() if plain.lstrip().startswith(("{", "[")) else plain


def _unfenced(text: str) -> str:
    """What stands between the fences of a Markdown block, where the text is one."""
    first, newline, rest = text.strip().partition("\n")
    if not newline or not first.startswith(_FENCES):
        return text
    head, _, last = rest.rpartition("\n")
    return head if last.strip().startswith(_FENCES) else rest


def _of_json(text: str) -> Imported:
    return _of_call(Call(_parsed(text)), "Anthropic request")


def _parsed(text: str) -> dict[str, Any]:
    found = read_json(text)
    if isinstance(found, list):
        return {"messages": found}
    if not isinstance(found, dict):
        raise ImportingError("This JSON is no object.")
    return found


def _of_call(call: Call, source: str) -> Imported:
    try:
        return _of_masked(replace(call, body=json_without_keys(dict(call.body))), source)
    except RecursionError:
        raise ImportingError("It is nested too deep.") from None


def _of_masked(call: Call, source: str) -> Imported:
    call = _of_url(_unwrapped(call))
    if is_responses(call):
        return of_responses(call)
    is_of_openai = is_openai(call)
    call = on_the_claude_api(call)
    if is_of_openai:
        return of_openai(call)
    if "messages" not in call.body:
        raise ImportingError("There are no messages in it.")
    return of_messages_api(call, source)


def _unwrapped(call: Call) -> Call:
    """The request inside an entry of a batch, or inside the first entry of a whole batch."""
    body, left_out = call.body, list(call.left_out)
    requests = body.get("requests")
    if isinstance(requests, list) and requests and isinstance(requests[0], dict):
        if len(requests) > 1:
            why = f"It has {len(requests)} requests; the first is taken."
            left_out.append(LeftOut("Other requests", why))
        body = requests[0]
    for name in ("params", "body"):
        inner = body.get(name)
        if "custom_id" in body and isinstance(inner, dict):
            names = sorted(set(body) - {name, "url", "method"})
            left_out += [LeftOut(short(each), "It belongs to a batch.") for each in names]
            url = body.get("url") if isinstance(body.get("url"), str) else call.url
            return Call(inner, call.headers, str(url), tuple(left_out))
    return replace(call, left_out=tuple(left_out))


def _of_url(call: Call) -> Call:
    """The call, with what its URL asks for beside an answer listed."""
    left_out = list(call.left_out)
    path, mark, query = call.url.partition("?")
    if "count_tokens" in path:
        why = "It only counts tokens (count_tokens); a run here asks for an answer."
        left_out.append(LeftOut("URL", why))
    if mark:
        left_out.append(LeftOut(f"URL: ?{short(query)}", "It is not sent from here."))
    return replace(call, left_out=tuple(left_out))


def _check(found: Imported) -> None:
    """What was found can be kept as a page can."""
    prompt, params = found.request.prompt, found.request.params
    try:
        to_json(PageState(Prompt(prompt.system, prompt.messages), (Variant("A", params),)))
    except PageStateError as error:
        raise ImportingError(str(error)) from None
