"""Answers come over a socket of their own as they arrive; without it the page asks for them."""

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


@pytest.fixture(scope="module")
def screen(open_for_all, app):
    """One page for those tests that leave nothing behind but an answer."""
    return open_for_all(app)


@pytest.fixture(scope="module")
def late(open_for_all, app):
    """A page that can be kept from drawing."""
    return open_for_all(app, LATE)


def feed_frames(screen):
    """How many messages the feed has told this page."""
    found = (b'{"cards"', b'{"order"', b'{"fields"', b'{"texts"', b'{"changed"')
    return sum(frame.startswith(found) for frame in screen.frames)


def test_an_answer_comes_by_the_feed_and_is_markdown_all_the_time(screen, api):
    api.texts["m"] = "# Head\n\n- one\n- **two**\n"
    api.plays = ["m", "m"]
    before = feed_frames(screen)
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    assert feed_frames(screen) > before
    expect(screen.answer("A").locator("li")).to_have_text(["one", "two"])
    expect(screen.answer("A").locator("h1")).to_have_text("Head")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1. one\n2. two\n3. three\n    - in it\n    - **last**", ["two", "in it", "last"]),
        ("One **paragraph** alone", ["One", "alone"]),
        ("One\n\n```py\ntwo\n\nlast", ["One", "two", "last"]),
        ("| a | b |\n|---|---|\n| one | last", ["one", "last"]),
    ],
    ids=["list", "paragraph", "code", "table"],
)
def test_nothing_moves_when_it_ends(screen, api, text, words):
    words = [*words, "first token"]
    api.texts["stalls"] = text
    api.plays = ["stalls", "stalls"]
    screen.run()
    screen.await_status("streaming")
    for word in words:
        expect(screen.at("card_A")).to_contain_text(word)
    screen.settle()
    before = screen.page.evaluate(PLACES, words)
    screen.stop()
    screen.await_end()
    assert screen.page.evaluate(PLACES, words) == pytest.approx(before, abs=1)


def test_text_in_tags_is_text_while_it_comes(screen, api):
    api.texts["stalls"] = "done\n<img src=x> **bold** and `code` and ![a](http://127.0.0.1:1/x"
    api.plays = ["stalls", "stalls"]
    screen.run()
    screen.await_status("streaming")
    answer = screen.answer("A")
    expect(answer).to_contain_text("done\n<img src=x> bold and code and ![a](http://127.0.0.1:1/x")
    expect(answer.locator("strong")).to_have_text("bold")
    expect(answer.locator("code")).to_have_text("code")
    expect(answer.locator("img")).to_have_count(0)
    screen.stop()
    screen.await_end()


def test_answers_can_be_read_before_the_page_has_been_drawn_anew(late, api):
    api.plays = ["endless-20", "endless-20"]
    late.page.evaluate(HOLD)
    late.run()
    late.await_status("streaming")
    for letter in "AB":
        expect(late.answer(letter)).to_contain_text("word5 ")
    late.page.evaluate(RELEASE)
    expect(late.answer("A")).to_contain_text("word10 ")
    api.finish()
    late.await_end()
    assert len(late.words("B")) > 10


def test_a_page_that_draws_nothing_shows_the_answers_to_their_end(late, api):
    api.plays = ["slow-60-60", "slow-60-60"]
    late.page.evaluate(HOLD)
    late.run()
    for letter in "AB":
        expect(late.answer(letter)).to_have_text(re.compile(r"word59\s*$"))
        expect(late.status(letter)).to_have_text("done")
    late.page.evaluate(RELEASE)
    late.await_end()
    expect(late.answer("A")).to_contain_text("word59")


