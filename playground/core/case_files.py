"""Tables of cases from files and spreadsheets, and back: CSV, pasted cells, JSON Lines."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, Literal

from playground.core.cases import MOST_CHARACTERS, Cases, CasesError, cases

MOST_BYTES: Final = 20_000_000
Quoting = Literal[0, 3]
# A spreadsheet quotes a pasted cell only if it holds a line break or a tab: a quotation mark
# with which another begins is the cell's own.
_BARE: Final[tuple[str, Quoting]] = ("\t", csv.QUOTE_NONE)
_DIALECTS: Final[tuple[tuple[str, Quoting], ...]] = (
    (",", csv.QUOTE_MINIMAL),
    (";", csv.QUOTE_MINIMAL),
    ("\t", csv.QUOTE_MINIMAL),
    _BARE,
    ("|", csv.QUOTE_MINIMAL),
)
_ROWS_TO_GUESS_FROM: Final = 20
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_cases(data: bytes | str) -> Cases:
    """The cases of a file or of pasted text, whichever of the formats it is in.

    Raises `CasesError`, naming the row and the column.
    """
    text = data if isinstance(data, str) else _decoded(data)
    text = text.removeprefix("\ufeff")
    if len(text) > 2 * MOST_CHARACTERS:
        raise CasesError(f"It is longer than {2 * MOST_CHARACTERS:,} characters.")
    if not text.strip():
        raise CasesError("It is empty.")
    return _read_json_lines(text) if text.lstrip().startswith("{") else _read_csv(text)


def to_json_lines(table: Cases) -> str:
    """The exact table: each case an object on a line of its own."""
    objects = (table.values(case) for case in range(len(table)))
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects)


def to_csv(table: Cases) -> str:
    """The exact table as CSV. A spreadsheet may take a cell that begins with `=` for a
    formula: what is offered to one goes through `csv_cells` first."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return out.getvalue()


def _decoded(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise CasesError(f"The file is larger than {MOST_BYTES // 1_000_000} MB.")
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        advice = "save it as CSV UTF-8"
        raise CasesError(f"Row {row:,}: the file is not in UTF-8; {advice}.") from None


def _read_csv(text: str) -> Cases:
    rows = list(_parsed(text, *_dialect(text)))
    # A spreadsheet's empty columns on the right have no name and nothing in them.
    width = max((_last_filled(row) for row in rows), default=0)
    if not width:
        raise CasesError("It is empty.")
    rows = [row[:width] if len(row) > width else row for row in rows]
    start = next(number for number, row in enumerate(rows) if any(map(str.strip, row)))
    return cases(rows[start], rows[start + 1 :], first_row=start + 2)


def _dialect(text: str) -> tuple[str, Quoting]:
    """What gives the most names of columns, and then as many cells in the next rows."""

    def fitness(dialect: tuple[str, Quoting]) -> tuple[int, bool, bool]:
        rows, is_sound = [], True
        try:
            for row in islice(_parsed(text, *dialect), _ROWS_TO_GUESS_FROM):
                rows.append(row)
        except CasesError:
            is_sound = False
        widths = [len(row) for row in rows if row]
        return widths[0] if widths else 0, is_sound, len(set(widths)) == 1

    return max((d for d in _DIALECTS if d != _BARE or "\t" in text), key=fitness)


def _last_filled(row: Sequence[str]) -> int:
    return next((place for place in range(len(row), 0, -1) if row[place - 1].strip()), 0)


def _parsed(text: str, delimiter: str, quoting: Quoting) -> Iterator[list[str]]:
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)
    number = 1
    try:
        for number, row in enumerate(reader, 2):  # noqa: B007 (for the row after this one)
            yield row
    except csv.Error as error:
        raise CasesError(f"Row {number:,}: {_said(error)}.") from None


def _said(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "a quotation mark is never closed"
    if "expected after" in text:
        return "text follows a closing quotation mark; write a quotation mark inside a cell twice"
    return "a cell is too long" if "field limit" in text else text


def _read_json_lines(text: str) -> Cases:
    # Not `splitlines`: JSON may hold U+2028 as it is.
    lines = enumerate(text.split("\n"), 1)
    objects = [_object(number, line) if line.strip() else {} for number, line in lines]
    columns = tuple(dict.fromkeys(name for each in objects for name in each))
    rows = [[each.get(name, "") for name in columns] for each in objects]
    return cases(columns, rows, first_row=1)


def _object(number: int, line: str) -> dict[str, str]:
    try:
        parsed = json.loads(line)
    except json.JSONDecodeError as error:
        raise CasesError(f"Row {number:,}, character {error.colno}: {error.msg}.") from None
    except (RecursionError, ValueError):
        raise CasesError(f"Row {number:,}: it is not JSON that can be read here.") from None
    if not isinstance(parsed, dict):
        example = '{"name": "Ada"}'
        raise CasesError(f"Row {number:,}: it must be an object, such as {example}.")
    return {name: _cell(number, name, value) for name, value in parsed.items()}


def _cell(number: int, name: str, value: Any) -> str:  # noqa: ANN401 (any JSON)
    """A text as it is, nothing for null, and the JSON of anything else."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            problem = "half of a character (a lone surrogate)"
            raise CasesError(f"Row {number:,}, column “{name[:40]}”: {problem}.") from None
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
