"""Answers come over a socket of their own as they arrive; without it the page polls."""

import json
import re

import pytest
from browser.driving import expect

SOCKETS = """
    const Real = window.WebSocket;
    window.feeds = [];
    window.WebSocket = class extends Real {
        constructor(url, protocols) {
            const isFeed = String(url).endsWith("/feed");
            super(isFeed && REFUSED ? "ws://127.0.0.1:1/" : url, protocols);
            if (isFeed) window.feeds.push(this);
        }
    };
"""
# What the page is to draw can be held back, as where it is late.
LATE = """
    const Real = window.WebSocket;
    window.held = null;
    window.WebSocket = class extends Real {
        constructor(url, protocols) {
            super(url, protocols);
            if (String(url).endsWith("/feed")) return;
            window.stream = this;
            this.addEventListener("message", (event) => {
                if (!window.held || !event.isTrusted) return;
                event.stopImmediatePropagation();
                window.held.push(event.data);
            });
        }
    };
"""
HOLD = "() => { window.held = []; }"
RELEASE = """async () => {
    const { held, stream } = window;
    while (held.length) {
        stream.dispatchEvent(new MessageEvent("message", { data: held.shift() }));
        await new Promise((resume) => setTimeout(resume));
    }
    window.held = null;
}"""
NOTHING_COMES = """() => new Promise((resolve) => {
    let [count, since] = [0, performance.now()];
    const look = () => {
        if (count !== window.held.length) [count, since] = [window.held.length, performance.now()];
        if (performance.now() - since > 500) resolve(true);
        else requestAnimationFrame(look);
    };
    look();
})"""
FONT = """(element) => {
    const { fontFamily, fontSize } = getComputedStyle(element);
    return [fontFamily, fontSize];
}"""
# Left and top of each word of the first card in the band of answers.
PLACES = """(words) => words.flatMap((word) => {
    const card = document.querySelector(".st-key-card_A");
    const texts = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
    while (!texts.nextNode().data.includes(word));
    const range = document.createRange();
    range.selectNode(texts.currentNode);
    const found = range.getBoundingClientRect();
    const box = document.querySelector(".st-key-answers_band").getBoundingClientRect();
    return [found.left - box.left, found.top - box.top];
})"""
CUT = "() => window.feeds.at(-1).close()"


def feed_frames(screen):
    """What the feed has told this page so far."""
    found = [json.loads(frame) for frame in screen.frames if frame.startswith(b'{"texts"')]
    return "".join(text for news in found for _, text in news["texts"])


def test_an_answer_comes_by_the_feed_and_ends_as_markdown(screen, api):
    api.texts["m"] = "# Head\n\n- one\n- **two**\n"
    api.plays = ["m", "m"]
    screen.run()
    screen.await_end()
    assert feed_frames(screen) == 2 * api.texts["m"]
    expect(screen.answer("A").locator("li")).to_have_text(["one", "two"])
    expect(screen.answer("A").locator(".playground-tail")).to_have_count(0)


def test_long_answers_that_end_together_all_become_markdown(screen, api):
    api.texts["long"] = "- **one** of the many\n" * 2_000 + "\n## The end"
    api.plays = ["long", "long"]
    screen.run()
    for letter in "AB":
        expect(screen.answer(letter).locator("h2")).to_have_text("The end")
        expect(screen.answer(letter).locator("li")).to_have_count(2_000)
        expect(screen.answer(letter).locator(".playground-tail")).to_have_count(0)
        expect(screen.at(f"exact_{letter}")).to_be_visible()


