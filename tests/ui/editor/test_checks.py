"""The list of checks on the page: what it says, whom it concerns, one click and its undo."""

import pytest
from ui.driving import open_link, open_more, words

from playground.core.editor.page_state import PageState, Variant
from playground.core.request.request import Message, Params, Prompt
from playground.core.sharing.links import encode
from playground.ui.editor import checks

KEY = "sk-ant-api03-0123456789abcdef"


@pytest.fixture
def page(page):
    """The page with every parameter in sight."""
    return open_more(page)


def keys(page):
    return {button.key for button in page.button}


def fixes(page):
    return {key for key in keys(page) if key.startswith("fix_")}


def press(page, key):
    page.button(key=key).click().run()
    assert not page.exception
    return page


def test_an_ordinary_request_draws_no_list(page):
    assert fixes(page) == set()
    assert "undo_fix" not in keys(page)


def test_a_key_is_masked_by_a_click_in_every_text_and_given_back_by_another(page):
    page.text_area(key="message_0_text").input(f"Use {KEY} now").run()
    page.text_area(key="system_B").input(f"Mine is {KEY}").run()
    said = words(page)
    assert "to hold an API key" in said
    assert "0123456789" not in said
    while fixes(page):
        press(page, min(fixes(page)))
    assert page.text_area(key="message_0_text").value == "Use sk-ant-[masked] now"
    assert page.text_area(key="system_B").value == "Mine is sk-ant-[masked]"
    press(page, "undo_fix")
    assert page.text_area(key="message_0_text").value == f"Use {KEY} now"
    assert page.text_area(key="system_B").value == f"Mine is {KEY}"
    assert "undo_fix" not in keys(page)


def test_a_fix_of_one_variant_leaves_the_other_and_names_it_in_its_colour(page):
    page.text_input(key="max_tokens_B").set_value("200000").run()
    assert ":orange-badge[B] max\\_tokens is 200\\,000" in words(page)
    press(page, "fix_max_tokens_B")
    assert page.text_input(key="max_tokens_B").value == "128000"
    assert page.text_input(key="max_tokens_A").value == "300"
    press(page, "undo_fix")
    assert page.text_input(key="max_tokens_B").value == "200000"


def test_a_fix_of_everyone_mends_everyone(page):
    # The list no longer offers it, but a page of an earlier day holds it.
    retired = Params("claude-sonnet-4-5", 300)
    state = PageState(
        Prompt("", (Message("user", "Why?"),)), (Variant("A", retired), Variant("B", retired))
    )
    press(open_link(page, encode(state)), "open_link")
    assert r"Claude Sonnet 4\.5 was retired" in words(page)
    press(page, "fix_successor")
    assert {page.selectbox(key=f"model_{letter}").value for letter in "AB"} == {"claude-sonnet-5-5"}


def test_a_fix_is_one_step_among_the_others(page):
    page.text_input(key="max_tokens_B").set_value("200000").run()
    press(page, "fix_max_tokens_B")
    page.text_area(key="message_0_text").input("Another question").run()
    assert "undo_fix" not in keys(page)
    press(page, "undo")
    assert page.text_input(key="max_tokens_B").value == "128000"
    press(page, "undo")
    assert page.text_input(key="max_tokens_B").value == "200000"


def test_an_effort_that_a_model_lacks_is_mentioned_and_lowered_by_a_click(page):
    page.selectbox(key="effort_A").select("xhigh").run()
    assert "no effort xhigh" in words(page)
    assert not page.button(key="run_all").disabled
    press(page, "fix_effort_A")
    assert page.selectbox(key="effort_A").value == "high"


def test_a_refused_prefill_blocks_run_until_it_is_removed(page):
    press(page, "add_message")
    page.text_area(key="message_1_text").input("Sure:").run()
    assert "takes no prefill" in words(page)
    press(page, "run_all")
    assert page.session_state["runs"] == {}
    press(page, "fix_drop_prefill")
    assert len(page.session_state["message_ids"]) == 1
    assert fixes(page) == set()


def test_a_stop_sequence_of_white_space_is_removed_from_its_text(page):
    page.text_area(key="stops_A").input("END\n ").run()
    press(page, "fix_stop_sequences_A")
    assert page.text_area(key="stops_A").value == "END"


def test_text_from_outside_is_never_markdown_in_a_check(page):
    page.session_state["extra_json_A"] = '{"model": "![x](http://evil.example/y)"}'
    press(page, "add_message")
    page.text_area(key="message_1_text").input("Sure:").run()
    assert not page.exception
    assert r"\!\[x\]\(http\:" in words(page)
    assert "takes no prefill" in words(page)


def test_a_message_that_nobody_has_written_yet_is_no_mistake(page):
    def mark_of(text):
        (row,) = [each.value for each in page.markdown if text in each.value]
        return row.split()[0]

    press(page, "add_message")
    assert mark_of("Message 2 is empty") == checks.TO_DO
    assert "fix_drop_empty" in fixes(page)
    press(page, "run_all")
    assert "Not started. Message 2 is empty" in words(page).replace("\\", "")
    assert page.session_state["runs"] == {}
    page.text_area(key="message_1_text").input("Sure").run()
    page.text_area(key="message_0_text").input("").run()
    assert mark_of("Message 1 is empty") == checks.MARKS["error"]


def test_run_says_why_it_does_not_start(page):
    page.text_area(key="message_0_text").input("").run()
    press(page, "run_all")
    assert "Not started. Message 1 is empty" in words(page).replace("\\", "")
    assert page.session_state["runs"] == {}
    page.text_area(key="message_0_text").input("Hi").run()
    assert "Not started" not in words(page), "it is told until something is changed"
