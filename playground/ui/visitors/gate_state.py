"""The passcode in the session: whether it was entered."""

import time

import streamlit as st

from playground.ui.session.services import services

PASSCODE, LOG_IN = "passcode", "log_in"
WORDS = {
    "wrong": "That is not the passcode.",
    "too often": "Too many wrong passcodes were entered. Wait a minute.",
}


def has_passed() -> bool:
    """Whether the right passcode was entered in this session."""
    return bool(st.session_state.get("has_passcode"))


def passcode_problem() -> str | None:
    """Why the last passcode was refused."""
    problem: str | None = st.session_state.get("passcode_problem")
    return problem


def enter_passcode() -> None:
    """Check the typed passcode, and clear its field."""
    given = str(st.session_state[PASSCODE] or "").strip()
    st.session_state[PASSCODE] = ""
    # Sent again by a slow page after the right one, it is no wrong guess.
    if not given or has_passed():
        return
    outcome = services().passcode.enter(given, time.monotonic())
    st.session_state["has_passcode"] = outcome == "right"
    st.session_state["passcode_problem"] = WORDS.get(outcome)
