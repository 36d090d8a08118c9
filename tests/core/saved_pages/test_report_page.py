"""An experiment's report: all that was measured, exact, and dead whatever the texts."""

from datetime import UTC, datetime

from browser.hostile import Hostile
from core.saved_pages.test_answers_page import Reader, assert_dead

from playground.core.answer.content import TextBlock, ToolUseBlock, of_texts
from playground.core.rendering.allowed import ALLOWED
from playground.core.saved_pages.html_page import CSP
from playground.core.saved_pages.report_page import (
    LONG,
    Report,
    ReportCase,
    ReportCell,
    ReportSetting,
    report_page,
)

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
REPORT = Report(
    "Dosa, 2 settings",
    ["4 runs, $0.0040"],
    [("System prompt", "Be terse."), ("User", "Tips for {{dish}}?")],
    [ReportSetting("A", "Haiku", ["50 % passed"]), ReportSetting("B", "Sonnet")],
    [
        ReportCase(
            "1",
            [("dish", "dosa")],
            [
                [
                    ReportCell(of_texts("Heat.", ""), "passed", metrics="0.5 s"),
                    ReportCell(of_texts("Cold.", ""), "failed", "No."),
                ],
                [ReportCell((), "error", "529 overloaded")],
            ],
        ),
        ReportCase("2", [("dish", "idli")], [[ReportCell(of_texts("x" * (LONG + 1), ""))], []]),
    ],
    ["Passed"],
    [("Haiku 4.5", ["50 % (9–91 %)"])],
)


def test_a_report_says_what_was_asked_and_what_came_of_it():
    page = report_page(REPORT, NOW)
    for words in (
        "Dosa, 2 settings", "4 runs, $0.0040", "24 Nov 2026", "Be terse.", "{{dish}}", "Haiku",
        "50 % passed", "dosa", "✓ passed", "✗ failed", "! error", "529 overloaded", "0.5 s",
        "Not run.", "601 characters", "Haiku 4.5", "50 % (9–91 %)", CSP, 'th class="B"',
    ):  # fmt: skip
        assert words in page
    assert Reader(page).texts == ["Heat.", "Cold.", "x" * (LONG + 1)]


def test_every_block_of_an_answer_is_in_a_report():
    blocks = (*of_texts("I'll **ask**.", "Hm"), ToolUseBlock("t", "weather", '{"city":"Lima"}'))
    cells = [[ReportCell((*blocks, TextBlock("So."))), ReportCell(blocks[-1:])]]
    page = report_page(Report("", [], [], [], [ReportCase("1", [], cells)]), NOW)
    for words in ("<summary>Thinking</summary>", "<strong>ask</strong>", "Tool use · weather · t"):
        assert words in page
    assert Reader(page).texts == ["I'll **ask**.\n\nSo.", '[tool_use weather] {"city":"Lima"}']


def test_a_report_of_nothing_is_a_page():
    page = report_page(Report("", [], [], [], []), NOW)
    assert "<h2>Answers</h2>" in page
    assert "<h2>Numbers</h2>" not in page


def test_no_hostile_text_of_a_report_becomes_a_tag_or_an_attribute():
    text = Hostile(2, ["http://evil.example"]).answer(100)
    cell = ReportCell(of_texts(text, ""), "failed", text, text)
    hostile = Report(
        text,
        [text],
        [(text, text)],
        [ReportSetting(text, text, [text])],
        [ReportCase(text, [(text, text)], [[cell]])],
        [text],
        [(text, [text])],
    )
    found = Reader(report_page(hostile, NOW))
    assert found.texts == [text]
    plain = Reader(report_page(REPORT, NOW)).tags
    assert found.tags <= plain | set(ALLOWED)
    assert_dead(found)
