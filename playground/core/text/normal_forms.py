"""Unicode's normal forms, in a time that grows with the text alone, and what can be seen."""

import unicodedata
from typing import Final, Literal

import regex

# Python puts a run of marks in order by comparing each with all before it, while no other thread
# runs: 80,000 in a row take 6 s. No language writes 30 of them on one letter, so such a run is cut
# as Unicode says (UAX 15, "Stream-Safe Text Format").
_TOO_MANY_MARKS: Final = regex.compile(r"([\p{M}\uff9e\uff9f]{30})(?=[\p{M}\uff9e\uff9f])")
"""Marks, and the two letters that become marks (of half width, in Japanese)."""
_JOINER: Final = "\u034f"
_SHAPELESS: Final = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters without a shape, though Unicode does not say so of them."""


def normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """The text in a normal form; more than 30 marks on one letter are parted by a joiner, which
    nobody sees."""
    if text.isascii():
        return text
    return unicodedata.normalize(form, _TOO_MANY_MARKS.sub(rf"\1{_JOINER}", text))


def can_be_seen(text: str, but: str = "") -> bool:
    """Whether a text has more than white space and letters without a shape; `but`: letters that
    don't count either."""
    return any(
        unicodedata.category(letter)[0] not in "CZ" and letter not in _SHAPELESS + but
        for letter in text
    )
