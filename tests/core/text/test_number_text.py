"""What is typed into a number field is read as every reader would, or refused."""

import os
import re
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playground.core.checks.number_fields import RULES, first_text, with_texts
from playground.core.request.request import Params
from playground.core.text.number_text import (
    NumberError,
    number_text,
    problem_of,
    read_float,
    read_number,
    read_whole,
    rule,
    value_text,
)

EXAMPLES = int(os.environ.get("EXAMPLES", "400"))
"""How many are tried; set it to thousands for a long look."""

TEMPERATURE, MAX_TOKENS = RULES["temperature"], RULES["max_tokens"]
ANY = rule("It", "-1000000000000", "1000000000000")
COUNT = rule("It", "-1000000000000", "1000000000000", is_whole=True)
LETTERS = "0123456789" * 3 + ",.,. '\u2019\u00a0\u202f\u2009_eE+-\u2212x\u066b\u066c\uff0c"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("0,1", 0.1),
        (",5", 0.5),
        (".5", 0.5),
        ("+0.5", 0.5),
        (" 0.5 ", 0.5),
        ("\u00a00,5\u202f", 0.5),
        ("1e-1", 0.1),
        ("1E0", 1.0),
        ("１．５", 1.5),
        ("\u0660\u066b\u0665", 0.5),
        ("1.0000", 1.0),
        ("-0", 0.0),
        ("\u22120.0", 0.0),
        ("0.000", 0.0),
    ],
)
def test_a_temperature_is_read_as_it_is_written_anywhere(text, value):
    assert repr(read_float(text, TEMPERATURE)) == repr(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("300", 300),
        ("1,000", 1000),
        ("10,000", 10_000),
        ("1,000,000", 1_000_000),
        ("1.000.000", 1_000_000),
        ("10,00,000", 1_000_000),
        ("1 000", 1000),
        ("1\u202f000", 1000),
        ("1\u2009000", 1000),
        ("1\u00a0000", 1000),
        ("1'000", 1000),
        ("1\u2019000", 1000),
        ("1_000", 1000),
        ("1e3", 1000),
        ("1.5e3", 1500),
        ("1,5E+3", 1500),
        ("３００", 300),
        ("\u0663\u0660\u0660", 300),
    ],
)
def test_a_count_is_read_with_any_mark_for_thousands(text, value):
    assert read_whole(text, MAX_TOKENS) == value


@pytest.mark.parametrize(
    "text",
    [
        *("5", "-1", "\u22121", "2.01", "1e3", "1e999", "99999999999999999999"),
        *("01", "00.5", "1.", "1,", ".", ",", "-", "+", "e", "1e", "1e-", "--1", "+-1"),
        *("1,000", "1.000", "1,500", "0 5", "0.5 5", "1,5,5", "1.5.5", "0.1,5", "1,00,0"),
        *("nan", "inf", "Infinity", "0x1", "0b1", "1j", "one", "0.5%", "$1", "½", "²", "1/2"),
        *("1\u200b", "\u202e12", "0\u20665", "0.5\ufeff", "1\x00", "0D5", "0G5", "O.5", "l"),
        *("1e-400", "0.12345678901234567890123", "0." + "0" * 50 + "1", "1" * 10_000),
    ],
)
def test_what_is_no_temperature_is_an_error_that_names_the_field(text):
    assert problem_of(text, TEMPERATURE).startswith("Temperature ")
    assert len(problem_of(text, TEMPERATURE)) < 160


@pytest.mark.parametrize(
    "text",
    [
        *("-1", "-5", "9999999999", "1000001", "1.5", "0.5", "1.000", "1,00", "1,0", "300.0"),
        *("1,00,0", "1,0000", "1.000,0", "1,000.0", "1 00", "1 0000", "1,000.000", "0,100"),
        *("1,500e3", "1.500e3", "1e-1", "15e-1", "", " ", "\u00a0", "300 tokens", "3OO"),
    ],
)
def test_what_is_no_count_is_an_error_that_names_the_field(text):
    assert problem_of(text, MAX_TOKENS).startswith("max_tokens ")


def test_an_ambiguous_text_is_told_both_ways_to_read_it():
    assert problem_of("1.250", ANY) == "It “1.250” could mean 1.25 or 1250. Write one of these."
    assert problem_of("1.125", ANY) == "It “1.125” could mean 1.1250 or 1125. Write one of these."
    assert read_number("1.25", ANY) == Decimal("1.25")
    assert read_number("1.1250", ANY) == Decimal("1.125")
    assert read_number("1250", ANY) == 1250


