"""Days as people type them: read in one way, or refused with the reason."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.text.day_text import DayError, DayRule, read_day

DAY = DayRule("To day")
UNTIL_TODAY = DayRule("The day", last=date(2026, 11, 29), is_required=True)
THAT_DAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-29",
        " 2026-11-29 ",
        "2026/11/29",
        "2026.11.29",
        "20261129",
        "2026\u201311\u201329",
        "２０２６-１１-２９",
        "29.11.2026",
        "29. 11. 2026",
        "29/11/2026",
        "29-11-2026",
        "11/29/2026",
        "29 Nov 2026",
        "29 November 2026",
        "29. Nov. 2026",
        "Nov 29, 2026",
        "november 29 2026",
        "29\u00a0Nov\u202f2026",
    ],
)
def test_a_day_is_read_as_it_is_meant(text):
    assert read_day(text, DAY) == THAT_DAY


def test_nothing_typed_is_no_day_unless_one_is_required():
    assert read_day(" ", DAY) is None
    with pytest.raises(DayError, match="The day is empty"):
        read_day("", UNTIL_TODAY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-02-30", "To day “2026-02-30” is not in the calendar."),
        ("2026-13-01", "is not in the calendar"),
        ("29.02.2025", "is not in the calendar"),
        ("0000-01-01", "is not in the calendar"),
        ("3/4/2026", "could mean 2026-03-04 or 2026-04-03. Write one of these."),
        ("03-04-2026", "could mean 2026-03-04 or 2026-04-03"),
        ("2026-11", "is not a day"),
        ("2026-11-", "is not a day"),
        ("2026-11/29", "is not a day"),
        ("29 Nov 26", "is not a day"),
        ("29 Novem 2026", "is not a day"),
        ("29 Nev 2026", "is not a day"),
        ("yesterday", "is not a day"),
        ("2026-11-29T00:00", "is not a day"),
        ("9" * 41, "is not a day"),
    ],
)
def test_what_is_no_day_or_could_be_two_is_refused_with_the_reason(text, why):
    with pytest.raises(DayError) as refused:
        read_day(text, DAY)
    assert why in str(refused.value)


def test_a_day_after_the_last_is_refused_and_never_replaced_by_it():
    assert read_day("2026-11-29", UNTIL_TODAY) == THAT_DAY
    with pytest.raises(DayError, match="The day “2026-11-30” is after 2026-11-29"):
        read_day("2026-11-30", UNTIL_TODAY)


@given(st.dates())
def test_every_day_is_read_back_from_what_a_field_shows_of_it(day):
    assert read_day(day.isoformat(), DAY) == day


@given(st.text(max_size=50))
def test_any_text_is_a_day_nothing_or_a_sentence(text):
    try:
        found = read_day(text, DAY)
    except DayError:
        return
    assert found is None or read_day(found.isoformat(), DAY) == found
