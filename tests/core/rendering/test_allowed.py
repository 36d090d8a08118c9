"""Nothing that a model says becomes markup that is not on the list."""

import json
import os
import re

import pytest
from browser.hostile import Hostile
from core.rendering.shown import Shown

from playground.core.rendering import markdown
from playground.core.rendering.allowed import ALLOWED, as_json, fault
from playground.core.rendering.growing import Growing
from playground.core.rendering.markdown import STYLE_FILE, to_html

DOCUMENTS = int(os.environ.get("RENDERING_EXAMPLES", "200"))
TEX = (
    r"$\text{<img src=x onerror=a>}$",
    r"$\href{javascript:alert(1)}{x}$", r"$\style{color:red}{x}$",
    r"$$\class{a}{x}\cssId{b}{y}$$", r"\(\unicode{x3c}script\)", r"$\color{red\"onload=a}x$",
    r"$\mathop{&lt;b&gt;}$", "[a](https://x.example/\"onclick=a)", "```\"><script>\nx\n```",
    "[a](https://x.example 'a\"b<c')", "<https://x.example/\"a>", "[^\"><b]: x\n\n[^\"><b]",
)  # fmt: skip


@pytest.mark.parametrize("start", range(0, DOCUMENTS, 50))
def test_hostile_documents_hold_no_tag_and_no_attribute_off_the_list(start):
    for seed in range(start, start + 50):
        text = Hostile(seed, ["http://evil.example"]).answer(3) + "\n\n" + TEX[seed % len(TEX)]
        rendered = to_html(text, clock=lambda: 0.0)
        growing = Growing(clock=lambda: 0.0)
        growing.grow(text, is_over=True)
        for html in (rendered, *growing.blocks):
            assert fault(html) is None
            for tag, name, value in Shown(html).attributes:
                assert re.fullmatch(ALLOWED[tag][name], value or "", re.DOTALL)
            assert set(Shown(html).of_tag) <= set(ALLOWED)


@pytest.mark.parametrize(
    "html",
    [
        "<script>", "<img src=x>", '<p onclick="a">x</p>', "<p>", "</p>", "<p><em></p></em>",
        '<a href="javascript:x">x</a>', '<p dir="auto" style="a">x</p>', "<p dir=auto>x</p>",
        "<P>x</P>",
        "a < b", "&nbsp;", "<!-- x -->", "<p/>", '<a href="https://x" >x</a>', "<svg></svg>",
        '<input type="text">', '<math href="https://x">x</math>', "a > b", '<a href="//x">x</a>',
    ],
)  # fmt: skip
def test_the_guard_refuses_whatever_is_off_the_list(html):
    assert fault(html) is not None


def test_the_guard_lets_through_what_is_rendered():
    assert fault('<p dir="auto">a &lt;b&gt; <em>c</em></p><hr>') is None
    assert fault("") is None


def test_a_block_with_what_is_off_the_list_is_shown_as_written(monkeypatch):
    monkeypatch.setattr(markdown, "fault", lambda html: "<em>" if "<em>" in html else None)
    found = Shown(to_html("# a\n\n1. *b*\n\n   > c\n\nd"))
    assert found.of_tag["pre"] == ["1. *b*\n\n   > c"]
    assert (found.of_tag["h1"], found.of_tag["p"]) == (["a"], ["d"])


def test_the_list_travels_as_json():
    found = json.loads(as_json())
    assert found["tags"] == {tag: dict(attributes) for tag, attributes in ALLOWED.items()}
    assert found["empty"] == ["hr", "input"]


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("theme", "paper"), [(0, "#ffffff"), (1, "#0e1117"), (2, "#0e1117")])
def test_every_colour_of_letters_can_be_read_on_paper_and_panel(theme, paper):
    sets = re.findall(r"--rendered-ink:.*?--rendered-bad: #\w+", STYLE_FILE.read_text(), re.DOTALL)
    colours = dict(re.findall(r"--rendered-(\w+): (#\w{6})", sets[theme]))
    assert len(sets) == 3
    for name in ("ink", "quiet", "link", "keyword", "string", "number", "name", "bad"):
        for ground in (paper, colours["panel"]):
            light, dark = sorted((luminance(colours[name]), luminance(ground)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, name


def test_the_patterns_mean_the_same_to_a_browser():
    for attributes in ALLOWED.values():
        for pattern in attributes.values():
            # To Python alone these are more than ASCII.
            assert not re.search(r"\\[wdb]", pattern, re.IGNORECASE)
    for formula in (r"$\color{é}x$", r"$\hspace{٣em}x$"):
        assert not re.search(r'="[^"]*[^\x00-\x7f]', to_html(formula))
