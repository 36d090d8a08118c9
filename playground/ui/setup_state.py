"""What samples and lessons put on the page, and the person's own brought back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import streamlit as st

from playground.core.lessons import LESSONS, Lesson
from playground.core.request import Message, Request
from playground.core.samples import Sample
from playground.ui import state, variant_state

Part = Literal["prompt", "variants", "scenario"]


def _page() -> dict[Part, Any]:
    """What can be put on the page and brought back."""
    return {
        "prompt": state.prompt(),
        "variants": variant_state.snapshot(),
        "scenario": st.session_state.get(state.SCENARIO) or "none",
    }


def _place(parts: tuple[Part, ...], change: Callable[[], None]) -> None:
    """Change parts of the page; what the person had there is kept, unless it was placed too."""
    session = st.session_state
    own, placed = dict(session.get("own", {})), dict(session.get("placed", {}))
    before = _page()
    for part in parts:
        if part not in own or placed.get(part) != before[part]:
            own[part] = before[part]
    change()
    after = _page()
    session["own"] = own
    session["placed"] = placed | {part: after[part] for part in parts}


def can_bring_back() -> bool:
    return "own" in st.session_state


def bring_back() -> None:
    """Undo samples and lessons: what the person had before them is there again."""
    session = st.session_state
    own: dict[Part, Any] = session.pop("own", {})
    session.pop("placed", None)
    if "prompt" in own:
        state.set_prompt(own["prompt"])
    if "variants" in own:
        variant_state.set_controls(own["variants"])
    if "scenario" in own:
        session[state.SCENARIO] = own["scenario"]
    session[state.SAMPLE] = None
    session["lesson_press"] = None


def load_sample() -> None:
    """Replace the prompt by the chosen sample."""
    chosen: Sample | None = st.session_state[state.SAMPLE]
    if chosen is not None:
        _place(("prompt",), lambda: state.set_prompt(chosen.prompt))


def promote_setting(request: Request) -> None:
    """Put an experiment's winner on the page as its only variant, and its prompt."""

    def change() -> None:
        state.set_prompt(request.prompt)
        variant_state.set_variants([request.params])

    _place(("prompt", "variants"), change)


def promote_answer(request: Request, answer: str) -> None:
    """Continue the conversation of a cell: its prompt as sent, then its answer."""
    messages = (*request.prompt.messages, Message("assistant", answer))
    _place(("prompt",), lambda: state.set_prompt(replace(request.prompt, messages=messages)))


def lesson() -> int | None:
    """The index of the lesson that is on."""
    index: int | None = st.session_state.get("lesson")
    return index


def set_up(index: int) -> None:
    """Begin a lesson: put all that it needs on the page, and start nothing."""

    def change() -> None:
        chosen: Lesson = LESSONS[index]
        state.set_prompt(chosen.prompt)
        variant_state.set_variants(chosen.variants)
        st.session_state[state.SCENARIO] = chosen.scenario

    _place(("prompt", "variants", "scenario"), change)
    session = st.session_state
    session[state.SAMPLE] = None
    session["lesson"], session["lesson_press"] = index, state.next_press()


def is_set_up() -> bool:
    """Whether the page is still as the lesson put it."""
    return bool(st.session_state.get("placed") == _page())


def close_lesson() -> None:
    st.session_state["lesson"] = None


def use_demo() -> None:
    st.session_state[state.CONNECTION] = "demo"


def lessons_done() -> frozenset[int]:
    """The lessons whose runs are over, in this session."""
    session = st.session_state
    done: frozenset[int] = session.get("lessons_done", frozenset())
    index, press = session.get("lesson"), session.get("lesson_press")
    runs = state.runs().values()
    if index is None or press is None or index in done or state.is_live():
        return done
    if any(run.plan.press >= press for run in runs):
        done |= {index}
        session["lessons_done"] = done
    return done
