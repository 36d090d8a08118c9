"""How far an experiment is, in numbers that a page shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from playground.core.experiment.cells import CellRow
from playground.core.money.pricing import Cost
from playground.core.runs.run_row import RunRow

ExperimentState = Literal["ready", "running", "paused", "stopped", "done"]


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of an experiment. `done` cells have an answer, `failed` ones an error, those
    `running` are being answered or judged, those `in_batch` wait for their results, and `left`
    ones are still to be begun. `unchecked` ones are done, but for a judge who was not asked
    yet. `why` says what paused it, if not its visitor; `left_s` is an estimate, None where
    nothing has ended yet. `spent_usd` is a lower bound where some runs, `inexact`, have no
    exact cost; simulated money is never part of it."""

    state: ExperimentState
    total: int
    done: int
    failed: int
    running: int
    left: int
    spent_usd: Decimal
    inexact: int
    simulated_usd: Decimal
    in_batch: int = 0
    unchecked: int = 0
    left_s: float | None = None
    why: str = ""

    @property
    def spent(self) -> Cost:
        """The money spent so far, and how that is known."""
        if not self.inexact:
            return Cost(self.spent_usd, "exact", "The sum of exact costs.")
        why = f"Runs whose cost is a bound or unknown: {self.inexact:,}."
        return Cost(self.spent_usd, "at least", why)

    @property
    def share(self) -> float:
        """How much of it is finished, from 0 to 1."""
        return (self.done + self.failed) / self.total if self.total else 1.0


def add_up(
    total: int,
    finished: Sequence[CellRow],
    ended: Iterable[RunRow],
    unsent: int,
    in_batch: int = 0,
) -> Progress:
    """What the finished cells come to. `ended` are runs that were paid for whatever became of
    them: those of judges, those that were stopped, and those of cells that were run again."""
    answered = sum(cell.is_answered for cell in finished)
    failed = len(finished) - answered + unsent
    runs = [cell.run for cell in finished if cell.run is not None]
    # By their id: the run of a finished cell may stand among the ended ones, too.
    rows = {row.run_id: row for row in (*ended, *runs)}.values()
    spent = {True: Decimal(0), False: Decimal(0)}
    for row in rows:
        if row.cost_kind == "at most":  # Its process died: it may have cost nothing.
            continue
        spent[row.cost_kind == "simulated"] += row.cost_usd or 0
    return Progress(
        state="ready",
        total=total,
        done=answered,
        failed=failed,
        running=0,
        left=total - answered - failed - in_batch,
        in_batch=in_batch,
        spent_usd=spent[False],
        inexact=sum(row.cost_kind not in ("exact", "simulated") for row in rows),
        simulated_usd=spent[True],
    )
