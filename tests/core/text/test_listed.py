"""Words in a row."""

import pytest

from playground.core.text.listed import listed


@pytest.mark.parametrize(
    ("words", "text"),
    [((), ""), (("a",), "a"), (["a", "b"], "a and b"), ((1, 2, 3), "1, 2 and 3")],
)
def test_commas_and_one_and_before_the_last(words, text):
    assert listed(words) == text
