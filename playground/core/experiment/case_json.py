"""Cases in JSON: objects one a line, and the shapes in which pandas and others write a table."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from playground.core.experiment.case_shape import fitted
from playground.core.experiment.cases import CHECKS, Cases, CasesError, unstorable_part
from playground.core.text.json_text import Json, JsonObject, NameTwiceError, unique_fields

_ONE_LIST: Final = ("cases", "data", "examples", "items", "records", "rows", "test_cases", "tests")
"""Fields under which an object keeps the list of its records."""
EXAMPLE: Final = '{"name": "Ada"}'


class _Number(str):
    """A number, or NaN, as its file has it: 1.10 would become 1.1, and 1e400 infinity."""

    __slots__ = ()


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=unique_fields, parse_int=_Number, parse_float=_Number, parse_constant=_Number
)
_TOO_DEEP: Final = "it is nested too deeply"
_MARK: Final = "\ufeff"
_loads: Final = _DECODER.decode


def read_json_cases(text: str) -> Cases:
    """The table of a JSON text. Raises `CasesError`, naming the row and the column."""
    if text.lstrip().startswith("{") and _is_an_object_a_line(text):
        return _of_objects(_lines(text))
    documents = _values(text)
    if len(documents) > 1 and all(isinstance(document, list) for document in documents):
        return _of_value(documents)
    if len(documents) > 1:
        return _of_objects(enumerate(documents, 1))
    return _of_value(documents[0])


def _is_an_object_a_line(text: str) -> bool:
    """Whether the text is JSON Lines, as far as its first line tells."""
    first = next(line for line in text.split("\n") if line.strip())
    try:
        value = _loads(first)
    except (ValueError, RecursionError):
        # A broken line is one of JSON Lines where the whole is no JSON either.
        return not _is_json(text)
    return isinstance(value, dict) and text.strip() != first.strip()


def _is_json(text: str) -> bool:
    try:
        _loads(text)
    except (ValueError, RecursionError):
        return next(_documents(text), None) is not None
    return True


def _lines(text: str) -> Iterator[tuple[int, Json]]:
    # Not `splitlines`: JSON may hold U+2028 as it is.
    for number, line in enumerate(text.split("\n"), 1):
        # Files that were put together can bring their marks along.
        line = line.removeprefix(_MARK)
        if not line.strip():
            continue
        try:
            yield number, _loads(line)
        except json.JSONDecodeError as error:
            raise CasesError(f"Row {number:,}, character {error.colno}: {error.msg}.") from None
        except NameTwiceError as error:
            raise CasesError(f"Row {number:,}: {error}.") from None
        except RecursionError:
            raise CasesError(f"Row {number:,}: {_TOO_DEEP}.") from None


def _values(text: str) -> list[Json]:
    """The one value of a text, or several objects that stand one after another."""
    try:
        return [_loads(text)]
    except json.JSONDecodeError as error:
        if documents := list(_documents(text)):
            return documents
        where = f"Line {error.lineno:,}, character {error.colno}"
        hint = " It looks like Python, not JSON." if _is_python(error) else ""
        raise CasesError(f"{where}: {error.msg}.{hint}") from None
    except NameTwiceError as error:
        raise CasesError(f"It can't be read, because {error}.") from None
    except RecursionError:
        raise CasesError(f"It can't be read, because {_TOO_DEEP}.") from None


def _is_python(error: json.JSONDecodeError) -> bool:
    rest = error.doc[error.pos :].lstrip(" ,\n")
    return rest.startswith(("'", "None", "True", "False"))


def _documents(text: str) -> Iterator[Json]:
    """Objects one after another, as jq writes them; none where anything else is among them."""
    place, documents = 0, []
    text = text.strip()
    while place < len(text):
        try:
            document, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            return
        if not isinstance(document, dict | list):
            return
        documents.append(document)
        while place < len(text) and text[place] in " \t\r\n," + _MARK:
            place += 1
    yield from documents


def _of_value(value: Json) -> Cases:
    if isinstance(value, list):
        if value and all(isinstance(row, list) for row in value):
            return _of_lists(value[0], value[1:], "The first list names the columns.", 2)
        return _of_objects(enumerate(value, 1))
    if not isinstance(value, dict):
        raise CasesError(f"Row 1: it must be an object, such as {EXAMPLE}.")
    if not _is_table(value):
        is_nested = len(value) > 1 and all(isinstance(inner, dict) for inner in value.values())
        change = "It is one object, so it becomes one case; its nested objects are written as JSON."
        return _of_objects([(1, value)], change if is_nested else "")
    if _is_split(value):
        return _of_lists(value["columns"], value["data"], "Its columns and data are used.", 1)
    if (name := _list_in(value)) is not None:
        others = ", ".join(f"“{other[:40]}”" for other in value if other != name)
        change = f"The cases are the entries of “{name}”"
        return _of_objects(
            enumerate(value[name], 1), f"{change}; left out: {others}." if others else f"{change}."
        )
    return _of_columns(value)


def _is_table(fields: JsonObject) -> bool:
    """Whether an object is a whole table and not one case."""
    values = list(fields.values())
    if _is_split(fields) or _list_in(fields) is not None:
        return True
    # A list of checks belongs to one case and is no column.
    if CHECKS in fields or not values:
        return False
    if all(isinstance(value, list) for value in values):
        return len({len(value) for value in values}) == 1 and len(values[0]) > 0
    if not all(isinstance(value, dict) and value for value in values):
        return False
    return _counts(fields) or (len({tuple(value) for value in values}) == 1 and _counts(values[0]))


def _is_split(fields: JsonObject) -> bool:
    """As pandas' `orient="split"` has it."""
    data = fields.get("data")
    return (
        isinstance(fields.get("columns"), list)
        and isinstance(data, list)
        and set(fields) <= {"columns", "data", "index"}
        and all(isinstance(row, list) for row in data)
    )


