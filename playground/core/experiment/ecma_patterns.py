r"""The patterns of JSON Schema, which are those of ECMA-262 (with its flag u), as `regex` has them.

What both have with another meaning is written so that it means what ECMA-262 says: `$` is the
end of the text alone, `\d` and `\w` are ASCII, `.` stops at four line breaks. What only Python
has is refused; braces and escapes that browsers take for themselves without u are taken so.
"""

import re
from functools import lru_cache
from typing import Final

from playground.core.experiment.patterns import MAX_CHARACTERS, PatternError

# Spelled out: to `regex`, `\s` has U+0085 as well, and lacks U+FEFF.
_SPACES: Final = r"\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
# The opposites as ranges: a class of `regex` cannot hold another one negated.
_CLASSES: Final = {
    "d": "0-9",
    "D": r"\x00-/:-\U0010ffff",
    "w": "A-Za-z0-9_",
    "W": r"\x00-/:-@\[-\^`{-\U0010ffff",
    "s": _SPACES,
    "S": r"\x00-\x08\x0e-\x1f!-\u009f\u00a1-\u167f\u1681-\u1fff\u200b-\u2027"
    r"\u202a-\u202e\u2030-\u205e\u2060-\u2fff\u3001-\ufefe\uff00-\U0010ffff",
}
_WORD: Final = "[A-Za-z0-9_]"
_OUTSIDE: Final = {
    "$": r"\Z",
    ".": r"[^\n\r\u2028\u2029]",
    r"\b": f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))",
    r"\B": f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))",
    # No errors to ECMA-262: the empty class matches nothing, its opposite anything.
    "[]": "(?!)",
    "[^]": r"[\s\S]",
}
_ESCAPE: Final = r"""
    \\(?:
        u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})
        | u(?P<unit>[0-9a-fA-F]{4}) | u\{(?P<point>[0-9a-fA-F]{1,8})\} | x(?P<byte>[0-9a-fA-F]{2})
        | c(?P<control>[A-Za-z]) | (?P<zero>0(?![0-9])) | (?P<property>[pP]\{[\w=:\ -]+\})
        | k<(?P<name>\w+)> | (?P<number>[1-9][0-9]{0,2}) | (?P<letter>[A-Za-z0-9]) | (?P<sign>.)
    )"""
_TOKEN: Final = re.compile(
    rf"""{_ESCAPE}
    | (?P<class>\[\^?(?:\\.|[^\]\\])*+\])
    | \((?P<group>\?(?:[:=!]|<[=!]|<[^\W\d]\w*>|-?i:)?)
    | (?P<count>(?:[*+?]|\{{[0-9]+(?:,[0-9]*)?\}})\??)
    | (?P<brace>[{{}}\]])
    | (?P<other>.)
    """,
    re.DOTALL | re.VERBOSE,
)
_IN_CLASS: Final = re.compile(rf"{_ESCAPE} | (?P<other>.)", re.DOTALL | re.VERBOSE)
_UNKNOWN: Final = "which the patterns of JSON Schema (ECMA-262) do not have"
_ALIKE: Final = "tnvfr"
"""Letters whose escape means the same in both."""


# An experiment asks for the same few patterns with every cell.
@lru_cache(maxsize=128)
def from_ecma(pattern: str) -> str:
    """The pattern as `regex` has it. Raises `PatternError` for what ECMA-262 does not have."""
    if len(pattern) > MAX_CHARACTERS:
        raise PatternError(f"the pattern is longer than {MAX_CHARACTERS:,} characters")
    parts: list[str] = []
    was_count = False
    for token in _TOKEN.finditer(pattern):
        if token["count"] and was_count:
            raise PatternError(f"the pattern repeats a repetition: {token[0]}")
        was_count = bool(token["count"])
        parts.append(_outside(token))
    return "".join(parts)


def _outside(token: re.Match[str]) -> str:
    text = token[0]
    if text in _OUTSIDE:
        return _OUTSIDE[text]
    if token["class"]:
        return _class(text)
    if token["group"] == "?":
        raise PatternError(f"the pattern has {token.string[token.start() :][:4]}…, {_UNKNOWN}")
    if token["name"]:
        return f"(?P={token['name']})"
    if token["number"]:
        # Else a digit behind it would be read with it.
        return rf"(?:{text})"
    if token["letter"] in _CLASSES:
        return f"[{_CLASSES[token['letter']]}]"
    if token["brace"]:
        return f"\\{text}"
    return _escaped(token) if text.startswith("\\") else text


def _class(text: str) -> str:
    start = "[^" if text.startswith("[^") else "["
    parts: list[str] = []
    was_class = False
    for token in _IN_CLASS.finditer(text, len(start), len(text) - 1):
        is_class = bool(token["property"] or token["letter"] in _CLASSES)
        # Beside a class a hyphen is one, though with u a browser would refuse it.
        if is_class and parts[-1:] == ["-"]:
            parts[-1] = r"\-"
        parts.append(r"\-" if was_class and token[0] == "-" else _in_class(token))
        was_class = is_class
    return f"{start}{''.join(parts)}]"


def _in_class(token: re.Match[str]) -> str:
    if token["letter"] == "b":
        return r"\x08"
    if token["letter"] in _CLASSES:
        return _CLASSES[token["letter"]]
    if token["name"] or token["number"]:
        raise PatternError(f"the pattern has {token[0]} in a class, {_UNKNOWN}")
    if token["other"]:
        # A hyphen makes a range; any other sign could mean something to `regex`.
        return token[0] if token[0] == "-" or token[0].isalnum() else re.escape(token[0])
    return _escaped(token)


def _escaped(token: re.Match[str]) -> str:
    """What stands for one character, or for those with a property."""
    if token[0] == "\\":
        raise PatternError("the pattern ends with a backslash")
    if token["property"] or (token["letter"] and token["letter"] in _ALIKE):
        return token[0]
    if token["letter"]:
        raise PatternError(f"the pattern has {token[0]}, {_UNKNOWN}")
    if token["sign"]:
        return re.escape(token["sign"])
    if token["control"]:
        return f"\\x{ord(token['control']) % 32:02x}"
    if token["zero"]:
        return r"\x00"
    # With the flag u two escaped halves of a pair are one character.
    if token["high"]:
        return re.escape(bytes.fromhex(token["high"] + token["low"]).decode("utf-16-be"))
    point = int(token["unit"] or token["point"] or token["byte"], 16)
    if point > 0x10FFFF:
        raise PatternError(f"the pattern has {token[0]}, beyond the last character")
    return f"\\U{point:08x}"
