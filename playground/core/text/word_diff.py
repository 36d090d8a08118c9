"""What became of one text in another, word by word: kept, removed or added."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

Kind = Literal["same", "removed", "added"]

MAX_PARTS = 2_000
"""Words, or lines, compared at once: the time `difflib` takes can grow with their square. A
longer stretch is compared line by line first; what is too long even so is replaced whole."""
MAX_WORDS_OF_LINES = 500
"""Words compared at once within lines that differ, of which there can be many."""
WORDS = re.compile(
    # Scripts that put no space between words are taken apart letter by letter.
    r"\s*(?:[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
    r"|[^\s!-/:-@\[-`{-~\u2010-\u205e\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
    r"|\S)|\s+"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that both sides have, or only one."""

    kind: Kind
    text: str


def word_diff(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces in reading order, what was removed before what was added in its place.

    The same and removed ones join to exactly `before`, the same and added ones to `after`.
    """
    return tuple(_merged(_trimmed(WORDS.findall(before), WORDS.findall(after))))


def words_of(text: str) -> list[str]:
    """The words and marks of a text, without the space between them."""
    return [word for part in WORDS.findall(text) if (word := part.strip())]


def _merged(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Without empty ones, and each stretch of a kind in one."""
    for is_same, stretch in groupby(filter(_has_text, pieces), lambda piece: piece.kind == "same"):
        group = list(stretch)
        kinds: tuple[Kind, ...] = ("same",) if is_same else ("removed", "added")
        for kind in kinds:
            text = "".join(piece.text for piece in group if piece.kind == kind)
            if text:
                yield Piece(kind, text)


def _has_text(piece: Piece) -> bool:
    return bool(piece.text)


def _trimmed(before: list[str], after: list[str]) -> Iterator[Piece]:
    """What both begin or end with need not be searched for."""
    start = _shared(before, after)
    # Behind the common beginning: the two must not overlap, as in `a a` and `a`.
    end = _shared(before[start:][::-1], after[start:][::-1])
    yield Piece("same", "".join(before[:start]))
    left, right = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(left), len(right)) <= MAX_PARTS:
        yield from _by_word(left, right)
    else:
        yield from _by_line("".join(left), "".join(right))
    yield Piece("same", "".join(before[len(before) - end :]))


def _shared(words: list[str], others: list[str]) -> int:
    """How many words two lists begin with together."""
    pairs = enumerate(zip(words, others, strict=False))
    most = min(len(words), len(others))
    return next((number for number, (word, other) in pairs if word != other), most)


def _by_line(before: str, after: str) -> Iterator[Piece]:
    left, right = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if max(len(left), len(right)) > MAX_PARTS:
        yield from _replaced(before, after)
        return
    for is_same, lines, others in _blocks(left, right):
        if is_same:
            yield Piece("same", "".join(lines))
            continue
        words, other_words = WORDS.findall("".join(lines)), WORDS.findall("".join(others))
        if max(len(words), len(other_words)) <= MAX_WORDS_OF_LINES:
            yield from _by_word(words, other_words, autojunk=True)
        else:
            yield from _replaced("".join(lines), "".join(others))


def _by_word(before: list[str], after: list[str], *, autojunk: bool = False) -> Iterator[Piece]:
    """A word is the same whatever space stands before it; the space is compared by itself."""
    bare = [[word.lstrip() for word in side] for side in (before, after)]
    place, other_place = 0, 0
    for is_same, stretch, others in _blocks(*bare, autojunk=autojunk):
        words = before[place : place + len(stretch)]
        other_words = after[other_place : other_place + len(others)]
        place, other_place = place + len(stretch), other_place + len(others)
        if is_same:
            for word, other in zip(words, other_words, strict=True):
                yield from _spaced(word, other)
        else:
            yield from _replaced("".join(words), "".join(other_words))


def _spaced(word: str, other: str) -> Iterator[Piece]:
    bare = word.lstrip()
    space, other_space = (part.removesuffix(bare) for part in (word, other))
    if space == other_space:
        yield Piece("same", word)
        return
    yield from _replaced(space, other_space)
    yield Piece("same", bare)


def _replaced(before: str, after: str) -> Iterator[Piece]:
    """A space that stands before both is no change."""
    space = before[: len(before) - len(before.lstrip())]
    if not after.startswith(space) or after[len(space) :][:1].isspace():
        space = ""
    yield Piece("same", space)
    yield Piece("removed", before[len(space) :])
    yield Piece("added", after[len(space) :])


def _blocks(
    before: Sequence[str], after: Sequence[str], *, autojunk: bool = False
) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    # With `autojunk`, difflib passes over words that are frequent among 200 or more: quick, but
    # a long column of "yes" and "no" in which one changed would be replaced whole.
    matcher = SequenceMatcher(None, before, after, autojunk=autojunk)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        yield kind == "equal", before[start:end], after[other_start:other_end]
