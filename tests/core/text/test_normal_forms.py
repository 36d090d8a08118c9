"""Normal forms as Unicode has them, of any text in a time that nobody notices."""

import json
import time
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.experiment.json_schema import schema_problem
from playground.core.sharing.links import address
from playground.core.text.normal_forms import normalized
from playground.core.text.search_words import words
from playground.core.visitors.passcode import Passcode

FORMS = ("NFC", "NFKC", "NFKD")
MAX_S = 2.0
MARKS = {
    "accents": "a" + "\u0300\u0316" * 60_000,
    "accents alone": "\u0316\u0300" * 60_000,
    "marks of half width": "a" + "\uff9e\u0316" * 60_000,
    "marks among joiners": "a" + ("\u0300\u0316" * 20_000 + "\u034f") * 3,
    "marks of Tibetan": "a" + "\u0f73\u0f71\u0316" * 40_000,
}


def marks_in(text):
    apart = (unicodedata.normalize("NFKD", letter) for letter in text)
    return Counter("".join(apart).replace("\u034f", ""))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.sampled_from(FORMS))
def test_they_are_those_of_unicode(text, form):
    # Hypothesis makes no text of more than 30 marks on one letter in so few characters.
    if not any(unicodedata.combining(letter) for letter in text[30:]):
        assert normalized(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", MARKS.values(), ids=MARKS)
def test_marks_without_an_end_are_parted_in_no_time(text, form):
    began_s = time.thread_time()
    parted = normalized(form, text)
    assert time.thread_time() - began_s < MAX_S
    assert marks_in(parted) == marks_in(text)


@pytest.mark.parametrize("text", MARKS.values(), ids=MARKS)
def test_whoever_sends_them_holds_up_nobody(text):
    began_s = time.thread_time()
    assert Passcode("correct horse").enter(text, 0.0) == "wrong"
    words(text)
    assert address(f"https://{text}", "x") is None
    assert schema_problem(json.dumps({"$schema": f"https://{text}"})) is not None
    assert time.thread_time() - began_s < MAX_S
