"""What Python source is known to hold, as far as that can be told without running it.

A list or an object is the very one that the source would have, so that a change through another
name is seen; once something unknown could have changed it, it is lost.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from playground.core.imported import MOST_CHARACTERS, ImportingError

MOST_STEPS: Final = 300_000
_CHARACTERS_A_STEP: Final = 64


@dataclass(slots=True)
class Work:
    """How much may still be done for one text."""

    left: int = MOST_STEPS

    def spend(self, steps: int = 1) -> None:
        """Raises `ImportingError` where nothing is left."""
        self.left -= steps
        if self.left < 0:
            raise ImportingError("This Python is too entangled to be read.")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only running the source would tell: how the source spells it."""

    source: str


@dataclass(frozen=True, slots=True)
class Partial:
    """A text of which parts are unknown."""

    parts: tuple[str | Unknown, ...]

    @property
    def source(self) -> str:
        return next(each.source for each in self.parts if isinstance(each, Unknown))


@dataclass(frozen=True, slots=True)
class Path:
    """Something of a module or a builtin, by its name with dots."""

    name: str


@dataclass(frozen=True, slots=True)
class Dumped:
    """JSON text of a value, as it was then."""

    value: Any


class Items(list[Any]):
    """A list of the source."""

    is_lost = False


class Fields(dict[str, Any]):
    """A dict of the source whose keys are texts."""

    is_lost = False


Value = Any
"""None, a bool, number, text or tuple of values, or one of the classes above."""


def is_text(value: Value) -> TypeGuard[str | Partial]:
    return isinstance(value, str | Partial)


def is_scalar(value: Value) -> bool:
    return value is None or isinstance(value, str | int | float)


def bounded(value: Value, work: Work) -> Value:
    """A value that was just made, its size counted."""
    if isinstance(value, str):
        if len(value) > MOST_CHARACTERS:
            raise ImportingError("This Python is too entangled to be read.")
        work.spend(len(value) // _CHARACTERS_A_STEP)
    elif isinstance(value, list | tuple | dict):
        work.spend(len(value))
    elif isinstance(value, int) and value.bit_length() > 128:
        raise ImportingError("A number in this Python is too long.")
    return value


def text_of_parts(parts: list[Value], work: Work) -> Value:
    """Texts and unknown values one after another."""
    merged: list[str | Unknown] = []
    run: list[str] = []
    for part in parts:
        for each in part.parts if isinstance(part, Partial) else (part,):
            if isinstance(each, str):
                run.append(each)
                continue
            if run:
                merged.append("".join(run))
                run = []
            merged.append(each)
    whole = bounded("".join(run), work)
    if not merged:
        return whole
    work.spend(len(merged))
    return Partial((*merged, whole) if whole else tuple(merged))


def lose(value: Value, work: Work) -> None:
    """Something unknown could have changed it, and whatever is in it."""
    waiting = [value]
    while waiting:
        work.spend()
        each = waiting.pop()
        if isinstance(each, tuple):
            waiting += each
        elif isinstance(each, Items | Fields) and not each.is_lost:
            each.is_lost = True
            waiting += each.values() if isinstance(each, Fields) else each
