"""Two answers of an experiment word by word: a repeat against another setting's."""

import streamlit as st

from playground.core.experiment.matrix import Matrix
from playground.ui.experiment import starting
from playground.ui.widgets.word_diff import show_diff


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
        show_diff(found[0], found[1], (str(other), "this one"))


def _answer(matrix: Matrix, setting: int, case: int) -> str | None:
    cells = [cell for cell in matrix.at(setting, case) if cell.is_answered]
    if not cells:
        return None
    return starting.answers([cells[0].run_id]).get(cells[0].run_id)
