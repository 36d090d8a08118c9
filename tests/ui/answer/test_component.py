"""What the answers' component is given: nothing of the answers where a socket brings them, the
same messages where none does; and what a click on it may do."""

import json

import pytest
from ui.driving import answer, answers, click_card, finish, is_answers, press_run, trigger
from ui.told import Told

from playground.ui.answer import component


def mounted(page, name):
    [mount] = [each.proto for each in page.get("bidi_component") if is_answers(each.proto, name)]
    return mount


def given(page):
    """What the browser was given with the last drawing."""
    news = json.loads(mounted(page, "answers_news").json)
    return news | ({"reply": json.loads(news["reply"])} if "reply" in news else {})


def test_where_no_socket_listens_all_of_the_answers_comes_in_one_message_after_the_other(page):
    told, numbers = Told(), []

    def take():
        asked = given(page)["reply"]
        numbers.append(asked["number"])
        if asked["message"]:
            told.take(asked["message"])
        return asked

    take()
    page.button(key="run_all").click().run()
    take()
    finish(page)
    take()
    assert not take()["live"]
    assert numbers == sorted(numbers)
    assert [card.answer for card in told.cards] == [card.answer for card in answers(page)]
    assert told.cards[0].said["status"] == "done"


def test_a_page_that_missed_a_message_is_told_everything_anew(page):
    press_run(page)
    number = given(page)["reply"]["number"]
    trigger(page, "poll", number - 1)
    asked = given(page)["reply"]
    assert asked["after"] == 0
    assert asked["number"] == number + 1
    told = Told()
    told.take(asked["message"])
    assert [card.answer for card in told.cards] == [card.answer for card in answers(page)]
    trigger(page, "poll", number + 1)
    assert given(page)["reply"]["message"] is None


def test_a_page_with_a_socket_is_given_nothing_of_the_answers(page, monkeypatch):
    press_run(page)
    monkeypatch.setattr(type(page.session_state["fed_page"]), "has_socket", True)
    page.run()
    assert given(page) == {}
    assert answer(page).answer not in mounted(page, "answers").json


def test_the_script_is_sent_once_whatever_there_is_to_tell(page):
    first = mounted(page, "answers")
    press_run(page)
    trigger(page, "act", ["copy", "B", 7])
    trigger(page, "poll", 1)
    now = mounted(page, "answers")
    assert (now.json, now.js_content) == (first.json, first.js_content)
    assert len(mounted(page, "answers_news").js_content) < 300


def test_only_a_click_on_copy_brings_the_exact_text(page):
    press_run(page)
    assert "copied" not in given(page)
    text = page.session_state["runs"]["B"].text
    trigger(page, "act", ["copy", "B", 7])
    assert json.loads(given(page)["copied"]) == [[7], text]
    page.run()
    assert "copied" not in given(page)


@pytest.mark.parametrize(
    "said",
    [None, "pin", [], ["pin"], ["pin", "Z"], [1, 2], {"a": 1}, ["copy"], "copy", ["copy", {}]],
)
def test_a_browser_that_says_anything_changes_nothing(page, said):
    press_run(page)
    before = answers(page)
    trigger(page, "act", said)
    assert not page.exception
    assert "copied" not in given(page)
    page.run()
    assert [card.tools for card in answers(page)] == [card.tools for card in before]


def test_what_was_sent_is_opened_by_its_card(page):
    press_run(page)
    click_card(page, "sent", "B")
    assert page.session_state["dialog"] == "sent_B"
    assert not page.exception


def test_a_scenario_is_ended_where_it_is_said_to_be_the_cause(page):
    page.selectbox(key="demo_scenario").select("wrong_key").run()
    press_run(page)
    assert [card.said["status"] for card in answers(page)] == ["failed", "failed"]
    click_card(page, "end_scenario", "B")
    assert not page.exception
    assert page.selectbox(key="demo_scenario").value == "none"
    assert not any("end_scenario" in card.tools for card in answers(page))
    press_run(page)
    assert [card.said["status"] for card in answers(page)] == ["done", "done"]
    page.button(key="undo").click().run()
    assert page.selectbox(key="demo_scenario").value == "wrong_key"


def test_an_answer_that_is_as_wished_ends_no_scenario(page):
    press_run(page)
    page.selectbox(key="demo_scenario").select("wrong_key").run()
    assert not any("end_scenario" in card.tools for card in answers(page))


def test_the_scripts_of_the_page_stay_small():
    lines = component.read("answers.js").count("\n")
    assert lines <= 350
