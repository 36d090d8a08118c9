"""What is shown of an answer is what came of it: to the letter, every block, while it comes and
after. Other texts of all kinds are in tests/core/rendering/."""

import asyncio
import json
import threading

import pytest
from browser.driving import expect
from fake_api import start
from scenes import (
    NEW,
    RESULTS,
    SEARCH,
    SEARCHED,
    WEATHER,
    WEB,
    ending,
    events_of,
    part,
    text,
)

TABLE = (
    "| dish | minutes | temperature | how often | remarks |\n|---|---|---|---|---|\n"
    "| dosa_of_rice | 5 | 220_degrees_celsius | every_single_morning | "
    "a_word_that_never_breaks_at_all_not_even_here |\n"
)
CODE = "```python\n" + "x = " + "1 + " * 60 + "1\n```\n"
AS_WRITTEN = {
    "prices": "It costs $5 to $20 per unit.",
    "a shell": "export PATH=$HOME/bin:$PATH",
    "two lines": "Roses are red\nViolets are blue",
    "tags": "<person>\n<name>Ann</name>\n</person>",
    "marks of other renderers": ">= and -> and :x: and :red[late] and :green-badge[new]",
    "JSON": '{"tags": ["a*b*c", "__init__"]}',
    "JSON in lines": '{\n  "tags": ["a*b*c", "__init__"]\n}',
    "TeX that is cut": "\\(unclosed and \\[open",
    "scripts": "दोसा పిండి مرحبا שלום 日本語 👩🏽‍🍳",
}
# The answer, and what it is shown as: the text of each element of a kind, in order.
READ = {
    "prices and a formula": (
        "It costs $5 to $20 per unit. The formula is $x^2$.",
        {"p": ["It costs $5 to $20 per unit. The formula is x2."], "math": ["x2"]},
    ),
    "TeX's brackets": (
        "So \\( x \\) and\n\n\\[ x + y \\]\n\nin all.",
        {"math": ["x", "x+y"], "p": ["So x and", "in all."]},
    ),
    "a fence within a fence": (
        "````markdown\nUse\n```py\nx = 1\n```\n````\nDone.",
        {"code": ["Use\n```py\nx = 1\n```\n"], "p": ["Done."]},
    ),
    "a shorter fence ends it": (
        "```markdown\nUse\n```\nx = 1", {"code": ["Use\n"], "p": ["x = 1"]},
    ),
    "bold in Japanese": ("**「太字」**です", {"p": ["「太字」です"], "strong": ["「太字」"]}),
    "bold in Chinese": ("请**（注意）**这里，**标题：**内容", {"strong": ["（注意）", "标题："]}),
    "a list": ("1. **Ferment** it\n2. Fry", {"li": ["Ferment it", "Fry"], "strong": ["Ferment"]}),
}  # fmt: skip


class Stream:
    """Streams what it is told in two halves; between them it waits until it may go on."""

    def __init__(self, api, before, after):
        self.goes_on = threading.Event()
        self._halves = before, after
        api.handler = self._answer

    async def _answer(self, api, seen, writer):
        await api.open(writer)
        await api.send(writer, b"".join(self._halves[0]))
        while not self.goes_on.is_set() and seen.closed_s is None:
            await asyncio.sleep(0.005)
        await api.send(writer, b"".join(self._halves[1]))
        writer.write(b"0\r\n\r\n")
        await writer.drain()


@pytest.fixture(scope="module")
def page(open_for_all, app):
    screen = open_for_all(app)
    screen.remove_variant("B")
    return screen


def while_it_comes_and_after(page, api, before, after=(), reason="end_turn"):
    """Twice: when the first half of an answer has come, and when all has."""
    stream = Stream(api, [start(), *before], [*after, *ending(reason)])
    page.run()
    page.await_status("streaming", "A")
    yield True
    stream.goes_on.set()
    page.await_end("A")
    page.await_status("done", "A")
    yield False


@pytest.mark.parametrize("name", AS_WRITTEN)
def test_a_text_is_on_the_page_letter_for_letter(page, api, name):
    said = AS_WRITTEN[name]
    for _ in while_it_comes_and_after(page, api, events_of([text(said)])):
        expect(page.answer()).to_have_text(said, use_inner_text=True)
        page.page.wait_for_function(
            "said => document.querySelector('.st-key-answer_A').textContent === said", arg=said
        )


@pytest.mark.parametrize("name", READ)
def test_a_text_is_read_as_its_writer_means_it(page, api, name):
    said, shown = READ[name]
    for _ in while_it_comes_and_after(page, api, events_of([text(said)])):
        for tag, texts in shown.items():
            found = page.answer().locator(f".rendered {tag}")
            expect(found).to_have_count(len(texts))
            assert found.evaluate_all("all => all.map(each => each.textContent)") == texts


def test_wide_tables_and_code_scroll_inside_their_card(page, api):
    for _ in while_it_comes_and_after(page, api, events_of([text(TABLE + "\n" + CODE)])):
        expect(page.answer().locator("td")).to_have_count(5)
        card = page.at("card_A")
        edge = card.evaluate("it => it.getBoundingClientRect().right")
        for selector in (".scroll", "pre"):
            scrolled, shown, right = page.answer().locator(selector).evaluate(
                "it => [it.scrollWidth, it.clientWidth, it.getBoundingClientRect().right]"
            )  # fmt: skip
            assert scrolled > shown
            assert right <= edge
        assert card.evaluate("it => it.scrollWidth <= it.clientWidth + 1")


