"""The answers of the page beside each other: compared, pinned, focused, voted on, continued."""

from random import Random

import pytest
from streamlit.testing.v1 import AppTest
from ui.driving import answer, answers, click_card, click_more, finish, press_run, trigger, words

from playground.core.log.history import Mark
from playground.core.log.votes import shuffled
from playground.core.text.refusal import Refusal
from playground.ui.session.services import services

LOCAL = "local"
NUMBERS = {"A": "temperature 0.2", "B": "temperature 1"}


@pytest.fixture
def page(page):
    """B is cut short, so that its answer is never A's."""
    return page.text_input(key="max_tokens_B").set_value("40").run()


def keys(page, kind="button"):
    return {element.key for element in page.get(kind)}


def click(page, key):
    page.button(key=key).click().run()
    assert not page.exception
    return page


def opened(page, key):
    page.session_state[key] = True
    return page.run()


def cards(page):
    """What the page calls its cards, in the order in which they stand."""
    return [card.name for card in answers(page)]


def runs(page):
    return page.session_state["runs"]


def marked(page):
    """What was voted, by letter."""
    by_id = {run.id: letter for letter, run in runs(page).items()}
    marks = services().log.history.marks(LOCAL, list(by_id))
    return {by_id[run_id]: mark.vote for run_id, mark in marks.items()}


def go_blind(page):
    page.toggle(key="blind_votes").set_value(True).run()
    return page


def press_slowly(page):
    """A run that stays on its way until it is stopped."""
    page.selectbox(key="demo_scenario").select("slow_first_token").run()
    page.button(key="run_all").click().run()
    assert any(run.is_live for run in runs(page).values())


def changes(page, letter="A"):
    """What the card says of its changes; None: nothing is marked."""
    return answer(page, letter).said.get("changes")


def test_one_click_marks_what_differs_from_another_card_and_one_more_takes_it_away(page):
    press_run(page)
    click_card(page, "changes", "B")
    assert changes(page, "B")["with"] == "A"
    assert changes(page, "B")["words"].endswith("removed.")
    assert changes(page, "A") is None
    assert "<del>" in marked_html(page, "B")
    click_card(page, "changes", "B")
    assert changes(page, "B") is None
    assert "<del>" not in marked_html(page, "B")


def marked_html(page, letter):
    return "".join(answer(page, letter).blocks[0].pieces)


def test_after_the_next_press_the_one_before_is_compared_with_and_stays_so(page):
    press_run(page)
    page.text_area(key="message_0_text").input("How do I soak rice?").run()
    press_run(page)
    click_card(page, "changes", "A")
    assert changes(page)["options"][0] == ["before", "Run 1 A"]
    assert [changes(page, letter)["with"] for letter in "AB"] == ["before", "before"]
    assert changes(page)["words"].startswith("Another prompt · ")
    press_run(page)
    assert changes(page)["options"][0] == ["before", "Run 2 A"]
    assert changes(page)["words"] == "The same words."
    trigger(page, "act", ["against", "B", "A"])
    assert changes(page, "B")["with"] == "A"
    assert changes(page, "A") is None


@pytest.mark.parametrize("value", ["Z", None, ["A"], "A", 7])
def test_a_comparison_that_is_not_offered_changes_nothing(page, value):
    press_run(page)
    trigger(page, "act", ["against", "A", value])
    assert not page.exception
    assert changes(page) is None


def test_one_answer_alone_is_not_compared(page):
    click_more(page, "remove_variant_B")
    press_run(page)
    assert "changes" not in answer(page).tools
    assert "vote_A" not in keys(page)


def test_a_pinned_answer_is_compared_with_until_it_is_let_go(page):
    click_more(page, "remove_variant_B")
    press_run(page)
    first = runs(page)["A"].text
    click_card(page, "pin", "A")
    assert changes(page) is None
    page.text_area(key="message_0_text").input("How do I soak rice?").run()
    press_run(page)
    assert runs(page)["A"].text != first
    assert changes(page)["with"] == "baseline"
    assert changes(page)["options"][0] == ["baseline", "Pinned · run 1 A"]
    assert "<ins>" in marked_html(page, "A")


