"""Every change is one step, undo and redo are each other's opposite, and memory is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from playground.core.editor.page_state import PageState, Variant
from playground.core.editor.undo_history import MAX_CHARACTERS, MAX_STEPS, Step, UndoHistory
from playground.core.request.request import Message, Params, Prompt


def page(text: str, max_tokens: int = 300) -> PageState:
    return PageState(Prompt("", (Message("user", text),)), (Variant("A", Params("m", max_tokens)),))


def history(*texts: str) -> UndoHistory:
    found = UndoHistory((Step(page(texts[0])),))
    for text in texts[1:]:
        found = found.recorded(page(text), text)
    return found


@given(st.lists(st.text(max_size=3), min_size=1, max_size=20))
def test_undo_goes_through_all_changes_and_redo_comes_back(texts: list[str]) -> None:
    changed = [text for text, before in zip(texts, [None, *texts], strict=False) if text != before]
    last = found = history(*texts)
    for text in changed[-2::-1]:
        found = found.undone()
        assert found.now.state == page(text)
    assert found.undone() == found
    for _ in changed[1:]:
        found = found.redone()
    assert found == found.redone() == last


def test_a_change_after_undo_forgets_what_was_undone() -> None:
    found = history("a", "b", "c").undone().recorded(page("d"), "mine")
    assert not found.can_redo
    assert found.now.label == "mine"
    assert found.undone().now.state == page("b")


def test_the_oldest_steps_go_when_there_are_too_many_or_too_long_ones() -> None:
    many = history(*map(str, range(300)))
    assert len(many.steps) == MAX_STEPS
    assert many.now.state == page("299")
    long = history(*(letter * (MAX_CHARACTERS // 2) for letter in "abcdef"))
    assert len(long.steps) == 2
    huge = history("a", "b" * (2 * MAX_CHARACTERS), "c" * (2 * MAX_CHARACTERS))
    assert huge.can_undo


def test_steps_that_leave_the_prompt_alone_share_it() -> None:
    text = "x" * (MAX_CHARACTERS // 2)
    found = history(text)
    for max_tokens in range(1, 20):
        found = found.recorded(page(text + "", max_tokens))
    assert len({id(step.state.prompt) for step in found.steps}) == 1
    assert len(found.steps) == 20
