"""An experiment as one HTML page: its numbers, then a matrix of settings and cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from playground.core.answer.content import Blocks, answer_of
from playground.core.rendering.blocks_html import BlockHtml, blocks_html
from playground.core.saved_pages.html_page import render

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

    blocks: Blocks
    verdict: Verdict = "unchecked"
    why: str = ""
    metrics: str = ""

    @property
    def text(self) -> str:
        return answer_of(self.blocks)

    @property
    def answer(self) -> tuple[BlockHtml, ...]:
        """Drawn anew each time."""
        return blocks_html(self.blocks)


@dataclass(frozen=True, slots=True)
class ReportCase:
    """One row: the case's values by name, and for each setting its runs; none: not run."""

    name: str
    values: Sequence[tuple[str, str]]
    cells: Sequence[Sequence[ReportCell]]


@dataclass(frozen=True, slots=True)
class Report:
    """What the page says. `notes` are lines beneath the title, such as what it cost; `numbers`
    a table, for each setting its name and a text for each of `number_names`."""

    title: str
    notes: Sequence[str]
    texts: Sequence[tuple[str, str]]
    settings: Sequence[ReportSetting]
    cases: Sequence[ReportCase]
    number_names: Sequence[str] = ()
    numbers: Sequence[tuple[str, Sequence[str]]] = ()


def report_page(report: Report, now: datetime) -> str:
    """The page. `now` is when it was made."""
    saved = f"{now:%d %b %Y, %H:%M:%S %Z}".strip()
    return render(
        "report.html.jinja", title=report.title, saved=saved, report=report, marks=_MARKS, long=LONG
    )
