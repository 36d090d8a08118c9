"""The numbers of an experiment as a person types them: its sweeps, its repeats, its checks."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final

from playground.core.checks.number_fields import RULES
from playground.core.experiment.grid import MOST_REPEATS, GridError
from playground.core.text.number_text import NumberError, NumberRule, read_float, read_whole, rule

MOST_CHARACTERS = 1_000
_RULES: Final = {**RULES, "max_tokens": replace(RULES["max_tokens"], least=Decimal(1))}
"""An experiment compares answers, and with max_tokens 0 none comes."""
REPEATS: Final = rule("Repeats", "1", str(MOST_REPEATS), is_whole=True, is_required=True)
TOLERANCE: Final = rule("Tolerance", "0", "1000000000000", is_required=True)
LENGTHS: Final = {
    "least": rule("At least", "0", "1000000000", is_whole=True),
    "most": rule("At most", "0", "1000000000", is_whole=True),
}
_COMMAS = ",\ufe50\uff0c"
_ONE_OR_TWO: Final = re.compile(r"(?<!\d)\d{1,3}\s\d{3}(?!\d)")
"""Two values with a blank between them, or one with a blank for its thousands."""


def numbers(parameter: str, text: str) -> tuple[float, ...]:
    """The values of a sweep, in their order. They are parted by a comma and a blank, a blank or
    a semicolon. Raises `GridError`, also where a comma could be the decimal one."""
    of = _RULES[parameter]
    try:
        found = [read_float(word, of) for word in _words(of, text)]
    except NumberError as error:
        raise GridError(str(error)) from None
    return tuple(value for value in found if value is not None)


def whole_numbers(parameter: str, text: str) -> tuple[int, ...]:
    """The values of a sweep over a parameter that takes only whole numbers. Raises `GridError`."""
    of = _RULES[parameter]
    try:
        found = [read_whole(word, of) for word in _words(of, text)]
    except NumberError as error:
        raise GridError(str(error)) from None
    return tuple(value for value in found if value is not None)


def _words(of: NumberRule, text: str) -> list[str]:
    if len(text) > MOST_CHARACTERS:
        raise GridError(f"{of.name}: these are too many values.")
    if ";" in text:
        return [word for word in (each.strip() for each in text.split(";")) if word]
    if found := _ONE_OR_TWO.search(text):
        raise GridError(
            f"{of.name}: “{found[0]}” could be one value or two. Put a comma and a blank between "
            "values, and write a value without blanks."
        )
    words = [word.removesuffix(",") for word in text.split()]
    for word in words:
        if any(comma in word for comma in _COMMAS):
            raise GridError(
                f"{of.name}: “{word[:20]}” could be one value or more. Put a blank after a comma "
                "between values, or a semicolon; write decimals as in 0.5."
            )
    return [word for word in words if word]
