"""Cases in JSON: objects one a line, and the shapes in which pandas and others write a table."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from playground.core.experiment.case_shape import fitted
from playground.core.experiment.cases import CHECKS, Cases, CasesError
from playground.core.text.json_text import Json, JsonObject

_ONE_LIST: Final = ("cases", "data", "examples", "items", "records", "rows", "test_cases", "tests")
"""Fields under which an object keeps the list of its records."""
EXAMPLE: Final = '{"name": "Ada"}'


def _distinct(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    return found


class _TwiceError(ValueError):
    """One of two values of a name would be lost."""


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_distinct)
_TWICE: Final = "one name stands twice in an object"


def _loads(text: str) -> Json:
    return json.loads(text, object_pairs_hook=_distinct)


def read_json_cases(text: str) -> Cases:
    """The table of a JSON text. Raises `CasesError`, naming the row and the column."""
    if text.lstrip().startswith("{") and _is_an_object_a_line(text):
        return _of_objects(_lines(text))
    found = _values(text)
    if len(found) > 1 and all(isinstance(each, list) for each in found):
        return _of_value(found)
    if len(found) > 1:
        return _of_objects(enumerate(found, 1))
    return _of_value(found[0])


def _is_an_object_a_line(text: str) -> bool:
    """Whether the first line is an object in itself, or no line that goes on in the next."""
    first = next(line for line in text.split("\n") if line.strip())
    try:
        found = _loads(first)
    except (ValueError, RecursionError):
        # A broken line is one of JSON Lines where the whole is no JSON either.
        return not _is_json(text)
    return isinstance(found, dict) and text.strip() != first.strip()


def _is_json(text: str) -> bool:
    try:
        _loads(text)
    except (ValueError, RecursionError):
        return next(_documents(text), None) is not None
    return True


def _lines(text: str) -> Iterator[tuple[int, Json]]:
    # Not `splitlines`: JSON may hold U+2028 as it is.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield number, _loads(line)
        except json.JSONDecodeError as error:
            raise CasesError(f"Row {number:,}, character {error.colno}: {error.msg}.") from None
        except _TwiceError:
            raise CasesError(f"Row {number:,}: {_TWICE}.") from None
        # A ValueError that is no JSONDecodeError: a whole number of more than 4,300 digits.
        except (RecursionError, ValueError):
            raise CasesError(f"Row {number:,}: it is not JSON that can be read here.") from None


def _values(text: str) -> list[Json]:
    """The one value of a text, or several objects that stand one after another."""
    try:
        return [_loads(text)]
    except json.JSONDecodeError as error:
        if found := list(_documents(text)):
            return found
        where = f"Line {error.lineno:,}, character {error.colno}"
        hint = " It looks like Python, not JSON." if _is_python(error) else ""
        raise CasesError(f"{where}: {error.msg}.{hint}") from None
    except _TwiceError:
        raise CasesError(f"It is not read, since {_TWICE}.") from None
    except (RecursionError, ValueError):
        raise CasesError("It is not JSON that can be read here.") from None


def _is_python(error: json.JSONDecodeError) -> bool:
    rest = error.doc[error.pos :].lstrip(" ,\n")
    return rest.startswith(("'", "None", "True", "False"))


def _documents(text: str) -> Iterator[Json]:
    """Objects one after another, as jq writes them; none where anything else is among them."""
    decoder, place, found = _DECODER, 0, []
    text = text.strip()
    while place < len(text):
        try:
            each, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return
        if not isinstance(each, dict | list):
            return
        found.append(each)
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
    yield from found


def _of_value(found: Json) -> Cases:
    if isinstance(found, list):
        if found and all(isinstance(each, list) for each in found):
            return _of_lists(found[0], found[1:], "The first list names the columns.", 2)
        return _of_objects(enumerate(found, 1))
    if not isinstance(found, dict):
        raise CasesError(f"Row 1: it must be an object, such as {EXAMPLE}.")
    if not _is_table(found):
        is_nested = len(found) > 1 and all(isinstance(each, dict) for each in found.values())
        said = "It is one object, so it is one case: what is in a field is there as JSON."
        return _of_objects([(1, found)], said if is_nested else "")
    if _is_split(found):
        return _of_lists(found["columns"], found["data"], "Read by its columns and data.", 1)
    if (name := _list_in(found)) is not None:
        others = ", ".join(f"“{each[:40]}”" for each in found if each != name)
        said = f"The cases are the entries of “{name}”"
        return _of_objects(
            enumerate(found[name], 1), f"{said}; left out: {others}." if others else f"{said}."
        )
    return _of_columns(found)


def _is_table(found: JsonObject) -> bool:
    """Whether an object is a whole table and not one case."""
    values = list(found.values())
    if _is_split(found) or _list_in(found) is not None:
        return True
    # A list of checks belongs to one case and is no column.
    if CHECKS in found or not values:
        return False
    if all(isinstance(each, list) for each in values):
        return len({len(each) for each in values}) == 1 and len(values[0]) > 0
    if not all(isinstance(each, dict) and each for each in values):
        return False
    return _counts(found) or (len({tuple(each) for each in values}) == 1 and _counts(values[0]))


def _is_split(found: JsonObject) -> bool:
    """As pandas' `orient="split"` has it."""
    data = found.get("data")
    return (
        isinstance(found.get("columns"), list)
        and isinstance(data, list)
        and set(found) <= {"columns", "data", "index"}
        and all(isinstance(each, list) for each in data)
    )


