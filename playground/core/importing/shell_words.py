"""One shell command as its words, split as a shell would; nothing in it is ever run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from playground.core.importing.import_result import ImportingError

_TOKEN: Final = re.compile(
    r"""(?P<space>(?:[ \t\r]|\\\r?\n)+)
    | (?P<heredoc><<-?(?!<)[ \t]*(?:'[^'\n]*'|"[^"\n]*"|\\?[^\s'"|&;<>()]+))
    | (?P<input><<<|\d?>>?&?|<)
    | (?P<newline>\n)
    | (?P<end>[;|&()]+)
    | (?P<comment>(?<![^\s;|&])\#[^\n]*)
    | (?P<single>'[^']*')
    | (?P<ansi>\$'(?:[^'\\]|\\.)*')
    | (?P<double>\$?"(?:[^"\\]|\\.)*")
    | (?P<run>\$\(|`)
    | (?P<escaped>\\.)
    | (?P<bare>(?:[^\s'"\\;|&<>()$`]|\$(?![('"]))+)""",
    re.VERBOSE | re.DOTALL,
)
_EXPANSION: Final = re.compile(r"(?<!\\)(?:\\\\)*(?P<what>\$(?:\w+|\{[^}]*\}?|\(|[@*#?!$-])|`)")
# Possessive: with no closing quote, each one would be tried as the start, to the end.
_INSIDE: Final = re.compile(r"'[^']*+'?|\"(?:[^\"\\]|\\.)*+\"?|[()]", re.DOTALL)
_ANSI: Final = re.compile(
    r"\\(?:x(?P<hex>[0-9A-Fa-f]{1,2})|u(?P<u>[0-9A-Fa-f]{1,4})|U(?P<U>[0-9A-Fa-f]{1,8})"
    r"|(?P<octal>[0-7]{1,3})|c.|(?P<one>.))",
    re.DOTALL,
)
# fmt: off
_ONE: Final = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v",
}
# fmt: on
_UNREADABLE: Final = "This command's quotes cannot be read."


@dataclass(frozen=True, slots=True)
class Word:
    """A word as a program gets it. `filled`: what only a shell could put into it."""

    text: str
    filled: tuple[str, ...] = ()
    is_operator: bool = False
    """Whether it is a `<`, `>` or `<<<`."""


@dataclass(frozen=True, slots=True)
class Command:
    """The words of a command, and what a heredoc on its line gives it or the one before."""

    words: tuple[Word, ...]
    heredoc: Word | None = None


def command(text: str, program: str) -> Command | None:
    """The first command of a text that runs a program. Raises `ImportingError`.

    The text begins where a command does.
    """
    heredoc: Word | None = None
    arguments: tuple[Word, ...] | None = None
    words: list[Word] = []
    has_heredoc = False
    for token in _tokens(text, program):
        if isinstance(token, Word):
            words.append(token)
            continue
        if isinstance(token, tuple):
            has_heredoc = True
            heredoc = token[0] if token else heredoc
            continue
        name = next((at for at, word in enumerate(words) if _names(word.text, program)), None)
        if name is not None and arguments is None:
            arguments = tuple(words[name + 1 :])
        words = []
        # A heredoc's text follows the command's line: until then the command is not complete.
        if arguments is not None and (heredoc is not None or not has_heredoc):
            break
    return None if arguments is None else Command(arguments, heredoc)


def _names(text: str, program: str) -> bool:
    """Whether a word names the program, with or without the folder it is in."""
    return text.rpartition("/")[2] in (program, f"{program}.exe")


def _tokens(text: str, program: str) -> Iterator[Word | tuple[Word, ...] | str]:
    """Words, what ends a command, and for a heredoc an empty tuple and one that holds its text."""
    parts: list[str] = []
    filled: list[str] = []
    waiting: list[str] = []
    is_inside = False
    place = 0

    def word() -> Iterator[Word]:
        if parts:
            yield Word("".join(parts), tuple(filled))
        parts.clear()
        filled.clear()

    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise ImportingError(_UNREADABLE)
        kind, part, place = token.lastgroup, token[0], token.end()
        match kind:
            case "space" | "comment":
                yield from word()
            case "input":
                yield from word()
                yield Word(part, is_operator=True)
            case "heredoc":
                yield from word()
                waiting.append(part)
                yield ()
            case "newline" | "end":
                yield from word()
                for opening in waiting if kind == "newline" else ():
                    body, place = _heredoc(text, place, opening)
                    yield (body,)
                waiting = [] if kind == "newline" else waiting
                yield part
                is_inside = False
            case "run" if not is_inside:
                # What stands in $(…) is a command too, and may be the one.
                parts.clear()
                yield part
            case "run":
                place = _end_of_run(text, place, part)
                parts.append(part)
                filled.append("$(…)" if part == "$(" else "`…`")
            case "double" if not is_inside and part.lstrip("$").startswith('"$('):
                place = token.start() + part.index("$(") + 2
                parts.clear()
                yield "("
            case _:
                parts.append(_unquoted(kind or "", part))
                filled += _expansions(part) if kind in ("double", "bare") else []
        is_inside = is_inside or _names("".join(parts), program)
    yield from word()
    yield "\n"


def _end_of_run(text: str, place: int, opened: str) -> int:
    if opened == "`":
        end = text.find("`", place)
        if end < 0:
            raise ImportingError(_UNREADABLE)
        return end + 1
    depth = 1
    for token in _INSIDE.finditer(text, place):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    raise ImportingError(_UNREADABLE)


def _expansions(part: str) -> list[str]:
    expansions = [match["what"] for match in _EXPANSION.finditer(part)]
    return [
        "$(…)" if expansion == "$(" else "`…`" if expansion == "`" else expansion
        for expansion in expansions
    ]


def _heredoc(text: str, place: int, opening: str) -> tuple[Word, int]:
    """The lines up to the word that ends them, and where the text goes on."""
    is_stripped = opening.startswith("<<-")
    mark = opening.removeprefix("<<-").removeprefix("<<").strip()
    # Quotes around the delimiter keep a shell from expanding anything.
    is_plain = mark[0] in "'\"\\"
    mark = mark.strip("'\"").removeprefix("\\")
    lines = []
    while place < len(text):
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        line = text[place:end].removesuffix("\r")
        place = min(end + 1, len(text))
        if is_stripped:
            line = line.lstrip("\t")
        if line.strip() == mark:
            break
        lines.append(line)
    body = "\n".join(lines)
    if is_plain:
        return Word(body), place
    plain = re.sub(r"\\([\\$`])", r"\1", body.replace("\\\n", ""))
    return Word(plain, tuple(_expansions(body))), place


def _unquoted(kind: str, part: str) -> str:
    match kind:
        case "double":
            # In double quotes a backslash escapes four characters, and joins lines.
            inner = re.sub(r"\\\r?\n", "", part.lstrip("$")[1:-1])
            return re.sub(r'\\(["\\$`])', r"\1", inner)
        case "single":
            return part[1:-1]
        case "escaped":
            return part[1:]
        case "ansi":
            return _ANSI.sub(_unescape, part[2:-1])
    return part


def _unescape(match: re.Match[str]) -> str:
    code = match["hex"] or match["u"] or match["U"]
    if code or match["octal"]:
        number = int(code, 16) if code else int(match["octal"], 8) & 255
        # Bytes of one character can stand one by one; half of a character cannot be kept.
        if (number > 127 and not (match["u"] or match["U"])) or number > 0x10FFFF:
            raise ImportingError(
                "This command writes characters as bytes, which can't be read here."
            )
        return chr(number)
    character = match["one"]
    if character is None:
        raise ImportingError(_UNREADABLE)
    return _ONE.get(character, character if character in "\\'\"?" else f"\\{character}")
