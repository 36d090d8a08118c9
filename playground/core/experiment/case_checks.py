"""What an answer must be like to pass: the checks of an experiment or of one case, as values.

Their texts may hold variables, which the case fills: `{{expected}}` is its expected answer.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args, get_type_hints

from playground.core.experiment.cases import CHECKS, EXPECTED
from playground.core.experiment.json_schema import schema_problem
from playground.core.experiment.patterns import pattern_problem
from playground.core.request.model_catalogue import MODEL_ID, is_model_id
from playground.core.request.template import TemplateError, render_text, variables_of
from playground.core.text.json_text import Json, is_of_type

CheckKind = Literal[
    "contains", "not_contains", "equals", "pattern", "json", "json_schema", "length", "number",
    "judge",
]  # fmt: skip
CHECK_KINDS: Final[tuple[CheckKind, ...]] = get_args(CheckKind)
LengthUnit = Literal["characters", "words"]

MAX_CHECKS: Final = 20
MAX_CHARACTERS: Final = 20_000
LARGEST: Final = 1e15
WITH_TEXT: Final = ("contains", "not_contains", "equals", "pattern", "json_schema", "number")
"""The kinds that compare with a text, which must not be empty."""
NO_TEXT: Final = "There is no text to compare with."
# Everything stands in tags, which the judge is told to take for material: an answer could
# hold instructions.
JUDGED_BY_DEFAULT: Final = """\
Does the answer do what the input asks, correctly and completely?

<input>
{{input}}
</input>

<expected>
{{expected}}
</expected>

<answer>
{{answer}}
</answer>"""
_OF_A_JUDGE: Final = ("input", "answer", EXPECTED)
"""Variables of a judge's prompt that no case has to fill."""


class CheckError(ValueError):
    """Why a check cannot be used; its text can be shown."""


@dataclass(frozen=True, slots=True)
class CaseCheck:
    """One check. Which fields matter depends on its kind.

    `text` is what is looked for, a pattern, a schema, a number or a judge's prompt; `least`
    and `most` bound a length in `unit`; `tolerance` is how far a number may be off; `model`
    is the judge's.
    """

    kind: CheckKind
    text: str = ""
    ignore_case: bool = False
    least: int | None = None
    most: int | None = None
    unit: LengthUnit = "characters"
    tolerance: float = 0.0
    model: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that a case must fill."""
        own = _OF_A_JUDGE if self.kind == "judge" else ()
        return tuple(name for name in variables_of(self.text) if name not in own)


_FIELDS: Final = get_type_hints(CaseCheck)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether an answer passed, and why not in one line. None: that could not be told."""

    passed: bool | None
    why: str = ""


def problem_of(check: CaseCheck) -> str | None:
    """What is wrong with a check before it is used, in one line, or None."""
    if problem := _text_problem(check.text):
        return problem
    if is_blank(check, check.text):
        return NO_TEXT
    if check.kind == "length":
        return _length_problem(check)
    if check.kind == "number" and not 0 <= check.tolerance <= LARGEST:
        return "The tolerance must be 0 or more."
    if check.kind == "judge":
        return _judge_problem(check)
    # With variables it is a pattern or a schema only once a case has filled them.
    if variables_of(check.text) or check.kind not in ("pattern", "json_schema"):
        return None
    find = pattern_problem if check.kind == "pattern" else schema_problem
    problem = find(check.text)
    return f"{problem[0].upper()}{problem[1:]}." if problem else None


def is_blank(check: CaseCheck, text: str) -> bool:
    """Whether a check compares with a text, and this one is blank: every answer would contain
    it."""
    return check.kind in WITH_TEXT and not text.strip()


def lacks_text(check: CaseCheck, values: Mapping[str, str]) -> bool:
    """Whether a case leaves the text of a check blank."""
    try:
        return is_blank(check, render_text(check.text, values))
    except TemplateError:
        return False