def _list_in(found: JsonObject) -> str | None:
    lists = [
        name
        for name, value in found.items()
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
    ]
    # Under any other name a list may be a field of one case.
    return lists[0] if len(lists) == 1 and lists[0].lower() in _ONE_LIST else None


def _counts(found: JsonObject) -> bool:
    """Whether the names are the numbers of rows, as pandas writes its index."""
    return all(name.lstrip("-").isdecimal() for name in found)


def _of_columns(found: JsonObject) -> Cases:
    """Columns by name, each a list or an object by row; or rows by their number."""
    first = next(iter(found.values()))
    if isinstance(first, list):
        rows = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
        said = "Each field is a column: its entries are the cases."
    elif _counts(found):
        rows, said = list(found.values()), "Each field is a case: its number is left out."
    else:
        rows = [{name: column[key] for name, column in found.items()} for key in first]
        said = "Each field is a column: the rows' numbers are left out."
    return _of_objects(enumerate(rows, 1), said)


def _of_lists(header: Sequence[Json], rows: Sequence[Json], said: str, first_row: int) -> Cases:
    names = [_cell(1, "", each) for each in header]
    texts = [[_cell(n, "", each) for each in row] for n, row in enumerate(rows, first_row)]
    return fitted(names, texts, first_row=first_row, changes=(said,))


def _of_objects(found: Iterable[tuple[int, Json]], said: str = "") -> Cases:
    """The cases of numbered objects; `said`: what was changed to get at them."""
    objects = [(number, _texts(number, each)) for number, each in found]
    columns = tuple(dict.fromkeys(name for _, each in objects for name in each))
    if not columns:
        raise CasesError("There are no cases in it.")
    rows = [[each.get(name, "") for name in columns] for _, each in objects]
    return fitted(columns, rows, first_row=1, changes=(said,) if said else ())


def _texts(number: int, parsed: object) -> dict[str, str]:
    if not isinstance(parsed, dict):
        raise CasesError(f"Row {number:,}: it must be an object, such as {EXAMPLE}.")
    return {name: _cell(number, name, value) for name, value in parsed.items()}


def _cell(number: int, name: str, value: Json) -> str:
    """A text as it is, nothing for null, and the JSON of anything else."""
    if isinstance(value, str):
        # JSON can spell half of a character, which neither a file nor a database takes.
        try:
            value.encode()
        except UnicodeEncodeError:
            problem = "half of a character (a lone surrogate)"
            raise CasesError(f"Row {number:,}, column “{name[:40]}”: {problem}.") from None
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
