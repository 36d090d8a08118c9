"""Strict parsing of pasted JSON: text that parsers disagree about is refused."""

import json
import math
from typing import Final

from playground.core.importing.import_result import ImportingError
from playground.core.text.json_text import Json, NameTwiceError, unique_fields

MAX_DIGITS: Final = 40


class _RefusedError(ValueError):
    """What is wrong with some JSON, for a sentence."""


def read_json(text: str, what: str = "This") -> Json:
    """Raises `ImportingError` with a sentence that begins with `what`."""
    try:
        return json.loads(
            text,
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_constant,
            object_pairs_hook=unique_fields,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ImportingError(f"{what} is not readable as JSON: {where}.") from None
    except (_RefusedError, NameTwiceError) as error:
        raise ImportingError(f"{what} is not readable as JSON: {error}.") from None
    except (ValueError, RecursionError):
        raise ImportingError(f"{what} is not readable as JSON.") from None


def read_object(text: str, what: str) -> dict[str, Json]:
    """Raises `ImportingError`, also for JSON that is no object."""
    value = read_json(text, what)
    if not isinstance(value, dict):
        raise ImportingError(f"{what} is not a JSON object.")
    return value


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _RefusedError("a number is too long")
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    # `float` silently makes infinity of 1e999.
    if len(text) > MAX_DIGITS or not math.isfinite(number):
        raise _RefusedError("a number is too long")
    return number


def _constant(text: str) -> Json:
    raise _RefusedError(f"{text} is no number of JSON")
