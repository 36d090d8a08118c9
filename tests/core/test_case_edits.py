"""Tables and sweeps as a person types them."""

import pytest

from playground.core.case_edits import edited, with_columns
from playground.core.grid import GridError
from playground.core.sweep_texts import numbers, whole_numbers

TABLE = (("city", "expected"), (("Rome", "It"), ("Lima", "")))


def test_a_table_follows_what_is_edited_added_and_deleted():
    changes = {
        "edited_rows": {1: {"expected": "Pe"}, "9": {"city": "nowhere"}},
        "added_rows": [{"city": "Oslo"}, {"city": 4, "expected": None}],
        "deleted_rows": [0],
    }
    assert edited(TABLE, changes)[1] == (("Lima", "Pe"), ("Oslo", ""), ("4", ""))


def test_columns_follow_the_variables_and_lose_no_text():
    assert with_columns(TABLE, ["land"]) == (
        ("land", "expected", "city"),
        (("", "It", "Rome"), ("", "", "Lima")),
    )
    assert with_columns((("old", "expected"), ()), ["city"]) == (("city", "expected"), ())
    assert with_columns(TABLE, ["city"]) is TABLE


def test_values_of_a_sweep_are_numbers_parted_by_commas_or_spaces():
    assert numbers("temperature", " 0, .5 1;") == (0.0, 0.5, 1.0)
    assert whole_numbers("max_tokens", "") == ()
    assert whole_numbers("max_tokens", "100, 200") == (100, 200)
    for read, text in ((numbers, "0, warm"), (numbers, "-1"), (whole_numbers, "1.5")):
        with pytest.raises(GridError):
            read("temperature", text)
