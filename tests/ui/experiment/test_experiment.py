"""An experiment on the page: cases, a run by its button, the matrix, and back from a file."""

import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest
from ui.driving import (
    SCRIPT,
    ask,
    open_band,
    paste,
    read_answers,
    show_answers,
    words,
)  # fmt: skip

from playground.core.experiment.matrix import Matrix
from playground.core.experiment.results_file import from_json_lines, to_json_lines
from playground.ui.session.experiment_state import Opened
from playground.ui.session.services import services


def underway(page):
    return page.session_state["experiment_opened"].underway


def finish(page):
    running = underway(page)
    running.start().result(30)
    # What was running already: that future is over at once.
    while running.is_live:
        for run in running.running.values():
            run.wait(5)
    return page.run()


def run_grid(page):
    page.button(key="run_experiment").click().run()
    return finish(page)


def plain_words(page):
    """What is drawn, without the backslashes that keep it from being Markdown."""
    return words(page).replace("\\", "")


@pytest.fixture
def band(page):
    return open_band(ask(page))


def test_a_prompt_with_a_variable_says_what_run_sends(page):
    page = ask(page)
    assert "would be sent literally. Give it values under Experiment." in plain_words(page)
    page = open_band(page)
    assert "Give it values in the table of cases." in plain_words(page)
    page = paste(page, "country,expected\nPeru,Lima\nKenya,Nairobi")
    assert "Each call fills {{country}} from its own case." in plain_words(page)
    page = show_answers(page)
    assert "Run fills {{country}} from the first case." in plain_words(page)
    page.button(key="run_all").click().run()
    asked = {
        run.plan.request.prompt.messages[0].text for run in page.session_state["runs"].values()
    }
    assert asked == {"Capital of Peru?"}


def test_run_fills_what_has_a_value_beside_what_has_none(page):
    page = paste(open_band(ask(page)), "country,expected\nPeru,Lima")
    page = show_answers(page)
    page.text_area(key="message_0_text").input(r"{{country}} {{when}} \{{country}}").run()
    assert "has no value and would be sent literally" in words(page)
    assert "Run fills" in words(page)
    assert "only marks that this is not a variable" in words(page)
    page.button(key="run_all").click().run()
    asked = {
        run.plan.request.prompt.messages[0].text for run in page.session_state["runs"].values()
    }
    assert asked == {"Peru {{when}} {{country}}"}


def test_pasted_cases_that_are_wrong_say_where_and_stay_to_be_mended(band):
    wrong = 'country,expected\n"Peru'
    page = paste(band, wrong)
    assert "Row 2" in page.error[0].value
    assert page.button(key="run_experiment").disabled
    assert page.text_area(key="pasted_cases").value == wrong
    # Once they are taken, the popover gives way to the table.
    page = paste(page, "country,expected\nPeru,Lima")
    assert "pasted_cases" not in {each.key for each in page.text_area}


