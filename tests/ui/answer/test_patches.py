"""State and patches together are the whole, wherever the answer was cut and whoever listens."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ui.told import Told

from playground.core.answer.events import (
    AttemptFailed,
    BlockStarted,
    Connecting,
    Finished,
    InputDelta,
    TextDelta,
    ThinkingDelta,
)
from playground.core.answer.failures import Failure
from playground.core.answer.retry import RetryPolicy
from playground.core.library.samples import SAMPLES
from playground.core.rendering.markdown import to_html
from playground.core.request.connection import DEMO
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.engine.run import Run
from playground.ui.answer.card import MADE_UP, detail_of
from playground.ui.answer.patches import AnswerUpdates, common_prefix_length, utf16_length
from playground.ui.session.answers_state import View

NOW = datetime(2026, 11, 29, tzinfo=UTC)
REQUEST = Request(Prompt("", (Message("user", "Hi"),)), Params("claude-sonnet-4-6", 300))
DOCUMENT = (
    "# Tips 👩🏽‍🍳\n\nSoak **rice** for `4` hours.\nThen grind.\n\n- one\n- two\n\n"
    "```python\nprint('दोसा')\n\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    "It costs $5 to $20, see [here].\n\n[here]: https://example.org\n"
)


def run_of(letter="A"):
    made = plan(RunContext(DEMO, RetryPolicy(), (), NOW), Variant(letter, REQUEST))
    run = Run("o", "v", made)
    run.fold(Connecting(1), 1.0)
    return run


def write(run, *texts):
    for text in texts:
        run.fold(TextDelta(text), 2.0)


def end(run):
    run.fold(Finished("end_turn"), 3.0)
    run.mark_recorded()


def view_of(**runs):
    return View(
        runs, {letter: letter for letter in runs}, is_hidden=False, focused=None, pinned=None,
        is_plain=False, blocked={}, drawn=frozenset(), changes=None, presses={},
    )  # fmt: skip


def hidden(view):
    names = {letter: str(at) for at, letter in enumerate(view.runs, 1)}
    return replace(view, names=names, is_hidden=True)


def listen(telling, told, view, **how):
    while (news := telling.next_message(view, **how)) is not None:
        told.take(news)
    return told


def listen_to_the_end(telling, told, view):
    give_up_s = time.monotonic() + 10
    listen(telling, told, view)
    while telling.has_more:
        listen(telling, told, view)
        assert time.monotonic() < give_up_s
    return listen(telling, told, view)


def anew(view):
    return listen(AnswerUpdates(), Told(), view)


def pieces(card):
    return {at: [*block.pieces] for at, block in card.blocks.items()}


def test_a_run_that_waits_for_nobody_is_not_said_to_be_in_line():
    made = plan(RunContext(DEMO, RetryPolicy(), (), NOW), Variant("A", REQUEST))
    run = Run("o", "v", made)
    assert detail_of(run) == "· starting"
    run.ahead = 0
    assert detail_of(run) == "· 1st in line"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(DOCUMENT)), max_size=12), st.data())
def test_patches_make_the_whole_wherever_the_text_is_cut(cuts, data):
    places = sorted({0, *cuts, len(DOCUMENT)})
    run, view = run_of(), None
    view = view_of(A=run)
    early, late = (AnswerUpdates(), Told()), (AnswerUpdates(), Told())
    for start, stop in pairwise(places):
        write(run, DOCUMENT[start:stop])
        listen(*early, view)
        if data.draw(st.booleans()):
            listen(*late, view)
    end(run)
    listen(*early, view)
    listen(*late, view)
    found = [pieces(told.cards[0]) for _, told in (early, late)]
    assert found[0] == found[1] == pieces(anew(view).cards[0])
    assert "".join(found[0][0]) == to_html(DOCUMENT)


def ends_told(telling, view):
    ended = []
    while (news := telling.next_message(view)) is not None:
        ended += news.get("ended", [])
    return ended


def test_that_a_run_is_over_is_told_once_also_where_it_was_over_before_its_card_came():
    telling, run = AnswerUpdates(), run_of()
    assert ends_told(telling, view_of()) == []
    end(run)
    view = view_of(A=run)
    assert len(ends_told(telling, view)) == 1
    assert ends_told(telling, hidden(view)) == ends_told(telling, view) == []
    slow = run_of("B")
    assert ends_told(telling, view_of(A=run, B=slow)) == []
    end(slow)
    assert len(ends_told(telling, view_of(A=run, B=slow))) == 1


def test_an_earlier_press_that_is_looked_at_again_ends_nothing():
    earlier = run_of()
    end(earlier)
    view = replace(view_of(A=earlier), presses={earlier.plan.press + 1: {}})
    assert ends_told(AnswerUpdates(), view) == []


def test_a_settled_text_is_not_told_again():
    run = run_of()
    telling, told, view = AnswerUpdates(), Told(), view_of(A=run)
    write(run, "word " * 2_000 + "\n\n")
    listen(telling, told, view)
    write(run, "more")
    news = telling.next_message(view)
    sent = sum(len(added) for *_, patches in news["texts"] for *_, added in patches)
    assert sent < 100


def test_what_stands_beside_the_answer_is_told_once_until_it_changes():
    run = run_of()
    telling, view = AnswerUpdates(lambda: 0.0), view_of(A=run)
    first = telling.next_message(view)
    assert first["cards"].keys() == first["fields"].keys()
    assert telling.next_message(view) is None
    write(run, "Hello")
    [said] = telling.next_message(view)["fields"].values()
    assert said["status"] == "streaming"
    assert "tools" not in said
    write(run, " there")
    assert "fields" not in telling.next_message(view)


def test_an_answer_of_the_demo_to_a_prompt_of_ones_own_says_that_it_is_made_up():
    sample = replace(REQUEST, prompt=SAMPLES[0].prompt)
    for request, note in ((REQUEST, MADE_UP), (sample, "")):
        run = Run("o", "v", plan(RunContext(DEMO, RetryPolicy(), (), NOW), Variant("A", request)))
        telling, told, view = AnswerUpdates(), Told(), view_of(A=run)
        run.fold(Connecting(1), 1.0)
        [card] = listen(telling, told, view).cards
        assert card.said["note"] == ""
        write(run, "Hello")
        [card] = listen(telling, told, view).cards
        assert card.said["note"] == note


def test_every_kind_of_block_is_told_in_order_and_grows():
    run = run_of()
    telling, told, view = AnswerUpdates(), Told(), view_of(A=run)
    run.fold(BlockStarted("thinking", at=0), 2.0)
    run.fold(ThinkingDelta("Hm, **rice**.", at=0), 2.0)
    run.fold(BlockStarted("text", at=1), 2.0)
    run.fold(TextDelta("I'll search.", at=1), 2.0)
    run.fold(BlockStarted("tool_use", "get_weather", "toolu_1", at=2), 2.0)
    for piece in ('{"city": "Vija', 'yawada", "d', 'ays": 2}'):
        run.fold(InputDelta(piece, at=2), 2.0)
        listen(telling, told, view)
    run.fold(BlockStarted("text", at=3), 2.0)
    run.fold(TextDelta("It rains.", at=3), 2.0)
    end(run)
    [card] = listen(telling, told, view).cards
    assert [block.kind for block in card.blocks.values()] == ["folded", "text", "open", "text"]
    assert card.blocks[0].text == "Hm, rice."
    assert "get_weather" in card.blocks[2].title
    assert "toolu_1" in card.blocks[2].title
    assert '"city": "Vijayawada"' in card.blocks[2].text
    assert card.answer.endswith("It rains.")
    assert pieces(card) == pieces(anew(view).cards[0])


def test_plain_text_is_told_letter_for_letter_and_back():
    run = run_of()
    telling, told, view = AnswerUpdates(), Told(), view_of(A=run)
    text = "**bold** $x$\n" * 1_000 + "the end"
    write(run, text)
    listen(telling, told, view)
    marked = pieces(told.cards[0])
    plain = replace(view, is_plain=True)
    [card] = listen(telling, told, plain).cards
    assert (
        "".join(piece.split(">", 1)[1] for piece in card.blocks[0].pieces).replace("</pre>", "")
        == text
    )
    write(run, "!")
    assert listen(telling, told, plain).cards[0].answer.endswith("the end!")
    # While it streams no more is read at a time than a slow processor can.
    end(run)
    listen_to_the_end(telling, told, view)
    assert pieces(told.cards[0]) != marked
    assert pieces(told.cards[0]) == pieces(
        listen_to_the_end(AnswerUpdates(), Told(), view).cards[0]
    )


def test_of_a_hidden_answer_nothing_is_told_but_its_text_and_status():
    run, other = run_of("A"), run_of("B")
    run.fold(ThinkingDelta("As Sonnet I think."), 2.0)
    write(run, "Hello")
    view = hidden(view_of(B=other, A=run))
    news = str(AnswerUpdates().next_message(view))
    for telling in (
        "Sonnet",
        "claude",
        "temperature",
        "think",
        "first token",
        "tokens",
        run.id,
        "'A'",
    ):
        assert telling not in news, telling
    first, second = anew(view).cards
    assert (first.name, second.name) == ("1", "2")
    assert second.answer == "Hello"
    shown = replace(view, names={"A": "A", "B": "B"}, is_hidden=False)
    telling, told = AnswerUpdates(), Told()
    listen(telling, told, view)
    before = told.cards
    after = listen(telling, told, shown).cards
    assert not any(card is each for card in after for each in before)


def ended(text, letter="A"):
    run = run_of(letter)
    write(run, text)
    end(run)
    return run


def test_changes_are_marked_and_counted_once_both_have_ended_and_taken_away_again():
    first, second = ended("Soak **rice**."), run_of("B")
    write(second, "Soak the rice.")
    view = replace(view_of(A=first, B=second), changes="A")
    telling, told = AnswerUpdates(), Told()
    listen(telling, told, view)
    assert "<ins>" not in pieces(told.cards[1])[0][0]
    end(second)
    listen_to_the_end(telling, told, view)
    one, other = told.cards
    assert pieces(other)[0] == ['<p dir="auto">Soak <ins>the</ins> rice.</p>']
    assert other.said["changes"] == {
        "with": "A", "options": [["A", "A"]], "words": "1 word added, 0 removed.",
    }  # fmt: skip
    assert one.said.get("changes") is None
    listen_to_the_end(telling, told, replace(view, changes=None))
    assert pieces(other)[0] == ['<p dir="auto">Soak the rice.</p>']
    assert other.said["changes"] is None


def test_another_comparison_takes_the_place_of_the_first_and_a_hidden_one_knows_no_letter():
    runs = {"A": ended("a"), "B": ended("a b", "B"), "C": ended("a c", "C")}
    telling, told, view = AnswerUpdates(), Told(), view_of(**runs)
    for against, words in (("A", "<ins>c</ins>"), ("B", "<del>b</del><ins>c</ins>")):
        listen_to_the_end(telling, told, replace(view, changes=against))
        assert pieces(told.cards[2])[0] == [f'<p dir="auto">a {words}</p>']
    [*_, last] = listen_to_the_end(
        AnswerUpdates(), Told(), hidden(replace(view, changes="A"))
    ).cards
    assert last.said["changes"]["with"] == "1"
    assert "'A'" not in last.words()


def test_an_answer_without_text_is_not_counted_as_words_taken_away():
    view = replace(view_of(A=ended("a b c"), B=ended("", "B")), changes="A")
    [*_, last] = listen_to_the_end(AnswerUpdates(), Told(), view).cards
    assert last.said["changes"]["words"] == "One of the two answers has no text."


def test_cards_of_runs_that_are_gone_go_and_the_others_stay():
    kept, gone, new = run_of("A"), run_of("B"), run_of("B")
    telling, told = AnswerUpdates(), Told()
    before = listen(telling, told, view_of(A=kept, B=gone)).cards
    after = listen(telling, told, view_of(A=kept, B=new)).cards
    assert after[0] is before[0]
    assert after[1] is not before[1]


def test_an_end_that_the_page_was_drawn_without_asks_for_another_drawing_once():
    runs = {"A": run_of("A"), "B": run_of("B")}
    telling, told, view = AnswerUpdates(), Told(), view_of(**runs)
    end(runs["A"])
    assert listen(telling, told, view).changed == 1
    assert listen(telling, told, view).changed == 1
    drawn = replace(view, drawn=frozenset({runs["A"].id}))
    assert listen(telling, told, drawn).changed == 1
    end(runs["B"])
    assert listen(telling, told, drawn).changed == 2


def test_who_comes_later_is_told_of_an_end_only_if_the_page_was_drawn_without_it():
    run = run_of()
    end(run)
    assert anew(view_of(A=run)).changed == 1
    assert anew(replace(view_of(A=run), drawn=frozenset({run.id}))).changed == 0


def test_in_a_busy_process_only_the_last_end_is_worth_a_drawing():
    runs = {"A": run_of("A"), "B": run_of("B")}
    telling, told, view = AnswerUpdates(), Told(), view_of(**runs)
    end(runs["A"])
    assert listen(telling, told, view, is_busy=True).changed == 0
    end(runs["B"])
    assert listen(telling, told, view, is_busy=True).changed == 1


def test_a_wait_is_told_with_its_countdown_and_an_error_with_what_to_do():
    run = run_of()
    failure = Failure("overloaded", "It is busy.", 529)
    run.fold(AttemptFailed(1, failure, 5.0, "Retried: it is busy."), 2.0)
    said = anew(view_of(A=run)).cards[0].said
    assert said["status"] == "waiting"
    assert said["timeline"]["next"] == "Attempt 2 of 4"
    run.fold(Connecting(2), 3.0)
    run.fold(AttemptFailed(2, failure, None, "Given up."), 4.0)
    run.mark_recorded()
    said = anew(view_of(A=run)).cards[0].said
    assert said["outcome"]["title"] == "529 overloaded"
    assert said["reason"] == "529 overloaded"
    assert [name for name, _ in said["outcome"]["lines"]] == ["Cost"]
    assert "$" in dict(said["outcome"]["lines"])["Cost"]
    assert "$" not in said["numbers"], "the cost stood on the card twice"
    assert said["outcome"]["next"].startswith("Run again in a few minutes")
    assert "again" in anew(view_of(A=run)).cards[0].tools


@given(st.text(), st.text(), st.text())
def test_what_two_texts_have_in_common_is_all_of_it(start, one, other):
    found = common_prefix_length(start + one, start + other)
    rest = (start + one)[found:], (start + other)[found:]
    assert (start + one)[:found] == (start + other)[:found]
    assert found >= len(start)
    assert not (rest[0] and rest[1] and rest[0][0] == rest[1][0])


@pytest.mark.parametrize(("text", "units"), [("", 0), ("abc", 3), ("दोसा", 4), ("👩🏽a", 5)])
def test_lengths_are_those_of_a_browser(text, units):
    assert utf16_length(text) == units
