"""In which order the cells of an experiment are run, and which are left out."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import Grid
from playground.core.experiment.ladder import LadderResult, Rung, ladder_result, next_model


class RunOrder:
    """All cells, in the order of the grid. What is taken is not offered again until it is put
    back."""

    def __init__(self, grid: Grid) -> None:
        # A dict keeps the order and lets a cell that was finished earlier be taken out.
        self._queue = dict.fromkeys(grid.places)

    @property
    def left(self) -> int:
        """How many cells were not taken yet."""
        return len(self._queue)

    def take(self, most: int) -> list[str]:
        """The next cells to run, at most so many."""
        return _taken(self._queue, most)

    def peek(self, most: int) -> list[str]:
        """The cells that would be taken, left where they are."""
        return list(islice(self._queue, most))

    def put_back(self, cell_ids: Iterable[str]) -> None:
        """Cells that were taken and not run after all; they come first."""
        self._queue = {**dict.fromkeys(cell_ids), **self._queue}

    def leave_out(self, cell_id: str) -> None:
        """A cell that is not to be run: it was, on an earlier day."""
        self._queue.pop(cell_id, None)

    def note(self, cell_id: str, passed: bool | None, cost_usd: Decimal | None) -> None:
        """A cell was finished, now or on an earlier day."""
        self.leave_out(cell_id)

    @property
    def result(self) -> LadderResult | None:
        """What it came to; nothing here, where everything is run."""
        return None


class Climb(RunOrder):
    """A ladder: one model's cells at a time, for as long as it can still pass."""

    def __init__(self, grid: Grid, ladder: tuple[str, ...], least_share: float) -> None:
        super().__init__(grid)
        self._ladder, self._least_share = ladder, least_share
        settings = grid.settings
        # All places of a cell send the same, so the first of them tells its model.
        self._model_of = {
            cell_id: settings[places[0].setting].request.params.model
            for cell_id, places in grid.places.items()
        }
        self._queues: dict[str, dict[str, None]] = {model: {} for model in ladder}
        for cell_id, model in self._model_of.items():
            self._queues[model][cell_id] = None
        sizes = {model: len(queue) for model, queue in self._queues.items()}
        self._rungs = {model: Rung(model, size) for model, size in sizes.items() if size}
        self._outcomes: dict[str, bool | None] = {}

    @property
    def left(self) -> int:
        """How many cells the step under way still has; whether more follow nobody knows."""
        model = self._model()
        return len(self._queues[model]) if model else 0

    def take(self, most: int) -> list[str]:
        model = self._model()
        return _taken(self._queues[model], most) if model else []

    def peek(self, most: int) -> list[str]:
        model = self._model()
        return list(islice(self._queues[model], most)) if model else []

    def put_back(self, cell_ids: Iterable[str]) -> None:
        for cell_id in cell_ids:
            model = self._model_of[cell_id]
            # Counted twice, a failed cell would keep failing a model that can pass now. What it
            # has cost stays: it was paid for.
            if cell_id in self._outcomes:
                self._count(model, self._outcomes.pop(cell_id), -1)
            self._queues[model] = {cell_id: None, **self._queues[model]}

    def leave_out(self, cell_id: str) -> None:
        self._queues[self._model_of[cell_id]].pop(cell_id, None)

    def note(self, cell_id: str, passed: bool | None, cost_usd: Decimal | None) -> None:
        self.leave_out(cell_id)
        model = self._model_of[cell_id]
        self._outcomes[cell_id] = passed
        self._count(model, passed, 1)
        rung = self._rungs[model]
        total_usd = None if rung.cost_usd is None or cost_usd is None else rung.cost_usd + cost_usd
        self._rungs[model] = replace(rung, cost_usd=total_usd)

    def _count(self, model: str, passed: bool | None, by: int) -> None:
        rung = self._rungs[model]
        self._rungs[model] = replace(
            rung,
            passed=rung.passed + by * (passed is True),
            failed=rung.failed + by * (passed is False),
            undecided=rung.undecided + by * (passed is None),
        )

    @property
    def result(self) -> LadderResult | None:
        if self._model() is not None:
            return None
        return ladder_result(self._ladder, self._tried(), least_share=self._least_share)

    def _model(self) -> str | None:
        """The model whose turn it is, where some of its cells are still to be run."""
        return next_model(self._ladder, self._tried(), least_share=self._least_share)

    def _tried(self) -> list[Rung]:
        return [rung for rung in self._rungs.values() if rung.finished]


def _taken(queue: dict[str, None], most: int) -> list[str]:
    taken = list(islice(queue, most))
    for cell_id in taken:
        del queue[cell_id]
    return taken


def run_order_of(experiment: Experiment, grid: Grid) -> RunOrder:
    """The order that an experiment asks for."""
    if experiment.is_ladder:
        return Climb(grid, experiment.ladder, experiment.least_share)
    return RunOrder(grid)
