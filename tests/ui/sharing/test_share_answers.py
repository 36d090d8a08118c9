"""Answers on the page and in the log, saved as files that hold what is shown."""

import json
from datetime import UTC, datetime

from ui.driving import finish, press_run

from playground.core.saved_pages.answers_page import share_page
from playground.core.sharing.shared_run import shared_run, to_json

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def downloads(page):
    return {each.proto.id.split("-")[-1] for each in page.get("download_button")}


def test_answers_can_be_saved_once_all_have_ended(page):
    page.session_state["save_answers"] = True
    page.button(key="run_all").click().run()
    assert not downloads(page)
    finish(page)
    assert not page.exception
    assert downloads(page) == {"save_answers_html", "save_answers_json"}
    assert not page.warning


def test_a_run_of_the_log_can_be_saved(page):
    press_run(page)
    run = page.session_state["runs"]["A"]
    page.session_state["opened_run"], page.session_state["save_run"] = run.id, True
    page.run()
    assert not page.exception
    assert {"save_run_html", "save_run_json"} <= downloads(page)


def test_the_files_hold_what_the_page_shows_and_no_key(page):
    from playground.engine.run_rows import log_record
    from playground.ui.session.services import services

    page.session_state["key"] = "sk-ant-canary-of-a-file"
    press_run(page)
    runs = page.session_state["runs"].values()
    shared = [shared_run(*log_record(run)) for run in runs]
    # From the log, which writes and reads it, it is the same file.
    for run, each in zip(runs, shared, strict=True):
        read = services().log.get(run.visitor, run.id)
        assert to_json([shared_run(*read)], NOW) == to_json([each], NOW)
    html, found = share_page(shared, NOW), json.loads(to_json(shared, NOW))["runs"]
    assert [each["answer"] for each in found] == [run.text for run in runs]
    assert [each["request_body"] for each in found] == [run.exchanges[0].sent.body for run in runs]
    assert html.count('class="demo"') == 2
    assert "(simulated)" in html
    for text in (html, json.dumps(found)):
        assert "canary" not in text
        assert page.session_state["owner"] not in text


def test_a_file_of_answers_is_imported_as_the_prompt_and_variants_that_asked(page):
    from playground.engine.run_rows import log_record

    press_run(page)
    runs = page.session_state["runs"].values()
    text = to_json([shared_run(*log_record(run)) for run in runs], NOW)
    before = page.session_state["undo_history"].now.state
    page.text_area(key="system_prompt").input("Something else").run()
    page.button(key="import").click().run()
    page.text_area(key="import_text").input(text).run()
    assert not page.error
    page.button(key="put_import").click().run()
    assert not page.exception
    assert page.session_state["undo_history"].now.state == before
