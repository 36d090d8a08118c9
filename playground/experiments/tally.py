"""The progress of an experiment: finished cells, costs and the remaining time."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from playground.core.experiment.cells import CellRow
from playground.core.experiment.progress import Progress, add_up
from playground.core.runs.run_row import RunRow


class Tally:
    """Sums are cached until something is added, because a page reads them on every rerun."""

    def __init__(self, total: int) -> None:
        self.ended = 0
        self._total = total
        self._active_s, self._since_s = 0.0, 0.0
        self._is_working = False
        self._sums: tuple[tuple[int, ...], Progress] | None = None

    def begin(self) -> None:
        """From now on cells are run."""
        # Monotonic: the system's time may be changed while an experiment runs.
        self._is_working, self._since_s = True, time.monotonic()

    def rest(self) -> None:
        """No more cells are run."""
        self._is_working = False
        self._active_s += time.monotonic() - self._since_s

    def progress(
        self,
        finished: Mapping[str, CellRow],
        ended: Mapping[str, RunRow],
        begun: Sequence[str],
        unsent: int,
        in_batch: int,
    ) -> Progress:
        """How far it is. `ended` are all runs that have ended, and `begun` the cells at work."""
        sizes = self.ended, len(finished), len(ended), unsent, in_batch
        if self._sums is None or self._sums[0] != sizes:
            cells, rows = list(finished.values()), list(ended.values())
            self._sums = sizes, add_up(self._total, cells, rows, unsent, in_batch)
        sums = self._sums[1]
        # One that is only judged has its answer, and counts as done already.
        left = max(0, sums.left - sum(cell_id not in finished for cell_id in begun))
        return replace(sums, running=len(begun), left=left, left_s=self._left_s(sums.left))

    def _left_s(self, left: int) -> float | None:
        # Pauses say nothing about the rest, so only the time at work counts.
        now_s = time.monotonic() - self._since_s if self._is_working else 0.0
        return (self._active_s + now_s) / self.ended * left if self.ended else None
