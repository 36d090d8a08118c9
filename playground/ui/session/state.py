"""The page in the session: its identity, runs, key, retry policy and what is open.

A widget's key is also its CSS class, `st-key-<key>`; tests and tools rely on them.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future

import streamlit as st

from playground.core.answer.failures import Failure
from playground.core.answer.retry import RetryPolicy
from playground.core.request.model_catalogue import Model
from playground.core.runs.run_view import RunView
from playground.core.text.number_text import number_text, problem_of, read_float, rule
from playground.core.visitors.access import LOCAL
from playground.ui.server.feed import FedPage
from playground.ui.server.streamlit_insides import (
    avoid_session_copies,
    call_before_callbacks,
    protect_callbacks,
    uninterrupted,
)
from playground.ui.server.visitor import is_local, stranger
from playground.ui.session import (
    answers_state,
    late_values_state,
    money_state,
    presses_state,
    request_state,
)

RUN_ALL, STOP_ALL = "run_all", "stop_all"
CONNECTION, API_KEY, FORGET_KEY, SCENARIO = "connection", "api_key", "forget_key", "demo_scenario"
ATTEMPTS, BASE_WAIT_S, DEADLINE_S = "attempts", "base_wait_s", "deadline_s"
RETRY_RULES = {
    ATTEMPTS: rule("Attempts", "1", "8", is_whole=True, is_required=True),
    BASE_WAIT_S: rule("First wait", "0", "30", is_required=True),
    DEADLINE_S: rule("Deadline", "1", "600", is_required=True),
}
LOG, LOG_TABLE, LOG_NEWER, LOG_OLDER = "log", "log_table", "log_newer", "log_older"
SAMPLE = "sample"
ModelsRead = tuple[object, "Future[tuple[Model, ...] | Failure]"]
"""The account whose models were requested, and the response."""
FIRST_DRAW_WITHIN_S = 30.0
"""How long the first drawing of a page may take in the browser.

Until then choices are sent with each script run; a text is its field's default
(`fields.text_area`). Streamlit sends a value with one script run only. A browser that draws that
run together with the next, on a slow phone or a busy machine, would show an empty field and then
overwrite the session's value with it.
"""


# Interrupted by another message, a session would lack keys and each later script run would fail.
@uninterrupted()
def initialise(open_page: Callable[[], FedPage[answers_state.View]]) -> None:
    """Give every key its default, once per session."""
    protect_callbacks()
    call_before_callbacks(late_values_state.reapply)
    avoid_session_copies()
    state = st.session_state
    if "owner" in state:
        if time.monotonic() - state["opened_s"] < FIRST_DRAW_WITHIN_S:
            request_state.set_controls(request_state.choices())
        return
    state["opened_s"] = time.monotonic()
    state["fed_page"] = open_page()
    # Not Streamlit's session id: that is a credential, with which a session can be joined.
    state["owner"] = secrets.token_urlsafe(16)
    state["runs"] = {}
    state["press"] = 0
    state["key"] = ""
    state["key_problem"] = None
    state["opened_run"] = None
    state["dialog"] = state["drawn_dialog"] = None
    presses_state.initialise()
    request_state.initialise()
    money_state.initialise()
    policy = RetryPolicy()
    state[ATTEMPTS], state[BASE_WAIT_S] = str(policy.attempts), number_text(policy.base_wait_s)
    state[DEADLINE_S] = number_text(policy.deadline_s)


def owner() -> str:
    """This page's identity for the engine. Never shown, logged or sent."""
    return str(st.session_state["owner"])


def visitor() -> str:
    """The visitor whose rows of the log these are; on the server's own machine there is one."""
    return LOCAL if is_local() else stranger(owner())


def set_not_started(why: str, as_pressed: object) -> None:
    """Store why a press started nothing, and what that depended on."""
    st.session_state["not_started"] = (why, as_pressed)


def not_started() -> tuple[str, object] | None:
    refusal: tuple[str, object] | None = st.session_state.get("not_started")
    return refusal


def retry_texts() -> tuple[str, ...]:
    """The texts in the fields of the retry policy."""
    return tuple(str(st.session_state[key] or "") for key in RETRY_RULES)


def policy() -> RetryPolicy:
    """How to retry. Nothing may be sent while `policy_problems` says why a field can't be read;
    the usual policy stands in."""
    if policy_problems():
        return RetryPolicy()
    rules = zip(retry_texts(), RETRY_RULES.values(), strict=True)
    attempts, wait_s, deadline_s = (read_float(text, of) or 0.0 for text, of in rules)
    return RetryPolicy(int(attempts), wait_s, deadline_s)


