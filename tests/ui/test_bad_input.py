"""Whatever is put into a field, the page says what is wrong and goes on, and the log too."""

import pytest
from ui.driving import finish, open_more, press_run, unfold, words

from playground.core.log.history import MAX_CHOSEN, MAX_TAGS
from playground.store.rows import memory
from playground.ui.session.services import services

FIELDS = [
    '{"max_tokens": 999999999999999}',
    f'{{"max_tokens": {"9" * 4_000}}}',
    '{"max_tokens": "many", "model": {"a": []}, "system": 5}',
    '{"messages": [{"role": [], "content": {}}, 5], "stream": false}',
    '{"stop_sequences": [1, null], "thinking": {"type": []}, "tools": [{}]}',
    '{"cache_control": {"ttl": {}}, "speed": [], "output_config": {"effort": 5}, "a": "\\u0000"}',
]
NO_FIELDS = [
    '{"a": NaN}',
    '{"a": "\\ud800"}',
    '{"a": 1, "a": 2}',
    "[" * 100,
    "x" * 20_001,
    "\ufeff{}",
]
TEXTS = [
    "a\0b",
    "\u202eabc\u2066x",
    "\x1b[31m\x07",
    "e" + "\u0301" * 5_000,
    "\n" * 300_000,
    "\u2028\ufeff\uffff",
]


def press(page):
    page.button(key="run_all").click().run()
    finish(page)
    assert not page.exception


def test_no_extra_json_breaks_the_page_a_run_or_the_log(page):
    open_more(page, "A")
    for text in FIELDS:
        page.text_area(key="extra_json_A").input(text).run()
        press(page)
        assert services().log.flush(10), text
    for text in NO_FIELDS:
        page.text_area(key="extra_json_A").input(text).run()
        assert not page.exception
        assert page.text_area(key="extra_json_A").value == text
        assert "Not sent:" in words(page).replace("\\", "")


def test_no_text_breaks_the_page_or_is_altered(page):
    open_more(page, "A")
    fields = [page.text_area(key=key) for key in ("message_0_text", "stops_A", "system_A")]
    for text in TEXTS:
        for field in fields:
            page.text_area(key=field.key).input(text)
        page.run()
        press(page)
        assert all(page.text_area(key=field.key).value == text for field in fields)
        assert services().log.flush(10), text


def test_what_is_no_amount_is_refused_in_words_and_never_cut(page):
    unfold(page, "budget")
    for text in ("9" * 1_000, "0." + "1" * 400, "1e9", "\0", "-1", "1.000", "NaN"):
        page.text_input(key="budget_session_usd").input(text).run()
        assert not page.exception
        assert page.text_input(key="budget_session_usd").value == text
        assert any("Enter dollars" in each.value for each in page.error)


def test_a_prompt_of_many_megabytes_is_refused_with_its_size_and_stays(page):
    text = "é" * 4_600_000
    page.text_area(key="message_0_text").input(text).run()
    assert "The prompt has 9.2 MB. At most 8 MB are sent" in words(page).replace("\\", "")
    page.button(key="run_all").click().run()
    assert not page.exception
    assert page.session_state["runs"] == {}
    assert page.text_area(key="message_0_text").value == text


def say(page, key, value):
    """What a browser sends that does not hold to the options of a control."""
    states = page._tree.get_widget_states()
    [widget] = [each for each in states.widgets if each.id.endswith(f"-{key}")]
    if isinstance(value, list):
        widget.string_array_value.data[:] = value
    else:
        widget.string_value = value
    page._run(states)
    assert not page.exception, key


@pytest.mark.parametrize("text", ["a\0b", "another's", "x" * 6_000])
def test_no_choice_that_was_not_offered_breaks_the_page_or_is_told_to_others(page, text):
    press_run(page)
    page.session_state["log_filters"] = True
    page.session_state["opened_run"] = run_id = services().log.page("local").rows[0].run_id
    page.run()
    prompt = page.text_area(key="message_0_text").value
    for key in ("demo_scenario", "connection", "sample", "log_sort", "message_0_role"):
        say(page, key, text)
        assert page.text_area(key="message_0_text").value == prompt
        assert services().log.warning is None
    for key in ("log_models", "log_variants", "log_statuses", "log_tags"):
        say(page, key, [text])
        say(page, key, [f"{text}{number}" for number in range(MAX_CHOSEN + 1)])
        say(page, key, [])
        assert services().log.warning is None
    say(page, f"tags_{run_id}", [f"{number}{text[:9]}" for number in range(MAX_TAGS + 1)])
    assert page.session_state["log_problem"] == f"A run has at most {MAX_TAGS} tags."
    assert services().log.history.marks("local", [run_id])[run_id].tags == ()


def test_runs_that_memory_has_no_room_for_are_not_started_and_the_page_says_why(page, monkeypatch):
    press_run(page)
    assert services().log.flush(10)
    with services().log._writer.database.writing():
        press_run(page)
        monkeypatch.setattr(memory, "MAX_WAITING_CHARACTERS", 1_000)
        before = page.session_state["runs"]
        page.run()
        assert page.button(key="run_all").disabled
        assert "Not started: the log can't be saved" in words(page).replace("\\", "")
    assert services().log.flush(10)
    press_run(page.run())
    assert page.session_state["runs"] != before
