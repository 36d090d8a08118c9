"""The draft: restores the editor after a reload, a restart or a crash."""

from pathlib import Path

import streamlit as st

from playground.ui.editor import draft_state
from playground.ui.session import editor_state, reload_state, state
from playground.ui.widgets.markdown import plain

KEEPER = Path(__file__).with_name("draft_keeper.js").read_text("utf-8")


def keep_draft() -> None:
    """Have the browser save the contents of the editor."""
    mount = st.components.v2.component("draft", js=KEEPER, isolate_styles=False)
    data = {
        "session": draft_state.session_name(),
        "page": draft_state.draft_json(),
        "received": draft_state.has_received(),
        "token": state.fed_page().token,
    }
    # Received by a callback: a draft must be restored before the fields are drawn.
    mount(key=draft_state.DRAFT, data=data, height=1, on_kept_change=_receive)


def _receive() -> None:
    before = draft_state.receive()
    if before is not None and before.name:
        reload_state.take_over_runs(before)


def show_restored() -> None:
    """Say that a draft was restored, until it is changed; or that one could not be."""
    if problem := draft_state.pop_problem():
        st.caption(f"Nothing was restored: {plain(problem)}")
    if draft_state.draft_json() is None:
        st.caption(
            ":orange[:material/warning:] Too long to keep in the browser; a reload would lose it."
        )
    if draft_state.is_restored():
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", width="content",
            key="restored",
        ):  # fmt: skip
            st.caption(":material/history: Restored what you were typing", width="content")
            st.button(
                "Discard",
                key="discard_draft",
                type="tertiary",
                icon=":material/undo:",
                on_click=editor_state.undo,
            )
