"""A reload in the middle of an answer finds it again, in its own tab alone; who really left is
told that the server stopped it."""

import re

import pytest
from browser.driving import SHARED, Screen, expect
from browser.test_presence import CUTTER, Unbothered

ROWS = "slow-20-20000"


@pytest.fixture(scope="module")
def app(start_app, shared_api):
    """However long a reload takes on a busy machine, it is soon enough."""
    server = {"ANTHROPIC_BASE_URL": shared_api.url, "ANTHROPIC_API_KEY": "k"}
    return start_app(server | {"PLAYGROUND_PAGE_GONE_S": "600"})


@pytest.fixture
def tab(visit, app, api):
    """A page in a browser of its own, with its storage as it is."""
    return visit(app, accept_downloads=True)


def said(screen, letter="A"):
    return screen.answer(letter).inner_text()


def test_a_reload_in_mid_stream_goes_on_showing_its_runs_and_stops_them(tab, api):
    api.plays = [ROWS] * 2
    tab.run()
    tab.await_status("streaming")
    expect(tab.answer("B")).to_contain_text("word9")
    before = {letter: said(tab, letter) for letter in "AB"}
    tab.reload()
    tab.await_status("streaming")
    for letter in "AB":
        assert said(tab, letter).startswith(before[letter][:30])
    count = len(said(tab).split())
    tab.meanwhile(lambda: len(said(tab).split()) > count, what="more of the answer")
    tab.stop()
    tab.await_end()
    tab.await_status("stopped")
    assert len(api.posts) == 2
    tab.await_hang_up(api.posts)
    api.plays = []
    tab.run()
    tab.await_posts(api, 4)
    tab.await_end()


def test_two_tabs_of_one_browser_keep_their_own_runs(tab, app, api):
    api.plays = [ROWS] * 2
    tab.run()
    tab.await_status("streaming")
    kept = "({ ...sessionStorage })"
    copied = tab.page.evaluate(kept)
    assert "playground-page" in copied
    script = f"for (const [k, v] of Object.entries({copied!r})) sessionStorage.setItem(k, v);"
    other = type(tab)(tab.page.context, app)
    other.page.add_init_script(script)  # As the browser does for a tab that is duplicated.
    other.open()
    expect(other.at("answers_band")).to_contain_text(re.compile("Press Run"))
    other.reload()
    expect(other.at("answers_band")).to_contain_text(re.compile("Press Run"))
    tab.page.bring_to_front()
    tab.await_status("streaming")
    tab.reload()
    tab.await_status("streaming")
    tab.stop()
    tab.await_status("stopped")
    other.page.close()
    assert len(api.posts) == 2


def test_another_visitor_gets_nothing_by_the_name_of_a_page(browser, start_app):
    app = start_app(SHARED | {"PLAYGROUND_PAGE_GONE_S": "600"})
    contexts = [browser.new_context() for _ in range(2)]
    tab, stranger = (Screen(context, app.from_elsewhere) for context in contexts)
    tab.open()
    tab.run()
    tab.await_status("streaming")
    name = tab.page.evaluate("sessionStorage.getItem('playground-page')")
    tab.page.goto("about:blank")
    stranger.page.add_init_script(f"sessionStorage.setItem('playground-page', {name!r})")
    stranger.open()
    expect(stranger.at("answers_band")).to_contain_text(re.compile("Press Run"))
    tab.open()
    tab.await_status("(streaming|done)")
    for context in contexts:
        context.close()


def test_who_was_away_for_too_long_is_told_that_the_server_stopped_it(visit, start_app, api):
    server = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "k"}
    screen = visit(start_app(server | {"PLAYGROUND_PAGE_GONE_S": "2"}), script=CUTTER)
    screen.elsewhere = Unbothered()
    api.plays = [ROWS] * 2
    screen.run()
    screen.await_status("streaming")
    screen.page.evaluate("ms => window.cut(ms)", 6_000)
    screen.await_hang_up(api.posts)
    screen.page.wait_for_function("() => window.opened === 2")
    screen.await_end()
    for letter in "AB":
        told = screen.at(f"outcome_{letter}")
        expect(told).to_contain_text("Stopped by the server, because the page was gone for 2 s.")
        expect(told).not_to_contain_text("you stopped")
    screen.refused.clear()
