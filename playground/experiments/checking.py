"""Checks the answers of cells, itself or by asking a judge, and saves the results."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from playground.core.experiment.case_checks import CheckResult
from playground.core.experiment.cells import CellRow, CheckedCell, answer_key, judge_cell
from playground.core.experiment.check_results import PendingCheck, pending_checks, run_checks
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import Grid
from playground.core.experiment.judging import judge_request, not_judged, parse_verdict
from playground.core.request.template import TemplateError
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.experiments.interfaces import Dependencies, Origin
from playground.experiments.launching import Launcher

# Results are kept in groups: a transaction per cell would hold the others up.
_GATHER_S = 0.1
_READ_AT_ONCE = 200
"""Answers in memory: they can be long."""


class Checker:
    """The checks of one experiment. `judged` are the judges' own runs."""

    def __init__(
        self,
        origin: Origin,
        experiment: Experiment,
        grid: Grid,
        context: RunContext,
        dependencies: Dependencies,
        launcher: Launcher,
    ) -> None:
        self.judged: dict[str, CellRow] = {}
        self._origin, self._checks, self._grid = origin, experiment.checks, grid
        self._context, self._dependencies, self._launcher = context, dependencies, launcher
        self._unsaved: list[CheckedCell] = []
        self._saving: asyncio.Task[None] | None = None
        self._is_over = asyncio.Event()

    def checks_of_cell(self, cell_id: str) -> tuple[PendingCheck, ...]:
        """Every check that a cell has to pass."""
        return pending_checks(self._grid.places[cell_id], self._grid.cases, self._checks)

    def has_pending_checks(self, cell: CellRow) -> bool:
        """Whether a check of this cell's answer was not run yet."""
        return cell.is_answered and any(
            pending.key not in cell.results for pending in self.checks_of_cell(cell.cell_id)
        )

    async def resume(self, cell: CellRow) -> CellRow:
        """Run the pending checks of an answer from an earlier session, read from the log."""
        answer = (await self._answers([cell])).get(cell.run_id)
        return cell if answer is None else await self.run_checks(cell, answer)

    async def run_unjudged(self, cells: Sequence[CellRow]) -> list[CellRow]:
        """Run the pending checks of many cells, except those that need a judge."""
        updated = []
        for start in range(0, len(cells), _READ_AT_ONCE):
            chunk = cells[start : start + _READ_AT_ONCE]
            answers = await self._answers(chunk)
            for cell in chunk:
                answer = answers.get(cell.run_id)
                if answer is not None:
                    cell = await self.run_checks(cell, answer, may_ask=False)
                updated.append(cell)
        return updated

    async def run_checks(self, cell: CellRow, answer: str, *, may_ask: bool = True) -> CellRow:
        """The cell with its results; a result is missing if its judge was not asked or was
        stopped."""
        todo = self.checks_of_cell(cell.cell_id)
        results = dict(cell.results)
        if todo:
            # A visitor's pattern may take a quarter of a second, which would stop every stream.
            results |= await asyncio.to_thread(run_checks, todo, answer, set(results))
        to_keep = dict(results)
        for pending in todo:
            if may_ask and pending.is_judges and pending.key not in results:
                result, is_verdict = await self._judge(cell, pending, answer)
                results |= result
                # Why there is no verdict is shown but not kept: the judge is asked another day.
                to_keep |= result if is_verdict else {}
        key = answer_key(answer)
        self._keep(CheckedCell(cell.cell_id, to_keep, key))
        return replace(cell, results=results, answer_key=key)

    async def flush(self) -> None:
        """Wait until all results are saved."""
        if self._saving is not None:
            self._is_over.set()
            await self._saving
            self._is_over.clear()

    async def _judge(
        self, cell: CellRow, pending: PendingCheck, answer: str
    ) -> tuple[Mapping[str, CheckResult], bool]:
        """The judge's result, none if it could not be asked now; and whether the judge gave a
        verdict."""
        cell_id = judge_cell(cell.cell_id, pending.key)
        earlier = self.judged.get(cell_id)
        # This judge has answered before: asking again would be paid for twice.
        if earlier is not None and earlier.is_answered:
            reply = (await self._answers([earlier])).get(earlier.run_id)
            if reply is not None:
                return {pending.key: parse_verdict(reply)}, True
        place = self._grid.places[cell.cell_id][0]
        prompt = self._grid.request(place.setting, place.case).prompt
        try:
            request = judge_request(pending.check, prompt, answer, pending.values)
        except TemplateError as error:
            return {pending.key: not_judged(str(error))}, False
        letter = self._grid.settings[place.setting].letter
        judged = f"{self._grid.label(place)} · judge"
        planned = replace(plan(self._context, Variant(letter, request)), cell=judged)
        if planned.why_not is not None:
            return {pending.key: not_judged(planned.why_not)}, False
        sent = (await self._launcher.launch({cell_id: planned})).get(cell_id)
        if sent is None or not await self._launcher.wait_unless_stopped(cell_id, sent):
            return {}, False
        run = sent.run
        self.judged[cell_id] = CellRow(cell_id, run.id, self._launcher.ended[run.id])
        if run.status == "done":
            return {pending.key: parse_verdict(run.text)}, True
        why = run.failure.sentence if run.failure else run.status
        return {pending.key: not_judged(why)}, False

    async def _answers(self, cells: Sequence[CellRow]) -> dict[str, str]:
        ids = [cell.run_id for cell in cells]
        answers = await asyncio.to_thread(
            self._dependencies.store.answers, self._origin.visitor, ids
        )
        return answers if isinstance(answers, dict) else {}

    def _keep(self, checked: CheckedCell) -> None:
        self._unsaved.append(checked)
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save())

    async def _save(self) -> None:
        """Results that cannot be saved are lost, and their checks are run again later."""
        origin = self._origin
        while self._unsaved:
            with contextlib.suppress(TimeoutError):  # What ends together is kept together.
                await asyncio.wait_for(self._is_over.wait(), _GATHER_S)
            chunk: Sequence[CheckedCell] = self._unsaved
            # Emptied before the write: what is checked meanwhile belongs to the next one.
            self._unsaved = []
            await asyncio.to_thread(
                self._dependencies.store.save_checks, origin.visitor, origin.experiment_id, chunk
            )
