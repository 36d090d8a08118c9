"""Growing is reading the whole, a bit at a time: the same at the end, and frozen is frozen."""

import gc
import os
import random
import re
import time
from itertools import count

import pytest
from core.rendering.shown import Shown, words

from playground.core.rendering.growing import Growing
from playground.core.rendering.markdown import to_html

DOCUMENTS = int(os.environ.get("RENDERING_EXAMPLES", "200"))
TRIES = 5
PIECES = [
    "para one\n", "**bold** text `code`\n", "\n", "\n", "- item\n", "  - sub\n", "1. one\n",
    "   cont\n", "    code\n", "```py\nx=1\n", "```\n", "~~~\n", "> quote\n", "# head\n", "===\n",
    "---\n", "| a | b |\n", "|---|---|\n", "| 1 | 2 | 3 |\n", "$$\n", "$$x$$\n", "$$x$$ and\n",
    "\\[\n", "\\]\n", "a^2 + b\n", "[1]: https://e.example\n", "[1]: https://other.example",
    "see [1] and [x][1] [^1] [^n]\n", "[^1]: foot\n", "[^n]: `n`\n", '{"a": 1}\n', "{\n",
    '"k": [1, 2],\n', "}\n", "[1, 2]\n", "[1] Smith\n", "<a>\n", "</a>\n",
    "price $5 to $6 $x^2$\n", "text", "**", " ", "\t", "[", "]", "*a", "|", "`", "~~", "- [x] t\n",
    "> $$\n", "> [1]: https://quoted.example\n", "> #\n", "#\n", "![x][1]\n", "1. again\n",
    "\\begin{a}\n", "\\end{a}\n", "---\nkey: value\n", "C:\\_a\\*\n", "__init__\n", "<!-- *a*\n",
    "curl \\\n", "/\\\n", "  two\n", "$$a&=b\\\\c&=d$$\n",
    "-->\n", "日本**「語」**です\n", "مرحبا\n", ">= 3\n", "\r\n", "\r",
]  # fmt: skip


def stands_still():
    return 0.0


class Watch:
    """Grows a document; says so when something frozen changes."""

    def __init__(self, clock=stands_still):
        self.growing = Growing(clock=clock)
        self.frozen = []

    def grow(self, text, is_over=False):
        self.growing.grow(text, is_over=is_over)
        assert self.growing.blocks[: len(self.frozen)] == self.frozen
        self.frozen = self.growing.blocks[: self.growing.frozen]

    def finish(self, text):
        for _ in range(200):
            self.grow(text, is_over=True)
            if self.growing.is_done:
                return "".join(self.growing.blocks)
        raise AssertionError("never done")


@pytest.mark.parametrize("start", range(0, DOCUMENTS, 50))
def test_grown_in_any_steps_it_is_what_the_whole_is(start):
    for seed in range(start, start + 50):
        chance = random.Random(seed)
        document = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 30)))
        watch = Watch()
        cuts = sorted(chance.randint(0, len(document)) for _ in range(chance.randint(0, 12)))
        for cut in range(len(document)) if seed % 3 == 0 else cuts:
            watch.grow(document[:cut])
        assert watch.finish(document) == to_html(document, clock=stands_still), seed


@pytest.mark.parametrize("last", ["> $$", "> [1]: https://e.example", "> #", "- $$"])
def test_the_last_line_of_a_quote_or_an_item_is_over_where_the_text_goes_on(last):
    text = f"see [1]\n\n{last}\n\nnext\nmore\n\nend"
    watch = Watch()
    for cut in range(len(text)):
        watch.grow(text[:cut])
    assert watch.finish(text) == to_html(text, clock=stands_still)


def test_finished_blocks_are_frozen_while_the_last_one_grows():
    watch = Watch()
    watch.grow("one\n\ntwo\n\nthree and\nmore\n")
    assert watch.growing.frozen == 2
    assert watch.growing.blocks[2] == '<p dir="auto">three and\nmore</p>'


def test_a_block_that_a_definition_may_still_change_is_not_frozen_before_the_end():
    watch = Watch()
    watch.grow("see [x][1]\n\nb\n\nc\nd\n\ne")
    assert watch.growing.frozen == 0
    watch.grow("see [x][1]\n\nb\n\nc\nd\n\ne\n\n[1]: https://e.example\n\nf\ng\n")
    assert 'href="https://e.example"' in watch.growing.blocks[0]
    assert watch.growing.frozen >= 4


def test_open_bold_and_code_do_not_flicker():
    watch = Watch()
    watch.grow("a **bold wo")
    assert watch.growing.blocks == ['<p dir="auto">a <strong>bold wo</strong></p>']
    watch.grow("a **bold word** and `co")
    assert "<code>co</code>" in watch.growing.blocks[0]


def test_a_long_text_at_once_is_read_in_slices_and_shown_from_the_first():
    text = "# Head\n\nSome *text* with **bold** and `code`.\n\n- one\n- two\n\n" * 800
    # Time passes with looks at the clock, as much on a busy machine as on an idle one.
    looks = count()
    watch = Watch(lambda: next(looks) / 100_000)
    watch.grow(text, is_over=True)
    assert not watch.growing.is_done
    assert watch.growing.blocks[-1].startswith('<pre class="as-written"')
    assert watch.finish(text) == to_html(text)


