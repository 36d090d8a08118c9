"""A running experiment: a few cells at a time; it can be paused, stopped and resumed.

The engine's loop alone changes it; the page reads it, and asks for changes.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from decimal import Decimal

from playground.core.answer.content import answer_of
from playground.core.experiment.cells import CellRow, claim_name
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import Grid
from playground.core.experiment.grid_plan import GridPlan, plan_cell
from playground.core.experiment.ladder import LadderResult
from playground.core.experiment.progress import ExperimentState, Progress
from playground.core.experiment.run_order import run_order_of
from playground.core.request.template import TemplateError
from playground.core.runs.run_plan import Plan, RunContext
from playground.core.text.refusal import Refusal
from playground.engine.run import Run
from playground.experiments.checking import Checker
from playground.experiments.interfaces import Dependencies, Origin
from playground.experiments.launching import ActiveRun, Launcher
from playground.experiments.stored_cells import load_cells
from playground.experiments.tally import Tally


class ExperimentRun:
    """One experiment of a visitor on one page. What was finished earlier is read from the
    store, and neither run nor paid again.

    `finished` are the cells with an outcome, `in_batch` those that a batch may still bring,
    and `unsent` those that cannot be sent, and why.
    """

    def __init__(
        self,
        origin: Origin,
        experiment: Experiment,
        planned: GridPlan,
        context: RunContext,
        dependencies: Dependencies,
    ) -> None:
        self.origin, self.experiment, self.planned = origin, experiment, planned
        self.finished: dict[str, CellRow] = {}
        self.in_batch: frozenset[str] = frozenset()
        self.unsent: dict[str, str] = {}
        self.why = ""
        self.context = context = replace(context, press=origin.press)
        self._dependencies, self._grid = dependencies, planned.grid
        self._order = run_order_of(experiment, planned.grid)
        self._launcher = Launcher(origin, dependencies, lambda why: self._halt("paused", why))
        self._checker = Checker(
            origin, experiment, planned.grid, context, dependencies, self._launcher
        )
        self._state: ExperimentState = "ready"
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._again: dict[str, str] = {}
        self._changed, self._looking = asyncio.Event(), asyncio.Lock()
        self._is_working = self.is_loaded = False
        self._to_check: list[CellRow] = []
        self._tally = Tally(len(planned.grid.places))

    def start(self) -> "Future[None]":
        """Begin, or go on after a pause or a stop. The future is done when the experiment comes
        to rest, at its end or before; at once if it was running already."""
        return self._dependencies.engine.call(self._begin())

    def refresh(self) -> "Future[Refusal | None]":
        """Load cells that were finished earlier or by a batch, and run the checks that need no
        judge. Nothing is sent."""
        return self._dependencies.engine.call(self.load_finished())

    def pause(self) -> "Future[None]":
        """Start nothing more, and let running cells finish."""
        return self._dependencies.engine.call(self._pause())

    def stop(self) -> "Future[None]":
        """Start nothing more, and cancel what is running."""
        return self._dependencies.engine.call(self._stop())

    def retry_failed(self) -> "Future[None]":
        """Run every failed cell again."""
        return self._dependencies.engine.call(self._retry_failed())

    @property
    def is_live(self) -> bool:
        """Whether any of it is under way."""
        return self._is_working

    @property
    def running(self) -> dict[str, Run]:
        """The runs on their way, by their cell; those of judges too."""
        return dict(self._launcher.running)

    @property
    def result(self) -> LadderResult | None:
        """What a ladder came to, once it is over."""
        return None if self._state == "running" else self._order.result

    @property
    def progress(self) -> Progress:
        """The progress; cheap enough for every rerun of a page with 10,000 cells."""
        # A copy: a script reads this on its own thread while the loop changes it.
        at_work, ended = list(self._tasks.values()), self._launcher.ended
        sizes = len(self.unsent), len(self.in_batch)
        return replace(
            self._tally.progress(self.finished, ended, at_work, *sizes),
            state=self._state,
            unchecked=sum(cell.cell_id in self.finished for cell in list(self._to_check)),
            why=self.why,
        )

    def claim(self) -> AbstractAsyncContextManager[Refusal | None]:
        """Yields None while no other page, in any process, may run this experiment; otherwise
        why it may not run here."""
        origin = self.origin
        return self._dependencies.claims.claim(origin.visitor, claim_name(origin.experiment_id))

    async def _begin(self) -> None:
        if self._state == "done":
            return
        self._state, self.why = "running", ""
        # Work that is still winding down wakes up, sees the new state and goes on.
        self._launcher.is_stopped = False
        self._changed.set()
        # A second loop beside the first would send each cell twice.
        if self._is_working:
            return
        self._is_working = True
        try:
            while self._state == "running":  # It may be resumed while the claim is given back.
                await self._work_alone()
        finally:
            self._is_working = False

    async def _work_alone(self) -> None:
        async with self.claim() as obstacle:
            if obstacle is not None:
                self._halt("paused", obstacle.sentence)
                return
            self._tally.begin()
            try:
                await self._work()
            except Exception as error:
                self._fail(error)
            self._tally.rest()

    async def _pause(self) -> None:
        self._halt("paused", "")

    async def _stop(self) -> None:
        if self._state in ("running", "paused"):
            self._state, self.why = "stopped", ""
            self._launcher.stop()
            self._changed.set()

    async def _retry_failed(self) -> None:
        failed = {key: cell.run_id for key, cell in self.finished.items() if not cell.is_answered}
        for cell_id in failed:
            del self.finished[cell_id]
        self._again |= failed  # Another page may have run them again meanwhile.
        self._order.put_back(failed)
        # `_begin` starts nothing that is done.
        if failed and self._state == "done":
            self._state = "paused"
        await self._begin()

    def _halt(self, state: ExperimentState, why: str) -> None:
        """Start nothing more."""
        if self._state == "running":
            self._state, self.why = state, why
            self._changed.set()

    async def _work(self) -> None:
        async with self._looking:  # what another page has finished meanwhile, too
            undone = await self._load_newly_finished()
            if isinstance(undone, Refusal):
                self._halt("paused", undone.sentence)
            else:
                self._to_check += undone
        while True:
            # Cleared before anything is looked at, so that no change is slept through.
            self._changed.clear()
            room = self.experiment.at_once - len(self._tasks)
            if self._state == "running" and room > 0 and (self._to_check or self._order.left):
                await self._fill(room)
            elif self._tasks:
                await self._changed.wait()
            else:
                break
        await self._launcher.flush()
        await self._checker.flush()
        if self._state == "running":
            self._state = "done"

    async def load_finished(self) -> Refusal | None:
        """Does the work of `refresh`, on the engine's loop."""
        async with self._looking:  # what was taken over twice would be judged twice
            undone = await self._load_newly_finished()
            if isinstance(undone, Refusal):
                return undone
            for cell in await self._checker.run_unjudged(undone):
                if self._checker.has_pending_checks(cell):
                    self._to_check.append(cell)
                    self.finished[cell.cell_id] = cell
                else:
                    self._note(cell)
        self._changed.set()
        return None

    async def submit_rest(self) -> dict[str, Plan]:
        """The plans of all cells that are still to be run, for a batch: until they are taken
        over next, they count as in one. On the engine's loop."""
        known = self.in_batch.union(self.finished, self.unsent)
        rest = [cell_id for cell_id in self._grid.places if cell_id not in known]
        # A tenth of a millisecond each: for 10,000 cells the loop would stand still for a second.
        planned = await asyncio.to_thread(plans_of, rest, self._grid, self.context)
        plans = self._sendable(planned)
        self.in_batch = self.in_batch.union(plans)
        for cell_id in plans:
            self._order.leave_out(cell_id)
        return plans

    async def _load_newly_finished(self) -> list[CellRow] | Refusal:
        """Load newly finished cells from the store. Returns those with pending checks."""
        in_store = await load_cells(self.origin, self._grid.places, self._dependencies.store)
        if isinstance(in_store, Refusal):
            return in_store
        undone = []
        self.is_loaded, self.in_batch = True, in_store.in_batch
        self._checker.judged |= in_store.judged
        self._launcher.ended |= in_store.runs
        for cell_id in self.in_batch:
            self._order.leave_out(cell_id)
        waiting = {cell.cell_id for cell in self._to_check}
        # Cells at work end by their own task: taken over as well, they would count twice.
        known = waiting.union(self.finished, self._tasks.values())
        for cell in in_store.ended(known, self._again):
            if self._checker.has_pending_checks(cell):
                undone.append(cell)
                self._order.leave_out(cell.cell_id)
            else:
                self._note(cell)
        return undone

    async def _fill(self, room: int) -> None:
        """Begin as many cells as there is room for, the checks left undone first."""
        pending_checks, self._to_check = self._to_check[:room], self._to_check[room:]
        for cell in pending_checks:
            self._begin_task(cell.cell_id, self._check_again(cell))
        cell_ids = self._order.take(room - len(pending_checks))
        plans = self._sendable(plans_of(cell_ids, self._grid, self.context))
        started = await self._launcher.launch(plans)
        # What the budget, a lost claim or a stop has refused keeps its turn.
        if unstarted := [cell_id for cell_id in plans if cell_id not in started]:
            self._order.put_back(unstarted)
        for cell_id, sent in started.items():
            self._begin_task(cell_id, self._follow(cell_id, sent))
        if started:
            self._launcher.save_ahead(self._order.peek(2 * self.experiment.at_once))

    def _sendable(self, planned: Mapping[str, Plan | str]) -> dict[str, Plan]:
        """Those that can be sent; the others are noted as such."""
        for cell_id, why in planned.items():
            if isinstance(why, str):
                self.unsent[cell_id] = why
                self._order.note(cell_id, None, Decimal(0))
        return {cell_id: plan for cell_id, plan in planned.items() if not isinstance(plan, str)}

    async def _follow(self, cell_id: str, sent: ActiveRun) -> None:
        """Wait for a cell's run, and check its answer."""
        if not await self._launcher.wait_unless_stopped(cell_id, sent):
            # A stopped run is no outcome: its cell is run when the experiment goes on.
            self._order.put_back([cell_id])
            return
        cell = CellRow(cell_id, sent.run.id, self._launcher.ended[sent.run.id])
        if cell.is_answered:
            cell = await self._checker.run_checks(cell, answer_of(sent.run.blocks))
        self._end(cell)

    async def _check_again(self, cell: CellRow) -> None:
        self._end(await self._checker.resume(cell))

    def _end(self, cell: CellRow) -> None:
        self._tally.ended += 1
        if self._checker.has_pending_checks(cell) and self._state != "running":
            self._to_check.append(cell)  # its judge was not asked, or was stopped
        else:
            self._note(cell)

    def _note(self, cell: CellRow) -> None:
        keys = [pending.key for pending in self._checker.checks_of_cell(cell.cell_id)]
        self.finished[cell.cell_id] = cell
        cost_usd = cell.run.cost_usd if cell.run else None
        self._order.note(cell.cell_id, cell.passed(keys), cost_usd)

    def _begin_task(self, cell_id: str, work: Coroutine[object, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks[task] = cell_id
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        # An error that nobody reads is reported only when the task is collected.
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._fail(error)
        self._changed.set()

    def _fail(self, error: BaseException) -> None:
        # Only its type: the text of an error can hold a prompt or a key.
        logging.getLogger(__name__).error("an experiment broke: %s", type(error).__name__)
        self._state, self.why = "paused", f"Something broke here: {type(error).__name__}."


def plans_of(cell_ids: Iterable[str], grid: Grid, context: RunContext) -> Mapping[str, Plan | str]:
    """The plan of each of these cells; why not, of one that cannot be sent."""
    return {cell_id: _plan_of(cell_id, grid, context) for cell_id in cell_ids}


def _plan_of(cell_id: str, grid: Grid, context: RunContext) -> Plan | str:
    place = grid.places[cell_id][0]
    setting, values = grid.settings[place.setting], grid.cases.values(place.case)
    try:
        planned = plan_cell(setting, values, context)
    except TemplateError as error:
        return str(error)
    return planned.why_not or replace(planned, cell=grid.label(place))
