"""The page as Streamlit runs it, on the demo, without a browser."""

import contextlib
import sqlite3
from threading import Event

from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, answer, click_more, open_more, press_run, words

from playground.engine.run import Run
from playground.ui.session.services import services


def test_it_opens_on_the_demo_with_two_variants_of_the_lesson(page):
    assert not page.exception
    assert page.selectbox(key="connection").value == "demo"
    assert page.selectbox(key="model_A").value == "claude-sonnet-4-6"
    assert page.text_input(key="temperature_A").value == "0.2"
    assert page.text_input(key="temperature_B").value == "1"
    assert page.text_input(key="max_tokens_A").value == "300"
    assert "at most" in page.button(key="run_all").label
    assert page.button(key="stop_all").disabled
    assert "No runs yet" in words(page)


def test_one_press_of_run_answers_both_and_logs_them(page):
    press_run(page)
    runs = page.session_state["runs"]
    assert {letter: run.status for letter, run in runs.items()} == {"A": "done", "B": "done"}
    assert all(run.text for run in runs.values())
    [table] = page.dataframe
    assert list(table.value["Status"]) == ["done", "done"]
    assert set(table.value["Connection"]) == {"Demo"}
    assert all("simulated" in cost for cost in table.value["Cost"])
    assert "Spent **\\$0**" in words(page)


def test_stop_waits_for_a_run_that_is_over_but_for_its_row_in_the_log(page, monkeypatch):
    ended, asked = Event(), Event()
    wait, conclude = Run.wait, Run.mark_recorded

    def wait_and_tell(run, timeout_s):
        asked.set()
        return wait(run, timeout_s)

    def conclude_when_asked(run):
        ended.set()
        asked.wait(10)
        conclude(run)

    monkeypatch.setattr(Run, "wait", wait_and_tell)
    monkeypatch.setattr(Run, "mark_recorded", conclude_when_asked)
    click_more(page, "remove_variant_B")
    page.button(key="run_all").click().run()
    [run] = page.session_state["runs"].values()
    services().engine.stop([run])
    assert ended.wait(10)
    page.button(key="stop_all").click().run()
    assert run.is_over
    assert not page.button(key="run_all").disabled


def test_editing_between_runs_sends_nothing(page):
    page.text_area(key="message_0_text").input("Another question").run()
    page.text_input(key="max_tokens_A").set_value("50").run()
    page.button(key="add_variant").click().run()
    page.selectbox(key="model_C").select("claude-opus-5-5").run()
    assert page.session_state["runs"] == {}
    assert "No runs yet" in words(page)


def test_a_variant_is_cloned_and_removed_without_renaming_the_others(page):
    page.text_input(key="max_tokens_B").set_value("77").run()
    page.button(key="add_variant").click().run()
    assert page.text_input(key="max_tokens_C").value == "77"
    click_more(page, "remove_variant_B")
    assert page.session_state["variants"] == ["A", "C"]
    assert page.text_input(key="max_tokens_C").value == "77"


def test_messages_are_added_moved_and_removed(page):
    page.button(key="add_message").click().run()
    assert page.session_state["message_1_role"] == "assistant"
    page.text_area(key="message_1_text").input("Batter first.").run()
    page.button(key="move_1_0").click().run()
    assert page.text_area(key="message_0_text").value == "Batter first."
    page.button(key="remove_message_0").click().run()
    assert page.text_area(key="message_0_text").value == "Give me three tips for crisp dosa."


def test_an_empty_message_says_what_belongs_into_it(page):
    for role, placeholder in (
        ("user", "What the user says."),
        ("assistant", "What the assistant said."),
        ("system", "Instructions that apply from here on."),
    ):
        page.selectbox(key="message_0_role").set_value(role).run()
        assert page.text_area(key="message_0_text").placeholder == placeholder


def test_an_empty_message_is_named_and_keeps_run_from_sending(page):
    page.text_area(key="message_0_text").input("  ").run()
    assert "Message 1 is empty" in words(page)
    page.button(key="run_all").click().run()
    assert page.session_state["runs"] == {}


def test_a_temperature_that_a_model_does_not_take_is_kept_and_not_sent(page):
    open_more(page)
    page.selectbox(key="model_A").select("claude-opus-5-5").run()
    assert page.text_input(key="temperature_A").disabled
    assert "takes only the default" in words(page)
    press_run(page)
    assert page.session_state["runs"]["A"].status == "done"
    assert "temperature" not in page.session_state["runs"]["A"].plan.wire.body
    page.selectbox(key="model_A").select("claude-haiku-4-5").run()
    assert page.text_input(key="temperature_A").value == "0.2"


def test_a_variants_own_system_prompt_replaces_the_shared_one(page):
    open_more(page)
    page.text_area(key="system_A").input("Answer in Telugu.").run()
    press_run(page)
    runs = page.session_state["runs"]
    assert runs["A"].plan.wire.body["system"] == "Answer in Telugu."
    assert runs["B"].plan.wire.body["system"].startswith("You answer readers")


def test_blanks_in_a_variants_own_system_prompt_leave_the_shared_one(page):
    open_more(page)
    page.text_area(key="system_A").input(" \n\u00a0").run()
    press_run(page)
    runs = page.session_state["runs"]
    assert runs["A"].plan.wire.body["system"] == runs["B"].plan.wire.body["system"]


def test_what_a_closed_popover_holds_is_sent_as_it_was_shown_and_is_there_when_it_opens(page):
    open_more(page, "A")
    page.text_area(key="system_A").input("Answer in Telugu.").run()
    page.session_state["more_A"] = False
    page.run()
    assert not [each for each in page.text_area if each.key == "system_A"]
    assert not [each for each in page.button if each.key == "run_A"]
    press_run(page)
    assert page.session_state["runs"]["A"].plan.wire.body["system"] == "Answer in Telugu."
    open_more(page, "A")
    assert page.text_area(key="system_A").value == "Answer in Telugu."


