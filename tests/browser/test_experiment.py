"""An experiment by hand: run by its button, opened by a click, and filtered with 1,000 cells."""

import pytest
from browser.driving import expect
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
    band.button("stop_all").click()
    # Painted again as after Run, with no other click.
    run(band, 4, "resume_experiment")
    table = band.at("experiment").locator("[data-testid=stDataFrame]").last
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    band.page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 35 + 15)
    band.at("matrix_cell_detail").wait_for()
    assert band.at("cell_detail").count() == 1
    assert band.errors == []


PLACES = """keys => Object.fromEntries(keys.map(key => {
    const { x, y } = document.querySelector(`.st-key-${key}`).getBoundingClientRect();
    return [key, [Math.round(x), Math.round(y)]];
}))"""


def test_a_start_brings_the_results_into_view_and_moves_nothing_beside_them(band, api):
    paste(band, CASES)
    api.plays = ["silent"] * 4
    beside = ["system_prompt", "model_A", "log_head", "run_experiment", "stop_all"]
    form = ["cases", "experiment_repeats", "experiment_name", "my_experiments"]
    before = band.page.evaluate(PLACES, [*beside, *form])
    band.button("run_experiment").click()
    band.await_posts(api, 4)
    expect(band.at("experiment_progress")).to_be_in_viewport(ratio=1)
    band.settle()
    after = band.page.evaluate(PLACES, [*beside, *form])
    for key in beside:
        assert after[key] == before[key], key
    # The form has been scrolled away as one piece: nothing was put into it.
    scrolled = {before[key][1] - after[key][1] for key in form}
    assert max(scrolled) - min(scrolled) <= 2
    assert min(scrolled) > 0
    # Blocked meanwhile, it says why behind Stop.
    band.write("experiment_temperatures", "warm")
    expect(band.at("bar")).to_contain_text("warm")
    assert band.page.evaluate(PLACES, ["stop_all"])["stop_all"] == before["stop_all"]
    band.stop()
    expect(band.button("stop_all")).to_be_disabled()
    assert band.errors == []


def test_1_000_cells_of_a_file_are_shown_and_filtered(band):
    open_file(band, file_of_1_000_cells())
    for name, answer in (
        ("Failures", "No case matches this filter."),
        ("All", "Select a cell to open"),
    ):
        band.at("matrix_filter").get_by_text(name).click()
        band.page.get_by_text(answer).first.wait_for()
