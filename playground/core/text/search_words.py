"""Splits texts and queries into words for full-text search, identically for every database.

Words are runs of letters, marks and digits in any script, in lower case, without Latin
accents and signs that nobody sees. Scripts written without spaces give one word a character,
so that any part of a sentence is found. An index holds words only: `a.b_c` is the words a, b,
c. A query with symbols (`C++`, `$5`, `😀`) finds the texts with its words first, and then searches
these for the symbols.
"""

import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from playground.core.text.normal_forms import normalized

MAX_CHARACTERS = 200_000
"""Of a longer text only the beginning is found."""
MAX_QUERY = 500
"""Characters of a query."""
MAX_READ = 2_000
"""Texts that are read for the signs of one page or sum: the newest with the words."""
_LONGEST_WORD = 60
_SHORTEST_PREFIX = 3
_NO_SPACES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, kana, Han."""
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_ACCENT = re.compile("[\u0300-\u036f]")
_ALIKE = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u02bc"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e"), '"'),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-"),
    0x200B: " ",
    **dict.fromkeys(map(ord, "\u00ad\u200c\u200d\u2060\ufeff")),
}
"""Signs that one keyboard types in place of another's, and those that nobody sees: of these
only the space without width parts words."""
_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that follow each other; of the last one perhaps only the beginning. With signs in
    it, it is `literal`: as it is written, but for case, accents and the width of spaces."""

    words: tuple[str, ...]
    is_prefix: bool = False
    literal: str = ""


# At first use only: it goes through 130,000 characters, which ASCII texts never need.
@cache
def _word() -> re.Pattern[str]:
    # `\w` knows no marks, without which most words of India fall to pieces.
    codes = range(0x300, sys.maxunicode if sys.maxunicode < 0x20000 else 0x20000)
    marks = "".join(chr(code) for code in codes if unicodedata.category(chr(code))[0] == "M")
    marks = re.escape(marks)
    return re.compile(f"[{_NO_SPACES}][{marks}]*|(?:(?![_{_NO_SPACES}])[\\w{marks}])+")


def words(text: str) -> list[str]:
    """The words of a text, in its order."""
    return [word[:_LONGEST_WORD] for word in _words_in(_folded(text))]


def _folded(text: str) -> str:
    text = text[:MAX_CHARACTERS]
    if text.isascii():
        return text.lower()
    # Folded twice: taking signs apart that stand for others (ϒ) brings new capitals.
    bare = _ACCENT.sub("", normalized("NFKD", text.casefold()))
    return normalized("NFKC", bare).casefold().translate(_ALIKE)


def _words_in(folded: str) -> list[str]:
    return (_ASCII_WORD if folded.isascii() else _word()).findall(folded)


def phrases(query: str) -> tuple[Phrase, ...]:
    """What a text must hold to be found; all of it. Quotes keep words together, what is
    written without spaces stays together too, and the last word may go on."""
    parsed: list[Phrase] = []
    # Phones type curly quotes.
    query = query[:MAX_QUERY].translate(dict.fromkeys(map(ord, "\u201c\u201d\u201e"), '"'))
    for part in _PART.finditer(query):
        quoted, bare = part.groups()
        part_text = bare if quoted is None else quoted
        # Nothing between quotes: the quotes are what is looked for.
        wanted = _spaced(part_text) or part_text.strip() or '"'
        part_words = tuple(words(wanted))
        is_last = bare is not None and part.end() == len(query)
        may_go_on = bool(part_words) and (
            len(part_words[-1]) >= _SHORTEST_PREFIX or not part_words[-1].isascii()
        )
        is_plain = "".join(part_words) == wanted.replace(" ", "")
        parsed.append(Phrase(part_words, is_last and may_go_on, "" if is_plain else wanted))
    return tuple(dict.fromkeys(parsed))


def has_signs(query: str) -> bool:
    """Whether texts have to be read to tell if this is in them."""
    return any(phrase.literal for phrase in phrases(query))


def contains_all(texts: Sequence[str], wanted: Sequence[Phrase]) -> bool:
    """Whether these texts, one after the other, hold every phrase."""
    literal = [phrase for phrase in wanted if phrase.literal]
    if literal:
        whole, raw = " ".join(map(_spaced, texts)), " ".join(texts)
        # An accent alone (´) is nothing once accents are dropped: it is looked for as written.
        if not all(
            _holds(whole, phrase) if _spaced(phrase.literal) else phrase.literal in raw
            for phrase in literal
        ):
            return False
    plain = [phrase for phrase in wanted if not phrase.literal]
    text_words = [word for text in texts for word in words(text)] if plain else []
    return all(
        any(_begins(text_words, at, phrase) for at in _starts(text_words, phrase))
        for phrase in plain
    )


def _spaced(text: str) -> str:
    return " ".join(_folded(text).split())


def _holds(whole: str, phrase: Phrase) -> bool:
    """Whether it is there, not beginning or ending within a word."""
    literal, at = phrase.literal, -1
    while (at := whole.find(literal, at + 1)) >= 0:
        end = at + len(literal)
        begins_within = at > 0 and _are_one_word(whole[at - 1], literal[0])
        ends_within = end < len(whole) and _are_one_word(literal[-1], whole[end])
        if not begins_within and (phrase.is_prefix or not ends_within):
            return True
    return False


def _are_one_word(letter: str, next_letter: str) -> bool:
    return _word().fullmatch(letter + next_letter) is not None


def _starts(text_words: Sequence[str], phrase: Phrase) -> Iterator[int]:
    return iter(range(len(text_words) - len(phrase.words) + 1))


def _begins(text_words: Sequence[str], at: int, phrase: Phrase) -> bool:
    *first_words, last = phrase.words
    end = at + len(first_words)
    if list(text_words[at:end]) != first_words:
        return False
    return text_words[end].startswith(last) if phrase.is_prefix else text_words[end] == last
