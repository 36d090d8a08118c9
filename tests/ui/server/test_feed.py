"""The feed tells each page its own runs' texts, whole and once, and nobody else's."""

import asyncio
import gc
import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.websockets import WebSocket

from playground.ui.answer import live_text
from playground.ui.server.feed import (
    MOST_SAID_PACE,
    MOST_SOCKETS,
    MOST_WAITING,
    MOST_WAITING_EACH,
    SILENT,
    TOO_BIG,
    UNKNOWN_PAGE,
    Ahead,
    Feed,
    News,
    pace_s,
    source,
)

HOST = (b"host", b"play.streamlit.app")
OWN = [HOST, (b"origin", b"https://play.streamlit.app")]


@dataclass
class Told:
    """A run as the page reads it."""

    id: str
    text: str = ""
    thinking: str = ""
    status: str = "streaming"
    is_over: bool = False
    attempts: list = field(default_factory=list)

    @property
    def is_live(self):
        return self.status == "streaming"


class Browser:
    """The other end of a socket."""

    def __init__(self, feed, headers=OWN, ip="192.0.2.7"):
        self.said, self.heard = asyncio.Queue(), asyncio.Queue()
        scope = {
            "type": "websocket", "path": "/feed", "headers": headers, "subprotocols": [],
            "client": (ip, 1),
        }  # fmt: skip
        self.said.put_nowait({"type": "websocket.connect"})
        self.is_reachable = True
        self.serving = asyncio.create_task(feed.serve(WebSocket(scope, self.said.get, self._hear)))

    async def _hear(self, message):
        if not self.is_reachable:
            raise OSError
        await self.heard.put(message)

    def say(self, text):
        self.said.put_nowait({"type": "websocket.receive", "text": text})

    async def leave(self):
        self.said.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await self.serving

    async def hear(self):
        async with asyncio.timeout(5):
            return await self.heard.get()

    async def news(self):
        return json.loads((await self.hear())["text"])


def end(run):
    """What an engine does, at once."""
    run.status, run.is_over = "stopped", True


async def joined(feed, page, **how):
    browser = Browser(feed, **how)
    browser.say(page.token)
    assert (await browser.hear())["type"] == "websocket.accept"
    assert await browser.news() == {"texts": [], "clear": True}
    return browser


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.text(min_size=1)), max_size=30))
def test_every_text_is_told_whole_and_once(parts):
    runs = {"A": Told("a"), "B": Told("b")}
    news, heard = News(), {}
    for name, part in [*parts, ("a", "end")]:
        next(run for run in runs.values() if run.id == name).text += part
        for of, text in (news.of(runs) or {"texts": []})["texts"]:
            heard[of] = heard.get(of, "") + text
    assert heard == {source(run, "text"): run.text for run in runs.values() if run.text}
    assert news.of(runs) is None


def test_a_change_of_status_asks_the_page_to_look_again():
    run = Told("a", status="connecting")
    runs, news = {"A": run}, News()
    assert "changed" not in news.of(runs)
    run.status = "streaming"
    assert news.of(runs)["changed"] == 1
    run.text = "more"
    assert "changed" not in news.of(runs)
    run.status, run.is_over = "done", True
    assert news.of(runs)["changed"] == 2


def test_new_runs_start_anew():
    news = News()
    news.of({"A": Told("a", text="old")})
    again = news.of({"A": Told("b", text="new")})
    assert again == {"texts": [("b_text", "new")], "clear": True}


def test_a_browser_is_told_once_what_it_draws_of_a_press_before_the_page_does():
    runs, news = {"A": Told("a"), "C": Told("c", text="first")}, News()
    ahead = Ahead(3, {"A": "Model one", "C": "Model two"})
    cards = [["a_text", "A", "Model one"], ["c_text", "C", "Model two"]]
    assert news.of(runs, ahead) == {
        "texts": [("c_text", "first")],
        "clear": True,
        "ahead": {"press": 3, "cards": cards},
    }
    runs["A"].text = "then"
    assert news.of(runs, ahead) == {"texts": [("a_text", "then")]}


def test_a_page_hears_its_own_runs_and_no_others():
    async def play():
        feed = Feed(end)
        mine, other = feed.open_page(), feed.open_page()
        browser = await joined(feed, mine)
        assert mine.is_fed
        assert not other.is_fed
        other.show({"A": Told("b", text="not mine")})
        mine.show({"A": Told("a", text="mine", is_over=True)})
        assert await browser.news() == {"texts": [["a_text", "mine"]], "clear": True}
        await browser.leave()
        assert not mine.is_fed

    asyncio.run(play())