def test_a_grid_is_run_shown_opened_and_taken_up_from_the_store(band):
    page = paste(band, "country,expected\nPeru,Lima\nKenya,Nairobi")
    page.text_input(key="experiment_repeats").set_value("2")
    page.text_input(key="experiment_temperatures").set_value("0, 1")
    page.button(key="add_check").click().run()
    label = page.button(key="run_experiment").label
    # Both variants are the same once their temperature is swept.
    assert label.startswith("Run 8 calls · simulated, at most ")
    assert "it is run once" in words(page)
    page = run_grid(page)
    assert not page.exception
    assert underway(page).progress.done == 8
    assert "8 of 8 done" in page.get("progress")[0].proto.text
    assert services().log.flush(5)
    [log] = [each.value for each in page.run().dataframe if "Answer or error" in each.value]
    cells = [f"case {case} · repeat {repeat}" for case in (1, 2) for repeat in (1, 2)]
    press = underway(page).origin.press
    assert sorted(log["Run"]) == sorted(2 * [f"{press} A · {cell}" for cell in cells])
    [heads] = [each.value for each in page.dataframe if "Mean cost" in each.value]
    assert all(cost.endswith(" simulated") for cost in heads["Mean cost"])
    places = page.session_state["experiment_opened"]
    page.session_state["matrix_cell"] = (0, 1)
    for key in ("experiment_statistics", "compare_cells", "cell_prompt", "experiment_report"):
        page.session_state[key] = True
    # The log shows the same run: their controls are told apart.
    cell_id = underway(page).planned.grid.cell_id(0, 1, 1)
    page.session_state["opened_run"] = underway(page).finished[cell_id].run_id
    page.run()
    assert not page.exception
    assert "Capital of Kenya?" in [each.value for each in page.code]
    assert "2 repeats say little" in words(page)
    quality, *_ = [json.loads(each.proto.spec) for each in page.get("vega_lite_chart")]
    assert quality["encoding"]["x"]["title"] == "Mean cost of a run simulated ($)"
    assert quality["encoding"]["y"]["scale"]["domain"] == [-5, 105]
    # At temperature 0 the demo says the same each time.
    assert "All 2 answers are identical" in words(page)
    page.session_state["matrix_filter"] = "different"
    page.run()
    assert page.selectbox(key="matrix_baseline").value == "A · temperature 0"
    page.button(key="promote_answer").click().run()
    assert page.text_area(key="message_0_text").value == "Capital of Kenya?"
    assert page.session_state["message_1_role"] == "assistant"
    assert page.text_area(key="message_2_text").value == ""
    page.button(key="promote_setting").click().run()
    assert page.session_state["variants"] == ["A"]
    assert page.text_area(key="message_0_text").value == "Capital of {{country}}?"
    assert "Case 2 · A · temperature 0" in words(page).replace("\\", "")
    [row] = services().log.experiments.list_experiments("local")
    assert row.cells == 8
    before = services().log.count("local")
    page.session_state["opened_run"] = None
    page.session_state["my_experiments"] = True
    page.run()
    page.button(key=f"open_experiment_{row.experiment_id}").click().run()
    assert not page.exception
    assert page.session_state["experiment_opened"] is not places
    assert "8 of 8 done" in page.get("progress")[0].proto.text
    assert services().log.count("local") == before


def test_a_ladder_says_which_model_is_the_smallest_that_passes(band):
    page = paste(band, "country,expected\nFrance,Paris")
    page.session_state["experiment_models"] = ["claude-haiku-4-5", "claude-sonnet-5"]
    page.run()
    page.toggle(key="experiment_is_ladder").set_value(True).run()
    assert page.button(key="run_experiment").disabled
    assert "A ladder needs a check" in words(page)
    page = run_grid(page.button(key="add_check").click().run())
    assert not page.exception
    assert "Haiku" in words(page) or "haiku" in words(page)
    assert "It agrees with the largest model on 100 % of the cells." in words(page)
    page.session_state["matrix_cell"] = (0, 0)
    page.run()
    assert "contains “Paris”" in words(page)
    # Closed and opened again, what was chosen is still there.
    page.session_state["experiment"] = False
    page.run()
    page.session_state["experiment"] = True
    page.run()
    assert page.toggle(key="experiment_is_ladder").value
    assert page.session_state["case_table"][1] == (("France", "Paris"),)
    # Opened from the store it has its result, and nothing is to be resumed.
    page.session_state["my_experiments"] = True
    page.run()
    [row] = services().log.experiments.list_experiments("local")
    page.button(key=f"open_experiment_{row.experiment_id}").click().run()
    page.session_state["experiment_opened"].loading.result(10)
    page.run()
    assert "It agrees with the largest model on 100 % of the cells." in words(page)
    assert "resume_experiment" not in {each.key for each in page.button}


