"""The line that says why the last press of Run started nothing."""

import streamlit as st

from playground.ui.runs import running
from playground.ui.widgets.markdown import plain


def show_not_started(key: str) -> None:
    """Say why the last press of Run started nothing. Its place is taken from the start: a field
    that moves down loses the focus, and what is half typed."""
    place = st.container(key=key)
    if why := running.not_started():
        place.markdown(f":red[:material/block:] {plain(why)}")
