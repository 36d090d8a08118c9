"""A curl command as a call: split as a shell would, and nothing in it is ever run."""

import json
import re
from collections.abc import Iterator
from typing import Final

from playground.core.imported import Call, ImportingError, LeftOut, short

_DATA: Final = ("-d", "--data", "--json", "--data-raw", "--data-binary", "--data-ascii")
_ELSEWHERE: Final = ("--data-urlencode", "-F", "--form", "-T", "--upload-file")
_HEADER: Final = ("-H", "--header")
_URL: Final = ("--url",)
# fmt: off
_VALUED: Final = (
    "-X", "--request", "-o", "--output", "-u", "--user", "-A", "--user-agent", "-m", "--max-time",
    "--connect-timeout", "--retry", "-w", "--write-out", "-x", "--proxy", "-b", "--cookie", "-e",
    "--referer", "--cacert", "-E", "--cert", "--key",
)
# fmt: on
_HEREDOC: Final = re.compile(
    r"<<-?[ \t]*(?P<quote>['\"]?)(?P<word>\w+)(?P=quote)[^\n]*\n"
    r"(?P<text>.*?)\n[ \t]*(?P=word)[ \t]*(?:\n|$)",
    re.DOTALL,
)
_TOKEN: Final = re.compile(
    r"""(?P<space>(?:[ \t\r]|\\\r?\n)+)
    | (?P<end>[\n;|&]+)
    | (?P<input><<<|[<>])
    | (?P<comment>(?<![^\s])\#[^\n]*)
    | (?P<single>'[^']*')
    | (?P<ansi>\$')
    | (?P<double>"(?:[^"\\]|\\.)*")
    | (?P<escaped>\\.)
    | (?P<bare>[^\s'"\\;|&<>]+)""",
    re.VERBOSE | re.DOTALL,
)


def calls_curl(text: str) -> bool:
    return re.search(r"^[ \t]*(?:[$>] +)?curl(?=\s)", text, re.MULTILINE) is not None


def read_curl(text: str) -> Call:
    """The call of the first curl command in a text. Raises `ImportingError`."""
    heredoc = _HEREDOC.search(text)
    if heredoc:
        text = text[: heredoc.start()] + text[heredoc.end() :]
    start = re.search(r"^[ \t]*(?:[$>] +)?curl(?=\s)", text, re.MULTILINE)
    if start is None:
        raise ImportingError("There is no curl command in it.")
    words = list(_words(text[start.end() :]))
    return _call(words, heredoc["text"] if heredoc else None)


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """The words of one command, and whether a shell would have put a value into each."""
    word, is_filled, place = None, False, 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        kind = found.lastgroup if found else None
        if found is None or kind == "ansi":
            raise ImportingError("This curl command's quotes cannot be read.")
        place, part = found.end(), found[0]
        if kind in ("space", "end", "comment", "input"):
            if word is not None:
                yield word, is_filled
            word, is_filled = None, False
            if kind == "end":
                return
            if kind == "input":
                yield part, False
            continue
        word = (word or "") + _unquoted(kind, part)
        is_filled |= kind in ("double", "bare") and re.search(r"(?<!\\)[$`]", part) is not None
    if word is not None:
        yield word, is_filled


def _unquoted(kind: str | None, part: str) -> str:
    if kind == "double":
        return re.sub(r'\\(["\\$`])', r"\1", re.sub(r"\\\r?\n", "", part[1:-1]))
    return {"single": part[1:-1], "escaped": part[1:]}.get(kind or "", part)


def _call(words: list[tuple[str, bool]], heredoc: str | None) -> Call:
    data: list[tuple[str, bool]] = []
    headers: dict[str, str] = {}
    left_out: list[LeftOut] = []
    url, given = "", iter(_split(words))
    for word, _ in given:
        if word in (*_DATA, *_HEADER, *_URL, *_VALUED, "<<<", "<", ">"):
            value, is_filled = next(given, ("", False))
            if word in _DATA:
                data.append((value, is_filled))
            elif word in _HEADER:
                name, _, content = value.partition(":")
                headers[name.strip()] = content.strip()
            elif word == "<<<":
                heredoc = value
            elif word in _URL:
                url = value
        elif word in _ELSEWHERE:
            raise ImportingError(f"Its body is given by {word}, which is no JSON of a request.")
        elif not word.startswith("-"):
            url = url or word
    body = _body(data, heredoc, left_out)
    return Call(body, headers, url, tuple(left_out))


def _split(words: list[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """Options with their value in one word, such as `--data={}` and `-d{}`, as two."""
    for word, is_filled in words:
        name, equals, value = word.partition("=")
        if equals and name in (*_DATA, *_HEADER, *_URL, *_VALUED) and name.startswith("--"):
            yield name, False
            yield value, is_filled
        elif word[:2] in ("-d", "-H", "-X") and len(word) > 2:
            yield word[:2], False
            yield word[2:], is_filled
        else:
            yield word, is_filled


def _body(
    data: list[tuple[str, bool]], heredoc: str | None, left_out: list[LeftOut]
) -> dict[str, object]:
    if not data:
        raise ImportingError("This curl command sends no data.")
    if len(data) > 1:
        raise ImportingError("This curl command sends its data in several pieces.")
    text, is_filled = data[0]
    if text.startswith("@"):
        if text != "@-" or heredoc is None:
            raise ImportingError(f"Its body is in {short(text[1:])}: paste that file instead.")
        text = heredoc
    if is_filled:
        left_out.append(LeftOut("$…", "A shell would put a value there; it stays as it is."))
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ImportingError("The data of this curl command is not readable as JSON.") from None
    if not isinstance(found, dict):
        raise ImportingError("The data of this curl command is no JSON object.")
    return found
