"""Any numbers find places on an axis whose ticks are round and told apart."""

import math
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playground.core.plot_scale import LARGEST, Axis, drawable, quartiles, scale_of

VALUES = st.lists(st.floats(-LARGEST, LARGEST).map(lambda x: drawable(x)), max_size=8)


@given(VALUES, st.booleans())
@example([0.1, 0.1 + 1e-12], False)
@example([1e99, -1e99], True)
@example([5e-100], False)
@example([1e9 + 1, 1e9 + 7], False)
def test_every_value_is_on_the_axis_and_ticks_are_round_and_told_apart(values, from_zero):
    scale = scale_of(values, 70, 600, from_zero=from_zero)
    assert all(70 <= scale.place(value) <= 600 for value in values)
    ticks = scale.ticks()
    labels = [label for _, label in ticks]
    assert 2 <= len(ticks) <= 8
    assert len(set(labels)) == len(labels)
    places = [scale.place(value) for value, _ in ticks]
    assert places == sorted(places)
    assert all(70 - 1e-6 <= place <= 600 + 1e-6 for place in places)
    for value, label in ticks:
        assert math.isclose(float(label.replace(",", "")), value, rel_tol=1e-6, abs_tol=1e-99)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0, 1], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ([0, 1500], ["0", "500", "1,000", "1,500"]),
        ([0.0001, 0.0004], ["0.0001", "0.0002", "0.0003", "0.0004"]),
    ],
)
def test_ticks_are_written_as_people_write_them(values, labels):
    assert [label for _, label in scale_of(values, 0, 1, from_zero=False).ticks()] == labels


@pytest.mark.parametrize(
    "value", [None, math.nan, math.inf, Decimal("NaN"), Decimal("sNaN"), 10**400, Decimal("1e400")]
)
def test_what_has_no_place_has_none(value):
    assert drawable(value) is None


def test_dollars_are_drawn_and_a_minus_stands_before_the_unit():
    assert drawable(Decimal("0.0016")) == 0.0016
    assert Axis("Cost", "$").say("-0.5") == "-$0.5"
    assert Axis("Latency", suffix=" s").say("2") == "2 s"


def test_quartiles_lie_between_the_values():
    assert quartiles([4, 1, 3, 2, 5]) == (2, 3, 4)
    assert quartiles([1, 2]) == (1.25, 1.5, 1.75)
    assert quartiles([7]) == (7, 7, 7)
