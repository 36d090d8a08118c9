"""The run strip: answers of earlier presses in the same cards, and back to the newest."""

import pytest
from streamlit.testing.v1 import AppTest
from ui.driving import answer, click_card, finish, press_run

from playground.ui.session import presses_state


def ask(page, text):
    page.text_area(key="message_0_text").input(text).run()
    press_run(page)
    return page.session_state["runs"]


def strip(page):
    found = page.get("button_group")
    [control] = [each for each in found if each.key == "run_strip"] or [None]
    return control


@pytest.fixture
def pressed(page):
    """Two presses, of different prompts."""
    press_run(page)
    assert strip(page) is None
    ask(page, "How do I soak rice?")
    return page


def choose(page, press):
    strip(page).set_value(press).run()
    assert not page.exception


def test_an_earlier_press_comes_back_into_the_cards_and_the_newest_again(pressed):
    newest = answer(pressed).answer
    choose(pressed, 1)
    earlier = answer(pressed).answer
    assert earlier != newest
    assert "dosa" in earlier or "batter" in earlier
    assert pressed.text_area(key="message_0_text").value == "How do I soak rice?"
    choose(pressed, 2)
    assert answer(pressed).answer == newest


def test_what_was_sent_and_compared_is_that_of_the_press_shown(pressed):
    ask(pressed, "How do I steam idli?")
    choose(pressed, 2)
    click_card(pressed, "changes")
    assert answer(pressed).said["changes"]["options"][0] == ["before", "Run 1 A"]
    click_card(pressed, "sent")
    assert any("How do I soak rice?" in code.value for code in pressed.code)


def test_run_returns_to_the_newest_and_while_it_runs_nothing_else_is_chosen(pressed):
    choose(pressed, 1)
    pressed.selectbox(key="demo_scenario").select("slow_first_token").run()
    pressed.button(key="run_all").click().run()
    assert strip(pressed).proto.disabled
    assert strip(pressed).value == 3
    assert answer(pressed).said["live"]
    pressed.button(key="stop_all").click().run()
    finish(pressed)
    choose(pressed, 1)
    assert answer(pressed).said["status"] == "done"
    assert pressed.button(key="run_all").label.startswith("Run · ")


def test_run_again_on_an_earlier_card_starts_beside_the_newest(page):
    page.selectbox(key="demo_scenario").select("wrong_key").run()
    press_run(page)
    page.selectbox(key="demo_scenario").select("none").run()
    runs = ask(page, "How do I soak rice?")
    choose(page, 1)
    click_card(page, "again")
    finish(page)
    again = page.session_state["runs"]
    assert again["B"] is runs["B"]
    assert "crisp dosa" in again["A"].plan.request.prompt.messages[0].text
    assert strip(page).value == 3


def keep(presses, length):
    from types import SimpleNamespace

    import streamlit as st

    from playground.ui.session import presses_state

    presses_state.initialise()
    for press in range(1, presses + 1):
        plan = SimpleNamespace(press=press)
        run = SimpleNamespace(plan=plan, text="x" * length, thinking="", is_over=True)
        presses_state.add({"A": run})
    st.text(" ".join(map(str, presses_state.presses())))


@pytest.mark.parametrize(
    ("length", "kept"),
    [(10, "9 8 7 6 5"), (presses_state.MAX_CHARACTERS // 2, "9 8 7"), (10**7, "9")],
)
def test_only_so_many_presses_and_characters_are_kept(length, kept):
    app = AppTest.from_function(keep, args=(9, length)).run()
    assert app.text[0].value == kept
