"""One run as a line of a file: JSONL, exact and readable again, or cells of a CSV. Whose run
it is stands in neither, and no key is in the log."""

import json
from collections.abc import Mapping
from dataclasses import astuple
from datetime import datetime
from decimal import Decimal

from playground.core.answer.content import as_text
from playground.core.log.history import LoggedRun, Mark
from playground.core.log.logged_request import request_text
from playground.core.runs.row_json import NAMES, from_fields, to_fields
from playground.core.runs.run_row import RunTexts
from playground.core.text.csv_cells import safe_cell
from playground.core.text.json_text import Json

FORMAT = 1
MAX_LINE = 50_000_000
"""Characters."""
_TEXTS = ("request_json", "answer", "thinking", "attempts_json", "blocks_json")
# Line breaks to some readers of lines, though not to JSON; and lone surrogates, which no
# encoding of a file takes.
_ESCAPED = {c: f"\\u{c:04x}" for c in (0x7F, 0x85, 0x2028, 0x2029, *range(0xD800, 0xE000))}

MARKS = ("starred", "tags", "note", "vote", "ballot")
SAID = ("prompt", "answer")


class LineError(ValueError):
    """A line that no export of this app wrote."""


def line_of(run: LoggedRun) -> str:
    """The run as one line of JSON, without the line break."""
    row: dict[str, Json] = {"format": FORMAT, **to_fields(run.row), **_marks(run.mark)}
    if run.texts is not None:
        row["texts"] = {name: getattr(run.texts, name) for name in _TEXTS}
    return json.dumps(row, ensure_ascii=False).translate(_ESCAPED)


def _marks(mark: Mark) -> dict[str, Json]:
    """What a person added, as `MARKS` names it."""
    return dict(zip(MARKS, astuple(mark), strict=True))


def run_of(line: str, visitor: str) -> LoggedRun:
    """Read a line back, as a run of this visitor; whatever is wrong with it is a LineError."""
    if len(line) > MAX_LINE:
        raise LineError("The line is too long.")
    try:
        fields = json.loads(line)
        if fields["format"] != FORMAT:
            raise LineError("It was written by another version of this app.")
        row = from_fields(fields, visitor)
        texts = fields.get("texts")
        mark = Mark(
            bool(fields["starred"]), tuple(map(str, fields["tags"])), str(fields["note"]),
            # A line from before there were votes has none.
            fields.get("vote", ""), str(fields.get("ballot", "")),
        )  # fmt: skip
        if texts is None:
            return LoggedRun(row, None, mark)
        # A line from before there were blocks has none.
        found = {"blocks_json": "", **texts}
        read = {name: str(found[name]) for name in _TEXTS}
        return LoggedRun(row, RunTexts(run_id=row.run_id, **read), mark)
    # It is a ValueError as well, but keeps its own sentence.
    except LineError:
        raise
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise LineError("This is not an exported run.") from error


def columns(*, with_texts: bool) -> tuple[str, ...]:
    """The header of a CSV."""
    return (*NAMES, *MARKS, *(SAID if with_texts else ()))


def values_of(run: LoggedRun) -> dict[str, object]:
    """The run by column, as it is; prompt and answer as they are read."""
    values = {name: getattr(run.row, name) for name in NAMES} | _marks(run.mark)
    if run.texts is not None:
        values |= {
            "prompt": request_text(run.texts.request_json),
            "answer": as_text(run.texts.blocks),
        }
    return values


def cells_of(run: LoggedRun, names: tuple[str, ...]) -> list[str]:
    """The cells of a CSV: text defused, numbers as numbers."""
    values: Mapping[str, object] = values_of(run)
    return [_cell(values.get(name)) for name in names]


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case tuple():
            return safe_cell(", ".join(value))
        case str():
            return safe_cell(value)
        case datetime():
            return value.isoformat()
        # `str` would write a small amount as 1E-7.
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)
