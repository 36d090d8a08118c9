"""The text of what is shown, marks of Markdown aside, is the text received, in order, once."""

import json
import os
import random
import re

import pytest
from core.rendering.shown import Shown, words
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playground.core.rendering import markdown
from playground.core.rendering.allowed import fault
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
    if infos:
        return
    letters = [letter for letter in text if letter.isalpha()]
    assert [letter for letter in shown.text if letter.isalpha()] == letters


class Marked:
    """A generator of Markdown of which each word occurs once, the same one for the same seed."""

    ADDRESSES = (
        "https://h/{}", "HTTP://h/{}", "mailto:{}@h", "./{}", "__{}__", "javascript:{}", "//h/{}",
        "<https://h/{}>", "<{} x>", "<>", "",
    )  # fmt: skip
    TITLES = ("", "", ' "{}"', " '{}'", " ({})", ' "{}')
    SPANS = (
        "{w}", "{w} {w}", "*{s}*", "**{s}**", "~~{s}~~", "`{w}`", "[{s}]({a}{t})", "![{s}]({a}{t})",
        "[]({a}{t})", "![]({a})", "[ ]({a})", "[{s}][{l}]", "[{l}]", "![{s}][{l}]", "![{l}]",
        "[{s}][]", "[^{l}]", "[^{w}]", "<{w}>", '<b a="{w}">{s}</b>', "<!-- {w} -->", "<!--{w}",
        "<HTTPS://{w}>", "https://{w}.x/{w}_", "<{w}@h.x>", "&{w};", "\\*{w}", "\\[{w}\\]", "${w}$",
        "{w}\\\n{w}", "{w}  \n{w}", "({s})", "{w}|{w}", "]({a})", "![", "[", "]", "`", "_", "<",
    )  # fmt: skip
    BLOCKS = (
        "{s}", "{s} {s}", "{s}\n{s}", "# {s}", "## {s} #", "{s}\n---", "| {s} | {s} |\n|---|---|\n"
        "| {s} | {s} | {s} |\n| {s}", "```py {w}\n{s}\n```", "~~~\n{s}", "    {s}",
        "[{l}]: {a}{t}", "[{w}]: {a}{t}", "[^{l}]: {s}", "<div>\n{s}\n</div>", "$$\n{w}\n$$",
        '{{"{w}": [7, "{w}"]}}',
    )  # fmt: skip
    WRAPS = ("{}", "{}", "> {}", "- {}", "* [x] {}", "{n}. {}", "{n}) {}", "{n}. > - {}")

    def __init__(self, seed):
        self._chance = random.Random(seed)
        self.words = []

    def _word(self):
        self.words.append(f"q{len(self.words)}z")
        return self.words[-1]

    def _made(self, templates, depth=0):
        template = self._chance.choice(templates)
        parts = {
            "{w}": self._word,
            "{s}": lambda: self._made(self.SPANS, depth + 1) if depth < 4 else self._word(),
            "{a}": lambda: self._chance.choice(self.ADDRESSES).format(self._word()),
            "{t}": lambda: self._chance.choice(self.TITLES).format(self._word()),
            "{l}": lambda: self._chance.choice("abc"),
        }
        made = re.sub(r"\{[wsatl]\}", lambda part: parts[part[0]](), template)
        return made.replace("{{", "{").replace("}}", "}")

    def document(self):
        """Blocks apart from each other, and what some of their links lead to."""
        blocks = []
        for _ in range(self._chance.randint(1, 4)):
            wrap = self._chance.choice(self.WRAPS).replace("{n}", str(self._chance.randint(0, 99)))
            lines = self._made(self.BLOCKS).split("\n")
            indent = "> " if wrap.startswith(">") else " " * wrap.index("{}")
            blocks.append(wrap.format(("\n" + indent).join(lines)))
        return "\n\n".join([*blocks, *(f"[{label}]: https://h/{label}" for label in "abc")])


@pytest.mark.parametrize("start", range(0, 5 * EXAMPLES, 50))
def test_each_word_is_seen_and_no_block_falls_back_to_its_source(start, monkeypatch):
    faults = []
    monkeypatch.setattr(markdown, "fault", lambda html: faults.append(fault(html)))
    for seed in range(start, start + 50):
        marked = Marked(seed)
        text = marked.document()
        rendered = to_html(text, clock=lambda: 0.0)
        shown = Shown(rendered)
        seen_elsewhere = [
            v for _, name, v in shown.attributes if name in ("title", "data-language")
        ]
        told = words(" ".join([shown.text, *seen_elsewhere]))
        assert [word for word in marked.words if word in text and word not in told] == []
        assert [word for word in marked.words if words(shown.text).count(word) > 1] == []
        growing = Growing(clock=lambda: 0.0)
        for end in range(0, len(text), 40):
            growing.grow(text[:end], is_over=False)
        growing.grow(text, is_over=True)
        assert "".join(growing.blocks) == rendered
    assert set(faults) == {None}
