"""The passcode opens to whoever knows it, and cannot be guessed quickly."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from playground.core.visitors.passcode import Passcode


def test_the_right_one_opens_and_does_not_count_as_a_try():
    passcode = Passcode("correct horse")
    assert {passcode.enter("correct horse", 0.0) for _ in range(50)} == {"right"}


@pytest.mark.parametrize("given", ["", "correct hors", "correct horse ", "Correct horse", "\ud83d"])
def test_anything_else_is_wrong(given):
    assert Passcode("correct horse").enter(given, 0.0) == "wrong"


def test_it_does_not_matter_how_a_keyboard_composes_a_letter():
    assert Passcode("caf\u00e9 noir").enter("cafe\u0301 noir", 0.0) == "right"
    assert Passcode("cafe\u0301 noir").enter("caf\u00e9 noir", 0.0) == "right"
    assert Passcode("caf\u00e9 noir").enter("cafe noir", 0.0) == "wrong"
    assert Passcode("what? ever").enter("what\ud83d ever", 0.0) == "wrong"


def test_where_none_is_set_none_is_right():
    assert Passcode("").enter("", 0.0) == "wrong"


def test_after_five_wrong_ones_within_a_minute_even_the_right_one_waits():
    passcode = Passcode("correct horse")
    assert [passcode.enter("guess", float(s)) for s in range(0, 50, 10)] == ["wrong"] * 5
    assert passcode.enter("guess", 50.0) == "too often"
    assert passcode.enter("correct horse", 59.9) == "too often"
    # What was refused was no try: the first one is a minute ago now.
    assert passcode.enter("correct horse", 60.0) == "right"
    assert passcode.enter("guess", 60.0) == "wrong"
    assert passcode.enter("guess", 69.0) == "too often"


def test_many_at_once_have_five_tries_together():
    passcode = Passcode("correct horse")
    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(lambda n: passcode.enter(f"guess {n}", 0.0), range(200)))
    assert outcomes.count("wrong") == 5
