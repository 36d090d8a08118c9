"""The page as a person sees it: opening, running, editing meanwhile, reading."""

import asyncio
import re

import pytest
from browser.driving import expect, until
from fake_api import block, delta, end, sse, start

ANSWER = """\
# నమస్కారం

పిండి పులియడానికి **ఎనిమిది** గంటలు పడుతుంది. 👩🏽‍🍳🥞

- one
- two

| dish | minutes |
|---|---|
| dosa | 5 |

مرحبا، كيف حالك؟ שלום

```python
print("hello")
```

Costs $5 to $6 -- `a <- b`  :red[x] :smile: ~a~
"""
KEEP_LABELS = """() => {
    const later = window.setTimeout;
    window.setTimeout = (act, wait, ...rest) => wait === 1500 ? 0 : later(act, wait, ...rest);
}"""
"""What a button says for a second and a half stays: a slow machine looks later."""


@pytest.fixture(scope="module")
def screen(open_for_all, app):
    """One page for those tests that leave it as they found it, but for an answer."""
    return open_for_all(app)


def length(screen, letter):
    return len(screen.answer(letter).inner_text())


def grows(screen, letters="AB"):
    """Wait until each answer is longer than it is now, and has not ended."""
    for letter in letters:
        before = length(screen, letter)
        until(lambda letter=letter, n=before: length(screen, letter) > n, what="growth")


def boxes(screen, *keys):
    """Where they are at one moment: the page may be gliding to the answers."""
    return screen.page.evaluate(
        """keys => keys.map(key =>
            document.querySelector(`.st-key-${key}`).getBoundingClientRect().toJSON())""",
        keys,
    )


def logged(screen):
    """How many runs the log's totals tell of."""
    found = re.search(r"(\d+) runs?\b", screen.at("log").inner_text())
    return int(found[1]) if found else 0


def test_opening_the_page_shows_run_and_its_worst_case_and_asks_nobody_else(visit, start_app):
    screen = visit(start_app({"ANTHROPIC_API_KEY": "sk-ant-owner"}))
    expect(screen.button("run_all")).to_have_text(re.compile(r"Run · at most \$0\.\d\d"))
    expect(screen.button("run_all")).to_be_enabled()
    expect(screen.button("stop_all")).to_be_disabled()
    assert screen.errors == []
    assert screen.elsewhere == []


def test_one_click_streams_two_answers_side_by_side_and_fills_the_log(screen, api):
    before = logged(screen)
    api.plays = ["endless-20"] * 2
    screen.run()
    screen.await_status("streaming")
    grows(screen)
    screen.await_status("streaming")
    left, right = boxes(screen, "card_A", "card_B")
    assert left["right"] <= right["left"]
    assert left["top"] == right["top"]
    api.finish()
    screen.await_end()
    screen.await_status("done")
    for letter in "AB":
        assert screen.words(letter)
        expect(screen.at(f"metrics_{letter}")).to_contain_text("first token")
    expect(screen.at("log").get_by_test_id("stDataFrame")).to_be_visible()
    assert logged(screen) == before + 2
    assert len(api.posts) == 2
    assert screen.errors == []


def test_ctrl_enter_in_the_text_area_sends_what_was_just_typed(screen, api):
    area = screen.at("message_0_text").locator("textarea")
    area.fill("Typed a moment ago: दोसा")
    area.press("Control+Enter")
    screen.await_posts(api, 2)
    screen.await_end()
    assert [post.json["messages"][0]["content"] for post in api.posts] == [
        "Typed a moment ago: दोसा"
    ] * 2


def test_editing_and_opening_things_neither_disturbs_nor_restarts_running_answers(visit, app, api):
    screen = visit(app)
    api.plays = ["slow-20-2000"] * 2
    screen.run()
    screen.await_status("streaming")
    screen.at("system_prompt").locator("textarea").fill("Something else.")
    screen.at("message_0_text").locator("textarea").click()
    grows(screen)
    screen.button("add_variant").click()
    expect(screen.at("variant_C")).to_be_visible()
    grows(screen)
    for title in ("Retries", "About"):
        screen.unfold(title)
    screen.button("add_message").click()
    expect(screen.at("message_1_text")).to_be_visible()
    grows(screen)
    screen.await_status("streaming")
    screen.stop()
    screen.await_end()
    screen.await_status("stopped")
    for letter in "AB":
        words = screen.answer(letter).inner_text().split()
        assert words == [f"word{n}" for n in range(len(words))]
    assert len(api.posts) == 2
    assert screen.errors == []


def test_a_phone_scrolls_down_but_not_sideways(visit, app, api):
    screen = visit(app, viewport={"width": 400, "height": 800}, has_touch=True)
    api.texts = {"claude-sonnet-4-6": ANSWER + "\n" + "long" * 200}
    screen.run()
    screen.await_end()
    widths = screen.page.evaluate(
        """() => [...document.querySelectorAll("html, body, [data-testid=stMain]")]
            .map(each => [each.scrollWidth, each.clientWidth])"""
    )
    assert len(widths) == 3
    assert all(scrolled <= shown for scrolled, shown in widths), widths
    assert max(box["right"] for box in boxes(screen, "card_A", "card_B")) <= 400
    middles = [box["top"] + box["height"] / 2 for box in boxes(screen, "undo", "redo", "share")]
    assert max(middles) - min(middles) < 1


