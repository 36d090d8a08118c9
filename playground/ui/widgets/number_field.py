"""The one way to edit a number: a text field, whose text is read once and never replaced."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Literal, TypedDict, TypeVar, Unpack

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.core.text.day_text import DayError
from playground.core.text.number_text import NumberError, NumberRule, read_number, rule
from playground.ui.widgets.markdown import plain

T = TypeVar("T")


class FieldOptions(TypedDict, total=False):
    """What Streamlit's text fields take beside."""

    persist_state: Literal["session"]
    placeholder: str
    help: str | None
    label_visibility: Literal["visible", "hidden", "collapsed"]
    width: int | Literal["stretch"]


def number_field(
    label: str,
    of: NumberRule,
    *,
    key: str,
    first: str = "",
    disabled: bool = False,
    on_change: Callable[[], None] | None = None,
    below: DeltaGenerator | None = None,
    **options: Unpack[FieldOptions],
) -> Decimal | None:
    """Draw the field of a number. Returns the number; None where there is none or it can't be
    used."""
    read = partial(read_number, of=of)
    return read_field(
        label, read, key=key, first=first, disabled=disabled, on_change=on_change, below=below,
        **options,
    )  # fmt: skip


def read_field(
    label: str,
    read: Callable[[str], T | None],
    *,
    key: str,
    first: str = "",
    disabled: bool = False,
    on_change: Callable[[], None] | None = None,
    below: DeltaGenerator | None = None,
    **options: Unpack[FieldOptions],
) -> T | None:
    """Draw a text field with what the session holds under its key, and beneath it, or in the
    place `below`, why that can't be read. Returns what `read` makes of it; None where it can't
    be used.

    The text is the field's default in each script run as well (text_area.py says why). Both
    have a container of their own: a field that moves loses the focus, and what is half typed.
    """
    place = st if below else st.container(gap="xsmall")
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
        return read(st.session_state.get(key) or "")
    except (NumberError, DayError) as error:
        if not disabled:
            (below or place).caption(f":red[:material/error:] {plain(str(error))}")
        return None


def choose_number(label: str, most: int, *, key: str) -> int | None:
    """A field for a number from 1 to `most`, 1 at first; None: what it holds can't be used."""
    of = rule(label, "1", str(most), is_whole=True, is_required=True)
    found = number_field(label, of, key=key, first="1")
    return None if found is None else int(found)
