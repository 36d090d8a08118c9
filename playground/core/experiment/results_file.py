"""An experiment with its results as JSON Lines, exactly: what is read gives the same matrix.

The first line holds the definition, each other one a finished cell.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from playground.core.experiment.cells import CellRow, results_from_json, results_to_json
from playground.core.experiment.experiment import Experiment, ExperimentError, from_json, to_json
from playground.core.experiment.grid import MOST_CELLS, Grid
from playground.core.experiment.matrix import Answers, Matrix
from playground.core.runs.row_json import from_fields, to_fields
from playground.core.runs.run_row import RunRow
from playground.core.text.json_text import Json

KIND: Final = "playground experiment"
VERSION: Final = 1
MOST_CHARACTERS: Final = 100_000_000


@dataclass(frozen=True)
class ExperimentFile:
    """What a file has: the matrix, and its answers by the run's id."""

    matrix: Matrix
    answers: Answers


def to_json_lines(matrix: Matrix, answers: Answers) -> str:
    """The whole file."""
    sent = [[setting, case, key] for (setting, case), key in matrix.grid.sent.items()]
    head = {
        "kind": KIND,
        "version": VERSION,
        "experiment": json.loads(to_json(matrix.experiment)),
        "sent": sent,
        "unsent": dict(matrix.unsent),
    }
    cells = (_cell_fields(cell, answers) for cell in matrix.cells.values())
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in (head, *cells))


def from_json_lines(text: str) -> ExperimentFile:
    """The experiment of a file. Raises `ExperimentError`, whatever is wrong."""
    if len(text) > MOST_CHARACTERS:
        raise ExperimentError(f"It is longer than {MOST_CHARACTERS:,} characters.")
    # Not `splitlines`: an answer may hold U+2028, which JSON leaves as it is.
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > MOST_CELLS + 1:
        raise ExperimentError(f"It has more than {MOST_CELLS:,} cells.")
    cells: dict[str, CellRow] = {}
    answers: dict[str, str] = {}
    number = 1
    try:
        head = _head(lines[0] if lines else "")
        experiment = from_json(json.dumps(head["experiment"]))
        grid = _grid(experiment, head["sent"])
        for number, line in enumerate(lines[1:], 2):  # noqa: B007 (for the error)
            cell, answer = _cell(json.loads(line))
            cells[cell.cell_id] = cell
            answers[cell.run_id] = answer
        unsent = {str(key): str(why) for key, why in dict(head["unsent"]).items()}
    # It is a ValueError as well, but keeps its own sentence.
    except ExperimentError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        raise ExperimentError(f"Line {number:,}: it cannot be read here.") from None
    return ExperimentFile(Matrix(experiment, grid, cells, unsent), answers)


def _head(line: str) -> dict[str, Json]:
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        head = None
    version = head.get("version") if isinstance(head, dict) and head.get("kind") == KIND else None
    if type(version) is not int or version != VERSION:
        raise ExperimentError(f"It is no file of an experiment, version {VERSION}.")
    return dict(head)


def _grid(experiment: Experiment, entries: list[list[Json]]) -> Grid:
    sent = {(int(setting), int(case)): str(key) for setting, case, key in entries}
    settings = experiment.settings
    # A cell's id is made of what it sends: without that no result would find its place.
    if any((s, c) not in sent for s in range(len(settings)) for c in range(len(experiment.cases))):
        raise ExperimentError("Line 1: it does not say what every cell sends.")
    return Grid(settings, experiment.cases, experiment.repeats, sent)


def _cell_fields(cell: CellRow, answers: Answers) -> dict[str, Json]:
    return {
        "cell": cell.cell_id,
        "run_id": cell.run_id,
        "run": _run_fields(cell.run) if cell.run else None,
        "checks": json.loads(results_to_json(cell.results)),
        "answer_key": cell.answer_key,
        "answer": answers.get(cell.run_id, ""),
    }


def _run_fields(run: RunRow) -> dict[str, Json]:
    return {name: value for name, value in to_fields(run).items() if value is not None}


def _cell(fields: Mapping[str, Json]) -> tuple[CellRow, str]:
    checks = results_from_json(json.dumps(fields["checks"]))
    if not all(
        (result.passed is None or type(result.passed) is bool) and type(result.why) is str
        for result in checks.values()
    ):
        raise ValueError("a check's result")
    run = None if fields["run"] is None else from_fields(fields["run"], "")
    texts = [fields[name] for name in ("cell", "run_id", "answer_key", "answer")]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a text")
    cell_id, run_id, key, answer = texts
    return CellRow(cell_id, run_id, run, checks, key), answer
