"""The beginning of a text, as the cell of a table shows it."""

import pytest

from playground.core.text.one_line import answer_line, one_line


def test_a_text_becomes_one_line_and_says_where_it_is_cut():
    assert one_line("two\n\n lines", 20) == "two lines"
    assert one_line("exactly ten", 11) == "exactly ten"
    assert one_line("one word and more", 10) == "one word…"
    assert one_line("ఇడ్లీ " * 100, 12) == "ఇడ్లీ ఇడ్లీ…"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ("1. **Ferment it.** It doubles.", "1. Ferment it. It doubles."),
        ("# Dosa\n\n## Tips\nHot pan", "Dosa Tips Hot pan"),
        ("**a** and **b**", "a and b"),
        ("2 ** 3 ** 4", "2 ** 3 ** 4"),
        ("x**2 + y**2 = z**2", "x**2 + y**2 = z**2"),
        ("Mostly **(a)**, then **b**.", "Mostly (a), then b."),
        ("an open **mark", "an open **mark"),
        ("C# and #5 stay", "C# and #5 stay"),
        ('{"note": "**not** bold"}', '{"note": "**not** bold"}'),
        ("```python\n# sum\nf(**a, **b)\n```", "```python # sum f(**a, **b) ```"),
    ],
)
def test_an_answers_line_is_without_marks_for_bold_and_headings_but_code_keeps_its_own(
    answer, line
):
    assert answer_line(answer, 80) == line


def test_of_a_long_text_no_more_is_read_than_a_cell_can_show():
    assert answer_line("**" + "a" * 10_000_000, 10) == "**aaaaaaa…"


@pytest.mark.parametrize("line", [one_line, answer_line])
def test_what_stands_behind_much_white_space_is_cut_but_not_denied(line):
    assert line("Yes." + "\n" * 1000 + "But no.", 40) == "Yes.…"
    assert line("\n" * 1000 + "Late", 40) == "…"
    assert line("Yes." + "\n" * 1000, 40) == "Yes."
