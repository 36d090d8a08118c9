"""What was put into the editor or typed stays: crossing messages, late drafts, long texts."""

import pytest
from streamlit.testing.v1 import AppTest
from ui.driving import open_link, words
from ui.sharing.test_links import SHARED, held

from playground.core.sharing.links import encode
from playground.ui.editor import draft
from playground.ui.session import late_values_state

TEXT = "message_0_text"


@pytest.fixture
def opened(page):
    """A page on which a link was opened, and what the editor held before."""
    before = held(page)
    open_link(page, encode(SHARED)).button(key="open_link").click().run()
    assert page.text_area(key=TEXT).value == SHARED.prompt.messages[0].text
    return page, before


def test_an_old_value_on_its_way_does_not_replace_what_a_link_brought(opened):
    page, before = opened
    page.text_area(key=TEXT).set_value(before[TEXT])
    page.text_input(key="max_tokens_B").set_value(before["max_tokens_B"]).run()
    assert page.text_area(key=TEXT).value == SHARED.prompt.messages[0].text
    assert page.text_input(key="max_tokens_B").value == "77"


def test_it_neither_becomes_a_step_nor_replaces_what_an_undo_brought_back(opened):
    page, before = opened
    page.button(key="undo").click().run()
    page.text_area(key=TEXT).set_value(SHARED.prompt.messages[0].text)
    page.button(key="redo").click().run()
    assert page.text_input(key="max_tokens_B").value == "77"
    page.button(key="undo").click().run()
    assert page.text_area(key=TEXT).value == before[TEXT]


def test_not_even_where_something_else_was_changed_meanwhile(opened):
    page, before = opened
    page.button(key="add_variant").click().run()
    page.text_area(key=TEXT).set_value(before[TEXT])
    page.text_input(key="max_tokens_B").set_value(before["max_tokens_B"]).run()
    assert page.text_area(key=TEXT).value == SHARED.prompt.messages[0].text
    assert page.text_input(key="max_tokens_B").value == "77"


def test_what_is_typed_after_the_change_stays(opened):
    page, _ = opened
    page.text_area(key=TEXT).set_value("Typed at once").run()
    assert page.text_area(key=TEXT).value == "Typed at once"


def test_later_even_the_old_value_is_an_edit(opened, monkeypatch):
    page, before = opened
    monkeypatch.setattr(late_values_state, "LATE_S", 0)
    page.text_area(key=TEXT).set_value(before[TEXT]).run()
    assert page.text_area(key=TEXT).value == before[TEXT]


def test_however_long_drawing_takes_an_old_value_on_its_way_replaces_nothing(page, monkeypatch):
    before = held(page)
    now_s = [0.0]

    def draw_slowly():
        now_s[0] += 60
        draft.keep_draft()

    monkeypatch.setattr(late_values_state, "clock", lambda: now_s[0])
    monkeypatch.setattr("playground.ui.page.page.keep_draft", draw_slowly)
    open_link(page, encode(SHARED)).button(key="open_link").click().run()
    page.text_area(key=TEXT).set_value(before[TEXT]).run()
    assert page.text_area(key=TEXT).value == SHARED.prompt.messages[0].text


def test_a_new_field_is_told_its_value_again_for_a_browser_that_missed_it(page, monkeypatch):
    def is_told():
        return page.text_input(key="max_tokens_C").proto.set_value

    page.session_state["opened_s"] -= 60
    page.button(key="add_variant").click().run()
    page.run()
    assert is_told()
    assert not page.text_area(key=TEXT).proto.set_value, "it could undo what is being typed"
    assert page.text_input(key="max_tokens_C").value == "300"
    monkeypatch.setattr(late_values_state, "LATE_S", 0)
    page.run()
    assert not is_told()


def _late_draft():
    import json

    import streamlit as st
    from ui.sharing.test_links import SHARED

    from playground.core.editor.page_state import to_json
    from playground.ui.editor import draft_state
    from playground.ui.session import editor_state, request_state, state

    state.initialise(lambda: None)
    editor_state.record()
    typed = {"message_0_text": "A draft"}
    kept = json.dumps({"page": to_json(editor_state.page()), "typed": typed})
    if st.session_state.get("is_changed"):
        editor_state.replace_page(SHARED, "Open a link")
    draft_state.restore(kept)
    st.code(request_state.prompt().messages[0].text)
    editor_state.undo()
    st.code(request_state.prompt().messages[0].text)


def test_a_draft_that_arrives_after_a_change_goes_beneath_it():
    page = AppTest.from_function(_late_draft)
    page.session_state["is_changed"] = True
    assert [each.value for each in page.run().code] == [SHARED.prompt.messages[0].text, "A draft"]


def test_a_draft_that_arrives_first_is_restored():
    page = AppTest.from_function(_late_draft).run()
    assert [each.value for each in page.code] == ["A draft", "Give me three tips for crisp dosa."]


def test_what_is_too_long_to_be_kept_is_said_to_be(page):
    said = "Too long to keep in the browser"
    assert said not in words(page)
    page.text_area(key=TEXT).set_value("x" * 1_100_000).run()
    assert said in words(page)
    page.button(key="undo").click().run()
    assert said not in words(page)
