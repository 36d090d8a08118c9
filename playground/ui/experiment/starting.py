"""What the buttons of an experiment do: start, pause, stop, resume; and what it came to."""

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

NOT_KEPT = (
    "Experiments are kept in the app's database so that nothing is paid twice, and this app "
    "keeps no texts of its visitors. Run the app on your own machine for experiments."
)
NO_CELL = "No cell can be sent, for the reasons above."
LOADED_WITHIN_S = 30.0
IS_LIVE = "An experiment is running: stop it, or wait for its end."


def obstacle() -> str | None:
    """Why no experiment can be run at all."""
    if not privacy.keeps_texts():
        return NOT_KEPT
    return running.not_connected(running.connection())


def is_live() -> bool:
    """Whether anything of the opened experiment is being started, run, read or submitted."""
    opened = chosen.opened()
    if opened is None or opened.underway is None:
        return False
    # Just after a click the engine has not begun yet.
    pending = opened.resting, opened.looking, opened.submitting
    is_beginning = any(future is not None and not future.done() for future in pending)
    return is_beginning or bool(opened.underway.is_live)


def run_experiment() -> None:
    """Keep the page's experiment, and start it."""
    if underway := keep_new():
        chosen.set_opened(chosen.Opened(underway, underway.start()))


def keep_new() -> ExperimentRun | None:
    """Keep the page's experiment as a new one; None, and it is said why, if that can't be."""
    chosen.say(None)
    if why := IS_LIVE if is_live() else obstacle():
        chosen.say(why)
        return None
    try:
        experiment = definition.definition()
        context = definition.context()
        planned = definition.plan_of(experiment, context)
    except (CasesError, CheckError, GridError, NumberError) as error:
        chosen.say(str(error))
        return None
    if not planned.calls:
        chosen.say(NO_CELL)
        return None
    # Kept before anything is sent: what is paid for is found again after a crash.
    row = _row(experiment, len(planned.grid.places))
    refused = services().log.experiments.save(row)
    if refused:
        chosen.say(refused.sentence)
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
    """An experiment of the visitor as it runs here; nothing is sent yet."""
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
    """Go on with what is left."""
    opened = chosen.opened()
    if not opened or not opened.underway or is_live() or not may_go_on(opened.underway):
        return
    new, underway = anew(opened, opened.underway)
    chosen.set_opened(replace(new, resting=underway.start()))


def retry_failed() -> None:
    """Run every cell that met an error once more."""
    opened = chosen.opened()
    if not opened or not opened.underway or is_live() or not may_go_on(opened.underway):
        return
    new, underway = anew(opened, opened.underway)
    # It has just been made and knows of no cell: which have failed is in the log.
    underway.refresh().result(LOADED_WITHIN_S)
    chosen.set_opened(replace(new, resting=underway.retry_failed(), earlier={}))


def anew(opened: chosen.Opened, old: ExperimentRun) -> tuple[chosen.Opened, ExperimentRun]:
    """The opened experiment as it goes on: with the key, the budget and the caps of now."""
    # The models as they were: other ones could make other cells of the same experiment.
    context = replace(running.context(old.context.connection), models=old.context.models)
    underway = underway_of(old.origin.experiment_id, old.experiment, old.planned, context)
    earlier = opened.earlier | old.finished
    return replace(opened, underway=underway, earlier=earlier, matrix=None, heads=None), underway


def may_go_on(underway: ExperimentRun) -> bool:
    """Whether more of it can be sent; it is said why not."""
    # Asked again: the key it began with may have been taken away since.
    why = running.not_connected(underway.context.connection)
    if not privacy.keeps_texts():
        why = NOT_KEPT
    chosen.say(why)
    return why is None


def matrix() -> Matrix | None:
    """The opened experiment as far as it is done now."""
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
    # While it runs, what a cell holds may change; at rest it is the same at each click.
    opened.matrix = None if is_live() else (sizes, new)
    return new


def contents(run_ids: Sequence[str]) -> dict[str, Blocks]:
    """All that these runs answered; an experiment of a file has their texts only."""
    opened = chosen.opened()
    if opened is not None and opened.file is None:
        visitor = state.visitor()
        blocks_by_run = services().log.experiments.contents(visitor, run_ids)
        if not isinstance(blocks_by_run, Refusal):
            return blocks_by_run
    return {run_id: of_texts(answer, "") for run_id, answer in answers(run_ids).items()}


def answers(run_ids: Sequence[str]) -> dict[str, str]:
    """The answers of these runs; read once."""
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
