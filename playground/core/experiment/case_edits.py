"""A table of texts as a person changes it: edited, added and deleted rows, other columns."""

from collections.abc import Sequence

from playground.core.experiment.cases import EXPECTED
from playground.core.text.json_text import JsonObject

Table = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
"""The names of the columns, and the rows."""


def edited(table: Table, changes: JsonObject) -> Table:
    """The table after the changes of a data editor, which counts rows from 0."""
    columns, rows = table
    cells = [dict(zip(columns, row, strict=True)) for row in rows]
    for number, values in changes.get("edited_rows", {}).items():
        if 0 <= int(number) < len(cells):
            cells[int(number)] |= _texts(values)
    gone = set(changes.get("deleted_rows", ()))
    kept = [row for number, row in enumerate(cells) if number not in gone]
    kept += [_texts(values) for values in changes.get("added_rows", ())]
    return columns, tuple(tuple(row.get(name, "") for name in columns) for row in kept)


def with_columns(table: Table, variables: Sequence[str]) -> Table:
    """The table with a column for each variable and for what is expected. A column that is
    neither goes if it is empty."""
    columns, rows = table
    wanted = [*variables, *(() if EXPECTED in variables else (EXPECTED,))]
    filled = [name for at, name in enumerate(columns) if any(row[at].strip() for row in rows)]
    names = tuple([*wanted, *(name for name in filled if name not in wanted)])
    if names == columns:
        return table
    cells = [dict(zip(columns, row, strict=True)) for row in rows]
    return names, tuple(tuple(row.get(name, "") for name in names) for row in cells)


def _texts(values: JsonObject) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in values.items()}
