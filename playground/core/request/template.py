"""`{{name}}` in a prompt: which variables it has, and the prompt with their values put in.

A value is never looked at again, so nothing in it is expanded. `\\{{name}}` stands for
itself without the backslash; braces around anything but a name are left as they are.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from playground.core.request.request import Prompt

MOST_NAME_CHARACTERS: Final = 64
MOST_CHARACTERS: Final = 8_000_000
"""Of a text with its values put in; a long value can stand in many places."""
# Wider than a name: `re` has no class for letters with their marks, so `is_name` decides.
_PLACE = re.compile(r"(\\?)\{\{[ \t]*([^\s{}\\]{1,64})[ \t]*\}\}")
_NAME_CATEGORIES = "LMN"
"""Letters, the marks that belong to letters in many scripts, and digits."""


class TemplateError(ValueError):
    """Why values could not be put into a prompt; its text can be shown."""


def is_name(text: str) -> bool:
    """Whether a variable can be called so: letters, digits and underscores."""
    return 0 < len(text) <= MOST_NAME_CHARACTERS and all(
        letter == "_" or unicodedata.category(letter)[0] in _NAME_CATEGORIES for letter in text
    )


def as_name(text: str) -> str:
    """The nearest name to a text; empty where it has no letter and no digit."""
    letters = "".join(letter if is_name(letter) else "_" for letter in text.strip())
    return re.sub("_+", "_", letters).strip("_")[:MOST_NAME_CHARACTERS].strip("_")


def variables_of(text: str) -> tuple[str, ...]:
    """The variables of one text, each once, in the order in which they come."""
    return tuple(dict.fromkeys(_names(text)))


def variables(prompt: Prompt) -> tuple[str, ...]:
    """The variables of a prompt, each once: the system prompt's, then the messages'."""
    return tuple(dict.fromkeys(name for text in _texts(prompt) for name in _names(text)))


def render_text(text: str, values: Mapping[str, str]) -> str:
    """The text with its values. Raises `TemplateError` naming every variable without one."""
    names = tuple(_names(text))
    _require(names, values)
    # Counted before it is built: one long value in many places would fill the memory.
    if len(text) + sum(len(values[name]) for name in names) > MOST_CHARACTERS:
        raise TemplateError(f"With its values a text is over {MOST_CHARACTERS:,} characters.")
    return _filled(text, lambda name: values[name])


def render(prompt: Prompt, values: Mapping[str, str]) -> Prompt:
    """The prompt as it is sent for these values; a text without variables is as it was,
    but for its escapes. Raises `TemplateError`."""
    _require(variables(prompt), values)
    return Prompt(
        render_text(prompt.system, values),
        tuple(
            replace(message, text=render_text(message.text, values)) for message in prompt.messages
        ),
    )


def _require(names: tuple[str, ...], values: Mapping[str, str]) -> None:
    missing = [f"{{{{{name}}}}}" for name in dict.fromkeys(names) if name not in values]
    if missing:
        raise TemplateError(f"There is no value for {' and '.join(missing)}.")


def _texts(prompt: Prompt) -> tuple[str, ...]:
    return prompt.system, *(message.text for message in prompt.messages)


def _names(text: str) -> Iterator[str]:
    for place in _PLACE.finditer(text):
        if not place[1] and is_name(place[2]):
            yield place[2]


def _filled(text: str, value_of: Callable[[str], str]) -> str:
    def put(place: re.Match[str]) -> str:
        if not is_name(place[2]):
            return place[0]
        return place[0][1:] if place[1] else value_of(place[2])

    # By a function: in a replacement text, backslashes of a value would be read as groups.
    return _PLACE.sub(put, text)
