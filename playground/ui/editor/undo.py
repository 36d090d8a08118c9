"""Undo and redo of changes to the prompt and the variants."""

import streamlit as st

from playground.ui.session import editor_state


def offer_undo() -> None:
    # Not Ctrl+Z: in a text field that is the browser's own undo of what is being typed.
    st.button(
        "Undo",
        icon=":material/undo:",
        key=editor_state.UNDO,
        help="Undo",  # A longer one would cover the right pane's control.
        shortcut="Ctrl+Alt+U",
        type="tertiary",
        on_click=editor_state.undo,
        disabled=not editor_state.history().can_undo,
    )


def offer_redo() -> None:
    st.button(
        "Redo",
        icon=":material/redo:",
        key=editor_state.REDO,
        help="Redo",
        shortcut="Ctrl+Alt+Y",
        type="tertiary",
        on_click=editor_state.redo,
        disabled=not editor_state.history().can_redo,
    )
