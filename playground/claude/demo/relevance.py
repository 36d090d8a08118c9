"""How well each piece of the corpus fits a prompt: tf-idf over the words of both."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playground.claude.demo.pieces import Piece

WORD = re.compile(r"[\w\u0300-\u036f\u0900-\u0dff\u064b-\u065f\u200c\u200d]+")
COMMON = frozenset(
    WORD.findall("""
    a about all am an and any are as at be been but by can could d did do does for from get
    give had has have he her him his how i if in into is it its just ll m make me more my no
    not of on or our please re s she should so some t tell than that the their them then
    there these they this those to up us ve was we were what when where which will word words
    with would you your
    """)
)
LENGTH = re.compile(r"\b[0-9][0-9,]* words?\b")
LONGEST_END = 2_000
WORDS_OF_END = 12
MAX_UNKNOWN = 4
"""Of a long message both ends are read, where the question is, and only a few unknown words:
what is asked about may be anything."""
SYSTEM_SHARE = 0.4
EARLIER_SHARE = 0.15
BODY_SHARE = 0.25
SHARPNESS = 9
"""How steeply the influence of a piece falls with its relevance."""
RANK_SHARE = 0.7
NEAR = 0.6
MAX_PIECES = 24
OFF_TOPIC = 0.24
SAYS_NOTHING = "help"
"""What a message of common words alone is taken for."""

UNKNOWN = "(unknown)"
"""The group of answers for a question that nothing in the corpus is about."""


Weighed = tuple[tuple[Piece, float], ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The pieces that a prompt calls up, each with its influence, the best first.

    `related` holds what else there is on the topic, question by question, for an answer that is to
    be long.
    """

    pieces: Weighed
    related: tuple[Weighed, ...]
    topic: str
    words: tuple[str, ...]
    is_off_topic: bool


class Relevance:
    """Knows how much each word tells, and weights the pieces by it."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._fallback = tuple(piece for piece in pieces if piece.asked == UNKNOWN)
        self._pieces = tuple(piece for piece in pieces if piece.asked != UNKNOWN)
        self._heads = {piece.asked: Counter(words(piece.asked)) for piece in self._pieces}
        # Alternatives share their words, so that only their rank sets them apart.
        self._bodies: dict[str, set[str]] = {}
        for piece in self._pieces:
            self._bodies.setdefault(piece.asked, set()).update(words(piece.text))
        seen: Counter[str] = Counter()
        for head in self._heads.values():
            seen.update(head.keys())
        total = len(self._heads)
        self._idf = {word: math.log(1 + total / count) for word, count in seen.items()}
        self._rarest = math.log(1 + total)
        self._norms = {asked: self._norm(head) for asked, head in self._heads.items()}

    def match(self, system: str, messages: Sequence[tuple[str, str]]) -> Match:
        """What the corpus has on a prompt; the last user message counts most."""
        user_texts = [text for role, text in messages if role == "user"]
        last = self._read(user_texts[-1] if user_texts else "")
        query: dict[str, float] = {word: float(count) for word, count in last.items()}
        for text, share in [(system, SYSTEM_SHARE), (" ".join(user_texts[:-1]), EARLIER_SHARE)]:
            for word in words(text):
                query[word] = query.get(word, 0.0) + share
        scores = {asked: self._score(query, asked) for asked in self._heads}
        best = max(scores, key=lambda asked: scores[asked])
        chosen = [piece for piece in self._pieces if scores[piece.asked] >= NEAR * scores[best]]
        chosen.sort(key=lambda piece: -scores[piece.asked])
        topic = chosen[0].topic
        # By the last message, too, or a system prompt on the topic would hide that it is off topic.
        if scores[best] < OFF_TOPIC * 2 and self._cosine(last, best) < OFF_TOPIC:
            if follow_up := self._follow_up(system, user_texts[:-1], last, scores):
                return follow_up
            fallback = tuple((piece, RANK_SHARE**piece.rank) for piece in self._fallback)
            return Match(fallback, (), topic, (), is_off_topic=True)
        weighed = tuple(
            (piece, (scores[piece.asked] / scores[best]) ** SHARPNESS * RANK_SHARE**piece.rank)
            for piece in chosen[:MAX_PIECES]
        )
        shared = tuple(word for word in query if word in self._heads[best])
        return Match(weighed, self._related(scores, best, topic), topic, shared, False)

    def _follow_up(
        self,
        system: str,
        earlier: Sequence[str],
        last: Mapping[str, int],
        scores: Mapping[str, float],
    ) -> Match | None:
        """What else there is on the topic so far, if the last message has a word about it."""
        if not earlier:
            return None
        before = self.match(system, [("user", text) for text in earlier])
        if before.is_off_topic:
            return None
        asked = before.pieces[0][0].asked
        groups = self._related(scores, asked, before.topic)
        shared = [word for word in last if any(self._has(group, word) for group in groups)]
        return Match(groups[0], groups[1:], before.topic, tuple(shared), False) if shared else None

    def _has(self, group: Weighed, word: str) -> bool:
        asked = group[0][0].asked
        return word in self._heads[asked] or word in self._bodies[asked]

    def _read(self, text: str) -> Counter[str]:
        if len(text) > 2 * LONGEST_END:
            text = f"{text[:LONGEST_END]} {text[-LONGEST_END:]}"
        text_words = words(text)
        if len(text_words) > 2 * WORDS_OF_END:
            text_words = text_words[:WORDS_OF_END] + text_words[-WORDS_OF_END:]
        unknown = [word for word in text_words if word not in self._idf]
        known = [word for word in text_words if word in self._idf]
        return Counter([*known, *unknown[-MAX_UNKNOWN:]] or [SAYS_NOTHING])

    def _related(self, scores: Mapping[str, float], best: str, topic: str) -> tuple[Weighed, ...]:
        groups: dict[str, list[tuple[Piece, float]]] = {}
        for piece in self._pieces:
            if piece.topic == topic and piece.asked != best:
                groups.setdefault(piece.asked, []).append((piece, RANK_SHARE**piece.rank))
        return tuple(tuple(groups[asked]) for asked in sorted(groups, key=lambda a: -scores[a]))

    def _score(self, query: Mapping[str, float], asked: str) -> float:
        covered = sum(self._weight(w) * n for w, n in query.items() if w in self._bodies[asked])
        total = sum(self._weight(w) * n for w, n in query.items()) or 1.0
        return self._cosine(query, asked) + BODY_SHARE * covered / total

    def _cosine(self, query: Mapping[str, float], asked: str) -> float:
        head = self._heads[asked]
        dot = sum(n * head[w] * self._weight(w) ** 2 for w, n in query.items() if w in head)
        return dot / ((self._norm(query) * self._norms[asked]) or 1.0)

    def _norm(self, bag: Mapping[str, float]) -> float:
        return math.sqrt(sum((self._weight(word) * count) ** 2 for word, count in bag.items()))

    def _weight(self, word: str) -> float:
        # A word it never read tells as much as the rarest: a prompt full of them is off topic.
        return self._idf.get(word, self._rarest)


def words(text: str) -> list[str]:
    """The telling words of a text, cut to stems so that plurals and endings meet."""
    plain = LENGTH.sub(" ", text.lower())
    return [_stem(word) for word in WORD.findall(plain) if word not in COMMON]


def _stem(word: str) -> str:
    if not word.isascii():
        # The endings of other languages are not known: the beginning stands for the word.
        return word[:5]
    for ending in ("ing", "es", "ed", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
