"""One place of the matrix in full: each repeat's run, its checks, and the rendered prompt."""

import streamlit as st

from playground.core.answer.content import Blocks, of_texts
from playground.core.experiment.cells import CellRow
from playground.core.experiment.check_results import expectation_text, pending_checks
from playground.core.experiment.grid import Cell, unique_names
from playground.core.experiment.matrix import Matrix, error_of
from playground.core.request.request import Prompt
from playground.core.request.template import TemplateError
from playground.core.runs.continuing import can_continue, left_out
from playground.core.runs.run_row import RunRow, RunTexts
from playground.ui.answer.finished_answer import show_answer, show_changes
from playground.ui.experiment import starting
from playground.ui.experiment.axes import KINDS
from playground.ui.library import lessons_state
from playground.ui.log import log_detail
from playground.ui.session import experiment_state as chosen
from playground.ui.session import state
from playground.ui.session.services import services
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain

MARKS = {
    True: ":green[:material/check:]",
    False: ":red[:material/close:]",
    None: ":gray[:material/question_mark:]",
}
LABELS = {**KINDS, "length": "has", "judge": "is judged by"}


def show_cell(matrix: Matrix, setting: int, case: int) -> None:
    """Draw a cell of the matrix."""
    with st.container(border=True, key="matrix_cell_detail"):
        with st.container(horizontal=True, vertical_alignment="center"):
            head = f"Case {case + 1} · {unique_names(matrix.grid.settings)[setting]}"
            st.markdown(f"**{plain(head)}**", width="stretch")
            st.button("Close", key="close_cell", type="tertiary", on_click=chosen.close_cell)
        ids = [run_id for run_id in matrix.ids(setting, case) if run_id in matrix.cells]
        repeat = 0
        if len(ids) > 1:
            choice = st.segmented_control(
                # The key names the place, so that another one begins with its first repeat.
                "Repeat", range(len(ids)), default=0, key=f"repeat_{ids[0]}", required=True,
                format_func=lambda at: _tab(matrix, ids[at], case, at),
            )  # fmt: skip
            repeat = min(int(choice or 0), len(ids) - 1)
        if not ids:
            unsent = matrix.unsent.get(matrix.ids(setting, case)[0])
            st.caption(plain(unsent) if unsent else "This cell has not run yet.")
        else:
            # Any repeat would do: what is to be checked goes by the case.
            _show_run(matrix, matrix.cells[ids[repeat]], Cell(ids[repeat], setting, case, 1))
            _offer_promotion(matrix, matrix.cells[ids[repeat]], setting, case)
        _offer_compare(matrix, setting, case)
        _offer_prompt(matrix, setting, case)


def _tab(matrix: Matrix, cell_id: str, case: int, at: int) -> str:
    cell = matrix.cells[cell_id]
    passed = cell.passed(matrix.keys[case])
    mark = {True: " ✓", False: " ✗", None: ""}[passed] if cell.is_answered else " ⚠"
    return f"{at + 1}{mark}"


def _show_run(matrix: Matrix, cell: CellRow, place: Cell) -> None:
    for due in pending_checks([place], matrix.grid.cases, matrix.experiment.checks):
        result = cell.results.get(due.key)
        passed, why = (result.passed, result.why) if result else (None, "Not checked.")
        line = f"{LABELS[due.check.kind]} {expectation_text(due.check, due.values)}".strip()
        st.markdown(f"{MARKS[passed]} {plain(line)}. {plain(why)}")
    logged = _logged(cell)
    if logged is not None:
        log_detail.show_detail(*logged, name="cell")
        return
    if not cell.is_answered:
        st.markdown(f":red[{plain(error_of(cell))}]")
        if cell.run and cell.run.error_message:
            # As code: a server's words must not become markup.
            st.code(cell.run.error_message, language=None, wrap_lines=True)
        return
    # Of texts: without the log's row there is a file of results, which holds no blocks.
    show_answer("cell", of_texts(starting.answers([cell.run_id]).get(cell.run_id, ""), ""))
    if cell.run:
        cost = cell.run.cost
        st.caption(plain(f"Cost {formats.cost(cost)}"), help=plain(cost.explained))


def _logged(cell: CellRow) -> tuple[RunRow, RunTexts] | None:
    """A cell's run in the log; None where the experiment is that of a file."""
    opened = chosen.opened()
    if opened is not None and opened.file is not None:
        return None
    return services().log.get(state.visitor(), cell.run_id)


def _offer_promotion(matrix: Matrix, cell: CellRow, setting: int, case: int) -> None:
    """Write the winner into the editor; Undo reverts it."""
    logged = _logged(cell)
    blocks = logged[1].blocks if logged else starting.contents([cell.run_id]).get(cell.run_id, ())
    with st.container(horizontal=True):
        st.button(
            "Use this setting", key="promote_setting", icon=":material/trophy:", type="tertiary",
            help="Makes it the only variant, with the prompt it ran with.",
            on_click=lessons_state.promote_setting, args=(matrix.grid.settings[setting].request,),
        )  # fmt: skip
        stop_reason = logged[0].stop_reason if logged else None
        if not can_continue(blocks, stop_reason):
            return
        try:
            request = matrix.grid.request(setting, case)
        # A case that lacks a variable's value has no prompt to go on with.
        except TemplateError:
            return
        st.button(
            "Continue from this answer", key="promote_answer", icon=":material/reply:",
            type="tertiary", on_click=lessons_state.promote_answer,
            args=(request, blocks, stop_reason), help=left_out(blocks, stop_reason) or None,
        )  # fmt: skip


def _offer_compare(matrix: Matrix, setting: int, case: int) -> None:
    """Offer the differences of a place's first answer to another setting's."""
    # By names that differ: of two alike a choice from the list would mean the last.
    names = unique_names(matrix.grid.settings)
    others = {name: at for at, name in enumerate(names) if at != setting}
    if not others:
        return
    place = st.expander("Compare", key="compare_cells", on_change="rerun")
    if not place.open:
        return
    with place:
        other = str(st.selectbox("With", others, key="compare_with"))
        answers = (_answer(matrix, others.get(other, 0), case), _answer(matrix, setting, case))
        show_changes("changed_cell", *answers, (other, "this one"))


def _answer(matrix: Matrix, setting: int, case: int) -> Blocks:
    cells = [cell for cell in matrix.at(setting, case) if cell.is_answered]
    ids = [cell.run_id for cell in cells[:1]]
    return of_texts("".join(starting.answers(ids).get(run_id, "") for run_id in ids), "")


def _offer_prompt(matrix: Matrix, setting: int, case: int) -> None:
    place = st.expander("Rendered prompt", key="cell_prompt", on_change="rerun")
    if not place.open:
        return
    with place:
        try:
            show_prompt(matrix.grid.request(setting, case).prompt)
        except TemplateError as error:
            st.caption(plain(str(error)))


def show_prompt(prompt: Prompt) -> None:
    """Draw a prompt as it is sent."""
    if prompt.system:
        st.caption("System")
        st.code(prompt.system, language=None, wrap_lines=True)
    for message in prompt.messages:
        st.caption(message.role.capitalize())
        st.code(message.whole, language=None, wrap_lines=True)
