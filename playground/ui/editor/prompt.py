"""The prompt: a system prompt and the messages, shared by all variants."""

from collections.abc import Callable

import streamlit as st

from playground.core.request.body_shapes import ROLES, Role
from playground.core.request.sent_blocks import block_summary
from playground.core.request.tool_results import calls_in
from playground.core.runs.run_plan import Plan
from playground.core.text.json_text import indented
from playground.ui.editor.checks import show_checks
from playground.ui.session import editor_state, request_state
from playground.ui.widgets.fields import text_area
from playground.ui.widgets.markdown import plain
from playground.ui.wire.token_count import show_count

ROLE_WIDTH = 132
PLACEHOLDERS: dict[Role, str] = {
    "user": "What the user says.",
    "assistant": "What the assistant said.",
    "system": "Instructions that apply from here on.",
}
ONE_LINE = 68
"""Pixels; the lowest that Streamlit takes. The corner enlarges it."""


def edit_prompt(plans: list[Plan]) -> None:
    """Draw the editor and, beneath it, the checks."""
    with st.container(key="prompt", gap="xsmall"):
        text_area(
            "System prompt",
            key=request_state.SYSTEM_PROMPT,
            height=ONE_LINE,
            placeholder="Who the model is and how it answers. Empty: no system prompt is sent.",
        )
        ids = request_state.message_ids()
        for index, message_id in enumerate(ids):
            _edit_message(index, message_id, len(ids))
        # The button stands in the head of the last message, where there is one.
        if not ids:
            _add()
        show_count(plans)
        show_checks(plans)


def _edit_message(index: int, message_id: int, count: int) -> None:
    number = index + 1
    message = request_state.prompt().messages[index]
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xsmall", key=f"icons_message_{index}"
    ):
        st.selectbox(
            f"Role of message {number}",
            ROLES,
            key=request_state.message_role(index),
            label_visibility="collapsed",
            disabled=bool(message.result_of),
            format_func=str.capitalize,
            width=ROLE_WIDTH,
        )
        st.space("stretch")
        if count > 1:
            _icon(
                f"Move message {number} up", f"move_{index}_{index - 1}",
                ":material/arrow_upward:", "Move a message",
                request_state.move_message, message_id, -1, disabled=index == 0,
            )  # fmt: skip
            _icon(
                f"Move message {number} down", f"move_{index}_{number}",
                ":material/arrow_downward:", "Move a message",
                request_state.move_message, message_id, 1, disabled=number == count,
            )  # fmt: skip
        _icon(
            f"Remove message {number}", f"remove_message_{index}", ":material/delete:",
            "Remove a message", request_state.remove_message, message_id,
        )  # fmt: skip
        if number == count:
            _add()
    _show_blocks(index, message_id, message.blocks_json)
    _show_call(index, message.result_of)
    text_area(
        f"Message {number}",
        key=request_state.message_text(index),
        height="content",
        label_visibility="collapsed",
        placeholder="What the tool returned." if message.result_of else PLACEHOLDERS[message.role],
    )


def _show_call(index: int, call: str) -> None:
    """Draw the tool call whose result the text is."""
    if not call:
        return
    before = [calls_in(message.content) for message in request_state.prompt().messages[:index]]
    name = next((calls[call] for calls in reversed(before) if call in calls), "") or "a tool"
    st.caption(f"Result of {plain(name)}", help=f"For the call {plain(call)}")


def _show_blocks(index: int, message_id: int, blocks_json: str) -> None:
    """The blocks of an answer that are sent before the text."""
    if not blocks_json:
        return
    # Not under the plain key, where the session holds the blocks themselves.
    with st.expander(
        plain(block_summary(blocks_json)), key=request_state.message_blocks(index) + "_shown"
    ):
        st.code(indented(blocks_json), language="json", wrap_lines=True, height=200)
        st.button(
            "Keep only its text", key=f"drop_blocks_{index}", icon=":material/delete:",
            type="tertiary", on_click=editor_state.change,
            args=("blocks of a message", request_state.drop_blocks, message_id),
        )  # fmt: skip


def _add() -> None:
    with st.container(key="icons_add_message", width="content"):
        _icon(
            "Add message", request_state.ADD_MESSAGE, ":material/add:", "Add a message",
            request_state.add_message,
        )  # fmt: skip


def _icon(
    label: str, key: str, icon: str, step: str, do: Callable[..., None], *what: int,
    disabled: bool = False,
) -> None:  # fmt: skip
    """An icon button (page.css). `step` is its label in the undo history."""
    st.button(
        label,
        key=key,
        icon=icon,
        help=label,
        type="tertiary",
        disabled=disabled,
        on_click=editor_state.change,
        args=(step, do, *what),
    )
