"""The dependencies of a running experiment, and its origin."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from playground.core.experiment.cells import CellRow, CheckedCell, StartedCell
from playground.core.runs.run_row import RunRow
from playground.core.text.refusal import Refusal
from playground.engine.loop import Engine
from playground.engine.run import Run
from playground.experiments.claims import Claims

ReserveAgain = Callable[[], Refusal | None]
"""Reserves for one more attempt of a run, or says why not."""
Admit = Callable[[Sequence[Run]], Sequence[ReserveAgain | None] | Refusal]
"""Reserves what runs can cost, for all or for none, and may wait for a disk."""


class CellStore(Protocol):
    """Keeps which run belongs to which cell. Its methods wait for a disk."""

    def save_starts(
        self, visitor: str, experiment_id: str, begun: Sequence[StartedCell]
    ) -> Refusal | None: ...
    def save_checks(
        self, visitor: str, experiment_id: str, done: Sequence[CheckedCell]
    ) -> Refusal | None: ...
    def cells(self, visitor: str, experiment_id: str) -> dict[str, CellRow] | Refusal: ...
    def superseded_runs(self, visitor: str, experiment_id: str) -> tuple[RunRow, ...] | Refusal: ...
    def answers(self, visitor: str, run_ids: Collection[str]) -> dict[str, str] | Refusal: ...


@dataclass(frozen=True)
class Origin:
    """Which experiment of which visitor, on which page, and as which press of Run."""

    experiment_id: str
    visitor: str
    owner: str
    press: int


@dataclass(frozen=True)
class Dependencies:
    """`start` sends a run, with the visitor's key; `row_of` is what the log has of it."""

    engine: Engine
    claims: Claims
    store: CellStore
    admit: Admit
    start: Callable[[Run, ReserveAgain | None], None]
    row_of: Callable[[Run], RunRow]
