"""Cases come in from files and go out to them; what is not as it was is said in both ways."""

import pytest
from ui.driving import ask, open_band, paste

from playground.core.experiment.case_files import read_cases
from playground.core.experiment.cases import Cases
from playground.ui.experiment.case_table import csv_file
from playground.ui.log.export_files import FORMATS


@pytest.fixture
def band(page):
    open_band(page)
    return ask(page)


def infos(page):
    return " ".join(each.value for each in page.info)


def test_two_records_are_two_cases_and_nothing_is_said_of_them(band):
    paste(
        band, '[{"country": "Peru", "expected": "Lima"}, {"country": "Togo", "expected": "Lomé"}]'
    )
    assert not band.exception
    assert band.session_state["case_table"] == (
        ("country", "expected"),
        (("Peru", "Lima"), ("Togo", "Lomé")),
    )
    assert not band.info


def test_what_was_changed_to_read_a_file_is_shown_until_the_next_one(band):
    paste(band, "sep=;\ncountry;expected\nPeru;Lima\nTogo\n")
    assert "Changed from the file" in infos(band)
    assert "Row 3 has 1 cell" in infos(band).replace("\\", "")
    paste(band, "country,expected\nPeru,Lima\n")
    assert not band.info


def test_what_is_no_table_is_named_and_leaves_the_cases_as_they_were(band):
    paste(band, "country,expected\nPeru,Lima\n")
    before = band.session_state["case_table"]
    paste(band, "- country: Peru\n  expected: Lima\n")
    assert "YAML" in " ".join(each.value for each in band.error)
    assert band.session_state["case_table"] == before


def test_a_csv_that_is_not_exact_says_so_and_names_the_one_that_is(band):
    paste(band, "country,expected\n=1+1,Lima\n")
    band.session_state["export_cases"] = True
    band.run()
    said = " ".join(each.value for each in band.caption)
    assert "The CSV is not exact" in said
    assert "JSON Lines is exact" in said
    paste(band, "country,expected\nPeru,Lima\n")
    assert "not exact" not in " ".join(each.value for each in band.caption)


def test_the_cases_as_csv_begin_with_the_mark_by_which_spreadsheets_know_utf_8():
    table = Cases(("country", "expected"), (("Togo", "Lomé"),))
    data = csv_file(table).encode()
    assert data.startswith(b"\xef\xbb\xbf")
    assert read_cases(data) == table


def test_the_logs_csv_says_that_it_is_not_exact_and_which_file_is():
    about = {each.name: each.about for each in FORMATS}
    assert "Not exact" in about["CSV"]
    assert "JSONL is exact" in about["CSV"]
