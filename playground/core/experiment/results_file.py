"""An experiment with its results as JSON Lines, exactly: what is read gives the same matrix.

The first line holds the definition, each other one a finished cell.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from playground.core.experiment.cells import CellRow, results_from_json, results_to_json
from playground.core.experiment.experiment import Experiment, ExperimentError, from_json, to_json
from playground.core.experiment.grid import MAX_CELLS, Grid
from playground.core.experiment.matrix import Answers, Matrix
from playground.core.request.request_fields import text_of
from playground.core.runs.row_json import from_fields, to_fields
from playground.core.text.json_text import Json, NameTwiceError, unique_fields

KIND: Final = "playground experiment"
VERSION: Final = 1
MAX_CHARACTERS: Final = 100_000_000
MAX_BYTES: Final = 20_000_000
"""Of a file that can be opened again: a page may upload no more."""


@dataclass(frozen=True)
class ExperimentFile:
    """What a file has: the matrix, and its answers by the run's id. `missing`: how many cells it
    had when it was written, and has no longer."""

    matrix: Matrix
    answers: Answers
    missing: int = 0

    @property
    def why_not_whole(self) -> str | None:
        if not self.missing:
            return None
        cells = "1 cell is" if self.missing == 1 else f"{self.missing:,} cells are"
        return f"The file was cut short: {cells} missing."


def to_json_lines(matrix: Matrix, answers: Answers) -> str:
    """The whole file."""
    sent = [[setting, case, key] for (setting, case), key in matrix.grid.sent.items()]
    head = {
        "kind": KIND,
        "version": VERSION,
        "experiment": json.loads(to_json(matrix.experiment)),
        "sent": sent,
        "unsent": dict(matrix.unsent),
        # Else a file that was cut between two lines would look whole.
        "cells": len(matrix.cells),
    }
    cells = (_cell_fields(cell, answers) for cell in matrix.cells.values())
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in (head, *cells))


def from_bytes(data: bytes) -> ExperimentFile:
    """The experiment of an uploaded file. Raises `ExperimentError`, whatever is wrong."""
    try:
        # Some editors begin a file with a mark, which no reader of JSON takes.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ExperimentError("It is not in UTF-8.") from None
    return from_json_lines(text)


def from_json_lines(text: str) -> ExperimentFile:
    """The experiment of a file. Raises `ExperimentError`, whatever is wrong."""
    if len(text) > MAX_CHARACTERS:
        raise ExperimentError(f"It is longer than {MAX_CHARACTERS:,} characters.")
    # Not `splitlines`: an answer may hold U+2028, which JSON leaves as it is.
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > MAX_CELLS + 1:
        raise ExperimentError(f"It has more than {MAX_CELLS:,} cells.")
    cells: dict[str, CellRow] = {}
    answers: dict[str, str] = {}
    number = 1
    try:
        head = _head(lines[0] if lines else "")
        experiment = from_json(json.dumps(head["experiment"], ensure_ascii=False))
        grid = _grid(experiment, head["sent"])
        unsent = {
            text_of(key, "unsent"): text_of(why, "unsent")
            for key, why in dict(head["unsent"]).items()
        }
        # A file from before they were counted does not say how many there were.
        expected = int(head.get("cells", 0))
        for number, line in enumerate(lines[1:], 2):
            cell, answer = _cell(_fields(line))
            if cell.cell_id in cells:
                raise ExperimentError(f"Line {number:,}: this cell is in the file twice.")
            cells[cell.cell_id] = cell
            answers[cell.run_id] = answer
        missing = max(0, expected - len(cells))
    # It is a ValueError as well, but keeps its own sentence.
    except ExperimentError:
        raise
    except NameTwiceError as error:
        raise ExperimentError(f"Line {number:,}: {error}.") from None
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        raise ExperimentError(f"Line {number:,} can't be read.") from None
    return ExperimentFile(Matrix(experiment, grid, cells, unsent), answers, missing)


def _head(line: str) -> dict[str, Json]:
    try:
        head = json.loads(line, object_pairs_hook=unique_fields)
    except NameTwiceError:
        raise
    except (ValueError, RecursionError):
        head = None
    version = head.get("version") if isinstance(head, dict) and head.get("kind") == KIND else None
    if type(version) is int and version > VERSION:
        raise ExperimentError("This file was made by a newer playground.")
    if type(version) is not int or version != VERSION:
        raise ExperimentError(f"It is not an experiment file of version {VERSION}.")
    return dict(head)


def _fields(line: str) -> Json:
    fields = json.loads(line, object_pairs_hook=unique_fields)
    # Only an escape can hold half of a character, which can be neither shown nor exported again.
    if "\\u" in line:
        json.dumps(fields, ensure_ascii=False).encode()
    return fields


def _grid(experiment: Experiment, entries: list[list[Json]]) -> Grid:
    sent = {(int(setting), int(case)): str(key) for setting, case, key in entries}
    settings = experiment.settings
    # A cell's id is made of what it sends: without that no result would find its place.
    if any((s, c) not in sent for s in range(len(settings)) for c in range(len(experiment.cases))):
        raise ExperimentError("Line 1 does not say what every cell sends.")
    return Grid(settings, experiment.cases, experiment.repeats, sent)


def _cell_fields(cell: CellRow, answers: Answers) -> dict[str, Json]:
    fields = to_fields(cell.run).items() if cell.run else ()
    return {
        "cell": cell.cell_id,
        "run_id": cell.run_id,
        "run": {name: value for name, value in fields if value is not None} or None,
        "checks": json.loads(results_to_json(cell.results)),
        "answer_key": cell.answer_key,
        "answer": answers.get(cell.run_id, ""),
    }


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
