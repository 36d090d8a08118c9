"""What is shown is what came: each letter, each line, mathematics only where it is some."""

import json

import pytest
from core.rendering.shown import Shown, words

from playground.core.rendering.markdown import to_html
from playground.core.rendering.plain import as_written, normalised


def plain_html(text):
    return as_written(normalised(text))


def shown(text):
    return Shown(to_html(text))


TO_THE_LETTER = [
    # Money
    "It costs $5 to $20 per unit.",
    "From $5-$10, or US$7.50, A$3 and 5$.",
    "$1,000 here and 2,000$ there",
    "$5M, $10M–$20M; $1.2bn ($3/month)",
    "$5/month or $50/year is $10 less",
    "Price: $3 (was $4) or 3$-4$ off",
    "Pay $20. Or $30? Or $40!",
    "价格$5到$10元，$7和8$",
    "I have $10 and you have 20$ too",
    "Between $100 and $200, not $150-$160",
    # Shells and programs
    "export PATH=$HOME/bin:$PATH",
    "echo $HOME and $USER, ${A}/${B} $1 $2 $@ $# $$ $? $!",
    "cp $SRC/$NAME $DST; cd $OLDPWD",
    "run $(date) then $(pwd)$(ls)",
    "set $foo or $bar, not $baz",
    'jQuery: $("a").on(x, $("b")), $.ajax($x)',
    "PHP: $a = $b + $c; $this->x",
    "a regular expression: ^foo$|^bar$ and \\d+$",
    "sed 's/\\(a\\)\\(b\\)/\\2\\1/'",
    "C:\\Users\\ann",
    ">= 5, <= 3, -> and => and <- and !=",
    ">= 5 apples",
    "if a<b and c>d: x = a<<2",
    "std::vector<std::map<int, T>> v;",
    # Codes that other renderers know
    ":x: :smile: :red[late] :green-badge[new] :material/home:",
    "(c) (r) (tm) +- ... -- --- \"quotes\" 'single'",
    "one ~ two ~three~ four",
    "x^2^ H~2~O ==mark== ++ins++ ||spoiler||",
    "&amp; &lt;b&gt; &copy; &#65; &nbsp;",
    "snake_case_name and x__y__z",
    "2 * 3 * 4 = 24, 2*3 and 4*5, a*b",
    "@name #tag a@b.c",
    "Regular [^a-z] and [0] and [x] and a[0][1]",
    "[Ann]: Hello",
    # Tags
    "<person>\n  <name>Ann</name>\n</person>",
    "<name>__init__ *a*</name>",
    '<a href="__x__" class="*y*">',
    "<!-- a *comment* with __init__ -->",
    "<script>alert(1)</script>",
    "<Ann> and </Ann> and <br/>",
    '<?xml version="1.0"?>\n<r>\n  <a b="1"/>\n</r>',
    # TeX that is none, or does not parse
    "\\(unclosed and \\[open",
    "\\[1\\] and \\(\\)",
    "\\[sic\\]",
    "$\\frac{$ and $$ and $$$",
    "\\begin{align}\nx &= 1 \\\\\ny &= 2 \\\\ z\n\\end{align}",
    # Scripts
    "日本語の文。「引用」と（括弧）、そして￥100。",
    "　字下げした段落",
    "مرحبا بالعالم، كيف الحال؟",
    "తెలుగు లిపిలో ఒక వాక్యం.",
    "שלום עולם",
    "สวัสดีครับ ยินดีต้อนรับ",
    "👩‍👩‍👧‍👦 🇮🇳 👍🏽 ❤️ 1️⃣",
    "é and e\u0301 and ﬁ and Ａ",
    # Lines
    "Roses are red\nViolets are blue",
    "a\n  b\n c",
    "name,price\nAnn,3\nBob,4",
    "key: value\nother:\n  nested: 1",
]


@pytest.mark.parametrize("text", TO_THE_LETTER)
def test_a_text_without_marks_of_markdown_is_shown_letter_for_letter(text):
    assert shown(text).text.strip("\n") == text.rstrip()
    assert "math" not in shown(text).of_tag