def test_an_answer_can_be_pinned_when_it_has_ended(page):
    press_slowly(page)
    assert answer(page).tools["pin"]
    page.button(key="stop_all").click().run()
    assert "pin" not in answer(page).tools  # there is nothing to pin
    page.selectbox(key="demo_scenario").select("none").run()
    press_run(page)
    assert answer(page).tools["pin"] is False


def test_a_focused_card_comes_first_and_goes_back_while_all_go_on(page):
    press_slowly(page)
    before = {letter: run.id for letter, run in runs(page).items()}
    click_card(page, "focus", "B")
    assert cards(page) == ["B", "A"]
    page.run()
    assert cards(page) == ["B", "A"]
    click_card(page, "focus", "B")
    assert cards(page) == ["A", "B"]
    assert {letter: run.id for letter, run in runs(page).items()} == before
    assert all(run.is_live for run in runs(page).values())
    page.button(key="stop_all").click().run()


def test_a_vote_is_kept_with_each_run_counted_and_taken_back(page):
    press_run(page)
    services().log.history.change_mark(LOCAL, runs(page)["A"].id, lambda _: Mark(is_starred=True))
    click(page, "vote_B")
    assert marked(page) == {"A": "lost", "B": "won"}
    assert "You voted for **B**" in words(page)
    said = words(page).replace("\\", "")
    assert "temperature 0.2 · Demo won 0 of 1. 1 vote: too few to tell" in said
    assert "temperature 1 · Demo won 1 of 1" in said
    click(page, "vote_take_back")
    assert marked(page) == {"A": "", "B": ""}
    click(page, "vote_tie")
    assert marked(page) == {"A": "tied", "B": "tied"}
    assert services().log.history.marks(LOCAL, [runs(page)["A"].id]) == {
        runs(page)["A"].id: Mark(is_starred=True, vote="tied", ballot=runs(page)["A"].id)
    }
    press_run(page)
    assert {"vote_A", "vote_B", "vote_tie"} <= keys(page)


def test_votes_on_other_settings_are_a_click_away(page):
    press_run(page)
    click(page, "vote_A")
    assert "all_votes" not in keys(page, "popover")
    page.text_input(key="max_tokens_A").set_value("50").run()
    press_run(page)
    click(page, "vote_A")
    opened(page, "all_votes")
    said = words(page).replace("\\", "")
    assert "max_tokens 300 · temperature 0.2 · Demo won 1 of 1" in said
    assert "max_tokens 50 · temperature 0.2 · Demo won 1 of 1" in said


def test_a_vote_that_cannot_be_kept_is_not_counted_and_says_so(page, monkeypatch):
    press_run(page)
    go_blind(page)
    log = services().log.history
    monkeypatch.setattr(log, "vote", lambda visitor, cast: Refusal("Not done: the disk is full."))
    click(page, "vote_1")
    assert "Your vote was not saved" in words(page)
    assert {"vote_1", "vote_2"} <= keys(page)
    assert answer(page, "1").said["numbers"] == "Hidden until you vote."


def test_answers_of_different_presses_are_not_voted_on(page):
    page.selectbox(key="demo_scenario").select("slow_first_token").run()
    page.button(key="run_all").click().run()
    page.button(key="stop_all").click().run()
    page.selectbox(key="demo_scenario").select("none").run()
    click_card(page, "again")
    finish(page)
    assert runs(page)["A"].text
    assert not {"vote_A", "vote_B"} & keys(page)


def test_nothing_tells_whose_a_hidden_answer_is_until_the_vote(page):
    go_blind(page)
    press_run(page)
    assert not page.exception
    band = drawn_in_band(page)
    for telling in (
        *NUMBERS.values(),
        "Sonnet",
        "first token",
        "tok/s",
        "max_tokens",
        "end_turn",
        "'A'",
        "'B'",
    ):
        assert telling not in band, telling
    assert cards(page) == ["1", "2"]
    shown = keys(page)
    assert not {"save_answers", "vote_A", "vote_B"} & shown
    assert [{*card.tools} for card in answers(page)] == [{"focus", "changes"}] * 2
    assert {page.button(key=f"vote_{number}").label for number in "12"} == {"1", "2"}
    click_card(page, "changes", "2")
    assert changes(page, "2")["options"] == [["1", "1"]]
    first = page.session_state["blind_order"][1][0]
    click(page, "vote_1")
    band = drawn_in_band(page)
    for telling in (*NUMBERS.values(), "Sonnet", "first token", "'A'", "'B'"):
        assert telling in band, telling
    assert cards(page)[0] == first
    assert f"You voted for **{first}**" in words(page)
    assert marked(page)[first] == "won"
    click(page, "vote_take_back")
    assert "first token" in drawn_in_band(page)


