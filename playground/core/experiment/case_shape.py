"""A table as somebody wrote it, fitted to one that can be used; each change is said."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from playground.core.experiment.cases import Cases, CasesError, cases, unstorable_part
from playground.core.request.template import as_name

_INDEX: Final = re.compile(r"\s*(?:Unnamed: \d+)?\s*")
"""The head of the numbers that pandas writes before its rows."""
# Ten thousand ragged rows would make as many sentences.
_MAX_SENTENCES: Final = 20


def fitted(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    first_row: int,
    changes: tuple[str, ...] = (),
) -> Cases:
    """The table, its columns named and its rows of one length. Raises `CasesError`.

    Rows are numbered from `first_row`; `changes` were made before.
    """
    sentences = list(changes)
    whole = [(number, list(row)) for number, row in enumerate(rows, first_row)]
    numbered = [(number, row) for number, row in whole if any(map(str.strip, row))]
    # A blank line is no row.
    if empty_rows := sum(bool(row) for _, row in whole) - len(numbered):
        many = "1 row has" if empty_rows == 1 else f"{empty_rows:,} rows have"
        sentences.append(f"{many} only empty cells: left out.")
    header = list(header)
    for number, text in enumerate(header, 1):
        if (problem := unstorable_part(text)) is not None:
            raise CasesError(f"The name of column {number}: {problem}.")
    if _is_index(header, [row for _, row in numbered]):
        numbered = [(number, row[1:]) for number, row in numbered]
        sentences.append(
            "The first column is left out, because it has no name and only counts rows."
        )
        header = header[1:]
    _say_lengths(numbered, len(header), sentences)
    header += [""] * (max((len(row) for _, row in numbered), default=0) - len(header))
    named = _names(header, sentences)
    width = len(named)
    # The numbers of rows must be those of the file in a problem's sentence.
    by_number = {number: row + [""] * (width - len(row)) for number, row in numbered}
    last = max(by_number, default=first_row)
    empty = [""] * width
    table = cases(
        named, (by_number.get(n, empty) for n in range(first_row, last + 1)), first_row=first_row
    )
    return Cases(table.columns, table.rows, tuple(sentences))


def _is_index(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    if len(header) < 2 or not _INDEX.fullmatch(header[0]) or not rows:
        return False
    firsts = [row[0] if row else "" for row in rows]
    # pandas counts its rows from 0, R from 1.
    return any(firsts == [str(n) for n in range(k, k + len(rows))] for k in (0, 1))


def _names(header: Sequence[str], sentences: list[str]) -> list[str]:
    """A name for each column, as a variable can have it and no other column has."""
    candidates = [as_name(text) for text in header]
    taken: set[str] = set()
    names: list[str] = []
    for number, (text, name) in enumerate(zip(header, candidates, strict=True), 1):
        unique, shown = name or f"column_{number}", text.strip()[:40]
        count = 1
        # A made-up name must not take that of a column further to the right.
        while unique in taken or (unique != name and unique in candidates):
            count += 1
            unique = f"{name or f'column_{number}'}_{count}"
        taken.add(unique)
        names.append(unique)
        if not name:
            problem = f"is named “{shown}”" if shown else "has no name"
            sentences.append(f"Column {number} {problem}: here it is {unique}.")
        elif unique != name:
            sentences.append(f"Column {number} is another “{shown}”: here it is {unique}.")
        elif name != text.strip():
            sentences.append(f"Column “{shown}” is {unique} here.")
    return names


def _say_lengths(
    numbered: Sequence[tuple[int, Sequence[str]]], width: int, sentences: list[str]
) -> None:
    lengths = [(number, len(row)) for number, row in numbered if len(row) != width]
    for number, length in lengths[:_MAX_SENTENCES]:
        cells = "1 cell" if length == 1 else f"{length} cells"
        columns = "1 column" if width == 1 else f"{width} columns"
        rest = (
            "the others are empty" if length < width else "the extra cells get columns of their own"
        )
        sentences.append(f"Row {number:,} has {cells} for {columns}: {rest}.")
    if (more := len(lengths) - _MAX_SENTENCES) > 0:
        sentences.append(f"{more:,} more rows have fewer or more cells than there are columns.")