def test_only_the_mark_of_an_escape_is_gone():
    assert shown(r"100% \% \* \_ \$ \#").text.strip() == "100% % * _ $ #"
    assert shown("a\\\nb").text.strip() == "a\nb"


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("It costs $5 to $20 per unit. The formula is $x^2$.", ["x2"]),
        (r"\( x \)", ["x"]),
        (r"\[ x \]", ["x"]),
        (r"so \(a+b\) and \[ c \]", ["a+b", "c"]),
        ("$$x^2$$", ["x2"]),
        ("$$\nx\n- y\n$$", ["x−y"]),
        ("text:\n\\[\nx = 1\n\\]\nmore", ["x=1"]),
        ("$n$ and $n$th and $n$-gon, $k$s", ["n", "n", "n", "k"]),
        ("for $x, y \\in A$ and $5$ or $3x+1$", ["x,y∈A", "5", "3x+1"]),
        ("$E=mc^2$, ($a_i$) “$b$” *$c$*", ["E=mc2", "ai", "b", "c"]),
        (r"$\text{if } x>0$", ["if\xa0x>0"]),
        ("$f(x)$ costs $5 or $6", ["f(x)"]),
        ("| a |\n|---|\n| $x$ |", ["x"]),
        ("- $$x$$\n- \\(y\\)", ["x", "y"]),
        (r"$\alpha$ 是 $\beta$，$c$。", ["α", "β", "c"]),
    ],
)
def test_mathematics_is_found_where_it_is_some(text, formulas):
    assert [words(m) for m in shown(text).of_tag["math"]] == [words(f) for f in formulas]


@pytest.mark.parametrize("text", [r"$\frac{$", r"$\begin{a}x^2$", r"$\undefined{^^}$"])
def test_mathematics_that_does_not_parse_is_shown_as_written(text):
    assert shown(text).text.strip() == text


@pytest.mark.parametrize(
    "text",
    [
        '{"tags": ["a*b*c", "__init__"]}',
        '{\n    "a": "**b**",\n\n    "c": "$x$ <b> [l](http://x.example)"\n}',
        '[\n  {"_a_": 1},\n  "- x"\n]',
        '{"a": 1}\n{"b": "*c*"}',
        "[1, 2, 3]",
        "{}",
        '{"text": "cut in the *mid',
        '{"cut": [1, 2',
        '{"cut": tru',
        json.dumps({"nested": [{"*a*": ["`", "```", "~~~"]}] * 3}, indent=2),
    ],
)
def test_an_answer_that_is_json_is_code_to_the_letter(text):
    found = shown(text)
    assert found.of_tag["code"] == [text]
    assert words(found.text) == words(text)


def test_json_between_words_is_code_and_what_only_looks_like_it_is_not():
    assert shown('Here:\n{"a": "*b*"}\nDone.').of_tag["code"] == ['{"a": "*b*"}']
    for text in ("{not json} at all", "[1] Smith\n[2] Jones", "[link](https://x.example)", "{a}"):
        assert "code" not in shown(text).of_tag


def test_a_fence_ends_where_commonmark_says():
    inner = "A\n```\nx\n```\nB\n"
    assert shown(f"````markdown\n{inner}````\nafter").of_tag["code"] == [inner]
    assert shown("```\na\n").of_tag["code"] == ["a\n"]
    assert shown("~~~\n```\n~~~").of_tag["code"] == ["```\n"]


@pytest.mark.parametrize(
    ("text", "bold"),
    [
        ("**「太字」**です", "「太字」"),
        ("これは**“重要”**です", "“重要”"),
        ("**标题：**内容", "标题："),
        ("请**（注意）**这里", "（注意）"),
        ("**'단어'**는", "'단어'"),
        ("a **b** c", "b"),
        ("**a.** b", "a."),
    ],
)
def test_emphasis_is_what_its_writer_means_in_any_script(text, bold):
    assert shown(text).of_tag["strong"] == [bold]


def test_stars_that_are_no_emphasis_stay():
    assert shown("2 ** 3 ** 4 and a * b").text.strip() == "2 ** 3 ** 4 and a * b"


def test_markdown_of_chat_tools_is_known():
    found = shown("# T\n\n*a* **b** ~~c~~ `d`\n\n- [x] e\n- [ ] f\n\n> g\n\n---\n\n3. h")
    for tag, texts in {
        "h1": ["T"], "em": ["a"], "strong": ["b"], "s": ["c"], "code": ["d"],
        "li": [" e", " f", "h"],
    }.items():  # fmt: skip
        assert found.of_tag[tag] == texts
    assert ("ol", "start", "3") in found.attributes
    boxes = [(name, value) for tag, name, value in found.attributes if tag == "input"]
    assert [name for name, _ in boxes].count("checked") == 1
    assert [value for name, value in boxes if name == "aria-label"] == ["done", "to do"]


