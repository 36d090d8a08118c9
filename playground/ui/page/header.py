"""The header: title, connection, and the actions on the contents of the editor."""

import streamlit as st

from playground.ui.editor.draft import show_restored
from playground.ui.library.lessons import choose_lesson
from playground.ui.library.library import offer_library
from playground.ui.log.log_actions import show_placed
from playground.ui.runs import running
from playground.ui.server.visitor import is_local
from playground.ui.session import editor_state, state
from playground.ui.session.services import services
from playground.ui.sharing.import_dialog import offer_import
from playground.ui.sharing.share import offer_share
from playground.ui.widgets.markdown import plain

MARKS = {"demo": ":material/science:", "claude": ":material/cloud:", "server": ":material/dns:"}
DEMO = "The demo needs no key. Its answers are made up, not Claude's, and seldom fit your prompt. "
SIDEBAR = "Connection, key, scenario, budget and retries are in the sidebar"


def show_header() -> None:
    """Draw the header, one line a button."""
    with st.container(horizontal=True, vertical_alignment="center", key="header_row"):
        st.markdown("# Prompt playground", width="content", anchors=False)
        _show_connection()
        # Here: their tooltips cover nothing that is pressed next.
        _offer_undo()
        _offer_redo()
        show_restored()
        show_placed()
        st.space("stretch")
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", key="toolbar",
            width="content",
        ):  # fmt: skip
            choose_lesson()
            offer_library()
            offer_import()
            offer_share()


def _offer_undo() -> None:
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


def _offer_redo() -> None:
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


def _show_connection() -> None:
    """The badge: a click opens the sidebar, where the connection is chosen (page.js)."""
    connection = running.connection()
    mark, words = MARKS[connection.kind], _words_for_key()
    if connection.has_scenario:
        mark, words = ":material/warning:", services().scenarios()[connection.scenario].label
    st.button(
        f"{plain(connection.label)} · {plain(words)}",
        key="show_connection",
        icon=mark,
        type="tertiary",
        help=f"{DEMO if connection.kind == 'demo' else ''}{SIDEBAR}",
    )


def _words_for_key() -> str:
    connection = running.connection()
    server = "your server" if is_local() else "the owner's server"
    if connection.kind == "claude" and running.key_for(connection):
        owners = "key from the settings" if is_local() else "the owner's key"
        return "your key" if state.visitor_key() else owners
    return {"demo": "made-up answers", "claude": "no key yet", "server": server}[connection.kind]