@pytest.mark.parametrize(
    ("text", "words", "coming"),
    [
        ("1. one\n2. two\n3. three\n    - in it\n    - **last**", ["two", "in it", "last"], "last"),
        ("One **paragraph** alone", ["One", "alone"], "One paragraph alone"),
        ("One\n\n```py\ntwo\n\nlast", ["One", "two", "last"], "last"),
    ],
    ids=["list", "paragraph", "code"],
)
def test_nothing_moves_when_it_becomes_markdown_and_ends(screen, api, text, words, coming):
    words = [*words, "TTFT"]
    api.texts["stalls"] = text
    api.plays = ["stalls", "stalls"]
    screen.run()
    expect(screen.answer("A").locator(".playground-tail")).to_have_text(coming)
    for word in words:
        expect(screen.at("card_A")).to_contain_text(word)
    screen.settle()  # The card is drawn in several pieces.
    before = screen.page.evaluate(PLACES, words)
    screen.stop()
    screen.await_end()
    expect(screen.answer("A").locator(".playground-tail")).to_have_count(0)
    assert screen.page.evaluate(PLACES, words) == pytest.approx(before, abs=1)


def test_what_is_not_drawn_yet_is_only_text(screen, api):
    api.texts["stalls"] = "done\n<img src=x> **bold** and `code` and ![a](http://127.0.0.1:1/x"
    api.plays = ["stalls", "stalls"]
    screen.run()
    tail = screen.answer("A").locator(".playground-tail")
    expect(tail).to_contain_text("<img src=x> bold and code and ![a](http://127.0.0.1:1/x")
    expect(tail.locator("strong")).to_have_text("bold")
    expect(tail.locator("code")).to_have_text("code")
    expect(screen.answer("A").locator("img")).to_have_count(0)
    expect(screen.answer("A").locator("p")).to_have_text("done")
    screen.stop()
    screen.await_end()


def test_a_long_answer_is_drawn_line_by_line_while_it_comes(screen, api):
    long = "first\n\n```\n" + "".join(f"line {number}\n" for number in range(600))
    api.texts["stalls"] = long + "last"
    api.plays = ["stalls", "stalls"]
    screen.run()
    lines = screen.answer("A").locator(".playground-line")
    expect(lines.last).to_have_text("last")
    code = screen.answer("A").locator("code").inner_text().split("\n")
    assert code[0] == "line 0"
    assert [*code, *lines.all_text_contents()] == [*long.split("\n")[3:-1], "last"]
    assert lines.last.evaluate(FONT) == screen.answer("A").locator("code").evaluate(FONT)
    screen.stop()
    screen.await_end()


def held_back(screen, api):
    """A press of Run of which the page has drawn nothing yet."""
    api.plays = ["slow-20-60", "slow-20-60"]
    screen.page.evaluate(HOLD)
    screen.run()
    ahead = screen.page.locator(".playground-ahead > div")
    expect(ahead).to_have_text([re.compile(rf"^{letter}Claude.*word5 ") for letter in "AB"])
    expect(screen.at("card_A").locator("visible=true")).to_have_count(0)
    return ahead


def test_answers_can_be_read_before_the_page_has_drawn_their_cards(visit, app, api):
    screen = visit(app, script=LATE)
    ahead = held_back(screen, api)
    screen.page.evaluate(RELEASE)
    expect(ahead).to_have_count(0)
    expect(screen.answer("A")).to_contain_text("word10 ")
    screen.await_end()
    words = re.findall(r"word\d+", screen.answer("B").inner_text())
    assert words == [f"word{number}" for number in range(60)]


def test_a_page_that_is_many_script_runs_late_catches_up(visit, app, api):
    screen = visit(app, script=LATE)
    api.plays = ["slow-60-60", "slow-60-60"]
    screen.run()
    screen.await_end()  # The browser has this text, and the server may refer to it.
    ahead = held_back(screen, api)
    for late in range(10, 60, 10):
        expect(ahead.first).to_contain_text(f"word{late} ")
        screen.page.evaluate("(late) => window.playgroundFeed.changed(1000 + late)", late)
    expect(ahead.first).to_contain_text("word59")
    screen.page.wait_for_function(NOTHING_COMES)
    screen.page.evaluate(RELEASE)
    screen.await_end()
    expect(screen.answer("A")).to_contain_text("word59")


