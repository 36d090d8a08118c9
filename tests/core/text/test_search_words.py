"""Words in any script, and which texts a query finds."""

from dataclasses import replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from playground.core.text.search_words import MAX_CHARACTERS, contains_all, phrases, words

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
    assert contains_all((TEXT,), phrases(query))


@pytest.mark.parametrize(
    "query", ["caf ", '"caf"', "enu", "menu_the", '"menu 1st"', "語日", "పిండ ", "tea", "m e"]
)
def test_a_text_is_not_found_by(query):
    assert not contains_all((TEXT,), phrases(query))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Don’t wait", "don't"), ("Don't wait", "don’t"), ("an e‑mail", "e-mail"),
        ("an e-mail", "e–mail"), ("a so\u00adft hyphen", "soft"), ("రాజ్\u200cకుమార్", "రాజ్కుమార్"),
        ("రాజ్కుమార్", "రాజ్\u200cకుమార్"), ("hello\u200bworld", "world"), ("“Hello”", "hello"),
        ("say hi there now", "“hi there”"), ("say hi there now", "„hi there“"), ("-5", "\u22125"),
    ],
)  # fmt: skip
def test_signs_that_look_alike_or_that_nobody_sees_make_no_difference(text, query):
    assert contains_all((text,), phrases(query))


SIGNS = (
    'I know C++, C# and .NET: foo_bar(a@b.c) is 100% of $5 or 5 % of 12" 😀❤️ దోశ! '
    "日本語。\n1 * 2 & x ^ y",
    "In all\nof  it: os.path\\join",
)


@pytest.mark.parametrize(
    "query",
    ["c++", "C#", "c++, c#", ".net", ".NET:", "foo_bar", "foo_bar(", "a@b.c", "100%", "$5", "%",
     "*", "&", "^", "😀", "😀❤️", "❤", "దోశ!", "日本語。", "語。", '"5 %"', '"', '""', '"1 * 2 &"',
     "os.path\\", "\\", '"IN all of it:"', "c++ c# 😀", "foo_bar(a@", "os.pat", '"all of"', "@b"],
)  # fmt: skip
def test_signs_are_found_as_they_are_written(query):
    assert contains_all(SIGNS, phrases(query))


@pytest.mark.parametrize(
    "query",
    ["c+++", "c+", "c##", "net.", "foo-bar", "oo_bar", "foo_bar()", "00%", "$", "$50", "5%",
     "**", "😁", "!దోశ", "本。", '"1*2"', "os/path", "os.ath", "c++ zebra", "all.of", "'", "\u0301",
     "b@"],
)  # fmt: skip
def test_other_signs_than_those_written_are_not_found(query):
    is_within = query in ("$", "c+")  # after a sign it may go on
    assert contains_all(SIGNS, phrases(query)) == is_within


@given(st.text(max_size=40), st.integers(0, 39), st.integers(1, 39))
def test_what_has_a_text_word_by_word_and_sign_by_sign_is_in_its_words_too(text, at, size):
    text = text.replace('"', " ")
    for phrase in phrases(f'"{text[at : at + size]}"'):
        if contains_all((text,), [phrase]) and phrase.words:
            # The index finds it by its words: what it does not find nobody reads.
            assert contains_all((text,), [replace(phrase, literal="")])


@given(st.text(max_size=60))
def test_words_need_no_quoting_and_are_stable(text):
    found = words(text)
    assert all(word and "_" not in word and '"' not in word and "'" not in word for word in found)
    assert words(" ".join(found)) == found
    assert all(phrase.words or phrase.literal for phrase in phrases(text))


@given(st.text(max_size=40))
@example("´")
@example("a ¨ b")
def test_a_text_is_found_by_all_of_itself(text):
    assume(text.replace('"', "").strip())
    quoted = '"' + text.replace('"', " ") + '"'
    assert contains_all((text.replace('"', " "),), phrases(quoted))


def test_of_a_very_long_text_only_the_beginning_is_found():
    said = ("a " * MAX_CHARACTERS + "end",)
    assert contains_all(said, phrases("a"))
    assert not contains_all(said, phrases("end"))
