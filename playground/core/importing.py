"""A pasted text of a shape that people have: JSON of two APIs, Python or curl.

It only reads. A key in the text is masked before anything looks at it.
"""

import json
from dataclasses import replace
from typing import Any, Final

from playground.core.imported import MOST_CHARACTERS, Call, Imported, ImportingError, LeftOut
from playground.core.importing_body import of_messages_api
from playground.core.importing_curl import calls_curl, read_curl
from playground.core.importing_openai import is_openai, of_openai
from playground.core.importing_python import read_python
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
    elif calls_curl(plain):
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
    plain = masked(_unfenced(text)).strip("\r\n")
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
    found = _parsed(text)
    return _of_call(Call(found), "Anthropic request")


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ImportingError(f"This is not readable as JSON: {where}.") from None
    except (ValueError, RecursionError):
        raise ImportingError("This is not readable as JSON.") from None
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
    if is_openai(call):
        return of_openai(call)
    if "messages" not in call.body:
        raise ImportingError("There are no messages in it.")
    return of_messages_api(call, source)


def _check(found: Imported) -> None:
    """What was found can be kept as a page can."""
    prompt, params = found.request.prompt, found.request.params
    try:
        to_json(PageState(Prompt(prompt.system, prompt.messages), (Variant("A", params),)))
    except PageStateError as error:
        raise ImportingError(str(error)) from None
