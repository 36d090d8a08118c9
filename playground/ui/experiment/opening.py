"""The visitor's earlier experiments, and those of files: opened, or deleted."""

from concurrent.futures import wait

from playground.core.experiment.case_checks import unusable
from playground.core.experiment.cells import CellRow, ExperimentRow
from playground.core.experiment.experiment import Experiment, ExperimentError, from_json
from playground.core.experiment.grid import GridError
from playground.core.experiment.grid_plan import GridPlan, plan_grid
from playground.core.experiment.results_file import from_bytes
from playground.core.runs.run_plan import RunContext
from playground.core.text.refusal import Refusal
from playground.ui.experiment import starting, submitting
from playground.ui.runs import running
from playground.ui.session import experiment_state as chosen
from playground.ui.session import state
from playground.ui.session.services import services

MINE = "my_experiments"
LOAD_WAIT_S = 0.25
"""Enough to load a small experiment before it is drawn; a large one is redrawn."""
IN_BATCH = (
    "Its batch has not ended, and the results would be lost. Open it to cancel the batch, or wait."
)


def mine() -> tuple[ExperimentRow, ...]:
    """The visitor's experiments, the newest first."""
    rows = services().log.experiments.list_experiments(state.visitor())
    return () if isinstance(rows, Refusal) else rows


def reopen(experiment_id: str) -> None:
    """Show an experiment of the visitor; nothing is sent."""
    # Opening another one would remove the buttons that stop the one that runs.
    if starting.is_live():
        chosen.set_problem(starting.IS_LIVE)
        return
    chosen.set_problem(None)
    visitor, store = state.visitor(), services().log.experiments
    row, cells = store.get(visitor, experiment_id), store.cells(visitor, experiment_id)
    if isinstance(row, Refusal) or isinstance(cells, Refusal) or row is None:
        chosen.set_problem("This experiment could not be read.")
        return
    try:
        experiment = from_json(row.definition_json)
        planned, context = _matching_plan(experiment, cells)
    except (ExperimentError, GridError) as error:
        chosen.set_problem(str(error))
        return
    places = planned.grid.places
    earlier = {key: cell for key, cell in cells.items() if key in places and cell.is_finished}
    underway = starting.underway_of(experiment_id, experiment, planned, context)
    fetched = submitting.fetched(experiment_id)
    loading = underway.refresh()
    wait([loading], LOAD_WAIT_S)
    chosen.set_opened(chosen.Opened(underway, loading=loading, earlier=earlier, fetched=fetched))
    state.close_popover(MINE)
    chosen.set_problem(unusable(experiment.checks))


def _matching_plan(
    experiment: Experiment, cells: dict[str, CellRow]
) -> tuple[GridPlan, RunContext]:
    """Its plan and context for the connection it was sent by: the one whose plan has most of its
    cells."""
    current = running.connection()
    others = [option for option in services().settings.connections if option.kind != current.kind]
    candidates = []
    for to in (current, *others):
        context = running.context(to)
        planned = plan_grid(
            experiment.settings, experiment.cases, experiment.repeats, experiment.checks, context
        )
        known = sum(cell_id in planned.grid.places for cell_id in cells)
        candidates.append((known, planned, context))
        if known == len(cells):
            break
    best = max(candidates, key=lambda option: option[0])
    return best[1:]


def delete(experiment_id: str) -> None:
    """Delete an experiment; its runs stay in the log."""
    opened = chosen.opened()
    is_opened = bool(
        opened and opened.underway and opened.underway.origin.experiment_id == experiment_id
    )
    if is_opened and starting.is_live():
        chosen.set_problem(starting.IS_LIVE)
        return
    chosen.set_problem(None)
    visitor, log = state.visitor(), services().log
    submitted = log.batches.list_submissions(visitor, experiment_id=experiment_id)
    if isinstance(submitted, Refusal):
        chosen.set_problem(submitted.sentence)
        return
    if not all(submission.is_collected for submission in submitted):
        chosen.set_problem(IN_BATCH)
        return
    if is_opened:
        chosen.set_opened(None)
    log.experiments.delete(visitor, experiment_id)


def import_file(data: bytes) -> None:
    """Show the experiment of a file, without storing it."""
    if starting.is_live():
        chosen.set_problem(starting.IS_LIVE)
        return
    chosen.set_problem(None)
    try:
        file = from_bytes(data)
    except ExperimentError as error:
        chosen.set_problem(str(error))
        return
    chosen.set_opened(chosen.Opened(file=file))
    state.close_popover(MINE)
    problems = (file.why_not_whole, unusable(file.matrix.experiment.checks))
    chosen.set_problem(" ".join(filter(None, problems)) or None)