def test_a_block_that_becomes_too_long_to_be_read_again_keeps_what_was_read_of_it():
    calls = count()
    watch = Watch(lambda: next(calls) * 1e-4)
    text, items = "", 0
    for number in range(60):
        text += f"- item{number} **b**\n"
        watch.grow(text)
        shown = Shown("".join(watch.growing.blocks))
        assert len(shown.of_tag["li"]) >= items
        items = len(shown.of_tag["li"])
        told = re.findall(r"item\d+", shown.text)
        assert told == [f"item{n}" for n in range(len(told))]
        assert len(told) >= 0.99 * number
    assert 0 < items < 60
    watch.finish(text)
    assert watch.growing.is_too_slow
    assert len(Shown("".join(watch.growing.blocks)).of_tag["li"]) == items


@pytest.mark.parametrize(
    "above", ["so\n\n", "so\n", "# so\n", "- so\n- so\n", "```\nso\n```\n", "|so|\n|-|\n"]
)
@pytest.mark.parametrize("length", [4_100, 9_000])
def test_a_line_longer_than_a_step_is_read_whatever_stands_above_it(above, length):
    text = above + "**bold** " * (length // 9)
    watch = Watch()
    assert watch.finish(text) == to_html(text, clock=stands_still)
    watch = Watch()
    for end in range(0, length, 3_000):
        watch.grow(text[:end])
    assert watch.finish(text) == to_html(text, clock=stands_still)


@pytest.mark.parametrize("piece", ["[!&amp;", "<![CDATA['> ", "[!a\n"])
def test_a_paragraph_that_cannot_be_read_in_time_is_shown_as_written_and_done(piece):
    calls = count()
    watch = Watch(lambda: next(calls) * 1e-4)
    text = ("so\n\n" + piece * 50_000)[:50_000]
    assert words(Shown(watch.finish(text)).text) == words(text)


MARKS = (
    "a * _ ` [ ] ( ![ [[] *a_ **a_ > # | $ $a $$ \\( \\[ \\ \\$ < <a <a> </ <!-- &amp; https:// "
    'https://a) ~~ ~~a [a]( [a][ [^a] {{ {_"a": [1, $x^2$ ``a` 日**本 \u0301 *_ ***a'
)
REPEATED = [
    *MARKS.split(), "*a ", "> ", "- ", "1. ", "\t", "\n", "a\n", "> a\n", "- a\n", "a|b\n", "[\n",
    "```\n", "~~~\n", "[a]: ", "a **b** `c` ", "<b>x</b>\n", "*a [b `c` <d> $e^f$ ~~g~~ ",
]  # fmt: skip
LONG = {repr(piece): (piece * 50_000)[:50_000] for piece in REPEATED} | {
    "deep quotes": "\n".join(">" * (n % 300) + " a" for n in range(330)),
    "wide table": "|a" * 90 + "|\n" + "|-" * 90 + "|\n" + "|b\n" * 16_000,
    "definitions": "".join(f"[x{n}]\n\n[a{n}]: https://e.example/{n}\n\n" for n in range(1_200)),
    "footnotes": "".join(f"[^{n}]: a [^{n + 1}]\n" for n in range(2_500)),
    "code": "```python\n" + ("def f(a): return {'a': 1}\n" * 2_000)[:19_000],
    "a shell's session": "```console\n" + "a" * 19_900,
    "short lines of a session": "```console\n" + ("a" * 900 + "\n") * 20,
    "literate code": "```literate-idris\n" + "<a <#" * 3_900,
    "open environments": "\\begin{a}\n" * 5_000,
    "environments of one line": "\\begin{a}x" * 5_000,
    "formulas": ("$$" + "x'" * 290 + "$$\n\n") * 60,
}
WORST = {name: text[:50_000] for name, text in LONG.items()}


@pytest.fixture
def uncollected():
    """No collection of garbage meanwhile: of a whole suite's heap it takes half a second."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def of_this_machine_s():
    """What as much plain work takes here and now as takes 10 ms on an idle one."""
    began_s = time.thread_time()
    sorted(str(number) for number in range(40_000))
    return time.thread_time() - began_s


def longest_step_s(text):
    watch, longest_s = Watch(time.thread_time), 0.0
    for _ in range(10_000):
        began_s = time.thread_time()
        watch.grow(text, is_over=True)
        longest_s = max(longest_s, time.thread_time() - began_s)
        if watch.growing.is_done:
            return longest_s
    raise AssertionError("never done")


@pytest.mark.parametrize(
    "line", ["\\begin{a}\n", "\\begin{a}x ", "> \\begin{a}\n", "- \\begin{a}\n"]
)
def test_environments_that_stay_open_are_read_in_time(line):
    """Four times as many take about four times as long: by their square it would be sixteen."""
    for _ in range(TRIES):
        took_s = []
        for number in (2_000, 8_000):
            began_s = time.thread_time()
            assert words(Shown(to_html(line * number, limit_s=60)).text).count("begin") == number
            took_s.append(time.thread_time() - began_s)
        if took_s[1] < 10 * took_s[0]:
            return
    pytest.fail(f"{took_s}")


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("name", WORST)
def test_no_text_holds_up_the_event_loop(name):
    """At most 50 ms of an idle machine; five times as much is a fault on any, if it is so each
    time: a step may be unlucky, work that is not bounded always takes as long."""
    for _ in range(TRIES):
        reference_s = of_this_machine_s()
        longest_s = longest_step_s(WORST[name])
        if longest_s < 25 * max(reference_s, of_this_machine_s()):
            return
    pytest.fail(f"{longest_s:.3f} s, where plain work takes {reference_s:.4f} s")
