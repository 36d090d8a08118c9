"""The row above the prompt: what can be done with the page as a whole, a line a button."""

import streamlit as st

from playground.ui.share import offer_share


def show_toolbar() -> None:
    """Draw the buttons."""
    with st.container(horizontal=True, gap="small", key="toolbar"):
        offer_share()
