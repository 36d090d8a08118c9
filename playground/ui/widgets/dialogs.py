"""Buttons that open a dialog over the page and keep it open while the page goes on."""

from collections.abc import Callable

import streamlit as st

from playground.ui.session import state


def offer_dialog(
    key: str, label: str, icon: str, title: str, show: Callable[..., None], *what: object
) -> None:
    """A button, and while it is open its dialog, drawn by `show` from `what`."""
    offer_to_open(key, label, icon)
    show_dialog(key, title, show, *what)


def offer_to_open(key: str, label: str, icon: str, popover: str | None = None) -> None:
    """The button alone: in a popover, which it closes, the dialog itself is drawn elsewhere."""
    st.button(
        label,
        key=key,
        icon=icon,
        type="tertiary",
        on_click=state.open_dialog,
        args=(key, popover),
    )


def show_dialog(
    key: str,
    title: str,
    show: Callable[..., None],
    *what: object,
    on_dismiss: Callable[[], None] = state.close_dialog,
) -> None:
    """The dialog of this key, if it is the one that is open."""
    # Kept open by the session: a run that ends meanwhile draws the whole page anew.
    if state.dialog() == key:
        state.mark_dialog_drawn()
        st.dialog(title, width="large", on_dismiss=on_dismiss)(show)(*what)
