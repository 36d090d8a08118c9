"""How a ladder of models is climbed, and what it comes to."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.experiment.ladder import Rung, agreement, ladder_result, next_model

LADDER = ("haiku", "sonnet", "opus")


def rung(model, passed, failed, usd="0.01"):
    return Rung(model, 4, passed, failed, cost_usd=None if usd is None else Decimal(usd))


def test_the_smallest_is_tried_first_and_left_as_soon_as_it_cannot_pass():
    assert next_model(LADDER, []) == "haiku"
    assert next_model(LADDER, [rung("haiku", 3, 0)]) == "haiku"
    assert next_model(LADDER, [rung("haiku", 0, 1)]) == "sonnet"
    assert next_model(LADDER, [rung("haiku", 0, 1)], least_share=0.5) == "haiku"


def test_once_one_passes_the_largest_is_run_only_to_compare():
    rungs = [rung("haiku", 1, 1), rung("sonnet", 4, 0)]
    assert next_model(LADDER, rungs) == "opus"
    assert next_model(LADDER, [*rungs, rung("opus", 2, 2, "0.05")]) is None
    result = ladder_result(LADDER, [*rungs, rung("opus", 2, 2, "0.05")])
    assert result.model == "sonnet"
    assert result.sentence == (
        "sonnet is the smallest that passes the checks; opus costs 5.0 times as much."
    )


def test_the_largest_or_none_may_be_what_it_comes_to():
    below = [rung("haiku", 0, 1), rung("sonnet", 0, 1)]
    only = [*below, rung("opus", 4, 0)]
    assert next_model(LADDER, only) is None
    assert ladder_result(LADDER, only).sentence == "Only the largest, opus, passes the checks."
    none = [*below, rung("opus", 3, 1)]
    assert next_model(LADDER, none) is None
    assert ladder_result(LADDER, none).model is None


def test_what_is_undecided_is_neither_passed_nor_failed_and_said():
    haiku, sonnet = Rung("haiku", 4, 1, 0, 2), Rung("sonnet", 4, 4)
    assert haiku.state() == "open"
    assert next_model(LADDER, [haiku]) == "haiku"
    haiku = Rung("haiku", 4, 2, 0, 2)
    assert [haiku.state(share) for share in (0.5, 0.9)] == ["passed", "undecided"]
    assert Rung("haiku", 4, 2, 1, 1).state() == "failed"
    assert next_model(LADDER, [haiku]) == "sonnet"
    without = "Undecided: haiku, 2 of 4 cells without a verdict"
    result = ladder_result(LADDER, [haiku, sonnet])
    assert result.model == "sonnet"
    assert result.sentence == f"sonnet is the smallest that is known to pass the checks. {without}."
    below = [haiku, Rung("sonnet", 4, 0, 0, 4)]
    opus = Rung("opus", 4, 0, 1)
    assert next_model(LADDER, [*below, opus]) is None
    assert ladder_result(LADDER, [*below, opus]).sentence == (
        f"No model of the ladder is known to pass the checks. {without}; sonnet, 4 of 4."
    )
    assert ladder_result(LADDER, [*below, Rung("opus", 4, 4)]).sentence == (
        f"Only the largest, opus, is known to pass the checks. {without}; sonnet, 4 of 4."
    )


@pytest.mark.parametrize("usd", [None, "0"], ids=["unknown", "free"])
def test_without_a_cost_there_is_no_multiple(usd):
    result = ladder_result(LADDER, [rung("haiku", 4, 0, usd), rung("opus", 4, 0)])
    assert result.sentence == "haiku is the smallest that passes the checks."


def test_agreement_counts_the_cells_that_both_decide():
    assert agreement([(True, True), (False, True), (None, True), (False, False)]) == 2 / 3
    assert agreement([(None, None)]) is None


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=3, max_size=3))
def test_a_climb_ends_at_the_first_model_that_passes(outcomes):
    results = dict(zip(LADDER, outcomes, strict=True))
    rungs = {}
    for _ in range(20):
        model = next_model(LADDER, list(rungs.values()))
        if model is None:
            break
        seen = rungs.get(model, Rung(model, 3))
        passes = results[model][seen.passed + seen.failed]
        rungs[model] = Rung(model, 3, seen.passed + passes, seen.failed + (not passes))
    assert model is None
    expected = next((model for model in LADDER if all(results[model])), None)
    assert ladder_result(LADDER, list(rungs.values())).model == expected
