"""The actions of an experiment: start, pause, stop, resume; and its results."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from playground.core.answer.content import Blocks, of_texts
from playground.core.experiment.case_checks import CheckError
from playground.core.experiment.cases import CasesError
from playground.core.experiment.cells import ExperimentRow
from playground.core.experiment.experiment import Experiment, to_json
from playground.core.experiment.grid import GridError
from playground.core.experiment.grid_plan import GridPlan
from playground.core.experiment.matrix import Matrix
from playground.core.runs.run_plan import RunContext
from playground.core.text.number_text import NumberError
from playground.core.text.refusal import Refusal
from playground.engine.run import new_run_id
from playground.experiments.experiment_run import ExperimentRun
from playground.experiments.interfaces import Origin
from playground.ui.experiment import definition
from playground.ui.runs import running, spending
from playground.ui.session import experiment_state as chosen
from playground.ui.session import state
from playground.ui.session.services import services
from playground.ui.visitors import privacy

NO_STORAGE = (
    "Experiments are saved in the app's database, so that nothing is paid for twice, but "
    "this app stores no visitor's texts. To run experiments, run the app on your own "
    "machine."
)
NO_CELL = "No cell can be sent, for the reasons above."
LOADED_WITHIN_S = 30.0
IS_LIVE = "An experiment is running. Stop it, or wait until it ends."


def obstacle() -> str | None:
    """Why no experiment can be run at all."""
    if not privacy.keeps_texts():
        return NO_STORAGE
    return running.connection_problem(running.connection())


def is_live() -> bool:
    """Whether anything of the opened experiment is being started, run, read or submitted."""
    opened = chosen.opened()
    if opened is None or opened.underway is None:
        return False
    # Just after a click the engine has not started yet.
    pending = opened.idle, opened.loading, opened.submitting
    is_beginning = any(future is not None and not future.done() for future in pending)
    return is_beginning or bool(opened.underway.is_live)


def run_experiment() -> None:
    """Save the page's experiment, and start it."""
    if underway := save_new():
        chosen.set_opened(chosen.Opened(underway, underway.start()))


def save_new() -> ExperimentRun | None:
    """Save the page's experiment as a new one; None, and a problem is set, if it can't run."""
    chosen.set_problem(None)
    if why := IS_LIVE if is_live() else obstacle():
        chosen.set_problem(why)
        return None
    try:
        experiment = definition.definition()
        context = definition.context()
        planned = definition.plan_of(experiment, context)
    except (CasesError, CheckError, GridError, NumberError) as error:
        chosen.set_problem(str(error))
        return None
    if not planned.calls:
        chosen.set_problem(NO_CELL)
        return None
    # Saved before anything is sent: what is paid for must be found after a crash.
    row = _row(experiment, len(planned.grid.places))
    refused = services().log.experiments.save(row)
    if refused:
        chosen.set_problem(refused.sentence)
        return None
    return underway_of(row.experiment_id, experiment, planned, context)


def _row(experiment: Experiment, cells: int) -> ExperimentRow:
    return ExperimentRow(
        experiment_id=new_run_id(),
        visitor=state.visitor(),
        name=experiment.name,
        created_at=datetime.now(UTC),
        cells=cells,
        definition_json=to_json(experiment),
    )


def underway_of(
    experiment_id: str, experiment: Experiment, planned: GridPlan, context: RunContext
) -> ExperimentRun:
    """Make a run of an experiment of the visitor, which sends nothing yet."""
    origin = Origin(experiment_id, state.visitor(), state.owner(), state.next_press())
    state.count_press()
    to = context.connection
    admit = spending.admitter(running.spender(to))
    dependencies = services().dependencies(running.key_for(to), admit)
    return ExperimentRun(origin, experiment, planned, context, dependencies)


def pause() -> None:
    if (opened := chosen.opened()) and opened.underway:
        opened.underway.pause()


def stop() -> None:
    if (opened := chosen.opened()) and opened.underway:
        opened.underway.stop()


def resume() -> None:
    """Run the cells that are left."""
    opened = chosen.opened()
    if not opened or not opened.underway or is_live() or not may_continue(opened.underway):
        return
    new, underway = continued(opened, opened.underway)
    chosen.set_opened(replace(new, idle=underway.start()))


def retry_failed() -> None:
    """Run every failed cell again."""
    opened = chosen.opened()
    if not opened or not opened.underway or is_live() or not may_continue(opened.underway):
        return
    new, underway = continued(opened, opened.underway)
    # It is new and has loaded no cells: the log knows which have failed.
    underway.refresh().result(LOADED_WITHIN_S)
    chosen.set_opened(replace(new, idle=underway.retry_failed(), earlier={}))


def continued(opened: chosen.Opened, old: ExperimentRun) -> tuple[chosen.Opened, ExperimentRun]:
    """A new run of the opened experiment, with the current key, budget and caps."""
    # With the models it was planned with: others could change the cells of the experiment.
    context = replace(running.context(old.context.connection), models=old.context.models)
    underway = underway_of(old.origin.experiment_id, old.experiment, old.planned, context)
    earlier = opened.earlier | old.finished
    return replace(opened, underway=underway, earlier=earlier, matrix=None, heads=None), underway


def may_continue(underway: ExperimentRun) -> bool:
    """Whether more of it can be sent; if not, a problem is set."""
    # Checked again: the key that it started with may have been removed since.
    why = running.connection_problem(underway.context.connection)
    if not privacy.keeps_texts():
        why = NO_STORAGE
    chosen.set_problem(why)
    return why is None


def matrix() -> Matrix | None:
    """The results of the opened experiment so far."""
    opened = chosen.opened()
    if opened is not None and opened.file is not None:
        return opened.file.matrix
    if opened is None or opened.underway is None:
        return None
    underway = opened.underway
    sizes = len(opened.earlier), len(underway.finished), len(underway.unsent)
    if opened.matrix is not None and opened.matrix[0] == sizes and not is_live():
        return opened.matrix[1]
    cells = {**opened.earlier, **underway.finished}
    new = Matrix(underway.experiment, underway.planned.grid, cells, dict(underway.unsent))
    # Cached only while it does not run: a running cell may change.
    opened.matrix = None if is_live() else (sizes, new)
    return new


def contents(run_ids: Sequence[str]) -> dict[str, Blocks]:
    """All content blocks of these runs' answers; an experiment of a file has texts only."""
    opened = chosen.opened()
    if opened is not None and opened.file is None:
        visitor = state.visitor()
        blocks_by_run = services().log.experiments.contents(visitor, run_ids)
        if not isinstance(blocks_by_run, Refusal):
            return blocks_by_run
    return {run_id: of_texts(answer, "") for run_id, answer in answers(run_ids).items()}


def answers(run_ids: Sequence[str]) -> dict[str, str]:
    """The texts of these runs' answers, cached."""
    opened = chosen.opened()
    if opened is None:
        return {}
    if opened.file is not None:
        return dict(opened.file.answers)
    missing = [run_id for run_id in run_ids if run_id not in opened.read]
    if missing:
        visitor = state.visitor()
        read = services().log.experiments.answers(visitor, missing)
        if not isinstance(read, Refusal):
            opened.read |= read
    return opened.read
