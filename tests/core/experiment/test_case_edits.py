"""Tables and sweeps as a person types them."""

import pytest

from playground.core.experiment.case_edits import apply_changes, read_changes, with_columns
from playground.core.experiment.grid import GridError, numbers, whole_numbers

TABLE = (("city", "expected"), (("Rome", "It"), ("Lima", "")))


def test_a_table_follows_one_change_after_the_other():
    changes = [(1, "expected", "Pe"), (0, None, ""), (1, "city", "Oslo"), (3, "city", "Bern")]
    found = (("Lima", "Pe"), ("Oslo", ""), ("", ""), ("Bern", ""))
    assert apply_changes(TABLE, changes)[1] == found
    assert apply_changes(TABLE, [(9, None, ""), (0, "land", "x"), (-1, "city", "x")]) == TABLE


@pytest.mark.parametrize(
    "said", [None, [], {}, {"ops": 1}, {"ops": [], "version": "1", "start": 0}]
)
def test_what_no_table_says_changes_nothing(said):
    assert read_changes(said) == (-1, 0, ())


def test_changes_are_read_as_the_browser_says_them_and_keep_their_number():
    ops = [[0, "city", "Rom"], [1], "x", [1, 2, 3], ["0", "city", "y"]]
    version, start, changes = read_changes({"version": 3, "start": 4, "ops": ops})
    assert (version, start, len(changes)) == (3, 4, 5)
    assert apply_changes(TABLE, changes)[1] == (("Rom", "It"),)


def test_half_a_character_is_replaced_as_in_a_text_field_and_two_halves_are_joined():
    ops = [[0, "city", "R\ud83d!"], [1, "city", "\ud83d\ude00"]]
    changes = read_changes({"version": 1, "start": 0, "ops": ops})[2]
    assert [row[0] for row in apply_changes(TABLE, changes)[1]] == ["R\ufffd!", "😀"]


def test_columns_follow_the_variables_and_lose_no_text():
    assert with_columns(TABLE, ["land"]) == (
        ("land", "expected", "city"),
        (("", "It", "Rome"), ("", "", "Lima")),
    )
    assert with_columns((("old", "expected"), ()), ["city"]) == (("city", "expected"), ())
    assert with_columns(TABLE, ["city"]) is TABLE


def test_values_of_a_sweep_are_numbers_parted_by_commas_or_spaces():
    assert numbers("temperature", " 0, .5 1,") == (0.0, 0.5, 1.0)
    assert numbers("temperature", "0; 0,5;1;") == (0.0, 0.5, 1.0)
    assert whole_numbers("max_tokens", "1,000; 2 000") == (1000, 2000)
    assert whole_numbers("max_tokens", "") == ()
    assert whole_numbers("max_tokens", "100, 200") == (100, 200)
    for read, name, text in (
        (numbers, "temperature", "0, warm"),
        (numbers, "temperature", "-1"),
        (whole_numbers, "max_tokens", "1.5"),
    ):
        with pytest.raises(GridError):
            read(name, text)


@pytest.mark.parametrize(
    "text", ["0,5", "0,5, 1", "0,0.5,1", "0 ,5", ",5", "0\uff0c1", "5", "1 000", "0, 1.000", "0;;x"]
)
def test_values_that_could_be_read_in_two_ways_or_not_at_all_are_refused(text):
    with pytest.raises(GridError, match="Temperature"):
        numbers("temperature", text)


@pytest.mark.parametrize("text", ["1,000", "100,200", "1 500", "100 200", "1.000", "0", "1, 000"])
def test_counts_that_could_be_read_in_two_ways_are_refused(text):
    with pytest.raises(GridError, match="max_tokens"):
        whole_numbers("max_tokens", text)
