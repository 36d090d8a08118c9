"""What the store knows of an experiment's cells: done on an earlier day, or in a batch."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from playground.core.budget import Refusal
from playground.core.experiment_rows import CellRow, is_judges
from playground.experiments.seams import CellStore, Whose


@dataclass(frozen=True)
class Stored:
    """The cells of a grid that were started, and the runs of their judges."""

    cells: dict[str, CellRow]
    judged: dict[str, CellRow]

    @property
    def in_batch(self) -> frozenset[str]:
        """Those that a batch may still bring."""
        return frozenset(each for each, cell in self.cells.items() if cell.is_in_batch)

    def ended(self, known: Collection[str], again: Mapping[str, str]) -> list[CellRow]:
        """Those with an outcome that is not known yet; no run that is to be made `again`, by
        its cell."""
        return [
            cell
            for cell_id, cell in self.cells.items()
            if cell.is_finished and not cell.is_in_batch
            if cell_id not in known and again.get(cell_id) != cell.run_id
        ]


async def stored(whose: Whose, places: Collection[str], store: CellStore) -> Stored | Refusal:
    """Ask the store for the cells of an experiment that have a place in its grid."""
    found = await asyncio.to_thread(store.cells, whose.visitor, whose.experiment_id)
    if isinstance(found, Refusal):
        return found
    cells = {each: cell for each, cell in found.items() if each in places}
    return Stored(cells, {each: cell for each, cell in found.items() if is_judges(each)})
