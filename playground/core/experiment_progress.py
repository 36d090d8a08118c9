"""How far an experiment is, in numbers that a page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from playground.core.experiment_rows import CellRow

ExperimentState = Literal["ready", "running", "paused", "stopped", "done"]


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of an experiment. `done` cells have an answer, `failed` ones an error, those
    `in_batch` wait for their results, and `left` ones are still to be run. `unchecked` ones
    are done, but for a judge who was not asked yet. `why` says what paused it, if not its
    visitor; `left_s` is an estimate, None where nothing has ended yet. Simulated money is
    never part of `spent_usd`."""

    state: ExperimentState
    total: int
    done: int
    failed: int
    running: int
    left: int
    spent_usd: Decimal
    spent_is_exact: bool
    simulated_usd: Decimal
    in_batch: int = 0
    unchecked: int = 0
    left_s: float | None = None
    why: str = ""

    @property
    def share(self) -> float:
        """How much of it is finished, from 0 to 1."""
        return (self.done + self.failed) / self.total if self.total else 1.0


def add_up(
    total: int,
    finished: Sequence[CellRow],
    judged: Sequence[CellRow],
    unsent: int,
    in_batch: int = 0,
) -> Progress:
    """What the finished cells come to, with what their judges cost."""
    answered = sum(cell.is_answered for cell in finished)
    failed = len(finished) - answered + unsent
    rows = [cell.run for cell in (*finished, *judged) if cell.run is not None]
    spent = {True: Decimal(0), False: Decimal(0)}
    for row in rows:
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
        spent_is_exact=all(row.cost_kind in ("exact", "simulated") for row in rows),
        simulated_usd=spent[True],
    )