def test_a_scenario_is_shown_with_its_reason_and_logged_as_an_error(page):
    page.selectbox(key="demo_scenario").select("wrong_key").run()
    press_run(page)
    assert {run.status for run in page.session_state["runs"].values()} == {"failed"}
    assert "401" in answer(page).said["outcome"]["happened"]
    assert answer(page).words().count("the same request would fail again") == 1
    assert list(page.dataframe[0].value["Ended by"]) == ["401 authentication"] * 2


def test_stop_ends_the_runs_at_once(page):
    page.selectbox(key="demo_scenario").select("slow_first_token").run()
    page.button(key="run_all").click().run()
    page.button(key="stop_all").click().run()
    assert {run.status for run in page.session_state["runs"].values()} == {"stopped"}


def test_a_typed_key_leaves_its_field_and_is_never_drawn(page):
    page.selectbox(key="connection").select("claude").run()
    assert "There is no key" in words(page)
    page.text_input(key="api_key").input("sk-ant-canary-0123456789").run()
    assert page.session_state["key"] == "sk-ant-canary-0123456789"
    drawn = "".join(str(element) for element in page.main) + "".join(
        str(element) for element in page.sidebar
    )
    assert "sk-ant-canary-0123456789" not in drawn
    page.button(key="forget_key").click().run()
    assert page.session_state["key"] == ""


def test_a_key_of_two_lines_is_refused_in_plain_words(page):
    page.selectbox(key="connection").select("claude").run()
    page.text_input(key="api_key").input("sk-ant-canary extra").run()
    assert any("one line" in error.value for error in page.error)
    assert page.session_state["key"] == ""


def test_a_sample_prompt_replaces_the_prompt_and_can_be_undone(page):
    page.text_area(key="message_0_text").input("My own question").run()
    sample = page.selectbox(key="sample").options[1]
    page.selectbox(key="sample").select(sample).run()
    assert page.text_area(key="message_0_text").value.startswith("The sambar")
    page.button(key="undo_sample").click().run()
    assert page.text_area(key="message_0_text").value == "My own question"


def test_a_setting_that_cannot_be_used_is_said_instead_of_a_traceback(monkeypatch):
    monkeypatch.setenv("PLAYGROUND_MAX_RUNS", "none")
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    assert "PLAYGROUND_MAX_RUNS" in page.error[0].value
    monkeypatch.delenv("PLAYGROUND_MAX_RUNS")


def test_an_emptied_temperature_is_not_sent_and_an_emptied_max_tokens_is_an_error(page):
    open_more(page)
    page.text_input(key="temperature_A").set_value("").run()
    assert "Temperature is not sent" in words(page)
    page.text_input(key="max_tokens_A").set_value("").run()
    assert "max_tokens is empty. Enter a whole number from 0" in words(page).replace("\\", "")


def test_two_quick_clicks_on_remove_leave_a_variant(page):
    open_more(page)
    page.button(key="remove_variant_A").click()
    page.button(key="remove_variant_B").click().run()
    assert not page.exception
    assert len(page.session_state["variants"]) == 1


def test_a_damaged_row_of_the_log_does_not_take_the_others_away(page, tmp_path):
    press_run(page)
    with contextlib.closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        database.execute("update runs set params_json = '{bro', unit_prices_json = '[]'")
        database.commit()
    from playground.ui.session.services import services

    services().log.flush(5)
    fresh = AppTest.from_file(SCRIPT, default_timeout=30).run()
    assert not fresh.exception
    assert len(fresh.dataframe[0].value) == 2


def test_a_parameter_that_is_out_of_sight_is_still_sent(page):
    open_more(page)
    page.text_input(key="top_k_A").set_value("7").run()
    page.session_state["more_A"] = False
    page.run()
    assert not [each for each in page.text_input if each.key == "top_k_A"]
    press_run(page)
    assert page.session_state["runs"]["A"].plan.wire.body["top_k"] == 7
    open_more(page)
    assert page.text_input(key="top_k_A").value == "7"


def test_while_a_page_settles_each_run_says_again_what_the_fields_hold(page):
    """A browser that is slower than the second run never drew the first one's values."""

    def is_said():
        number = page.text_input(key="max_tokens_A")
        assert number.proto.default == number.value == "300"
        return page.selectbox(key="model_A").proto.set_value

    def text():
        return page.text_area(key="message_0_text").proto.default

    assert is_said()
    assert text() == "Give me three tips for crisp dosa."
    page.text_area(key="message_0_text").input("mine").run()
    assert is_said()
    assert text() == "mine"
    page.button(key="add_variant").click().run()
    assert is_said()
    page.session_state["opened_s"] -= 60
    page.run()
    assert not is_said(), "later it would undo what is being typed"
    assert text() == page.text_area(key="message_0_text").value == "mine"


class EndsAfter:
    """A run that has ended, and says so only after it was asked so many times."""

    def __init__(self, run, questions):
        self._run, self._left = run, questions

    def __getattr__(self, name):
        return getattr(self._run, name)

    @property
    def is_over(self):
        self._left -= 1
        return self._left < 0


def test_run_is_never_left_dim_by_a_run_that_ends_while_the_page_is_drawn(page):
    press_run(page)
    runs = page.session_state["runs"]
    dim = set()
    for questions in range(30):
        ending = {"A": EndsAfter(runs["A"], questions)}
        page.session_state["runs"], page.session_state["presses"] = ending, {1: ending}
        page.run()
        if page.button(key="run_all").disabled:
            dim.add(questions)
            assert runs["A"].id not in page.session_state["drawn_over"]
    assert dim