def test_no_cell_of_a_table_is_lost():
    found = shown("| a | b |\n|:-:|--:|\n| 1 | 2 | 3 | 4 |\n| 5 |\n")
    assert found.of_tag["th"] == ["a", "b"]
    assert found.of_tag["td"] == ["1", "2", "3", "4", "5", ""]
    assert ("th", "class", "align-center") in found.attributes


def test_links_lead_to_the_web_or_a_mailbox_with_their_host_in_sight():
    text = (
        "[a](https://x.example/p) <https://y.example> https://z.example/q_r_s. [m](mailto:a@b.c) "
        "**https://w.example** [r][1]\n\n[1]: http://v.example 'note'"
    )
    found = shown(text)
    hrefs = [value for _, name, value in found.attributes if name == "href"]
    assert hrefs == [
        "https://x.example/p", "https://y.example", "https://z.example/q_r_s", "mailto:a@b.c",
        "https://w.example", "http://v.example", "http://v.example",
    ]  # fmt: skip
    titles = [value for _, name, value in found.attributes if name == "title"]
    assert all(href in title for href, title in zip(hrefs, titles, strict=True))
    assert "[1]: http://v.example 'note'" in found.text


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:alert)", "[a](data:text/html,x)", "[a](/path)", "[a](vbscript:x)",
        "<javascript:x>", "[a](file:///etc/passwd)", "javascript:x", "[a](//x.example)",
    ],
)  # fmt: skip
def test_no_other_link_is_one(text):
    assert shown(text).text.strip() == text
    assert "a" not in shown(text).of_tag


def test_an_image_loads_nothing():
    assert "img" not in shown("![alt](https://x.example/a.png)").of_tag
    assert shown("![alt](x.png)").text.strip() == "![alt](x.png)"


def test_a_footnote_stands_where_it_was_written():
    found = shown("One[^1] two[^n] three[^x].\n\n[^1]: First *note*.\n[^n]: Second.")
    assert words(found.text) == words("One1 twon three[^x]. 1 First note. n Second.")
    assert found.of_tag["sup"] == ["1", "n", "1", "n"]


def test_nothing_is_lost_however_deep_it_lies():
    for text in (
        ">" * 500 + " deep",
        "- " * 300 + "deep",
        "*a " * 300 + "deep",
        "[" * 400 + "deep",
    ):
        assert shown(text).text.count("deep") == 1


def test_blocks_guess_their_direction_and_code_is_left_to_right():
    found = shown("مرحبا\n\n- a\n\n```\nb\n```\n\n|a|\n|-|\n")
    directions = {(tag, value) for tag, name, value in found.attributes if name == "dir"}
    assert directions == {("p", "auto"), ("ul", "auto"), ("pre", "ltr"), ("table", "auto")}


def test_code_is_coloured_by_classes_and_keeps_its_letters():
    code = "def f(x):\n\treturn '<b>' + x  # é\n\n\n"
    rendered = to_html(f"```python file=a.py\n{code}```")
    assert Shown(rendered).of_tag["code"] == [code]
    assert '<span class="nf">f</span>' in rendered
    assert 'data-language="python file=a.py"' in rendered
    assert '<button type="button" class="copy"' in rendered
    assert Shown(to_html(f"```nonsense\n{code}```")).of_tag["code"] == [code]


@pytest.mark.parametrize("text", ["**a**\n\n  b\t<c>", "\n\na", "a\x00b\r\nc\rd", "", "a\ud800b"])
def test_the_plain_view_shows_the_text_that_came(text):
    found = Shown("<i>" + plain_html(text) + "</i>").of_tag["pre"][0]
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    expected = expected.replace("\0", "\ufffd").replace("\ud800", "\ufffd")
    # A parser swallows the line feed with which `pre` begins, so there are two.
    assert found == ("\n" + expected if expected.startswith("\n") else expected)


def test_a_pile_of_marks_that_would_freeze_a_browser_is_cut():
    assert len(shown("a" + "\u0301" * 1_000).text) < 30
