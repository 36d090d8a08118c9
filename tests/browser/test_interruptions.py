"""A click that comes while another one is still at work: both do what they are for, once."""

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
