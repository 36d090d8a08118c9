"""An experiment in a file is exactly what it was, and anything else fails one way."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from playground.core.answer.content import of_texts
from playground.core.answer.retry import RetryPolicy
from playground.core.experiment.case_checks import CaseCheck, CheckResult, check_key
from playground.core.experiment.cases import MAX_CELL_CHARACTERS, Cases
from playground.core.experiment.cells import CellRow
from playground.core.experiment.experiment import Experiment, ExperimentError
from playground.core.experiment.grid import Sweep
from playground.core.experiment.grid_plan import plan_grid
from playground.core.experiment.matrix import FILTERS, Matrix
from playground.core.experiment.results_file import KIND, from_bytes, from_json_lines, to_json_lines
from playground.core.report.report import (
    DEMO_NOTE,
    PARTLY_DEMO_NOTE,
    to_csv,
    to_page,
    variety,
)
from playground.core.request.connection import DEMO
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant
from playground.core.runs.run_row import RunRow
from playground.core.statistics.setting_statistics import NUMBER_NAMES

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHECK = CaseCheck("contains", "{{expected}}")
ASKS = Request(Prompt("", (Message("user", "{{city}}?"),)), Params("claude-haiku-4-5", 9))
EXPERIMENT = Experiment(
    "Capitals",
    (Variant("A", ASKS),),
    (Sweep("temperature", (0.0, 1.0)),),
    Cases(("city", "expected"), (("Rome", "It"), ("Lima", "Pe"), ("Oslo", "No"))),
    repeats=2,
    checks=(CHECK,),
)  # fmt: skip
GRID = plan_grid(
    EXPERIMENT.settings, EXPERIMENT.cases, 2, EXPERIMENT.checks,
    RunContext(DEMO, RetryPolicy(), (), NOON),
).grid  # fmt: skip


def cell(setting, case, repeat, answer="It is", error=None, passed=True):
    run_id = f"{setting}{case}{repeat}"
    run = RunRow(
        run_id=run_id, visitor="ada", started_at=NOON, press=1, variant="A", connection="Demo",
        model="m", params_json="{}", status="failed" if error else "done", error_kind=error,
        http_status=529 if error else None, ttft_s=0.5, duration_s=1, output_tokens=3,
        cost_usd=Decimal("0.0010"), cost_kind="exact",
    )  # fmt: skip
    key = check_key(CHECK, EXPERIMENT.cases.values(case))
    results = {} if error else {key: CheckResult(passed, "" if passed else "No.")}
    return CellRow(GRID.cell_id(setting, case, repeat), run_id, run, results), answer


CELLS = [
    cell(0, 0, 1), cell(0, 0, 2), cell(1, 0, 1), cell(1, 0, 2, "Is it?", passed=False),
    cell(0, 1, 1, "", "overloaded"), cell(0, 1, 2, "", "overloaded"),
]  # fmt: skip
MATRIX = Matrix(
    EXPERIMENT, GRID, {c.cell_id: c for c, _ in CELLS}, {GRID.cell_id(1, 1, 1): "too long"}
)
ANSWERS = {c.run_id: text for c, text in CELLS}


def test_a_place_says_how_its_repeats_went():
    texts = [MATRIX.text(s, c, ANSWERS) for c in range(3) for s in range(2)]
    assert texts == [
        "2/2 pass, 1 distinct · It is",
        "1/2 pass, 2 distinct · It is",
        "⚠ 529 overloaded (2 of 2)",
        "Not sent: too long",
        "·",
        "·",
    ]
    shown = {name: MATRIX.rows(name, ANSWERS) for name in FILTERS}
    assert shown == {"all": [0, 1, 2], "failures": [0, 1], "different": [0]}
    first, second = MATRIX.heads()
    assert (first.passed.count, first.passed.of, first.errors) == (2, 4, 2)
    assert (second.passed.count, second.passed.of, second.errors) == (1, 2, 0)


def test_an_experiment_exported_and_imported_elsewhere_gives_the_same_matrix():
    text = to_json_lines(MATRIX, ANSWERS)
    assert '"ada"' not in text
    found = from_json_lines(text)
    other = found.matrix
    assert other.experiment == EXPERIMENT
    assert other.heads() == MATRIX.heads()
    places = [(setting, case) for setting in range(2) for case in range(3)]
    told = [MATRIX.text(*place, ANSWERS) for place in places]
    assert [other.text(*place, found.answers) for place in places] == told
    assert to_json_lines(other, found.answers) == text


@pytest.mark.parametrize("letter", ["😀", "\x1b"])
def test_a_large_table_comes_back_from_a_file_whatever_its_letters(letter):
    rows = tuple((letter * (MAX_CELL_CHARACTERS - 2), "x") for _ in range(23))
    large = replace(EXPERIMENT, cases=Cases(("city", "expected"), rows), repeats=1)
    grid = plan_grid(
        large.settings, large.cases, 1, large.checks, RunContext(DEMO, RetryPolicy(), (), NOON)
    ).grid
    text = to_json_lines(Matrix(large, grid, {}), {})
    assert from_json_lines(text).matrix.experiment == large


@pytest.mark.parametrize(
    "wreck",
    [
        lambda lines: [],
        lambda lines: ["{}", *lines[1:]],
        lambda lines: [lines[0], "[]"],
        lambda lines: [lines[0], lines[1].replace('"0.0010"', '"NaN"')],
        lambda lines: [lines[0], lines[1].replace('"output_tokens": 3', '"output_tokens": "3"')],
        lambda lines: [lines[0], lines[1].replace('"model"', '"modell"')],
        lambda lines: [json.dumps(json.loads(lines[0]) | {"sent": []})],
        lambda lines: ["[" * 100_000],
        lambda lines: [lines[0], lines[1].replace('"It is"', '"\\ud83d"')],
        lambda lines: [lines[0].replace('"too long"', '"\\ud83d"')],
        lambda lines: [lines[0].replace('"Rome"', '"\\ud83d"')],
        lambda lines: [lines[0].replace(f'"{KIND}", "version": 1', f'"{KIND}", "version": 1.0')],
        lambda lines: [lines[0].replace(f'"{KIND}", "version": 1', f'"{KIND}", "version": true')],
        lambda lines: [lines[0].replace('{"version": 1', '{"version": 1.0')],
        lambda lines: [*lines, lines[1]],
        lambda lines: [lines[0], lines[1].replace('"answer": "', '"answer": "x", "answer": "')],
        lambda lines: [lines[0].replace('"cells": 6', '"cells": "six"')],
    ],
    ids=[
        "empty", "head", "list", "money", "type", "field", "sent", "deep", "half a character",
        "half in unsent", "half in a case", "float", "boolean",
        "definition", "twice", "a name twice", "count",
    ],
)  # fmt: skip
def test_a_damaged_file_fails_with_one_sentence(wreck):
    lines = to_json_lines(MATRIX, ANSWERS).splitlines()
    with pytest.raises(ExperimentError):
        from_json_lines("\n".join(wreck(lines)))


def test_a_name_twice_is_said_with_its_line():
    head, first, *_ = to_json_lines(MATRIX, ANSWERS).splitlines()
    twice = first.replace('"answer": "', '"answer": "x", "answer": "')
    with pytest.raises(ExperimentError, match=r"^Line 2: one name occurs twice in an object\.$"):
        from_json_lines(f"{head}\n{twice}")
    with pytest.raises(ExperimentError, match=r"^Line 1: one name occurs twice in an object\.$"):
        from_json_lines(head.replace('"unsent": {', '"unsent": {}, "unsent": {', 1))


def test_a_file_that_was_cut_between_two_lines_says_how_much_is_missing():
    lines = to_json_lines(MATRIX, ANSWERS).splitlines(keepends=True)
    assert from_json_lines("".join(lines)).missing == 0
    assert from_json_lines("".join(lines)).why_not_whole is None
    cut = from_json_lines("".join(lines[:-2]))
    assert cut.why_not_whole == "The file was cut short: 2 cells are missing."
    # As it was written before its cells were counted.
    uncounted = lines[0].replace(', "cells": 6', "")
    assert uncounted != lines[0]
    assert from_json_lines("".join([uncounted, *lines[1:-2]])).missing == 0


def test_a_file_with_the_mark_of_an_editor_is_read_and_one_in_another_encoding_refused():
    text = to_json_lines(MATRIX, ANSWERS)
    assert from_bytes(f"\ufeff{text}".encode()) == from_bytes(text.encode())
    with pytest.raises(ExperimentError, match=r"^It is not in UTF-8\.$"):
        from_bytes(text.encode("utf-16"))


def test_a_file_of_a_newer_playground_says_so():
    text = to_json_lines(MATRIX, ANSWERS).replace('"version": 1', '"version": 2', 1)
    with pytest.raises(ExperimentError, match="newer playground"):
        from_json_lines(text)


def contents(answers):
    return {run_id: of_texts(text, "") for run_id, text in answers.items()}


def csv_rows(matrix, answers=ANSWERS):
    data = to_csv(matrix, answers).encode()
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_csv_begins_with_the_mark_by_which_spreadsheets_know_utf_8():
    assert to_csv(MATRIX, ANSWERS).encode().startswith(b'\xef\xbb\xbf"setting"')


@pytest.mark.parametrize("cost", ["0.0000003", "0.0010", "12", "0", "0.000000000001"])
def test_a_csv_has_a_cost_in_plain_digits(cost):
    cells = {
        c.cell_id: replace(c, run=replace(c.run, cost_usd=Decimal(cost) * 1)) for c, _ in CELLS
    }
    assert csv_rows(replace(MATRIX, cells=cells))[0]["cost_usd"] == cost


def test_a_report_has_every_cell_and_runs_no_formula():
    hostile = {**ANSWERS, "001": "=1+1 <script>"}
    rows = csv_rows(MATRIX, hostile)
    assert len(rows) == len(CELLS) + 1
    assert [row["why"] for row in rows if row["status"] == "not sent"] == ["too long"]
    assert (rows[0]["answer"], rows[0]["case.city"]) == ("'=1+1 <script>", "Rome")
    assert {row["http_status"] for row in rows if row["status"] == "failed"} == {"529"}
    page = to_page(MATRIX, contents(hostile), NOON)
    assert "<script" not in page
    assert page.count("Not sent: too long") == 1
    assert all(f"<th>{name}</th>" in page for name in NUMBER_NAMES)


def test_a_report_shows_what_temperature_does_to_repeats():
    [cold, warm] = variety(MATRIX, ANSWERS)
    assert (cold.temperature, cold.distinct) == (0.0, 1)
    assert (warm.temperature, warm.distinct) == (1.0, 2)
    page = to_page(MATRIX, contents(ANSWERS), NOON)
    assert "<th>Distinct answers</th>" in page
    assert page.index("<td>1.0</td>") < page.index("<td>2.0</td>")
    once = replace(MATRIX, grid=replace(GRID, repeats=1))
    assert variety(once, ANSWERS) == []
    assert "<td>–</td>" in to_page(once, contents(ANSWERS), NOON)


def with_costs(kind, cells=CELLS):
    found = [replace(c, run=replace(c.run, cost_kind=kind, connection="Demo")) for c, _ in cells]
    return {each.cell_id: each for each in found}


@pytest.mark.parametrize(
    ("cells", "words", "note"),
    [
        (with_costs("simulated"), "$0.001000 simulated", DEMO_NOTE),
        (
            {**MATRIX.cells, **with_costs("simulated", CELLS[:1])},
            "$0.001000 partly simulated",
            PARTLY_DEMO_NOTE,
        ),
    ],
    ids=["wholly", "partly"],
)
def test_simulated_costs_are_marked_wherever_they_stand(cells, words, note):
    matrix = replace(MATRIX, cells=cells)
    assert matrix.heads()[0].cost_words == words
    page = to_page(matrix, contents(ANSWERS), NOON)
    assert f"Mean cost {words}" in page
    assert note in page
    first = csv_rows(matrix)[0]
    assert (first["connection"], first["cost_kind"]) == ("Demo", "simulated")
    assert "simulated" not in to_page(MATRIX, contents(ANSWERS), NOON)


def test_an_undecided_cell_is_marked_and_neither_passed_nor_failed():
    undecided = [
        replace(c, results={key: CheckResult(None, "No verdict.") for key in c.results})
        for c, _ in CELLS[:2]
    ]
    matrix = replace(MATRIX, cells=MATRIX.cells | {c.cell_id: c for c in undecided})
    first, second = matrix.heads()
    assert (first.pass_words, second.pass_words) == ("0 of 2, 2 undecided", "50 % (9–91 %)")
    assert matrix.text(0, 0, ANSWERS) == "0/2 pass, 2 undecided, 1 distinct · It is"
    assert matrix.is_undecided(0, 0)
    assert not matrix.has_failed(0, 0)
    assert "Pass 0 of 2, 2 undecided" in to_page(matrix, contents(ANSWERS), NOON)
    once = replace(matrix, grid=replace(GRID, repeats=1))
    assert [once.text(setting, 0, ANSWERS) for setting in range(2)] == ["? It is", "✓ It is"]
