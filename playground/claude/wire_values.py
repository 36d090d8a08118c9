"""Values of the API's JSON, whatever a server has put in their places."""

from playground.core.text.json_text import Json, JsonObject

MAX_TOKEN_COUNT = 10**12
"""A larger count is nonsense, and would not fit into a log."""


def object_of(value: object) -> JsonObject:
    """Raises ValueError for what is no object."""
    if not isinstance(value, dict):
        raise ValueError("A part of an event is no object.")
    return value


def dict_of(value: object) -> JsonObject:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def is_count(value: Json) -> bool:
    """Whether this is a whole number from zero on."""
    # Not isinstance: JSON's true is an int to Python.
    return type(value) in (int, float) and value >= 0 and value == value // 1


def count_of(value: Json) -> int:
    """A count, with a bound; zero for what is none."""
    return int(min(value, MAX_TOKEN_COUNT)) if is_count(value) else 0


def text_of(value: object) -> str | None:
    """A text that every encoding can hold; None for what is none."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None
