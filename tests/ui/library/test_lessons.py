"""The lessons on the page: one click sets up, nothing runs by itself, and all can be undone."""

import pytest
from ui.driving import answers as cards
from ui.driving import finish, open_more, press_run, words

from playground.claude.demo.transport import DemoTransport
from playground.claude.sending import Clients
from playground.core.library.lessons import LESSONS
from playground.ui.session.services import services

NUMBERS = range(1, len(LESSONS) + 1)


@pytest.fixture(autouse=True)
def no_pauses(page):
    services()._clients = Clients(demo=DemoTransport(pause_s=0))


def keys(page):
    return {button.key for button in page.button}


def open_lesson(page, number):
    return page.menu_button(key="lessons").click_index(number - 1).run()


def params(page):
    from playground.ui.session import request_state

    fields = ("model", "max_tokens", "temperature")
    state = page.session_state
    shown = [
        [state[request_state.field(name, letter)] for name in fields]
        for letter in state["variants"]
    ]
    return [
        (model, int(max_tokens), float(temperature) if temperature else None)
        for model, max_tokens, temperature in shown
    ]


@pytest.mark.parametrize("number", NUMBERS)
def test_one_click_puts_the_lesson_on_the_page_and_starts_nothing(page, number):
    open_lesson(page, number)
    assert not page.exception
    lesson = LESSONS[number - 1]
    assert page.text_area(key="system_prompt").value == lesson.prompt.system
    texts = [message.text for message in lesson.prompt.messages]
    assert [page.text_area(key=f"message_{i}_text").value for i in range(len(texts))] == texts
    assert len(page.session_state["message_ids"]) == len(texts)
    asked = [(each.model, each.max_tokens, each.temperature) for each in lesson.variants]
    assert params(page) == asked
    assert page.selectbox(key="demo_scenario").value == lesson.scenario
    assert f"Lesson {number} of 6" in words(page)
    assert any(":orange-badge[Press Run]" in text.value for text in page.markdown)
    assert page.session_state["runs"] == {}


def metrics(page):
    return [card.said["numbers"] for card in cards(page)]


def answers(page):
    return [run.text for run in page.session_state["runs"].values()]


def test_messages_shows_fewer_tokens_in_without_the_first_two(page):
    open_lesson(page, 1)
    press_run(page)
    assert "47 in" in metrics(page)[0]
    [before] = answers(page)
    page.button(key="remove_message_0").click().run()
    page.button(key="remove_message_0").click().run()
    press_run(page)
    assert "20 in" in metrics(page)[0]
    assert answers(page) != [before]


def test_temperature_shows_two_answers_alike(page):
    open_lesson(page, 2)
    press_run(page)
    cold, same, _ = answers(page)
    assert cold == same


def test_max_tokens_shows_the_cut_and_its_stop_reason(page):
    open_lesson(page, 3)
    press_run(page)
    cut, whole = metrics(page)
    assert "max_tokens" in cut
    assert "end_turn" in whole
    assert cards(page)[0].said["outcome"]["title"] == "Cut at max_tokens"


def test_streaming_shows_the_time_to_the_first_token_and_to_the_last(page):
    open_lesson(page, 4)
    press_run(page)
    [line] = metrics(page)
    first, last = line.split(" · ")[:2]
    assert first.startswith("first token ")
    assert float(first.split()[2]) < float(last.split()[0])


def test_errors_shows_three_attempts_and_the_scenario(page):
    open_lesson(page, 5)
    assert "Demo · 429 twice" in page.button(key="show_connection").label
    page.session_state["base_wait_s"] = "0"
    page.run()
    press_run(page)
    assert "Answered at attempt 3" in words(page)


def test_the_smallest_model_shows_three_costs_and_says_what_the_demo_is(page):
    open_lesson(page, 6)
    assert "one small model plays all three" in words(page)
    press_run(page)
    assert len(set(answers(page))) == 1
    assert len({line.split("$")[1] for line in metrics(page)}) == 3


def test_next_goes_through_all_six_and_close_takes_the_card_away(page):
    page.button(key="lesson_start").click().run()
    for number in NUMBERS[1:]:
        page.button(key="lesson_next").click().run()
        assert f"Lesson {number} of 6" in words(page)
    assert "lesson_next" not in keys(page)
    page.button(key="lesson_close").click().run()
    assert "of 6" not in words(page)
    assert page.text_area(key="message_0_text").value == LESSONS[5].prompt.messages[0].text


def test_undo_brings_back_the_prompt_the_variants_and_the_scenario_from_before_all_lessons(page):
    page.text_area(key="message_0_text").input("My own question").run()
    page.text_input(key="max_tokens_B").set_value("77").run()
    page.button(key="add_variant").click().run()
    page.selectbox(key="demo_scenario").select("refusal").run()
    before = params(page)
    for number in (1, 5, 2):
        open_lesson(page, number)
    page.button(key="undo_sample").click().run()
    assert not page.exception
    assert page.text_area(key="message_0_text").value == "My own question"
    assert len(page.session_state["message_ids"]) == 1
    assert page.session_state["variants"] == ["A", "B", "C"]
    assert params(page) == before
    assert page.selectbox(key="demo_scenario").value == "refusal"
    assert "undo_sample" not in keys(page)


