"""A visitor whose connection drops comes back to the runs; one who leaves does not pay on."""

import contextlib
import re
import sqlite3
import time

import pytest
from browser.driving import Screen, expect, until
from fake_api import FakeApi
from google.protobuf.message import DecodeError
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

AWAY_MS = 2_000
# A reload or a short way without network costs nobody an answer.
SHORTEST_S, LONGEST_S = 10, 60
# Sockets can be cut, and refused for a while; the page's own code is untouched.
CUTTER = """
    const Real = window.WebSocket;
    const open = [];
    let refusedUntil = 0;
    window.opened = 0;
    window.cut = ms => {
        refusedUntil = performance.now() + ms;
        open.splice(0).forEach(socket => socket.close());
    };
    window.WebSocket = class extends Real {
        constructor(url, protocols) {
            if (performance.now() < refusedUntil) {
                super("ws://127.0.0.1:1/", protocols);
                return;
            }
            super(url, protocols);
            if (!String(url).endsWith("/feed")) window.opened += 1;
            open.push(this);
        }
    };
"""


@pytest.fixture(scope="module", autouse=True)
def closed_tab(browser, start_app):
    """A tab closed while its answers stream; its grace passes during the other tests."""
    api = FakeApi()
    app = start_app({"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "k"})
    context = browser.new_context()
    screen = Screen(context, app).open()
    api.plays = ["slow-20-5000"] * 2
    screen.run()
    screen.await_status("streaming")
    assert [ended_at for _, ended_at in rows(app)] == [None, None]
    context.close()
    yield app, api, time.monotonic()
    api.close()


def rows(app):
    with contextlib.closing(sqlite3.connect(f"file:{app.log_file}?mode=ro", uri=True)) as log:
        return log.execute("SELECT status, ended_at FROM runs ORDER BY run_id").fetchall()


def session_ids(frames):
    """Streamlit's session ids, out of what the browser was sent."""
    found = set()
    for frame in frames:
        message = ForwardMsg()
        with contextlib.suppress(DecodeError):
            message.ParseFromString(frame)
            found.add(message.new_session.initialize.session_id)
    return found - {""}


def test_a_dropped_connection_that_comes_back_finds_its_runs_complete(visit, app, api):
    screen = visit(app, script=CUTTER)
    screen.elsewhere = Unbothered()
    api.plays = ["endless-20"] * 2
    screen.run()
    screen.await_status("streaming")
    before = len(screen.words())
    assert screen.page.evaluate("window.opened") == 1
    screen.page.evaluate("ms => window.cut(ms)", AWAY_MS)
    screen.page.wait_for_function("() => window.opened === 2")
    api.finish()
    screen.await_end()
    screen.await_status("done")
    for letter in "AB":
        assert len(screen.words(letter)) > before
    assert len(api.posts) == 2
    screen.refused.clear()  # The sockets to nowhere were refused by the policy, too.


def test_streamlits_session_id_is_on_no_page_and_in_no_log(screen, api):
    screen.run()
    screen.await_end()
    found = session_ids(screen.frames)
    assert found, "no session id was seen on its way to the browser: the check checks nothing"
    for session_id in found:
        assert session_id not in screen.page.content()
        assert session_id.encode() not in screen.app.log_bytes()
        assert session_id not in screen.app.output()
        assert session_id not in str(screen.page.url)
        assert all(session_id not in str(post.headers) for post in api.posts)


def test_two_pages_of_one_browser_have_runs_of_their_own(visit, app, api):
    first, second = visit(app), visit(app)
    first.page.bring_to_front()
    first.run()
    first.await_end()
    second.page.bring_to_front()
    second.settle()
    expect(second.at("answers_band")).to_contain_text(re.compile("Press Run"))
    assert len(api.posts) == 2


def test_a_closed_tab_stops_its_runs_and_the_log_says_so(closed_tab):
    app, api, closed_s = closed_tab
    until(lambda: all(post.closed_s for post in api.posts), LONGEST_S, "the hang-up")
    until(lambda: {status for status, _ in rows(app)} == {"stopped"}, what="the log")
    assert all(ended_at for _, ended_at in rows(app))
    assert len(api.posts) == 2
    for post in api.posts:
        assert SHORTEST_S < post.closed_s - closed_s < LONGEST_S


class Unbothered(list):
    """Takes no note: the cut-off socket is sent to a port where nobody listens."""

    def append(self, url):
        assert url.startswith("ws://127.0.0.1:1/"), url
