"""The one word diff of the page: what differs is marked, and nothing else acts."""

import pytest
from streamlit.testing.v1 import AppTest
from ui.driving import words

from playground.core.text.word_diff import Piece, word_diff
from playground.ui.widgets.word_diff import MAX_COMPARED, marked


def draw(before, after):
    from playground.ui.widgets.word_diff import show_diff

    show_diff(before, after)


def shown(before, after):
    page = AppTest.from_function(draw, args=(before, after)).run()
    assert not page.exception
    return words(page), [each.value for each in page.code]


def test_what_was_removed_and_added_is_marked():
    text, code = shown("Crisp dosa now", "Crisp idli now")
    assert ":red-background[~~dosa~~]" in text
    assert ":green-background[idli]" in text
    assert code == []


def test_the_same_text_is_shown_as_it_is():
    assert shown("the same", "the same") == ("", ["the same"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "x" * (MAX_COMPARED + 1)),
        (" ".join(f"w{n} b" for n in range(900)), " ".join(f"w{n} c" for n in range(900))),
    ],
    ids=["too long", "too different"],
)
def test_what_a_browser_could_not_draw_is_shown_plain_and_says_so(before, after):
    text, [code] = shown(before, after)
    assert "too long or too different" in text
    assert len(code) <= MAX_COMPARED + 1


def test_a_pile_of_combining_marks_is_cut_short():
    text, _ = shown("a", "b" + "\u0301" * 5_000)
    assert len(text) < 200


def test_nothing_but_the_marks_acts_as_markdown():
    hostile = "![x](https://elsewhere.example/y) # h :red[z] $x$ `c` <b>\n1. one"
    drawn = marked([Piece("added", hostile)])
    assert "![" not in drawn
    for piece in (r"\!\[x\]", r"\:red\[z\]", r"\$x\$", r"\`c\`", r"\<b\>", r"1\. one"):
        assert piece in drawn
    assert drawn.count(":green-background[") == 2


def test_indentation_stays():
    drawn = marked(word_diff("if x:\n    run()", "if x:\n    stop()"))
    assert "\n\u00a0\u00a0\u00a0\u00a0:red-background[~~run~~]" in drawn