def test_a_page_that_says_stop_stops_its_own_live_runs_and_is_told_when_they_have():
    async def play():
        asked = []
        feed = Feed(asked.append)
        mine, other = feed.open_page(), feed.open_page()
        browser = await joined(feed, mine)
        done = Told("a", status="done", is_over=True)
        live, foreign = Told("b", text="still "), Told("c")
        mine.show({"A": done, "B": live})
        other.show({"B": foreign})
        assert (await browser.news())["texts"] == [["b_text", "still "]]
        browser.say("something else")
        browser.say("stop")
        async with asyncio.timeout(5):
            while not asked:
                await asyncio.sleep(0)
        assert asked == [live]
        live.text += "here"
        end(live)
        told = await browser.news()
        if "stopped" not in told:  # The text may be told just before the end.
            told = {**await browser.news(), "texts": told["texts"]}
        assert told == {"texts": [["b_text", "here"]], "stopped": ["B"], "changed": 1}
        await browser.leave()

    asyncio.run(play())


def test_stop_wakes_whoever_tells_the_page():
    async def play():
        page, woken = Feed(end).open_page(), asyncio.Event()
        page.show({"A": Told("a")})
        page.join(woken)
        page.stop()
        async with asyncio.timeout(5):
            await woken.wait()
        assert not page.is_stopping

    asyncio.run(play())


def test_a_page_is_stopping_until_its_runs_have_stopped_or_others_are_shown():
    page = Feed(lambda run: None).open_page()
    run = Told("a")
    page.show({"A": run})
    assert not page.is_stopping
    page.stop()
    assert page.is_stopping
    end(run)
    assert not page.is_stopping
    page.show({"A": Told("b")})
    assert not page.is_stopping


def test_what_had_stopped_before_is_not_said_of_new_runs():
    old, news = Told("a", status="stopped", is_over=True), News()
    assert "stopped" not in news.of({"A": old, "B": Told("b")})
    assert news.of({"A": old, "B": Told("c")}) == {"texts": [], "clear": True}


def test_a_wrong_token_hears_nothing():
    async def play():
        feed = Feed(end)
        feed.open_page().show({"A": Told("a", text="secret")})
        browser = Browser(feed)
        browser.say("guessed")
        assert (await browser.hear())["type"] == "websocket.accept"
        closed = await browser.hear()
        assert (closed["type"], closed["code"]) == ("websocket.close", UNKNOWN_PAGE)
        await browser.serving

    asyncio.run(play())


def test_a_socket_that_says_nothing_is_let_go():
    async def play():
        browser = Browser(Feed(end, patience_s=0.01))
        async with asyncio.timeout(5):
            await browser.serving

    asyncio.run(play())


ELSEWHERE = {
    "another page": [HOST, (b"origin", b"https://evil.example")],
    "a page without an origin": [HOST, (b"origin", b"null")],
    "a name that begins alike": [HOST, (b"origin", b"https://play.streamlit.app.evil")],
    "another port": [(b"host", b"localhost:8501"), (b"origin", b"http://localhost:9999")],
    "another name of here": [(b"host", b"localhost:8501"), (b"origin", b"http://127.0.0.1:8501")],
    "a name that points here": [(b"host", b"evil.example"), (b"origin", b"http://evil.example")],
    "no browser, a foreign name": [(b"host", b"evil.example")],
    "nonsense": [HOST, (b"origin", b"http://[")],
    "a nonsense host": [(b"host", b"["), (b"origin", b"http://localhost")],
}


@pytest.mark.parametrize("headers", ELSEWHERE.values(), ids=ELSEWHERE)
def test_who_is_not_this_apps_page_is_refused_before_it_can_ask(headers):
    async def play():
        browser = Browser(Feed(end), headers)
        assert (await browser.hear())["type"] == "websocket.close"
        await browser.serving

    asyncio.run(play())


@pytest.mark.parametrize(("places", "most"), [(1, MOST_WAITING_EACH), (MOST_WAITING, MOST_WAITING)])
def test_sockets_that_say_nothing_are_bounded_and_shut_nobody_out(places, most):
    async def play():
        feed = Feed(end)
        silent = [Browser(feed, ip=f"192.0.2.{n % places}") for n in range(most)]
        assert {(await each.hear())["type"] for each in silent} == {"websocket.accept"}
        late = await joined(feed, feed.open_page(), ip="192.0.2.0")
        closed = await silent[0].hear()
        assert (closed["type"], closed["code"]) == ("websocket.close", SILENT)
        assert all(each.heard.empty() for each in silent[1:])
        await late.leave()
        for each in silent[1:]:
            await each.leave()

    asyncio.run(play())


def test_two_hundred_silent_sockets_keep_no_page_from_its_feed():
    async def play():
        feed = Feed(end)
        silent = [Browser(feed, ip="192.0.2.66") for _ in range(10 * MOST_WAITING_EACH)]
        pages = [await joined(feed, feed.open_page()) for _ in range(3)]
        for each in silent:
            await each.leave()
        for each in pages:
            await each.leave()

    asyncio.run(play())


