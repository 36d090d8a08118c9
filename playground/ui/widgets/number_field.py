"""The one way to edit a number: a text field, whose text is read once and never replaced."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import streamlit as st

from playground.core.text.number_text import NumberError, NumberRule, read_number, rule
from playground.ui.widgets.markdown import plain


def number_field(
    label: str,
    of: NumberRule,
    *,
    key: str,
    first: str = "",
    disabled: bool = False,
    on_change: Callable[[], None] | None = None,
    **options: Any,  # noqa: ANN401 (Streamlit's)
) -> Decimal | None:
    """Draw it with what the session holds under its key, and beneath it why that can't be used.
    Returns the number; None where there is none or it can't be used.

    The text is the field's default in each script run as well (text_area.py says why). Both
    have a container of their own: a field that moves loses the focus, and what is half typed.
    """
    place = st.container(gap="xsmall")
    place.text_input(
        label,
        st.session_state.get(key, first) or "",
        key=key,
        disabled=disabled,
        autocomplete="off",
        on_change=on_change or "rerun",
        **options,
    )
    try:
        return read_number(st.session_state.get(key) or "", of)
    except NumberError as error:
        if not disabled:
            place.caption(f":red[:material/error:] {plain(str(error))}")
        return None


def choose_number(label: str, most: int, *, key: str) -> int | None:
    """A field for a number from 1 to `most`, 1 at first; None: what it holds can't be used."""
    of = rule(label, "1", str(most), is_whole=True, is_required=True)
    found = number_field(label, of, key=key, first="1")
    return None if found is None else int(found)
