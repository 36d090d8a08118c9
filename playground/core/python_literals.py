"""Values of Python source as JSON; what only running it would tell is listed, never guessed."""

from dataclasses import dataclass, field
from typing import Any, Final

from playground.core.imported import ImportingError, LeftOut, short
from playground.core.python_values import (
    Fields,
    Items,
    Partial,
    Path,
    Unknown,
    Value,
    Work,
    bounded,
)

_DEEPEST: Final = 60
_TEXTS: Final = ("content", "text", "system", "input", "instructions")


class UnknownValueError(Exception):
    """A value that only running the source would tell; its text is how the source spells it."""


@dataclass(slots=True)
class Literals:
    """Turns values into JSON and keeps what was not known."""

    work: Work
    left_out: list[LeftOut] = field(default_factory=list)

    def json(self, value: Value, depth: int = 0) -> Any:  # noqa: ANN401 (any JSON value)
        """Raises `UnknownValueError`, or `ImportingError` where it grows without end."""
        self.work.spend()
        if depth > _DEEPEST:
            raise ImportingError("It is nested too deep.")
        match value:
            case None | bool() | int() | float() | str():
                return bounded(value, self.work)
            case Fields(is_lost=False):
                return {name: self._field(name, each, depth + 1) for name, each in value.items()}
            case tuple() | Items(is_lost=False):
                return [self.json(each, depth + 1) for each in value]
            case Unknown(source=source) | Path(name=source):
                raise UnknownValueError(source)
            case Partial():
                raise UnknownValueError(value.source)
        raise UnknownValueError("what may have been changed")

    def _field(self, name: str, value: Value, depth: int) -> Any:  # noqa: ANN401 (any JSON value)
        return self.text(value, name, depth) if name in _TEXTS else self.json(value, depth)

    def text(self, value: Value, where: str, depth: int = 0) -> Any:  # noqa: ANN401 (any JSON value)
        """A text, an unknown part as its name in braces, or blocks; each unknown one is listed."""
        match value:
            case Partial(parts=parts):
                texts = [self._placeholder(each, "f-string") for each in parts]
                return bounded("".join(texts), self.work)
            case Unknown():
                return self._placeholder(value, where)
            case Path(name=name):
                return self._placeholder(Unknown(name), where)
            case Fields(is_lost=True) | Items(is_lost=True):
                return self._placeholder(Unknown(where), where)
            case Items():
                return self.entries(value, f"{where}, block", depth + 1)
        return self.json(value, depth)

    def entries(self, found: Items, what: str, depth: int = 0) -> list[Any]:
        """The known ones among some entries; each of the others is listed."""
        entries = []
        for number, each in enumerate(found, 1):
            try:
                entries.append(self.json(each, depth + 1))
            except UnknownValueError as error:
                self.lost(f"{what} {number}", str(error))
        return entries

    def lost(self, name: str, source: str) -> None:
        """List something that is not known."""
        why = f"{short(source)} is known only when the code runs."
        self.left_out.append(LeftOut(name, why))

    def _placeholder(self, part: str | Unknown, where: str) -> str:
        if isinstance(part, str):
            return part
        source = short(part.source)
        name = source if source.isidentifier() else where
        why = f"{source} is known only when the code runs: {{{{{name}}}}} stands there."
        self.left_out.append(LeftOut(where, why))
        return f"{{{{{name}}}}}"
