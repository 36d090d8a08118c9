"""Loads an experiment's cells from the store: finished earlier, or in a batch."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from playground.core.experiment.cells import CellRow, is_judges
from playground.core.runs.run_row import LIVE, RunRow
from playground.core.text.refusal import Refusal
from playground.experiments.interfaces import CellStore, Origin


@dataclass(frozen=True)
class StoredCells:
    """The cells of a grid that were started, and the runs of their judges. `runs` are all that
    have ended, by their id, also those that were stopped or made again since."""

    cells: dict[str, CellRow]
    judged: dict[str, CellRow]
    runs: dict[str, RunRow]

    @property
    def in_batch(self) -> frozenset[str]:
        """The cells whose results a batch may still bring."""
        return frozenset(cell_id for cell_id, cell in self.cells.items() if cell.is_in_batch)

    def ended(self, known: Collection[str], again: Mapping[str, str]) -> list[CellRow]:
        """Those with an outcome that is not known yet; no run that is to be made `again`, by
        its cell."""
        return [
            cell
            for cell_id, cell in self.cells.items()
            if cell.is_finished and not cell.is_in_batch
            if cell_id not in known and again.get(cell_id) != cell.run_id
        ]


async def load_cells(
    origin: Origin, places: Collection[str], store: CellStore
) -> StoredCells | Refusal:
    """Load the cells of an experiment that have a place in its grid."""
    return await asyncio.to_thread(_load_cells, origin, places, store)


def _load_cells(origin: Origin, places: Collection[str], store: CellStore) -> StoredCells | Refusal:
    rows_by_cell = store.cells(origin.visitor, origin.experiment_id)
    if isinstance(rows_by_cell, Refusal):
        return rows_by_cell
    # Afterwards: what was made again in between is then seen twice, not missed.
    replaced = store.superseded_runs(origin.visitor, origin.experiment_id)
    if isinstance(replaced, Refusal):
        return replaced
    newest = [cell.run for cell in rows_by_cell.values() if cell.run is not None]
    runs = {row.run_id: row for row in (*replaced, *newest) if row.status not in LIVE}
    cells = {cell_id: cell for cell_id, cell in rows_by_cell.items() if cell_id in places}
    return StoredCells(
        cells, {cell_id: cell for cell_id, cell in rows_by_cell.items() if is_judges(cell_id)}, runs
    )
