"""An experiment: what is tried on what, how often and with which checks; kept as JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Final

from playground.core.experiment.case_checks import (
    MAX_CHECKS,
    CaseCheck,
    CheckError,
    stored_check,
    to_fields,
)
from playground.core.experiment.cases import NO_CASES, Cases, CasesError, cases
from playground.core.experiment.grid import (
    SWEPT,
    GridError,
    Setting,
    Sweep,
    require_size,
    settings,
)
from playground.core.request.request_fields import (
    FieldsError,
    is_whole,
    request_from_fields,
    request_to_fields,
    text_of,
)
from playground.core.runs.run_plan import Variant
from playground.core.text.json_text import (
    Json,
    NameTwiceError,
    is_of_type,
    refuse_constant,
    unique_fields,
)

VERSION: Final = 1
# Room for the largest table of cases, even if JSON escapes each of its characters as \u001b.
MAX_CHARACTERS: Final = 40_000_000
MAX_NAME_CHARACTERS: Final = 200
MAX_LETTER_CHARACTERS: Final = 8
MAX_AT_ONCE: Final = 50
_FIELDS: Final = (
    *("version", "name", "variants", "sweeps", "columns", "rows"),
    *("repeats", "checks", "is_ladder", "least_share", "at_once"),
)


class ExperimentError(ValueError):
    """Why this is no experiment; its text can be shown."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """The definition. With `is_ladder` the models of its sweep are climbed in their order,
    each passing if `least_share` of its cells does. `at_once`: how many cells run together."""

    name: str
    variants: tuple[Variant, ...]
    sweeps: tuple[Sweep, ...] = ()
    cases: Cases = NO_CASES
    repeats: int = 1
    checks: tuple[CaseCheck, ...] = ()
    is_ladder: bool = False
    least_share: float = 1.0
    at_once: int = 8

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Its columns. Raises `GridError`."""
        return settings(self.variants, self.sweeps)

    @property
    def size(self) -> int:
        """How many cells it has. Raises `GridError` for too many."""
        return require_size(len(self.settings), len(self.cases), self.repeats)

    @property
    def ladder(self) -> tuple[str, ...]:
        """The models to climb, the smallest first; none where it is no ladder."""
        models = [sweep.values for sweep in self.sweeps if sweep.parameter == "model"]
        return tuple(map(str, models[0])) if self.is_ladder and models else ()


def to_json(experiment: Experiment) -> str:
    """The experiment as JSON, exactly."""
    variants = [
        {"letter": variant.letter, "request": request_to_fields(variant.request)}
        for variant in experiment.variants
    ]
    return json.dumps(
        {
            "version": VERSION,
            "name": experiment.name,
            "variants": variants,
            "sweeps": [asdict(sweep) for sweep in experiment.sweeps],
            "columns": experiment.cases.columns,
            "rows": experiment.cases.rows,
            "repeats": experiment.repeats,
            "checks": [to_fields(check) for check in experiment.checks],
            "is_ladder": experiment.is_ladder,
            "least_share": experiment.least_share,
            "at_once": experiment.at_once,
        },
        ensure_ascii=False,
    )


def from_json(text: str) -> Experiment:
    """The experiment in a JSON text. Raises `ExperimentError`, whatever is wrong."""
    if len(text) > MAX_CHARACTERS:
        raise ExperimentError(f"It is longer than {MAX_CHARACTERS:,} characters.")
    try:
        # Of a name that stands twice readers take the first or the last: neither is guessed.
        document = json.loads(text, parse_constant=refuse_constant, object_pairs_hook=unique_fields)
    except NameTwiceError as error:
        raise ExperimentError(f"It can't be read here as JSON: {error}.") from None
    except (ValueError, RecursionError):
        raise ExperimentError("It can't be read here as JSON.") from None
    version = document.get("version") if isinstance(document, dict) else None
    # Not isinstance: true is an int to Python, and equals 1.
    if type(version) is not int or version != VERSION:
        raise ExperimentError(f"It is not an experiment of version {VERSION}.")
    # A field that is unknown here would be lost when the experiment is next kept.
    if set(document) != set(_FIELDS):
        raise ExperimentError(f"It must have exactly these fields: {', '.join(_FIELDS)}.")
    try:
        experiment = _experiment(document)
        # Raises for a grid beyond the limits, which must not be opened.
        _ = experiment.size
    except (FieldsError, CasesError, CheckError, GridError) as error:
        raise ExperimentError(str(error)) from None
    if experiment.is_ladder and not experiment.ladder:
        raise ExperimentError("A ladder needs a sweep over models.")
    return experiment


