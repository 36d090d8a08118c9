"""Answers are cut where drawing them in pieces changes nothing, and made harmless."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.blocks import (
    LONGEST_OPEN,
    MOST_BLOCKS,
    Block,
    blocks,
    calm,
    settled,
    streaming,
    whole,
)

LINES = [
    *("", "```", "~~~~", "```py", "``` not `a fence", "text", "- item", "  more", "1. one"),
    *("    code", "> quote", "![a](http://x)", "![", "]: http://x", "| a |", "# head", "$$"),
]
MARKDOWN = st.lists(st.sampled_from(LINES)).map("\n".join)


def test_paragraphs_are_blocks_of_their_own():
    assert blocks("one\ntwo\n\nthree") == [Block("prose", "one\ntwo"), Block("prose", "three")]


def test_what_is_indented_stays_with_its_list():
    text = "1. one\n\n   more of one\n\n2. two"
    assert [block.text for block in blocks(text)] == ["1. one\n\n   more of one", "2. two"]


def test_a_fence_is_one_block_with_its_language_and_blank_lines():
    text = "before\n```python\na = 1\n\nb = 2\n```\nafter"
    assert blocks(text) == [
        Block("prose", "before"),
        Block("code", "a = 1\n\nb = 2", "python"),
        Block("prose", "after"),
    ]


def test_an_open_fence_reaches_to_the_end_so_far():
    assert blocks("```\nif x:") == [Block("code", "if x:", None)]


def test_a_longer_fence_holds_a_shorter_one():
    [block] = blocks("````\n```\ninner\n```\n````")
    assert block.text == "```\ninner\n```"


def test_no_image_survives_in_prose():
    [block] = blocks("look ![a](http://evil.example/x.png)")
    assert "![" not in block.text


def test_code_keeps_its_exclamation_marks():
    [block] = blocks("```\n![a](b)\n```")
    assert block.text == "![a](b)"


def test_a_complete_answer_joins_its_prose():
    assert whole("one\n\ntwo\n```\nx\n```\nthree") == [
        Block("prose", "one\n\ntwo"),
        Block("code", "x", None),
        Block("prose", "three"),
    ]


def test_what_would_stall_a_browser_is_plain():
    assert blocks(">" * 5000)[0].kind == "plain"
    assert blocks("| a " * 4000)[0].kind == "plain"
    assert blocks("a" * 60_000)[0].kind == "plain"
    assert blocks("a" + "\u0301" * 50)[0].kind == "plain"


@given(MARKDOWN)
def test_prose_never_holds_an_image(text):
    assert all(
        "![" not in block.text for block in [*blocks(text), *whole(text)] if block.kind == "prose"
    )


@given(MARKDOWN, MARKDOWN)
def test_finished_blocks_stay_as_they_are_while_the_text_grows(text, more):
    before, after = blocks(text + "\n"), blocks(text + "\n" + more)
    settled = before[:-1] if before else []
    assert after[: max(0, len(settled) - 1)] == settled[: max(0, len(settled) - 1)]


@given(st.text())
def test_no_text_is_lost(text):
    kept = "".join(block.text for block in whole(text)).replace("!\\[", "![")
    for word in text.replace("`", " ").replace("~", " ").split():
        assert word.replace("!\\[", "![") in kept or "\r" in text


PARAGRAPHS = "\n\n".join(f"Paragraph {n} " + "word " * 40 for n in range(60))


def test_an_answer_on_its_way_is_few_pieces_and_the_settled_ones_never_change():
    shown = [streaming(PARAGRAPHS[:size]) for size in range(0, len(PARAGRAPHS), 97)]
    for before, after in pairwise(shown):
        settled = [piece for piece in before if len(piece.text) >= 1200]
        assert after[: len(settled)] == settled
    assert len(shown[-1]) < 20


@given(MARKDOWN)
def test_an_answer_on_its_way_says_the_same_as_when_it_is_complete(text):
    assert [b for b in streaming(text) if b.kind == "code"] == [
        b for b in whole(text) if b.kind == "code"
    ]
    pieces = "\n\n".join(b.text for b in streaming(text) if b.kind == "prose")
    complete = "\n\n".join(b.text for b in whole(text) if b.kind == "prose")
    assert pieces.removesuffix("`") in (complete, complete.removesuffix("`"))


def test_bold_text_on_its_way_is_already_bold():
    assert streaming("1. **Use ghee") == [Block("prose", "1. **Use ghee**")]
    assert streaming("see `pan") == [Block("prose", "see `pan`")]
    assert streaming("1. **") == [Block("prose", "1. **")]


def test_finished_lines_are_settled_and_the_line_being_written_is_not():
    text = "1. one\n2. two\n3. thr"
    assert text[: settled(text).end] == "1. one\n2. two\n"


def test_the_rest_of_an_open_fence_is_code():
    assert settled("before\n\n```py\na = 1\nb =").is_code
    assert not settled("```py\na = 1\n```\nafter").is_code


def test_of_a_long_open_block_only_the_beginning_is_settled():
    text = "first\n\n```\n" + "line\n" * LONGEST_OPEN
    end = settled(text).end
    assert end == settled(text + "more\n").end
    assert LONGEST_OPEN / 2 < end < LONGEST_OPEN + 20


@given(MARKDOWN, MARKDOWN)
def test_what_is_settled_ends_with_a_line_and_only_grows(text, more):
    before, after = settled(text).end, settled(text + more).end
    assert before <= after
    assert before == 0 or text[before - 1] == "\n"


def test_a_pile_of_combining_marks_is_cut_short_and_the_rest_is_left_alone():
    assert calm("a" + "\u0301" * 500 + "b") == "a" + "\u0301" * 12 + "…b"
    for text in ("e\u0301" * 500, "కూడా", "👩‍👩‍👧‍👦" * 50, "เก่งมาก"):
        assert calm(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx = 1\n```\n\n" * 2_000,
        ("| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 8 + "\n") * 500,
        ("words and more words\n" * 100 + "\n") * 400,
    ],
    ids=["code blocks", "tables", "prose"],
)
@pytest.mark.parametrize("cut", [whole, streaming])
def test_what_a_browser_cannot_draw_in_time_is_plain_to_the_end(cut, text):
    found = cut(text + "the end")
    *drawn, rest = found
    assert drawn
    assert all(block.kind != "plain" for block in drawn)
    assert rest.kind == "plain"
    assert rest.text.endswith("the end")
    assert len(found) <= MOST_BLOCKS + 1
    assert "".join(b.text for b in found).count("x = 1") == text.count("x = 1")


def test_long_code_is_not_coloured():
    assert whole("```python\n" + "x\n" * 20_000 + "```")[0].language is None
