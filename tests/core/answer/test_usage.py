"""What several attempts reported is summed, whatever fields a report has."""

from dataclasses import fields, make_dataclass

from hypothesis import given
from hypothesis import strategies as st

from playground.core.answer.events import Usage

COUNTS = [each.name for each in fields(Usage) if each.type in (int, "int")]


@given(st.lists(st.builds(Usage), min_size=1, max_size=4))
def test_every_count_is_summed_and_a_sum_is_as_complete_as_its_parts(reports):
    first, *others = reports
    total = first
    for each in others:
        total += each
    for name in COUNTS:
        assert getattr(total, name) == sum(getattr(each, name) for each in reports)
    assert total.is_complete == all(each.is_complete for each in reports)


def test_a_sum_says_nothing_of_the_length_of_one_prompt():
    assert (Usage(1) + Usage(2)).is_summed
    assert not Usage(1).is_summed


def test_of_what_is_no_count_the_later_report_tells():
    total = Usage(1, speed="fast", inference_geo="us") + Usage(2, speed="standard")
    assert (total.input_tokens, total.speed, total.inference_geo) == (3, "standard", "us")


def test_fields_of_a_later_edition_are_summed_too():
    later = make_dataclass(
        "Later",
        [("searches", int, 0), ("used_container", bool, False), ("parts", tuple, ())],
        bases=(Usage,),
        frozen=True,
    )
    total = later(searches=1, used_container=True, parts=(1,)) + later(searches=2, parts=(2,))
    assert (total.searches, total.used_container, total.parts) == (3, True, (1, 2))
