"""Which checks a cell has to pass, whether an answer passes one, and one line that says why
not.

A judge's check is not decided here but by a model: see `judging`.
"""

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from playground.core.experiment.case_checks import (
    NO_TEXT,
    CaseCheck,
    CheckError,
    CheckResult,
    check_key,
    checks_of,
    is_blank,
)
from playground.core.experiment.cases import Cases
from playground.core.experiment.grid import Cell
from playground.core.experiment.json_schema import SchemaError, json_problem, mismatch, read_json
from playground.core.experiment.patterns import PatternError, is_found
from playground.core.request.template import TemplateError, render_text

PASSED: Final = CheckResult(True)
MAX_QUOTED: Final = 60
MAX_DIGITS: Final = 60
_GAP: Final = " \u00a0\u2009\u202f"
# A sign is none behind a digit or a Latin letter (2024-05, GPT-4), nor a point in front (…5,
# Fig.5). Behind a letter a number is a name (Q3), which no space goes on.
_NUMBER: Final = re.compile(
    rf"""
    (?P<sign>(?<![\dA-Za-z\u00c0-\u024f)\]])[-−–])? [$€£¥₹]?
    (?P<digits>
        (?<=[A-Za-z])\d+ (?:\.\d+)?
        | \d+ (?:[.,'’_٫٬]\d+)* (?:(?<!\d{{4}})[{_GAP}]\d{{3}}(?!\d)(?:[.,]\d+)?)*
        | (?<![\w.])\.\d+
    )
    (?P<exponent>[eE][-+]?\d+)?
    """,
    re.VERBOSE,
)
_PLAIN: Final = re.compile(r"(?:\d+|[1-9]\d{0,2}(?:,\d{2,3})*,\d{3})?(?:(?<=\d)\.\d+|^\.\d+)?")


class AmbiguousNumberError(ValueError):
    """A number that can be read in more than one way, or not here; its text can be shown."""


def check_answer(check: CaseCheck, answer: str, values: Mapping[str, str]) -> CheckResult:
    """The result of any check but a judge's, with its text filled from a case's values."""
    try:
        text = render_text(check.text, values)
        if is_blank(check, text):
            return CheckResult(None, NO_TEXT)
        why = _why_not(check, text, answer)
    except TemplateError as error:
        return CheckResult(None, str(error))
    except (PatternError, SchemaError, AmbiguousNumberError) as error:
        return CheckResult(None, f"{str(error)[0].upper()}{str(error)[1:]}.")
    # The answer is paid for: whatever a check raises, the experiment goes on.
    except Exception as error:
        # Only its type: the text of an error can hold an answer.
        logging.getLogger(__name__).error("a check broke: %s", type(error).__name__)
        return CheckResult(None, f"This check broke here: {type(error).__name__}.")
    return PASSED if why is None else CheckResult(False, why)


def expectation_text(check: CaseCheck, values: Mapping[str, str]) -> str:
    """What a check expects for a case's values, in one short line; empty if its kind says it
    all."""
    match check.kind:
        case "json":
            return ""
        case "judge":
            return check.model
        case "length":
            return _bounds(check)
    try:
        text = quoted(render_text(check.text, values))
    except TemplateError:
        # A case that lacks a variable shows at least what the check is.
        text = quoted(check.text)
    if check.kind == "number" and check.tolerance:
        return f"{text} ± {check.tolerance:.10g}"
    return f"{text}, ignoring case" if check.ignore_case else text


def _bounds(check: CaseCheck) -> str:
    least = "" if check.least is None else f"at least {check.least:,}"
    most = "" if check.most is None else f"at most {check.most:,}"
    return f"{' and '.join(filter(None, (least, most)))} {check.unit}"


def _why_not(check: CaseCheck, text: str, answer: str) -> str | None:
    match check.kind:
        case "contains":
            return None if _holds(answer, text, check) else f"It does not contain {quoted(text)}."
        case "not_contains":
            return f"It contains {quoted(text)}." if _holds(answer, text, check) else None
        case "equals":
            return _not_equal(check, text.strip(), answer.strip())
        case "pattern":
            matches = is_found(text, answer, ignore_case=check.ignore_case)
            return None if matches else f"Nothing in it matches {quoted(text)}."
        case "json" | "json_schema":
            return _not_json(check, text, answer)
        case "length":
            return _wrong_length(check, answer)
        case "number":
            return _wrong_number(check, text, answer)
        case "judge":
            raise ValueError("this check is decided by a judge model")


