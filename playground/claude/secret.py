"""A key that a server echoes, in each spelling that gives it away."""

import base64
import re
from collections.abc import Callable
from functools import cache
from html.entities import html5
from typing import NamedTuple

from playground.core.wire.exchange import MASK

SHORTEST = 7
_PLACEHOLDER = re.compile(r"(?!sk-)[a-z-]{1,11}")
"""What local servers take for a key ("ollama", "lm-studio") is no secret and an ordinary word."""
_LONGEST_SPELLING = 40
"""Of one character: `&CounterClockwiseContourIntegral;` is the longest name that HTML has."""
_UNFINISHED = re.compile(
    r"\\+(?:u[0-9a-f]{0,3}|u\{[0-9a-f]{0,6}|x[0-9a-f]?)?\Z"
    r"|%[0-9a-f]{0,3}\Z|&(?:amp;)?[#a-z0-9]*\Z",
    re.I,
)


class Tail(NamedTuple):
    """Where the beginning of the key ends a text, and how many of the key's characters it has."""

    start: int
    size: int


class _Encoding(NamedTuple):
    """A key as one of the encodings of whole texts writes it: what it is, a pattern of it, and how
    a text is read so that it can be compared."""

    text: str
    pattern: str
    read: Callable[[str], str]


class Secret:
    """Finds a key with each character as it is, in either case, or as JSON (`\\u002f`, `\\/`),
    scripts (`\\x2f`, `\\u{2f}`), URLs (`%2F`) or HTML (`&#x2F;`) write it; and as a whole in
    Base64 or hexadecimal digits."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.is_secret = len(key) >= SHORTEST and _PLACEHOLDER.fullmatch(key) is None
        """Masking a short or an ordinary word would garble messages."""
        self._characters = [_spellings(character) for character in key] if self.is_secret else []
        # A run of backslashes is tried once, at its first.
        whole = "".join(
            f"(?:{'|'.join(spelling.pattern for spelling in spellings)})"
            for spellings in self._characters
        )
        self._encodings = _encodings(key.encode("utf-8", "replace")) if self.is_secret else []
        encoded = "".join(f"|{encoding.pattern}" for encoding in self._encodings)
        self._whole = re.compile(rf"(?!(?<=\\)\\){whole}{encoded}")
        heads = (map(_either_alphabet, encoding.text[:3]) for encoding in self._encodings)
        self._encoded_head = re.compile(
            "|".join(rf"{first}(?:{second}(?:{third}|\Z)|\Z)" for first, second, third in heads),
            re.I,
        )
        first, second = re.escape(key[:1]), re.escape(key[1:2])
        self._first = re.compile(rf"(?i:{first}(?=[{second}\\%&]|\Z))|(?<!\\)\\|[%&]")

    def masked(self, text: str, mask: str = MASK) -> str:
        return self._whole.sub(mask, text) if self.is_secret else text

    def span(self, text: str) -> tuple[int, int] | None:
        """The place of the first key in a text."""
        match = self._whole.search(text) if self.is_secret else None
        return match.span() if match else None

    def starts(self, text: str) -> int | None:
        """The end of the key that a text begins with."""
        match = self._whole.match(text) if self.is_secret else None
        return match.end() if match else None

    def tail(self, text: str) -> Tail:
        """The longest end of a text, which has no key, that may be the beginning of one."""
        if not self.is_secret:
            return Tail(len(text), 0)
        found = [Tail(len(text), 0)]
        # Asked first, for hardly any text has one, and this is asked at each delta.
        if self._encoded_head.search(text):
            found += [self._encoded_tail(text, encoding) for encoding in self._encodings]
        nearest = max(0, len(text) - len(self._characters) * _LONGEST_SPELLING)
        for match in self._first.finditer(text, nearest):
            size = self._begun(text, match.start())
            if size is not None:
                found.append(Tail(match.start(), size))
                break
        return min(found)

    def _encoded_tail(self, text: str, encoding: _Encoding) -> Tail:
        """The longest end of a text that may be the beginning of this encoding of the key."""
        start = max(0, len(text) - len(encoding.text) + 1)
        end = encoding.read(text[start:])
        at = end.find(encoding.text[0])
        while at >= 0 and not encoding.text.startswith(end[at:]):
            at = end.find(encoding.text[0], at + 1)
        if at < 0:
            return Tail(len(text), 0)
        # From the end: the lower case of some letters is two.
        size = len(end) - at
        return Tail(len(text) - size, size * len(self.key) // len(encoding.text))

    def _begun(self, text: str, start: int) -> int | None:
        """How many characters of the key the text has from `start` to its end; None if it goes on
        as no key does. A spelling may be cut, and one may be the beginning of another."""
        ends = {start}
        for size, spellings in enumerate(self._characters):
            if any(end == len(text) or _UNFINISHED.match(text, end) for end in ends):
                return size
            ends = {
                match.end()
                for end in ends
                for spelling in spellings
                if (match := spelling.match(text, end))
            }
            if not ends:
                return None
        return None


def _encodings(key: bytes) -> list[_Encoding]:
    encodings = [_Encoding(key.hex(), f"(?i:{key.hex()})", str.lower)]
    # By what stands before the key, its bits fall into Base64's letters in three ways. Letters at
    # its ends that hold bits of something else as well are left out.
    for before in range(3):
        letters = base64.b64encode(bytes(before) + key).decode()
        text = letters[-(-before * 8 // 6) : (before + len(key)) * 8 // 6]
        pattern = "".join(map(_either_alphabet, text))
        encodings.append(_Encoding(text, pattern, _standard_base64))
    return encodings


def _either_alphabet(letter: str) -> str:
    """A pattern of a letter of Base64, whose variant for URLs has two others."""
    return {"+": "[+-]", "/": r"(?:\\?/|_)"}.get(letter, letter)


def _standard_base64(text: str) -> str:
    return text.replace("-", "+").replace("_", "/")


@cache
def _spellings(character: str) -> list[re.Pattern[str]]:
    """Patterns of one character: the plain one first, in either case."""
    code = ord(character)
    names = sorted(name for name, value in html5.items() if value == character and name[-1] == ";")
    entity = "|".join(
        (rf"#0{{0,6}}{code};?", rf"#(?i:x0{{0,6}}{code:x});?", *map(re.escape, names))
    )
    spellings = [
        f"(?i:{re.escape(character)})",
        rf"\\+(?i:u{code:04x}|u\{{0{{0,4}}{code:x}\}}|x{code:02x})",
        rf"%(?:25)?(?i:{code:02x})",
        rf"&(?:amp;)?(?:{entity})",
    ]
    # A letter behind a backslash is another character.
    if not character.isalnum():
        spellings.append(rf"\\+{re.escape(character)}")
    return [re.compile(spelling) for spelling in spellings]
