"""Samples, lessons and earlier requests, written into the editor."""

import streamlit as st

from playground.core.answer.content import Blocks
from playground.core.library.lessons import LESSONS, Lesson
from playground.core.library.samples import Sample
from playground.core.request.request import Request
from playground.core.request.template import escaped
from playground.core.runs.continuing import continued
from playground.ui.session import editor_state, late_values_state, request_state, state

PLACED, LOGGED = "sample or lesson", "run of the log"
"""The names of their steps in the history of changes."""


def load_sample() -> None:
    """Replace the prompt by the chosen sample. The browser's value is untrusted."""
    chosen: Sample | str | None = st.session_state[state.SAMPLE]
    if chosen is not None and not isinstance(chosen, str):
        editor_state.replace_prompt(chosen.prompt, PLACED)


def can_undo_placed() -> bool:
    """Whether the last change was a sample or a lesson."""
    return editor_state.history().now.label == PLACED


def undo_placed() -> None:
    """Undo samples and lessons, back to the visitor's own contents."""
    editor_state.undo_all(PLACED)


def place_request(request: Request, letter: str) -> None:
    """Write a request into the editor: its prompt for all, its parameters for one variant."""
    editor_state.change(LOGGED, _place_request, request, letter)
    st.session_state[state.SAMPLE] = None


def _place_request(request: Request, letter: str) -> None:
    request_state.set_prompt(request.prompt)
    request_state.set_variant(letter, request.params)
    request_state.show_variant(letter)


def holds_request() -> bool:
    """Whether the last change was `place_request`."""
    return editor_state.history().now.label == LOGGED


def promote_setting(request: Request) -> None:
    """Replace the prompt and the variants by an experiment's winner."""
    editor_state.replace_request(request, "winner of an experiment")


def promote_answer(request: Request, answer: Blocks, stop_reason: str | None) -> None:
    """Continue the conversation of a cell: its prompt as sent, then its answer."""
    prompt = escaped(continued(request.prompt, answer, stop_reason))
    editor_state.replace_prompt(prompt, "answer of a cell")


def promote_run(request: Request, letter: str, answer: Blocks, stop_reason: str | None) -> None:
    """Continue the conversation of a run on the page, whose parameters its own variant takes; the
    other variants stay."""
    prompt = escaped(continued(request.prompt, answer, stop_reason))
    going_on = Request(prompt, request.params)
    editor_state.change("answer of a run", _place_request, going_on, letter)
    st.session_state[state.SAMPLE] = None


def lesson() -> int | None:
    """The index of the active lesson."""
    index: int | None = st.session_state.get("lesson")
    return index


def set_up(index: int) -> None:
    """Set the page up for a lesson, without starting a run."""
    editor_state.change(PLACED, _place, LESSONS[index])
    session = st.session_state
    session[state.SAMPLE] = None
    session["lesson"], session["lesson_press"] = index, state.next_press()
    # As the editor reads it, since that is what `is_set_up` compares it with.
    session["lesson_page"] = editor_state.page()


def _place(chosen: Lesson) -> None:
    request_state.set_prompt(chosen.prompt)
    request_state.set_variants(chosen.variants)
    st.session_state[state.SCENARIO] = chosen.scenario


def is_set_up() -> bool:
    """Whether the page is still as the lesson set it up."""
    placed: object = st.session_state.get("lesson_page")
    return bool(placed == editor_state.page())


def close_lesson() -> None:
    st.session_state["lesson"] = None


def use_demo() -> None:
    with late_values_state.protected(state.CONNECTION):
        st.session_state[state.CONNECTION] = "demo"


def lessons_done() -> frozenset[int]:
    """The lessons whose runs are over, in this session."""
    session = st.session_state
    done: frozenset[int] = session.get("lessons_done", frozenset())
    index, press = session.get("lesson"), session.get("lesson_press")
    runs = state.runs().values()
    if index is None or press is None or index in done or state.is_live():
        return done
    # Runs from before the lesson do not count.
    if any(run.plan.press >= press for run in runs):
        done |= {index}
        session["lessons_done"] = done
    return done
