"""Two answers of an experiment word by word: a repeat against another setting's."""

import streamlit as st

from playground.core.matrix import Matrix
from playground.core.word_diff import word_diff
from playground.ui import experiment_running
from playground.ui.plain import plain

MOST_PIECES = 2_000
COLOURS = {"removed": "red", "added": "green"}


def offer_compare(matrix: Matrix, setting: int, case: int) -> None:
    """Offer the differences of a place's first answer to another setting's."""
    names = {each.name: at for at, each in enumerate(matrix.grid.settings) if at != setting}
    if not names:
        return
    place = st.expander("Compare", key="compare_cells", on_change="rerun")
    if not place.open:
        return
    with place:
        other = st.selectbox("With", names, key="compare_with")
        found = [_answer(matrix, at, case) for at in (names.get(other, 0), setting)]
        if found[0] is None or found[1] is None:
            st.caption("One of them has no answer yet.")
            return
        show_diff(found[0], found[1])


def _answer(matrix: Matrix, setting: int, case: int) -> str | None:
    cells = [cell for cell in matrix.at(setting, case) if cell.is_answered]
    if not cells:
        return None
    return experiment_running.answers([cells[0].run_id]).get(cells[0].run_id)


def show_diff(before: str, after: str) -> None:
    """Draw what was removed in red and what was added in green."""
    pieces = word_diff(before, after)
    if before == after:
        st.caption("They are identical.")
        return
    if len(pieces) > MOST_PIECES:
        st.caption("They differ too much to be drawn.")
        return
    drawn = []
    for piece in pieces:
        colour = COLOURS.get(piece.kind)
        # Line by line: a coloured span ends with its paragraph.
        for line in piece.text.splitlines(keepends=True):
            text = plain(line)
            spanned = f":{colour}-background[{text}]" if colour and text else text
            drawn.append(f"{_before(line)}{spanned}{_after(line)}")
    st.caption("Red: only in the other. Green: only in this one.")
    st.markdown("".join(drawn))


def _before(line: str) -> str:
    return " " if line[:1].isspace() else ""


def _after(line: str) -> str:
    if line.endswith(("\n", "\r")):
        return "  \n"
    return " " if line[-1:].isspace() else ""
