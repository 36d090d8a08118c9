"""How much the answers to one request differ from each other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from os.path import commonprefix
from typing import Final

from playground.core.statistics.intervals import Distribution, distribution
from playground.core.text.word_diff import words_of

MAX_WORDS: Final = 3_000
"""Of an answer that are compared."""
MAX_COMPARED: Final = 40
"""Different answers that are compared with each other, the most frequent first."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """An answer, and how often it was given."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class AnswerStatistics:
    """What a set of answers has in common. `similarity` is the mean ROUGE-L F1 of all pairs,
    1 for identical answers; `distinct_1` and `distinct_2` are the shares of different words
    and pairs of words (distinct-n, Li et al. 2016); `diverge_at` is the number of characters
    with which all begin alike, None where all are identical."""

    count: int
    distinct: tuple[Distinct, ...]
    similarity: float | None
    distinct_1: float | None
    distinct_2: float | None
    words: Distribution | None
    diverge_at: int | None

    @property
    def sentence(self) -> str:
        """Such as: 3 different answers of 5."""
        if self.count < 2:
            return "One answer: nothing to compare." if self.count else "No answers yet."
        if len(self.distinct) == 1:
            return f"All {self.count} answers are identical."
        return f"{len(self.distinct)} different answers of {self.count}."


def answer_statistics(answers: Sequence[str]) -> AnswerStatistics:
    """The statistics of the answers to one request."""
    distinct = tuple(Distinct(*pair) for pair in Counter(answers).most_common())
    words = [words_of(answer) for answer in answers]
    return AnswerStatistics(
        count=len(answers),
        distinct=distinct,
        similarity=_mean_similarity(distinct),
        distinct_1=_distinct_n(words, 1),
        distinct_2=_distinct_n(words, 2),
        words=distribution([float(len(answer_words)) for answer_words in words]),
        diverge_at=_shared(answers) if len(distinct) > 1 else None,
    )


def _shared(texts: Sequence[str]) -> int:
    """The number of characters that all begin with."""
    return len(commonprefix(texts))  # noqa: RUF071 (characters are what is counted)


def _mean_similarity(distinct: tuple[Distinct, ...]) -> float | None:
    """Over all pairs of answers; a pair of identical ones counts 1."""
    # Every pair is compared, so the work grows with the square of their number.
    compared = [(_compared_words(answer.text), answer.count) for answer in distinct[:MAX_COMPARED]]
    total = sum(count for _, count in compared)
    if total < 2:
        return None
    score = sum(count * (count - 1) / 2 for _, count in compared)
    for (one, count), (other, other_count) in combinations(compared, 2):
        score += _rouge_l(one, other) * count * other_count
    return score / (total * (total - 1) / 2)


def _compared_words(text: str) -> list[str]:
    return [word.casefold() for word in words_of(text)[:MAX_WORDS]]


def _rouge_l(one: list[str], other: list[str]) -> float:
    """How much of both is the longest sequence of words that both have, in order. 1 for identical
    ones."""
    if not one or not other:
        return float(one == other)
    return 2 * _common_length(one, other) / (len(one) + len(other))


def _common_length(one: list[str], other: list[str]) -> int:
    """The length of the longest common subsequence, a row of the table in one whole number
    (Hyyrö 2004): thousands of words take milliseconds."""
    places: dict[str, int] = {}
    for number, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << number
    full = (1 << len(one)) - 1
    row = full
    for word in other:
        matches = row & places.get(word, 0)
        row = ((row + matches) | (row - matches)) & full
    return len(one) - row.bit_count()


def _distinct_n(answers: list[list[str]], size: int) -> float | None:
    seen: set[tuple[str, ...]] = set()
    total = 0
    for words in answers:
        lowered = [word.casefold() for word in words]
        grams = pairwise(lowered) if size == 2 else zip(lowered, strict=True)
        for gram in grams:
            seen.add(gram)
            total += 1
    return len(seen) / total if total else None
