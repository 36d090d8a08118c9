"""The prompt: a system prompt and the messages, shared by all variants."""

import streamlit as st

from playground.core.request.request import ROLES
from playground.core.runs.run_plan import Plan
from playground.ui.editor.checks import show_checks
from playground.ui.session import editor_state, state
from playground.ui.widgets.text_area import text_area
from playground.ui.wire.token_count import show_count

ONE_LINE = 68
"""Pixels; the lowest that Streamlit takes. The corner enlarges it."""


def edit_prompt(plans: list[Plan]) -> None:
    """Draw the editor and, beneath it, what is wrong with the prompt."""
    with st.expander("Prompt", expanded=True, icon=":material/edit_note:", key="prompt"):
        text_area(
            "System prompt",
            key=state.SYSTEM_PROMPT,
            height=ONE_LINE,
            placeholder="Who the model is and how it answers. Empty: no system prompt is sent.",
        )
        count = len(state.prompt().messages)
        for index in range(count):
            _edit_message(index, count)
        if not count:
            _add()
        show_count(plans)
        show_checks(plans)


def _edit_message(index: int, count: int) -> None:
    head = st.container(horizontal=True, vertical_alignment="center", key=f"message_{index}")
    with head:
        st.segmented_control(
            f"Role of message {index + 1}",
            ROLES,
            key=state.message_role(index),
            label_visibility="collapsed",
            format_func=str.capitalize,
            required=True,
        )
        st.space("stretch")
        _move(index, index - 1, ":material/arrow_upward:", "Move up", disabled=index == 0)
        last = count - 1
        _move(index, index + 1, ":material/arrow_downward:", "Move down", disabled=index == last)
        st.button(
            ":material/delete:",
            key=f"remove_message_{index}",
            help="Remove this message",
            type="tertiary",
            on_click=editor_state.change,
            args=("Remove a message", state.remove_message, index),
        )
        if index == count - 1:
            _add()
    text_area(
        f"Message {index + 1}",
        key=state.message_text(index),
        height="content",
        label_visibility="collapsed",
        placeholder="What the user says, or what the assistant said.",
    )


def _add() -> None:
    st.button(
        "Add message",
        key=state.ADD_MESSAGE,
        icon=":material/add:",
        type="tertiary",
        on_click=editor_state.change,
        args=("Add a message", state.add_message),
    )


def _move(index: int, to: int, icon: str, label: str, *, disabled: bool) -> None:
    st.button(
        icon,
        key=f"move_{index}_{to}",
        help=label,
        type="tertiary",
        disabled=disabled,
        on_click=editor_state.change,
        args=("Move a message", state.move_message, index, to),
    )
