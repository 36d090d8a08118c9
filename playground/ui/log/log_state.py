"""The log's part of the session: filters, paging, selection, undo, exports, housekeeping."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import IO, get_args

import streamlit as st

from playground.core.editor.page_state import LETTERS
from playground.core.editor.undo_history import Step
from playground.core.log.history import ORDERS, Cursor, Filter, FilterError, Order
from playground.core.request.request import Request
from playground.core.request.template import escaped
from playground.core.runs.run_row import Status
from playground.core.text.day_text import DayError, DayRule, read_day
from playground.core.text.json_text import Json
from playground.core.text.number_text import NumberError, read_number, rule
from playground.core.text.refusal import Refusal
from playground.ui.library import lessons_state
from playground.ui.session import answers_state, editor_state, request_state

SEARCH, SORT, FILTERS, CLEAR = "log_search", "log_sort", "log_filters", "log_clear"
STATUSES, MODELS, VARIANTS = "log_statuses", "log_models", "log_variants"
CONNECTIONS, TAGS, STARRED = "log_connections", "log_tags", "log_starred"
EXPERIMENT = "log_experiment"
FROM_DAY, TO_DAY, FROM_USD, TO_USD = "log_from_day", "log_to_day", "log_from_usd", "log_to_usd"
COST_RULES = {
    FROM_USD: rule("Cost from", "0", "999999"),
    TO_USD: rule("Cost to", "0", "999999"),
}
DAY_RULES = {FROM_DAY: DayRule("From day"), TO_DAY: DayRule("To day")}
OLD_DAY, KEEPS_STARRED = "old_last_day", "old_keeps_starred"
_MONTH = timedelta(days=30)
_BLANK: dict[str, Json] = {
    SEARCH: "",
    STATUSES: [],
    MODELS: [],
    VARIANTS: [],
    CONNECTIONS: [],
    FROM_DAY: "",
    TO_DAY: "",
    FROM_USD: "",
    TO_USD: "",
    STARRED: False,
    TAGS: [],
    EXPERIMENT: None,
}
"""The controls of the filter, in the order of its fields, and what each holds at first."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """Runs that were just deleted, for the line that offers to undo it."""

    message: str
    run_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A run that was just written into the editor, and what of it was left out."""

    message: str
    left_out: str
    request: Request


@dataclass(slots=True, weakref_slot=True, eq=False)
class Prepared:
    """A file that is ready for download; it is closed when the session drops it."""

    name: str
    mime: str
    rows: int
    of: object
    file: IO[bytes]
    missing: str | None = None
    """Says that it does not hold every run, and why."""

    def __post_init__(self) -> None:
        weakref.finalize(self, self.file.close)


def value_of(key: str) -> Json:
    """The value of a control of the filter, as the browser sent it."""
    return st.session_state.get(key) or _BLANK[key]


def chosen() -> tuple[Filter, str | None]:
    """The filter, or the empty one and why the chosen one cannot be used."""
    try:
        from_usd, to_usd = (read_number(value_of(key), rule) for key, rule in COST_RULES.items())
        from_day, to_day = (read_day(value_of(key), rule) for key, rule in DAY_RULES.items())
        return Filter(
            text=value_of(SEARCH),
            # A browser may send any text for a status.
            statuses=tuple(status for status in get_args(Status) if status in value_of(STATUSES)),
            models=tuple(value_of(MODELS)),
            variants=tuple(value_of(VARIANTS)),
            connections=tuple(value_of(CONNECTIONS)),
            from_day=from_day,
            to_day=to_day,
            from_usd=from_usd,
            to_usd=to_usd,
            is_starred=bool(value_of(STARRED)),
            tags=tuple(value_of(TAGS)),
            experiment_id=value_of(EXPERIMENT),
        ), None
    except (FilterError, NumberError, DayError) as error:
        return Filter(), str(error)


def order() -> Order:
    choice: Order = st.session_state.get(SORT) or ORDERS[0]
    return choice


def go_to_first_page() -> None:
    """Go to the first page, and clear the selection."""
    st.session_state["log_path"] = []
    # A selection is a position in the table that was shown.
    st.session_state["log_selected"] = ()


def clear(*keys: str) -> None:
    """Reset these controls of the filter; without any, all of them."""
    for key in keys or tuple(_BLANK):
        st.session_state[key] = _BLANK[key]
    go_to_first_page()


def cursor() -> Cursor | None:
    """The row after which the shown page begins; None: it is the first page."""
    # Keyset paging finds only the next page, so the cursors of the earlier pages are stored.
    path: list[Cursor] = st.session_state.get("log_path", [])
    return path[-1] if path else None


def next_page(place: Cursor) -> None:
    st.session_state["log_path"] = [*st.session_state.get("log_path", []), place]


def previous_page() -> None:
    st.session_state["log_path"] = st.session_state.get("log_path", [])[:-1]


