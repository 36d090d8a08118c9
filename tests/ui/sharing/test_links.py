"""A shared page on the page: seen before it is passed on or opened, and never run by itself."""

import json

from ui.driving import open_link, press_run, words

from playground.core.editor.page_state import PageState, Variant, to_json
from playground.core.importing.read_any import read_page
from playground.core.request.request import Message, Params, Prompt
from playground.core.sharing.links import decode, encode

SHARED = PageState(
    Prompt("Be **terse**.", (Message("user", "Why ![x](http://evil)?"), Message("assistant", "{"))),
    (
        Variant("B", Params("claude-haiku-4-5", 77, 0.4, stop_sequences=("END",))),
        Variant("E", Params("some-model", 5, effort="max", extra_json='{"a": 1}'), "Own"),
    ),
    "rate_limited",
)
EXTREME = PageState(
    Prompt("", ()),
    (
        Variant(
            "A", Params("", 0, 2.0, 1.0, 10**9, thinking_budget_tokens=0, extra_json="[" * 30_000)
        ),
    ),
    "of_a_newer_playground",
)


def held(page):
    """The values of all the controls of the editor."""
    from playground.ui.session import request_state

    state = page.session_state
    names = ["system_prompt", "variants"]
    names += [f"message_{i}_text" for i in range(len(state["message_ids"]))]
    names += [request_state.field(n, x) for n in request_state._BLANK for x in state["variants"]]
    return {name: state[name] for name in names}


def test_a_carriage_return_is_sent_as_the_line_break_that_the_fields_show(page):
    variant = Variant("A", Params("claude-haiku-4-5", 77), "Own\rsystem")
    prompt = Prompt("", (Message("user", "a\rb\r\nc\nd"),))
    open_link(page, encode(PageState(prompt, (variant,))))
    page.button(key="open_link").click().run()
    assert page.text_area(key="message_0_text").value == "a\nb\nc\nd"
    press_run(page)
    body = json.loads(page.session_state["runs"]["A"].exchanges[-1].sent.body)
    assert body["messages"][0]["content"] == "a\nb\nc\nd"
    assert body["system"] == "Own\nsystem"


def shared_link(page):
    page.button(key="share").click().run()
    assert not page.exception
    return next(code.value for code in page.code if "#s=1" in code.value).split("#s=")[1]


def test_opening_a_link_changes_nothing_until_it_is_accepted_and_never_starts_a_run(page):
    before = held(page)
    open_link(page, encode(SHARED))
    assert held(page) == before
    assert "Be **terse**." in [code.value for code in page.code]
    assert r"temperature 0\.4" in words(page)
    assert "![x]" not in words(page)
    page.button(key="open_link").click().run()
    assert not page.exception
    assert page.text_area(key="system_prompt").value == "Be **terse**."
    assert page.session_state["variants"] == ["B", "E"]
    assert page.session_state["runs"] == {}
    assert page.session_state["answered_link"] == encode(SHARED)[-24:]
    assert decode(shared_link(page)) == SHARED
    page.button(key="undo").click().run()
    assert held(page) == before
    assert page.session_state["runs"] == {}


def test_a_broken_link_says_so_and_leaves_the_page_alone(page):
    before = held(page)
    for text in ("2zAAAA", encode(SHARED)[:-5], "<img src=x>", "1z" + "A" * 16_000):
        open_link(page, text)
        assert [each.value for each in page.error if each.value.startswith("This link")]
        page.button(key="keep_mine").click().run()
        assert held(page) == before
        assert not page.error


def test_a_page_beyond_what_can_be_typed_opens_as_far_as_it_can_be(page):
    open_link(page, encode(EXTREME)).button(key="open_link").click().run()
    page.session_state["more_A"] = True
    page.run()
    assert not page.exception
    assert page.session_state["demo_scenario"] == "none"


def test_a_link_and_a_file_hold_the_editor_and_no_key_and_one_in_a_prompt_is_masked(page):
    page.session_state["key"] = "sk-ant-canary-of-a-link"
    text = shared_link(page)
    state = decode(text)
    assert state.prompt.system == page.text_area(key="system_prompt").value
    assert [each.letter for each in state.variants] == ["A", "B"]
    assert "canary" not in to_json(state)
    assert read_page(to_json(state)) == state
    assert not page.warning
    page.text_area(key="system_prompt").input("Use sk-ant-abc123-canary-key-456.").run()
    assert [each.value for each in page.warning if "looks like an API key" in each.value]
    linked = decode(shared_link(page))
    assert linked.prompt.system == "Use sk-ant-[masked]."
    assert page.text_area(key="system_prompt").value == "Use sk-ant-abc123-canary-key-456."


def test_a_page_too_long_for_a_link_is_a_file(page):
    long = json.dumps([hash((i, "x")) for i in range(3_000)])
    page.session_state["system_prompt"] = long
    page.run()
    page.button(key="share").click().run()
    assert not page.exception
    assert [each.value for each in page.info if "Save it as a file" in each.value]
    assert not [code for code in page.code if "#s=" in code.value]
