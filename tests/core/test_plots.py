"""Pictures of numbers: whole whatever the numbers, and dead whatever the names."""

import math
import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.plot_frame import ALONE, HEIGHT, MOST_NAMED, WIDTH
from playground.core.plot_scale import Axis
from playground.core.plots import (
    MOST_DRAWN,
    Point,
    Sample,
    Spread,
    distribution,
    scatter,
    spreads,
)

COST, QUALITY, LATENCY = Axis("Cost", "$"), Axis("Quality"), Axis("Latency", suffix=" s")
NUMBERS = st.one_of(
    st.none(),
    st.floats(),
    st.integers(),
    st.decimals(),
    st.sampled_from([10**400, Decimal("1e400")]),
)
NAMES = st.text(max_size=30)
LAZY = settings(max_examples=60)


def parsed(svg):
    """The picture as a strict parser reads it, once no place in it is no number."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        for name in ("d", "transform", "x", "y"):
            assert not re.search("nan|inf", element.get(name, ""))
    return root


def words(svg):
    return [element.text for element in parsed(svg).iter() if element.text]


def marks(svg):
    """The places of the shapes that stand for something."""
    found = [each.get("transform", "") for each in parsed(svg).iter() if each.tag.endswith("path")]
    places = [re.fullmatch(r"translate\((\S+) (\S+)\)", each) for each in found]
    return [(float(each[1]), float(each[2])) for each in places if each]


def test_quality_against_cost_stands_where_it_should():
    points = [
        Point(Decimal("0.001"), 0.5, "haiku", "Haiku: 0.5"),
        Point(Decimal("0.002"), 0.7, "sonnet"),
        Point(Decimal("0.003"), 0.9, "sonnet"),
    ]
    svg = scatter("Quality and cost", points, COST, QUALITY)
    *_, first, second, third = marks(svg)
    assert first[0] < second[0] < third[0]
    assert first[1] > second[1] > third[1]
    assert math.isclose(second[0] - first[0], third[0] - second[0], abs_tol=0.2)
    for text in ("Quality and cost", "Cost", "Quality", "haiku", "sonnet", "Haiku: 0.5", "$0.0010"):
        assert text in words(svg)
    assert "currentColor" in svg
    assert 'fill="none"' in svg


@pytest.mark.parametrize("share", [0, 50, 100])
def test_shares_stand_between_0_and_100_wherever_they_are(share):
    axis = Axis("Passed", suffix=" %", bounds=(0, 100))
    svg = scatter("A", [Point(Decimal("0.001"), share)], COST, axis)
    shown = [each for each in words(svg) if each.endswith(" %")]
    assert shown == ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]


def test_a_saved_picture_has_its_own_ground():
    svg = scatter("A", [Point(1, 1)], COST, QUALITY, ALONE)
    assert "#ffffff" in svg
    assert 'color="#262730"' in svg


def test_a_spread_reaches_from_its_lowest_to_its_highest():
    axis = Axis("Temperature")
    svg = spreads("Spread", [Spread(0, 5, 4, 9, "A"), Spread(1, 5, 9, 1, "B")], axis, QUALITY)
    lines = re.findall(r'd="M(\S+) (\S+)L(\S+) (\S+)" stroke="#', svg)
    assert len(lines) == 6
    (x1, y1, x2, y2), *_ = [tuple(map(float, each)) for each in lines]
    assert x1 == x2
    assert y1 > y2


def test_a_distribution_draws_each_value_and_a_box_only_around_enough():
    svg = distribution("Latency", [Sample("A", [1, 2, 3]), Sample("B", [5] * 9)], LATENCY)
    assert len(marks(svg)) == 12
    assert svg.count('stroke-width="3"') == 2
    assert svg.count('stroke-width="1.5"') == 6
    assert {"0 s", "2 s", "4 s", "A", "B"} <= set(words(svg))


def test_what_has_no_number_is_left_out_and_counted():
    svg = scatter("A", [Point(1, None), Point(math.nan, 1), Point(1, 2)], COST, QUALITY)
    assert len(marks(svg)) == 1
    assert "2 without a number left out" in words(svg)


@pytest.mark.parametrize(
    "svg",
    [
        scatter("A", [], COST, QUALITY),
        spreads("A", [Spread(1, None, None, None)], COST, QUALITY),
        distribution("A", [Sample("x", [])], LATENCY),
        distribution("A", [], LATENCY),
    ],
)
def test_without_numbers_it_says_so(svg):
    assert "No numbers yet." in words(svg)


@LAZY
@given(st.lists(st.builds(Point, NUMBERS, NUMBERS, NAMES, NAMES), max_size=8))
def test_any_points_make_a_whole_picture(points):
    found = marks(scatter("t", points, COST, QUALITY))
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in found)


@LAZY
@given(st.lists(st.builds(Spread, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NAMES), max_size=6))
def test_any_spreads_make_a_whole_picture(points):
    found = marks(spreads("t", points, COST, QUALITY))
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in found)


@LAZY
@given(st.lists(st.builds(Sample, NAMES, st.lists(NUMBERS, max_size=8)), max_size=8))
def test_any_samples_make_a_whole_picture(samples):
    found = marks(distribution("t", samples, LATENCY))
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in found)


def test_the_names_of_many_columns_stand_aslant_and_are_thinned():
    def named(count, name):
        samples = [Sample(f"{i} {name}", [1]) for i in range(count)]
        return distribution("Many", samples, LATENCY)

    assert "rotate(-35)" not in named(3, "Claude Haiku 4.5") + named(12, "")
    assert named(12, "Claude Haiku 4.5").count("rotate(-35)") == 12
    assert "11 Claude Hai…" in words(named(12, "Claude Haiku 4.5"))
    assert named(100, "Claude Haiku 4.5").count("rotate(-35)") == 25


def test_hostile_names_stay_text():
    name = "</text><script>x</script>\" onload='y' ]]> &lt; \x00\x08\ud800￿"
    for svg in (
        scatter(name, [Point(1, 1, name, name), Point(1, 1, "b")], Axis(name, name, name), QUALITY),
        distribution(name, [Sample(name, [1])], Axis(name)),
    ):
        tags = {element.tag.split("}")[1] for element in parsed(svg).iter()}
        assert tags <= {"svg", "rect", "text", "path", "title"}
        names = {name for element in parsed(svg).iter() for name in element.attrib}
        assert not {name for name in names if name.startswith("on")}


def test_many_points_are_thinned_and_many_groups_named_in_part():
    many = [Point(i, i, str(i % 40)) for i in range(3 * MOST_DRAWN)]
    svg = scatter("A", many, COST, QUALITY)
    assert len(marks(svg)) == MOST_DRAWN + MOST_NAMED
    assert f"{MOST_DRAWN:,} of {3 * MOST_DRAWN:,} drawn" in words(svg)
    assert "and 28 more" in words(svg)
