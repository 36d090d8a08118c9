"""The call of a variant as code, in a dialog."""

import json

from ui.driving import click_more, finish

NAMES = ["Python", "Python (short)", "curl", "TypeScript", "JSON"]
LANGUAGES = ["python", "python", "bash", "typescript", "json"]


def open_code(page, letter="A"):
    click_more(page, f"code_{letter}")
    assert not page.exception
    return {name: code.value for name, code in zip(NAMES, page.code, strict=True)}


def test_the_code_of_a_variant_is_one_click_away_in_five_languages(page):
    found = open_code(page)
    assert [tab.label for tab in page.tabs] == NAMES
    assert [code.language for code in page.code] == LANGUAGES
    body = json.loads(found["JSON"])
    assert body["messages"][0]["content"] == page.text_area(key="message_0_text").value
    assert body["temperature"] == 0.2
    assert all("python -m playground.claude.demo" in found_.value for found_ in notes(page)[:-1])


def notes(page):
    return [caption for tab in page.tabs for caption in tab.caption]


def test_each_variant_has_its_own_code(page):
    page.selectbox(key="model_B").select("claude-opus-5-5").run()
    assert '"claude-sonnet-4-6"' in open_code(page)["Python"]
    found = open_code(page, "B")
    assert 'model="claude-opus-5-5"' in found["Python (short)"]
    assert "2026-10-21" in found["curl"]
    assert "temperature" not in json.loads(found["JSON"])


def test_the_code_follows_what_is_edited_and_chosen(page):
    page.text_area(key="message_0_text").input('It\'s a "new"\nquestion `$HOME`').run()
    page.session_state["attempts"] = "7"
    page.run()
    page.selectbox(key="demo_scenario").select("overloaded").run()
    found = open_code(page)
    assert "ATTEMPTS, BASE_WAIT_S, DEADLINE_S = 7, 1.0, 60.0" in found["Python"]
    assert "--header 'demo-scenario: overloaded'" in found["curl"]
    [message] = json.loads(found["JSON"])["messages"]
    assert message["content"] == 'It\'s a "new"\nquestion `$HOME`'


def test_a_typed_key_is_in_no_snippet(page):
    page.selectbox(key="connection").select("claude").run()
    page.text_input(key="api_key").input("sk-ant-canary-0123456789").run()
    found = open_code(page)
    assert not any("canary" in code for code in found.values())
    assert "Bearer $ANTHROPIC_API_KEY" in found["curl"]
    assert "127.0.0.1" not in "".join(found.values())


def test_the_code_stays_open_when_a_run_ends_meanwhile(page):
    page.button(key="run_all").click().run()
    before = open_code(page)
    finish(page)
    assert [code.value for code in page.code] == list(before.values())


def test_looking_at_code_sends_nothing(page):
    open_code(page)
    assert page.session_state["runs"] == {}
