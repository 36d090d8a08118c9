"""The experiments of each visitor, and which run belongs to which of their cells.

A cell's run is stored before it begins, and its outcome is the run's own row: a cell whose run has
ended is never run, or paid for, twice.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, fields

import sqlalchemy as sa

from playground.core.answer.content import Blocks, answer_of
from playground.core.experiment.cells import (
    CellRow,
    CheckedCell,
    ExperimentRow,
    StartedCell,
    claim_name,
    results_from_json,
    results_to_json,
)
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.text.refusal import Refusal
from playground.store.rows.memory import Memory
from playground.store.tables import batch_tables, dialect
from playground.store.tables.cleaning import clean_row, clean_text
from playground.store.tables.dialect import in_chunks
from playground.store.tables.schema import cells, claims, experiments, runs, texts
from playground.store.writing.transactions import Transactions
from playground.store.writing.writer import Writer

# Labelled, because the row of a cell has columns of the same names.
_RUN = [runs.c[field.name].label(f"run_{field.name}") for field in fields(RunRow)]


class ExperimentStore:
    """Experiments of all visitors; every query is limited to one visitor. Each method waits for
    the disk, so none may be called on the event loop. A `Refusal` says why a call failed."""

    def __init__(self, writer: Writer, memory: Memory) -> None:
        self._db = Transactions(
            writer, who="the experiments", undone="Experiments cannot be kept just now"
        )
        self._memory = memory

    def save(self, experiment: ExperimentRow) -> Refusal | None:
        """Save an experiment or its newer definition."""
        row = clean_row(asdict(experiment))
        return self._db.write(lambda connection: dialect.upsert(connection, experiments, [row]))

    def get(self, visitor: str, experiment_id: str) -> ExperimentRow | Refusal | None:
        """One experiment of this visitor."""
        question = sa.select(experiments).where(*_has_key(experiments, visitor, experiment_id))

        def read(connection: sa.Connection) -> ExperimentRow | None:
            row = connection.execute(question).mappings().first()
            return ExperimentRow(**row) if row else None

        return self._db.read(read)

    def list_experiments(
        self, visitor: str, *, limit: int = 100
    ) -> tuple[ExperimentRow, ...] | Refusal:
        """The newest experiments of a visitor, without their definitions."""
        columns = [column for column in experiments.c if column.name != "definition_json"]
        question = (
            sa.select(*columns)
            .where(experiments.c.visitor == clean_text(visitor))
            .order_by(experiments.c.experiment_id.desc())
            .limit(limit)
        )
        return self._db.read(
            lambda connection: tuple(
                ExperimentRow(**row) for row in connection.execute(question).mappings()
            )
        )

    def delete(self, visitor: str, experiment_id: str) -> Refusal | None:
        """Delete an experiment; its runs stay in the log, and no process starts more."""
        row = clean_row({"visitor": visitor, "name": claim_name(experiment_id)})
        # A process at work on it asks for its claim before each start, and stops without one.
        is_its = [claims.c[column] == value for column, value in row.items()]
        return self._db.execute(
            sa.delete(claims).where(*is_its),
            *(
                sa.delete(table).where(*_has_key(table, visitor, experiment_id))
                for table in (experiments, cells)
            ),
        )

    def save_starts(
        self, visitor: str, experiment_id: str, begun: Sequence[StartedCell]
    ) -> Refusal | None:
        """Save the runs of these cells before any of them starts."""
        rows = [_key_of(visitor, experiment_id) | asdict(start) | _UNCHECKED for start in begun]
        return self._db.write(lambda connection: dialect.upsert(connection, cells, rows))

    def save_checks(
        self, visitor: str, experiment_id: str, done: Iterable[CheckedCell]
    ) -> Refusal | None:
        """Save the check results of these cells."""
        its_cells = sa.update(cells).where(*_has_key(cells, visitor, experiment_id))
        return self._db.execute(
            *(
                its_cells.where(cells.c.cell_id == cell.cell_id).values(
                    results_json=clean_text(results_to_json(cell.results)),
                    answer_key=cell.answer_key,
                )
                for cell in done
            )
        )

    def cells(self, visitor: str, experiment_id: str) -> dict[str, CellRow] | Refusal:
        """Every cell that was started, with its run as the log has it now."""
        same = sa.and_(runs.c.visitor == cells.c.visitor, runs.c.run_id == cells.c.run_id)
        question = (
            sa.select(cells.c.cell_id, cells.c.run_id, cells.c.results_json, cells.c.answer_key)
            .add_columns(*_RUN)
            .select_from(cells.outerjoin(runs, same))
            .where(*_has_key(cells, visitor, experiment_id))
        )
        # Before the database: what is written in between is then seen twice, not missed.
        unsaved = self._memory.entries(clean_text(visitor), latest=False)

        def read(connection: sa.Connection) -> dict[str, CellRow]:
            # Before the runs: one that a batch brings in between then still counts as waiting.
            waiting = batch_tables.waiting(connection, visitor, experiment_id)
            cells_by_id = {}
            for row in connection.execute(question).mappings():
                entry = unsaved.get(row["run_id"])
                cell = _cell_of(row, entry.row if entry else None, row["run_id"] in waiting)
                cells_by_id[cell.cell_id] = cell
            return cells_by_id

        return self._db.read(read)

    def superseded_runs(self, visitor: str, experiment_id: str) -> tuple[RunRow, ...] | Refusal:
        """The experiment's runs that are no cell's newest: their cells were run again."""
        newest = sa.select(cells.c.run_id).where(*_has_key(cells, visitor, experiment_id))
        columns = [runs.c[field.name] for field in fields(RunRow)]
        question = sa.select(*columns).where(
            *_has_key(runs, visitor, experiment_id), runs.c.run_id.not_in(newest)
        )
        # Before the database: what is written in between is then seen twice, not missed.
        unsaved = self._memory.entries(clean_text(visitor), latest=False)

        def read(connection: sa.Connection) -> tuple[RunRow, ...]:
            newest_ids = set(connection.execute(newest).scalars())
            rows_by_id = {
                row["run_id"]: RunRow(**row) for row in connection.execute(question).mappings()
            }
            rows_by_id |= {
                run_id: entry.row
                for run_id, entry in unsaved.items()
                if entry.row.experiment_id == clean_text(experiment_id) and run_id not in newest_ids
            }
            return tuple(rows_by_id.values())

        return self._db.read(read)

    def answers(self, visitor: str, run_ids: Collection[str]) -> dict[str, str] | Refusal:
        """The text that checks read of the answers of these runs of a visitor, by run id."""
        blocks_by_id = self.contents(visitor, run_ids)
        if isinstance(blocks_by_id, Refusal):
            return blocks_by_id
        return {run_id: answer_of(blocks) for run_id, blocks in blocks_by_id.items()}

    def contents(self, visitor: str, run_ids: Collection[str]) -> dict[str, Blocks] | Refusal:
        """The content blocks of these runs of a visitor, by run id."""
        name = clean_text(visitor)
        unsaved = self._memory.entries(name, latest=False)

        def read(connection: sa.Connection) -> dict[str, Blocks]:
            blocks_by_id: dict[str, Blocks] = {}
            for chunk in in_chunks(run_ids):
                question = sa.select(texts.c.run_id, texts.c.answer, texts.c.blocks_json).where(
                    texts.c.visitor == name, texts.c.run_id.in_(chunk)
                )
                for record in connection.execute(question).mappings():
                    blocks_by_id[record["run_id"]] = RunTexts(**record).blocks
            for run_id in run_ids:
                newer = unsaved[run_id].texts if run_id in unsaved else None
                if newer is not None:
                    blocks_by_id[run_id] = newer.blocks
            return blocks_by_id

        return self._db.read(read)


# A cell that is run again loses its results: they were about an answer it no longer has.
_UNCHECKED = {"results_json": "{}", "answer_key": ""}


def _key_of(visitor: str, experiment_id: str) -> dict[str, object]:
    return {"visitor": clean_text(visitor), "experiment_id": clean_text(experiment_id)}


def _has_key(
    table: sa.Table, visitor: str, experiment_id: str
) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(table.c[name] == value for name, value in _key_of(visitor, experiment_id).items())


def _cell_of(row: sa.RowMapping, newer: RunRow | None, is_in_batch: bool) -> CellRow:
    run = newer
    if run is None and row["run_run_id"] is not None:
        run = RunRow(**{field.name: row[f"run_{field.name}"] for field in fields(RunRow)})
    results = results_from_json(row["results_json"])
    return CellRow(row["cell_id"], row["run_id"], run, results, row["answer_key"], is_in_batch)