def _experiment(fields: dict[str, Json]) -> Experiment:
    share, at_once = fields["least_share"], fields["at_once"]
    if not is_of_type(share, float) or not 0 < share <= 1:
        raise FieldsError("least_share must be above 0 and at most 1.")
    if not is_whole(at_once) or not 1 <= at_once <= MAX_AT_ONCE:
        raise FieldsError(f"at_once must be from 1 to {MAX_AT_ONCE}.")
    if not is_whole(fields["repeats"]) or not isinstance(fields["is_ladder"], bool):
        raise FieldsError("repeats must be a whole number, and is_ladder true or false.")
    checks = _list(fields, "checks", MAX_CHECKS)
    return Experiment(
        name=_short(fields["name"], "name", MAX_NAME_CHARACTERS),
        variants=tuple(map(_variant, _list(fields, "variants", 50))),
        sweeps=tuple(map(_sweep, _list(fields, "sweeps", len(SWEPT)))),
        cases=_cases(fields),
        repeats=fields["repeats"],
        checks=tuple(map(stored_check, checks)),
        is_ladder=fields["is_ladder"],
        least_share=float(share),
        at_once=at_once,
    )


def _short(value: object, name: str, most: int) -> str:
    """A text, refused where it is too long: cut, it would be another one than was written."""
    text = text_of(value, name)
    if len(text) > most:
        raise FieldsError(f"{name} can have at most {most} characters.")
    return text


def _list(fields: dict[str, Json], name: str, most: int) -> list[Json]:
    if not isinstance(fields[name], list) or len(fields[name]) > most:
        raise FieldsError(f"{name} must be a list of at most {most:,}.")
    return list(fields[name])


def _variant(entry: object) -> Variant:
    if not isinstance(entry, dict) or set(entry) != {"letter", "request"}:
        raise FieldsError("A variant must have a letter and a request.")
    letter = _short(entry["letter"], "letter", MAX_LETTER_CHARACTERS)
    return Variant(letter, request_from_fields(entry["request"]))


def _sweep(entry: object) -> Sweep:
    if not isinstance(entry, dict) or set(entry) != {"parameter", "values"}:
        raise FieldsError("A sweep must have a parameter and values.")
    parameter, values = entry["parameter"], entry["values"]
    if parameter not in SWEPT or not isinstance(values, list):
        raise FieldsError(f"A sweep's parameter must be one of {', '.join(SWEPT)}.")
    # A bool passes for an int here; `settings` refuses it, by the parameter.
    if not all(isinstance(value, str | int | float) for value in values):
        raise FieldsError("A sweep's values must be texts or numbers.")
    return Sweep(parameter, tuple(values))


def _cases(fields: dict[str, Json]) -> Cases:
    columns, rows = fields["columns"], fields["rows"]
    # The one case of a prompt without variables, which `cases` refuses for want of columns.
    if columns == [] and rows == [[]]:
        return NO_CASES
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise FieldsError("columns and rows must be lists.")
    texts = [_row(row) for row in rows]
    return cases(_row(columns), texts, first_row=1)


def _row(cells: object) -> list[str]:
    if not isinstance(cells, list):
        raise FieldsError("A row must be a list of texts.")
    return [text_of(cell, "A cell") for cell in cells]
