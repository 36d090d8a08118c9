"""Retries on the page: the timeline's data while a run is live and after, and Run again."""

import contextlib
import json
import sqlite3
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, answer, answers, click_card, click_more, finish, press_run

from playground.core.request.connection import CLAUDE


def timelines(page):
    """The timeline of each card, and what the log's was given."""
    mounts = [mount.proto for mount in page.get("bidi_component")]
    logged = [json.loads(m.json) for m in mounts if m.component_name.endswith("timeline")]
    return [found for card in answers(page) if (found := card.said.get("timeline"))] + logged


def one_variant(page, scenario):
    click_more(page, "remove_variant_B")
    page.selectbox(key="demo_scenario").select(scenario).run()
    page.session_state["base_wait_s"] = "0"
    page.run()
    return page


def until(page, condition):
    """Let the run go on until it is in a phase, then draw the page."""
    run = page.session_state["runs"]["A"]
    while not condition(run):
        assert not run.wait(0.01), f"the run ended as {run.status}"
    return page.run()


def test_a_run_that_answers_at_once_has_no_timeline(page):
    press_run(page)
    assert timelines(page) == []


def test_a_waiting_run_is_given_its_countdown_and_what_failed(page):
    one_variant(page, "overloaded")
    page.session_state["base_wait_s"] = "20"
    page.run()
    page.button(key="run_all").click().run()
    until(page, lambda run: run.status == "waiting")
    [drawn] = timelines(page)
    assert 0 < drawn["left_s"] <= drawn["wait_s"] <= 40
    assert drawn["next"] == "Attempt 2 of 4"
    assert drawn["reason"] == "529 overloaded"
    assert [span["outcome"] for span in drawn["spans"]] == ["failed", "waiting"]
    page.button(key="stop_all").click().run()
    [drawn] = timelines(page)
    assert drawn["left_s"] is None
    assert [span["outcome"] for span in drawn["spans"]] == ["failed", "waited"]


def test_a_run_that_gave_up_shows_every_attempt_with_its_bill_its_id_and_why(page):
    press_run(one_variant(page, "overloaded"))
    [drawn] = timelines(page)
    assert [line["number"] for line in drawn["lines"]] == [1, 2, 3, 4]
    assert all("529 overloaded" in line["facts"] for line in drawn["lines"])
    assert all("not billed" in line["facts"] for line in drawn["lines"])
    assert all(line["request_id"].startswith("req_") for line in drawn["lines"])
    # Why it was retried is what happened last, too, which stands beneath the lines.
    given_up = "Given up after attempt 4 of 4."
    assert [line["why"] for line in drawn["lines"]] == ["", "", "", given_up]
    [card] = answers(page)
    assert card.said["outcome"]["happened"] == "The API is overloaded."


def test_a_run_that_answers_after_a_failure_keeps_its_timeline(page):
    press_run(one_variant(page, "server_error"))
    [drawn] = timelines(page)
    assert [line["outcome"] for line in drawn["lines"]] == ["failed", "answered"]
    assert "billed" in drawn["lines"][1]["facts"]


def open_row(page, run):
    page.session_state["opened_run"] = run.id
    return page.run()


def test_the_log_shows_the_same_attempts_with_the_servers_words(page):
    press_run(one_variant(page, "wrong_key"))
    open_row(page, page.session_state["runs"]["A"])
    card, logged = timelines(page)
    assert logged["spans"] == card["spans"]
    assert logged["lines"][0]["message"] == "invalid x-api-key"


@pytest.mark.parametrize("damage", ["", "{bro", "[]", '[{"number": "x"}, 7]'])
def test_a_row_of_the_log_without_readable_attempts_still_opens(page, tmp_path, damage):
    press_run(one_variant(page, "none"))
    run = page.session_state["runs"]["A"]
    from playground.ui.session.services import services

    services().log.flush(5)
    with contextlib.closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        database.execute("update texts set attempts_json = ?", (damage,))
        database.commit()
    fresh = AppTest.from_file(SCRIPT, default_timeout=30).run()
    open_row(fresh, run)
    assert not fresh.exception
    assert "Nothing was sent." in [caption.value for caption in fresh.caption]


def test_run_again_sends_the_same_request_once_as_a_new_run_and_leaves_the_others(page):
    page.selectbox(key="demo_scenario").select("wrong_key").run()
    press_run(page)
    before = page.session_state["runs"]
    page.text_area(key="message_0_text").input("Another question").run()
    page.selectbox(key="demo_scenario").select("none").run()
    click_card(page, "again")
    finish(page)
    after = page.session_state["runs"]
    assert after["B"] is before["B"]
    assert after["A"].id != before["A"].id
    assert after["A"].status == "done"
    assert after["A"].plan.request == before["A"].plan.request
    assert sorted(page.dataframe[0].value["Run"]) == ["1 A", "1 B", "2 A"]
    assert list(page.dataframe[0].value["Attempts"]) == [1, 1, 1]


def test_a_whole_answer_is_not_offered_again(page):
    press_run(page)
    assert "again" not in answer(page).tools


def test_run_again_is_off_when_its_connection_has_no_key_any_more(page):
    press_run(one_variant(page, "wrong_key"))
    run = page.session_state["runs"]["A"]
    run.plan = replace(run.plan, connection=CLAUDE)
    page.run()
    assert answer(page).tools["again"]
    assert "There is no key" in answer(page).said["blocked"]
