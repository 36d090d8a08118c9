"""The one way to edit a text, a number or a day: a text field, whose text is read once and never
replaced. Streamlit's number input shows what it does not send, and its date input puts the day of
before back, without a word, where what was typed is none."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Literal, TypedDict, TypeVar, Unpack

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.core.text.day_text import EXAMPLE, DayError, DayRule, read_day
from playground.core.text.number_text import NumberError, NumberRule, read_number, rule
from playground.ui.widgets.markdown import plain

T = TypeVar("T")


class FieldOptions(TypedDict, total=False):
    """Further arguments of Streamlit's text fields."""

    persist_state: Literal["session"]
    placeholder: str
    help: str | None
    label_visibility: Literal["visible", "hidden", "collapsed"]
    width: int | Literal["stretch"]


class ReadOptions(FieldOptions, total=False):
    """Further arguments of fields whose text is read."""

    first: str
    disabled: bool
    on_change: Callable[[], None] | None
    below: DeltaGenerator | None


def number_field(
    label: str, of: NumberRule, *, key: str, **options: Unpack[ReadOptions]
) -> Decimal | None:
    """Draw the field of a number. Returns the number; None where there is none or it can't be
    used."""
    return read_field(label, partial(read_number, of=of), key=key, **options)


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

    The text is the field's default in each script run as well (`text_area` says why). Both
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
    number = number_field(label, of, key=key, first="1")
    return None if number is None else int(number)


class AreaOptions(FieldOptions, total=False):
    """Further arguments of Streamlit's text areas."""

    height: int | Literal["content"]


def text_area(label: str, *, key: str, **options: Unpack[AreaOptions]) -> None:
    """Draw it with what the session holds under its key. That is its default in each script
    run as well: a browser that draws two runs as one never sees the value of the first. One that
    has the field already needs the value itself (late_values_state.py)."""
    st.text_area(label, st.session_state.get(key) or "", key=key, **options)


def day_field(label: str, of: DayRule, *, key: str, **options: Unpack[ReadOptions]) -> date | None:
    """Draw it. Returns the day; None where there is none or it can't be used."""
    options = {"placeholder": EXAMPLE, **options}
    return read_field(label, partial(read_day, of=of), key=key, **options)
