"""The text of what is shown, marks of Markdown aside, is the text received, in order, once."""

import json
import os

from core.rendering.shown import Shown, words
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playground.core.rendering.growing import Growing
from playground.core.rendering.markdown import to_html

EXAMPLES = int(os.environ.get("RENDERING_EXAMPLES", "200"))

SOME = (
    "the a_b cost Ann's (x) 5% “q” naïve → 日本語 「語」 中文，好。 مرحبا שלום తెలుగు "
    "हिन्दी ไทย 한국어 "
    "👍🏽 👩‍👩‍👧 e\u0301 -> >= :x: :red[x] <b> </b> <T> $5 $20 $HOME ${A} a=1 k: 3; "
    "&amp; ... -- (c) "
    "100% #tag @me C:\\dir ~5 2*3"
)
WORDS = st.sampled_from(SOME.split())
PHRASE = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
# A list's, a heading's or a table's mark may not come of the words themselves.
LINE = PHRASE.map(lambda phrase: "so " + phrase)
LANGUAGE = st.sampled_from(["", "python", "json", "html", "bash", "yaml", "csv", "odd"])
CODE = st.text(st.characters(exclude_characters="`~\r\0", exclude_categories=["Cs"]), max_size=60)
FORMULA = st.sampled_from(["x^2", "a_i", r"\alpha", "a + b", "f(x)=y"])
MATHS = {"x^2": "x2", "a_i": "ai", r"\alpha": "α", "a + b": "a+b", "f(x)=y": "f(x)=y"}


def plain(text):
    """A piece of Markdown, and what is read of it."""
    return text, text


SPAN = st.one_of(
    LINE.map(plain),
    LINE.map(lambda t: (f"**{t}**", t) if "*" not in t else plain(t)),
    LINE.map(lambda t: (f"~~{t}~~", t) if "~" not in t else plain(t)),
    LINE.map(lambda t: (f"[{t}](https://e.example/p)", t) if "[" not in t else plain(t)),
    LINE.filter(lambda t: "\\" not in t).map(lambda t: (f"`{t}`", t)),
    FORMULA.map(lambda f: (f"${f}$", MATHS[f])),
    FORMULA.map(lambda f: (rf"\({f}\)", MATHS[f])),
    st.just(plain("https://e.example/a_b")),
)


def joined(pairs, between):
    return between.join(p[0] for p in pairs), between.join(p[1] for p in pairs)


SPANS = st.lists(SPAN, min_size=1, max_size=4).map(lambda pairs: joined(pairs, " | "))
PROSE = st.lists(SPANS, min_size=1, max_size=3).map(
    lambda lines: joined([("so " + a, "so " + b) for a, b in lines], "\n")
)


def listed(mark):
    return lambda lines: (
        "\n".join(mark + a for a, _ in lines),
        "\n".join("so " + b for _, b in lines),
    )


def table(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|---" * len(rows[0]) + "|")
    return "\n".join(lines), " ".join(" ".join(row) for row in rows)


CELL = LINE.filter(lambda t: "\\" not in t)
BLOCK = st.one_of(
    PROSE,
    SPANS.map(lambda s: ("## so " + s[0], "so " + s[1])),
    st.lists(SPANS, min_size=1, max_size=4).map(listed("- so ")),
    st.lists(SPANS, min_size=1, max_size=3).map(listed("> so ")),
    st.tuples(LANGUAGE, CODE).map(
        lambda p: (f"```{p[0]}\n{p[1]}\n```", p[1])
    ),
    st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=2, max_size=4).map(table),
    FORMULA.map(lambda f: (f"$$\n{f}\n$$", MATHS[f])),
    st.dictionaries(st.text(max_size=5), st.text(max_size=9), min_size=1, max_size=3).map(
        lambda d: plain(json.dumps(d, indent=1, ensure_ascii=False))
    ),
    st.just(plain("<person>\n  <name>__Ann__</name>\n</person>")),
    st.just(plain("key: value\nother: 3")),
    st.just(plain("name,price\nAnn,$3\nBob,$4")),
    st.just(("---", "")),
)  # fmt: skip
DOCUMENT = st.lists(BLOCK, min_size=1, max_size=6).map(lambda pairs: joined(pairs, "\n\n"))


def seen(rendered):
    return words(Shown(rendered).text)


@settings(max_examples=EXAMPLES)
@given(DOCUMENT)
def test_the_text_shown_is_the_text_received(document):
    source, expected = document
    expected = words(expected.replace("\0", "\ufffd"))
    assert seen(to_html(source)) == expected
    growing = Growing(clock=lambda: 0.0)
    for end in range(0, len(source), 40):
        growing.grow(source[:end], is_over=False)
    growing.grow(source, is_over=True)
    assert seen("".join(growing.blocks)) == expected


ANYTHING = st.text(
    st.sampled_from("ab5 ڤ語\u3000\n\n\t*_~`#>-+=|!\\<&;:\"'.,{}[]^$%@/()é😀"), max_size=200
)


@settings(max_examples=EXAMPLES)
@given(ANYTHING)
@example("[a]\n[a]: x")
@example("1) 5\n> - 5")
def test_no_letter_is_lost_or_told_twice_whatever_the_marks(text):
    """Numbers of lists and what is behind a fence's marks are marks; letters never are."""
    shown = Shown(to_html(text))
    infos = "".join(value for _, name, value in shown.attributes if name == "data-language")
    if "](" in text or infos:
        return
    letters = [letter for letter in text if letter.isalpha()]
    assert [letter for letter in shown.text if letter.isalpha()] == letters