@pytest.mark.parametrize("press", ["click", "Escape"])
def test_a_stop_is_shown_before_the_page_has_drawn_it(late, api, press):
    api.plays = ["slow-20-2000", "slow-20-2000"]
    late.run()
    late.await_status("streaming")
    expect(late.answer("B")).to_contain_text("word5 ")
    late.page.evaluate(HOLD)
    before = late.page.evaluate(PLACES, ["word5"])
    late.stop() if press == "click" else late.page.keyboard.press(press)
    for letter in "AB":
        expect(late.status(letter)).to_have_text("stopped", use_inner_text=True)
    assert late.page.evaluate(PLACES, ["word5"]) == pytest.approx(before, abs=1)
    expect(late.button("run_all")).to_be_disabled()
    late.await_hang_up(api.posts)
    late.page.evaluate(RELEASE)
    late.await_end()
    late.await_status("stopped")


def test_a_feed_that_breaks_off_comes_back_with_the_whole_text(visit, app, api):
    screen = visit(app, script=SOCKETS.replace("REFUSED", "false"))
    api.plays = ["endless-20", "endless-20"]
    screen.run()
    expect(screen.answer("A")).to_contain_text("word5 ")
    screen.page.evaluate(CUT)
    screen.page.wait_for_function("() => window.feeds.length === 2")
    before = len(screen.words("A"))
    expect(screen.answer("A")).to_contain_text(f"word{before + 10} ")
    api.finish()
    screen.await_end()
    assert len(screen.words("A")) > before + 10


def test_a_card_is_focused_by_key_while_all_answers_come_and_none_begins_anew(screen, api):
    api.plays = ["endless-20", "endless-20"]
    screen.run()
    screen.await_status("streaming")
    expect(screen.answer("B")).to_contain_text("word5 ")
    narrow = screen.at("card_B").bounding_box()
    screen.button("focus_B").focus()
    screen.page.keyboard.press("Enter")
    expect(screen.at("focus_B").get_by_text("close_fullscreen").first).to_be_visible()
    for letter in "AB":
        expect(screen.answer(letter)).to_contain_text(f"word{len(screen.words(letter)) + 5} ")
    wide = screen.at("card_B").bounding_box()
    assert wide["width"] > 1.8 * narrow["width"]
    api.finish()
    screen.await_end()
    for letter in "AB":
        assert len(screen.words(letter)) > 10
    assert len(api.posts) == 2
    screen.button("focus_B").click()


def test_where_no_socket_gets_through_the_page_asks(visit, app, api):
    screen = visit(app, script=SOCKETS.replace("REFUSED", "true"))
    api.plays = ["endless-20", "endless-20"]
    screen.run()
    expect(screen.answer("A")).to_contain_text("word5 ")
    expect(screen.status("A")).to_have_text(re.compile("^streaming"))
    api.finish()
    screen.await_end()
    assert feed_frames(screen) == 0
    for letter in "AB":
        assert screen.words(letter)
    api.plays = ["status-401", "status-401", "slow-60-20"]
    screen.run()
    screen.await_status("failed")
    screen.await_end()
    expect(screen.at("outcome_A")).to_contain_text("401")
    screen.button("again_A").click()
    screen.await_status("done", "A")
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


def test_long_answers_that_end_together_all_come_whole(screen, api):
    api.texts["long"] = "- **one** of the many\n" * 2_000 + "\n## The end"
    api.plays = ["long", "long"]
    screen.run()
    screen.await_posts(api, 2)
    for letter in "AB":
        expect(screen.answer(letter).locator("h2")).to_have_text("The end")
        expect(screen.answer(letter).locator("li")).to_have_count(2_000)
        expect(screen.button(f"copy_{letter}")).to_be_visible()


def test_a_page_in_the_background_which_has_no_frames_gets_its_answers_too(screen, api):
    page = screen.page
    page.evaluate("() => { window.frames_before = requestAnimationFrame; }")
    page.evaluate("() => { window.requestAnimationFrame = () => 0; }")
    screen.button("run_all").evaluate("button => button.click()")
    page.wait_for_function(
        """() => ["A", "B"].every((letter) => document
            .querySelector(`.st-key-answer_${letter}`)?.innerText.includes("Hello there"))""",
        polling=50,
    )
    page.evaluate("() => { window.requestAnimationFrame = window.frames_before; }")
    screen.await_end()
