"""What only a browser can put into a field."""

import pytest
from browser.driving import SHARED, expect

from playground.ui.server.page_sockets import MAX_STRANGERS_BYTES

LINE = "as long as a line is " * 4 + "\n"
# As a paste does it: the value is there, then the event.
PASTE = """([selector, units]) => {
    const text = typeof units === "string" ? units : String.fromCharCode(...units);
    const field = document.querySelector(selector);
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, text);
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    field.focus();
    field.blur();
}"""


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("x\ud83dy", "x\ufffdy"), ("a\0\u202eb\ud83d\ude00", "a\0\u202eb😀")],
    ids=["a half", "two halves"],
)
def test_half_of_a_character_is_replaced_in_sight_and_all_else_is_sent(screen, api, typed, sent):
    field = ".st-key-message_0_text textarea"
    screen.page.evaluate(PASTE, [field, [ord(each) for each in typed]])
    screen.settle()
    # As numbers: with half of a character in it no report of a failure can be printed.
    found = screen.page.locator(field).evaluate("it => Array.from(it.value, c => c.codePointAt())")
    assert found == [ord(each) for each in sent]
    screen.run()
    screen.await_end()
    assert api.posts[0].json["messages"][0]["content"] == sent


def test_a_text_that_no_message_can_carry_is_refused_at_once_and_nothing_is_lost(screen, api):
    field = screen.at("message_0_text").locator("textarea")
    note = screen.page.get_by_role("alert").filter(has_text="7,000,000 at most")
    before = field.input_value()
    field.focus()
    screen.page.evaluate(PASTE, [".st-key-message_0_text textarea", "x" * 7_000_001])
    expect(note).to_be_visible()
    expect(field).to_have_value(before)
    field.press_sequentially("!")
    expect(note).to_have_count(0)
    screen.run()
    screen.await_end()
    assert api.posts[0].json["messages"][0]["content"] == f"{before}!"


@pytest.fixture(scope="module")
def shared(start_app):
    return start_app(SHARED)


@pytest.mark.parametrize("key", ["message_0_text", "stops_A"])
def test_a_stranger_who_types_more_than_is_taken_is_told_so_and_keeps_it(visit, shared, key):
    screen = visit(shared.from_elsewhere)
    if key == "stops_A":
        screen.show_more("A")
    field = screen.at(key).locator("textarea")
    before, size = field.input_value(), MAX_STRANGERS_BYTES
    expect(field).to_be_visible()
    # In lines: where it could break a single word a browser looks for half a minute.
    long = (LINE * (size // len(LINE) + 1))[:size]
    screen.page.evaluate(PASTE, [f".st-key-{key} textarea", long])
    note = screen.page.get_by_role("alert").filter(has_text=f"this app takes {size:,}")
    expect(note).to_be_visible()
    assert field.evaluate("it => it.value.length") == size
    assert screen.errors == []
    screen.page.evaluate(PASTE, [f".st-key-{key} textarea", before])
    expect(note).to_have_count(0)
    screen.run()
    screen.await_end()
