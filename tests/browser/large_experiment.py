"""An experiment of a thousand cells, as a file."""

from datetime import UTC, datetime
from decimal import Decimal

from playground.core.experiment.case_checks import CaseCheck, CheckResult, check_key
from playground.core.experiment.cases import Cases
from playground.core.experiment.cells import CellRow
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import Grid
from playground.core.experiment.matrix import Matrix
from playground.core.experiment.results_file import to_json_lines
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import Variant
from playground.core.runs.run_row import RunRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


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


def open_file(screen, content):
    """Show an experiment's file on a page whose experiment is unfolded."""
    screen.at("my_experiments").locator("button").first.click()
    screen.settle()
    chooser = screen.at("experiment_file").locator("input[type=file]")
    chooser.set_input_files(
        {"name": "large.jsonl", "mimeType": "text/plain", "buffer": content.encode()}
    )
    screen.page.get_by_text("Select a cell to open").first.wait_for()
    screen.settle()
    screen.page.keyboard.press("Escape")
    screen.settle()
