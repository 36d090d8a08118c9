"""The presses of Run whose answers this page keeps, and which of them its cards show."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

Runs = Mapping[str, Any]
"""By letter."""

MOST_PRESSES, MOST_CHARACTERS = 5, 1_000_000
"""What a page keeps, of presses and of all their answers; the newest stays in any case."""


def initialise() -> None:
    st.session_state["presses"], st.session_state["shown_press"] = {}, None


def number(runs: Runs) -> int:
    """The press of Run with which the last of these began."""
    return max((int(run.plan.press) for run in runs.values()), default=0)


def add(runs: Runs) -> None:
    """These are the newest, and are shown."""
    session = st.session_state
    session["shown_press"] = None
    if runs:
        session["presses"] = _kept({**session["presses"], number(runs): runs})


def _kept(presses: dict[int, Runs]) -> dict[int, Runs]:
    newest, *earlier = sorted(presses, reverse=True)[:MOST_PRESSES]
    found = {newest: presses[newest]}
    # Runs that go on are the newest's: these have all that they will have.
    spare = MOST_CHARACTERS
    for press in earlier:
        spare -= sum(len(run.text) + len(run.thinking) for run in presses[press].values())
        if spare < 0:
            break
        found[press] = presses[press]
    return found


def presses() -> Mapping[int, Runs]:
    """The runs that the cards showed after each press, the newest first."""
    found: Mapping[int, Runs] = st.session_state["presses"]
    return found


def show(press: int | None) -> None:
    """Show the answers of an earlier press again; None: the newest ones."""
    kept = presses()
    is_earlier = press in kept and press != next(iter(kept))
    st.session_state["shown_press"] = press if is_earlier else None


def shown() -> Runs:
    """The runs that the cards show."""
    kept = presses()
    press = st.session_state["shown_press"]
    return kept.get(press) or next(iter(kept.values()), {})
