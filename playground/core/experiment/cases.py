"""A table of cases: each row fills a prompt's variables, one column a variable.

Two columns may mean more: `expected` is what a check compares with, `checks` holds checks of
that row alone, as JSON.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from playground.core.request.template import as_name

MAX_CASES: Final = 10_000
MAX_COLUMNS: Final = 50
MAX_CELL_CHARACTERS: Final = 100_000
MAX_CHARACTERS: Final = 5_000_000
EXPECTED: Final = "expected"
CHECKS: Final = "checks"


class CasesError(ValueError):
    """What is wrong with a table and where; its text can be shown."""


@dataclass(frozen=True, slots=True)
class Cases:
    """The table. `rows` have a text for every column; no columns and one row is one case
    without variables. `changes`: a sentence for each way in which it is not as its file was."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ((),)
    changes: tuple[str, ...] = field(default=(), compare=False)

    def values(self, case: int) -> Mapping[str, str]:
        """The values of a case, by the name of their variable."""
        return dict(zip(self.columns, self.rows[case], strict=True))

    def __len__(self) -> int:
        return len(self.rows)


NO_CASES: Final = Cases()
"""The one case of a prompt without variables."""


def cases(header: Sequence[str], rows: Iterable[Sequence[str]], *, first_row: int = 2) -> Cases:
    """The table of a header and rows of texts; rows that are empty throughout are left out.

    Columns are renamed to names that a variable can have. Raises `CasesError`; rows are
    numbered from `first_row`, as in the file that they were read from.
    """
    columns = _columns(header)
    filled: list[tuple[str, ...]] = []
    characters = 0
    for number, row in enumerate(rows, first_row):
        if not any(cell.strip() for cell in row):
            continue
        filled.append(_row(number, row, columns))
        characters += sum(map(len, row))
        # Checked in the loop, so that an endless table is given up as soon as it is too long.
        if len(filled) > MAX_CASES:
            raise CasesError(f"Row {number:,}: there can be at most {MAX_CASES:,} cases.")
        if characters > MAX_CHARACTERS:
            most = f"{MAX_CHARACTERS:,} characters"
            raise CasesError(f"Row {number:,}: all cases together can have at most {most}.")
    if not filled:
        raise CasesError("There are no cases below the column names.")
    return Cases(columns, tuple(filled))


def unstorable_part(text: str) -> str | None:
    """A part of a text that neither a file nor a database can store; None where all can be
    kept. It would be sent, but another text stand in the log."""
    if "\0" in text:
        return "a NUL character (U+0000)"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "half of a character (a lone surrogate)"
    return None


def _columns(header: Sequence[str]) -> tuple[str, ...]:
    if not header:
        raise CasesError("Row 1: there are no column names.")
    if len(header) > MAX_COLUMNS:
        raise CasesError(f"Row 1: there can be at most {MAX_COLUMNS} columns.")
    names: dict[str, str] = {}
    for number, text in enumerate(header, 1):
        name = as_name(text)
        if not name:
            shown = f"“{text[:40]}” is no name" if text.strip() else "it has no name"
            raise CasesError(f"Row 1, column {number}: {shown}. Use letters, digits and _.")
        if name in names:
            raise CasesError(f"Row 1, column {number}: there are two columns “{name}”.")
        names[name] = text
    return tuple(names)


def _row(number: int, row: Sequence[str], columns: tuple[str, ...]) -> tuple[str, ...]:
    if len(row) != len(columns):
        at = columns[min(len(row), len(columns) - 1)]
        problem = f"{_many(len(row), 'cell')} for {_many(len(columns), 'column')}"
        raise CasesError(f"Row {number:,}, column “{at}”: {problem}.")
    for name, cell in zip(columns, row, strict=True):
        if len(cell) > MAX_CELL_CHARACTERS:
            problem = f"a cell can have at most {MAX_CELL_CHARACTERS:,} characters"
            raise CasesError(f"Row {number:,}, column “{name}”: {problem}.")
        if (unkept := unstorable_part(cell)) is not None:
            raise CasesError(f"Row {number:,}, column “{name}”: {unkept}.")
    return tuple(row)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
