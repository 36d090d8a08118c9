"""What an experiment would run, what is flagged before it does, and what it can cost."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from playground.core.answer.retry import RetryPolicy
from playground.core.experiment.case_checks import CaseCheck
from playground.core.experiment.cases import Cases
from playground.core.experiment.grid import (
    GridError,
    Sweep,
    require_size,
    settings,
    short_names,
    unique_names,
)
from playground.core.experiment.grid_plan import plan_cell, plan_grid
from playground.core.request.connection import CLAUDE, DEMO, Connection
from playground.core.request.model_catalogue import CATALOGUE
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.request.template import MAX_CHARACTERS
from playground.core.runs.run_plan import RunContext, Variant

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AROUND = RunContext(CLAUDE, RetryPolicy(), CATALOGUE, NOON)
REQUEST = Request(
    Prompt("Be terse.", (Message("user", "Capital of {{country}}?"),)),
    Params("claude-haiku-4-5", 100),
)
A = Variant("A", REQUEST)
COUNTRIES = Cases(("country", "expected"), (("India", "New Delhi"), ("France", "Paris")))


def planned(chosen, cases=COUNTRIES, repeats=1, checks=(), around=AROUND):
    return plan_grid(chosen, cases, repeats, checks, around)


def test_a_case_that_leaves_the_text_of_a_check_empty_is_named_before_anything_is_paid_for():
    cases = Cases(("country", "expected"), (("India", "New Delhi"), ("France", "")))
    checks = (CaseCheck("json"), CaseCheck("contains", "{{expected}}"))
    notes = planned(settings([A], []), cases, checks=checks).notes
    assert [(note.severity, note.case, note.text) for note in notes] == [
        ("warning", 1, "Check 2: There is no text to compare with.")
    ]


def test_a_grid_is_every_setting_with_every_case_as_often_as_wished():
    chosen = settings([A, Variant("B", REQUEST)], [Sweep("temperature", (0.0, 1.0))])
    assert [setting.name for setting in chosen] == [
        "A · temperature 0",
        "A · temperature 1",
        "B · temperature 0",
        "B · temperature 1",
    ]
    found = planned(chosen, repeats=3)
    cells = list(found.grid.cells())
    assert len(cells) == 4 * 2 * 3
    assert [cell.repeat for cell in cells] == sorted(cell.repeat for cell in cells)
    assert found.calls == 2 * 2 * 3  # A and B are the same


def test_settings_that_send_the_same_are_said_to_and_run_once():
    opus = replace(REQUEST, params=Params("claude-opus-5", 100))
    found = planned(settings([Variant("A", opus)], [Sweep("temperature", (0.0, 1.0))]))
    assert found.grid.identical_settings == ((0, 1),)
    assert found.calls == 2
    texts = [note.text for note in found.notes]
    assert texts[-1] == "“A · temperature 1” sends the same as “A · temperature 0”: it is run once."
    assert texts[0].startswith("Temperature is not sent: ")


@pytest.mark.parametrize(
    ("variants", "text"),
    [
        ([A, Variant("B", REQUEST)], "B sends the same as A, whatever is swept: it is run once."),
        (
            [A, Variant("B", REQUEST), Variant("C", REQUEST)],
            "B and C send the same as A, whatever is swept: it is run once.",
        ),
        (
            [A, *(Variant(letter, REQUEST) for letter in "BCD")],
            "B, C and D send the same as A, whatever is swept: it is run once.",
        ),
    ],
    ids=["two", "three", "four"],
)
def test_variants_that_differ_only_in_what_is_swept_are_told_of_once(variants, text):
    found = planned(settings(variants, [Sweep("temperature", (0.0, 0.5, 1.0))]))
    assert [note.text for note in found.notes] == [text]


def test_several_settings_that_send_the_same_are_told_of_at_once():
    opus = Variant("A", replace(REQUEST, params=Params("claude-opus-5", 100)))
    found = planned(settings([opus], [Sweep("temperature", (0.0, 0.5, 1.0))]))
    assert found.notes[-1].text == (
        "2 settings send the same as an earlier one, "
        "such as “A · temperature 0.5” as “A · temperature 0”: it is run once."
    )


def test_a_short_name_leaves_out_what_all_share():
    models = Sweep("model", ("claude-haiku-4-5", "claude-opus-5"))
    sweeps = [Sweep("temperature", (0.0,)), models]
    assert short_names(settings([A], sweeps)) == ["claude-haiku-4-5", "claude-opus-5"]
    two = short_names(settings([A, Variant("B", REQUEST)], sweeps))
    assert two[0] == "A · claude-haiku-4-5"
    assert short_names(settings([A])) == ["A"]
    assert short_names(()) == []


def test_settings_that_are_named_alike_get_their_number():
    alike = settings([A, A])
    assert unique_names(alike) == short_names(alike) == ["A (1)", "A (2)"]
    assert unique_names(settings([A, Variant("B", REQUEST)])) == ["A", "B"]


def test_a_cell_is_known_by_what_is_sent_and_by_its_repeat():
    chosen = settings([A])
    grid = planned(chosen, repeats=2).grid
    ids = [cell.id for cell in grid.cells()]
    assert len(set(ids)) == 4
    renamed = planned(settings([Variant("F", REQUEST)]), repeats=2).grid
    assert [cell.id for cell in renamed.cells()] == ids
    turned = Cases(COUNTRIES.columns, COUNTRIES.rows[::-1])
    assert {cell.id for cell in planned(chosen, turned, 2).grid.cells()} == set(ids)
    elsewhere = planned(chosen, repeats=2, around=replace(AROUND, connection=DEMO)).grid
    assert not {cell.id for cell in elsewhere.cells()} & set(ids)


def test_the_worst_case_is_that_of_every_call_together():
    found = planned(settings([A], [Sweep("max_tokens", (10, 1_000))]), repeats=5)
    each = [
        plan_cell(setting, COUNTRIES.values(case), AROUND).worst_case_usd
        for setting in found.grid.settings
        for case in range(2)
    ]
    assert found.worst_case_usd == sum(each) * 5
    assert found.judges_usd == 0


def test_a_batch_is_bound_at_half_the_price_of_the_cells_that_it_holds():
    found = planned(settings([A], [Sweep("temperature", (0.0, 0.25))]), repeats=3)
    whole = found.batch_of(found.grid.places)
    assert (whole.calls, whole.worst_case_usd) == (12, found.worst_case_usd / 2)
    each = [found.batch_of([cell_id, "unsent-0-0-1"]) for cell_id in found.grid.places]
    assert {bound.calls for bound in each} == {1}
    assert sum(bound.worst_case_usd for bound in each) == whole.worst_case_usd
    assert found.not_in_batch == ""
    assert [setting.name for setting in found.grid.settings][1] == "A · temperature 0.25"


def test_what_no_batch_takes_is_left_out_with_the_reason():
    fast = replace(REQUEST, params=Params("claude-opus-5", 100, extra_json='{"speed": "fast"}'))
    found = planned(settings([A, Variant("B", fast)]))
    assert (found.calls, found.batch_of(found.grid.places).calls) == (4, 2)
    assert found.not_in_batch == "A batch does not accept speed."
    server = Connection("server", "Mine", "http://mine")
    found = planned(settings([A]), around=replace(AROUND, connection=server))
    assert found.batch_of(found.grid.places).calls == 0
    assert "this server may not" in found.not_in_batch


def test_an_unknown_price_makes_the_whole_unknown():
    found = planned(settings([A], [Sweep("model", ("claude-haiku-4-5", "my-own-model"))]))
    assert found.worst_case_usd is None


def test_judges_are_counted_and_estimated_apart():
    judge = CaseCheck("judge", "{{answer}}", model="claude-haiku-4-5")
    found = planned(settings([A]), repeats=3, checks=(judge, CaseCheck("contains", "x")))
    assert (found.calls, found.judgements) == (6, 6)
    assert Decimal("0.05") < found.judges_usd < Decimal("0.10")


def test_a_case_may_bring_its_own_checks_and_their_errors_are_named():
    own = '[{"kind": "judge", "text": "{{answer}}", "model": "claude-haiku-4-5"}]'
    table = Cases(("country", "checks"), (("India", own), ("France", "[1]"), ("Peru", "")))
    found = planned(settings([A]), table)
    assert found.judgements == 1
    assert [(note.case, note.text) for note in found.notes] == [
        (1, "A check must be an object with a kind.")
    ]


def test_a_case_that_cannot_be_sent_is_an_error_and_costs_nothing():
    found = planned(settings([A]), Cases(("country",), (("India",), ("",))))
    assert (found.calls, found.notes) == (2, ())
    blank = Variant("A", replace(REQUEST, prompt=Prompt("", (Message("user", "{{country}}"),))))
    found = planned(settings([blank]), Cases(("country",), (("India",), ("",))))
    assert found.calls == 1
    assert [(note.severity, note.setting, note.case) for note in found.notes] == [("error", 0, 1)]


def test_a_variable_without_a_column_is_an_error():
    found = planned(settings([A]), Cases(("city",), (("x",),)))
    assert found.calls == 0
    assert [note.text for note in found.notes] == ["There is no value for {{country}}."]


def test_what_is_not_sent_of_a_sweep_is_said_also_where_the_first_case_cannot_be_sent():
    newest = Variant("A", replace(REQUEST, params=Params("claude-opus-5", 100)))
    swept = settings([newest], [Sweep("temperature", (0.2, 0.8))])
    warnings = {note for note in planned(swept, COUNTRIES).notes if "run once" not in note.text}
    assert [note.severity for note in warnings] == ["warning", "warning"]
    too_long = Cases(("country",), (("x" * (MAX_CHARACTERS + 1),), ("India",)))
    notes = planned(swept, too_long).notes
    assert warnings < set(notes)
    assert [note.case for note in notes if note.severity == "error"] == [0, 0]


def test_a_cell_is_planned_with_its_values():
    [setting] = settings([A])
    plan = plan_cell(setting, COUNTRIES.values(1), replace(AROUND, press=7))
    assert (plan.press, plan.letter) == (7, "A")
    assert plan.request.prompt.messages[0].text == "Capital of France?"


@pytest.mark.parametrize(
    ("sweeps", "message"),
    [
        ([Sweep("effort", ())], "A sweep of effort needs values, each only once."),
        ([Sweep("effort", ("low", "low"))], "A sweep of effort needs values, each only once."),
        ([Sweep("effort", ("lots",))], "effort cannot be 'lots'."),
        ([Sweep("max_tokens", (1.5,))], "max_tokens cannot be 1.5."),
        ([Sweep("temperature", ("hot",))], "temperature cannot be 'hot'."),
        ([Sweep("model", ("",))], "model cannot be ''."),
        (
            [Sweep("max_tokens", (1,)), Sweep("max_tokens", (2,))],
            "A parameter can be swept only once.",
        ),
        ([Sweep("max_tokens", tuple(range(1, 52)))], "There can be at most 50 settings."),
    ],
    ids=["none", "twice", "effort", "tokens", "temperature", "model", "again", "many"],
)
def test_a_sweep_that_makes_no_sense_says_why(sweeps, message):
    with pytest.raises(GridError) as caught:
        settings([A], sweeps)
    assert str(caught.value) == message


def test_more_than_ten_thousand_cells_are_refused_with_their_number():
    assert require_size(10, 100, 10) == 10_000
    with pytest.raises(GridError, match=r"^2 settings × 5,001 cases × 1 repeats are 10,002 cells"):
        require_size(2, 5_001, 1)
    with pytest.raises(GridError, match="1 to 100 repeats"):
        require_size(1, 1, 101)


@hypothesis_settings(max_examples=40)
@given(
    st.lists(st.sampled_from(["India", "France", "Peru"]), min_size=1, max_size=4),
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=3, unique=True),
    st.integers(1, 3),
)
def test_every_place_has_a_cell_and_every_cell_its_places(countries, temperatures, repeats):
    cases = Cases(("country",), tuple((country,) for country in countries))
    chosen = settings([A], [Sweep("temperature", tuple(temperatures))])
    found = planned(chosen, cases, repeats)
    places = found.grid.places
    assert sum(map(len, places.values())) == len(chosen) * len(cases) * repeats
    assert found.calls == len(places) == len(chosen) * len(set(countries)) * repeats
