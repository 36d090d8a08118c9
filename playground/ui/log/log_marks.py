"""Star, tags and note of one run of the log."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from playground.core.log.history import (
    LONGEST_NOTE,
    LONGEST_TAG,
    MAX_TAGS,
    Mark,
    clean_tag,
)
from playground.core.runs.run_row import RunRow
from playground.ui.log import log_state
from playground.ui.session.services import services


def offer_star(row: RunRow, mark: Mark) -> None:
    """A button that stars the run, or takes the star away."""
    st.button(
        "Unstar" if mark.is_starred else "Star",
        key="star_run",
        icon=":material/star:" if mark.is_starred else ":material/star_border:",
        type="tertiary",
        on_click=_save_star,
        args=(row, not mark.is_starred),
    )


def edit_marks(row: RunRow, mark: Mark) -> None:
    """The tags and the note. Their keys name the run: another run, other controls."""
    left, right = st.columns(2)
    tags_key, note_key = f"tags_{row.run_id}", f"note_{row.run_id}"
    known = services().log.history.choices(row.visitor).tags
    left.multiselect(
        "Tags",
        list(dict.fromkeys([*known, *mark.tags])),
        default=list(mark.tags),
        key=tags_key,
        accept_new_options=True,
        max_selections=MAX_TAGS,
        placeholder=f"Type a tag (at most {LONGEST_TAG} characters)",
        on_change=_save_tags,
        args=(row, tags_key),
    )
    right.text_area(
        "Note",
        value=mark.note,
        key=note_key,
        height=68,
        max_chars=LONGEST_NOTE,
        on_change=_save_note,
        args=(row, note_key),
    )


def _save_star(row: RunRow, is_starred: bool) -> None:
    _change(row, lambda mark: replace(mark, is_starred=is_starred))


def _save_tags(row: RunRow, key: str) -> None:
    typed = st.session_state[key]
    tags = tuple(dict.fromkeys(filter(None, (clean_tag(str(tag)) for tag in typed))))
    _change(row, lambda mark: replace(mark, tags=tags))
    # A browser may say anything, and with more than it takes the control is not drawn.
    if len(typed) > MAX_TAGS:
        marks = services().log.history.marks(row.visitor, [row.run_id])
        log_state.set_value(key, list(marks[row.run_id].tags))


def _save_note(row: RunRow, key: str) -> None:
    note = st.session_state[key] or ""
    _change(row, lambda mark: replace(mark, note=note))


def _change(row: RunRow, change: Callable[[Mark], Mark]) -> None:
    """Change the marks as they are now: a note that comes with a click on Star was not drawn yet,
    and another tab may have changed the others."""
    log_state.apply(lambda: services().log.history.change_mark(row.visitor, row.run_id, change))