def policy_problems() -> list[str]:
    """Why the fields of the retry policy can't be used."""
    problems = map(problem_of, retry_texts(), RETRY_RULES.values())
    return [f"Retries, in the sidebar: {why}" for why in problems if why]


def runs() -> dict[str, RunView]:
    """The newest run of each letter."""
    return dict(st.session_state["runs"])


def set_runs(runs: Mapping[str, RunView]) -> None:
    st.session_state["runs"] = dict(runs)
    presses_state.add(runs)
    update_feed()


def update_feed() -> None:
    """Have the feed send the answers as they are to be shown now."""
    fed_page().show(answers_state.view(presses_state.shown()))


def adopt_runs(presses: Mapping[int, presses_state.Runs]) -> None:
    """Take over the presses of the page that was in this tab before, with their numbers."""
    presses_state.restore(presses)
    set_runs(dict(presses_state.newest()))
    # Presses are stored by number: the next one needs a new number.
    st.session_state["press"] = max([int(st.session_state["press"]), *presses])


def fed_page() -> FedPage[answers_state.View]:
    """This page's registration with the feed."""
    page: FedPage[answers_state.View] = st.session_state["fed_page"]
    return page


def is_live() -> bool:
    """Whether any of the newest runs is live."""
    return not all(run.is_over for run in st.session_state["runs"].values())


def next_press() -> int:
    """The number of the coming press of Run."""
    return int(st.session_state["press"]) + 1


def count_press() -> None:
    st.session_state["press"] += 1


def start_once(press: int, start: Callable[[], object]) -> None:
    """Call `start`, unless there was a press since the button was drawn: this is then the second
    click of a double click. `press` is the `next_press` at that time."""
    if press == next_press():
        start()


def visitor_key() -> str:
    """The key that this visitor typed, or nothing."""
    return str(st.session_state["key"])


def set_key(key: str, problem: str | None) -> None:
    """Store the typed key, unless there is a problem with it, and clear its field."""
    st.session_state[API_KEY] = ""
    st.session_state["key_problem"] = problem
    if problem is None:
        # Only in the session: caches, globals and the environment are shared by all visitors.
        st.session_state["key"] = key


def forget_key() -> None:
    st.session_state["key"] = ""


def key_problem() -> str | None:
    problem: str | None = st.session_state["key_problem"]
    return problem


def models_read() -> ModelsRead | None:
    read: ModelsRead | None = st.session_state.get("models_read")
    return read


def set_models_read(account: object, answer: "Future[tuple[Model, ...] | Failure]") -> None:
    st.session_state["models_read"] = (account, answer)


def close_run() -> None:
    st.session_state["opened_run"] = None


def leave_log() -> None:
    """Close the opened run and go to the first page: the rows were deleted."""
    close_run()
    st.session_state["log_path"] = []


def opened_run() -> str | None:
    """The run of the log that is shown in full."""
    run_id: str | None = st.session_state["opened_run"]
    return run_id


def open_dialog(key: str, popover: str | None = None) -> None:
    """Open the dialog of the button of this key, and close the popover that the button is in, which
    would cover the dialog."""
    st.session_state["dialog"], st.session_state["drawn_dialog"] = key, None
    if popover is not None:
        close_popover(popover)


def close_popover(key: str) -> None:
    """Close a popover whose state is in the session."""
    st.session_state[key] = False


def close_dialog() -> None:
    """Close the dialog that the visitor sees, not one that was opened since."""
    # Streamlit makes two quick messages one, and calls back for the older last: that a dialog was
    # left, after the click that opens the next.
    if st.session_state["drawn_dialog"] == dialog():
        st.session_state["dialog"] = None


def mark_dialog_drawn() -> None:
    st.session_state["drawn_dialog"] = dialog()


def set_dialog_problem(sentence: str) -> None:
    """Store why a click in the open dialog did nothing."""
    st.session_state["dialog_problem"] = sentence


def pop_dialog_problem() -> str | None:
    """Why the last click in a dialog did nothing, once."""
    problem: str | None = st.session_state.pop("dialog_problem", None)
    return problem


def dialog() -> str | None:
    """The key of the button whose dialog is open."""
    key: str | None = st.session_state["dialog"]
    return key
