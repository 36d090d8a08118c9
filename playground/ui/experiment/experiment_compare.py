"""Two answers of an experiment word by word: a repeat against another setting's."""

import streamlit as st

from playground.core.answer.content import Blocks, of_texts
from playground.core.experiment.matrix import Matrix
from playground.ui.answer.finished_answer import show_changes
from playground.ui.experiment import starting


def offer_compare(matrix: Matrix, setting: int, case: int) -> None:
    """Offer the differences of a place's first answer to another setting's."""
    names = {
        other_setting.name: at
        for at, other_setting in enumerate(matrix.grid.settings)
        if at != setting
    }
    if not names:
        return
    place = st.expander("Compare", key="compare_cells", on_change="rerun")
    if not place.open:
        return
    with place:
        other = st.selectbox("With", names, key="compare_with")
        answers = (_answer(matrix, names.get(other, 0), case), _answer(matrix, setting, case))
        show_changes("changed_cell", *answers, (str(other), "this one"))


def _answer(matrix: Matrix, setting: int, case: int) -> Blocks:
    cells = [cell for cell in matrix.at(setting, case) if cell.is_answered]
    ids = [cell.run_id for cell in cells[:1]]
    return of_texts("".join(starting.answers(ids).get(run_id, "") for run_id in ids), "")
