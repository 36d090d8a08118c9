"""JSON in lines is the same JSON, letter for letter, and grows as it grows."""

import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.text.json_text import DEEPEST_LINE, MAX_INDENTED, indented, is_of_type

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=10,
)
containers = st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=4), values)


@given(containers, st.booleans())
def test_it_is_what_a_library_writes_and_grows_at_its_end_only(value, is_ascii):
    text = json.dumps(value, ensure_ascii=is_ascii)
    whole = indented(text)
    assert whole == json.dumps(value, ensure_ascii=is_ascii, indent=2)
    assert indented(whole) == whole
    for end in range(len(text)):
        assert whole.startswith(indented(text[:end]))


def test_no_value_is_written_another_way():
    assert indented('{"a":1.50,"b":1E5,"a":"\\u00e9\\/"}') == (
        '{\n  "a": 1.50,\n  "b": 1E5,\n  "a": "\\u00e9\\/"\n}'
    )


@pytest.mark.parametrize("text", ["", "ZGF0", "  sic", '"{"', "7"])
def test_what_is_no_object_and_no_list_stays_as_it_is(text):
    assert indented(text) == text


def test_what_is_no_json_keeps_its_words_apart():
    assert indented("{no json  at all}") == "{\n  no json  at all\n}"
    assert indented("}{") == "}{"


def test_lines_end_where_there_would_be_more_spaces_than_letters():
    text = "[" * 5_000
    assert indented(text).replace(" ", "").replace("\n", "") == text
    assert indented(text).count("\n") == DEEPEST_LINE
    assert indented(text * 10) == text * 10
    assert MAX_INDENTED < 50_000


@pytest.mark.parametrize(
    ("annotation", "right", "wrong"),
    [
        (str, ["", "a"], [None, 1, []]),
        (int, [0, -1], [True, 1.0, "1", None]),
        (float, [0, 0.5], [False, "1", None]),
        (bool, [True, False], [0, 1, None, "true"]),
        (int | None, [None, 3], [True, 0.5]),
        (Literal["a", "b"] | None, ["a", None], ["c", 1, ["a"], {}]),
        (tuple[str, ...], [[], ["a", "b"]], ["ab", [1], None]),
    ],
)
def test_json_is_of_a_type_as_a_field_of_it_takes_it(annotation, right, wrong):
    assert all(is_of_type(value, annotation) for value in right)
    assert not any(is_of_type(value, annotation) for value in wrong)
