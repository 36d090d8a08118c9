"""The sidebar: connection and key, retry policy, sample prompts, about."""

from itertools import count
from typing import Any

import streamlit as st

from playground.core.answer.retry import in_words
from playground.core.library.samples import SAMPLES
from playground.core.request.connection import key_problem
from playground.core.request.model_catalogue import CHECKED_ON
from playground.ui.library import lessons_state
from playground.ui.library.lessons import offer_undo
from playground.ui.log.my_history import show_my_history
from playground.ui.money.budget import edit_budget
from playground.ui.page.self_check import offer_safety
from playground.ui.runs import running
from playground.ui.server.script_queue import defer_next_script, in_later_turn
from playground.ui.server.visitor import is_local
from playground.ui.session import editor_state, state
from playground.ui.session.services import services
from playground.ui.visitors.gate import show_gate
from playground.ui.widgets.fields import number_field
from playground.ui.widgets.markdown import plain

MODELS_TOO_OFTEN = (
    "The account's models were not read, because too many accounts were asked lately. Click "
    "anywhere in a minute. You can type any model id."
)
ABOUT = f"""\
A playground for the Claude Messages API. What it shows is what happens: the request is
sent as shown, each retry is visible, and a cost says how it is known.

Keys stay in this session's memory and are never logged.

Models and rules as of {CHECKED_ON:%d %B %Y}.
"""


def show_sidebar() -> None:
    """Draw the sidebar."""
    with st.sidebar:
        _choose_connection()
        st.selectbox(
            "Sample prompt",
            SAMPLES,
            index=None,
            key=state.SAMPLE,
            format_func=lambda sample: sample.name,
            placeholder="Choose one to load it",
            on_change=lessons_state.load_sample,
        )
        _show_sample()
        edit_budget()
        _edit_policy()
        _show_about()
        show_my_history()


def _choose_connection() -> None:
    kinds = {option.kind: option.label for option in services().settings.connections}
    st.selectbox(
        "Connection",
        list(kinds),
        index=list(kinds).index(running.connection().kind),
        key=state.CONNECTION,
        format_func=kinds.__getitem__,
        help="The demo is a small language model inside this app, not Claude. It makes its "
        "answers up.",
    )
    connection = running.connection()
    if connection.kind == "demo":
        _choose_scenario()
    elif connection.kind == "claude":
        _enter_key()
    else:
        st.caption(f"Server: {plain(connection.base_url)}")
        show_gate()
    if connection.kind != "demo" and running.can_connect(connection):
        if not running.read_models(connection):
            st.caption(MODELS_TOO_OFTEN)
            return
        # They are read on the engine's loop, which cannot redraw the page: it polls.
        is_reading = running.models_outcome() is None
        st.fragment(_show_models, run_every=1.0 if is_reading else None)(count())


def _choose_scenario() -> None:
    scenarios = services().scenarios()
    st.selectbox(
        "Scenario",
        list(scenarios),
        key=state.SCENARIO,
        format_func=lambda name: scenarios[name].label,
        persist_state="session",
        help="The failure to simulate. The demo fails as the API does, through the same code.",
    )
    chosen = scenarios[editor_state.scenario()]
    if chosen.description:
        st.caption(plain(chosen.description))


def _enter_key() -> None:
    key = state.visitor_key()
    if key:
        st.caption(f":green[:material/key:] Your key …{plain(key[-4:])} is used in this session.")
        st.button("Forget key", key=state.FORGET_KEY, on_click=state.forget_key)
        return
    st.text_input(
        "API key",
        type="password",
        key=state.API_KEY,
        placeholder="sk-ant-…",
        autocomplete="off",
        on_change=_save_key,
        help="Kept in this session's memory until you close the page. Never stored or logged.",
    )
    problem = state.key_problem()
    if problem:
        st.error(problem, icon=":material/key_off:")
    elif is_local() and running.key_for(running.connection()):
        st.caption("If empty, the key from the settings is used.")
    owner = services().settings.owner
    if owner and owner.kind == "claude":
        show_gate()


def _save_key() -> None:
    key = st.session_state[state.API_KEY].strip()
    if key:
        state.set_key(key, key_problem(key))


@in_later_turn
def _show_models(draws: "count[int]") -> None:
    outcome: Any = running.models_outcome()
    if outcome is None:
        st.caption("Reading the account's models…")
    elif isinstance(outcome, str):
        st.caption(
            f"The account's models could not be read. {plain(outcome)} You can type any model id."
        )
    else:
        st.caption(f"This account has {outcome} {'model' if outcome == 1 else 'models'}.")
    # The first draw is part of the page's own, whose variants have these models already.
    if next(draws) and outcome is not None:
        defer_next_script()
        st.rerun()  # The variants offer them from now on.


def _show_sample() -> None:
    chosen = st.session_state[state.SAMPLE]
    if chosen is not None:
        st.caption(f"**{plain(chosen.technique)}.** {plain(chosen.lesson)}")
    if lessons_state.lesson() is None:
        offer_undo("Undo: bring my prompt back")


def _show_about() -> None:
    about = st.expander("About", icon=":material/info:", key="about", on_change="rerun")
    if about.open:
        with about:
            st.markdown(ABOUT)
            offer_safety()


def _edit_policy() -> None:
    retry = st.expander("Retries", icon=":material/replay:", key="retry", on_change="rerun")
    # Drawn only while it is visible: each widget slows down every script run.
    if not retry.open:
        return
    with retry:
        labels = ("Attempts", "First wait (s)", "Deadline (s)")
        for label, (key, of) in zip(labels, state.RETRY_RULES.items(), strict=True):
            # Streamlit forgets the value of a widget that is not drawn, unless told to persist it.
            number_field(label, of, key=key, persist_state="session")
        words = "" if state.policy_problems() else f"{in_words(state.policy())} "
        st.caption(
            f"{words}Retried: 429, 5xx, lost connections. Never: a wrong key, "
            "a refused request, an answer that has begun."
        )
