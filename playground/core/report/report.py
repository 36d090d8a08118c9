"""An experiment as a report: a table for a spreadsheet, and one page with its numbers."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from playground.core.answer.content import Blocks, answer_of
from playground.core.experiment.cells import CellRow
from playground.core.experiment.grid import short_names
from playground.core.experiment.matrix import Answers, Matrix, error_of
from playground.core.saved_pages.report_page import (
    Report,
    ReportCase,
    ReportCell,
    ReportSetting,
    Verdict,
    report_page,
)
from playground.core.statistics.setting_statistics import (
    NO_NUMBER,
    NUMBER_NAMES,
    SettingStatistics,
    numbers_of,
    simulated_words,
)
from playground.core.text.csv_cells import UTF8_MARK, safe_cell

_OF_THE_RUN = (
    *("connection", "cost_usd", "cost_kind", "cost_why"),
    *("ttft_s", "duration_s", "input_tokens", "output_tokens"),
)
_COLUMNS = ("setting", "case", "repeat", "status", "http_status", "passed", "why", *_OF_THE_RUN)
DEMO_NOTE = "The built-in demo answered, not a Claude model. Costs are simulated; nobody pays them."
PARTLY_DEMO_NOTE = "Some answers came from the built-in demo; their costs are simulated."


def to_csv(matrix: Matrix, answers: Answers) -> str:
    """Every place that is finished or was not sent, a row each; no spreadsheet takes a text for a
    formula."""
    out = io.StringIO()
    out.write(UTF8_MARK)
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    # With a prefix: a column of cases may itself be called "answer" or "cost_usd".
    columns = [f"case.{name}" for name in matrix.grid.cases.columns]
    writer.writerow([safe_cell(name) for name in (*_COLUMNS, *columns, "answer")])
    for place in matrix.grid.cells():
        cell, unsent = matrix.cells.get(place.id), matrix.unsent.get(place.id)
        if cell is not None:
            facts, answer = _facts(matrix, cell, place.case), answers.get(cell.run_id, "")
        elif unsent is not None:
            facts, answer = ["not sent", None, "", unsent, *(None for _ in _OF_THE_RUN)], ""
        else:
            continue
        name = matrix.grid.settings[place.setting].name
        values = matrix.grid.cases.rows[place.case]
        row = [name, place.case + 1, place.repeat, *facts, *values, answer]
        writer.writerow(map(_csv_cell, row))
    return out.getvalue()


def _csv_cell(value: object) -> object:
    # `str` would write a small amount as 1E-7.
    if isinstance(value, Decimal):
        return format(value, "f")
    return safe_cell(value) if isinstance(value, str) else value


def _facts(matrix: Matrix, cell: CellRow, case: int) -> list[object]:
    run = cell.run
    verdict = {True: "yes", False: "no", None: ""}[cell.passed(matrix.keys[case])]
    facts = [getattr(run, name) if run else None for name in _OF_THE_RUN]
    status, http = (run.status, run.http_status) if run else ("lost", None)
    return [status, http, verdict, why(matrix, cell, case), *facts]


def why(matrix: Matrix, cell: CellRow, case: int) -> str:
    """Why a cell did not pass, or what its error was."""
    if not cell.is_answered:
        return cell.run.error_message or error_of(cell) if cell.run else error_of(cell)
    results = (cell.results.get(key) for key in matrix.keys[case])
    return " ".join(result.why for result in results if result and result.why)


def to_page(matrix: Matrix, contents: Mapping[str, Blocks], now: datetime) -> str:
    """One HTML file with everything in it; `contents` are the runs' answers, by their id."""
    answers = {run_id: answer_of(blocks) for run_id, blocks in contents.items()}
    heads = matrix.heads()
    settings = [
        ReportSetting(setting.letter, setting.name, _lines(head))
        for setting, head in zip(matrix.grid.settings, heads, strict=True)
    ]
    cases = [_case(matrix, case, contents) for case in range(len(matrix.grid.cases))]
    # The first caution alone: settings have the same cases, so the others say nearly the same.
    notes = [*_simulated_note(heads), *[head.caution for head in heads if head.caution][:1]]
    report = Report(
        matrix.experiment.name,
        notes,
        _texts(matrix),
        settings,
        cases,
        (*NUMBER_NAMES, "Distinct answers"),
        _numbers(matrix, heads, answers),
    )
    return report_page(report, now)