def test_the_lines_of_a_formula_stand_beneath_each_other_at_their_signs(page, api):
    formula = "$$\\begin{aligned} a + b &= c \\\\ d &= e + f + g \\end{aligned}$$"
    for _ in while_it_comes_and_after(page, api, events_of([text(formula)])):
        cells = page.answer().locator("mtd")
        expect(cells).to_have_count(4)
        ends, signs = (
            cells.locator(child).evaluate_all(
                "all => all.map((each) => Math.round(each.getBoundingClientRect().right))"
            )
            for child in ("css=mi:last-child", "css=mo:nth-child(2)")
        )
        assert ends[0] == ends[2]
        assert len(signs) == 3
        assert signs[1] == signs[2]


def test_the_input_of_a_tool_is_shown_while_it_grows(page, api):
    wire = list(events_of([WEATHER]))
    block = page.answer().locator(".pg-block")
    halves = while_it_comes_and_after(page, api, wire[:3], wire[3:], "tool_use")
    next(halves)
    expect(block).to_have_count(1)
    expect(block.locator("summary")).to_have_text("Tool use · get_weather · t1")
    expect(block.locator("code")).to_have_text('{ "city": "P')
    expect(block.locator("code")).to_be_visible()
    expect(page.at("metrics_A")).to_contain_text("first token")
    next(halves)
    assert json.loads(block.locator("code").inner_text()) == {"city": "Paris", "days": 1.5}
    expect(page.at("outcome_A")).to_contain_text("Tool call")


def test_texts_around_a_tool_stand_apart(page, api):
    wire = [text("I'll search."), WEATHER, text("It rains.")]
    for _ in while_it_comes_and_after(page, api, events_of(wire)):
        blocks = page.answer().locator(".pg-block")
        expect(blocks).to_have_count(3)
        tops = blocks.evaluate_all("all => all.map(each => each.getBoundingClientRect().top)")
        assert sorted(set(tops)) == tops
        expect(blocks.first).to_have_text("I'll search.")
        expect(blocks.last).to_have_text("It rains.")


def test_a_search_is_a_line_with_its_query_and_its_sources_and_the_rest_a_click_away(page, api):
    wire = list(events_of([SEARCH, SEARCHED]))
    asked, found = page.answer().locator(".pg-block").first, page.answer().locator(".pg-block").last
    halves = while_it_comes_and_after(page, api, wire[:4], wire[4:], "pause_turn")
    next(halves)
    expect(asked.locator("summary")).to_have_text("web_search · rain")
    next(halves)
    expect(found.locator("summary")).to_have_text("web_search_tool_result")
    expect(found.locator("li")).to_have_text("Weather · https://example.org/w")
    expect(found.locator("code")).to_be_hidden()
    found.locator("summary").click()
    assert json.loads(found.locator("code").inner_text()) == RESULTS
    expect(page.at("outcome_A")).to_contain_text("Paused")


def test_citations_are_numbers_with_their_quotes_and_sources(page, api):
    for _ in while_it_comes_and_after(page, api, events_of([text("Rain.", citations=[WEB])])):
        expect(page.answer().locator("p")).to_have_text("Rain.")
        note = "[1] “rain” · Weather, https://example.org/w"
        expect(page.answer().locator(".pg-notes li")).to_have_text(note)


def test_what_cannot_be_read_is_named_and_an_unknown_block_is_shown_as_its_json(page, api):
    hidden = part({"type": "redacted_thinking", "data": "ZGF0YQ"})
    compacted = part(
        {"type": "compaction", "content": None},
        {"type": "compaction_delta", "content": "So far: rain."},
    )
    wire = events_of([hidden, compacted, part(NEW)])
    for _ in while_it_comes_and_after(page, api, wire):
        expect(page.answer().locator(".pg-title")).to_have_text(
            [
                "Redacted thinking, which only the API can read",
                "Block of type compaction",
                "Block of type hologram",
            ]
        )
        code = page.answer().locator("code")
        assert json.loads(code.nth(0).text_content())["data"] == "ZGF0YQ"
        assert json.loads(code.nth(1).text_content())["content"] == "So far: rain."
        assert json.loads(code.nth(2).text_content()) == NEW


def test_a_turn_that_paused_goes_on_with_its_blocks_as_they_came(page, api):
    for _ in while_it_comes_and_after(page, api, events_of([SEARCH, SEARCHED]), (), "pause_turn"):
        pass
    came = [
        {"type": "server_tool_use", "id": "t1", "name": "web_search", "input": {"query": "rain"}},
        {"type": "web_search_tool_result", "tool_use_id": "t1", "content": RESULTS},
    ]
    page.click("continue_A")
    held = page.at("message_1_blocks_shown")
    expect(held).to_contain_text("2 blocks of an answer, sent as they came: server_tool_use")
    for _ in while_it_comes_and_after(page, api, events_of([text("It rains.")])):
        assert api.posts[-1].json["messages"][1:] == [{"role": "assistant", "content": came}]
    page.click("continue_A")
    written = page.at("message_1_text").locator("textarea")
    expect(written).to_have_value("It rains.")
    expect(page.at("message_2_text")).to_be_visible()
    held.locator("summary").click()
    page.click("drop_blocks_1")
    expect(held).to_have_count(0)
    expect(written).to_have_value("It rains.")
    page.click("undo")
    expect(held).to_contain_text("2 blocks of an answer")
