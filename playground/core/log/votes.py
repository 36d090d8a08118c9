"""Votes: which answer of one press of Run was better, and how often each setting has won."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from playground.core.statistics.intervals import Rate, how_sure, rate
from playground.core.text.json_text import Json
from playground.core.text.number_text import value_text

Vote = Literal["", "won", "lost", "tied"]
LONGEST_VALUE: Final = 40


@dataclass(frozen=True, slots=True)
class VotedRun:
    """A run that was voted on: its ballot, its model and parameters, and the vote."""

    ballot: str
    model: str
    connection: str
    params_json: str
    vote: Vote


@dataclass(frozen=True, slots=True)
class Standing:
    """How often a setting's answers were preferred to those of others. A tie is no win."""

    name: str
    won: int
    tied: int
    of: int

    @property
    def rate(self) -> Rate | None:
        return rate(self.won, self.of)

    @property
    def sentence(self) -> str:
        """Such as: won 3 of 5, 1 tied. 5 votes: too few to tell (…"""
        tied = f", {self.tied} tied" if self.tied else ""
        win_rate = self.rate
        sure = win_rate and how_sure(win_rate, "vote", "share of wins")
        return f"won {self.won} of {self.of}{tied}." + (f" {sure}" if sure else "")


def ballot(presses: Mapping[str, int]) -> tuple[str, ...]:
    """The letters that can be voted on, by the press of Run that their answer came from: two
    or more of the same press, of the one with the most; the newest of several."""
    if not presses:
        return ()
    numbers = list(presses.values())
    chosen = max(numbers, key=lambda number: (numbers.count(number), number))
    letters = tuple(letter for letter, press in presses.items() if press == chosen)
    return letters if len(letters) > 1 else ()


def votes(run_ids: Sequence[str], winner: str | None) -> dict[str, Vote]:
    """The vote on each run; without a winner they are tied."""
    if winner is None:
        return dict.fromkeys(run_ids, "tied")
    return {run_id: "won" if run_id == winner else "lost" for run_id in run_ids}


def shuffled(letters: Sequence[str], chance: Random) -> tuple[str, ...]:
    """The letters in random order, which tells nothing of the answers."""
    return tuple(chance.sample(list(letters), len(letters)))


def setting_name(model: str, connection: str, params_json: str) -> str:
    """What a run was made with, in a line: its model, what was sent with it, by which
    connection."""
    try:
        sent = json.loads(params_json)
    except (ValueError, RecursionError):
        sent = {}
    values = sent.items() if isinstance(sent, dict) else ()
    parts = [f"{name} {_short(value)}" for name, value in values if name != "model"]
    return " · ".join([model, *parts, connection])


def _short(value: Json) -> str:
    if isinstance(value, dict):
        value = " ".join(map(value_text, value.values()))
    is_simple = isinstance(value, str | float)
    text = value_text(value) if is_simple else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def standings(voted: Iterable[VotedRun]) -> tuple[Standing, ...]:
    """How each setting stands, the one with the highest share of wins first.

    A setting counts once a ballot, however many of its answers were on it; one that was
    alone on it beat nobody.
    """
    ballots: dict[str, dict[str, set[Vote]]] = {}
    for run in voted:
        name = setting_name(run.model, run.connection, run.params_json)
        ballots.setdefault(run.ballot, {}).setdefault(name, set()).add(run.vote)
    by_name: dict[str, list[Vote]] = {}
    for on_ballot in ballots.values():
        if len(on_ballot) > 1:
            for name, cast in on_ballot.items():
                by_name.setdefault(name, []).append(_setting_vote(cast))
    rows = [
        Standing(name, cast.count("won"), cast.count("tied"), len(cast))
        for name, cast in by_name.items()
    ]
    return tuple(
        sorted(
            rows, key=lambda standing: (-standing.won / standing.of, -standing.of, standing.name)
        )
    )


def _setting_vote(cast: set[Vote]) -> Vote:
    """What the votes on a setting's answers of one ballot come to."""
    if "won" in cast:
        return "won"
    return "tied" if "tied" in cast else "lost"
