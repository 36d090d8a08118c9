"""No text becomes a formula in a spreadsheet, whichever separator that goes by."""

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.text.csv_cells import safe_cell

FORMULA = re.compile(r'[\s"]*[=+\-@＝＋－＠]')


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "  =1", "＝1", '"=1"'])
def test_a_formula_is_disarmed(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    ["a\n=1+1", "a;=1+1", "a\t=1+1", 'a;"=1+1"', "a\r\n  =1", "\t=1", "a;\n=1", "a\x85=1", "\n=1"],
)
def test_a_formula_after_a_line_break_or_another_separator_is_disarmed_there(text):
    assert re.sub(r"'", "", safe_cell(text)) == text
    assert "'=" in safe_cell(text) or "'\"=" in safe_cell(text) or "'  =" in safe_cell(text)


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "Lima", "a, -1", "a; b", "so\nit is", "x;1-2"])
def test_other_text_stays_as_it_is(text):
    assert safe_cell(text) == text


@given(st.lists(st.text("=-;,\t\r\n\"' a1", max_size=9), min_size=1, max_size=3))
@settings(max_examples=500)
def test_read_with_any_separator_no_cell_begins_a_formula(texts):
    out = io.StringIO()
    csv.writer(out).writerow(map(safe_cell, texts))
    for separator in (";", "\t"):
        # A spreadsheet that goes by another separator sees neither quotes nor their end.
        for cell in re.split(rf"[{separator}\r\n]", out.getvalue()):
            assert not FORMULA.match(cell), (cell, out.getvalue())
    for cell in next(csv.reader(io.StringIO(out.getvalue(), newline=""))):
        assert not FORMULA.match(cell)
