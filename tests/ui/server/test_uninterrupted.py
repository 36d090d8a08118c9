"""A message that comes in the middle of what a click does waits until that is done."""

import pytest
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT

from playground.core.visitors.access import LOCAL
from playground.engine.loop import Engine
from playground.ui.server.streamlit_insides import protect_callbacks
from playground.ui.session import money_state
from playground.ui.session.services import services


def another_message_comes():
    get_script_run_ctx().script_requests.request_rerun(RerunData())


def two_steps(arrive):
    """A button that changes the session in two steps, and what happens between them."""
    import streamlit as st

    def press():
        st.session_state["paid"] = True
        arrive()
        st.session_state["shown"] = True

    st.button("Press", on_click=press, key="press")


@pytest.fixture
def pressed():
    return lambda: (
        AppTest.from_function(two_steps, args=(another_message_comes,))
        .run()
        .button(key="press")
        .click()
        .run()
        .session_state
    )


def test_streamlit_alone_cuts_a_callback_in_two(pressed, monkeypatch):
    protect_callbacks()
    interrupted = ScriptRequests.on_scriptrunner_yield.__wrapped__
    monkeypatch.setattr(ScriptRequests, "on_scriptrunner_yield", interrupted)
    state = pressed()
    assert "paid" in state
    assert "shown" not in state, "let_callbacks_end may no longer be needed"


def test_a_callback_is_done_to_its_end(pressed):
    protect_callbacks()
    assert "shown" in pressed()


def test_a_click_is_heard_though_another_message_follows_at_once(monkeypatch):
    page = AppTest.from_function(two_steps, args=(lambda: None,)).run()
    prepare, messages = ScriptCache.get_bytecode, [another_message_comes]

    def prepare_and_be_interrupted(*what):
        if messages:
            messages.pop()()
        return prepare(*what)

    monkeypatch.setattr(ScriptCache, "get_bytecode", prepare_and_be_interrupted)
    protect_callbacks()
    assert "shown" in page.button(key="press").click().run().session_state
    assert not messages


def test_runs_that_were_started_are_shown_whatever_comes_meanwhile(page, monkeypatch):
    start = Engine.start

    def start_and_be_interrupted(*what):
        start(*what)
        another_message_comes()

    monkeypatch.setattr(Engine, "start", start_and_be_interrupted)
    page.button(key="run_all").click().run()
    shown = page.session_state["runs"].values()
    assert len(shown) == 2
    assert all(run.wait(10) for run in shown)
    assert services().log.flush(10)
    logged = services().log.page(LOCAL)
    assert {run.id for run in shown} == {row.run_id for row in logged.rows}


def test_a_session_begins_with_all_its_values(monkeypatch):
    begin = money_state.initialise

    def begin_and_be_interrupted():
        another_message_comes()
        begin()

    monkeypatch.setattr(money_state, "initialise", begin_and_be_interrupted)
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    assert not page.exception
    assert page.button(key="run_all").disabled is False
