"""Starts the runs of cells: kept first, then paid for, then sent. All on the engine's loop."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from playground.core.experiment.cells import Started, claim_name
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_row import RunRow
from playground.core.text.refusal import Refusal
from playground.engine.run import Run, new_run_id
from playground.experiments.interfaces import Dependencies, Origin, ReserveAgain

LEFT = "A run was stopped, or its page was closed."


@dataclass(frozen=True)
class Sent:
    """A run on its way, and what is set when it is over."""

    run: Run
    over: asyncio.Event


class Launcher:
    """The runs of one experiment. `rest` has it start nothing more, and says why. `ended` are
    the runs that have ended, by their id: whatever came of them, they were paid for."""

    def __init__(
        self, origin: Origin, dependencies: Dependencies, rest: Callable[[str], None]
    ) -> None:
        self.running: dict[str, Run] = {}
        self.ended: dict[str, RunRow] = {}
        self.is_stopped = False
        self._origin, self._dependencies, self._rest = origin, dependencies, rest
        self._ids: dict[str, str] = {}
        self._ahead: asyncio.Task[None] | None = None

    async def launch(self, plans: Mapping[str, Plan]) -> dict[str, Sent]:
        """Start the runs of these cells; the first alone where there is no room for all, and
        none where there is no room for that."""
        if not plans or self.is_stopped:
            return {}
        # An id may just be being kept for one of them: its run has to be that one.
        if not self._ids.keys() >= plans.keys():
            await self.settle()
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

    def keep_ahead(self, cell_ids: Sequence[str]) -> None:
        """Keep the runs that these cells will have, while others run: a start need not wait
        for the disk then. Many at a time, once half of them are used up."""
        starts = [
            Started(cell_id, new_run_id()) for cell_id in cell_ids if cell_id not in self._ids
        ]
        is_time = 2 * len(starts) >= len(cell_ids)
        if starts and is_time and (self._ahead is None or self._ahead.done()):
            self._ahead = asyncio.create_task(self._keep(starts))

    async def settle(self) -> None:
        """Wait for what is being kept: a cell has one newest run, and never two."""
        if self._ahead is not None:
            await self._ahead

    async def _keep(self, starts: Sequence[Started]) -> None:
        if await asyncio.to_thread(self._started, starts) is None:
            self._ids |= {start.cell_id: start.run_id for start in starts}

    def _started(self, starts: Sequence[Started]) -> Refusal | None:
        origin = self._origin
        return self._dependencies.store.started(origin.visitor, origin.experiment_id, starts)

    def _still_ours(self) -> Refusal | None:
        """Asked before each start: a process that slept, or was cut off from the database, for
        too long has lost its claim, and another may have gone on with the work."""
        origin = self._origin
        return self._dependencies.claims.lost_reason(
            origin.visitor, claim_name(origin.experiment_id)
        )

    def _prepare(self, runs: Mapping[str, Run]) -> Sequence[ReserveAgain | None] | Refusal:
        # Kept before it is paid for: a process that dies in between has lost nothing, and a run
        # that was sent is always found again.
        starts = [Started(cell, run.id) for cell, run in runs.items() if cell not in self._ids]
        refused = self._still_ours() or (self._started(starts) if starts else None)
        return refused or self._dependencies.admit(list(runs.values()))

    def _send(self, cell_id: str, run: Run, again: ReserveAgain | None) -> Sent:
        over = asyncio.Event()
        # Before it is sent: a run can be over before the next line.
        run.follow(over.set)
        self.running[cell_id] = run
        # An id serves one run: tried again, the cell needs another.
        self._ids.pop(cell_id, None)
        self._dependencies.start(run, again)
        if self.is_stopped:  # meanwhile: what was reserved for it is given back so
            self._dependencies.engine.stop([run])
        return Sent(run, over)

    async def is_answered_or_failed(self, cell_id: str, sent: Sent) -> bool:
        """Wait for a run; False if anybody stopped it: then nothing more starts."""
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
