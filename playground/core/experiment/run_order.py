"""The order in which the cells of an experiment are run, and which are skipped."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import Grid
from playground.core.experiment.ladder import LadderResult, Rung, ladder_result, next_model

_ONLY_QUEUE = ""
"""The name of the only queue of an experiment without a ladder."""


class RunOrder:
    """A queue of all cells in grid order; for a ladder one model's cells at a time, while that
    model can still pass. A cell that was taken comes again only if it is put back."""

    def __init__(self, grid: Grid, ladder: tuple[str, ...], least_share: float) -> None:
        self._ladder, self._least_share = ladder, least_share
        settings = grid.settings
        # All places of a cell send the same, so the first of them tells its model.
        self._queue_of = {
            cell_id: settings[places[0].setting].request.params.model if ladder else _ONLY_QUEUE
            for cell_id, places in grid.places.items()
        }
        # A dict keeps the order and lets a cell that was finished earlier be taken out.
        self._queues: dict[str, dict[str, None]] = {name: {} for name in ladder or (_ONLY_QUEUE,)}
        for cell_id, name in self._queue_of.items():
            self._queues[name][cell_id] = None
        sizes = {name: len(queue) for name, queue in self._queues.items()}
        self._rungs = {name: Rung(name, size) for name, size in sizes.items() if size}
        self._outcomes: dict[str, bool | None] = {}

    @property
    def left(self) -> int:
        """How many cells were not taken yet; for a ladder only of the current model, because
        whether others follow is not known yet."""
        return len(self._queue)

    def take(self, most: int) -> list[str]:
        """Remove and return the next cells to run, at most `most`."""
        taken = self.peek(most)
        queue = self._queue
        for cell_id in taken:
            del queue[cell_id]
        return taken

    def peek(self, most: int) -> list[str]:
        """Return the next cells without removing them."""
        return list(islice(self._queue, most))

    def put_back(self, cell_ids: Iterable[str]) -> None:
        """Return cells to the front of the queue: not run after all, or to be run again."""
        back: dict[str, dict[str, None]] = {}
        for cell_id in cell_ids:
            # Counted twice, a failed cell would keep failing a model that can pass now. What it
            # has cost stays: it was paid for.
            if cell_id in self._outcomes:
                self._count(cell_id, self._outcomes.pop(cell_id), -1)
            back.setdefault(self._queue_of[cell_id], {})[cell_id] = None
        for name, cells in back.items():
            self._queues[name] = cells | self._queues[name]

    def leave_out(self, cell_id: str) -> None:
        """Remove a cell that was run earlier."""
        self._queues[self._queue_of[cell_id]].pop(cell_id, None)

    def note(self, cell_id: str, passed: bool | None, cost_usd: Decimal | None) -> None:
        """Record the outcome of a finished cell."""
        self.leave_out(cell_id)
        self._outcomes[cell_id] = passed
        self._count(cell_id, passed, 1, cost_usd)

    def _count(
        self, cell_id: str, passed: bool | None, by: int, cost_usd: Decimal | None = Decimal(0)
    ) -> None:
        rung = self._rungs[self._queue_of[cell_id]]
        total_usd = None if rung.cost_usd is None or cost_usd is None else rung.cost_usd + cost_usd
        self._rungs[rung.model] = replace(
            rung,
            passed=rung.passed + by * (passed is True),
            failed=rung.failed + by * (passed is False),
            undecided=rung.undecided + by * (passed is None),
            cost_usd=total_usd,
        )

    @property
    def result(self) -> LadderResult | None:
        """The ladder's result; None until it is over, and without a ladder."""
        if not self._ladder or self._turn() is not None:
            return None
        return ladder_result(self._ladder, self._tried(), least_share=self._least_share)

    @property
    def _queue(self) -> dict[str, None]:
        name = self._turn() if self._ladder else _ONLY_QUEUE
        return {} if name is None else self._queues[name]

    def _turn(self) -> str | None:
        """The model whose turn it is, where some of its cells are still to be run."""
        return next_model(self._ladder, self._tried(), least_share=self._least_share)

    def _tried(self) -> list[Rung]:
        return [rung for rung in self._rungs.values() if rung.finished]


def run_order_of(experiment: Experiment, grid: Grid) -> RunOrder:
    """The run order of an experiment."""
    return RunOrder(grid, experiment.ladder, experiment.least_share)
