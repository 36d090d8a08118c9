"""The import dialog: it shows what it found, applies it on a click, and Undo takes it back."""

import json

import pytest
from ui.driving import words

SNIPPET = """
client.messages.create(model="claude-haiku-4-5", max_tokens=77, temperature=0.4,
    system="![x](http://evil.example/x.png)", timeout=3,
    messages=[{"role": "user", "content": "Hi **there**"}], metadata={"user_id": "7"})
"""


def paste(page, text):
    page.button(key="import").click().run()
    return page.text_area(key="import_text").input(text).run()


def test_a_snippet_is_shown_then_put_into_the_editor_and_taken_back(page):
    before = page.text_area(key="message_0_text").value
    paste(page, SNIPPET)
    assert not page.exception
    said = words(page)
    assert "max\\_tokens 77" in said
    assert "timeout" in said
    assert "metadata" in said
    assert "![" not in said
    assert "Hi **there**" in [code.value for code in page.code]
    assert page.text_area(key="message_0_text").value == before
    page.button(key="put_import").click().run()
    assert not page.exception
    assert page.text_area(key="message_0_text").value == "Hi **there**"
    assert page.session_state["variants"] == ["A"]
    assert page.text_input(key="temperature_A").value == "0.4"
    assert json.loads(page.session_state["extra_json_A"]) == {"metadata": {"user_id": "7"}}
    assert page.session_state["runs"] == {}
    page.button(key="undo").click().run()
    assert page.text_area(key="message_0_text").value == before
    assert page.session_state["variants"] == ["A", "B"]


def test_what_cannot_be_read_is_one_error_and_nothing_to_apply(page):
    paste(page, "{" * 50)
    assert [error.value for error in page.error] == [
        "This is not readable as JSON\\: line 1\\, column 2\\."
    ]
    assert "put_import" not in {button.key for button in page.button}


@pytest.mark.parametrize("text", [SNIPPET.replace("Hi", "Bye"), "{" * 50, ""])
def test_what_was_typed_last_is_looked_at_before_it_is_put_into_the_editor(page, text):
    before = page.text_area(key="message_0_text").value
    paste(page, SNIPPET)
    page.text_area(key="import_text").input(text)
    page.button(key="put_import").click().run()  # Together, as a click that leaves the field.
    assert page.text_area(key="message_0_text").value == before
    assert "the text had changed" in page.warning[0].value
    assert ("Bye **there**" in [code.value for code in page.code]) == ("Bye" in text)
    page.run()
    assert not page.warning
