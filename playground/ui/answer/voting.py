"""A vote on the answers of one press of Run, and the standings so far."""

import json

import streamlit as st

from playground.core.log.votes import setting_name, votes
from playground.core.runs.run_view import RunView
from playground.ui.session import answers_state as band
from playground.ui.session.presses_state import Runs
from playground.ui.session.services import services
from playground.ui.widgets.markdown import plain


def offer_blind() -> None:
    """A toggle that hides the variants of the answers until a vote is cast."""
    st.toggle(
        "Blind", key=band.BLIND,
        help="Until you vote, models, parameters and numbers are hidden and the cards are "
        "shuffled.",
    )  # fmt: skip


def offer_vote(runs: Runs, names: dict[str, str]) -> None:
    """Ask which answer is better, once all have ended. `names` are the cards' names by letter, in
    the order in which they are shown."""
    on_ballot = band.on_ballot(runs)
    if not on_ballot or any(run.is_live for run in runs.values()):
        return
    letters = [letter for letter in names if letter in on_ballot]
    cast = band.vote(runs)
    if problem := band.pop_vote_problem():
        st.caption(f":red[:material/block:] {plain(problem)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="vote"):
        if cast is None or not cast.counts:
            _show_ballot(runs, letters, names)
        else:
            _show_vote(cast, runs, letters)
    if cast is not None:
        _show_standings(runs, letters)


def _show_ballot(runs: Runs, letters: list[str], names: dict[str, str]) -> None:
    st.caption("Which is better?", width="content")
    # The runs that are in sight now: by the time a click arrives the page may show others.
    voted_on = [runs[letter] for letter in letters]
    for letter in letters:
        st.button(
            names[letter], key=f"vote_{names[letter]}", on_click=_vote,
            args=(voted_on, runs[letter].id),
        )  # fmt: skip
    st.button("Tie", key="vote_tie", on_click=_vote, args=(voted_on, None))


def _show_vote(cast: band.CastVote, runs: Runs, letters: list[str]) -> None:
    winner = next((letter for letter in letters if runs[letter].id == cast.winner), None)
    text = "You voted for a tie." if cast.winner is None else f"You voted for **{winner}**."
    st.markdown(text, width="content")
    st.button(
        "Take back", key="vote_take_back", icon=":material/undo:", type="tertiary",
        on_click=_withdraw, args=([runs[letter] for letter in letters],),
    )  # fmt: skip


def _vote(voted_on: list[RunView], winner: str | None) -> None:
    ids = [run.id for run in voted_on]
    refused = services().log.history.vote(voted_on[0].visitor, votes(ids, winner))
    if refused:
        band.set_vote_problem(f"Your vote was not saved. {refused.sentence}")
        return
    band.set_vote(band.CastVote(frozenset(ids), winner))


def _withdraw(voted_on: list[RunView]) -> None:
    ids = [run.id for run in voted_on]
    refused = services().log.history.vote(voted_on[0].visitor, dict.fromkeys(ids, ""))
    if refused:
        band.set_vote_problem(f"Your vote still counts. {refused.sentence}")
        return
    # What was revealed can't be hidden again.
    band.set_vote(band.CastVote(frozenset(ids), None, counts=False))


def _show_standings(runs: Runs, letters: list[str]) -> None:
    """The standings of these answers' settings, and of all others on demand."""
    if len({_setting(runs[letter]) for letter in letters}) == 1:
        st.caption(
            "All answers were made with the same model and parameters, so your vote "
            "counts for none of them."
        )
    standings = services().log.history.standings(runs[letters[0]].visitor)
    lines = []
    for standing in standings:
        letters_of_setting = [
            letter for letter in letters if _setting(runs[letter]) == standing.name
        ]
        if letters_of_setting:
            line = f"{standing.name} {standing.sentence}"
            lines.append(f"**{', '.join(letters_of_setting)}** {plain(line)}")
    if lines:
        st.caption("  \n".join(lines))
    if len(standings) > len(lines):
        popover = st.popover("All votes", key="all_votes", type="tertiary", on_change="rerun")
        if popover.open:
            with popover:
                st.caption("All your prompts together, by model and parameters.")
                st.markdown(
                    "  \n".join(plain(f"{other.name} {other.sentence}") for other in standings)
                )


def _setting(run: RunView) -> str:
    wire = run.plan.wire
    parameters = json.dumps(wire.parameters(), ensure_ascii=False)
    return setting_name(wire.model_id, run.plan.connection.label, parameters)
