"""A click that comes while another one is still at work: both do what they are for, once."""

import json

from browser.driving import Screen, expect

# A press tells what it did only after that. The first one has half a second of work, and
# the other comes while it is at it.
SLOW = """
import time
import streamlit as st
from playground.ui.server.streamlit_insides import protect_callbacks

protect_callbacks()
st.session_state.setdefault("begun", [])
st.session_state.setdefault("done", [])

def press(name):
    st.session_state["begun"].append(name)
    time.sleep(0.5 if name == "a" else 0)
    st.session_state["done"] = [*st.session_state["done"], name]

for name in "ab":
    st.button(name, key=name, on_click=press, args=(name,))
st.code(f"{st.session_state.begun} {st.session_state.done}")
"""


def test_clicks_that_come_together_are_each_done_once_and_shown(browser, start_app, tmp_path):
    script = tmp_path / "slow.py"
    script.write_text(SLOW, "utf-8")
    # As Community Cloud sets it.
    app = start_app({"STREAMLIT_RUNNER_FAST_RERUNS": "true"}, script)
    context = browser.new_context()
    try:
        screen = Screen(context, app)
        screen.page.goto(app.url)
        expect(screen.button("a")).to_be_visible()
        screen.settle()
        screen.button("a").click()
        expect(screen.page.get_by_test_id("stApp")).to_have_attribute(
            "data-test-script-state", "running"
        )
        screen.button("b").click()
        expect(screen.page.get_by_test_id("stCode")).to_have_text("['a', 'b'] ['a', 'b']")
        screen.settle()
        expect(screen.page.get_by_test_id("stCode")).to_have_text("['a', 'b'] ['a', 'b']")
    finally:
        context.close()


def click_at_once(screen, *keys):
    """Click buttons before any script run can have redrawn the page."""
    screen.page.evaluate(
        "keys => keys.forEach(key => document.querySelector(`.st-key-${key} button`).click())",
        list(keys),
    )


def test_two_messages_removed_at_once_are_those_whose_buttons_were_clicked(visit, app):
    screen = visit(app)
    for index, text in enumerate(["One", "Two", "Three"]):
        if index:
            screen.click("add_message")
        screen.write(f"message_{index}_text", text)
    click_at_once(screen, "remove_message_0", "remove_message_1")
    expect(screen.page.locator("[class*=st-key-icons_message_]")).to_have_count(1)
    expect(screen.at("message_0_text").locator("textarea")).to_have_value("Three")


def test_what_undo_brings_back_is_what_run_sends_though_both_are_clicked_at_once(visit, app, api):
    screen = visit(app)
    screen.write("message_0_text", "Before")
    screen.write("message_0_text", "After")
    click_at_once(screen, "undo", "run_all", "run_all")
    screen.await_posts(api, 2)
    screen.await_end()
    expect(screen.at("message_0_text").locator("textarea")).to_have_value("Before")
    sent = [json.loads(post.body)["messages"][0]["content"] for post in api.posts]
    assert sent == ["Before", "Before"]
