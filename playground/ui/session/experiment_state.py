"""The experiment in the session: its cases, its controls, and the opened experiment.

The controls are drawn only while it is in the pane, and Streamlit drops the values of those that
are not drawn: they are stored under another key as well.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

import streamlit as st

from playground.batches.interfaces import Answer, SubmitResult
from playground.core.experiment.case_checks import JUDGED_BY_DEFAULT
from playground.core.experiment.case_edits import Table, apply_changes, read_changes, with_columns
from playground.core.experiment.cells import CellRow
from playground.core.experiment.grid_plan import GridPlan
from playground.core.experiment.matrix import Matrix
from playground.core.experiment.results_file import ExperimentFile
from playground.core.request.request import Prompt
from playground.core.request.template import escapes, variables
from playground.core.statistics.setting_statistics import SettingStatistics
from playground.core.text.json_text import Json
from playground.core.text.refusal import Refusal
from playground.experiments.experiment_run import ExperimentRun
from playground.ui.session import request_state

EXPERIMENT = "experiment"
RIGHT_PANE, ANSWERS = "right_pane", "answers"
PANES = {ANSWERS: "Answers", EXPERIMENT: "Experiment"}
RUN_EXPERIMENT = "run_experiment"
CASES, SHOWN_CASES = "cases", 200
SUBMIT_EXPERIMENT = "submit_experiment"
_CHOSEN: dict[str, Json] = {
    "experiment_name": "",
    "experiment_repeats": "1",
    "experiment_temperatures": "",
    "experiment_efforts": [],
    "experiment_max_tokens": "",
    "experiment_models": [],
    "experiment_is_ladder": False,
}
_CHECK: dict[str, Json] = {
    "kind": "contains",
    "text": "{{expected}}",
    "judge": JUDGED_BY_DEFAULT,
    "model": "claude-haiku-4-5",
    "ignore_case": True,
    "least": "",
    "most": "",
    "unit": "characters",
    "tolerance": "0",
}


@dataclass
class Opened:
    """The experiment that is shown: as it runs here, or from a file. `idle` is done when it no
    longer runs, `loading` when the cells that other processes finished are loaded, `submitting`
    when its batches are submitted. `requests` are the last requests for each submission, by its
    id; `fetched` are the submissions whose results are loaded. `earlier` are the cells that were
    finished when it was opened. `read`, `matrix` and `heads` are caches."""

    underway: ExperimentRun | None = None
    idle: "Future[None] | None" = None
    loading: "Future[Refusal | None] | None" = None
    submitting: "Future[SubmitResult] | None" = None
    requests: dict[str, Answer] = field(default_factory=dict)
    fetched: frozenset[str] = frozenset()
    file: ExperimentFile | None = None
    earlier: dict[str, CellRow] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)
    matrix: tuple[object, Matrix] | None = None
    heads: tuple[Matrix, list[SettingStatistics]] | None = None


def is_in_pane() -> bool:
    """Whether the right pane shows the experiment, which Run then runs."""
    return bool(st.session_state.get(RIGHT_PANE) == EXPERIMENT)


def table() -> Table:
    """The current cases, even while they are not in the pane."""
    # Callbacks run before the table is drawn, and need the last edits.
    edit_table()
    cases: Table = st.session_state.get("case_table", ((), ()))
    return cases


def filled_rows() -> Iterator[tuple[str, ...]]:
    """The rows that are not empty: these are the cases."""
    return (row for row in table()[1] if any(cell.strip() for cell in row))


def found_variables() -> tuple[str, ...]:
    """The variables of the prompt, and of the variants' own system prompts."""
    return _names_in_prompts(variables)


def found_escapes() -> tuple[str, ...]:
    """The names in them that a backslash keeps from being variables."""
    return _names_in_prompts(escapes)


def _names_in_prompts(names_in: Callable[[Prompt], tuple[str, ...]]) -> tuple[str, ...]:
    shared = request_state.prompt()
    prompts = [request_state.prompt_of(letter, shared) for letter in request_state.variants()]
    return tuple(dict.fromkeys(name for prompt in prompts for name in names_in(prompt)))


def fit_columns(names: tuple[str, ...]) -> Table:
    """The table to draw, with a column for each of these variables."""
    before = table()
    fitted = with_columns(before, names)
    # The browser's changes refer to the table it was sent; a table that is not drawn has none.
    if fitted != before or CASES not in st.session_state:
        _set_table(fitted)
    base: Table = st.session_state["case_base"]
    return base


def case_version() -> int:
    """The version of the table to which the browser's changes refer."""
    return int(st.session_state.get("case_version", 0))


def changes_seen() -> int | None:
    """How many of the browser's changes the table to draw includes; None: it replaces them."""
    seen: int | None = st.session_state.get("case_seen_before")
    return seen


def shown_cases() -> int:
    """How many rows are drawn."""
    return int(st.session_state.get("case_shown", SHOWN_CASES))


def show_more_cases() -> None:
    st.session_state["case_shown"] = shown_cases() + SHOWN_CASES
    _set_table(table())