@pytest.mark.parametrize("press", ["click", "Escape"])
def test_a_stop_is_shown_before_the_page_has_drawn_it(visit, app, api, press):
    screen = visit(app, script=LATE)
    api.plays = ["slow-20-2000", "slow-20-2000"]
    screen.run()
    expect(screen.answer("B")).to_contain_text("word5 ")
    screen.page.evaluate(HOLD)
    before = screen.page.evaluate(PLACES, ["word5 "])
    screen.stop() if press == "click" else screen.page.keyboard.press(press)
    for letter in "AB":
        expect(screen.status(letter)).to_have_text("stopped", use_inner_text=True)
    assert screen.page.evaluate(PLACES, ["word5 "]) == pytest.approx(before, abs=1)
    expect(screen.button("run_all")).to_be_disabled()
    screen.await_hang_up(api.posts)
    screen.page.evaluate(RELEASE)
    screen.await_end()
    expect(screen.page.locator(".playground-stopped")).to_have_count(0)
    screen.await_status("stopped")


def test_a_feed_that_breaks_off_comes_back_with_the_whole_text(visit, app, api):
    screen = visit(app, script=SOCKETS.replace("REFUSED", "false"))
    api.plays = ["slow-20-120", "slow-20-120"]
    screen.run()
    expect(screen.answer("A")).to_contain_text("word5 ")
    screen.page.evaluate(CUT)
    expect(screen.answer("A")).to_contain_text("word60 ")
    assert screen.page.evaluate("() => window.feeds.length") == 2
    screen.await_end()
    words = re.findall(r"word\d+", screen.answer("A").inner_text())
    assert words == [f"word{number}" for number in range(120)]


def test_a_card_is_focused_by_key_while_all_answers_come_and_none_begins_anew(screen, api):
    api.plays = ["slow-20-120", "slow-20-120"]
    screen.run()
    expect(screen.answer("B")).to_contain_text("word5 ")
    narrow = screen.at("card_B").bounding_box()
    screen.button("focus_B").focus()
    screen.page.keyboard.press("Enter")
    expect(screen.at("focus_B").get_by_text("close_fullscreen").first).to_be_visible()
    for letter in "AB":
        expect(screen.answer(letter)).to_contain_text("word60 ")
    wide = screen.at("card_B").bounding_box()
    assert wide["width"] > 1.8 * narrow["width"]
    screen.await_end()
    for letter in "AB":
        words = re.findall(r"word\d+", screen.answer(letter).inner_text())
        assert words == [f"word{number}" for number in range(120)]
    assert len(api.posts) == 2


def test_where_no_socket_gets_through_the_page_polls(visit, app, api):
    screen = visit(app, script=SOCKETS.replace("REFUSED", "true"))
    api.plays = ["slow-20-60", "slow-20-60"]
    screen.run()
    expect(screen.answer("A")).to_contain_text("word5 ")
    expect(screen.status("A")).to_have_text(re.compile("^streaming"))
    screen.await_end()
    assert feed_frames(screen) == ""
    assert "word59" in screen.answer("B").inner_text()
    screen.refused.clear()  # The socket to nowhere was refused by the policy, too.


def test_no_page_is_told_the_token_of_another(visit, app, api):
    pages = [visit(app) for _ in range(2)]
    tokens = [set(re.findall(rb'"token": ?"([^"]+)"', b"".join(screen.frames))) for screen in pages]
    assert [len(found) for found in tokens] == [1, 1]
    assert tokens[0] != tokens[1]


def test_an_idle_page_loads_the_parts_for_code_and_tables_before_they_are_needed(visit, app):
    page = visit(app, is_ever_idle=True).page
    page.wait_for_function(
        """() => performance.getEntriesByType("resource").some(
            ({ name }) => /StreamlitSyntaxHighlighter\\./.test(name))"""
    )
