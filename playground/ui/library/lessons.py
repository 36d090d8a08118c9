"""The lessons: a menu in the header, and a slim card above the prompt while one is on."""

import streamlit as st

from playground.core.library.lessons import LESSONS, Lesson
from playground.ui.library import lessons_state
from playground.ui.runs import running
from playground.ui.session import state
from playground.ui.widgets.markdown import plain

MENU = "lessons"


def choose_lesson() -> None:
    """Draw the menu; one click sets a lesson up."""
    done = lessons_state.lessons_done()

    def label(index: int) -> str:
        mark = " :material/check:" if index in done else ""
        return plain(f"{index + 1} {LESSONS[index].name}") + mark

    st.menu_button(
        "Lessons",
        options=range(len(LESSONS)),
        format_func=label,
        key=MENU,
        icon=":material/school:",
        type="tertiary",
        on_click=_set_up_chosen,
    )


def _set_up_chosen() -> None:
    chosen: int | None = st.session_state[MENU]
    # A browser may send any text; what is no lesson is None.
    if chosen is not None:
        lessons_state.set_up(chosen)


def show_lesson() -> None:
    """Draw the card of the active lesson."""
    # Always there: what comes and goes moves the places of all below, and a browser shows
    # the old ones for a moment.
    with st.container(key="lesson_place"):
        index = lessons_state.lesson()
        if index is not None:
            with st.container(border=True, key="lesson", gap="xsmall"):
                _show(index, LESSONS[index])


def offer_first_lesson() -> None:
    """A first visitor's way in, where the answers will be."""
    is_new = not lessons_state.can_undo_placed()
    if is_new and lessons_state.lesson() is None:
        st.button(
            "New here? Start with the first of six short lessons",
            key="lesson_start",
            icon=":material/school:",
            type="tertiary",
            on_click=_set_up_first,
        )


def _set_up_first() -> None:
    lessons_state.set_up(0)
    st.rerun()  # The editor as well.


def remind_of_run() -> None:
    """Beside Run: a reminder that the active lesson asks to press it."""
    index = lessons_state.lesson()
    if index is not None and index not in lessons_state.lessons_done() and not state.is_live():
        with st.container(key="lesson_run", width="content"):
            st.badge(f"Lesson {index + 1}: press Run", icon=":material/arrow_back:", color="orange")


def _show(index: int, lesson: Lesson) -> None:
    is_demo = running.connection().kind == "demo"
    # Beside its name: a line more would push the variants out of a small window.
    with st.container(
        horizontal=True, vertical_alignment="center", wrap=False, gap="small", key="icons_lesson"
    ):
        st.markdown(f"**Lesson {index + 1} of {len(LESSONS)} · {plain(lesson.name)}**")
        st.space("stretch")
        _buttons(index)
    st.markdown(_marked(lesson.look_at))
    if not is_demo and lesson.needs_demo:
        st.caption("This lesson needs the demo, which can fail on demand.")
        st.button("Use the demo", key="lesson_demo", on_click=lessons_state.use_demo)
    elif note := lesson.in_demo if is_demo else f"Run costs money here. {lesson.elsewhere}":
        st.caption(plain(note))


def _marked(text: str) -> str:
    """A lesson's words, with what is to be pressed in sight."""
    return plain(text).replace(plain("Press Run."), ":orange-badge[Press Run]")


def _buttons(index: int) -> None:
    """All but the way on show their icon alone (page.css)."""
    offer_undo("Undo")
    st.button(
        "Start this lesson over",
        key="lesson_set_up",
        icon=":material/restart_alt:",
        type="tertiary",
        help="Start over: put the lesson's prompt and variants on the page again.",
        on_click=lessons_state.set_up,
        args=(index,),
        disabled=lessons_state.is_set_up(),
    )
    if index + 1 < len(LESSONS):
        st.button("Next", key="lesson_next", on_click=lessons_state.set_up, args=(index + 1,))
    st.button(
        "Close the lesson",
        key="lesson_close",
        icon=":material/close:",
        type="tertiary",
        help="Close the lesson; the page stays as it is.",
        on_click=lessons_state.close_lesson,
    )


def offer_undo(label: str) -> None:
    """The button that undoes samples and lessons, if there is something to undo."""
    if lessons_state.can_undo_placed():
        st.button(
            label,
            help="Bring back my prompt and, after a lesson, my variants and scenario.",
            key="undo_sample",
            type="tertiary",
            icon=":material/undo:",
            on_click=lessons_state.undo_placed,
        )
