"""The answers' part of the session: the focused card, the baseline, blind votes, the votes cast."""

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
"""What an answer can be compared with besides the other cards, which have their letters."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The pinned answer, with which others are compared."""

    run: RunView
    name: str


@dataclass(frozen=True, slots=True)
class CastVote:
    """The runs of a vote, and the winner; None: a tie, or the vote was withdrawn."""

    run_ids: frozenset[str]
    winner: str | None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows of its answers, as a value for the feed, which runs on another thread and
    cannot read the session."""

    runs: Runs
    """By letter, in the order of their cards."""
    names: Mapping[str, str]
    """Their names on the page: letters, or numbers while variants are hidden."""
    is_hidden: bool
    focused: str | None
    """The letter whose card has the full width."""
    pinned: Baseline | None
    changes: str | None
    """What the answers are compared with: `BEFORE`, `BASELINE`, or a card's letter."""
    presses: Mapping[int, Runs]
    """The runs of the presses of Run that are kept."""
    is_plain: bool
    """Whether the answers are shown as plain text."""
    blocked: Mapping[str, str]
    """Why Run again would start nothing, by letter."""
    drawn: frozenset[str]
    """The runs that were over when the page around the answers was drawn."""
    has_scenario: bool = False
    """Whether the demo is set to fail now."""


def view(runs: Runs, chance: Random | None = None) -> View:
    """What the page shows if these are its runs. `chance` shuffles for a blind vote."""
    hidden = is_hidden(runs)
    order = ordered(runs, chance or SystemRandom())
    # In a blind vote a card's name is its position: its letter would reveal the variant.
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
    """Store how the controls around the answers were drawn: which runs were over, why Run again
    would start nothing for a letter, and whether the demo was set to fail."""
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
    """Mark the differences of the answers from this; None: mark nothing."""
    st.session_state["changes"] = against


def comparison_candidates(view: View, letter: str) -> dict[str, tuple[str, RunView]]:
    """What an answer can be compared with: for each its name on the page, and its run."""
    candidates: dict[str, tuple[str, RunView]] = {}
    if view.pinned and not view.is_hidden:
        candidates[BASELINE] = (view.pinned.name, view.pinned.run)
    if not view.is_hidden and (run := _before(view, letter)):
        candidates[BEFORE] = (f"Run {run.plan.press} {letter}", run)
    candidates |= {other: (view.names[other], run) for other, run in view.runs.items()}
    # A run that ended without an answer is no candidate; a live one may still get an answer.
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
    """The letters that can be voted on, once all runs have ended."""
    return ballot({key: run.plan.press for key, run in runs.items() if run.is_live or run.blocks})


def vote(runs: Runs) -> CastVote | None:
    """The vote that was cast on these runs."""
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
    """Whether the answers' variants are hidden until a vote."""
    # Without two answers to vote on no vote could reveal them.
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
    # Stored until other runs are shown: shuffled on each draw, cards would move while being read.
    order = shuffled(tuple(runs), chance)
    session["blind_order"] = (frozenset(ids), order)
    focus(None)  # The letter of the focused card is known: it must not stay recognisable.
    return order
