"""The feed tells each page of its own runs, and nobody else's; what it tells is the teller's."""

import asyncio
import gc
import json
from dataclasses import dataclass

import pytest
from starlette.websockets import WebSocket

from playground.ui.answer.component import LATER
from playground.ui.server.feed import (
    MAX_SOCKETS,
    MAX_WAITING,
    MAX_WAITING_EACH,
    RECEIVE_PACE,
    TOKEN_TIMEOUT,
    TOO_BIG,
    UNKNOWN_PAGE,
    Feed,
    pace_s,
)

HOST = (b"host", b"play.streamlit.app")
OWN = [HOST, (b"origin", b"https://play.streamlit.app")]


@dataclass(eq=False)
class Told:
    """A run as the feed reads it."""

    id: str
    text: str = ""
    status: str = "streaming"
    is_over: bool = False
    ttft_s: float | None = 0.1
    attempts: tuple = ()

    @property
    def is_live(self):
        return self.status == "streaming"


@dataclass
class Shown:
    """What a page shows."""

    runs: dict


class Words:
    """Tells the texts of runs, each once, and which have stopped."""

    def __init__(self):
        self._told = {}
        self._stopped = set()
        self.sent_characters = 0
        self.has_more = False

    def next_message(self, shown, *, is_busy):
        texts, stopped = [], []
        for run in shown.runs.values():
            text = run.text
            if new := text[self._told.get(run.id, 0) :]:
                texts.append([run.id, new])
                self._told[run.id] = len(text)
                self.sent_characters += len(new)
            if run.is_over and run.id not in self._stopped:
                self._stopped.add(run.id)
                stopped.append(run.id)
        news = {"texts": texts} if texts else {}
        return {**news, **({"stopped": stopped} if stopped else {})} or None


def open_page(feed):
    return feed.open_page(Words)


def show(page, **runs):
    page.show(Shown(runs))


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


def end(runs):
    """What an engine does, at once."""
    for run in runs:
        run.status, run.is_over = "stopped", True


async def joined(feed, page, **how):
    browser = Browser(feed, **how)
    browser.say(page.token)
    assert (await browser.hear())["type"] == "websocket.accept"
    while not page.has_socket:
        await asyncio.sleep(0)
    return browser


def test_what_a_page_shows_is_handed_over_once_however_many_ask():
    page = open_page(Feed(stop=list))
    show(page, A=Told("1"))
    assert page.hand_over() is None, "nobody may take it over yet"
    page.identity = "owner", "ada"
    show(page, A=Told("2"))
    owner, shown = page.hand_over()
    assert (owner, [run.id for run in shown.runs.values()]) == ("owner", ["2"])
    assert page.hand_over() is None


def test_a_page_hears_its_own_runs_and_no_others():
    async def play():
        feed = Feed(end)
        mine, other = open_page(feed), open_page(feed)
        browser = await joined(feed, mine)
        assert mine.has_socket
        assert not other.has_socket
        show(other, A=Told("b", text="not mine"))
        show(mine, A=Told("a", text="mine", is_over=True))
        assert await browser.news() == {"texts": [["a", "mine"]], "stopped": ["a"]}
        await browser.leave()
        assert not mine.has_socket

    asyncio.run(play())


def test_a_page_that_says_stop_stops_its_own_live_runs_and_is_told_when_they_have():
    async def play():
        asked = []
        feed = Feed(asked.extend)
        mine, other = open_page(feed), open_page(feed)
        browser = await joined(feed, mine)
        done = Told("a", status="done", is_over=True)
        live, foreign = Told("b", text="still "), Told("c")
        show(mine, A=done, B=live)
        show(other, B=foreign)
        assert (await browser.news())["texts"] == [["b", "still "]]
        browser.say("something else")
        browser.say("stop")
        async with asyncio.timeout(5):
            while not asked:
                await asyncio.sleep(0)
        assert asked == [live]
        live.text += "here"
        end([live])
        told = await browser.news()
        if "stopped" not in told:  # The text may be told just before the end.
            told |= await browser.news()
        assert told == {"texts": [["b", "here"]], "stopped": ["b"]}
        await browser.leave()

    asyncio.run(play())


def test_a_page_that_is_behind_is_told_the_rest_although_all_has_ended():
    class Slow(Words):
        def next_message(self, shown, *, is_busy):
            self._pieces = getattr(self, "_pieces", 3) - 1
            self.has_more = self._pieces > 0
            return {"piece": self._pieces}

    async def play():
        feed = Feed(end)
        page = feed.open_page(Slow)
        browser = await joined(feed, page)
        show(page, A=Told("a", is_over=True, status="done"))
        assert [await browser.news() for _ in range(3)] == [{"piece": n} for n in (2, 1, 0)]
        await browser.leave()

    asyncio.run(play())


def test_the_same_shown_again_wakes_nobody():
    async def play():
        page, woken, runs = open_page(Feed(end)), asyncio.Event(), {"A": Told("a")}
        page.show(Shown(runs))
        page.join(woken)
        page.show(Shown(dict(runs)))
        await asyncio.sleep(0)
        assert not woken.is_set()

    asyncio.run(play())


def test_stop_wakes_whoever_tells_the_page():
    async def play():
        page, woken = open_page(Feed(end)), asyncio.Event()
        show(page, A=Told("a"))
        page.join(woken)
        page.stop()
        async with asyncio.timeout(5):
            await woken.wait()
        assert not page.is_stopping

    asyncio.run(play())


