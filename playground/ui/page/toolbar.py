"""The row of buttons above the prompt: what can be done with all that the editor holds."""

import streamlit as st

from playground.ui.editor.draft import show_restored
from playground.ui.editor.undo import offer_redo, offer_undo
from playground.ui.library.library import offer_library
from playground.ui.sharing.import_dialog import offer_import
from playground.ui.sharing.share import offer_share


def show_toolbar() -> None:
    """Draw the row, one line a button."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="toolbar"):
        offer_undo()
        offer_redo()
        offer_library()
        offer_import()
        offer_share()
        show_restored()
