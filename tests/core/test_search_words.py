"""Words in any script, and which texts a query finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.search_words import MOST_CHARACTERS, has, phrases, words

TEXT = "The Café's 1st menu: os.environ['KEY'], snake_case. దోశ పిండి 日本語のテスト ภาษาไทย Straße"


@pytest.mark.parametrize(
    "query",
    [
        "cafe", "CAFÉ", "caf", "menu the", '"1st menu"', "os.environ", "os.env", "environ['KEY']",
        "snake_case", "case", "దోశ", "దో", "పిండి", "日本語", "本語", "テスト", "ไทย",
        "strasse", "STRASSE",        "environ key", "", "  ",
    ],
)  # fmt: skip
def test_a_text_is_found_by(query):
    assert has(words(TEXT), phrases(query))


@pytest.mark.parametrize(
    "query", ["caf ", '"caf"', "enu", "menu_the", '"menu 1st"', "語日", "పిండ ", "tea", "m e"]
)
def test_a_text_is_not_found_by(query):
    assert not has(words(TEXT), phrases(query))


@given(st.text(max_size=60))
def test_words_need_no_quoting_and_are_stable(text):
    found = words(text)
    assert all(word and "_" not in word and '"' not in word and "'" not in word for word in found)
    assert words(" ".join(found)) == found
    for phrase in phrases(text):
        assert phrase.words


@given(st.text(max_size=40))
def test_a_text_is_found_by_all_of_itself(text):
    quoted = '"' + text.replace('"', " ") + '"'
    assert has(words(text.replace('"', " ")), phrases(quoted))


def test_of_a_very_long_text_only_the_beginning_is_found():
    said = words("a " * MOST_CHARACTERS + "end")
    assert has(said, phrases("a"))
    assert not has(said, phrases("end"))
