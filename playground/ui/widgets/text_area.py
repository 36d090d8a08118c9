"""A text area that no browser draws empty for being slow."""

from typing import Literal, Unpack

import streamlit as st

from playground.ui.widgets.number_field import FieldOptions


class AreaOptions(FieldOptions, total=False):
    """What Streamlit's text areas take beside."""

    height: int | Literal["content"]


def text_area(label: str, *, key: str, **options: Unpack[AreaOptions]) -> None:
    """Draw it with what the session holds under its key. That is its default in each script
    run as well: a browser that draws two runs as one never sees the value of the first. One that
    has the field already needs the value itself (crossing_state.py)."""
    st.text_area(label, st.session_state.get(key) or "", key=key, **options)
