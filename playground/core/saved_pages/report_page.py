"""An experiment as one HTML page: a matrix of settings and cases, pictures, every answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from playground.core.saved_pages.html_page import document, exact, folded, hue, text
from playground.core.plot_frame import Svg

Verdict = Literal["passed", "failed", "undecided", "error", "unchecked"]

_MARKS: dict[Verdict, str] = {
    "passed": "✓ passed",
    "failed": "✗ failed",
    "undecided": "? undecided",
    "error": "! error",
    "unchecked": "",
}
LONG = 600
"""Characters of an answer; a longer one is folded, so that the matrix stays readable."""


@dataclass(frozen=True, slots=True)
class ReportSetting:
    """The head of a column: its letter, what it is, and its statistics in lines."""

    letter: str
    name: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ReportCell:
    """One run: `why` is a check's or an error's line, `metrics` its numbers in one."""

    answer: str
    verdict: Verdict = "unchecked"
    why: str = ""
    metrics: str = ""


@dataclass(frozen=True, slots=True)
class ReportCase:
    """One row: the case's values by name, and for each setting its runs; none: not run."""

    name: str
    values: Sequence[tuple[str, str]]
    cells: Sequence[Sequence[ReportCell]]


@dataclass(frozen=True, slots=True)
class Report:
    """What the page says. `notes` are lines beneath the title, such as what it cost."""

    title: str
    notes: Sequence[str]
    texts: Sequence[tuple[str, str]]
    settings: Sequence[ReportSetting]
    cases: Sequence[ReportCase]
    pictures: Sequence[Svg] = ()


def report_page(report: Report, now: datetime) -> str:
    """The page. `now` is when it was made."""
    made = f"Saved {now:%d %b %Y, %H:%M:%S %Z}".strip()
    notes = [f'<p class="quiet">{text(note)}</p>' for note in (f"{made}.", *report.notes)]
    prompt = [f"<h3>{text(name)}</h3>{exact(each, 'panel')}" for name, each in report.texts]
    pictures = f'<div class="columns">{"".join(report.pictures)}</div>' if report.pictures else ""
    return document(
        report.title,
        f"<header><h1>{text(report.title)}</h1>{''.join(notes)}</header>"
        f"<main>{''.join(prompt)}{pictures}<h2>Answers</h2>{_matrix(report)}</main>",
    )


def _matrix(report: Report) -> str:
    heads = "".join(_head(setting) for setting in report.settings)
    rows = "".join(_row(case) for case in report.cases)
    return (
        '<div class="scroll"><table class="matrix">'
        f"<thead><tr><th>Case</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _head(setting: ReportSetting) -> str:
    lines = "".join(f'<p class="quiet">{text(line)}</p>' for line in setting.lines)
    return (
        f'<th class="{hue(setting.letter)}"><span class="letter">{text(setting.letter)}</span> '
        f"{text(setting.name)}{lines}</th>"
    )


def _row(case: ReportCase) -> str:
    values = "".join(
        f'<p class="quiet">{text(name)}</p>{_shown(value, "value")}' for name, value in case.values
    )
    cells = "".join(f"<td>{''.join(map(_cell, runs)) or _not_run()}</td>" for runs in case.cells)
    return f"<tr><th>{text(case.name)}{values}</th>{cells}</tr>"


def _cell(cell: ReportCell) -> str:
    mark = _MARKS[cell.verdict]
    verdict = f'<p class="verdict {cell.verdict}">{text(mark)}</p>' if mark else ""
    why = f'<p class="quiet">{text(cell.why)}</p>' if cell.why else ""
    metrics = f'<p class="quiet">{text(cell.metrics)}</p>' if cell.metrics else ""
    answer = _shown(cell.answer, "answer") if cell.answer else ""
    return f'<div class="run">{verdict}{why}{answer}{metrics}</div>'


def _shown(content: str, kind: str) -> str:
    if len(content) <= LONG:
        return exact(content, kind)
    return folded(f"{len(content):,} characters", exact(content, kind))


def _not_run() -> str:
    return '<p class="quiet">Not run.</p>'