def unusable(checks: tuple[CaseCheck, ...]) -> str | None:
    """What is wrong with stored checks, each by its number, or None."""
    problems = [(number, problem_of(check)) for number, check in enumerate(checks, 1)]
    return " ".join(f"Check {number}: {why}" for number, why in problems if why) or None


def _text_problem(text: str) -> str | None:
    """Why a text cannot even be kept."""
    if len(text) > MAX_CHARACTERS:
        return f"Its text is longer than {MAX_CHARACTERS:,} characters."
    # Neither a request nor the page takes one.
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return "Its text contains half of a character (a lone surrogate)."
    return None


def _length_problem(check: CaseCheck) -> str | None:
    bounds = [bound for bound in (check.least, check.most) if bound is not None]
    if not bounds:
        return "Enter a minimum length, a maximum length or both."
    if min(bounds) < 0 or max(bounds) > LARGEST or bounds != sorted(bounds):
        return "The minimum length must be 0 or more and not above the maximum."
    return None


def _judge_problem(check: CaseCheck) -> str | None:
    if not check.model.strip():
        return "No model is selected as judge."
    if not is_model_id(check.model):
        return MODEL_ID
    if "answer" not in variables_of(check.text):
        return "The judge's prompt must contain {{answer}}."
    return None


def to_fields(check: CaseCheck) -> dict[str, Json]:
    """The check as fields of JSON, without those at their default."""
    plain = CaseCheck(check.kind)
    changed = [name for name in _FIELDS if getattr(check, name) != getattr(plain, name)]
    return {"kind": check.kind} | {name: getattr(check, name) for name in changed}


def from_fields(found: object) -> CaseCheck:
    """The check in a JSON object. Raises `CheckError`, also for one that cannot be used."""
    check = stored_check(found)
    if problem := problem_of(check):
        raise CheckError(problem)
    return check


def stored_check(found: object) -> CaseCheck:
    """A stored check. Rules may have become stricter since: what is wrong with it is said where
    it is used. Raises `CheckError` for what is no check."""
    if not isinstance(found, Mapping):
        raise CheckError("A check must be an object with a kind.")
    kind = found.get("kind")
    if kind not in CHECK_KINDS:
        raise CheckError(f"A check's kind must be one of {', '.join(CHECK_KINDS)}.")
    for name, value in found.items():
        if name not in _FIELDS:
            raise CheckError(f"A check has no field {str(name)[:40]!r}.")
        if not is_of_type(value, _FIELDS[name]):
            raise CheckError(f"A check's {name} cannot be {str(value)[:40]!r}.")
    check = CaseCheck(**found)
    if problem := _text_problem(check.text):
        raise CheckError(problem)
    return check


def read_checks(text: str) -> tuple[CaseCheck, ...]:
    """The checks of a case, a list in JSON; none in an empty text. Raises `CheckError`."""
    if not text.strip():
        return ()
    if len(text) > MAX_CHARACTERS * 2:
        raise CheckError("The checks are too long.")
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        raise CheckError("The checks are not JSON.") from None
    if not isinstance(entries, list) or len(entries) > MAX_CHECKS:
        raise CheckError(f"The checks must be a list of at most {MAX_CHECKS}.")
    return tuple(from_fields(entry) for entry in entries)


def checks_of(checks: tuple[CaseCheck, ...], values: Mapping[str, str]) -> tuple[CaseCheck, ...]:
    """The checks of an experiment with those of one of its cases. Raises `CheckError`."""
    return checks + read_checks(values.get(CHECKS, ""))


def check_key(check: CaseCheck, values: Mapping[str, str]) -> str:
    """A key that changes with all that a check's result depends on, besides the answer."""
    # `variables` leaves out what no case has to fill, on which a verdict depends all the same.
    names = (*check.variables, EXPECTED) if check.kind == "judge" else check.variables
    basis = [to_fields(check), {name: values.get(name) for name in names}]
    return hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest()[:16]