def test_nothing_typed_is_no_number_unless_there_has_to_be_one():
    assert read_number("", TEMPERATURE) is None
    assert read_number(" \u00a0", TEMPERATURE) is None
    assert problem_of("", MAX_TOKENS) == (
        "max_tokens is empty. Enter a whole number from 0 to 1,000,000."
    )


def readings(text):
    """The numbers that readers of several countries find in a text."""
    plain = text.strip().replace("\u2212", "-").replace("\uff0c", ",").replace("\u2019", "'")
    found = re.fullmatch(r"([+-]?)(.+?)(?:[eE]([+-]?\d{1,3}))?", plain)
    if not found:
        return set()
    sign, body, exponent = found.groups()
    styles = [  # The mark for thousands, their pattern, the marks for decimals.
        (",", r"\d{1,3}(,\d{3})*", "[.\u066b]"),
        (r"\.", r"\d{1,3}(\.\d{3})*", "[,\u066b]"),
        (r"\s", r"\d{1,3}(\s\d{3})*", "[.,\u066b]"),
        ("'", r"\d{1,3}('\d{3})*", "[.,\u066b]"),
        ("_", r"\d{1,3}(_\d{3})*", "[.,\u066b]"),
        (",", r"\d{1,2}(,\d{2})*(,\d{3})", "[.\u066b]"),
        ("\u066c", "\\d{1,3}(\u066c\\d{3})*", "[.,\u066b]"),
        ("none", r"\d+", "[.,\u066b]"),
    ]
    values = set()
    for mark, thousands, point in styles:
        match = re.fullmatch(rf"(?P<whole>{thousands})?(?:{point}(?P<rest>\d*))?", body)
        # Nobody begins groups of thousands with a zero.
        is_grouped = match is not None and re.search(mark, match["whole"] or "")
        if is_grouped and match["whole"].startswith("0"):
            continue
        if match and (match["whole"] or match["rest"]):
            whole = re.sub(mark, "", match["whole"] or "0")
            values.add(Decimal(f"{sign}{whole}.{match['rest'] or '0'}e{exponent or 0}"))
    return values


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.text(LETTERS, max_size=9))
@example("1,000")
@example("1.000")
@example("1,00,000")
@example("1 000,5")
@example("0.001")
@example("0,001")
def test_no_reader_understands_another_number_than_is_read(text):
    try:
        found = read_number(text, ANY)
    except NumberError:
        return
    assert found is None or readings(text) == {found}


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.text(LETTERS, max_size=9))
def test_a_count_has_but_the_pages_own_mark_beside_what_all_understand(text):
    try:
        found = read_number(text, COUNT)
    except NumberError:
        return
    if found is not None and readings(text) != {found}:
        assert re.fullmatch(r"\s*[+-\u2212]?[1-9]\d{0,2}[,\uff0c]\d{3}\s*", text)
        assert found == Decimal(re.sub(r"[,\uff0c\s]", "", text).replace("\u2212", "-"))


@example(1.001e-30)
@example(5e-324)
@given(
    st.one_of(
        st.floats(-1e9, 1e9),
        st.integers(-(10**9), 10**9),
    )
)
def test_what_a_field_shows_first_is_read_as_the_same_number(value):
    text = number_text(value)
    assert read_float(text, ANY) == value


@given(st.integers(1, 999_999), st.sampled_from(["temperature", "top_p"]))
def test_no_parameter_is_shown_in_a_way_that_is_refused(thousandths, parameter):
    value = thousandths / 1000
    if value <= 2:
        assert read_float(first_text(parameter, value), ANY) == value


def test_parameters_come_from_the_texts_and_what_cannot_be_read_is_not_set():
    texts = [("temperature", "0,7"), ("max_tokens", "1 000"), ("top_k", "4O"), ("top_p", "")]
    params = with_texts(Params("m", 5, top_k=3, top_p=0.5), texts)
    assert params == Params("m", 1000, temperature=0.7)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.0, "0"), (1, "1"), (0.1234567890123, "0.1234567890123"), ("high", "high"),
     (True, "True"), (None, "None"), (float("nan"), "nan"), (1e-07, "0.0000001")],
)  # fmt: skip
def test_a_value_of_a_request_is_written_in_one_way_with_all_its_digits(value, text):
    assert value_text(value) == text
