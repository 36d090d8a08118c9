"""What a word-level diff shows, and that nothing of either text is lost."""

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playground.core.text.word_diff import MAX_PARTS, Piece, word_diff

SHORT = st.text("ab \n.,é目", max_size=30)


def joined(pieces, *kinds):
    return "".join(piece.text for piece in pieces if piece.kind in kinds)


def shown(before, after):
    marks = {"same": "{}", "removed": "[-{}-]", "added": "[+{}+]"}
    return "".join(marks[piece.kind].format(piece.text) for piece in word_diff(before, after))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("the quick fox", "the quick cat", "the quick [-fox-][+cat+]"),
        ("one two three", "one three", "one[- two-] three"),
        ("one three", "one two three", "one[+ two+] three"),
        ("Hello, world", "Hello. world", "Hello[-,-][+.+] world"),
        ("a  b", "a b", "a[-  -][+ +]b"),
        ("word", "words", "[-word-][+words+]"),
        ("私は猫です", "私は犬です", "私は[-猫-][+犬+]です"),
        ("తెలుగు భాష", "తెలుగు మాట", "తెలుగు [-భాష-][+మాట+]"),
        ("", "new", "[+new+]"),
        ("old", "", "[-old-]"),
    ],
    ids=str,
)
def test_words_that_differ_are_marked_and_no_others(before, after, expected):
    assert shown(before, after) == expected


def test_equal_texts_are_one_piece_and_empty_ones_none():
    assert word_diff("same as ever", "same as ever") == (Piece("same", "same as ever"),)
    assert word_diff("", "") == ()


@given(SHORT | st.text(), SHORT | st.text())
@example(" a", "  a")
@example("a ", "a  ")
@example("a\x1cb", "a\u2028b")
def test_the_pieces_join_back_to_both_texts(before, after):
    pieces = word_diff(before, after)
    assert joined(pieces, "same", "removed") == before
    assert joined(pieces, "same", "added") == after
    assert all(piece.text for piece in pieces)
    assert all(one.kind != next_.kind for one, next_ in pairwise(pieces))


def test_a_long_text_is_compared_line_by_line_and_then_by_word():
    lines = [f"{number} is a number\n" for number in range(MAX_PARTS - 2)]
    before, after = "old\n" + "".join(lines) + "end one", "new\n" + "".join(lines) + "end two"
    assert shown(before, after) == f"[-old-][+new+]\n{''.join(lines)}end [-one-][+two+]"


def test_of_two_words_repeated_for_pages_only_those_that_changed_are_marked():
    rows = [*(["yes", "no", "no"] * 300)]
    changed = [*rows]
    changed[100], changed[700] = "maybe", "never"
    pieces = word_diff("\n".join(rows), "\n".join(changed))
    marked = [(piece.kind, piece.text) for piece in pieces if piece.kind != "same"]
    assert marked == [
        ("removed", rows[100]),
        ("added", "maybe"),
        ("removed", rows[700]),
        ("added", "never"),
    ]


def test_texts_with_nothing_in_common_are_replaced_within_a_moment():
    before = " ".join(f"a{number}" for number in range(50_000))
    after = "\n".join(f"b{number}" for number in range(50_000))
    began_s = time.monotonic()
    assert [piece.kind for piece in word_diff(before, after)] == ["removed", "added"]
    assert time.monotonic() - began_s < 5
