"""Texts as they came, but for what no browser can draw."""

from playground.core.rendering.plain import calm


def test_a_pile_of_combining_marks_is_cut_short_and_the_rest_is_left_alone():
    assert calm("a" + "\u0301" * 500 + "b") == "a" + "\u0301" * 12 + "…b"
    for text in ("e\u0301" * 500, "కూడా", "👩‍👩‍👧‍👦" * 50, "เก่งมาก"):
        assert calm(text) == text
