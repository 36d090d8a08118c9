"""An answer that calls a tool goes on: its result is typed, sent, and answered."""

import json

import pytest
from ui.driving import click_card, open_link, open_more, press_run, words

from playground.core.editor.page_state import PageState, Variant
from playground.core.request.request import Message, Params, Prompt
from playground.core.sharing.links import encode
from playground.ui.session.services import services

TOOL = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"const": "Pune"}}},
}
FORCED = json.dumps({"tools": [TOOL], "tool_choice": {"type": "any"}})


def click(page, key):
    page.button(key=key).click().run()
    assert not page.exception


def said(page):
    return words(page).replace("\\", "")


def sent(page):
    return page.session_state["runs"]["A"].plan.wire.body["messages"]


@pytest.fixture
def called(page):
    """A page that goes on from an answer that calls a tool."""
    open_more(page, "A").text_area(key="extra_json_A").set_value(FORCED).run()
    press_run(page)
    click_card(page, "continue", "A")
    return page


def test_a_result_is_typed_sent_and_answered(called):
    page = called
    assert not page.exception
    call = page.session_state["runs"]["A"].blocks[0]
    assert page.text_area(key="message_2_text").placeholder == "What the tool returned."
    assert page.selectbox(key="message_2_role").disabled
    [label] = [each for each in page.caption if each.value == r"Result of get\_weather"]
    assert call.id.replace("_", r"\_") in label.help
    assert "Message 3 is sent as a tool's result without content" in said(page)
    page.text_area(key="extra_json_A").set_value(json.dumps({"tools": [TOOL]}))
    page.text_area(key="message_2_text").set_value("Dry, 31 °C").run()
    assert "without content" not in said(page)
    press_run(page)
    assert sent(page)[1]["content"] == [
        {"type": "tool_use", "id": call.id, "name": "get_weather", "input": {"city": "Pune"}}
    ]
    assert sent(page)[2] == {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "Dry, 31 °C"}],
    }
    run = page.session_state["runs"]["A"]
    assert run.status == "done"
    assert run.text.strip()
    # The log has it, and brings it back.
    assert services().log.flush(5)
    before = len(page.session_state["message_ids"])
    page.session_state["opened_run"] = run.id
    page.run()
    click(page, "edit_run")
    assert len(page.session_state["message_ids"]) == before
    assert page.session_state["message_2_result_of"] == call.id
    assert page.text_area(key="message_2_text").value == "Dry, 31 °C"


def test_a_result_is_moved_removed_and_brought_back_like_any_message(called):
    page = called
    page.text_area(key="message_2_text").set_value("Dry").run()
    call = page.session_state["message_2_result_of"]
    click(page, "move_2_1")
    assert page.session_state["message_1_result_of"] == call
    assert "Message 3 is not followed by what get_weather returned" in said(page)
    click(page, "fix_place_results")
    assert page.text_area(key="message_2_text").value == "Dry"
    click(page, "remove_message_1")
    assert "Message 2 is sent as a tool's result" in said(page)
    click(page, "fix_plain_results")
    assert page.session_state["message_1_result_of"] == ""
    assert not page.selectbox(key="message_1_role").disabled
    for _ in range(2):
        click(page, "undo")
    assert page.session_state["message_2_result_of"] == call
    assert page.text_area(key="message_2_text").value == "Dry"
    assert not page.exception


def test_the_names_of_a_links_calls_are_shown_as_they_are_written(page):
    calls = [{"type": "tool_use", "id": "**t** :red[x]", "name": "a :red[b] $c$", "input": {}}]
    messages = (
        Message("user", "Hi"), Message("assistant", "", json.dumps(calls)),
        Message("user", "9 °C", result_of="**t** :red[x]"), Message("user", "So?"),
    )  # fmt: skip
    shared = PageState(Prompt("", messages), (Variant("A", Params("claude-sonnet-4-6", 300)),))
    open_link(page, encode(shared)).button(key="open_link").click().run()
    assert not page.exception
    [label] = [each for each in page.caption if each.value.startswith("Result of")]
    for drawn in (label.value, label.help):
        assert ":red[" not in drawn
    press_run(page)
    assert [block["type"] for block in sent(page)[2]["content"]] == ["tool_result", "text"]
