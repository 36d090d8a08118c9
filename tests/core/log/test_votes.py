"""Votes on answers: what can be voted on, in which order it stands, and what the votes say."""

import json
from random import Random

import pytest

from playground.core.log.votes import (
    LONGEST_VALUE,
    VotedRun,
    ballot,
    setting_name,
    shuffled,
    standings,
    votes,
)


@pytest.mark.parametrize(
    ("presses", "letters"),
    [
        ({}, ""),
        ({"A": 1}, ""),
        ({"A": 1, "B": 2}, ""),
        ({"A": 1, "B": 1}, "AB"),
        ({"A": 1, "B": 2, "C": 1}, "AC"),
        ({"A": 1, "B": 2, "C": 1, "D": 2}, "BD"),
    ],
)
def test_answers_of_one_press_of_run_are_voted_on(presses, letters):
    assert ballot(presses) == tuple(letters)


def test_one_wins_and_the_others_lose_or_all_are_tied():
    assert votes("123", "2") == {"1": "lost", "2": "won", "3": "lost"}
    assert votes("12", None) == {"1": "tied", "2": "tied"}


def test_the_order_hangs_on_chance_alone_and_loses_no_letter():
    orders = {shuffled("ABC", Random(seed)) for seed in range(60)}
    assert len(orders) == 6
    assert all(sorted(order) == ["A", "B", "C"] for order in orders)
    assert shuffled("ABC", Random(1)) == shuffled("ABC", Random(1))


def cast(ballot, vote, model="small", **params):
    return VotedRun(str(ballot), model, "Demo", json.dumps(params | {"model": model}), vote)


def against(ballot, vote, other, one=0.2, another=1.0):
    return [cast(ballot, vote, temperature=one), cast(ballot, other, temperature=another)]


def test_votes_are_added_up_by_model_and_parameters_and_say_how_sure_they_are():
    won = [each for number in range(3) for each in against(number, "won", "lost")]
    first, second = standings([*won, *against(3, "lost", "won"), *against(4, "tied", "tied")])
    assert first.name == "small · temperature 0.2 · Demo"
    assert first.sentence == (
        "won 3 of 5, 1 tied. 5 votes: too few to tell (share of wins 23–88 %)."
    )
    assert (second.won, second.of, second.tied) == (1, 5, 1)


def test_a_setting_counts_once_a_vote_however_many_of_its_answers_were_voted_on():
    voted = [*against(1, "won", "lost"), cast(1, "lost", temperature=0.2)]
    assert [(each.won, each.of) for each in standings(voted)] == [(1, 1), (0, 1)]


def test_an_answer_that_was_better_than_another_of_the_same_setting_proves_nothing():
    assert standings(against(1, "won", "lost", 0.2, 0.2)) == ()


def test_many_votes_are_not_talked_down():
    votes_on = [each for number in range(60) for each in against(number, "won", "lost")]
    assert standings(votes_on)[0].sentence == "won 60 of 60."


def test_a_setting_is_named_by_all_that_was_sent_cut_short():
    params = {"max_tokens": 300, "output_config": {"effort": "high"}, "stop": ["x" * 90]}
    name = setting_name("m", "Claude API", json.dumps(params))
    assert name.startswith("m · max_tokens 300 · output_config high · stop [")
    assert len(name) < 80 + LONGEST_VALUE
    assert setting_name("m", "Demo", "damaged") == setting_name("m", "Demo", "[]") == "m · Demo"
