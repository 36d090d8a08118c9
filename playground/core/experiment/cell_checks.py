"""Which checks a cell's answer has to pass, at all the places of the grid where it stands."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from playground.core.experiment.case_checks import (
    CaseCheck,
    CheckError,
    CheckResult,
    check_key,
    checks_of,
)
from playground.core.experiment.cases import Cases
from playground.core.experiment.check_results import check_answer
from playground.core.experiment.grid import Cell


@dataclass(frozen=True, slots=True)
class ToCheck:
    """A check with the values that fill it, and its key."""

    key: str
    check: CaseCheck
    values: Mapping[str, str]

    @property
    def is_judges(self) -> bool:
        return self.check.kind == "judge"


def case_keys(cases: Cases, case: int, checks: tuple[CaseCheck, ...]) -> tuple[str, ...]:
    """The key of each check of a case; those that cannot be read are left out."""
    return tuple(each.key for each in _of_case(cases, case, checks))


def to_check(
    places: Sequence[Cell], cases: Cases, checks: tuple[CaseCheck, ...]
) -> tuple[ToCheck, ...]:
    """Every different check of the cell that stands at these places."""
    found = (each for place in places for each in _of_case(cases, place.case, checks))
    return tuple({each.key: each for each in found}.values())


def check_all(
    todo: Sequence[ToCheck], answer: str, done: Collection[str]
) -> dict[str, CheckResult]:
    """The results of those that need no judge and are not done. It can take a quarter of a
    second for each pattern: never on the event loop."""
    return {
        each.key: check_answer(each.check, answer, each.values)
        for each in todo
        if not each.is_judges and each.key not in done
    }


def _of_case(cases: Cases, case: int, checks: tuple[CaseCheck, ...]) -> list[ToCheck]:
    values = cases.values(case)
    try:
        found = checks_of(checks, values)
    except CheckError:  # told before the experiment began; the others are done all the same
        found = checks
    return [ToCheck(check_key(check, values), check, values) for check in found]
