"""Two browsers from elsewhere on one server: neither finds anything of the other."""

import contextlib
import sqlite3
from pathlib import Path

import pytest
from browser.driving import SHARED, Screen, expect

KEY = "sk-ant-canary-PLANTED-77a1c9e4d2b0"
PROMPT = "canary-prompt-of-ada-3f8e"


@pytest.fixture(scope="module")
def shared(start_app):
    """The app under a name that is not this machine's."""
    return start_app(SHARED)


@pytest.fixture
def arrive(browser, shared):
    """Opens the page in a browser of its own."""
    contexts = []

    def open_():
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        return Screen(contexts[-1], shared.from_elsewhere).open()

    yield open_
    for context in contexts:
        context.close()


def cookie_of(screen):
    [cookie] = [c for c in screen.page.context.cookies() if c["name"] == "playground_visitor"]
    return cookie


def rows(app):
    with contextlib.closing(sqlite3.connect(f"file:{app.log_file}?mode=ro", uri=True)) as log:
        return log.execute(
            "select runs.visitor, request_json from runs join texts using (visitor, run_id)"
        ).fetchall()


def taken_out(screen):
    """The bytes of all that a visitor can take out of the page."""
    screen.show_sidebar()
    screen.click("download_history")
    screen.click("export_prepare")
    found = downloaded(screen, "export_save")
    screen.close_dialog()
    screen.click("share")
    found += screen.page.get_by_test_id("stCode").filter(has_text="#s=1").inner_text().encode()
    found += downloaded(screen, "share_file")
    screen.close_dialog()
    screen.click("save_answers")
    return found + downloaded(screen, "save_answers_html") + downloaded(screen, "save_answers_json")


def downloaded(screen, key):
    with screen.page.expect_download() as coming:
        screen.click(key)
    return Path(coming.value.path()).read_bytes()


def test_what_one_types_reaches_no_other_and_a_browser_is_known_again(arrive, shared):
    ada = arrive()
    ada.choose("connection", "Claude API")
    ada.write("api_key", KEY)
    expect(ada.at("forget_key")).to_be_visible()
    ada.choose("connection", "Demo")
    ada.write("message_0_text", PROMPT)
    ada.run()
    ada.await_end()
    ada.select_row(0)
    assert PROMPT.encode() in b"".join(ada.frames), "what is looked for would be found"
    eve = arrive()
    eve.run()
    eve.await_end()
    adas = taken_out(ada)
    assert adas.count(PROMPT.encode()) >= 4, "what is looked for would be found"
    assert KEY.encode() not in adas
    everything = taken_out(eve) + b"".join(eve.frames) + eve.page.content().encode()
    assert len(eve.frames) > 5
    assert KEY.encode() not in everything
    assert PROMPT.encode() not in everything

    cookies = [cookie_of(ada), cookie_of(eve)]
    assert cookies[0]["value"] != cookies[1]["value"]
    assert all(each["httpOnly"] and each["sameSite"] == "Lax" for each in cookies)
    assert "playground_visitor" not in ada.page.evaluate("() => document.cookie")
    ada.meanwhile(lambda: len(rows(shared)) == 4, what="four runs in the log")
    by_visitor = {}
    for visitor, request in rows(shared):
        by_visitor.setdefault(visitor, []).append(PROMPT in request)
    assert sorted(by_visitor.values()) == [[False, False], [True, True]]
    on_disk = shared.log_bytes() + shared.output().encode()
    assert KEY.encode() not in on_disk
    assert all(each["value"].encode() not in on_disk for each in cookies)

    ada.open()
    assert cookie_of(ada)["value"] == cookies[0]["value"]
    expect(ada.at("log")).to_contain_text("2 runs")
    sidebar = ada.page.get_by_test_id("stSidebar")
    expect(sidebar).to_contain_text("Other visitors see none of it")
    ada.show_sidebar()
    ada.click("delete_history")
    ada.click("really_delete_history")
    expect(ada.at("log")).to_contain_text("No runs yet")
    ada.meanwhile(lambda: len(rows(shared)) == 2, what="the other's two runs alone")
    assert not any(PROMPT in request for _, request in rows(shared))
    assert ada.elsewhere == eve.elsewhere == []