def test_what_was_written_during_a_lesson_is_what_the_next_undo_brings_back(page):
    open_lesson(page, 1)
    page.text_area(key="message_0_text").input("Written in the lesson").run()
    open_lesson(page, 2)
    page.button(key="undo_sample").click().run()
    assert page.text_area(key="message_0_text").value == "Written in the lesson"
    assert params(page) == [("claude-haiku-4-5", 300, 0.0)]


def test_samples_and_lessons_share_one_undo(page):
    page.text_area(key="message_0_text").input("My own question").run()
    page.selectbox(key="sample").select(page.selectbox(key="sample").options[2]).run()
    open_lesson(page, 3)
    assert page.selectbox(key="sample").value is None
    page.button(key="undo_sample").click().run()
    assert page.text_area(key="message_0_text").value == "My own question"
    assert len(page.session_state["variants"]) == 2


def test_what_was_changed_after_a_sample_is_undone_first_and_redone_last(page):
    assert page.button(key="undo").disabled
    page.text_area(key="message_0_text").input("My own question").run()
    sample = page.selectbox(key="sample").options[1]
    page.selectbox(key="sample").select(sample).run()
    written = page.text_area(key="message_0_text").value
    page.text_input(key="max_tokens_A").set_value("55").run()
    assert "undo_sample" not in keys(page)
    page.button(key="undo").click().run()
    assert page.text_input(key="max_tokens_A").value == "300"
    assert page.text_area(key="message_0_text").value == written
    page.button(key="undo").click().run()
    assert page.text_area(key="message_0_text").value == "My own question"
    page.button(key="redo").click().run()
    page.button(key="redo").click().run()
    assert page.text_area(key="message_0_text").value == written
    assert page.text_input(key="max_tokens_A").value == "55"
    assert page.button(key="redo").disabled


def test_set_up_again_is_offered_once_something_was_changed(page):
    open_lesson(page, 3)
    assert page.button(key="lesson_set_up").disabled
    page.text_input(key="max_tokens_A").set_value("50").run()
    assert not page.button(key="lesson_set_up").disabled
    page.button(key="lesson_set_up").click().run()
    assert page.text_input(key="max_tokens_A").value == "40"


def test_a_lesson_that_was_run_gets_a_check_mark(page):
    def checked():
        options = page.menu_button(key="lessons").options
        return [
            number
            for number, label in zip(NUMBERS, options, strict=True)
            if label.endswith(" :material/check:")
        ]

    press_run(page)
    open_lesson(page, 6)
    assert checked() == []
    press_run(page)
    assert checked() == [6]
    open_lesson(page, 3)
    assert checked() == [6]


def test_the_way_in_is_one_quiet_line_until_the_first_run(page):
    assert "lesson_start" in keys(page)
    assert "lesson_close" not in keys(page)
    press_run(page)
    assert "lesson_start" not in keys(page)


def test_with_a_key_a_lesson_says_that_it_costs_and_how_much_at_most(page):
    page.selectbox(key="connection").select("claude").run()
    page.text_input(key="api_key").input("sk-ant-canary-0123456789").run()
    open_lesson(page, 2)
    assert not page.exception
    assert "Run costs money here" in words(page)
    assert "temperature 0 is almost" in words(page)
    assert "at most" in page.button(key="run_all").label
    assert page.session_state["runs"] == {}


def test_the_lesson_on_errors_offers_the_demo_where_it_is_not_chosen(page):
    page.selectbox(key="connection").select("claude").run()
    open_lesson(page, 5)
    assert "This lesson needs the demo" in words(page)
    page.button(key="lesson_demo").click().run()
    assert not page.exception
    assert not page.warning
    assert page.selectbox(key="connection").value == "demo"
    assert page.selectbox(key="demo_scenario").value == "rate_limited"
    assert "lesson_demo" not in keys(page)
    page.session_state["base_wait_s"] = "0"
    page.run()
    page.button(key="run_all").click().run()
    finish(page)
    assert page.session_state["runs"]["A"].status == "done"


def test_variants_are_replaced_by_params_whatever_they_hold(page):
    open_lesson(page, 2)
    assert page.session_state["variants"] == ["A", "B", "C"]
    open_more(page, "ABC")
    assert [page.text_area(key=f"stops_{letter}").value for letter in "ABC"] == [""] * 3
    open_lesson(page, 4)
    assert page.session_state["variants"] == ["A"]
    assert page.text_input(key="temperature_A").value == ""
    page.button(key="add_variant").click().run()
    assert page.text_input(key="max_tokens_B").value == "1000"
