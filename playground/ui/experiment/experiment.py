"""The experiment band: cases, axes, checks, the button that runs them, and the matrix."""

import streamlit as st

from playground.core.experiment.case_checks import CheckError
from playground.core.experiment.cases import CasesError
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import GridError
from playground.core.experiment.grid_plan import GridPlan, Note
from playground.core.request.template import TemplateError
from playground.core.text.number_text import NumberError
from playground.ui.experiment import axes, definition, starting, submitting
from playground.ui.experiment.batches import offer_batch, show_batch_notes
from playground.ui.experiment.case_table import edit_cases
from playground.ui.experiment.cell import show_prompt
from playground.ui.experiment.matrix import show_matrix
from playground.ui.experiment.progress import show_mine, show_progress
from playground.ui.runs import running
from playground.ui.session import experiment_state as chosen
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain
from playground.ui.widgets.number_field import choose_number

NOTES_SHOWN = 5


def show_experiment() -> None:
    """Draw the band; closed it costs nothing."""
    band = st.expander(
        "Experiment", icon=":material/science:", key=chosen.EXPERIMENT, on_change="rerun"
    )
    if not band.open:
        return
    with band:
        chosen.restore()
        edit_cases()
        axes.edit_axes()
        axes.edit_checks()
        _offer_run()
        show_mine()
        if chosen.opened():
            show_progress()
            show_matrix()


def _offer_run() -> None:
    experiment, grid, problem = _described()
    if grid and experiment:
        _show_notes(grid)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name", key="experiment_name", placeholder="Name it", label_visibility="collapsed",
            width=220,
        )  # fmt: skip
        is_live = starting.is_live()
        why = starting.obstacle()
        if why is None and grid and submitting.is_in_batch(grid):
            why = submitting.IN_BATCH
        st.button(
            f"Run {_calls(grid)}" if grid else "Run the experiment",
            key=chosen.RUN_EXPERIMENT,
            icon=":material/science:",
            type="primary",
            disabled=grid is None or not grid.calls or is_live or why is not None,
            on_click=starting.run_experiment,
        )
        if grid and experiment:
            offer_batch(experiment, grid, starting.IS_LIVE if is_live else why)
            _offer_rendered(experiment, grid)
    if grid and experiment:
        show_batch_notes(experiment, grid)
    for text in (why, problem, chosen.problem()):
        if text:
            st.caption(f":red[:material/block:] {plain(text)}")


def _described() -> tuple[Experiment | None, GridPlan | None, str | None]:
    try:
        experiment = definition.definition()
        context = definition.context()
        # Not in `plan_of`: a button's callback, which may draw nothing, plans as well.
        with st.spinner("Working out every cell…"):
            return experiment, definition.plan_of(experiment, context), None
    except (CasesError, CheckError, GridError, NumberError) as error:
        return None, None, str(error)


def _calls(grid: GridPlan) -> str:
    calls = grid.calls + grid.judgements
    noun = "call" if calls == 1 else "calls"
    most = None
    if grid.worst_case_usd is not None and grid.judges_usd is not None:
        most = grid.worst_case_usd + grid.judges_usd
    is_demo = running.connection().kind == "demo"
    bound = "simulated, at most" if is_demo else "at most"
    cost = "cost unknown" if most is None else f"{bound} {formats.money(most)}"
    return f"{calls:,} {noun} · {cost.replace('$', chr(92) + '$')}"


def _show_notes(grid: GridPlan) -> None:
    for note in grid.notes[:NOTES_SHOWN]:
        colour, icon = ("red", "block") if note.severity == "error" else ("orange", "warning")
        st.caption(f":{colour}[:material/{icon}:] {plain(_said(grid, note))}")
    if len(grid.notes) > NOTES_SHOWN:
        st.caption(f"And {len(grid.notes) - NOTES_SHOWN} more.")


def _said(grid: GridPlan, note: Note) -> str:
    parts = []
    if note.setting is not None and "”" not in note.text:
        parts.append(grid.grid.settings[note.setting].name)
    if note.case is not None:
        parts.append(f"case {note.case + 1}")
    return f"{', '.join(parts)}: {note.text}" if parts else note.text


def _offer_rendered(experiment: Experiment, planned: GridPlan) -> None:
    place = st.popover(
        "Rendered prompt", icon=":material/visibility:", type="tertiary", key="rendered",
        on_change="rerun",
    )  # fmt: skip
    if not place.open:
        return
    with place:
        number = choose_number("Case", len(experiment.cases), key="rendered_case")
        names = {each.name: at for at, each in enumerate(planned.grid.settings)}
        name = st.selectbox("Setting", names, key="rendered_setting")
        if number is None:
            return
        try:
            request = planned.grid.request(names.get(name, 0), number - 1)
        except TemplateError as error:
            st.caption(plain(str(error)))
            return
        show_prompt(request.prompt)
