"""An experiment by hand: run by its button, opened by a click, and filtered with 1,000 cells."""

import pytest
from browser.large_experiment import file_of_1_000_cells, open_file

CASES = "country,expected\nFrance,Paris\nIndia,Delhi"


@pytest.fixture
def band(screen):
    screen.at("message_0_text").locator("textarea").fill("What is the capital of {{country}}?")
    screen.page.keyboard.press("Control+Enter")
    screen.settle()
    screen.at("right_pane").get_by_text("Experiment").click()
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
    band.at("matrix_cell_detail").wait_for()
    assert band.at("cell_detail").count() == 1
    assert band.errors == []


def test_1_000_cells_of_a_file_are_shown_and_filtered(band):
    open_file(band, file_of_1_000_cells())
    for name, answer in (
        ("Failures", "No case matches this filter."),
        ("All", "Select a cell to open"),
    ):
        band.at("matrix_filter").get_by_text(name).click()
        band.page.get_by_text(answer).first.wait_for()
