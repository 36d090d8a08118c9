"""In which order the cells of a ladder are run, also where one is asked for again."""

from datetime import UTC, datetime
from decimal import Decimal

from playground.core.answer.retry import RetryPolicy
from playground.core.experiment.cases import Cases
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import Sweep
from playground.core.experiment.grid_plan import plan_grid
from playground.core.experiment.run_order import run_order_of
from playground.core.request.connection import DEMO
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant

SMALL, LARGE = "claude-haiku-4-5", "claude-opus-5"
CENT = Decimal("0.01")


def ladder():
    """A ladder of two models on two cases, and the cells of each."""
    request = Request(Prompt("", (Message("user", "{{word}}"),)), Params(SMALL, 9))
    asked = Experiment(
        "",
        (Variant("A", request),),
        sweeps=(Sweep("model", (SMALL, LARGE)),),
        cases=Cases(("word",), (("one",), ("two",))),
        is_ladder=True,
    )
    around = RunContext(DEMO, RetryPolicy(), (), datetime(2026, 11, 24, tzinfo=UTC))
    grid = plan_grid(asked.settings, asked.cases, 1, (), around).grid
    order = run_order_of(asked, grid)
    cells = {SMALL: [], LARGE: []}
    for cell_id, places in grid.places.items():
        cells[grid.settings[places[0].setting].request.params.model].append(cell_id)
    return order, cells


def test_a_cell_that_is_run_again_counts_once_and_costs_twice():
    order, cells = ladder()
    [one, two] = order.take(9)
    assert [one, two] == cells[SMALL]
    order.note(one, True, CENT)
    order.note(two, False, CENT)
    assert order.take(9) == cells[LARGE], "the smaller cannot pass any more"
    order.put_back([*cells[LARGE], two])
    assert order.take(9) == [two], "it can again"
    order.note(two, True, CENT)
    assert sorted(order.take(9)) == sorted(cells[LARGE]), "to compare with"
    for cell_id in cells[LARGE]:
        order.note(cell_id, True, CENT)
    assert order.result.model == SMALL
    assert "costs 0.7 times as much" in order.result.sentence
