"""Texts that hold a request inside something else: a notebook, a HAR file, an HTTP request, the
TypeScript that the playground itself writes, Markdown."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from playground.core.importing.import_result import Call, ImportingError, LeftOut, short
from playground.core.importing.notebook_cell import commands_of, dedented, is_python
from playground.core.importing.python_source import parse_python
from playground.core.importing.strict_json import read_object
from playground.core.importing.unreadable import kind_sentence
from playground.core.text.json_text import JsonObject

_HTTP: Final = re.compile(
    r"\A\s*(?:(?:#|//|@\w+ *=)[^\n]*\n\s*)*(?P<method>[A-Z]{3,7}) (?P<url>(?:https?://|/|\{\{)\S*)"
    r"(?: HTTP/[\d.]+)?[ \t]*\r?\n"
)
_OWN_BODY: Final = re.compile(r"^const body = (?=\{)", re.MULTILINE)
_OWN_HEADERS: Final = re.compile(r"^const headers = (?=\{)", re.MULTILINE)
_COMPUTED: Final = re.compile(r'^( *)\["__proto__"\]:', re.MULTILINE)
_FENCE: Final = re.compile(r"([ \t]*)(```+|~~~+)([^`\n]*)")
# Every reader tries each block, so a text of nothing but fences needs a bound.
_MAX_BLOCKS: Final = 50
_FOR_ANSWERS: Final = re.compile(r"/v1/(?:messages|chat/completions|responses)\b")


def http_request(text: str) -> Call | None:
    """The call of a raw HTTP request, or None for any other text. Raises `ImportingError`."""
    start = _HTTP.match(text)
    if start is None:
        return None
    if start["method"] != "POST":
        raise ImportingError(f"It sends a {start['method']}, which is not a Messages call.")
    # A file of several requests parts them by such a line.
    rest, *others = re.split(r"(?m)^###.*$", text[start.end() :])
    lines = rest.replace("\r\n", "\n").partition("\n\n")
    headers, left_out = {}, []
    for line in filter(str.strip, lines[0].split("\n")):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip()] = value.strip()
        else:
            left_out.append(LeftOut(f"Header {short(line)}", "It is not a name and a value."))
    if any(map(str.strip, others)):
        left_out.append(LeftOut("Other requests", "The first is taken."))
    # Behind the body stands what an editor does with the response.
    text = re.split(r"(?m)^(?:>|<>)", lines[2])[0]
    body = read_object(text.strip(), "The body of this HTTP request")
    return Call(body, headers, start["url"], tuple(left_out))


def own_typescript(text: str) -> Call | None:
    """The call in TypeScript of the playground's own, whose body is JSON; None for any other."""
    text = _COMPUTED.sub(r'\1"__proto__":', text)
    start, headers = _OWN_BODY.search(text), _OWN_HEADERS.search(text)
    if start is None:
        return None
    try:
        # `raw_decode` stops where the object ends: the rest of the program follows.
        _, end = json.JSONDecoder().raw_decode(text, start.end())
        own_headers = json.JSONDecoder().raw_decode(text, headers.end())[0] if headers else {}
    except (ValueError, RecursionError):
        return None
    is_text = all(isinstance(value, str) for value in own_headers.values())
    body = read_object(text[start.end() : end], "The body in this TypeScript")
    return Call(body, own_headers if is_text else {}, "/v1/messages")


def blocks_of(text: str) -> Iterator[str]:
    """What stands between the fences of a Markdown text; the last may be open."""
    indent, fence, inside, count = "", "", [""], 0
    for line in text.split("\n"):
        mark = _FENCE.fullmatch(line.rstrip("\r"))
        if fence and mark and mark[2].startswith(fence) and not mark[3].strip():
            yield "\n".join(inside)
            fence, count = "", count + 1
        elif fence:
            inside.append(without_indent(line, len(indent)))
        elif mark and count < _MAX_BLOCKS:
            indent, fence, inside = mark[1], mark[2], []
    if fence:
        yield "\n".join(inside)


def without_indent(line: str, width: int) -> str:
    """A line of a block without the indentation of its fence, as Markdown has it."""
    return line[min(width, len(line) - len(line.lstrip(" \t"))) :]


@dataclass(frozen=True, slots=True)
class Notebook:
    """What a notebook runs: its Python, and its commands of a shell. Cells that are neither
    never ran and are listed."""

    python: str
    shell: str
    left_out: tuple[LeftOut, ...]


def notebook_source(file: JsonObject) -> Notebook | None:
    """The source of a notebook's cells; None for any other JSON. Raises `ImportingError`."""
    cells = file.get("cells")
    if not isinstance(cells, list) or "nbformat" not in file:
        return None
    match file.get("metadata"):
        case {"language_info": {"name": str(language)}} if language.lower() != "python":
            raise ImportingError(kind_sentence(f"a notebook in {short(language)}"))
    commands: list[str] = []
    sources, left_out = [], []
    for number, cell in enumerate(cells, 1):
        source = _source(cell) if isinstance(cell, dict) else ""
        commands += commands_of(source)
        if not is_python(source):
            continue
        try:
            sources.append(parse_python(dedented(source))[1])
        except ImportingError as error:
            left_out.append(LeftOut(f"Cell {number}", f"It is left out. {error}"))
    return Notebook("\n\n".join(sources), "\n".join(commands), tuple(left_out))


def _source(cell: JsonObject) -> str:
    source = cell.get("source") if cell.get("cell_type") == "code" else ""
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def har_calls(file: JsonObject) -> Sequence[Call] | None:
    """The calls with a JSON body that a HAR file recorded; None for any other JSON."""
    match file:
        case {"log": {"entries": list(entries)}}:
            calls = [call for entry in entries if (call := _call_from_entry(entry)) is not None]
            if not calls and (
                url := next(filter(_FOR_ANSWERS.search, _posted_urls(entries)), None)
            ):
                what = f"This HAR file has a request to {short(url)}"
                raise ImportingError(f"{what}, but its body is missing, cut or compressed.")
            return calls
    return None


def _posted_urls(entries: Sequence[object]) -> Iterator[str]:
    for entry in entries:
        match entry:
            case {"request": {"method": "POST", "url": str(url)}}:
                yield url


def _call_from_entry(entry: object) -> Call | None:
    match entry:
        case {
            "request": {"method": "POST", "url": str(url), "postData": {"text": str(text)} as data,
                        **rest}
        }:  # fmt: skip
            try:
                # Some proxies write each body so.
                is_coded = data.get("encoding") == "base64"
                text = b64decode(text, validate=True).decode() if is_coded else text
                body = json.loads(text)
            except (ValueError, RecursionError):
                return None
            if not isinstance(body, dict) or not {"messages", "input"} & body.keys():
                return None
            listed = rest.get("headers")
            headers = {
                str(header["name"]): str(header.get("value", ""))
                for header in (listed if isinstance(listed, list) else [])
                # Browsers list HTTP/2's pseudo-headers, such as :authority, among the headers.
                if isinstance(header, dict) and not str(header.get("name", ":")).startswith(":")
            }
            return Call(read_object(text, "A request in this file"), headers, url)
    return None
