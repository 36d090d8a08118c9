"""The values of a sweep as a person types them: numbers, parted by commas or spaces."""

import re

from playground.core.grid import GridError

MOST_CHARACTERS = 1_000


def numbers(parameter: str, text: str) -> tuple[float, ...]:
    """The numbers in a text, in their order. Raises `GridError`."""
    return tuple(_number(parameter, word) for word in _words(parameter, text))


def whole_numbers(parameter: str, text: str) -> tuple[int, ...]:
    """The same for a parameter that takes only whole numbers."""
    found = []
    for word in _words(parameter, text):
        if not re.fullmatch("[0-9]{1,9}", word):
            raise GridError(f"{parameter}: “{word[:20]}” is no whole number.")
        found.append(int(word))
    return tuple(found)


def _words(parameter: str, text: str) -> list[str]:
    if len(text) > MOST_CHARACTERS:
        raise GridError(f"{parameter}: these are too many values.")
    return re.split(r"[\s,;]+", text.strip(" ,;\t\n")) if text.strip(" ,;\t\n") else []


def _number(parameter: str, word: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?|\.[0-9]{1,6}", word):
        raise GridError(f"{parameter}: “{word[:20]}” is no number such as 0.5.")
    return float(word)
