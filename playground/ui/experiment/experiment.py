"""The experiment in the right pane: cases, axes, checks, the button that runs them, the matrix."""

import streamlit as st

from playground.core.experiment.case_checks import CheckError
from playground.core.experiment.cases import CasesError
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid import GridError, unique_names
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
from playground.ui.session import state
from playground.ui.widgets import formats
from playground.ui.widgets.fields import choose_number
from playground.ui.widgets.markdown import plain

NOTES_SHOWN = 5


def choose_pane() -> None:
    """Choose what the right pane shows: the answers or an experiment."""
    st.segmented_control(
        "Right pane",
        list(chosen.PANES),
        default=chosen.ANSWERS,
        required=True,
        key=chosen.RIGHT_PANE,
        format_func=chosen.PANES.__getitem__,
        label_visibility="collapsed",
    )


def show_experiment() -> None:
    """Draw the experiment, if the right pane shows it."""
    if not chosen.is_in_pane():
        return
    with st.container(key=chosen.EXPERIMENT, gap="small"):
        chosen.restore_controls()
        edit_cases()
        axes.edit_axes()
        axes.edit_checks()
        _offer_rest()
        show_mine()
        # Beneath all that is filled in, which starting one must not push: the page brings it into
        # view (page.js).
        with st.container(key="experiment_results", gap="small"):
            if chosen.opened():
                show_progress()
                show_matrix()


def offer_run() -> None:
    """The button that runs the experiment, or says why it can't. Without a shortcut: a key that
    is pressed by habit must not start a thousand calls."""
    _, grid, problem = _described()
    why = problem or _obstacle(grid)
    is_live = starting.is_live()
    # As Run stands there, with a reason cut as its is: the whole is in the pane.
    with st.container(key="run", width="content"):
        st.button(
            f"Run {_calls(grid)}" if grid and (is_live or not why)
            else f"Run · {plain(formats.in_short(why or ''))}",
            key=chosen.RUN_EXPERIMENT,
            type="primary",
            icon=":material/block:" if why and not is_live else ":material/science:",
            disabled=is_live or why is not None,
            on_click=state.start_once,
            args=(state.next_press(), _run),
        )  # fmt: skip
        if why:
            st.container(key="run_is_dim").empty()  # for the style sheet


def _run() -> None:
    starting.run_experiment()
    # A click in the bar draws the bar alone; what it begins is shown elsewhere.
    st.rerun()


def _obstacle(grid: GridPlan | None) -> str | None:
    why = starting.obstacle()
    if why is None and grid and submitting.is_in_batch(grid):
        return submitting.IN_BATCH
    return starting.NO_CELL if why is None and grid and not grid.calls else why


def _offer_rest() -> None:
    experiment, grid, problem = _described()
    if grid and experiment:
        _show_notes(grid)
    if why := problem or _obstacle(grid):
        st.caption(f":red[:material/block:] {plain(why)}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Experiment name", key="experiment_name", placeholder="Experiment name",
            label_visibility="collapsed", width=220,
        )  # fmt: skip
        if grid and experiment:
            is_live = starting.is_live()
            offer_batch(experiment, grid, starting.IS_LIVE if is_live else _obstacle(grid))
            _offer_rendered(experiment, grid)
    if grid and experiment:
        show_batch_notes(experiment, grid)


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
    # Escaped: Streamlit renders text between two dollar signs as mathematics.
    return f"{calls:,} {noun} · {cost.replace('$', chr(92) + '$')}"


def _show_notes(grid: GridPlan) -> None:
    for note in grid.notes[:NOTES_SHOWN]:
        colour, icon = ("red", "block") if note.severity == "error" else ("orange", "warning")
        st.caption(f":{colour}[:material/{icon}:] {plain(_sentence_of(grid, note))}")
    if len(grid.notes) > NOTES_SHOWN:
        st.caption(f"And {len(grid.notes) - NOTES_SHOWN} more.")


def _sentence_of(grid: GridPlan, note: Note) -> str:
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
        names = {name: at for at, name in enumerate(unique_names(planned.grid.settings))}
        name = st.selectbox("Setting", names, key="rendered_setting")
        if number is None:
            return
        try:
            request = planned.grid.request(names.get(name, 0), number - 1)
        except TemplateError as error:
            st.caption(plain(str(error)))
            return
        show_prompt(request.prompt)
