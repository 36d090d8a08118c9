"""Starts the runs of cells: first saved, then reserved for, then sent. All on the engine's loop."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from playground.core.experiment.cells import StartedCell, claim_name
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_row import RunRow
from playground.core.text.refusal import Refusal
from playground.engine.run import Run, new_run_id
from playground.experiments.interfaces import Dependencies, Origin, ReserveAgain

LEFT = "A run was stopped, or its page was closed."


@dataclass(frozen=True)
class ActiveRun:
    """A started run, and the event that is set when it is over."""

    run: Run
    over: asyncio.Event


class Launcher:
    """The runs of one experiment. `rest` pauses the experiment with a reason. `ended` are all
    ended runs by id, since each of them was paid for."""

    def __init__(
        self, origin: Origin, dependencies: Dependencies, rest: Callable[[str], None]
    ) -> None:
        self.running: dict[str, Run] = {}
        self.ended: dict[str, RunRow] = {}
        self.is_stopped = False
        self._origin, self._dependencies, self._rest = origin, dependencies, rest
        self._ids: dict[str, str] = {}
        self._ahead: asyncio.Task[None] | None = None

    async def launch(self, plans: Mapping[str, Plan]) -> dict[str, ActiveRun]:
        """Start the runs of these cells; if there is no room for all only the first, if there
        is no room for that none."""
        if not plans or self.is_stopped:
            return {}
        # An id may just be being kept for one of them: its run has to be that one.
        if not self._ids.keys() >= plans.keys():
            await self.flush()
        origin = self._origin
        runs = {
            cell_id: Run(
                origin.owner, origin.visitor, plan, self._ids.get(cell_id), origin.experiment_id
            )
            for cell_id, plan in plans.items()
        }
        admitted = await asyncio.to_thread(self._prepare, runs)
        if isinstance(admitted, Refusal):
            if len(plans) == 1:
                self._rest(admitted.sentence)
                return {}
            first = next(iter(plans))
            return await self.launch({first: plans[first]})
        pairs = zip(runs.items(), admitted, strict=True)
        return {cell_id: self._send(cell_id, run, again) for (cell_id, run), again in pairs}

    def save_ahead(self, cell_ids: Sequence[str]) -> None:
        """Save the future runs of these cells while others run, so that a start need not wait
        for the disk. Many at a time, once half of them are used up."""
        starts = [
            StartedCell(cell_id, new_run_id()) for cell_id in cell_ids if cell_id not in self._ids
        ]
        is_time = 2 * len(starts) >= len(cell_ids)
        if starts and is_time and (self._ahead is None or self._ahead.done()):
            self._ahead = asyncio.create_task(self._keep(starts))

    async def flush(self) -> None:
        """Wait until the current save is done, so that a cell never has two newest runs."""
        if self._ahead is not None:
            await self._ahead

    async def _keep(self, starts: Sequence[StartedCell]) -> None:
        if await asyncio.to_thread(self._started, starts) is None:
            self._ids |= {start.cell_id: start.run_id for start in starts}

    def _started(self, starts: Sequence[StartedCell]) -> Refusal | None:
        origin = self._origin
        return self._dependencies.store.save_starts(origin.visitor, origin.experiment_id, starts)

    def _claim_lost(self) -> Refusal | None:
        """Checked before each start: a process that was asleep or disconnected from the database
        for too long has lost its claim, and another may be running the experiment."""
        origin = self._origin
        return self._dependencies.claims.lost_reason(
            origin.visitor, claim_name(origin.experiment_id)
        )

    def _prepare(self, runs: Mapping[str, Run]) -> Sequence[ReserveAgain | None] | Refusal:
        # Kept before it is paid for: a process that dies in between has lost nothing, and a run
        # that was sent is always found again.
        starts = [StartedCell(cell, run.id) for cell, run in runs.items() if cell not in self._ids]
        refused = self._claim_lost() or (self._started(starts) if starts else None)
        return refused or self._dependencies.admit(list(runs.values()))

    def _send(self, cell_id: str, run: Run, again: ReserveAgain | None) -> ActiveRun:
        over = asyncio.Event()
        # Before it is sent: a run can be over before the next line.
        run.on_recorded(over.set)
        self.running[cell_id] = run
        # An id serves one run: tried again, the cell needs another.
        self._ids.pop(cell_id, None)
        self._dependencies.start(run, again)
        if self.is_stopped:  # meanwhile: what was reserved for it is given back so
            self._dependencies.engine.stop([run])
        return ActiveRun(run, over)

    async def wait_unless_stopped(self, cell_id: str, sent: ActiveRun) -> bool:
        """Wait for a run; False if it was stopped, which pauses the experiment."""
        await sent.over.wait()
        self.running.pop(cell_id, None)
        self.ended[sent.run.id] = self._dependencies.row_of(sent.run)
        if sent.run.status == "stopped":
            self._rest(LEFT)
        return sent.run.status != "stopped"

    def stop(self) -> None:
        """Cancel what is running, and start nothing more."""
        self.is_stopped = True
        self._dependencies.engine.stop(list(self.running.values()))
