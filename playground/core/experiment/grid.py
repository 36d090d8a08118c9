"""What an experiment would run: settings (columns) x cases (rows) x repeats, each a cell; and the
values of a sweep as a person types them.

A cell is known by what is sent for it, so what is done is done, whatever else changes.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import product
from typing import Final, Literal, TypeVar, get_args

from playground.core.checks.number_fields import RULES
from playground.core.experiment.cases import Cases
from playground.core.request.connection import Connection
from playground.core.request.model_catalogue import MODEL_ID, is_model_id
from playground.core.request.request import EFFORTS, Request
from playground.core.request.template import render
from playground.core.runs.run_plan import Variant
from playground.core.text.json_text import Json, is_of_type
from playground.core.text.number_text import (
    NumberError,
    NumberRule,
    read_float,
    read_whole,
    rule,
    value_text,
)
from playground.core.wire.wire import Wire

MAX_CELLS: Final = 10_000
MAX_SETTINGS: Final = 50
MAX_REPEATS: Final = 100
SEPARATOR: Final = " · "
Swept = Literal["model", "temperature", "effort", "max_tokens"]
SWEPT: Final[tuple[Swept, ...]] = get_args(Swept)
Value = str | int | float
Number = TypeVar("Number", int, float)


class GridError(ValueError):
    """Why there is no such grid; its text can be shown."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A parameter, and each value that it takes in turn."""

    parameter: Swept
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """One column: a variant with a value of each sweep. `swept` are the parameters that were
    set by one, and their values."""

    letter: str
    request: Request
    swept: tuple[tuple[Swept, Value], ...] = ()

    @property
    def name(self) -> str:
        """Such as: A · temperature 0.5."""
        return SEPARATOR.join(self.parts)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the name: the letter, and each value in words."""
        values = (
            str(value) if parameter == "model" else f"{parameter} {value_text(value)}"
            for parameter, value in self.swept
        )
        return (self.letter, *values)


def unique_names(settings: Sequence[Setting]) -> list[str]:
    """Their names; those that are alike, as a file's may be, with their number."""
    return _numbered([setting.name for setting in settings])


def short_names(settings: Sequence[Setting]) -> list[str]:
    """Unique names without the parts that all of them share; a single one's is whole."""
    # `intersection` needs one set at least.
    shared = (
        set[str].intersection(*(set(setting.parts) for setting in settings)) if settings else set()
    )
    distinct = ([part for part in setting.parts if part not in shared] for setting in settings)
    return _numbered(
        [
            SEPARATOR.join(parts) or setting.name
            for parts, setting in zip(distinct, settings, strict=True)
        ]
    )


def _numbered(names: Sequence[str]) -> list[str]:
    return [
        name if names.count(name) == 1 else f"{name} ({at})" for at, name in enumerate(names, 1)
    ]


@dataclass(frozen=True, slots=True)
class Cell:
    """A place of the grid. `setting` and `case` count from 0, `repeat` from 1; places at which
    the same would be sent have the same id, and are run once."""

    id: str
    setting: int
    case: int
    repeat: int


# No slots: a `cached_property` keeps its value in the object's dict.
@dataclass(frozen=True)
class Grid:
    """All places, in the order in which they run: every case once before any is repeated.
    `sent` has what is sent for each setting and case, as `sent_key` tells it."""

    settings: tuple[Setting, ...]
    cases: Cases
    repeats: int
    sent: Mapping[tuple[int, int], str]

    def cells(self) -> Iterator[Cell]:
        """Every place."""
        # Repeats outermost: stopped half-way, every setting has answered the same cases.
        for repeat in range(1, self.repeats + 1):
            for case in range(len(self.cases)):
                for setting in range(len(self.settings)):
                    yield Cell(self.cell_id(setting, case, repeat), setting, case, repeat)

    def cell_id(self, setting: int, case: int, repeat: int) -> str:
        """The id of the cell at a place, counted as in `Cell`."""
        return f"{self.sent[setting, case]}-{repeat}"

    def label(self, cell: Cell) -> str:
        """What tells a run from others of its setting: "case 2 · repeat 1", both counted from
        1; without the repeat where there is one only."""
        repeat = f"{SEPARATOR}repeat {cell.repeat}" if self.repeats > 1 else ""
        return f"case {cell.case + 1}{repeat}"

    @cached_property
    def places(self) -> Mapping[str, tuple[Cell, ...]]:
        """The places of each cell that is run, in the order of their first ones."""
        by_id: dict[str, list[Cell]] = {}
        for cell in self.cells():
            by_id.setdefault(cell.id, []).append(cell)
        return {cell_id: tuple(cells) for cell_id, cells in by_id.items()}

    def request(self, setting: int, case: int) -> Request:
        """The request of a setting with a case's values. Raises `TemplateError`."""
        return filled(self.settings[setting].request, self.cases.values(case))

    @cached_property
    def identical_settings(self) -> tuple[tuple[int, ...], ...]:
        """The groups of settings that send identical requests for every case."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for setting in range(len(self.settings)):
            sent = tuple(self.sent[setting, case] for case in range(len(self.cases)))
            groups.setdefault(sent, []).append(setting)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def settings(variants: Sequence[Variant], sweeps: Sequence[Sweep] = ()) -> tuple[Setting, ...]:
    """Each variant with each value of each sweep. Raises `GridError`."""
    parameters = [sweep.parameter for sweep in sweeps]
    if len(set(parameters)) < len(parameters):
        raise GridError("A parameter can be swept only once.")
    for sweep in sweeps:
        _require_values(sweep)
    # Counted before they are made: there can be too many to make.
    combinations = math.prod(len(sweep.values) for sweep in sweeps)
    if max(1, len(variants)) * combinations > MAX_SETTINGS:
        raise GridError(f"There can be at most {MAX_SETTINGS} settings.")
    if not variants:
        raise GridError("There is no variant to run.")
    made = []
    for variant, values in product(variants, product(*(sweep.values for sweep in sweeps))):
        swept = tuple(zip(parameters, values, strict=True))
        params = variant.request.params.with_values(dict(swept))
        made.append(Setting(variant.letter, replace(variant.request, params=params), swept))
    return tuple(made)


def _require_values(sweep: Sweep) -> None:
    if not sweep.values or len(set(sweep.values)) < len(sweep.values):
        raise GridError(f"A sweep of {sweep.parameter} needs values, each only once.")
    wrong = [value for value in sweep.values if not _fits(sweep.parameter, value)]
    if wrong:
        is_too_long = isinstance(wrong[0], str) and not is_model_id(wrong[0])
        why = MODEL_ID if is_too_long else f"{sweep.parameter} cannot be {wrong[0]!r}."
        raise GridError(why)


def _fits(parameter: Swept, value: Json) -> bool:
    match parameter:
        case "model":
            return isinstance(value, str) and bool(value.strip()) and is_model_id(value)
        case "effort":
            return value in EFFORTS
        case "max_tokens":
            return is_of_type(value, int) and value > 0
        case "temperature":
            return is_of_type(value, float)


def require_size(settings: int, cases: int, repeats: int) -> int:
    """How many cells there are. Raises `GridError` for too many."""
    if not 1 <= repeats <= MAX_REPEATS:
        raise GridError(f"There can be 1 to {MAX_REPEATS} repeats.")
    cells = settings * cases * repeats
    if cells > MAX_CELLS:
        sizes = f"{settings:,} settings × {cases:,} cases × {repeats:,} repeats"
        raise GridError(f"{sizes} are {cells:,} cells; there can be {MAX_CELLS:,}.")
    return cells


def filled(request: Request, values: Mapping[str, str]) -> Request:
    """The request with its variables' values. Raises `TemplateError`."""
    return replace(request, prompt=render(request.prompt, values))


