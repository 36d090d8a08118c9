"""The band of answers in the session: what is focused, pinned, hidden and voted on."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random, SystemRandom

import streamlit as st

from playground.core.log.votes import ballot, shuffled
from playground.core.runs.run_view import RunView
from playground.ui.session import presses_state
from playground.ui.session.presses_state import Runs

BLIND, PLAIN = "blind_votes", "plain_text"
BEFORE, BASELINE = "before", "baseline"
"""What an answer is compared with, but for the other cards, which have their letters."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """An answer that stays to be compared with."""

    run: RunView
    name: str


@dataclass(frozen=True, slots=True)
class CastVote:
    """What was voted on, and which run won; None: a tie, or the vote was taken back."""

    run_ids: frozenset[str]
    winner: str | None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows of its answers, for whoever tells its browser: on another thread,
    which knows no session."""

    runs: Runs
    """By letter, in the order of their cards."""
    names: Mapping[str, str]
    """What the page calls them: letters, or numbers while it is hidden which is whose."""
    is_hidden: bool
    focused: str | None
    """The letter whose card has the full width."""
    pinned: Baseline | None
    changes: str | None
    """What the answers are compared with: `BEFORE`, `BASELINE`, or the letter of a card."""
    presses: Mapping[int, Runs]
    """Those of the presses of Run that are kept."""
    is_plain: bool
    """Whether the answers are shown as plain text."""
    blocked: Mapping[str, str]
    """Why Run again would start nothing, by letter."""
    drawn: frozenset[str]
    """The runs that were over when the page around the answers was drawn."""
    has_scenario: bool = False
    """Whether the demo is set to fail now."""


def view(runs: Runs, chance: Random | None = None) -> View:
    """What the page shows when these are its runs. `chance` shuffles for a blind vote."""
    hidden = is_hidden(runs)
    order = ordered(runs, chance or SystemRandom())
    # In a blind vote a card is called by its place: its letter would tell whose answer it is.
    names = {letter: str(at) if hidden else letter for at, letter in enumerate(order, 1)}
    wide = focused(runs)
    placed = sorted(order, key=lambda letter: letter != wide)
    return View(
        {letter: runs[letter] for letter in placed},
        names,
        hidden,
        wide,
        baseline(),
        st.session_state.get("changes"),
        presses_state.presses(),
        bool(st.session_state.get(PLAIN, False)),
        st.session_state.get("again_blocked", {}),
        st.session_state.get("drawn_over", frozenset()),
        bool(st.session_state.get("has_scenario", False)),
    )


def set_drawn(
    over: frozenset[str], blocked: Mapping[str, str], *, has_scenario: bool = False
) -> None:
    """The page around the answers was drawn while these runs were over, and Run again would
    start nothing for these letters, for a reason each; and whether the demo was set to fail."""
    st.session_state["drawn_over"], st.session_state["again_blocked"] = over, dict(blocked)
    st.session_state["has_scenario"] = has_scenario


def focused(runs: Runs) -> str | None:
    """The letter whose card has the full width."""
    letter: str | None = st.session_state.get("focused_card")
    return letter if letter in runs else None


def focus(letter: str | None) -> None:
    st.session_state["focused_card"] = letter


def baseline() -> Baseline | None:
    pinned: Baseline | None = st.session_state.get("baseline")
    return pinned


def pin(run: RunView) -> None:
    """Compare with this run's answer from now on, also after the next press of Run."""
    name = f"Pinned · run {run.plan.press} {run.plan.letter}"
    st.session_state["baseline"] = Baseline(run, name)
    set_changes(BASELINE)


def unpin() -> None:
    st.session_state["baseline"] = None


def set_changes(against: str | None) -> None:
    """Mark in the answers what differs from this; None: nothing."""
    st.session_state["changes"] = against


def comparison_candidates(view: View, letter: str) -> dict[str, tuple[str, RunView]]:
    """What an answer can be compared with: what the page calls it, and its run."""
    candidates: dict[str, tuple[str, RunView]] = {}
    if view.pinned and not view.is_hidden:
        candidates[BASELINE] = (view.pinned.name, view.pinned.run)
    if not view.is_hidden and (run := _before(view, letter)):
        candidates[BEFORE] = (f"Run {run.plan.press} {letter}", run)
    candidates |= {other: (view.names[other], run) for other, run in view.runs.items()}
    # What ended without an answer is nothing to compare with; what is on its way will have one.
    this = view.runs[letter]
    return {
        key: (name, run)
        for key, (name, run) in candidates.items()
        if run.id != this.id and (run.blocks or run.is_live)
    }


def compared_run(view: View, letter: str) -> RunView | None:
    """The run with which an answer is compared now."""
    if view.changes is None:
        return None
    return comparison_candidates(view, letter).get(view.changes, ("", None))[1]


def _before(view: View, letter: str) -> RunView | None:
    """The run of this letter that was shown before this one."""
    this, press = view.runs[letter], presses_state.number(view.runs)
    # A press that ran another variant alone left this one's run in its card.
    earlier = (
        runs[letter]
        for number, runs in view.presses.items()
        if number < press and letter in runs and runs[letter].id != this.id
    )
    return next(earlier, None)


def on_ballot(runs: Runs) -> tuple[str, ...]:
    """The letters that can be voted on, now or once all have ended."""
    return ballot({key: run.plan.press for key, run in runs.items() if run.is_live or run.blocks})


def vote(runs: Runs) -> CastVote | None:
    """What was voted on these runs."""
    cast: CastVote | None = st.session_state.get("vote_cast")
    ids = {runs[letter].id for letter in on_ballot(runs)}
    return cast if cast and ids and ids <= cast.run_ids else None


def set_vote(cast: CastVote) -> None:
    st.session_state["vote_cast"] = cast


def set_vote_problem(sentence: str) -> None:
    st.session_state["vote_problem"] = sentence


def pop_vote_problem() -> str | None:
    """Why the last click on a vote changed nothing, once."""
    problem: str | None = st.session_state.pop("vote_problem", None)
    return problem


def is_hidden(runs: Runs) -> bool:
    """Whether it must not be seen yet which answer is whose."""
    # Without two answers to vote on there would be no vote that reveals them.
    return is_blind() and bool(on_ballot(runs)) and vote(runs) is None


def is_blind() -> bool:
    return bool(st.session_state.get(BLIND, False))


def ordered(runs: Runs, chance: Random) -> tuple[str, ...]:
    """The letters in the order of their cards: shuffled once for blind votes, and so until
    other runs are shown."""
    session, ids = st.session_state, {run.id for run in runs.values()}
    if not is_blind():
        return tuple(runs)
    known, order = session.get("blind_order", (frozenset(), ()))
    if known == ids:
        return tuple(order)
    if not is_hidden(runs):
        return tuple(runs)
    # Kept until other runs are shown: shuffled at each draw, cards would move while they are read.
    order = shuffled(tuple(runs), chance)
    session["blind_order"] = (frozenset(ids), order)
    focus(None)  # Whose card had the full width before is known.
    return order
