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
MOST_SOURCE: Final = 200_000
_HEREDOC: Final = re.compile(r"(?<!<)<<-?[ \t]*(?P<quote>['\"]?)(?P<word>\w+)(?P=quote)[^\n]*\n")
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
    if len(text) > MOST_SOURCE:
        raise ImportingError(f"A command longer than {MOST_SOURCE:,} characters is not read.")
    text, heredoc = _without_heredoc(text)
    start = re.search(r"^[ \t]*(?:[$>] +)?curl(?=\s)", text, re.MULTILINE)
    if start is None:
        raise ImportingError("There is no curl command in it.")
    return _call(list(_words(text[start.end() :])), heredoc)


def _without_heredoc(text: str) -> tuple[str, str | None]:
    """The command, and the lines that stand beneath it up to the word that ends them."""
    # A text in the data can have << in it too.
    asked = text.find("@-")
    starts = _HEREDOC.finditer(text) if asked >= 0 else ()
    start = next((each for each in starts if asked < each.end()), None)
    if start is None:
        return text, None
    lines = text[start.end() :].split("\n")
    ends = (at for at, line in enumerate(lines) if line.strip() == start["word"])
    end = next(ends, len(lines))
    return text[: start.start()] + "\n" + "\n".join(lines[end + 1 :]), "\n".join(lines[:end])


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """The words of one command, and whether a shell would have put a value into each."""
    word: list[str] = []
    is_filled, place = False, 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        kind = found.lastgroup if found else None
        if found is None or kind == "ansi":
            raise ImportingError("This curl command's quotes cannot be read.")
        place, part = found.end(), found[0]
        if kind in ("space", "end", "comment", "input"):
            if word:
                yield "".join(word), is_filled
            word, is_filled = [], False
            if kind == "end":
                return
            if kind == "input":
                yield part, False
            continue
        word.append(_unquoted(kind, part))
        is_filled |= kind in ("double", "bare") and re.search(r"(?<!\\)[$`]", part) is not None
    if word:
        yield "".join(word), is_filled


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
