"""What only a browser sees of an answer's component: what enters the page, what stays where it
is, and how it stands on screens of all sizes."""

import re

import pytest
from browser.driving import expect

# What a model never gets to write, and a server that fails would have to.
OFF_THE_LIST = (
    '<p onclick="bad()" class="st-key-run_all" style="x">a<script>window.bad = 1</script>'
    '<img src="/bad.png" onerror="window.bad = 1"><a href="javascript:bad()">b</a>'
    '<svg><a href="/bad"/></svg><iframe src="/bad"></iframe><form><input name="x"></form></p>'
)
TEXT = "letter => document.querySelector(`.st-key-answer_${letter}`)?.textContent"


CARDS = {
    2: {(1280, 800): ([2], 340), (1920, 1080): ([2], 600), (400, 900): ([1, 1], 300)},
    3: {(1920, 1080): ([3], 400)},
    5: {(1280, 800): ([2, 2, 1], 340), (1920, 1080): ([3, 2], 400)},
    6: {(1920, 1080): ([3, 3], 400)},
}
"""By how many there are and how large the window is: how many stand beside each other in each
row, and how wide each is at least."""


def rects(screen, selector):
    return screen.page.eval_on_selector_all(
        selector, "all => all.map(each => each.getBoundingClientRect().toJSON())"
    )


@pytest.fixture(scope="module")
def screen(open_for_all, app):
    """One page for those tests that leave nothing behind but an answer."""
    return open_for_all(app)


def test_each_word_is_on_the_page_once_and_in_order_all_the_time(screen, api):
    api.plays = ["slow-60-90"] * 2
    screen.page.evaluate(
        """read => {
            window.wrong = [];
            const look = () => {
                const card = document.querySelector(".st-key-answer_A");
                const words = (card?.textContent ?? "").match(/word\\d+/g) ?? [];
                const all = words.every((word, at) => at + 1 === words.length
                    || word === `word${at}`);
                if (!all) window.wrong.push(words.join(" "));
                if (!window.isOver) requestAnimationFrame(look);
            };
            look();
        }"""
    )
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    assert screen.page.evaluate("() => { window.isOver = true; return window.wrong; }") == []


def test_what_is_selected_stays_so_while_more_comes(screen, api):
    api.plays = ["endless-20"] * 2
    screen.run()
    screen.await_status("streaming")
    expect(screen.answer()).to_contain_text("word9")
    screen.page.evaluate(
        """() => {
            const walker = document.createTreeWalker(
                document.querySelector(".st-key-answer_A"), NodeFilter.SHOW_TEXT);
            const range = document.createRange();
            range.setStart(walker.nextNode(), 0);
            range.setEnd(walker.currentNode, 11);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
        }"""
    )
    expect(screen.answer()).to_contain_text(f"word{len(screen.words()) + 10}")
    assert screen.page.evaluate("() => getSelection().toString()") == "word0 word1"
    api.finish()
    screen.await_end()
    assert screen.page.evaluate("() => getSelection().toString()") == "word0 word1"


def test_the_same_elements_stay_over_the_end_a_redraw_and_a_dialog(screen, api):
    api.plays = ["endless-20"] * 2
    screen.run()
    screen.await_status("streaming")
    expect(screen.answer()).to_contain_text("word5")
    screen.page.evaluate(
        "() => { window.kept = document.querySelector('.st-key-answer_A .pg-piece'); }"
    )
    api.finish()
    screen.await_end()
    screen.click("add_message")
    screen.click("sent_A")
    screen.close_dialog()
    assert screen.page.evaluate(
        "() => window.kept === document.querySelector('.st-key-answer_A .pg-piece')"
    )
    screen.click("undo")


def test_cards_are_wide_enough_to_read_and_stand_in_balanced_columns(visit, app, api):
    screen = visit(app)
    for count, windows in CARDS.items():
        screen.variants(count)
        api.forget()
        screen.run()
        screen.await_posts(api, count)
        screen.await_end("ABCDEF"[:count])
        for (width, height), (rows, least) in windows.items():
            screen.page.set_viewport_size({"width": width, "height": height})
            cards = rects(screen, ".pg-card")
            tops = [round(box["top"]) for box in cards]
            assert [tops.count(top) for top in sorted(set(tops))] == rows, (count, width)
            assert max(box["right"] for box in cards) <= width
            assert min(box["width"] for box in cards) >= least, (count, width)


def test_one_live_region_says_how_all_have_ended(screen, api):
    api.plays = ["m", "status-401"]
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    spoken = screen.page.locator(".pg-spoken")
    expect(spoken).to_have_attribute("role", "status")
    expect(spoken).to_contain_text("done")
    expect(spoken).to_contain_text("failed: 401 authentication")


def test_plain_text_shows_every_letter_and_goes_back(screen, api):
    api.texts["m"] = text = "# Head\n\n- **one**\n"
    api.plays = ["m", "m"]
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    screen.button("view").click()
    switch = screen.at("plain_text").locator("label").first
    switch.click()
    screen.page.wait_for_function(f"text => ({TEXT})('A') === text", arg=text)
    switch.click()
    expect(screen.answer().locator("h1")).to_have_text("Head")


@pytest.mark.parametrize("has_sanitizer", [True, False])
def test_the_second_guard_lets_in_nothing_that_is_off_the_list(screen, api, has_sanitizer):
    screen.run()
    screen.await_end()
    if not has_sanitizer:
        screen.page.evaluate("() => { delete Element.prototype.setHTML; }")
    screen.page.evaluate(
        """html => {
            const [card] = window.playgroundAnswers.cards.values();
            card.blocks.draw([9, ["text", "", []], 1, [[0, 0, html]]]);
        }""",
        OFF_THE_LIST,
    )
    added = screen.answer().locator(".pg-block").last
    expect(added).to_have_text("ab")
    found = added.evaluate(
        "it => [...it.querySelectorAll('.pg-piece *')].map(each => each.outerHTML)"
    )
    assert found == ["<p>a<a>b</a></p>", "<a>b</a>"] or all(
        not re.search(r"on\w+=|script|img|svg|iframe|form|st-key|style|href", each)
        for each in found
    )
    assert screen.page.evaluate("() => window.bad") is None
    screen.refused.clear()


def test_of_hidden_answers_nothing_that_tells_is_on_the_page(visit, app, api):
    screen = visit(app)
    screen.button("view").click()
    screen.at("blind_votes").locator("label").first.click()
    screen.settle()
    screen.run()
    screen.await_end("12")
    cards = screen.page.locator(".pg-answers").inner_html()
    for telling in ("Sonnet", "temperature", "first token", "_A", "_B", ">A<", ">B<"):
        assert telling not in cards, telling
    screen.click("vote_1")
    expect(screen.status("A")).to_have_text("done")
    expect(screen.at("metrics_B")).to_contain_text("first token")
