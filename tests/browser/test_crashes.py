"""A script that crashes shows and prints nothing of what it was about; nothing is reported home."""

import pytest
from browser.driving import Screen

CANARY = "canary-51c0d2"
# It crashes in the script and then in a callback, each time with a cause.
CRASHING = f"""
import streamlit as st
from playground.ui.server.crashes import log_type_and_place_only

log_type_and_place_only()

def crash(place):
    try:
        raise KeyError("{CANARY} cause")
    except KeyError as error:
        raise ValueError("{CANARY} " + place) from error

st.button("Crash", key="crash", on_click=crash, args=("callback",))
crash("script")
"""
TELEMETRY = "data.streamlit.io"


@pytest.fixture(scope="module")
def crashing(start_app, tmp_path_factory):
    script = tmp_path_factory.mktemp("script") / "crashing.py"
    script.write_text(CRASHING, "utf-8")
    return start_app({"STREAMLIT_BROWSER_GATHER_USAGE_STATS": "true"}, script)


def test_a_crash_shows_and_prints_nothing_of_its_text(browser, crashing):
    context = browser.new_context()
    try:
        screen = Screen(context, crashing)
        screen.page.goto(crashing.url)
        shown = screen.page.get_by_test_id("stException")
        screen.meanwhile(lambda: shown.count() >= 1, what="the message")
        screen.settle()
        screen.button("crash").click()
        screen.meanwhile(lambda: crashing.output().count("ValueError at") >= 2, what="the output")
        screen.settle()
        assert "error" in shown.first.inner_text()
        assert CANARY not in screen.page.content()
        assert CANARY.encode() not in b"".join(screen.frames)
        assert CANARY not in crashing.output()
        # The control for the test below.
        assert any(TELEMETRY in url for url in screen.elsewhere)
    finally:
        context.close()


def test_a_fresh_page_reports_nothing_home(browser, app):
    context = browser.new_context()
    try:
        screen = Screen(context, app).open()
        assert screen.elsewhere == []
    finally:
        context.close()
