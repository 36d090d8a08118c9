"""An experiment under way: its cells a few at a time, to be paused, stopped and taken up again.

The engine's loop alone changes it; the page reads it, and asks for changes.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import replace
from decimal import Decimal
from typing import Any

from playground.core.budget import Refusal
from playground.core.cell_checks import case_keys
from playground.core.course import course_of
from playground.core.experiment import Experiment
from playground.core.experiment_progress import ExperimentState, Progress, add_up
from playground.core.experiment_rows import CellRow, is_judges
from playground.core.grid_plan import GridPlan, Surroundings, plan_cell
from playground.core.ladder import Found
from playground.core.plan import Plan
from playground.core.template import TemplateError
from playground.experiments.checking import Checker
from playground.experiments.launching import Launcher, Sent
from playground.experiments.seams import Seams, Whose
from playground.run import Run


class Underway:
    """One experiment of a visitor on his page. What was finished earlier is read from the
    store, and neither run nor paid again.

    `finished` are the cells with an outcome and `unsent` those that cannot be sent, and why.
    """

    def __init__(
        self,
        whose: Whose,
        experiment: Experiment,
        planned: GridPlan,
        around: Surroundings,
        seams: Seams,
    ) -> None:
        self.whose, self.experiment, self.planned = whose, experiment, planned
        self.finished: dict[str, CellRow] = {}
        self.unsent: dict[str, str] = {}
        self.why = ""
        self.around, self._seams, self._grid = around, seams, planned.grid
        self._course = course_of(experiment, planned.grid)
        self._launcher = Launcher(whose, seams, lambda why: self._rest("paused", why))
        self._checker = Checker(whose, experiment, planned.grid, around, seams, self._launcher)
        self._state: ExperimentState = "ready"
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._is_working = self._is_loaded = False
        self._to_check: list[CellRow] = []
        self._ended, self._active_s, self._since_s = 0, 0.0, 0.0
        self._sums: tuple[tuple[int, ...], Progress] | None = None

    def start(self) -> "Future[None]":
        """Begin, or go on after a pause or a stop. What comes back is done when the experiment
        comes to rest, at its end or before, unless it was running already."""
        return self._seams.engine.call(self._begin())

    def pause(self) -> "Future[None]":
        """Start nothing more; what is running comes to its end."""
        return self._seams.engine.call(self._pause())

    def stop(self) -> "Future[None]":
        """Start nothing more, and cancel what is running."""
        return self._seams.engine.call(self._stop())

    def retry_failed(self) -> "Future[None]":
        """Run every cell that met an error once more."""
        return self._seams.engine.call(self._retry_failed())

    @property
    def is_live(self) -> bool:
        """Whether anything of it is on its way."""
        return self._is_working

    @property
    def running(self) -> dict[str, Run]:
        """The runs on their way, by their cell; those of judges too."""
        return dict(self._launcher.running)

    @property
    def result(self) -> Found | None:
        """What a ladder came to, once it is over."""
        return self._course.result if self._state == "done" else None

    @property
    def progress(self) -> Progress:
        """How far it is; cheap enough for every rerun of a page with 10,000 cells."""
        judged = self._checker.judged
        sizes = self._ended, len(self.finished), len(judged), len(self.unsent)
        if self._sums is None or self._sums[0] != sizes:
            cells = list(self.finished.values())
            total = len(self._grid.places)
            self._sums = sizes, add_up(total, cells, list(judged.values()), len(self.unsent))
        sums = self._sums[1]
        return replace(
            sums,
            state=self._state,
            running=len(self._launcher.running),
            left_s=self._left_s(sums.left),
            why=self.why,
        )

    def keys_of(self, case: int) -> tuple[str, ...]:
        """The key of each check of a case: what to ask `CellRow.passed` for."""
        return case_keys(self._grid.cases, case, self.experiment.checks)

    def _left_s(self, left: int) -> float | None:
        now_s = time.monotonic() - self._since_s if self._is_working else 0.0
        return (self._active_s + now_s) / self._ended * left if self._ended else None

    async def _begin(self) -> None:
        if self._state == "done":
            return
        self._state, self.why = "running", ""
        self._launcher.is_stopped = False
        self._changed.set()
        if self._is_working:
            return
        self._is_working, self._since_s = True, time.monotonic()
        try:
            await self._work()
        except Exception as error:
            self._broke(error)
        self._is_working = False
        self._active_s += time.monotonic() - self._since_s

    async def _pause(self) -> None:
        self._rest("paused", "")

    async def _stop(self) -> None:
        if self._state in ("running", "paused"):
            self._state, self.why = "stopped", ""
            self._launcher.stop()
            self._changed.set()

    async def _retry_failed(self) -> None:
        failed = [cell_id for cell_id, cell in self.finished.items() if not cell.is_answered]
        for cell_id in failed:
            del self.finished[cell_id]
        self._course.put_back(failed)
        if failed and self._state == "done":
            self._state = "paused"
        await self._begin()

    def _rest(self, state: ExperimentState, why: str) -> None:
        """Start nothing more."""
        if self._state == "running":
            self._state, self.why = state, why
            self._changed.set()

    async def _work(self) -> None:
        if not self._is_loaded:
            await self._load()
        while True:
            self._changed.clear()
            room = self.experiment.at_once - len(self._tasks)
            if self._state == "running" and room > 0 and (self._to_check or self._course.left):
                await self._fill(room)
            elif self._tasks:
                await self._changed.wait()
            else:
                break
        await self._launcher.settle()
        await self._checker.settle()
        if self._state == "running":
            self._state = "done"

    async def _load(self) -> None:
        """Find what was done on an earlier day."""
        whose, store = self.whose, self._seams.store
        found = await asyncio.to_thread(store.cells, whose.visitor, whose.experiment_id)
        if isinstance(found, Refusal):
            self._rest("paused", found.sentence)
            return
        self._is_loaded = True
        for cell_id, cell in found.items():
            if is_judges(cell_id):
                self._checker.judged[cell_id] = cell
            elif cell_id in self._grid.places and cell.is_finished:
                if self._checker.is_undone(cell):
                    self._to_check.append(cell)
                    self._course.leave_out(cell_id)
                else:
                    self._note(cell)

    async def _fill(self, room: int) -> None:
        """Begin as many cells as there is room for, the checks left undone first."""
        some, self._to_check = self._to_check[:room], self._to_check[room:]
        for cell in some:
            self._begin_task(self._check_again(cell))
        plans: dict[str, Plan] = {}
        for cell_id in self._course.take(room - len(some)):
            planned = self._planned(cell_id)
            if planned is not None:
                plans[cell_id] = planned
        started = await self._launcher.launch(plans)
        if unstarted := [cell_id for cell_id in plans if cell_id not in started]:
            self._course.put_back(unstarted)
        for cell_id, sent in started.items():
            self._begin_task(self._follow(cell_id, sent))
        if started:
            self._launcher.keep_ahead(self._course.peek(self.experiment.at_once))

    def _planned(self, cell_id: str) -> Plan | None:
        """The plan of a cell; None for one that cannot be sent, and is noted as such."""
        place = self._grid.places[cell_id][0]
        setting, values = self._grid.settings[place.setting], self._grid.cases.values(place.case)
        try:
            planned = plan_cell(setting, values, self.around, self.whose.press)
        except TemplateError as error:
            why = str(error)
        else:
            if planned.can_run:
                return planned
            why = next(each.text for each in planned.problems if each.severity == "error")
        self.unsent[cell_id] = why
        self._course.note(cell_id, None, Decimal(0))
        return None

    async def _follow(self, cell_id: str, sent: Sent) -> None:
        """Wait for a cell's run, and check its answer."""
        if not await self._launcher.is_answered_or_failed(cell_id, sent):
            self._course.put_back([cell_id])
            return
        cell = CellRow(cell_id, sent.run.id, self._seams.row_of(sent.run))
        if cell.is_answered:
            cell = await self._checker.checked(cell, sent.run.text)
        self._end(cell)

    async def _check_again(self, cell: CellRow) -> None:
        self._end(await self._checker.again(cell))

    def _end(self, cell: CellRow) -> None:
        self._ended += 1
        if self._checker.is_undone(cell) and self._state != "running":
            self._to_check.append(cell)  # its judge was not asked, or was stopped
        else:
            self._note(cell)

    def _note(self, cell: CellRow) -> None:
        keys = [each.key for each in self._checker.of_cell(cell.cell_id)]
        self.finished[cell.cell_id] = cell
        cost_usd = cell.run.cost_usd if cell.run else None
        self._course.note(cell.cell_id, cell.passed(keys), cost_usd)

    def _begin_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._broke(error)
        self._changed.set()

    def _broke(self, error: BaseException) -> None:
        logging.getLogger(__name__).error("an experiment broke: %s", type(error).__name__)
        self._state, self.why = "paused", f"Something broke here: {type(error).__name__}."
