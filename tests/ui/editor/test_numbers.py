"""Numbers on the page: what is typed stays, and what can't be sent is refused with the reason."""

import pytest
from ui.driving import click_more, finish, open_more, press_run, words


def said(page):
    return words(page).replace("\\", "")


def type_in(page, key, text):
    return page.text_input(key=key).set_value(text)


def sent(page, letter="A"):
    return page.session_state["runs"][letter].plan.wire.parameters()


def test_what_cannot_be_sent_is_refused_at_the_field_in_checks_and_beside_run(page):
    for key, text, why in (
        ("temperature_A", "5", "Temperature “5” is out of range"),
        ("temperature_A", "0,", "Temperature “0,” is not finished"),
        ("temperature_A", "1.000", "Temperature “1.000” could mean 1 or 1000"),
        ("max_tokens_A", "-1", "max_tokens “-1” is out of range"),
        ("max_tokens_A", "9999999999", "max_tokens “9999999999” is out of range"),
    ):
        before = page.text_input(key=key).value
        type_in(page, key, text)
        page.button(key="run_all").click().run()  # Together, as Ctrl+Enter sends them.
        assert not page.exception
        assert page.session_state["runs"] == {}
        assert said(page).count(why) == 3, "at the field, in Checks, beside Run"
        assert page.text_input(key=key).value == text
        type_in(page, key, before).run()
        assert why not in said(page)


def test_a_number_that_the_model_refuses_is_refused_in_checks_and_beside_run(page):
    for key, text, why in (
        ("temperature_A", "1.5", "Temperature must be from 0 to 1."),
        ("max_tokens_A", "0", "max_tokens must be at least 1."),
    ):
        before = page.text_input(key=key).value
        type_in(page, key, text)
        page.button(key="run_all").click().run()
        assert page.session_state["runs"] == {}
        assert said(page).count(why) == 2, "in Checks, beside Run"
        assert page.text_input(key=key).value == text
        type_in(page, key, before).run()


def test_what_can_be_read_is_sent_as_it_is_shown(page):
    type_in(page, "temperature_A", "0,1")
    type_in(page, "max_tokens_A", "1 000")
    press_run(page)
    assert (sent(page)["temperature"], sent(page)["max_tokens"]) == (0.1, 1000)
    assert page.text_input(key="temperature_A").value == "0,1"
    assert page.text_input(key="max_tokens_A").value == "1 000"


def test_what_was_typed_survives_undo_another_model_and_a_new_variant(page):
    type_in(page, "max_tokens_B", "3OO").run()
    page.button(key="add_variant").click().run()
    assert page.text_input(key="max_tokens_C").value == "3OO"
    type_in(page, "temperature_B", "0,").run()
    page.button(key="undo").click().run()
    assert page.text_input(key="temperature_B").value == "1"
    assert page.text_input(key="max_tokens_B").value == "3OO"
    page.button(key="redo").click().run()
    assert page.text_input(key="temperature_B").value == "0,"
    page.selectbox(key="model_B").select("claude-sonnet-5-5").run()
    open_more(page, "B")
    assert page.text_input(key="temperature_B").disabled
    assert page.text_input(key="temperature_B").value == "0,"
    assert "Temperature “0," not in said(page), "it is not sent, and can't be edited"


@pytest.mark.parametrize(
    ("key", "text"), [("attempts", "0"), ("base_wait_s", "x"), ("deadline_s", "")]
)
def test_a_retry_field_that_cannot_be_read_keeps_run_from_starting(page, key, text):
    page.session_state["retry"] = True
    page.run()
    type_in(page, key, text)
    page.button(key="run_all").click().run()
    assert page.session_state["runs"] == {}
    assert "Not started. Retries, in the sidebar:" in said(page)


def test_no_code_and_no_preview_of_a_request_is_shown_without_what_was_typed(page):
    type_in(page, "temperature_A", "5").run()
    for key, words_ in (("code_A", "There is no code"), ("as_sent_A", "Nothing would be sent")):
        click_more(page, key)
        [warning] = page.warning
        assert words_ in warning.value
        page.session_state["dialog"] = None
        page.run()


def test_a_card_says_what_has_to_be_corrected_and_no_other_reason(page):
    open_more(page, "A")
    for name, text, label in (
        ("temperature", "5", "Temperature"),
        ("top_p", "x", "top_p"),
        ("top_k", "1.5", "top_k"),
    ):
        type_in(page, f"{name}_A", text).run()
        assert f"{label} must be corrected before anything is sent." in said(page)
        assert "Cost unknown until the numbers are corrected." in said(page)
        assert page.button(key="run_all").label.replace("\\", "").startswith(f"Run · {label}")
        type_in(page, f"{name}_A", "").run()
        assert "must be corrected" not in said(page)
    page.selectbox(key="model_A").select("claude-haiku-4-5").run()
    page.selectbox(key="thinking_A").select("budget").run()
    type_in(page, "thinking_budget_A", "2.048").run()
    assert "The thinking budget must be corrected before anything is sent." in said(page)
    assert "None was entered" not in said(page)


def test_what_is_wrong_with_a_temperature_is_said_at_its_field_and_once_in_the_checks(page):
    type_in(page, "temperature_A", "5").run()
    assert said(page).count("Temperature “5” is out of range.") == 2
    assert "must be corrected" not in said(page)


def test_a_fix_makes_the_field_one_that_can_be_sent(page):
    type_in(page, "max_tokens_A", "1.000").run()
    page.button(key="fix_max_tokens_A").click().run()
    assert page.text_input(key="max_tokens_A").value == "1000"
    page.button(key="run_all").click().run()
    finish(page)
    assert sent(page)["max_tokens"] == 1000


def test_a_filter_that_cannot_be_read_says_so_and_hides_no_run(page):
    press_run(page)
    page.session_state["log_filters"] = True
    page.run()
    type_in(page, "log_from_usd", "0,x").run()
    assert "Cost from “0,x” is not a number" in said(page)
    assert page.text_input(key="log_from_usd").value == "0,x"
