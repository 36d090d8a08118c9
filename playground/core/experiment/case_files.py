"""Tables of cases from files and spreadsheets, and back: CSV, pasted cells, JSON Lines."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Literal

from playground.core.experiment.case_json import read_json_cases
from playground.core.experiment.case_shape import fitted
from playground.core.experiment.cases import MAX_CHARACTERS, Cases, CasesError
from playground.core.text.csv_cells import safe_cell

MAX_BYTES: Final = 20_000_000
READABLE: Final = "Cases can be CSV, spreadsheet cells, JSON or JSON Lines."
Quoting = Literal[0, 3]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a line are separated and quoted."""

    delimiter: str
    quoting: Quoting = csv.QUOTE_MINIMAL
    skips_blanks: bool = False


# A spreadsheet quotes a pasted cell only if it holds a line break or a tab: a quotation mark
# with which another begins is the cell's own.
_BARE: Final = Dialect("\t", csv.QUOTE_NONE)
_DIALECTS: Final = (Dialect(","), Dialect(";"), Dialect("\t"), _BARE, Dialect("|"))
# `csv.Sniffer` guesses badly, and can take minutes over a hostile file: see `_dialect`.
_ROWS_TO_GUESS_FROM: Final = 20
_JSON: Final = re.compile(r"\s*(?:\{|\[\s*(?:[\[{\"\]\d]|-\d|//|/\*|null|true|false))")
_SEPARATOR: Final = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)
_ESCAPED_SENTENCE: Final = (
    'A quotation mark after a backslash (\\") is read as part of the " "cell.'
)
_ESCAPED: Final = re.compile(r'(\\+)"')
_BLANK_BEFORE_QUOTE: Final = re.compile(r'[,;|] +"')
_DASHES: Final = re.compile(r"\|?(?:\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?")
_FOREIGN: Final = tuple(
    (name, re.compile(shape))
    for name, shape in (
        ("JSON with comments", r"\s*(?://|/\*)[^\n]*\n\s*[\[{]"),
        ("RTF", r"\{\\rtf"),
        ("HTML or XML", r"\s*<(?:!|\?|[A-Za-z]+[\s>])"),
        ("YAML", r"\s*(?:---[ \t]*\r?\n|- +['\"]?\w[\w ]*['\"]?: "
                 r"|\w+:[ \t]*\r?\n[ \t]*(?:- |\w+: ))"),
        ("TOML", r"\s*\[\[?[\w.]+\]\]?[ \t]*\r?\n\s*\w+ *= *"),
        ("Python", r"\s*(?:import \w+\s*\n|from \w[\w.]* import |\w+ = [\[{(]|\[\s*[({]\s*')"),
        ("a table that was printed for reading", r"\+[-=+]+\+[ \t]*\r?\n"
                 r"|[^\n|]*\|[^\n]*\n-+(?:\+-+)+[ \t]*\r?\n| +\S[^\n]*\n0 {2,}\S"),
        ("JavaScript", r"\s*(?:module\.exports|(?:const|let|var) \w+ *="
                       r"|export (?:default|const) )"),
    )
)  # fmt: skip
_BINARY: Final = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP file: save it as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook: save it as CSV UTF-8"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a gzip file: unpack it first"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF89a", "an image"),
    (b"BZh91AY&SY", "a bzip2 file: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file: unpack it first"),
    (b"7z\xbc\xaf", "a 7z file: unpack it first"),
    (b"ARROW1", "an Arrow (Feather) file"),
    (b"\x93NUMPY", "an array of NumPy"),
)
# The longer ones first: that of UTF-32 begins like that of UTF-16.
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_UNMARKED: Final = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_WIDE: Final = (*_UNMARKED, "utf-16", "utf-32")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_SIGNS: Final = '\n\r\t ,;|"'


def read_cases(data: bytes | str) -> Cases:
    """The cases of a file or of pasted text, whichever of the formats it is in.

    Raises `CasesError`, naming the row and the column.
    """
    text, changes = (data, ()) if isinstance(data, str) else _decoded(data)
    # The mark would become a part of the first column's name.
    text = text.removeprefix("\ufeff")
    if len(text) > 2 * MAX_CHARACTERS:
        raise CasesError(f"It is longer than {2 * MAX_CHARACTERS:,} characters.")
    if not text.strip():
        raise CasesError("It is empty.")
    # Looked at first: as CSV almost any text is a table of one column.
    if (kind := next((name for name, shape in _FOREIGN if shape.match(text)), None)) is not None:
        raise CasesError(f"It looks like {kind}. {READABLE}")
    table = read_json_cases(text) if _JSON.match(text) else _read_csv(text)
    return replace(table, changes=(*changes, *table.changes))


def to_json_lines(table: Cases) -> str:
    """The exact table: each case an object on a line of its own."""
    objects = (table.values(case) for case in range(len(table)))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in objects)