def edit_table() -> None:
    """Apply the browser's changes, which arrive before Streamlit calls the callback."""
    session = st.session_state
    version, start, changes = read_changes((session.get(CASES) or {}).get("changes"))
    seen = start + len(changes)
    # Changes to a table that another one has replaced would land in other rows.
    if version == case_version() and seen != session.get("case_seen"):
        session["case_table"] = apply_changes(session["case_base"], changes)
        session["case_seen"] = seen


def _set_table(new: Table, *, is_other: bool = False) -> None:
    session = st.session_state
    session["case_version"] = case_version() + 1
    session["case_base"] = session["case_table"] = new
    if is_other:
        session["case_seen"] = None
    session["case_seen_before"] = session.get("case_seen")


def import_table(new: Table, changes: tuple[str, ...] = ()) -> None:
    """Replace the cases by imported ones; `changes`: how they differ from their file."""
    _set_table(new, is_other=True)
    st.session_state["case_problem"] = None
    st.session_state["case_changes"] = changes
    # Cleared: used again, it would replace later edits.
    st.session_state["pasted_cases"] = ""


def set_case_problem(text: str | None) -> None:
    """Store why an import failed, until the next one."""
    st.session_state["case_problem"] = text
    st.session_state["case_changes"] = ()


def case_changes() -> tuple[str, ...]:
    """How the cases that were imported last differ from their file."""
    changes: tuple[str, ...] = st.session_state.get("case_changes", ())
    return changes


def case_problem() -> str | None:
    sentence: str | None = st.session_state.get("case_problem")
    return sentence


def check_ids() -> tuple[int, ...]:
    ids: tuple[int, ...] = st.session_state.get("check_ids", ())
    return ids


def add_check() -> None:
    number = max(check_ids(), default=0) + 1
    st.session_state["check_ids"] = (*check_ids(), number)


def remove_check(number: int) -> None:
    st.session_state["check_ids"] = tuple(
        check_id for check_id in check_ids() if check_id != number
    )


def check_field(number: int, name: str) -> str:
    """The key of a check's control, such as `check_1_kind`."""
    return f"check_{number}_{name}"


def chosen(name: str) -> Json:
    """A control's value, now or when it was last drawn, as the browser sent it."""
    remembered: dict[str, Json] = st.session_state.get("experiment_chosen", {})
    return st.session_state.get(name, remembered.get(name, _defaults().get(name)))


def restore_controls() -> None:
    """Restore the values of controls that were not drawn, and store those of all. Called before
    they are drawn."""
    values = {name: chosen(name) for name in _defaults()}
    for name, value in values.items():
        if name not in st.session_state:
            st.session_state[name] = value
    st.session_state["experiment_chosen"] = values


def _defaults() -> dict[str, Json]:
    checks = {
        check_field(number, name): value for number in check_ids() for name, value in _CHECK.items()
    }
    return _CHOSEN | checks


def planned() -> tuple[object, GridPlan] | None:
    """The inputs of the last grid plan, and that plan."""
    plan_and_inputs: tuple[object, GridPlan] | None = st.session_state.get("grid_planned")
    return plan_and_inputs


def set_planned(inputs: object, plan: GridPlan) -> None:
    st.session_state["grid_planned"] = (inputs, plan)


def opened() -> Opened | None:
    experiment: Opened | None = st.session_state.get("experiment_opened")
    return experiment


def set_opened(new: Opened | None) -> None:
    session = st.session_state
    session["experiment_opened"] = new
    # A cell is a position: in another experiment it means another cell.
    session["matrix_cell"] = None
    session["matrix_version"] = session.get("matrix_version", 0) + 1


def set_to_delete(experiment_id: str | None) -> None:
    """Ask whether to delete this experiment; None: stop asking."""
    st.session_state["experiment_to_delete"] = experiment_id


def to_delete() -> str | None:
    experiment_id: str | None = st.session_state.get("experiment_to_delete")
    return experiment_id


def set_problem(problem: str | None) -> None:
    """Store why nothing was started or opened, until the next attempt."""
    st.session_state["experiment_problem"] = problem


def problem() -> str | None:
    sentence: str | None = st.session_state.get("experiment_problem")
    return sentence


def matrix_table() -> str:
    """The key of the table. It changes with the cells shown, which resets the selection."""
    return f"matrix_{st.session_state.get('matrix_version', 0)}"


def reset_selection() -> None:
    """Drop the selection: with other rows it would mean another cell."""
    st.session_state["matrix_version"] = st.session_state.get("matrix_version", 0) + 1


def select_cell(table: str, rows: list[int], columns: list[str]) -> None:
    """Open the selected cell, or close it if it was deselected."""
    cells = st.session_state[table]["selection"]["cells"]
    place = None
    # Untrusted, and maybe late: the table may have had more rows.
    if cells and 0 <= cells[0][0] < len(rows) and cells[0][1] in columns:
        place = (columns.index(cells[0][1]), rows[cells[0][0]])
    st.session_state["matrix_cell"] = place


def close_cell() -> None:
    st.session_state["matrix_cell"] = None
    reset_selection()


def cell() -> tuple[int, int] | None:
    """The setting and the case that are shown in full."""
    place: tuple[int, int] | None = st.session_state.get("matrix_cell")
    return place