def select(table: str, run_ids: list[str]) -> None:
    """Open the run whose row was clicked or ticked; of several, only store the selection."""
    selection = st.session_state[table]["selection"]
    clicked = [row for row, _ in selection.get("cells", [])]
    # Ticked rows stay ticked while another is clicked: two of them are to be compared.
    rows = selection["rows"] if len(selection["rows"]) > 1 else clicked or selection["rows"]
    ids = tuple(run_ids[row] for row in rows if 0 <= row < len(run_ids))
    st.session_state["log_selected"] = ids
    st.session_state["opened_run"] = ids[0] if len(ids) == 1 else None


def set_value(key: str, value: Json) -> None:
    """Set the value of a control."""
    st.session_state[key] = value


def selected() -> tuple[str, ...]:
    ids: tuple[str, ...] = st.session_state.get("log_selected", ())
    return ids


def apply(work: Callable[[], Refusal | None], deleted: Deleted | None = None) -> None:
    """Change the log, and store how to undo that, or why it failed."""
    refused = work()
    st.session_state["log_problem"] = refused.sentence if refused else None
    if refused is None:
        st.session_state["log_deleted"] = deleted


def problem() -> str | None:
    """Why the last change was not made."""
    sentence: str | None = st.session_state.get("log_problem")
    return sentence


def deleted() -> Deleted | None:
    last: Deleted | None = st.session_state.get("log_deleted")
    return last


def forget_undo() -> None:
    st.session_state["log_deleted"] = st.session_state["log_problem"] = None


def edit(placed: Placed, letter: str) -> None:
    """Write a run's prompt and parameters into the editor, as its own variant; Undo reverts it."""
    # Escaped: in the editor, double braces in the prompt would be variables.
    prompt = escaped(placed.request.prompt)
    request = replace(placed.request, prompt=prompt.as_typed())
    said = "Its carriage returns are now line feeds." if request.prompt != prompt else ""
    placed = Placed(placed.message, f"{placed.left_out} {said}".strip(), request)
    lessons_state.place_request(request, letter)
    st.session_state["log_placed"] = (placed, editor_state.history().now)
    answers_state.focus(None)  # A card in full width hides the editor.
    request_redraw()


def placed() -> Placed | None:
    """The run that was written into the editor, until the editor is changed."""
    last: tuple[Placed, Step] | None = st.session_state.get("log_placed")
    return last[0] if last and last[1] == editor_state.history().now else None


def letter_for(letter: str) -> str:
    """The variant for a run's parameters: of the same letter, even if the page has none of it. A
    run of another origin may have a name that is no letter of ours."""
    return letter if letter in LETTERS else request_state.variants()[0]


def request_redraw() -> None:
    """Request a rerun of the whole page, for a change that shows outside of the log."""
    # A callback of a fragment can't rerun the page: the fragment's next run does.
    st.session_state["log_redraw"] = True


def pop_redraw() -> bool:
    """Whether a rerun of the whole page was requested, once."""
    wanted: bool = st.session_state.get("log_redraw", False)
    st.session_state["log_redraw"] = False
    return wanted


def set_prepared(prepared: Prepared | None) -> None:
    st.session_state["log_file"] = prepared


def prepared() -> Prepared | None:
    file: Prepared | None = st.session_state.get("log_file")
    return file


def set_housekeeping_result(said: str | None) -> None:
    st.session_state["log_housekeeping_said"] = said


def housekeeping_result() -> str | None:
    """The result of the last housekeeping, while its dialog is open."""
    message: str | None = st.session_state.get("log_housekeeping_said")
    return message


Job = tuple[str, date, bool]
"""The job, the last day of the runs that it concerns, and whether starred ones stay."""


def old_day_rule() -> DayRule:
    """The rule of the field for the last day of old runs."""
    return DayRule("The day", last=datetime.now(UTC).date(), is_required=True)


def first_old_day() -> str:
    """The default of that field."""
    return (datetime.now(UTC).date() - _MONTH).isoformat()


def request_housekeeping(job: Job) -> None:
    """Request a button's job, unless what it depends on was changed since the button was drawn."""
    _, last_day, keeps_starred = job
    is_same_day = _old_day() == last_day
    if is_same_day and st.session_state.get(KEEPS_STARRED) == keeps_starred:
        st.session_state["log_house_job"] = job
    else:
        changed = "the choice about starred runs" if is_same_day else "the day"
        set_housekeeping_result(
            f"Nothing was deleted, because {changed} had changed. Check the number of runs first."
        )


def _old_day() -> date | None:
    try:
        return read_day(st.session_state.get(OLD_DAY) or "", old_day_rule())
    except DayError:
        return None


def pop_housekeeping_job() -> Job | None:
    """The requested job, once."""
    job: Job | None = st.session_state.pop("log_house_job", None)
    return job
