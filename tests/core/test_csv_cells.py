"""No text becomes a formula in a spreadsheet."""

import pytest

from playground.core.csv_cells import safe_cell


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "  =1", "＝1"])
def test_a_formula_is_disarmed(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "Lima"])
def test_other_text_stays_as_it_is(text):
    assert safe_cell(text) == text
