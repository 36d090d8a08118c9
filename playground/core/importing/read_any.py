"""A pasted text of a shape that people have: JSON of two APIs, Python, curl, and files that
hold one of them.

It only reads. A key in the text is masked before anything looks at it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from playground.core.editor.page_state import PageState, PageStateError, Variant, from_json, to_json
from playground.core.editor.without_keys import json_without_keys, page_without_keys
from playground.core.importing.cloud_models import to_claude_api
from playground.core.importing.curl import holds_curl_call, read_curl
from playground.core.importing.files import (
    Notebook,
    blocks_of,
    har_calls,
    http_request,
    notebook_source,
    own_typescript,
    without_indent,
)
from playground.core.importing.import_result import (
    MAX_CHARACTERS,
    Call,
    Imported,
    ImportingError,
    LeftOut,
    short,
)
from playground.core.importing.messages_body import request_from_messages_body
from playground.core.importing.openai_body import (
    is_openai,
    is_responses,
    request_from_chat_completions,
    request_from_responses,
)
from playground.core.importing.python_call import holds_python_call, read_python
from playground.core.importing.strict_json import read_json, read_object
from playground.core.importing.unreadable import (
    READABLE,
    is_javascript,
    json_kind,
    kind_of,
    kind_sentence,
)
from playground.core.request.body_shapes import ROLES
from playground.core.request.request import Prompt
from playground.core.text.json_text import Json
from playground.core.text.key_shapes import MASK, holds_key, masked

_SINGLE_QUOTES: Final = re.compile(r"[{\[,:]\s*'|[{,]\s*\w+\s*:")
_LOOKED_AT: Final = 2_000
_WRAPPERS: Final = ("params", "body", "request", "json", "payload", "data", "kwargs")
_FENCES: Final = ("```", "~~~")
_PROMPT: Final = re.compile(r"^[ \t]*(?:>>>|\.\.\.|In \[\d+\]:|\.\.\.:)(?: (.*))?$", re.MULTILINE)
"""Of Python's own interpreter or of IPython, with what was typed behind it."""
_TABLE_OF_TOML: Final = re.compile(r"\[\[?[A-Za-z][\w.]*\]\]?[ \t]*\r?\n")


def read_request(text: str) -> Imported:
    """The request in a text of any known shape. Raises `ImportingError`."""
    plain = _readable(text)
    imported = _from_json(plain) if _is_json(plain) else _from_text(plain)
    if holds_key(text) or MASK in repr(imported.request):
        line = LeftOut("Key", f"Keys are never kept. {MASK} replaces them.")
        imported = replace(imported, left_out=(line, *imported.left_out))
    _check(imported)
    return imported


def read_page(text: str) -> PageState | None:
    """The page in a text, where it says that it is one. Raises `ImportingError`."""
    # A cheap test first: hardly any text is a page, and all others are read another way.
    if '"playground"' not in text[:MAX_CHARACTERS]:
        return None
    plain = _readable(text)
    if not plain.startswith("{") or _parsed(plain)[0].get("playground") != "page":
        return None
    try:
        return page_without_keys(from_json(plain))
    except PageStateError as error:
        raise ImportingError(str(error)) from None


