"""A command line of Windows' cmd, written anew as a shell spells it."""

import re
import shlex
from collections.abc import Iterator
from typing import Final

_CONTINUED: Final = re.compile(r"\^[ \t]*\r?\n")


def is_windows(text: str) -> bool:
    """Whether a ^ continues a line, or keeps a quotation mark from cmd."""
    return _CONTINUED.search(text) is not None or '^"' in text


def in_shell_words(text: str) -> str:
    """The first line, with all that goes on with it, quoted for a shell."""
    line = re.split(r"\r?\n", _without_carets(text), maxsplit=1)[0]
    return " ".join(shlex.quote(argument) for argument in _arguments(line))


def _without_carets(text: str) -> str:
    """What cmd hands on: a ^ outside quotes keeps what follows it."""
    parts: list[str] = []
    is_quoted = False
    at = 0
    while at < len(text):
        continued = _CONTINUED.match(text, at)
        if continued and not is_quoted:
            at = continued.end()
            continue
        if text[at] == "^" and not is_quoted and at + 1 < len(text):
            parts.append(text[at + 1])
            at += 2
            continue
        is_quoted ^= text[at] == '"'
        parts.append(text[at])
        at += 1
    return "".join(parts)


def _arguments(line: str) -> Iterator[str]:
    """Words in double quotes; backslashes count only before one of those."""
    word: list[str] = []
    is_quoted = is_word = False
    for token in re.finditer(r'(\\*)"|[ \t]+|[|&<>]|[^" \t\\|&<>]+|\\+', line):
        part = token[0]
        if part.endswith('"'):
            # As C programs on Windows read it: before a quotation mark, two are one.
            slashes = len(token[1] or "")
            word.append("\\" * (slashes // 2))
            is_word = True
            if slashes % 2:
                word.append('"')
            else:
                is_quoted = not is_quoted
        elif part.isspace() and not is_quoted:
            if is_word:
                yield "".join(word)
            word, is_word = [], False
        elif part in "|&<>" and not is_quoted:
            break
        else:
            word.append(part)
            is_word = True
    if is_word:
        yield "".join(word)
