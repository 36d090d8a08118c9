"""Two messages of one page that the server reads together, as after two quick clicks or a click and
a key: what each was sent for is done, in order, once, and nothing is sent that the page did not
show when its click was made."""

import json
import runpy

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunData
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, ask, finish, open_band, open_more, paste, words

from playground.core.visitors.access import LOCAL
from playground.ui.experiment import starting
from playground.ui.server import streamlit_insides as insides
from playground.ui.session import state
from playground.ui.session.services import services


def together(page, *actions):
    """Do each on the page as it stands drawn, and have the server read all messages at once."""
    requests = ScriptRequests()
    requests.request_rerun(RerunData())
    for act in actions:
        act(page)
        requests.request_rerun(RerunData(widget_states=page._tree.get_widget_states()))
        for button in (button for button in page.button if not button.proto.disabled):
            button.set_value(False)  # A browser sends each click once.
    page._run(requests.on_scriptrunner_ready().rerun_data.widget_states)
    assert not page.exception
    return page


def late(page, first, second):
    """Do both on the page as it stands drawn, and have the server read the second message once it
    has drawn what the first one does: the browser had not shown that yet."""
    messages = []
    for act in (first, second):
        act(page)
        messages.append(page._tree.get_widget_states())
        for button in (button for button in page.button if not button.proto.disabled):
            button.set_value(False)
    for message in messages:
        page._run(message)
        assert not page.exception
    return page


def press(key):
    return lambda page: page.button(key=key).click()


def type_in(key, text):
    return lambda page: page.text_area(key=key).input(text)


def sent(page):
    runs = page.session_state["runs"].items()
    return {letter: json.loads(run.exchanges[-1].sent.body) for letter, run in runs}


def message_texts(page):
    texts = [page.text_area(key=f"message_{i}_text").value for i in range(20) if _is_there(page, i)]
    assert len(texts) == len(page.session_state["message_ids"])
    return texts


def _is_there(page, index):
    return any(area.key == f"message_{index}_text" for area in page.text_area)


@pytest.fixture
def three_messages(page):
    for index, text in enumerate(["One", "Two", "Three"]):
        if index:
            page.button(key="add_message").click().run()
        page.text_area(key=f"message_{index}_text").input(text).run()
    return page


def test_a_text_typed_after_run_is_not_sent(page):
    before = page.text_area(key="message_0_text").value
    together(page, press("run_all"), type_in("message_0_text", "Typed since"))
    assert page.text_area(key="message_0_text").value == "Typed since"
    finish(page)
    assert {body["messages"][0]["content"] for body in sent(page).values()} == {before}


def test_a_text_typed_before_run_is_sent(page):
    together(page, type_in("message_0_text", "Typed before"), press("run_all"))
    finish(page)
    assert {body["messages"][0]["content"] for body in sent(page).values()} == {"Typed before"}


def test_a_variant_that_was_removed_before_run_is_not_sent(page):
    together(open_more(page), press("remove_variant_B"), press("run_all"))
    assert list(sent(finish(page))) == ["A"]


def test_a_variant_that_was_removed_after_run_is_sent(page):
    together(open_more(page), press("run_all"), press("remove_variant_B"))
    assert list(sent(finish(page))) == ["A", "B"]
    assert page.session_state["variants"] == ["A"]


@pytest.mark.parametrize("read", [together, late])
def test_undo_before_run_is_sent_and_stays(page, read):
    before = page.text_area(key="message_0_text").value
    page.text_area(key="message_0_text").input("Changed").run()
    read(page, press("undo"), press("run_all"))
    assert page.text_area(key="message_0_text").value == before
    finish(page)
    assert {body["messages"][0]["content"] for body in sent(page).values()} == {before}


def test_undo_twice_is_two_steps(page):
    before = page.text_area(key="message_0_text").value
    for text in ("One", "Two"):
        page.text_area(key="message_0_text").input(text).run()
    together(page, press("undo"), press("undo"))
    assert page.text_area(key="message_0_text").value == before


def test_undo_and_a_text_typed_since_are_both_done(page):
    page.text_area(key="message_0_text").input("Changed").run()
    before = page.session_state["system_prompt"]
    page.text_area(key="system_prompt").input("A system").run()
    together(page, press("undo"), type_in("message_0_text", "Typed since"))
    assert page.text_area(key="system_prompt").value == before
    assert page.text_area(key="message_0_text").value == "Typed since"


@pytest.mark.parametrize("first", [0, 1])
def test_two_messages_removed_are_those_whose_buttons_were_clicked(three_messages, first):
    both = (press("remove_message_0"), press("remove_message_1"))
    together(three_messages, both[first], both[1 - first])
    assert message_texts(three_messages) == ["Three"]


def test_one_message_removed_twice_is_removed_once(three_messages):
    together(three_messages, press("remove_message_0"), press("remove_message_0"))
    assert message_texts(three_messages) == ["Two", "Three"]


def test_a_message_moved_twice_moves_two_places(three_messages):
    together(three_messages, press("move_2_1"), press("move_2_1"))
    assert message_texts(three_messages) == ["Three", "One", "Two"]


def test_a_message_removed_and_moved_is_removed(three_messages):
    together(three_messages, press("remove_message_1"), press("move_1_2"))
    assert message_texts(three_messages) == ["One", "Three"]


def test_a_message_removed_first_does_not_change_which_one_is_moved(three_messages):
    together(three_messages, press("remove_message_0"), press("move_2_1"))
    assert message_texts(three_messages) == ["Three", "Two"]