def _readable(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise ImportingError(f"More than {MAX_CHARACTERS:,} characters are not read.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ImportingError("It contains half of a character (a lone surrogate).") from None
    text = text.removeprefix("\ufeff")
    plain = masked(_unfenced(text))
    if not plain.strip():
        raise ImportingError("It is empty.")
    # Only JSON is stripped: in Python the first line's indentation counts.
    return plain.strip() if plain.lstrip().startswith(("{", "[")) else plain


def _unfenced(text: str) -> str:
    """What stands between the fences of a Markdown block, where the text is one."""
    first, newline, rest = text.strip().partition("\n")
    if not newline or not first.startswith(_FENCES):
        return text
    indent = text[: text.index(first)].rpartition("\n")[2]
    rest = "\n".join(without_indent(line, len(indent)) for line in rest.split("\n"))
    head, _, last = rest.rpartition("\n")
    inside = head if last.strip().startswith(_FENCES) else rest
    # With other fences in between, the first and the last need not belong together.
    has_others = any(line.lstrip().startswith(_FENCES) for line in inside.split("\n"))
    return text if has_others else inside


def _is_json(text: str) -> bool:
    # A table of TOML begins like a list.
    return text.startswith(("{", "[")) and not _TABLE_OF_TOML.match(text)


def _from_text(text: str, *, is_block: bool = False) -> Imported:
    if (call := http_request(text)) is not None:
        return _from_call(call, "HTTP request")
    if (call := own_typescript(text)) is not None:
        return _from_call(call, "TypeScript")
    text = _without_prompts(text)
    # Asked before curl: Python can mention curl in a string, and is Python all the same.
    is_python = holds_python_call(text) and not is_javascript(text)
    if holds_curl_call(text) and not is_python:
        return _from_call(read_curl(text), "curl command")
    if is_python:
        return _from_call(read_python(text), "Python call")
    if not is_block and (imported := _from_blocks(text)) is not None:
        return imported
    if (kind := kind_of(text)) is not None:
        raise ImportingError(kind_sentence(kind))
    # It says where its error is, or that there is no call in it.
    return _from_call(read_python(text), "Python call")


def _without_prompts(text: str) -> str:
    """The Python that was typed into an interpreter, without its prompts and what it answered."""
    if not _PROMPT.match(text.lstrip()):
        return text
    return "\n".join(typed[1] or "" for typed in _PROMPT.finditer(text.replace("\r\n", "\n")))


def _from_blocks(text: str) -> Imported | None:
    """The first request in a block of a Markdown text, or what the first block lacks."""
    problem: ImportingError | None = None
    for block in (*_whole_block(text), *blocks_of(text)):
        plain = block.strip() if block.lstrip().startswith(("{", "[")) else block
        try:
            imported = _from_json(plain) if _is_json(plain) else _from_text(plain, is_block=True)
        except ImportingError as error:
            problem = problem or error
            continue
        line = LeftOut(
            "The text around it", "One block of this text is a request; only that is imported."
        )
        return replace(imported, left_out=(line, *imported.left_out))
    if problem is not None:
        raise problem
    return None


def _whole_block(text: str) -> Iterator[str]:
    """What stands between the first and the last fence, which a prompt can have others in."""
    lines = text.strip().split("\n")
    if lines[0].startswith(_FENCES) and lines[-1].startswith(_FENCES) and len(lines) > 2:
        yield "\n".join(lines[1:-1])


def _from_json(text: str) -> Imported:
    body, left_out = _parsed(text)
    if (notebook := notebook_source(body)) is not None:
        return _from_call(_from_notebook(notebook), "Notebook")
    if (calls := har_calls(body)) is not None:
        if not calls:
            raise ImportingError("This HAR file has no request with messages in it.")
        more = LeftOut("Other requests", f"It has {len(calls)}; the first is taken.")
        left_out = (more,) if len(calls) > 1 else ()
        return _from_call(replace(calls[0], left_out=left_out), "HAR file")
    return _from_call(Call(body, left_out=left_out), "Anthropic request")


def _from_notebook(notebook: Notebook) -> Call:
    has_curl = holds_curl_call(notebook.shell)
    left_out = notebook.left_out
    if has_curl and not holds_python_call(notebook.python):
        call = read_curl(notebook.shell)
        return replace(call, left_out=(*left_out, *call.left_out))
    try:
        call = read_python(notebook.python)
    except ImportingError:
        if not left_out:
            raise
        raise ImportingError(f"{left_out[0].name}: {left_out[0].why}") from None
    other = LeftOut("curl command", "The first call in Python is taken.")
    return replace(call, left_out=(*left_out, *call.left_out, *((other,) if has_curl else ())))


def _parsed(text: str) -> tuple[dict[str, Json], tuple[LeftOut, ...]]:
    """The object of a JSON text; of several, one a line, the first."""
    try:
        document = read_json(text)
    except ImportingError:
        first, *others = [line for line in text.split("\n") if line.strip()]
        if not others or not all(line.lstrip().startswith("{") for line in others):
            if _SINGLE_QUOTES.search(text[:_LOOKED_AT]):
                raise ImportingError(kind_sentence("an object of Python or JavaScript")) from None
            raise
        document = read_json(first)
        why = f"It has {len(others) + 1:,} lines; the first is taken."
        return _object(document), (LeftOut("Other lines", why),)
    return _object(document), ()


def _object(document: object) -> dict[str, Json]:
    if isinstance(document, list):
        objects = [entry for entry in document if isinstance(entry, dict)]
        if len(objects) != len(document) or not document:
            raise ImportingError("This JSON is a list, but not of messages.")
        if all("custom_id" in entry for entry in objects):
            return {"requests": document}
        if not any("role" in entry for entry in objects):
            raise ImportingError(
                "This JSON is a list, but not of messages. Cases are imported under Experiment."
            )
        return {"messages": document}
    if not isinstance(document, dict):
        raise ImportingError("This JSON is not an object.")
    if set(document) == {"role", "content"} and document["role"] in ROLES:
        return {"messages": [document]}
    return document


def _from_call(call: Call, source: str) -> Imported:
    try:
        # Masked again: an escape in the source hides a key from the first search.
        return _from_masked_call(replace(call, body=json_without_keys(dict(call.body))), source)
    except RecursionError:
        raise ImportingError("It is nested too deeply.") from None


def _from_masked_call(call: Call, source: str) -> Imported:
    call = _of_url(_unwrapped(call))
    if (kind := json_kind(call.body)) is not None:
        raise ImportingError(kind_sentence(kind))
    # Asked before another cloud's fields are taken away: they are among the signs.
    is_of_responses, is_of_openai = is_responses(call), is_openai(call)
    call = to_claude_api(call)
    if is_of_responses:
        return request_from_responses(call)
    if is_of_openai:
        return request_from_chat_completions(call)
    if "messages" not in call.body:
        raise ImportingError(f"There are no messages in it. {READABLE}")
    return request_from_messages_body(call, source)


def _unwrapped(call: Call) -> Call:
    """The request inside an entry of a batch, or inside the first entry of a whole batch."""
    body, left_out = call.body, list(call.left_out)
    requests = body.get("requests")
    if isinstance(requests, list) and requests and isinstance(requests[0], dict):
        if len(requests) > 1:
            why = f"It has {len(requests)} requests; the first is taken."
            left_out.append(LeftOut("Other requests", why))
        body = requests[0]
    for name in _WRAPPERS if "messages" not in body else ():
        inner = _inner(body.get(name))
        if "custom_id" in body or {"messages", "input", "anthropic_version"} & inner.keys():
            if not inner:
                continue
            names = sorted(set(body) - {name, "url", "method"})
            why = "It is part of a batch." if "custom_id" in body else "It surrounds a request."
            left_out += [LeftOut(short(field), why) for field in names if field != "modelId"]
            url = body.get("url") if isinstance(body.get("url"), str) else call.url
            model = {"model": body["modelId"]} if isinstance(body.get("modelId"), str) else {}
            return Call({**model, **inner}, call.headers, str(url), tuple(left_out))
    return replace(call, left_out=tuple(left_out))


def _inner(value: object) -> dict[str, Json]:
    """A request inside another object, also as the text of its JSON."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return read_object(value, "The request in it")
    return value if isinstance(value, dict) else {}


def _of_url(call: Call) -> Call:
    """The call, with what its URL asks for beside an answer listed."""
    left_out = list(call.left_out)
    path, mark, query = call.url.partition("?")
    if "count_tokens" in path:
        why = "It only counts tokens (count_tokens), but a run here asks for an answer."
        left_out.append(LeftOut("URL", why))
    if mark:
        left_out.append(LeftOut(f"URL: ?{short(query)}", "It is not sent from here."))
    return replace(call, left_out=tuple(left_out))


def _check(imported: Imported) -> None:
    """What was found can be kept as a page can."""
    prompt, params = imported.request.prompt, imported.request.params
    try:
        to_json(PageState(Prompt(prompt.system, prompt.messages), (Variant("A", params),)))
    except PageStateError as error:
        raise ImportingError(str(error)) from None