def test_an_experiment_of_a_file_is_shown_and_nothing_of_it_kept(band):
    page = run_grid(paste(band, "country,expected\nFrance,Paris"))
    opened = page.session_state["experiment_opened"].underway
    matrix = Matrix(opened.experiment, opened.planned.grid, opened.finished)
    answers = services().log.experiments.answers(
        "local", [cell.run_id for cell in opened.finished.values()]
    )
    text = to_json_lines(matrix, answers)
    page.session_state["my_experiments"] = True
    page.run()
    page.file_uploader(key="experiment_file").set_value(("it.jsonl", text.encode(), "")).run()
    assert "experiment_file" not in {each.key for each in page.file_uploader}
    page.session_state["matrix_cell"] = (0, 0)
    page.run()
    assert not page.exception
    assert "It is not saved here." in words(page)
    assert any("Paris" in answer for answer in read_answers(page))


def test_run_says_on_itself_why_an_experiment_cannot_run(band):
    run = band.button(key="run_experiment")
    assert (run.label, run.disabled) == ("Run · Add at least one case above", True)
    page = paste(band, "country,expected\nPeru,Lima")
    assert page.button(key="run_experiment").label.startswith("Run 2 calls")
    page = page.text_input(key="max_tokens_A").set_value("many").run()
    run = page.button(key="run_experiment")
    assert run.disabled
    assert "“many” is not a number" in run.label
    page.text_input(key="max_tokens_A").set_value("300")
    # What each cell lacks is said in the pane.
    for letter in "AB":
        page.text_input(key=f"max_tokens_{letter}").set_value("500000")
    page.run()
    run = page.button(key="run_experiment")
    why = "No cell can be sent, for the reasons above"
    assert (run.label.replace("\\", ""), run.disabled) == (f"Run · {why}", True)
    assert why in plain_words(page)


def test_a_running_experiment_has_one_stop(band):
    page = paste(band, "country,expected\nPeru,Lima")
    page.selectbox(key="demo_scenario").select("stalled").run()
    page.button(key="run_experiment").click().run()
    stops = [each for each in page.button if each.label == "Stop"]
    assert [(each.key, each.disabled) for each in stops] == [("stop_all", False)]
    stops[0].click().run()
    page.session_state["experiment_opened"].idle.result(10)
    assert underway(page).progress.state == "stopped"


def test_settings_of_one_name_are_told_apart(band):
    """A file may give several variants the same letter."""
    page = band.button(key="add_variant").click().run()
    page.text_input(key="max_tokens_C").set_value("1")
    page = run_grid(paste(page, "country,expected\nFrance,Paris"))
    opened = page.session_state["experiment_opened"].underway
    alike = tuple(replace(variant, letter="A") for variant in opened.experiment.variants)
    matrix = Matrix(
        replace(opened.experiment, variants=alike), opened.planned.grid, opened.finished
    )
    ids = [cell.run_id for cell in opened.finished.values()]
    answers = services().log.experiments.answers("local", ids)
    text = to_json_lines(matrix, answers)
    page.session_state["experiment_opened"] = Opened(file=from_json_lines(text))
    page.session_state["matrix_cell"] = (0, 0)
    page.session_state["compare_cells"] = True
    page.run()
    other = page.selectbox(key="compare_with")
    assert other.options == ["A (2)", "A (3)"]
    assert "Case 1 · A (1)" in plain_words(page)
    other.select_index(0).run()
    assert "only in A (2)" in plain_words(page)
    assert not page.exception


def test_a_visitor_whose_texts_are_not_kept_is_told_that_there_are_no_experiments(
    monkeypatch, come_from
):
    monkeypatch.delenv("PLAYGROUND_LOG")
    monkeypatch.setattr("playground.settings.DEFAULT_LOG_URL", "sqlite://")
    come_from()
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    page = paste(open_band(ask(page)), "country,expected\nFrance,Paris")
    assert page.button(key="run_experiment").disabled
    assert "this app stores no visitor's texts" in plain_words(page)
