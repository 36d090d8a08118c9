"""The session's way past the owner's gate: whether the passcode was entered."""

import time

import streamlit as st

from playground.ui.session.services import services

PASSCODE, LOG_IN = "passcode", "log_in"
WORDS = {
    "wrong": "That is not the passcode.",
    "too often": "Too many wrong passcodes were entered: wait a minute.",
}


def has_passed() -> bool:
    """Whether the right passcode was entered in this session."""
    return bool(st.session_state.get("has_passcode"))


def passcode_problem() -> str | None:
    """Why the passcode entered last did not open."""
    problem: str | None = st.session_state.get("passcode_problem")
    return problem


def enter_passcode() -> None:
    """Try what was typed, and take it out of its field."""
    given = str(st.session_state[PASSCODE] or "").strip()
    st.session_state[PASSCODE] = ""
    # What comes after the right one, twice from a slow page, takes nothing back and is no guess.
    if not given or has_passed():
        return
    outcome = services().passcode.enter(given, time.monotonic())
    st.session_state["has_passcode"] = outcome == "right"
    st.session_state["passcode_problem"] = WORDS.get(outcome)
