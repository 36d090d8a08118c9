"""An experiment by hand: run by its button, opened by a click, and quick with 1,000 cells."""

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from browser.driving import IS_ALONE

from playground.core.case_checks import CaseCheck, CheckResult, check_key
from playground.core.cases import Cases
from playground.core.experiment import Experiment
from playground.core.experiment_file import to_json_lines
from playground.core.experiment_rows import CellRow
from playground.core.grid import Grid, Variant
from playground.core.matrix import Matrix
from playground.core.request import Message, Params, Prompt, Request
from playground.core.rows import RunRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

CASES = "country,expected\nFrance,Paris\nIndia,Delhi"
LIMIT_S = 0.3 if IS_ALONE else 3.0
"""For a click with 1,000 cells."""


@pytest.fixture
def band(screen):
    screen.at("message_0_text").locator("textarea").fill("What is the capital of {{country}}?")
    screen.page.keyboard.press("Control+Enter")
    screen.settle()
    screen.at("experiment").locator("summary").first.click()
    screen.settle()
    return screen


def paste(screen, text):
    screen.at("import_cases").locator("button").first.click()
    screen.settle()
    screen.at("pasted_cases").locator("textarea").fill(text)
    screen.at("use_pasted_cases").locator("button").click()
    screen.settle()
    screen.page.keyboard.press("Escape")
    screen.settle()


def run(screen, cells, button="run_experiment"):
    screen.at(button).locator("button").click()
    words = f"{cells:,} of {cells:,} done"
    screen.page.get_by_text(words).first.wait_for(timeout=90_000)
    screen.settle()


def test_a_grid_is_run_by_clicking_stopped_resumed_and_a_cell_opened(band, api):
    paste(band, CASES)
    api.plays = ["silent"] * 4
    band.button("run_experiment").click()
    band.await_posts(api, 4)
    band.button("stop_experiment").click()
    # Painted again as after Run, with no other click.
    run(band, 4, "resume_experiment")
    table = band.at("experiment").locator("[data-testid=stDataFrame]").last
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    band.page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 35 + 15)
    band.at("matrix_cell_detail").wait_for(timeout=10_000)
    assert band.at("cell_detail").count() == 1
    assert band.errors == []


def file_of_1_000_cells():
    """As the report of an experiment with 500 cases and 2 settings has it."""
    request = Request(Prompt("", (Message("user", "{{n}}?"),)), Params("claude-haiku-4-5", 9))
    variants = (Variant("A", request), Variant("B", request))
    cases = Cases(("n",), tuple((str(number),) for number in range(500)))
    checks = (CaseCheck("contains", "{{n}}"),)
    experiment = Experiment("Large", variants, (), cases, 1, checks)
    places = [(setting, case) for setting in range(2) for case in range(500)]
    sent = {place: f"{place[0]}-{place[1]}" for place in places}
    grid = Grid(experiment.settings, cases, 1, sent)
    cells, answers = {}, {}
    for setting, case in places:
        run_id = f"{setting}.{case}"
        row = RunRow(
            run_id=run_id, visitor="", started_at=NOON, press=1, variant="A", connection="Demo",
            model="m", params_json="{}", status="done", ttft_s=0.1, duration_s=0.2,
            output_tokens=5, cost_usd=Decimal("0.001"), cost_kind="exact",
        )  # fmt: skip
        results = {check_key(checks[0], cases.values(case)): CheckResult(True)}
        cell_id = grid.cell_id(setting, case, 1)
        cells[cell_id] = CellRow(cell_id, run_id, row, results)
        answers[run_id] = f"It is {case}. " * 20
    return to_json_lines(Matrix(experiment, grid, cells), answers)


def test_a_click_is_answered_soon_with_1_000_cells(band):
    band.at("my_experiments").locator("button").first.click()
    band.settle()
    chooser = band.at("experiment_file").locator("input[type=file]")
    file = {"name": "large.jsonl", "mimeType": "text/plain"}
    chooser.set_input_files({**file, "buffer": file_of_1_000_cells().encode()})
    band.page.get_by_text("Select a cell to open").first.wait_for(timeout=20_000)
    band.settle()
    band.page.keyboard.press("Escape")
    band.settle()
    took_s = []
    for name, answer in (("Failures", "No case is like that."), ("All", "Select a cell to open")):
        begun_s = time.monotonic()
        band.at("matrix_filter").get_by_text(name).click()
        band.page.get_by_text(answer).first.wait_for(timeout=10_000)
        took_s.append(time.monotonic() - begun_s)
    print(f"a click with 1,000 cells: {took_s[0]:.3f} s and {took_s[1]:.3f} s")
    assert min(took_s) < LIMIT_S
