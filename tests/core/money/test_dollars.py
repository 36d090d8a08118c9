"""Sums of money as people write and read them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.money.dollars import amount, in_all_digits, in_dollars


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("", None),
        (" $0.50 ", "0.5"),
        (".25", "0.25"),
        ("3", "3"),
        ("0", "0"),
        ("1000000", "1000000"),
    ],
)
def test_an_amount_is_read_as_people_write_it(text, usd):
    assert amount(text) == (None if usd is None else Decimal(usd))


@pytest.mark.parametrize(
    "text", ["-1", "1e9", "nan", "0,50", "a lot", "9999999", "1000000.01", "0.1234567", "."]
)
def test_what_is_not_an_amount_is_refused(text):
    with pytest.raises(ValueError, match=r"^not an amount of dollars$"):
        amount(text)


@pytest.mark.parametrize(
    ("usd", "text"),
    [("1", "$1.00"), ("1.5", "$1.50"), ("1234.5", "$1,234.50"), ("0.01234", "$0.0123")],
)
def test_an_amount_has_cents_and_below_a_dollar_two_significant_digits(usd, text):
    assert in_dollars(Decimal(usd)) == text


@given(st.decimals("0.000001", 10**6, allow_nan=False, places=6))
def test_no_amount_is_written_as_nothing(usd):
    assert Decimal(in_dollars(usd).replace("$", "").replace(",", "")) > 0


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0.5", "$0.50"),
        ("0.005", "$0.005"),
        ("2000", "$2,000.00"),
        ("0", "$0"),
        ("0.00001", "$0.00001"),
        ("1.999", "$1.999"),
        ("12.345", "$12.345"),
        ("1.009", "$1.009"),
        ("3", "$3.00"),
        ("1E+3", "$1,000.00"),
    ],
)
def test_a_limit_has_all_its_digits_and_at_least_cents(usd, text):
    assert in_all_digits(Decimal(usd)) == text