def test_scripts_emoji_code_tables_and_lists_are_drawn(screen, api):
    api.texts = {"claude-sonnet-4-6": ANSWER}
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    answer = screen.answer()
    expect(answer.locator("h1")).to_have_text("నమస్కారం")
    expect(answer.locator("strong").first).to_have_text("ఎనిమిది")
    expect(answer).to_contain_text("👩🏽‍🍳🥞")
    expect(answer.locator("ul li")).to_have_text(["one", "two"])
    expect(answer.locator("table tbody td")).to_have_text(["dosa", "5"])
    expect(answer).to_contain_text("مرحبا، كيف حالك؟ שלום")
    expect(answer.locator("pre code")).to_contain_text('print("hello")')
    assert screen.errors == []


def test_copy_gives_the_exact_characters(screen, api):
    exact = ANSWER + "  trailing \u202e  \t| ends"
    api.texts = {"claude-sonnet-4-6": exact}
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    screen.button("copy_A").click()
    expect(screen.page.locator(".pg-spoken")).to_have_text("Copied.")
    expect(screen.button("copy_A")).not_to_contain_text("Copied")
    assert screen.page.evaluate("() => navigator.clipboard.readText()") == exact


def test_what_was_copied_once_can_be_copied_again(screen, api):
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    exact = screen.answer().inner_text()
    for letter in "AAB":
        screen.page.evaluate("() => navigator.clipboard.writeText('of another page')")
        screen.button(f"copy_{letter}").click()
        screen.page.wait_for_function(
            "text => navigator.clipboard.readText().then(found => found === text)", arg=exact
        )


def test_code_can_be_copied_to_the_letter(screen, api):
    api.texts = {"claude-sonnet-4-6": ANSWER}
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    button = screen.answer().get_by_role("button", name="Copy code")
    button.focus()
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_function("() => document.querySelector('[data-copied]')")
    assert screen.page.evaluate("() => navigator.clipboard.readText()") == 'print("hello")\n'


def test_code_that_could_not_be_copied_does_not_say_that_it_was(screen, api):
    api.texts = {"claude-sonnet-4-6": ANSWER}
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    screen.page.evaluate(KEEP_LABELS)
    screen.page.evaluate("() => { navigator.clipboard.write = () => Promise.reject('no'); }")
    screen.answer().get_by_role("button", name="Copy code").click()
    expect(screen.page.locator("[data-refused]")).to_have_count(1)
    expect(screen.page.locator("[data-copied]")).to_have_count(0)
    screen.button("copy_A").click()
    expect(screen.button("copy_A")).to_have_attribute(
        "data-why", "Not copied: the browser forbids it"
    )
    expect(screen.page.locator(".pg-spoken").first).to_have_text(re.compile("Not copied"))


def test_on_plain_http_it_says_copied_only_where_the_browser_copied(screen, api):
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    screen.page.evaluate(KEEP_LABELS)
    screen.page.evaluate("() => { window.ClipboardItem = null; }")
    beside = screen.button("continue_A").bounding_box()
    screen.button("copy_A").click()
    expect(screen.button("copy_A")).to_contain_text("Copied")
    assert screen.button("continue_A").bounding_box() == beside
    spoken = screen.page.locator(".pg-spoken").first
    once = spoken.text_content()
    screen.button("copy_A").click()
    # What a screen reader is told has to change, or it is silent.
    screen.meanwhile(lambda: spoken.text_content() != once, what="said again")
    assert spoken.text_content().strip() == once.strip() == "Copied."
    screen.page.evaluate("() => { document.execCommand = () => false; }")
    beside = screen.button("continue_B").bounding_box()
    screen.button("copy_B").click()
    expect(screen.button("copy_B")).to_have_attribute("data-why", re.compile("Not copied"))
    assert screen.button("continue_B").bounding_box() == beside


def test_thinking_that_begins_late_is_shown_and_the_run_ends(screen, api):
    thought = {"type": "thinking", "thinking": "Let me see."}

    async def think(api, seen, writer):
        await api.open(writer)
        await api.send(writer, start())
        await asyncio.sleep(1)
        await api.send(writer, sse("content_block_start", index=0, content_block=thought))
        await asyncio.sleep(0.5)
        await api.send(writer, block() + delta("Seen.") + end())
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    api.handler = think
    screen.run()
    screen.await_posts(api, 2)
    screen.await_end()
    screen.await_status("done")
    thinking, text = screen.answer().locator(".pg-block").all()
    thinking.locator("summary").click()
    expect(thinking.get_by_text("Let me see.")).to_be_visible()
    expect(text).to_have_text("Seen.")


def test_the_roles_show_whose_turn_each_message_is(screen):
    screen.click("add_message")
    for index, role in enumerate(("User", "Assistant")):
        control = screen.at(f"message_{index}_role")
        expect(control.locator("input")).to_have_value(role)
    screen.click("undo")


def test_six_variants_run_and_a_seventh_cannot_be_added(visit, app, api):
    screen = visit(app)
    screen.variants(6)
    expect(screen.button("add_variant")).to_be_disabled()
    screen.run()
    screen.await_end("ABCDEF")
    for letter in "ABCDEF":
        expect(screen.answer(letter)).to_have_text("Hello there")
    assert len(api.posts) == 6
    screen.remove_variant("B")
    expect(screen.page.locator("[class*=st-key-icons_variant_]")).to_have_count(5)


def test_without_any_settings_the_demo_answers_and_says_that_it_is_one(visit, start_app):
    screen = visit(start_app())
    expect(screen.at("show_connection").first).to_contain_text("Demo · made-up answers")
    expect(screen.button("run_all")).to_contain_text("simulated, at most")
    expect(screen.at("log").get_by_text("No runs yet")).to_be_visible()
    screen.run()
    screen.await_end()
    screen.await_status("done")
    for letter in "AB":
        assert length(screen, letter) > 40
        expect(screen.at(f"metrics_{letter}")).to_contain_text("simulated")
    expect(screen.at("log")).to_contain_text("2 runs")
    assert screen.errors == []
    assert screen.elsewhere == []
