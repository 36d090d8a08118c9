"""What is marked as new or gone in an answer, and that it stays the same answer."""

import re
import time

import pytest
from browser.hostile import Hostile
from core.rendering.shown import Shown
from hypothesis import given
from hypothesis import strategies as st

from playground.core.rendering.allowed import fault
from playground.core.rendering.changes import MAX_COMPARED, Changes, changes
from playground.core.rendering.markdown import to_html
from playground.core.rendering.plain import as_written, normalised


def plain_html(text):
    return as_written(normalised(text))


def marked(before, after, render=to_html):
    found = changes([render(before)], [render(after)])
    return "".join(found.pieces)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("**Soak** rice.", "**Soak** the rice.", "<strong>Soak</strong> <ins>the</ins> rice."),
        ("Soak the rice.", "Soak rice.", "Soak <del>the</del> rice."),
        ("**Soak** rice", "Soak rice", "Soak rice"),
        ("a *b*.", "a b.", "a b."),
        ("x & y", "x & <z>", "x &amp; <del>y</del><ins>&lt;z&gt;</ins>"),
        ("one two", "**one three**", "<strong>one <del>two</del><ins>three</ins></strong>"),
    ],
)
def test_words_are_marked_where_they_differ_as_they_are_seen(before, after, expected):
    assert marked(before, after) == f'<p dir="auto">{expected}</p>'


def test_what_is_gone_between_lists_and_cells_stands_where_text_may():
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n"
    found = marked("- one\n- two\n- three", "- one\n- three")
    assert "<li>one\n<del>two</del></li><li>three</li>" in found
    assert fault(marked(table, "| a | b |\n|---|---|\n| 3 | |\n")) is None
    assert marked("all of it", "").count("<del>all of it</del>") == 1
    assert marked("", "all of it") == '<p dir="auto"><ins>all of it</ins></p>'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1. Soak rice.\n2. Grind it.", "Boil water."),
        ("Soak rice.\n\n- grind", "- boil"),
        ("a", ""),
    ],
)
def test_what_is_gone_at_the_beginning_leaves_no_empty_line_there(before, after):
    # Line breaks in the HTML are shown.
    assert re.match(r"(<[^>]*>)*[^<\s]", marked(before, after))


def test_a_formula_is_marked_as_a_whole():
    found = marked("So $x^2$ it is.", "So $x^3$ it is.")
    assert "<ins><math" in found
    assert "</math></ins> it is." in found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("$x^2$", "$x_2$"),
        (r"$\frac{a}{b}$", "$a b$"),
        (r"$\sqrt{x}$", "$x$"),
        ("$x_1^2$", "$x^12$"),
    ],
)
def test_a_formula_of_the_same_letters_in_another_shape_is_marked(before, after):
    found = marked(f"So {before} it is.", f"So {after} it is.")
    assert found.count("<ins><math") == found.count("<del>") == 1
    assert marked(f"So {after} it is.", f"So {after} it is.") == to_html(f"So {after} it is.")


def test_a_task_that_was_ticked_is_marked():
    found = marked("- [ ] a\n- [x] b", "- [x] a\n- [x] b")
    assert found.count("<ins>") == found.count("<del>☐</del>") == 1
    assert "<ins><input" in found
    assert fault(found) is None


def test_words_are_counted_and_what_is_the_same_holds_no_mark():
    found = changes([to_html("Soak the rice.")], [to_html("Soak much more rice.")])
    assert (found.added, found.removed) == (2, 1)
    same = to_html("# A\n\n- b\n- c")
    assert changes([same], [same]) == Changes((same,), 0, 0)


def text_of(html, *without):
    """What is left of the text when these marks go with their content."""
    for tag in without:
        html = re.sub(f"<{tag}>.*?</{tag}>", "", html, flags=re.DOTALL)
    return "".join(Shown(html).text.split())


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.booleans())
def test_of_any_two_answers_both_are_still_there_and_nothing_off_the_list(one, other, is_plain):
    render = plain_html if is_plain else lambda text: to_html(text, clock=lambda: 0.0)
    before, after = (render(Hostile(seed, ["http://e.example"]).answer(2)) for seed in (one, other))
    found = "".join(changes([before], [after]).pieces)
    assert fault(found) is None
    assert text_of(found, "del") == text_of(after)


def test_long_answers_are_compared_within_a_second_or_not_at_all():
    words = [f"word{n * 7919 % 997}" for n in range(MAX_COMPARED // 8)]
    before, after = " ".join(words), " ".join(reversed(words))
    began_s = time.thread_time()
    assert changes([plain_html(before)], [plain_html(after)]) is not None
    assert time.thread_time() - began_s < 1
    assert changes([], [plain_html("x" * (MAX_COMPARED + 1))]) is None
