"""The presses of Run whose runs this page keeps, and which of them its cards show."""

from collections.abc import Mapping

import streamlit as st

from playground.core.runs.run_view import RunView

Runs = Mapping[str, RunView]
"""By letter."""

RUN_STRIP = "run_strip"
MAX_PRESSES, MAX_CHARACTERS = 5, 1_000_000
"""How many presses a page keeps, and characters of all their answers; the newest always stays."""


def initialise() -> None:
    st.session_state["presses"], st.session_state["shown_press"] = {}, None


def number(runs: Runs) -> int:
    """The press of Run that started the latest of these."""
    return max((int(run.plan.press) for run in runs.values()), default=0)


def add(runs: Runs) -> None:
    """Add these as the newest, and show them."""
    st.session_state["shown_press"] = None
    if runs:
        st.session_state["presses"] = _within_bounds({**presses(), number(runs): runs})


def _within_bounds(presses: dict[int, Runs]) -> dict[int, Runs]:
    newest, *earlier = sorted(presses, reverse=True)[:MAX_PRESSES]
    kept_runs = {newest: presses[newest]}
    # Only the newest press has live runs: the answers of these are complete.
    spare = MAX_CHARACTERS
    for press in earlier:
        spare -= sum(len(run.text) + len(run.thinking) for run in presses[press].values())
        if spare < 0:
            break
        kept_runs[press] = presses[press]
    return kept_runs


def presses() -> Mapping[int, Runs]:
    """The runs that the cards showed after each press, the newest first."""
    runs_by_press: Mapping[int, Runs] = st.session_state["presses"]
    return runs_by_press


def newest() -> Runs:
    return next(iter(presses().values()), {})


def shown() -> Runs:
    """The runs that the cards show: the newest while any of those is live."""
    # Live runs are always shown: Stop and the feed act on what is shown.
    is_live = not all(run.is_over for run in newest().values())
    chosen = presses().get(st.session_state["shown_press"])
    return newest() if is_live or chosen is None else chosen


def choose() -> None:
    """Show what was chosen in the strip. The browser's value is untrusted."""
    chosen = st.session_state[RUN_STRIP]
    st.session_state["shown_press"] = chosen if isinstance(chosen, int) else None


def update_strip() -> None:
    """Set the strip to what is shown. Called before it is drawn."""
    st.session_state[RUN_STRIP] = number(shown())


def restore(presses: Mapping[int, Runs]) -> None:
    """Take over the presses of the page that was in this tab before."""
    st.session_state["presses"] = dict(presses)
