"""The page shows the exact request: before a run, after it and in the log."""

import contextlib
import json
import sqlite3

from fake_api import FakeApi
from streamlit.testing.v1 import AppTest
from ui.driving import SCRIPT, click_card, click_more, press_run, words


def codes(page):
    return [element.value for element in page.code]


def head_in(page):
    return next(text for text in codes(page) if text.startswith(("POST", "HTTP")))


def body_in(page):
    return json.loads(next(text for text in codes(page) if text.startswith("{")))


def test_before_a_run_the_request_is_shown_as_it_would_go_out(page):
    page.selectbox(key="demo_scenario").select("overloaded").run()
    click_more(page, "as_sent_A")
    assert not page.exception
    head = codes(page)[0]
    assert head.startswith("POST http://demo/v1/messages\n")
    assert "demo-scenario: overloaded" in head
    assert "x-stainless-retry-count: 0" in head
    assert body_in(page)["temperature"] == 0.2
    assert "the current version no longer accepts temperature" in words(page).replace("\\", "")
    assert page.session_state["runs"] == {}


def test_a_body_is_shown_exactly_or_indented_for_reading(page):
    click_more(page, "as_sent_A")
    assert "\n" not in codes(page)[1]
    page.toggle(key="preview_A_indented").set_value(True).run()
    assert '\n  "max_tokens": 300' in codes(page)[1]
    assert "Indented for reading" in words(page)


def test_without_a_key_the_preview_says_so(page):
    page.selectbox(key="connection").select("claude").run()
    click_more(page, "as_sent_B")
    assert "Authorization: Bearer …\n" in codes(page)[0] + "\n"
    assert "There is no key yet" in words(page)


def test_of_a_typed_key_only_the_end_is_shown(page):
    page.selectbox(key="connection").select("claude").run()
    page.text_input(key="api_key").input("sk-ant-canary-0123456789").run()
    click_more(page, "as_sent_A")
    assert "Authorization: Bearer …6789" in codes(page)[0]
    assert not any("canary" in text for text in codes(page))


def open_record(page, letter="A"):
    return click_card(page, "sent", letter)


def test_after_a_run_request_response_and_raw_events_are_one_click_away(page):
    press_run(page)
    assert codes(page) == []  # Not drawn before someone asks.
    open_record(page)
    assert not page.exception
    assert body_in(page) == page.session_state["runs"]["A"].plan.wire.body
    page.segmented_control(key="sent_A_part").set_value("Response").run()
    assert codes(page)[0].startswith("HTTP 200\n")
    assert "request-id: req_demo_" in codes(page)[0]
    page.segmented_control(key="sent_A_part").set_value("Raw events").run()
    assert "message_start" in codes(page)[0]


def test_of_several_attempts_the_last_is_shown_until_another_is_chosen(page):
    page.selectbox(key="demo_scenario").select("overloaded").run()
    page.session_state["attempts"] = "2"
    page.run()
    page.session_state["base_wait_s"] = "0"
    page.run()
    press_run(page)
    open_record(page)
    assert "x-stainless-retry-count: 1" in head_in(page)
    page.segmented_control(key="sent_A_attempt_of_2").set_value(1).run()
    assert "x-stainless-retry-count: 0" in head_in(page)
    page.segmented_control(key="sent_A_part").set_value("Response").run()
    assert head_in(page).startswith("HTTP 529\n")


def test_neither_the_page_nor_the_log_on_disk_holds_any_of_a_key(monkeypatch, tmp_path):
    key = "sk-ant-canary-51c2f8a07e9d-wxyz"
    api = FakeApi()
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    api.plays = ["status-529", "status-529"]
    page = AppTest.from_file(SCRIPT, default_timeout=30).run()
    page.session_state["base_wait_s"] = "0"
    page.run()
    press_run(page)
    api.close()
    assert len(api.posts) == 4
    assert all(key in seen.headers["authorization"] for seen in api.posts)
    open_record(page)
    assert "Authorization: Bearer …wxyz" in head_in(page)
    shown = "".join(str(element) for element in [*page.main, *page.sidebar, *codes(page)])
    from playground.ui.session.services import services

    assert services().log.flush(5)
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("runs.db*"))
    assert b"x-stainless-retry-count" in stored  # The control: headers are in it.
    for place in (shown.encode(), stored):
        assert key.encode() not in place
        assert key[7:25].encode() not in place
    assert b"wxyz" not in stored


def opened_from_log(page):
    run = page.session_state["runs"]["A"]
    page.session_state["opened_run"] = run.id
    return page.run()


def test_the_log_shows_the_same_from_what_is_stored(page):
    press_run(page)
    opened_from_log(page)
    assert "demo-scenario: none" in head_in(page)
    assert body_in(page) == page.session_state["runs"]["A"].plan.wire.body
    assert "How each setting is sent" in words(page)


def test_a_row_from_before_still_opens(page, tmp_path):
    press_run(page)
    from playground.ui.session.services import services

    services().log.flush(5)
    run_id = page.session_state["runs"]["A"].id
    older = '{"headers": {"anthropic-version": "2026-10-21"}, "body": {"model": "old"}}'
    with contextlib.closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        database.execute("update texts set request_json = ?", (older,))
        database.commit()
    fresh = AppTest.from_file(SCRIPT, default_timeout=30).run()
    fresh.session_state["opened_run"] = run_id
    fresh.run()
    assert not fresh.exception
    assert older in codes(fresh)