def to_csv(table: Cases) -> str:
    """The exact table as CSV. A spreadsheet may take a cell that begins with `=` for a
    formula: what is offered to one goes through `csv_cells` first."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return out.getvalue()


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a file, and a sentence where its encoding had to be guessed."""
    if len(data) > MAX_BYTES:
        raise CasesError(f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    # Known by their first bytes: as Windows-1252 nearly any bytes are text.
    if (kind := next((name for mark, name in _BINARY if data.startswith(mark)), None)) is not None:
        raise CasesError(f"It is {kind}. {READABLE}")
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    encoding = marked or _unmarked(data)
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
    if encoding in _WIDE:
        raise CasesError(f"Row {row:,}: the file is in {encoding[:6].upper()}, but damaged.")
    # One wrong byte among characters of UTF-8 is damage, not another encoding.
    if not any(ord(character) > 127 for character in data.decode("utf-8", "ignore")):
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            pass
        else:
            # Nearly any bytes are text of Windows-1252, an image's too.
            if _CONTROLS.search(text):
                raise CasesError(f"It is not text. {READABLE}")
            sentence = "The file is not in UTF-8; it is read as Windows-1252 (Western European)."
            return text, (sentence,)
    advice = "save it as CSV UTF-8"
    raise CasesError(f"Row {row:,}: the file is not in UTF-8; {advice}.")


def _unmarked(data: bytes) -> str:
    """The encoding of a file without a mark: UTF-8, unless with another one no NUL is left, and
    it reads more like a table."""
    if b"\0" not in data:
        return "utf-8"
    signs = {"utf-8": -1}
    for encoding in ("utf-8", *_UNMARKED):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or "\0" not in text:
            # Half of a wide character can be a sign, as of ’; what is beside it is a control.
            signs[encoding] = sum(map(text.count, _SIGNS)) - len(_CONTROLS.findall(text))
    return max(signs, key=signs.__getitem__)


def _read_csv(text: str) -> Cases:
    changes: list[str] = []
    dialect = None
    if (separator := _SEPARATOR.match(text)) is not None:
        text, dialect = text[separator.end() :], Dialect(separator[1])
        changes.append("The first line, sep=, names the separator and is left out.")
    if dialect is None and (cells := _of_markdown(text)) is not None:
        return _of_rows(cells, ["It is a Markdown table; its line of dashes is left out."])
    try:
        rows = list(_parsed(text, dialect or _dialect(text)))
    except CasesError:
        # Only where it is not CSV as it stands: elsewhere a backslash belongs to the cell.
        plain = _ESCAPED.sub(_unescaped, text)
        if plain == text:
            raise
        rows = list(_parsed(plain, dialect or _dialect(plain)))
        changes.append(_ESCAPED_SENTENCE)
    else:
        plain = text
        # A file that doubles its quotation marks means its backslashes as they are.
        if '""' not in text and any('\\"' in cell for row in rows for cell in row):
            rows = [[cell.replace('\\"', '"') for cell in row] for row in rows]
            changes.append(_ESCAPED_SENTENCE)
    if (dialect or _dialect(plain)).skips_blanks:
        changes.append("Spaces before cells are left out.")
    return _of_rows(rows, changes)


def _of_rows(rows: list[list[str]], changes: list[str]) -> Cases:
    # A spreadsheet's empty columns on the right have no name and nothing in them.
    filled = (place for row in rows for place, cell in enumerate(row, 1) if cell.strip())
    width = max(filled, default=0)
    if not width:
        raise CasesError("It is empty.")
    rows = [row[:width] if len(row) > width else row for row in rows]
    start = next(number for number, row in enumerate(rows) if any(map(str.strip, row)))
    quoted = (cell[1:] for row in rows for cell in row if cell.startswith("'"))
    if marked := sum(safe_cell(cell).startswith("'") for cell in quoted):
        has = "1 cell has" if marked == 1 else f"{marked:,} cells have"
        changes.append(f"{has} a ' before what a spreadsheet reads as a formula; the ' is kept.")
    header = rows[start]
    return fitted(header, rows[start + 1 :], first_row=start + 2, changes=tuple(changes))


def _dialect(text: str) -> Dialect:
    """What gives the most names of columns, and then as many cells in the next rows."""

    def fitness(dialect: Dialect) -> tuple[int, bool, bool]:
        rows, is_sound = [], True
        try:
            # One by one, because the rows before an error count as well.
            for row in islice(_parsed(text, dialect), _ROWS_TO_GUESS_FROM):
                rows.append(row)
        except CasesError:
            is_sound = False
        widths = [len(row) for row in rows if row]
        return widths[0] if widths else 0, is_sound, len(set(widths)) == 1

    tried = [candidate for candidate in _DIALECTS if candidate != _BARE or "\t" in text]
    if _BLANK_BEFORE_QUOTE.search(text):
        tried += [Dialect(delimiter, skips_blanks=True) for delimiter in ",;|"]
    return max(tried, key=fitness)


def _parsed(text: str, dialect: Dialect) -> Iterator[list[str]]:
    reader = csv.reader(
        # csv must see line breaks inside cells unchanged.
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        quoting=dialect.quoting,
        skipinitialspace=dialect.skips_blanks,
        # Otherwise csv takes text after a closing quotation mark into the cell, without a word.
        strict=True,
    )
    number = 1
    try:
        for number, row in enumerate(reader, 2):  # noqa: B007 (for the row after this one)
            yield row
    except csv.Error as error:
        raise CasesError(f"Row {number:,}: {_sentence_of(error)}.") from None


def _sentence_of(error: csv.Error) -> str:
    # Only its text tells one csv.Error from another.
    text = str(error)
    if "unexpected end of data" in text:
        return "a quotation mark is never closed"
    if "expected after" in text:
        return (
            "text follows a closing quotation mark; double a quotation mark that is inside a cell"
        )
    return "a cell is too long" if "field limit" in text else text


def _unescaped(match: re.Match[str]) -> str:
    """Backslashes and a quotation mark as CSV has them: two are one, one alone doubles it."""
    slashes = "\\" * (len(match[1]) // 2)
    return slashes + ('""' if len(match[1]) % 2 else '"')


def _of_markdown(text: str) -> list[list[str]] | None:
    """The cells of a Markdown table, its second line of dashes left out."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) < 2 or "|" not in lines[0] or not _DASHES.fullmatch(lines[1]):
        return None
    rows = [lines[0], *lines[2:]]
    return [_of_markdown_row(line) for line in rows]


def _of_markdown_row(line: str) -> list[str]:
    line = line.removeprefix("|")
    line = line[:-1] if line.endswith("|") and not line.endswith("\\|") else line
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)]