def sent_key(wire: Wire, connection: Connection) -> str:
    """A key that changes with everything that is sent, and with where it is sent."""
    place = json.dumps([connection.kind, connection.base_url, dict(wire.headers)], sort_keys=True)
    # One list with the body in it: experiments of earlier days know their cells by this.
    text = f"{place[:-1]}, {wire.json_of(wire.body)}]"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


MAX_CHARACTERS = 1_000
_RULES: Final = {**RULES, "max_tokens": replace(RULES["max_tokens"], least=Decimal(1))}
"""An experiment compares answers, and with max_tokens 0 none comes."""
REPEATS: Final = rule("Repeats", "1", str(MAX_REPEATS), is_whole=True, is_required=True)
TOLERANCE: Final = rule("Tolerance", "0", "1000000000000", is_required=True)
LENGTHS: Final = {
    "least": rule("At least", "0", "1000000000", is_whole=True),
    "most": rule("At most", "0", "1000000000", is_whole=True),
}
# Input methods for Chinese and Japanese also give a small and a full-width one.
_COMMAS = ",\ufe50\uff0c"
_ONE_OR_TWO: Final = re.compile(r"(?<!\d)\d{1,3}\s\d{3}(?!\d)")
"""Two values with a blank between them, or one whose thousands a blank sets off."""


def numbers(parameter: str, text: str) -> tuple[float, ...]:
    """The values of a sweep, in their order. They are separated by a comma and a blank, a blank
    or a semicolon. Raises `GridError`, also where a comma could be the decimal one."""
    return _numbers(parameter, text, read_float)


def whole_numbers(parameter: str, text: str) -> tuple[int, ...]:
    """The values of a sweep over a parameter that takes only whole numbers. Raises `GridError`."""
    return _numbers(parameter, text, read_whole)


def _numbers(
    parameter: str, text: str, read: Callable[[str, NumberRule], Number | None]
) -> tuple[Number, ...]:
    number_rule = _RULES[parameter]
    try:
        values = [read(word, number_rule) for word in _words(number_rule, text)]
    except NumberError as error:
        raise GridError(str(error)) from None
    return tuple(value for value in values if value is not None)


def _words(number_rule: NumberRule, text: str) -> list[str]:
    if len(text) > MAX_CHARACTERS:
        raise GridError(f"{number_rule.name}: there are too many values.")
    # Between semicolons a comma belongs to a value, and the number's own rule judges it.
    if ";" in text:
        return [word for word in (part.strip() for part in text.split(";")) if word]
    if ambiguous := _ONE_OR_TWO.search(text):
        raise GridError(
            f"{number_rule.name}: “{ambiguous[0]}” could be one value or two. Put a comma "
            "and a space between values, and no spaces within a value."
        )
    words = [word.removesuffix(",") for word in text.split()]
    for word in words:
        if any(comma in word for comma in _COMMAS):
            raise GridError(
                f"{number_rule.name}: “{word[:20]}” could be one value or more. Separate "
                "values with a comma and a space, or a semicolon; write decimals as in 0.5."
            )
    return [word for word in words if word]
