"""An experiment as a matrix: what each place says in short, each column's head, the filters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, get_args

from playground.core.experiment.cells import CellRow
from playground.core.experiment.check_results import case_keys
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import Grid
from playground.core.statistics.setting_statistics import SettingStatistics, setting_statistics
from playground.core.text.one_line import answer_line

MAX_SHOWN: Final = 160
"""Characters of an answer in a cell."""
NOT_RUN: Final = "·"
Filter = Literal["all", "failures", "different"]
FILTERS: Final[tuple[Filter, ...]] = get_args(Filter)
Answers = Mapping[str, str]
"""The answers of runs, by the run's id."""


# No slots: a `cached_property` keeps its value in the object's dict.
@dataclass(frozen=True)
class Matrix:
    """Rows are cases, columns are settings. `cells` are the finished ones, `unsent` says why
    others cannot be sent."""

    experiment: Experiment
    grid: Grid
    cells: Mapping[str, CellRow]
    unsent: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """Of each case, the keys of its checks."""
        # A case's own checks are JSON: read once for all its places.
        cases = range(len(self.grid.cases))
        return tuple(case_keys(self.grid.cases, case, self.experiment.checks) for case in cases)

    def ids(self, setting: int, case: int) -> list[str]:
        """The cells at one place, one a repeat."""
        repeats = range(1, self.grid.repeats + 1)
        return [self.grid.cell_id(setting, case, repeat) for repeat in repeats]

    def at(self, setting: int, case: int) -> list[CellRow]:
        """The finished repeats of one place."""
        return [self.cells[cell_id] for cell_id in self.ids(setting, case) if cell_id in self.cells]

    def heads(self) -> list[SettingStatistics]:
        """What each column adds up to."""
        cases = range(len(self.grid.cases))
        return [
            setting_statistics(
                [
                    cell.measured(self.keys[case])
                    for case in cases
                    for cell in self.at(number, case)
                ],
                has_checks=any(self.keys),
            )
            for number in range(len(self.grid.settings))
        ]

    def has_failed(self, setting: int, case: int) -> bool:
        """Whether anything at a place is in error, or did not pass."""
        cells, keys = self.at(setting, case), self.keys[case]
        unsent = any(cell_id in self.unsent for cell_id in self.ids(setting, case))
        return unsent or any(not cell.is_answered or cell.passed(keys) is False for cell in cells)

    def is_undecided(self, setting: int, case: int) -> bool:
        """Whether a place has checks that did not come to a verdict."""
        keys = self.keys[case]
        cells = self.at(setting, case)
        return bool(keys) and any(cell.is_answered and cell.passed(keys) is None for cell in cells)

    def text(self, setting: int, case: int, answers: Answers) -> str:
        """What a place says in one line."""
        cells = self.at(setting, case)
        if not cells:
            why = next((self.unsent[i] for i in self.ids(setting, case) if i in self.unsent), "")
            return f"Not sent: {why}" if why else NOT_RUN
        if self.grid.repeats > 1:
            return self._repeated(cells, case, answers)
        [cell] = cells
        if not cell.is_answered:
            return error_of(cell)
        undecided = "? " if self.keys[case] else ""
        mark = {True: "✓ ", False: "✗ ", None: undecided}[cell.passed(self.keys[case])]
        return mark + answer_line(answers.get(cell.run_id, ""), MAX_SHOWN)

    def _repeated(self, cells: Sequence[CellRow], case: int, answers: Answers) -> str:
        answered = [cell for cell in cells if cell.is_answered]
        if not answered:
            return f"{error_of(cells[0])} ({len(cells)} of {len(cells)})"
        parts = []
        if self.keys[case]:
            verdicts = [cell.passed(self.keys[case]) for cell in answered]
            parts.append(f"{verdicts.count(True)}/{len(cells)} pass")
            parts += [f"{verdicts.count(None)} undecided"] if None in verdicts else []
        distinct = {answers.get(cell.run_id, "") for cell in answered}
        parts.append(f"{len(distinct)} distinct")
        if errors := len(cells) - len(answered):
            parts.append(f"{errors} failed")
        return f"{', '.join(parts)} · {answer_line(answers.get(answered[0].run_id, ''), MAX_SHOWN)}"

    def differs(self, case: int, answers: Answers, baseline: int = 0) -> bool:
        """Whether any column's answers to a case differ from the baseline's."""
        answer_sets = [
            self._answers_at(number, case, answers) for number in range(len(self.grid.settings))
        ]
        # Where nothing is answered yet, nothing differs.
        return any(other and other != answer_sets[baseline] for other in answer_sets)

    def _answers_at(self, setting: int, case: int, answers: Answers) -> frozenset[str]:
        cells = self.at(setting, case)
        # A set, because the order of repeats is chance.
        return frozenset(answers.get(cell.run_id, "") for cell in cells if cell.is_answered)

    def rows(self, shown: Filter, answers: Answers, baseline: int = 0) -> list[int]:
        """The cases that a filter shows."""
        cases, settings = range(len(self.grid.cases)), range(len(self.grid.settings))
        match shown:
            case "all":
                return list(cases)
            case "failures":
                return [row for row in cases if any(self.has_failed(s, row) for s in settings)]
            case "different":
                return [row for row in cases if self.differs(row, answers, baseline)]

    def run_ids(self, rows: Iterable[int]) -> list[str]:
        """The runs whose answers stand in these rows."""
        settings = range(len(self.grid.settings))
        cells = (cell for row in rows for number in settings for cell in self.at(number, row))
        return list(dict.fromkeys(cell.run_id for cell in cells if cell.is_answered))


def error_of(cell: CellRow) -> str:
    """A failed cell in a few words, such as: ⚠ 529 overloaded."""
    run = cell.run
    if run is None:
        return "⚠ lost"
    words = (run.error_kind or run.status).replace("_", " ")
    return f"⚠ {run.http_status} {words}" if run.http_status else f"⚠ {words}"
