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
from playground.core.text.listed import listed
from playground.core.text.normal_forms import normalized

MAX_NAME_CHARACTERS: Final = 64
MAX_CHARACTERS: Final = 8_000_000
"""Of a text with its values put in; a long value can stand in many places."""
# Wider than a name: `re` has no class for letters with their marks, so `is_name` decides.
_PLACE = re.compile(r"(\\?)\{\{[^\S\r\n]*([^\s{}\\]{1,64})[^\S\r\n]*\}\}")
_NAME_CATEGORIES = "LMN"
"""Letters, the marks that belong to letters in many scripts, and digits."""


class TemplateError(ValueError):
    """Why values could not be put into a prompt; its text can be shown."""


def is_name(text: str) -> bool:
    """Whether a variable can be called so: letters, digits and underscores."""
    return 0 < len(text) <= MAX_NAME_CHARACTERS and all(
        letter == "_" or unicodedata.category(letter)[0] in _NAME_CATEGORIES for letter in text
    )


def as_name(text: str) -> str:
    """The text where it is a name, else the nearest; empty where it has no letter and no digit."""
    name = _composed(text.strip())
    if is_name(name):
        return name
    letters = "".join(letter if is_name(letter) else "_" for letter in name)
    return re.sub("_+", "_", letters).strip("_")[:MAX_NAME_CHARACTERS].strip("_")


def variables_of(text: str) -> tuple[str, ...]:
    """The variables of one text, each once, in the order in which they come."""
    return tuple(dict.fromkeys(_names(text)))


def variables(prompt: Prompt) -> tuple[str, ...]:
    """The variables of a prompt, each once: the system prompt's, then the messages'."""
    return tuple(dict.fromkeys(name for text in _texts(prompt) for name in _names(text)))


def render_text(text: str, values: Mapping[str, str]) -> str:
    """The text with its values. Raises `TemplateError` naming every variable without one."""
    _require(tuple(_names(text)), values)
    _require_size(text, values)
    return _filled(text, values)


def render(prompt: Prompt, values: Mapping[str, str]) -> Prompt:
    """The prompt as it is sent for these values; a text without variables is as it was,
    but for its escapes. Raises `TemplateError`."""
    _require(variables(prompt), values)
    return _each(prompt, lambda text: render_text(text, values))


def render_with_gaps(prompt: Prompt, values: Mapping[str, str]) -> Prompt:
    """The same where variables without a value are sent as they are written. Raises
    `TemplateError` for a text that is too long."""
    gaps = {name: f"{{{{{name}}}}}" for name in variables(prompt) if name not in values}
    # Only their lengths count: how such a variable is spaced stays as it is.
    for text in _texts(prompt):
        _require_size(text, {**gaps, **values})
    return _each(prompt, lambda text: _filled(text, values))


def escaped(prompt: Prompt) -> Prompt:
    """The prompt that is sent as this one reads, whatever stands in double braces in it."""
    return _each(prompt, lambda text: _PLACE.sub(_escape, text))


def escapes(prompt: Prompt) -> tuple[str, ...]:
    """The names whose braces a backslash keeps from being a variable, each once."""
    places = (place for text in _texts(prompt) for place in _PLACE.finditer(text))
    return tuple(
        dict.fromkeys(_composed(place[2]) for place in places if place[1] and is_name(place[2]))
    )


def _each(prompt: Prompt, change: Callable[[str], str]) -> Prompt:
    messages = (replace(message, text=change(message.text)) for message in prompt.messages)
    return Prompt(change(prompt.system), tuple(messages))


def _escape(place: re.Match[str]) -> str:
    return f"\\{place[0]}" if is_name(place[2]) else place[0]


def _require(names: tuple[str, ...], values: Mapping[str, str]) -> None:
    missing = [f"{{{{{name}}}}}" for name in dict.fromkeys(names) if name not in values]
    if missing:
        raise TemplateError(f"There is no value for {listed(missing)}.")


def _require_size(text: str, values: Mapping[str, str]) -> None:
    # Counted before it is built: one long value in many places would fill the memory.
    if len(text) + sum(len(values[name]) for name in _names(text)) > MAX_CHARACTERS:
        raise TemplateError(
            f"With its values, a text is longer than {MAX_CHARACTERS:,} characters."
        )


def _texts(prompt: Prompt) -> tuple[str, ...]:
    return prompt.system, *(message.text for message in prompt.messages)


def _names(text: str) -> Iterator[str]:
    for place in _PLACE.finditer(text):
        if not place[1] and is_name(place[2]):
            yield _composed(place[2])


def _composed(name: str) -> str:
    # An é can be one character or two, which nobody sees: either names the same variable.
    return normalized("NFC", name)


def _filled(text: str, values: Mapping[str, str]) -> str:
    def put(place: re.Match[str]) -> str:
        if not is_name(place[2]):
            return place[0]
        return place[0][1:] if place[1] else values.get(_composed(place[2]), place[0])

    # By a function: in a replacement text, backslashes of a value would be read as groups.
    return _PLACE.sub(put, text)
