"""The arguments of a command line of PowerShell; nothing in it is ever run."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from playground.core.importing.import_result import ImportingError, short
from playground.core.importing.shell_words import Command, Word

# Possessive: with no closing quote, each one would be tried as the start, to the end.
_TEXT: Final = r"""
    @'[ \t]*\r?\n(?:(?P<plain>.*?)\r?\n)?'@
    | @"[ \t]*\r?\n(?:(?P<filled>.*?)\r?\n)?"@
    | '(?P<single>(?:[^']|'')*+)'
    | "(?P<double>(?:[^"`]|`.|"")*+)"
"""
_QUOTED: Final = re.compile(_TEXT, re.VERBOSE | re.DOTALL)
_TOKEN: Final = re.compile(
    rf"""(?P<space>(?:[ \t]|`[ \t]*\r?\n)+)
    | {_TEXT}
    | (?P<end>\r?\n|[;|&<>])
    | (?P<comment>(?<![^\s;|&])\#[^\r\n]*)
    | (?P<bare>(?:[^\s'"`;|&<>(){{}}@$]|`[^\r\n]|@(?![('"{{])|\$(?!\())+)""",
    re.VERBOSE | re.DOTALL,
)
_ASSIGNED: Final = re.compile(r"^[ \t]*\$(?P<name>\w+)[ \t]*=[ \t]*", re.MULTILINE)
_PART: Final = re.compile(
    r"`u\{(?P<code>[0-9A-Fa-f]{1,6})\}|`(?P<escaped>.)|(?P<doubled>\"\")"
    r"|\$(?:\{(?P<braced>[^}]*)\}|(?P<name>(?:env:)?\w+)|(?P<run>\())",
    re.DOTALL | re.IGNORECASE,
)
# fmt: off
_ONE: Final = {
    "0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v",
}
# fmt: on
_FOR_PROGRAMS: Final = re.compile(r'\s*[{\[]+\s*\\"')
_SLASHES: Final = re.compile(r'(\\+)"')
_UNREADABLE: Final = "This PowerShell command cannot be read."


def powershell_command(before: str, text: str) -> Command:
    """The words that follow a program's name, given what stands before the name."""
    variables = _variables(before)
    words = tuple(_words(text, variables))
    return Command(words, _piped(before, variables))


def _words(text: str, variables: Mapping[str, Word]) -> Iterator[Word]:
    parts: list[Word] = []
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            # Such as (…), which PowerShell works out.
            raise ImportingError(f"{_UNREADABLE[:-1]} at {short(text[place : place + 20])}.")
        place = token.end()
        if token.lastgroup in ("space", "end", "comment"):
            if parts:
                yield _joined(parts)
            parts = []
            if token.lastgroup == "end":
                return
        else:
            parts.append(_value(token, variables))
    if parts:
        yield _joined(parts)


def _joined(parts: list[Word]) -> Word:
    text = "".join(part.text for part in parts)
    # Before version 7.3 it hands quotation marks on only behind a backslash, as C programs
    # on Windows read them. No JSON begins so.
    if _FOR_PROGRAMS.match(text):
        text = _SLASHES.sub(
            lambda found: "\\" * (len(found[1]) // 2) + '"' * (len(found[1]) % 2), text
        )
    return Word(text, tuple(name for part in parts for name in part.filled))


def _value(token: re.Match[str], variables: Mapping[str, Word]) -> Word:
    """What a quoted text or a bare word stands for."""
    if (single := token["single"]) is not None:
        return Word(single.replace("''", "'"))
    if token[0].startswith("@'"):
        return Word(token["plain"] or "")
    if token[0].startswith('@"'):
        # Between its own lines a quotation mark is one, and two are two.
        return _expanded(token["filled"] or "", variables, is_here=True)
    double = token["double"]
    return _expanded(token[0] if double is None else double, variables)


def _expanded(text: str, variables: Mapping[str, Word], *, is_here: bool = False) -> Word:
    parts: list[str] = []
    filled: list[str] = []
    place = 0
    for found in _PART.finditer(text):
        parts.append(text[place : found.start()])
        place = found.end()
        name = found["name"] or found["braced"]
        if found["code"]:
            parts.append(_character(found["code"]))
        elif found["escaped"]:
            parts.append(_ONE.get(found["escaped"], found["escaped"]))
        elif found["doubled"]:
            parts.append('""' if is_here else '"')
        elif name and (known := variables.get(name.lower())):
            parts.append(known.text)
            filled += known.filled
        else:
            parts.append(found[0])
            filled.append("$(…)" if found["run"] else found[0])
    return Word("".join([*parts, text[place:]]), tuple(filled))


def _character(code: str) -> str:
    number = int(code, 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        raise ImportingError(_UNREADABLE)
    return chr(number)


def _variables(text: str) -> dict[str, Word]:
    """The variables that a text sets to a quoted text."""
    variables: dict[str, Word] = {}
    place = 0
    while assigned := _ASSIGNED.search(text, place):
        name, place = assigned["name"].lower(), assigned.end()
        value = _QUOTED.match(text, place)
        if value is not None:
            variables[name] = _value(value, variables)
            place = value.end()
        else:
            variables.pop(name, None)
            if text.startswith(("'", '"', "@'", '@"'), place):
                break  # Its end is missing: all the rest would be in it.
    return variables


def _piped(before: str, variables: Mapping[str, Word]) -> Word | None:
    """What a text or a variable before the program's name hands it, with a | between."""
    source = before.rstrip().removesuffix("|").rstrip()
    if source == before.rstrip():
        return None
    for mark in ("@'", '@"'):
        if source.endswith(mark[::-1]):
            begin = source.rfind(mark, 0, len(source) - 2)
            found = _QUOTED.fullmatch(source, max(begin, 0))
            return None if found is None else _value(found, variables)
    return variables.get(re.split(r"[\s;$]", source)[-1].lower())