def drawn_in_band(page):
    """All texts of the answers' band but its answers: what of it could tell whose they are."""
    keys = ("answers_head", "answers_band", "answers_beneath")
    parts = [each for each in page.main if getattr(each, "key", None) in keys]
    assert len(parts) == len(keys)
    kinds = ("markdown", "caption", "button", "error", "warning")
    elements = [element for part in parts for kind in kinds for element in part.get(kind)]
    texts = [getattr(each, "label", "") or str(getattr(each, "value", "")) for each in elements]
    drawn = "\n".join(text for text in texts if "won " not in text).replace("\\", "")
    return "\n".join([drawn, *(card.words() for card in answers(page))])


def test_the_cards_are_shuffled_once_for_each_press(page):
    for _ in range(3):
        page.button(key="add_variant").click().run()
    go_blind(page)
    press_run(page)
    assert cards(page) == list("12345")
    order = page.session_state["blind_order"][1]
    assert sorted(order) == list("ABCDE")
    page.run()
    assert page.session_state["blind_order"][1] == order
    page.toggle(key="blind_votes").set_value(False).run()
    assert cards(page) == list("ABCDE")
    # The card that had the full width would be known by it.
    click_card(page, "focus", "C")
    go_blind(page)
    press_run(page)
    assert not any(card.said["wide"] for card in answers(page))
    assert cards(page) == list("12345")


def test_without_two_answers_to_vote_on_nothing_stays_hidden(page):
    go_blind(page)
    page.selectbox(key="demo_scenario").select("wrong_key").run()
    press_run(page)
    assert "401" in answer(page).said["outcome"]["happened"]
    assert NUMBERS["A"] in drawn_in_band(page)


def draw_order(seed):
    from random import Random
    from types import SimpleNamespace

    import streamlit as st

    from playground.ui.session import answers_state

    plan = SimpleNamespace(press=1)
    runs = {x: SimpleNamespace(id=x, plan=plan, blocks=(x,), is_live=False) for x in "ABCDEF"}
    st.session_state.setdefault("blind_votes", True)
    st.text("".join(answers_state.ordered(runs, Random(seed))))


def test_the_order_hangs_on_chance_alone():
    app = AppTest.from_function(draw_order, args=(7,)).run()
    assert app.text[0].value == "".join(shuffled("ABCDEF", Random(7)))
    app.session_state["blind_votes"] = False
    assert app.run().text[0].value == "ABCDEF"


def test_a_winner_goes_on_as_the_conversation_with_what_it_was_sent_with(page):
    press_run(page)
    page.text_input(key="max_tokens_B").set_value("77").run()
    before = {
        "text": page.text_area(key="message_0_text").value,
        "temperature": page.text_input(key="temperature_A").value,
    }
    sent = runs(page)["B"].plan.request.params.max_tokens
    answer = runs(page)["B"].text
    click_card(page, "continue", "B")
    assert page.session_state["message_1_role"] == "assistant"
    assert page.text_area(key="message_1_text").value == answer
    assert page.session_state["message_2_role"] == "user"
    assert page.text_area(key="message_2_text").value == ""
    assert page.text_input(key="temperature_A").value == before["temperature"]
    assert page.session_state["variants"] == ["A", "B"]
    assert page.text_input(key="max_tokens_B").value == str(sent)
    click(page, "undo")
    assert page.text_input(key="max_tokens_B").value == "77"
    assert len(page.session_state["message_ids"]) == 1
    assert page.text_area(key="message_0_text").value == before["text"]
    assert page.text_input(key="temperature_A").value == before["temperature"]
