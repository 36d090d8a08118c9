"""The log's part of the session: filters, pages, what is selected, deleted or prepared."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import IO, Any, get_args

import streamlit as st

from playground.core.history import ORDERS, Filter, FilterError, Order, Place
from playground.core.request import Request
from playground.core.rows import Status
from playground.ui import setup_state, state, variant_state

SEARCH, SORT, FILTERS, CLEAR = "log_search", "log_sort", "log_filters", "log_clear"
STATUSES, MODELS, VARIANTS = "log_statuses", "log_models", "log_variants"
CONNECTIONS, TAGS, STARRED = "log_connections", "log_tags", "log_starred"
FROM_DAY, TO_DAY, FROM_USD, TO_USD = "log_from_day", "log_to_day", "log_from_usd", "log_to_usd"
_BLANK: dict[str, Any] = {
    SEARCH: "",
    STATUSES: [],
    MODELS: [],
    VARIANTS: [],
    CONNECTIONS: [],
    FROM_DAY: None,
    TO_DAY: None,
    FROM_USD: None,
    TO_USD: None,
    STARRED: False,
    TAGS: [],
}
"""The controls of the filter, in the order of its fields, and what each holds at first."""


@dataclass(frozen=True, slots=True)
class Undoable:
    """What was just done to the log or the editor, for the line that offers to undo it."""

    said: str
    deleted: tuple[str, ...] = ()
    request: Request | None = None


@dataclass(slots=True)
class Prepared:
    """A file that is ready to be saved; it is gone when the session lets go of it."""

    name: str
    mime: str
    rows: int
    of: object
    file: IO[bytes]


def initialise() -> None:
    session = st.session_state
    for key, value in _BLANK.items():
        session[key] = value
    session[SORT] = ORDERS[0]
    session["log_selected"] = ()
    session["log_undo"] = session["log_problem"] = session["log_file"] = None
    session["log_redraw"] = False


def chosen() -> tuple[Filter, str | None]:
    """The filter, or the empty one and why the chosen one cannot be used."""
    session = st.session_state
    from_usd, to_usd = session[FROM_USD], session[TO_USD]
    try:
        return Filter(
            text=session[SEARCH] or "",
            statuses=tuple(s for s in get_args(Status) if s in (session[STATUSES] or ())),
            models=tuple(session[MODELS] or ()),
            variants=tuple(session[VARIANTS] or ()),
            connections=tuple(session[CONNECTIONS] or ()),
            from_day=_day(session[FROM_DAY]),
            to_day=_day(session[TO_DAY]),
            from_usd=None if from_usd is None else Decimal(str(from_usd)),
            to_usd=None if to_usd is None else Decimal(str(to_usd)),
            is_starred=bool(session[STARRED]),
            tags=tuple(session[TAGS] or ()),
        ), None
    except FilterError as error:
        return Filter(), str(error)


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None


def order() -> Order:
    found: Order = st.session_state[SORT] or ORDERS[0]
    return found


def start_over() -> None:
    """Another filter or order begins at its first page."""
    st.session_state["log_path"] = []
    st.session_state["log_selected"] = ()


def clear(*keys: str) -> None:
    """Take these parts of the filter away; without any, all of it."""
    for key in keys or tuple(_BLANK):
        st.session_state[key] = _BLANK[key]
    start_over()


def place() -> Place | None:
    """Behind which row the shown page of a filter begins; None: the first."""
    path: list[Any] = st.session_state["log_path"]
    # By what it has, not by its class: an edit of the app gives the class a twin.
    return path[-1] if path and hasattr(path[-1], "value") else None


def next_page(place: Place) -> None:
    st.session_state["log_path"] = [*st.session_state["log_path"], place]


def select(table: str, run_ids: list[str]) -> None:
    """Open the run whose row was selected; of several, remember which."""
    rows = st.session_state[table]["selection"]["rows"]
    ids = tuple(run_ids[row] for row in rows if 0 <= row < len(run_ids))
    st.session_state["log_selected"] = ids
    st.session_state["opened_run"] = ids[0] if len(ids) == 1 else None


def selected() -> tuple[str, ...]:
    ids: tuple[str, ...] = st.session_state["log_selected"]
    return ids


def act(work: Callable[[], str | None], undoable: Undoable | None = None) -> None:
    """Do something to the log, and remember either how to undo it or why it failed."""
    problem = work()
    st.session_state["log_problem"] = problem
    if problem is None:
        st.session_state["log_undo"] = undoable


def problem() -> str | None:
    """Why the last change was not made."""
    found: str | None = st.session_state["log_problem"]
    return found


def undoable() -> Undoable | None:
    found: Undoable | None = st.session_state["log_undo"]
    return found


def forget_undo() -> None:
    st.session_state["log_undo"] = st.session_state["log_problem"] = None


def edit(request: Request, letter: str, said: str) -> None:
    """Put a run's prompt and parameters into the editor, into its own variant if there is
    one; what stood there can be brought back."""
    setup_state.place_request(request, letter)
    st.session_state["log_undo"] = Undoable(said, request=request)
    redraw_page()


def can_undo_edit(request: Request | None) -> bool:
    """Whether the editor still holds what was put there."""
    is_there = request is not None and state.prompt() == request.prompt
    return is_there and setup_state.can_bring_back()


def letter_for(letter: str) -> str:
    """The variant on the page that takes what a run's variant had."""
    there = variant_state.variants()
    return letter if letter in there else there[0]


def redraw_page() -> None:
    """The change shows outside of the log."""
    st.session_state["log_redraw"] = True


def takes_redraw() -> bool:
    """Whether the whole page is to be drawn again; asked once for each change."""
    wanted: bool = st.session_state["log_redraw"]
    st.session_state["log_redraw"] = False
    return wanted


def keep_file(prepared: Prepared | None) -> None:
    st.session_state["log_file"] = prepared


def prepared() -> Prepared | None:
    found: Prepared | None = st.session_state["log_file"]
    return found