def _numbers(
    matrix: Matrix, heads: list[SettingStatistics], answers: Answers
) -> list[tuple[str, tuple[str, ...]]]:
    rows = []
    for number, name in enumerate(short_names(matrix.grid.settings)):
        distinct = distinct_answers(matrix, number, answers)
        rows.append(
            (
                name,
                (*numbers_of(heads[number]), NO_NUMBER if distinct is None else f"{distinct:.1f}"),
            )
        )
    return rows


def _simulated_note(heads: list[SettingStatistics]) -> list[str]:
    words = simulated_words(heads)
    return [PARTLY_DEMO_NOTE if "partly" in words else DEMO_NOTE] if words else []


def _texts(matrix: Matrix) -> list[tuple[str, str]]:
    texts = []
    for variant in matrix.experiment.variants:
        prompt = variant.request.prompt
        texts += [(f"{variant.letter} · System", prompt.system)] if prompt.system else []
        texts += [
            (f"{variant.letter} · {message.role}", message.whole) for message in prompt.messages
        ]
    return texts


def _lines(head: SettingStatistics) -> list[str]:
    lines = [f"{head.count:,} done, {head.errors:,} errors"]
    if head.pass_words:
        lines.append(f"Pass {head.pass_words}")
    if head.cost_words:
        lines.append(f"Mean cost {head.cost_words}")
    if head.duration_s:
        lines.append(f"{head.duration_s.mean:.2f} s a run")
    return lines


def _case(matrix: Matrix, case: int, contents: Mapping[str, Blocks]) -> ReportCase:
    values = list(matrix.grid.cases.values(case).items())
    cells = [
        [
            *(
                _cell(matrix, cell, case, contents.get(cell.run_id, ()))
                for cell in matrix.at(setting, case)
            ),
            *(
                ReportCell((), "error", f"Not sent: {reason}")
                for reason in _unsent(matrix, setting, case)
            ),
        ]
        for setting in range(len(matrix.grid.settings))
    ]
    return ReportCase(str(case + 1), values, cells)


def _unsent(matrix: Matrix, setting: int, case: int) -> Iterable[str]:
    """Why repeats of a place cannot be sent, each reason once."""
    unsent = [
        cell_id
        for cell_id in matrix.ids(setting, case)
        if cell_id in matrix.unsent and cell_id not in matrix.cells
    ]
    return dict.fromkeys(matrix.unsent[cell_id] for cell_id in unsent)


def _cell(matrix: Matrix, cell: CellRow, case: int, blocks: Blocks) -> ReportCell:
    verdict: Verdict = "error"
    if cell.is_answered:
        passed = cell.passed(matrix.keys[case])
        unknown: Verdict = "undecided" if matrix.keys[case] else "unchecked"
        verdict = unknown if passed is None else "passed" if passed else "failed"
    run = cell.run
    metrics = f"{run.duration_s:.2f} s" if run and run.duration_s is not None else ""
    return ReportCell(blocks, verdict, why(matrix, cell, case), metrics)


def durations(matrix: Matrix, setting: int) -> list[float]:
    """How long a setting's answers took, in seconds."""
    cells = [cell for case in range(len(matrix.grid.cases)) for cell in matrix.at(setting, case)]
    runs = [cell.run for cell in cells if cell.is_answered and cell.run]
    return [run.duration_s for run in runs if run.duration_s is not None]


@dataclass(frozen=True, slots=True)
class Variety:
    """How many answers of a setting's repeats are distinct: the mean over all cases."""

    letter: str
    temperature: float
    distinct: float


def distinct_answers(matrix: Matrix, setting: int, answers: Answers) -> float | None:
    """How many answers of a setting's repeats are distinct, the mean over all cases; None
    where nothing was repeated or answered."""
    counts = []
    for case in range(len(matrix.grid.cases)):
        cells = [cell for cell in matrix.at(setting, case) if cell.is_answered]
        if cells:
            counts.append(len({answers.get(cell.run_id, "") for cell in cells}))
    return sum(counts) / len(counts) if counts and matrix.grid.repeats > 1 else None


def variety(matrix: Matrix, answers: Answers) -> list[Variety]:
    """The variety of each setting with a temperature; nothing where temperatures do not vary."""
    entries = []
    for number, setting in enumerate(matrix.grid.settings):
        temperature = setting.request.params.temperature
        distinct = distinct_answers(matrix, number, answers)
        if temperature is not None and distinct is not None:
            entries.append(Variety(setting.letter, temperature, distinct))
    return entries if len({entry.temperature for entry in entries}) > 1 else []
