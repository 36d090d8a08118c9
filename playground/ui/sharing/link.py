"""A shared page: its contents, and whether to open it. Starts no run."""

from pathlib import Path

import streamlit as st

from playground.ui.sharing import link_state
from playground.ui.sharing.page_contents import show_contents
from playground.ui.widgets.dialogs import show_dialog
from playground.ui.widgets.markdown import plain

SCRIPT = Path(__file__).with_name("link_listener.js").read_text("utf-8")


def show_link() -> None:
    """Ask about the link that the page was opened with, if there is one."""
    mount = st.components.v2.component("link", js=SCRIPT)
    # Received by a callback: another script run can interrupt this one before it reads a value.
    data = {"answered": link_state.answered_end()}
    mount(key=link_state.LISTENER, data=data, height=1, on_link_change=link_state.receive)
    if link_state.link():
        title = "A page was shared with you"
        show_dialog(link_state.DIALOG, title, _ask, on_dismiss=link_state.dismiss)


def _ask() -> None:
    if not link_state.link():
        st.rerun()  # Answered: a dialog's own button runs nothing but the dialog.
    page, problem = link_state.opened()
    if page is None:
        st.error(plain(problem), icon=":material/link_off:")
        st.button("Close", key="keep_mine", on_click=link_state.dismiss)
        return
    show_contents(page)
    st.caption("Opening it replaces your prompt and variants; Undo brings them back. Nothing runs.")
    with st.container(horizontal=True):
        st.button(
            "Open",
            key="open_link",
            type="primary",
            icon=":material/open_in_new:",
            on_click=link_state.accept,
        )
        st.button("Keep mine", key="keep_mine", on_click=link_state.dismiss)
