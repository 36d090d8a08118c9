"""The stored form of experiments: their definitions, and the state of each cell."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from playground.core.experiment.case_checks import CheckResult
from playground.core.runs.run_row import LIVE, RunRow
from playground.core.statistics.setting_statistics import Measured
from playground.core.text.json_text import Json


@dataclass(frozen=True, kw_only=True)
class ExperimentRow:
    """One experiment of a visitor. `experiment_id` sorts by time; `definition_json` is that
    of `experiment.to_json`, and empty in a list."""

    experiment_id: str
    visitor: str
    name: str
    created_at: datetime
    cells: int
    definition_json: str = ""


@dataclass(frozen=True, slots=True)
class StartedCell:
    """A cell and the run that is about to start for it."""

    cell_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class CheckedCell:
    """The check results of a cell's answer by `check_key`, and a hash of the answer."""

    cell_id: str
    results: Mapping[str, CheckResult] = field(default_factory=dict)
    answer_key: str = ""


@dataclass(frozen=True, slots=True)
class CellRow:
    """A cell that was started: its newest run, as far as the log knows it, and the checks of
    its answer, as far as they were done. `is_in_batch`: a batch may still bring that run."""

    cell_id: str
    run_id: str
    run: RunRow | None
    results: Mapping[str, CheckResult] = field(default_factory=dict)
    answer_key: str = ""
    is_in_batch: bool = False

    @property
    def is_answered(self) -> bool:
        return self.run is not None and self.run.status == "done"

    @property
    def is_finished(self) -> bool:
        """Whether the run has an outcome: an answer, or an error of the API. One that was
        stopped, or lost with its process, has none: its cell is still to be run."""
        run = self.run
        return self.is_answered or (
            run is not None
            and run.status not in (*LIVE, "done", "stopped")
            and run.error_kind is not None
        )

    def passed(self, keys: Iterable[str]) -> bool | None:
        """Whether the answer passed all of these checks; None where that is not known."""
        results = [self.results.get(key) for key in keys]
        verdicts = [result.passed if result else None for result in results]
        if False in verdicts:
            return False
        return None if None in verdicts or not verdicts else True

    def measured(self, keys: Iterable[str]) -> Measured:
        """The measurements for the statistics of the cell's column."""
        run = self.run
        if run is None:
            return Measured(is_error=True, passed=None)
        return Measured(
            is_error=not self.is_answered,
            passed=self.passed(keys),
            cost_usd=run.cost_usd,
            ttft_s=run.ttft_s,
            duration_s=run.duration_s,
            output_tokens=run.output_tokens,
            cost_kind=run.cost_kind,
        )


def claim_name(experiment_id: str) -> str:
    """The name under which running an experiment is claimed."""
    return f"experiment {experiment_id}"


def answer_key(answer: str) -> str:
    """16 hex digits that are the same for the same answer, and for no other."""
    # An answer may hold a lone surrogate, which UTF-8 alone refuses.
    return hashlib.sha256(answer.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def judge_cell(cell_id: str, key: str) -> str:
    """The cell of a judge's run about another cell's answer."""
    # `is_judges` goes by the slash, which no other cell's id has.
    return f"{cell_id}/{key}"


def is_judges(cell_id: str) -> bool:
    return "/" in cell_id


def results_to_json(results: Mapping[str, CheckResult]) -> str:
    return json.dumps({key: [result.passed, result.why] for key, result in results.items()})


def results_from_json(text: str) -> dict[str, CheckResult]:
    entries: dict[str, Json] = json.loads(text or "{}")
    return {key: CheckResult(passed, why) for key, (passed, why) in entries.items()}