@pytest.mark.parametrize("is_joined", [False, True])
def test_who_says_anything_longer_than_a_page_does_is_hung_up_on(is_joined):
    async def play():
        feed = Feed(end)
        page = feed.open_page()
        browser = await joined(feed, page) if is_joined else Browser(feed)
        if not is_joined:
            assert (await browser.hear())["type"] == "websocket.accept"
        browser.say("x" * 1_000_000)
        closed = await browser.hear()
        assert (closed["type"], closed["code"]) == ("websocket.close", TOO_BIG)
        async with asyncio.timeout(5):
            await browser.serving

    asyncio.run(play())


def test_a_page_that_says_stop_a_thousand_times_is_heard_at_a_pace():
    async def play():
        asked = []
        feed = Feed(asked.append)
        page = feed.open_page()
        page.show({"A": Told("a")})
        browser = Browser(feed)
        browser.say(page.token)
        for _ in range(1000):
            browser.say("stop")
        async with asyncio.timeout(5):
            while len(asked) < MOST_SAID_PACE.burst:
                await asyncio.sleep(0)
        await browser.leave()
        assert len(asked) == MOST_SAID_PACE.burst

    asyncio.run(play())


def test_a_socket_does_not_keep_a_page_beyond_its_session():
    async def play():
        feed = Feed(end)
        page = feed.open_page()
        token = page.token
        browser = await joined(feed, page)
        del page
        gc.collect()
        other = Browser(feed)
        other.say(token)
        assert (await other.hear())["type"] == "websocket.accept"
        assert (await other.hear())["code"] == UNKNOWN_PAGE
        await browser.leave()

    asyncio.run(play())


def test_one_page_has_only_so_many_sockets():
    async def play():
        feed = Feed(end)
        page = feed.open_page()
        browsers = [await joined(feed, page) for _ in range(MOST_SOCKETS)]
        one_more = Browser(feed)
        one_more.say(page.token)
        assert (await one_more.hear())["type"] == "websocket.accept"
        async with asyncio.timeout(5):
            await one_more.serving
        for browser in browsers:
            await browser.leave()

    asyncio.run(play())


def test_a_page_that_can_no_longer_be_reached_is_not_fed():
    async def play():
        feed = Feed(end)
        page = feed.open_page()
        browser = await joined(feed, page)
        browser.is_reachable = False
        page.show({"A": Told("a", text="nobody hears")})
        async with asyncio.timeout(5):
            await browser.serving
        assert not page.is_fed

    asyncio.run(play())


def test_in_a_busy_process_only_the_last_end_is_worth_a_rerun():
    runs = {"A": Told("a"), "B": Told("b")}
    news = News()
    news.of(runs)
    runs["A"].status, runs["A"].is_over = "done", True
    assert news.of(runs, is_busy=True) is None
    runs["B"].status, runs["B"].is_over = "done", True
    assert news.of(runs, is_busy=True) == {"texts": [], "changed": 1}


@pytest.mark.parametrize(
    ("live", "told", "shown_s", "expected_s"),
    [
        (1, 0, 60, 0.05),
        (50, 0, 0.1, 0.05),
        (50, 0, 1, 0.1),
        (50, 0, 60, 0.2),
        (1, 100_000, 60, 0.1),
        (50, 100_000, 60, 0.2),
    ],
)
def test_many_pages_and_long_texts_are_told_less_often_but_not_the_first_words(
    live, told, shown_s, expected_s
):
    assert pace_s(live, told, shown_s) == pytest.approx(expected_s)


def test_who_pressed_stop_is_told_soon_among_many_pages_and_after_long_texts_too():
    assert pace_s(50, 100_000, 60, is_stopping=True) == pytest.approx(0.01)


def test_a_browser_that_reads_nothing_has_one_message_waiting_and_holds_nobody_up():
    async def play():
        feed = Feed(end)
        page, other = feed.open_page(), feed.open_page()
        deaf, reader = await joined(feed, page), await joined(feed, other)
        deaf.heard = asyncio.Queue(1)
        deaf.heard.put_nowait({"text": '{"texts": []}'})  # Full: whoever sends waits.
        run = Told("a", text="first ")
        page.show({"A": run})
        other.show({"A": Told("b", text="mine", is_over=True)})
        assert (await reader.news())["texts"] == [["b_text", "mine"]]
        for _ in range(1_000):
            run.text += "more "
            await asyncio.sleep(0)
        run.is_over = True
        told = []
        while "".join(told) != run.text:
            told += [text for _, text in (await deaf.news())["texts"]]
        assert len(told) == 2
        await deaf.leave()
        await reader.leave()
        assert not page.is_fed

    asyncio.run(play())


def test_what_a_browser_loads_in_advance_is_there():
    parts = [name.split("/")[-1].split(".")[0] for name in live_text.LATER]
    assert parts == ["DataFrame", "StreamlitSyntaxHighlighter"]
