"""Which words a text has, for whoever searches in it: the same in every database.

Words are runs of letters, marks and digits in any script, in lower case, Latin accents
dropped. Scripts written without spaces give one word a character, so that any part of a
sentence is found. What stands between words is not searched: `a.b_c` is the words a, b, c.
"""

import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

MOST_CHARACTERS = 200_000
"""Of a longer text only the beginning is found."""
MOST_QUERY = 500
"""Characters of a query."""
_LONGEST_WORD = 60
_SHORTEST_PREFIX = 3
_NO_SPACES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, kana, Han."""
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_ACCENT = re.compile("[\u0300-\u036f]")
_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that follow each other; of the last one perhaps only the beginning."""

    words: tuple[str, ...]
    is_prefix: bool = False


@cache
def _word() -> re.Pattern[str]:
    # `\w` knows no marks, without which most words of India fall to pieces.
    codes = range(0x300, sys.maxunicode if sys.maxunicode < 0x20000 else 0x20000)
    marks = "".join(chr(code) for code in codes if unicodedata.category(chr(code))[0] == "M")
    marks = re.escape(marks)
    return re.compile(f"[{_NO_SPACES}][{marks}]*|(?:(?![_{_NO_SPACES}])[\\w{marks}])+")


def words(text: str) -> list[str]:
    """The words of a text, in its order."""
    text = text[:MOST_CHARACTERS]
    if text.isascii():
        found = _ASCII_WORD.findall(text.lower())
    else:
        bare = _ACCENT.sub("", unicodedata.normalize("NFKD", text.casefold()))
        found = _word().findall(unicodedata.normalize("NFKC", bare).casefold())
    return [word[:_LONGEST_WORD] for word in found]


def phrases(query: str) -> tuple[Phrase, ...]:
    """What a text must hold to be found; all of it. Quotes keep words together, what is
    written without spaces stays together too, and the last word may go on."""
    found: list[Phrase] = []
    query = query[:MOST_QUERY]
    for part in _PART.finditer(query):
        quoted, bare = part.groups()
        said = tuple(words(quoted if bare is None else bare))
        is_last = bare is not None and part.end() == len(query)
        if said:
            may_go_on = len(said[-1]) >= _SHORTEST_PREFIX or not said[-1].isascii()
            found.append(Phrase(said, is_prefix=is_last and may_go_on))
    return tuple(dict.fromkeys(found))


def has(said: Sequence[str], wanted: Sequence[Phrase]) -> bool:
    """Whether a text of these words holds every phrase."""
    return all(any(_begins(said, at, phrase) for at in _starts(said, phrase)) for phrase in wanted)


def _starts(said: Sequence[str], phrase: Phrase) -> Iterator[int]:
    return iter(range(len(said) - len(phrase.words) + 1))


def _begins(said: Sequence[str], at: int, phrase: Phrase) -> bool:
    *whole, last = phrase.words
    end = at + len(whole)
    if list(said[at:end]) != whole:
        return False
    return said[end].startswith(last) if phrase.is_prefix else said[end] == last