def _holds(answer: str, text: str, check: CaseCheck) -> bool:
    # Lower case alone would leave ß and ss apart.
    return text.casefold() in answer.casefold() if check.ignore_case else text in answer


def _not_equal(check: CaseCheck, text: str, answer: str) -> str | None:
    """White space around either text does not count."""
    same = text.casefold() == answer.casefold() if check.ignore_case else text == answer
    return None if same else f"It is {quoted(answer)}, not {quoted(text)}."


def _not_json(check: CaseCheck, schema: str, answer: str) -> str | None:
    if problem := json_problem(answer):
        return f"It is not JSON: {problem}."
    if check.kind == "json":
        return None
    why = mismatch(schema, read_json(answer))
    return f"It does not match the schema: {why}." if why else None


def _wrong_length(check: CaseCheck, answer: str) -> str | None:
    length = len(answer.split()) if check.unit == "words" else len(answer)
    if check.least is not None and length < check.least:
        return f"It has {length:,} {check.unit}, fewer than {check.least:,}."
    if check.most is not None and length > check.most:
        return f"It has {length:,} {check.unit}, more than {check.most:,}."
    return None


def _wrong_number(check: CaseCheck, text: str, answer: str) -> str | None:
    """The last number in an answer is taken for its result."""
    expected, actual = last_number(text), last_number(answer)
    if expected is None:
        raise TemplateError(f"{quoted(text)} is not a number to compare with.")
    if actual is None:
        return "The answer contains no number."
    # Through `repr`: as a float, 0.1 is a little more than the tenth that was typed.
    if abs(actual - expected) <= Decimal(repr(check.tolerance)):
        return None
    return f"Its last number, {actual:,f}, is {abs(actual - expected):,f} off {expected:,f}."


def last_number(text: str) -> Decimal | None:
    """The last number in a text; None where there is none. Raises `AmbiguousNumberError`."""
    last = None
    for last in _NUMBER.finditer(text):  # noqa: B007 (only the last)
        pass
    if last is None:
        return None
    digits, exponent = last["digits"], last["exponent"] or ""
    if not _PLAIN.fullmatch(digits):
        raise AmbiguousNumberError(f"the number {quoted(last[0])} can be read in more than one way")
    if len(digits) > MAX_DIGITS or len(exponent.lstrip("eE+-")) > 2:
        raise AmbiguousNumberError(f"the number {quoted(last[0])} is too long to compare")
    sign = "-" if last["sign"] else ""
    return Decimal(f"{sign}{digits.replace(',', '')}{exponent}")


def quoted(text: str) -> str:
    """A text in one short line."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= MAX_QUOTED else line[: MAX_QUOTED - 1] + '…'}”"


@dataclass(frozen=True, slots=True)
class PendingCheck:
    """A check with the values that fill it, and its key."""

    key: str
    check: CaseCheck
    values: Mapping[str, str]

    @property
    def is_judges(self) -> bool:
        return self.check.kind == "judge"


def case_keys(cases: Cases, case: int, checks: tuple[CaseCheck, ...]) -> tuple[str, ...]:
    """The key of each check of a case; those that cannot be read are left out."""
    return tuple(pending.key for pending in _of_case(cases, case, checks))


def pending_checks(
    places: Sequence[Cell], cases: Cases, checks: tuple[CaseCheck, ...]
) -> tuple[PendingCheck, ...]:
    """Each distinct check of the cell that stands at these places."""
    all_checks = (pending for place in places for pending in _of_case(cases, place.case, checks))
    return tuple({pending.key: pending for pending in all_checks}.values())


def run_checks(
    todo: Sequence[PendingCheck], answer: str, done: Collection[str]
) -> dict[str, CheckResult]:
    """The results of those that need no judge and are not done. It can take a quarter of a
    second for each pattern: never on the event loop."""
    return {
        pending.key: check_answer(pending.check, answer, pending.values)
        for pending in todo
        if not pending.is_judges and pending.key not in done
    }


def _of_case(cases: Cases, case: int, checks: tuple[CaseCheck, ...]) -> list[PendingCheck]:
    values = cases.values(case)
    try:
        all_checks = checks_of(checks, values)
    except CheckError:  # told before the experiment began; the others are done all the same
        all_checks = checks
    return [PendingCheck(check_key(check, values), check, values) for check in all_checks]
