"""The arguments of a command line of Windows' cmd; nothing in it is ever run."""

import re
from collections.abc import Iterator
from typing import Final

from playground.core.importing.shell_words import Word

_CONTINUED: Final = re.compile(r"\^[ \t]*\r?\n")
_NEWLINE: Final = re.compile(r"\r?\n")
_PERCENT: Final = re.compile(r"%\w+%")
_OPERATORS: Final = "|&<>"


def windows_words(text: str) -> tuple[Word, ...]:
    """The words of the first command in a text, as a program on Windows gets them."""
    # cmd fills %NAME% before it looks at anything else: a ^ inside keeps it from that.
    filled = set(_PERCENT.findall(text))
    return tuple(
        Word(word, tuple(name for name in _PERCENT.findall(word) if name in filled))
        for word in _arguments(list(_handed_on(text)))
    )


def _handed_on(text: str) -> Iterator[tuple[str, bool]]:
    """The characters that cmd hands on, each with whether a ^ kept it from being read."""
    is_quoted = False
    at = 0
    while at < len(text) and not _NEWLINE.match(text, at):
        if text[at] == "^" and not is_quoted:
            continued = _CONTINUED.match(text, at)
            at = continued.end() if continued else at + 1
            # Of two line ends after a ^ the first is gone, and the second is a character.
            kept = _NEWLINE.match(text, at)
            if kept or (not continued and at < len(text)):
                yield ("\n" if kept else text[at]), True
                at = kept.end() if kept else at + 1
            continue
        is_quoted ^= text[at] == '"'
        yield text[at], False
        at += 1


def _arguments(characters: list[tuple[str, bool]]) -> Iterator[str]:
    """Words in double quotes; backslashes count only before one of those."""
    word: list[str] = []
    is_quoted = is_word = False
    slashes = carets = 0
    at = 0
    while at < len(characters):
        character, is_kept = characters[at]
        at += 1
        if character == "\\":
            slashes, carets = slashes + 1, carets + is_kept
            is_word = True
            continue
        if character == '"':
            # As C programs on Windows read it: before a quotation mark, two are one.
            word.append("\\" * (slashes // 2))
            is_pair = is_quoted and at < len(characters) and characters[at][0] == '"'
            if slashes % 2 or is_pair:
                word.append('"')
                at += 0 if slashes % 2 else 1
            else:
                is_quoted = not is_quoted
            slashes, carets, is_word = 0, 0, True
            continue
        # Chrome writes ^ before each, and doubles also those that no program halves.
        is_doubled = carets == slashes and slashes % 2 == 0
        word.append("\\" * (slashes // 2 if is_doubled else slashes))
        slashes = carets = 0
        if not is_quoted and character in " \t":
            if is_word:
                yield "".join(word)
            word, is_word = [], False
        elif not is_quoted and not is_kept and character in _OPERATORS:
            break
        else:
            word.append(character)
            is_word = True
    if is_word:
        yield "".join(word) + "\\" * slashes
