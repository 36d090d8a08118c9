"""The link that the page was opened with, until its visitor has answered it."""

import streamlit as st

from playground.core.editor.page_state import PageState
from playground.core.sharing.links import LinkError, decode
from playground.ui.library import lessons_state
from playground.ui.session import editor_state, state

LISTENER, DIALOG = "link_listener", "opened_link"
END_CHARACTERS = 24
"""As much of an answered link as identifies it."""


def receive() -> None:
    """Receive the link that the page was opened with. Nothing in the editor changes."""
    text = st.session_state[LISTENER].get("link")
    # The browser's value is untrusted.
    if isinstance(text, str) and text:
        open_link(text)


def open_link(text: str) -> None:
    """Ask the visitor whether to open a link."""
    st.session_state["link"] = text
    st.session_state["answered_link"] = ""
    state.open_dialog(DIALOG)


def link() -> str:
    """The text of the link that waits for an answer, or nothing."""
    return str(st.session_state.get("link", ""))


def opened() -> tuple[PageState | None, str]:
    """What the link holds, or why it can't be opened."""
    try:
        return decode(link()), ""
    except LinkError as error:
        return None, str(error)


def accept() -> None:
    """Replace the contents of the editor by the link's, as one step that can be undone."""
    page, _ = opened()
    if page is not None:
        editor_state.replace_page(page, "Open a link")
        lessons_state.close_lesson()
        st.session_state[state.SAMPLE] = None
    dismiss()


def dismiss() -> None:
    """Keep the editor as it is, and have the link removed from the address."""
    st.session_state["answered_link"] = link()[-END_CHARACTERS:]
    st.session_state["link"] = ""
    state.close_dialog()


def answered_end() -> str:
    """The end of the link that was answered last."""
    return str(st.session_state.get("answered_link", ""))
