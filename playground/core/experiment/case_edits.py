"""A table of texts as a person changes it: edited, added and deleted rows, other columns."""

from collections.abc import Sequence

from playground.core.experiment.cases import EXPECTED, MAX_CASES
from playground.core.text.json_text import with_whole_characters

Table = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
"""The names of the columns, and the rows."""


Change = tuple[int, str | None, str]
"""A row, counted from 0, a column, and the cell's new text; no column: the row goes."""


def read_changes(message: object) -> tuple[int, int, tuple[Change, ...]]:
    """The version of the table that a browser changed, how many changes it made before, and
    these changes; -1, 0 and none where it says anything else."""
    if not isinstance(message, dict) or not isinstance(message.get("ops"), list):
        return -1, 0, ()
    version, start = message.get("version"), message.get("start")
    if not isinstance(version, int) or not isinstance(start, int):
        return -1, 0, ()
    return version, start, tuple(map(_change, message["ops"]))


def _change(operation: object) -> Change:
    match operation:
        case [int(row), str(name), str(text)]:
            # A browser can send half a character, which no file and no request takes. A text
            # field's is replaced on its way here.
            return row, name, with_whole_characters(text)
        case [int(row)]:
            return row, None, ""
    # Unreadable, it still takes its place: the browser knows changes by their number.
    return -1, None, ""


def apply_changes(table: Table, changes: Sequence[Change]) -> Table:
    """The table after these changes, in their order. One beneath its end adds rows."""
    columns, rows = table
    cells = [list(row) for row in rows]
    places = {name: at for at, name in enumerate(columns)}
    for row, name, text in changes:
        # A browser can name any row, and all rows above it would have to be made.
        if not 0 <= row < MAX_CASES:
            continue
        if name is None:
            del cells[row : row + 1]
        elif name in places:
            cells += [[""] * len(columns) for _ in range(row + 1 - len(cells))]
            cells[row][places[name]] = text
    return columns, tuple(map(tuple, cells))


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
