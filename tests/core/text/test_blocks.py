"""Answers are cut where drawing them in pieces changes nothing, and made harmless."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.text.blocks import (
    DEEPEST_NESTING,
    LONGEST_OPEN,
    LONGEST_PROSE,
    MOST_BLOCKS,
    MOST_CELLS,
    SETTLED_SIZE,
    Block,
    Settled,
    blocks,
    calm,
    defang,
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


def test_backticks_with_more_of_them_behind_open_no_fence():
    assert [block.kind for block in blocks("``` not `a fence\nx")] == ["prose"]
    assert blocks("~~~ with `one\nx\n~~~") == [Block("code", "x", "with")]


def test_a_longer_fence_holds_a_shorter_one():
    [block] = blocks("````\n```\ninner\n```\n````")
    assert block.text == "```\ninner\n```"


def test_no_image_survives_in_prose():
    [block] = blocks("look ![a](http://evil.example/x.png)")
    assert "![" not in block.text


def test_only_empty_lines_are_left_out_at_the_ends():
    assert blocks("\n\nX marks the spot: X\n\n") == [Block("prose", "X marks the spot: X")]


def test_defanged_prose_differs_by_one_backslash_an_image():
    assert defang("a ![b](c) ![d]") == "a !\\[b](c) !\\[d]"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_way(newline):
    text = newline.join(["one", "two", "", "```", "a", "```"])
    assert blocks(text) == [Block("prose", "one\ntwo"), Block("code", "a", None)]


def test_a_fence_is_closed_only_by_one_that_is_not_indented_like_code():
    assert blocks("```\n```\nx") == [Block("code", "", None), Block("prose", "x")]
    assert blocks("```\na\n   ```\nx")[0] == Block("code", "a", None)
    assert blocks("```\na\n    ```\nx") == [Block("code", "a\n    ```\nx", None)]


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


@pytest.mark.parametrize(
    "text",
    [
        "a" * (LONGEST_PROSE + 1),
        "a" + "|" * (MOST_CELLS + 1),
        ">" * (DEEPEST_NESTING + 1) + " a",
        "first line\n" + "> " * (DEEPEST_NESTING + 1) + "a\nlast line",
        "\t" * (DEEPEST_NESTING // 2 + 1) + "a",
        "a" + "\u0301" * 13,
    ],
    ids=["long", "cells", "nested", "one line", "tabs", "marks"],
)
def test_only_what_goes_beyond_a_limit_is_plain(text):
    assert blocks(text) == [Block("plain", calm(text))]
    for left_out in (">", "> ", "\t", "|", "\u0301", "a"):
        if text.count(left_out) > 1:
            assert [block.kind for block in blocks(text.replace(left_out, "", 1))] == ["prose"]
            break


def test_prose_is_joined_up_to_a_limit():
    half = "a" * (LONGEST_PROSE // 2 - 1)
    assert len(whole(f"{half}\n\n{half}")) == 1
    assert len(whole(f"{half}\n\n{half}b")) == 2


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


def test_marks_that_are_closed_already_are_left_alone():
    for text in ("see `pan` and **ghee** now", "see `pan` or `pot` now"):
        assert streaming(text) == [Block("prose", text)]
    assert streaming("see `pan`, `pot") == [Block("prose", "see `pan`, `pot`")]


def test_an_answer_on_its_way_is_cut_where_enough_is_settled():
    enough, half = "a" * SETTLED_SIZE, "b" * (SETTLED_SIZE // 2)

    def sizes(*texts):
        return [len(piece.text) for piece in streaming("\n\n".join(texts))]

    # The last two may still change, all before them are settled once they are long enough.
    assert sizes(enough, "x", "y") == [SETTLED_SIZE, 1, 1]
    assert sizes(half, half, "x", "y") == [SETTLED_SIZE + 2, 1, 1]
    assert sizes(half, half[1:], "x", "y") == [SETTLED_SIZE // 2, SETTLED_SIZE // 2 - 1, 1, 1]
    assert sizes(half, "```\nc\n```", "x", "y") == [SETTLED_SIZE // 2, 1, 1, 1]


def test_where_the_settled_part_ends_is_exact():
    assert settled("first\n\nsecond line\npart") == Settled(19, False)
    assert settled("no line is finished") == Settled(0, False)
    assert settled("a b\n\n```\nx\n```\n\nlast\n") == Settled(21, False)
    assert settled("a b\n\n```\nx y\nz") == Settled(13, True)
    assert settled("```\nx\n\n  \nz") == Settled(6, True)
    assert settled("```py\n\nz") == Settled(6, True)


@pytest.mark.parametrize("before", ["", "first\n\n", "```\nx\n```\n", "a b\n\n```\n\nx\n```\n\n"])
def test_the_part_of_an_open_block_is_measured_from_where_it_begins(before):
    line = "word\n"
    end = settled(before + line * LONGEST_OPEN).end
    assert end == len(before) + LONGEST_OPEN // len(line) * len(line)


def test_of_the_line_that_is_being_written_nothing_counts():
    paragraph = "word\n" * LONGEST_OPEN
    assert settled(paragraph + "\nnext") == settled(paragraph + "\n")


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