def test_a_double_click_on_run_is_one_press(page):
    together(page, press("run_all"), press("run_all"))
    finish(page)
    assert page.session_state["press"] == 1


def test_a_click_on_run_as_drawn_before_its_press_is_none(page, monkeypatch):
    # With runs that end at once: none is live when the second click is read.
    monkeypatch.setattr(state, "is_live", lambda: False)
    together(page, press("run_all"), press("run_all"))
    finish(page)
    assert page.session_state["press"] == 1


@pytest.mark.parametrize("key", ["run_experiment", "submit_experiment"])
def test_a_double_click_pays_for_an_experiment_once(page, monkeypatch, key):
    paste(open_band(ask(page)), "country,expected\nPeru,Lima")
    # With calls that end at once: none is live when the second click is read.
    monkeypatch.setattr(starting, "is_live", lambda: False)
    together(page, press(key), press(key))
    assert len(services().log.experiments.list_experiments(LOCAL)) == 1


@pytest.mark.parametrize("read", [together, late])
def test_a_key_that_was_forgotten_before_run_is_not_used(page, read):
    page.selectbox(key="connection").select("claude").run()
    page.text_input(key="api_key").input("sk-ant-canary").run()
    read(page, press("forget_key"), press("run_all"))
    assert not page.session_state["runs"]
    assert "There is no key" in words(page)


@pytest.mark.parametrize("read", [together, late])
def test_the_demo_that_was_chosen_before_run_is_asked(page, read):
    page.selectbox(key="connection").select("claude").run()
    page.menu_button(key="lessons").click_index(4).run()
    page.text_input(key="api_key").input("sk-ant-canary").run()
    read(page, press("lesson_demo"), press("run_all"))
    finish(page)
    assert {run.plan.connection.kind for run in page.session_state["runs"].values()} == {"demo"}
    assert page.selectbox(key="connection").value == "demo"


@pytest.mark.parametrize("read", [together, late])
def test_the_scenario_that_undo_brings_back_before_run_is_the_one_that_is_run(page, read):
    page.selectbox(key="demo_scenario").select("slow_first_token").run()
    page.selectbox(key="demo_scenario").select("none").run()
    read(page, press("undo"), press("run_all"))
    assert page.selectbox(key="demo_scenario").value == "slow_first_token"
    runs = page.session_state["runs"].values()
    assert {run.plan.connection.scenario for run in runs} == {"slow_first_token"}
    page.button(key="stop_all").click().run()


def test_each_of_many_messages_is_read(page):
    texts = [f"Text {number}" for number in range(12)]
    steps = [
        act for text in texts for act in (type_in("message_0_text", text), press("add_message"))
    ]
    together(page, *steps)
    assert page.text_area(key="message_0_text").value == texts[-1]
    assert len(page.session_state["message_ids"]) == 1 + len(texts)


def test_more_messages_than_are_kept_apart_are_merged_as_streamlit_does(page):
    presses = [press("add_message")] * (insides.MAX_MESSAGES + 5)
    together(page, *presses, type_in("message_0_text", "Last"))
    assert page.text_area(key="message_0_text").value == "Last"
    assert 1 < len(page.session_state["message_ids"]) <= 1 + len(presses)


def test_a_script_sees_each_button_as_clicked():
    def script():
        import streamlit as st

        from playground.ui.server.streamlit_insides import protect_callbacks

        protect_callbacks()
        st.text_area("Text", key="text")
        for name in "ab":
            if st.button(name, key=name):
                st.write(f"Clicked {name}")

    page = AppTest.from_function(script).run()
    together(page, press("a"), press("b"))
    assert [line.value for line in page.markdown] == ["Clicked a", "Clicked b"]
    assert not page.run().markdown


@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("ON_REQUEST", (*insides.ON_REQUEST[:2], "renamed")),
        ("WIDGET_STATES", ("streamlit.proto.WidgetStates_pb2", "Renamed")),
    ],
)
def test_clicks_work_where_messages_cannot_be_kept_apart(monkeypatch, name, renamed):
    insides.protect_callbacks()
    for place in (insides.ON_REQUEST, insides.ON_YIELD, insides.ON_RERUN):
        patched = insides._internal(*place)
        monkeypatch.setattr(insides._internal(*place[:2]), place[2], patched.__wrapped__)
    monkeypatch.setattr(insides, name, renamed)
    insides.protect_callbacks()
    page = AppTest.from_file(SCRIPT, default_timeout=120).run()
    together(page, press("run_all"), type_in("system_prompt", "Typed since"))
    finish(page)
    assert page.text_area(key="system_prompt").value == "Typed since"
    assert len(page.session_state["runs"]) == 2


def test_messages_without_clicks_are_one():
    requests = ScriptRequests()
    for text in ("One", "Two"):
        states = WidgetStates()
        states.widgets.add(id="text", string_value=text)
        requests.request_rerun(RerunData(widget_states=states))
    merged = requests.on_scriptrunner_ready().rerun_data.widget_states
    assert [(state.id, state.string_value) for state in merged.widgets] == [("text", "Two")]


def test_no_browser_can_know_what_separates_messages():
    in_another_process = runpy.run_path(insides.__file__)["END_OF_MESSAGE"]
    assert len(in_another_process) >= 32
    assert in_another_process != insides.END_OF_MESSAGE