def _list_in(fields: JsonObject) -> str | None:
    lists = [
        name
        for name, value in fields.items()
        if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value)
    ]
    # Under any other name a list may be a field of one case.
    return lists[0] if len(lists) == 1 and lists[0].lower() in _ONE_LIST else None


def _counts(fields: JsonObject) -> bool:
    """Whether the names are the numbers of rows, as pandas writes its index."""
    return all(name.lstrip("-").isdecimal() for name in fields)


def _of_columns(fields: JsonObject) -> Cases:
    """Columns by name, each a list or an object by row; or rows by their number."""
    first = next(iter(fields.values()))
    if isinstance(first, list):
        rows = [dict(zip(fields, row, strict=True)) for row in zip(*fields.values(), strict=True)]
        change = "Each field is a column, and its entries are the cases."
    elif _counts(fields):
        rows, change = list(fields.values()), "Each field is a case; its number is left out."
    else:
        rows = [{name: column[key] for name, column in fields.items()} for key in first]
        change = "Each field is a column; the row numbers are left out."
    return _of_objects(enumerate(rows, 1), change)


def _of_lists(header: Sequence[Json], rows: Sequence[Json], change: str, first_row: int) -> Cases:
    names = [_cell(1, "", name) for name in header]
    texts = [[_cell(n, "", cell) for cell in row] for n, row in enumerate(rows, first_row)]
    return fitted(names, texts, first_row=first_row, changes=(change,))


def _of_objects(numbered: Iterable[tuple[int, Json]], change: str = "") -> Cases:
    """The cases of numbered objects; `change`: what was changed to get at them."""
    numbered = list(numbered)
    objects = [(number, _texts(number, value)) for number, value in numbered]
    columns = tuple(dict.fromkeys(name for _, fields in objects for name in fields))
    if not columns:
        raise CasesError("There are no cases in it.")
    rows = [[fields.get(name, "") for name in columns] for _, fields in objects]
    changes = [change] if change else []
    # What the check says is read as JSON anyway; in a prompt its spaces would be seen.
    nested = dict.fromkeys(name for _, fields in numbered for name in _nested(fields))
    if nested:
        named = ", ".join(f"“{name[:40]}”" for name in nested)
        changes.append(f"Lists and objects are written as JSON: {named}.")
    return fitted(columns, rows, first_row=1, changes=tuple(changes))


def _nested(fields: Json) -> list[str]:
    """The fields whose value is no text of a cell as it stands."""
    pairs = fields.items() if isinstance(fields, dict) else ()
    return [name for name, value in pairs if isinstance(value, list | dict) and name != CHECKS]


def _texts(number: int, parsed: object) -> dict[str, str]:
    if not isinstance(parsed, dict):
        raise CasesError(f"Row {number:,}: it must be an object, such as {EXAMPLE}.")
    if (problem := next(filter(None, map(unstorable_part, parsed)), None)) is not None:
        raise CasesError(f"Row {number:,}: a name holds {problem}.")
    return {name: _cell(number, name, value) for name, value in parsed.items()}


def _cell(number: int, name: str, value: Json) -> str:
    """A text or a number as it is, nothing for null, and the JSON of anything else."""
    try:
        text = "" if value is None else str(value) if isinstance(value, str) else _json(value)
        problem = unstorable_part(text)
    except RecursionError:
        problem = _TOO_DEEP
    if problem is None:
        return text
    where = f"column “{name[:40]}”" if name else "a cell"
    raise CasesError(f"Row {number:,}, {where}: {problem}.")


def _json(value: Json) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json(name)}: {_json(of)}" for name, of in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