def test_a_page_is_stopping_until_its_runs_have_stopped_or_others_are_shown():
    page = open_page(Feed(lambda runs: None))
    run = Told("a")
    show(page, A=run)
    assert not page.is_stopping
    page.stop()
    assert page.is_stopping
    end([run])
    assert not page.is_stopping
    show(page, A=Told("b"))
    assert not page.is_stopping


def test_a_wrong_token_hears_nothing():
    async def play():
        feed = Feed(end)
        show(open_page(feed), A=Told("a", text="secret"))
        browser = Browser(feed)
        browser.say("guessed")
        assert (await browser.hear())["type"] == "websocket.accept"
        closed = await browser.hear()
        assert (closed["type"], closed["code"]) == ("websocket.close", UNKNOWN_PAGE)
        await browser.serving

    asyncio.run(play())


def test_a_socket_that_says_nothing_is_let_go():
    async def play():
        browser = Browser(Feed(end, token_timeout_s=0.01))
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


@pytest.mark.parametrize(("places", "most"), [(1, MAX_WAITING_EACH), (MAX_WAITING, MAX_WAITING)])
def test_sockets_that_say_nothing_are_bounded_and_shut_nobody_out(places, most):
    async def play():
        feed = Feed(end)
        silent = [Browser(feed, ip=f"192.0.2.{n % places}") for n in range(most)]
        assert {(await each.hear())["type"] for each in silent} == {"websocket.accept"}
        late = await joined(feed, open_page(feed), ip="192.0.2.0")
        closed = await silent[0].hear()
        assert (closed["type"], closed["code"]) == ("websocket.close", TOKEN_TIMEOUT)
        assert all(each.heard.empty() for each in silent[1:])
        await late.leave()
        for each in silent[1:]:
            await each.leave()

    asyncio.run(play())


def test_two_hundred_silent_sockets_keep_no_page_from_its_feed():
    async def play():
        feed = Feed(end)
        silent = [Browser(feed, ip="192.0.2.66") for _ in range(10 * MAX_WAITING_EACH)]
        pages = [await joined(feed, open_page(feed)) for _ in range(3)]
        for each in silent:
            await each.leave()
        for each in pages:
            await each.leave()

    asyncio.run(play())


@pytest.mark.parametrize("is_joined", [False, True])
def test_who_says_anything_longer_than_a_page_does_is_hung_up_on(is_joined):
    async def play():
        feed = Feed(end)
        page = open_page(feed)
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
        feed = Feed(asked.extend)
        page = open_page(feed)
        show(page, A=Told("a"))
        browser = Browser(feed)
        browser.say(page.token)
        for _ in range(1000):
            browser.say("stop")
        async with asyncio.timeout(5):
            while len(asked) < RECEIVE_PACE.burst:
                await asyncio.sleep(0)
        await browser.leave()
        assert len(asked) == RECEIVE_PACE.burst

    asyncio.run(play())


def test_a_socket_does_not_keep_a_page_beyond_its_session():
    async def play():
        feed = Feed(end)
        page = open_page(feed)
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
        page = open_page(feed)
        browsers = [await joined(feed, page) for _ in range(MAX_SOCKETS)]
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
        page = open_page(feed)
        browser = await joined(feed, page)
        browser.is_reachable = False
        show(page, A=Told("a", text="nobody hears"))
        async with asyncio.timeout(5):
            await browser.serving
        assert not page.has_socket

    asyncio.run(play())


@pytest.mark.parametrize(
    ("live", "told", "shown_s", "expected_s"),
    [
        (1, 0, 60, 0.02),
        (3, 60_000, 60, 0.02),
        (4, 0, 60, 0.05),
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


@pytest.mark.parametrize(("live", "expected_s"), [(1, 0.01), (10, 0.01), (11, 0.05), (50, 0.05)])
def test_where_few_pages_are_told_the_first_words_come_at_once(live, expected_s):
    assert pace_s(live, 0, 0.1, is_first=True) == pytest.approx(expected_s)


def test_what_breaks_a_feed_is_logged_without_its_text(caplog):
    class Broken(Words):
        def next_message(self, shown, *, is_busy):
            raise ValueError("canary: a part of an answer")

    async def play():
        feed = Feed(end)
        page = feed.open_page(Broken)
        browser = await joined(feed, page)
        show(page, A=Told("a", text="words"))
        async with asyncio.timeout(5):
            await browser.serving

    asyncio.run(play())
    assert "a feed broke: ValueError" in caplog.text
    assert "canary" not in caplog.text


def test_a_browser_that_reads_nothing_has_one_message_waiting_and_holds_nobody_up():
    async def play():
        feed = Feed(end)
        page, other = open_page(feed), open_page(feed)
        deaf, reader = await joined(feed, page), await joined(feed, other)
        deaf.heard = asyncio.Queue(1)
        deaf.heard.put_nowait({"text": '{"texts": []}'})  # Full: whoever sends waits.
        run = Told("a", text="first ")
        show(page, A=run)
        show(other, A=Told("b", text="mine", is_over=True))
        assert (await reader.news())["texts"] == [["b", "mine"]]
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
        assert not page.has_socket

    asyncio.run(play())


def test_what_a_browser_loads_in_advance_is_there():
    parts = [name.split("/")[-1].split(".")[0] for name in LATER]
    assert parts == ["DataFrame", "StreamlitSyntaxHighlighter"]
