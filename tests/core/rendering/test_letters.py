"""What is shown is what came: each letter, each line, mathematics only where it is some."""

import json

import pytest
from core.rendering.shown import Shown, words

from playground.core.rendering.growing import Growing
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
    "$1 = R$ 5,40, so $100 (R$ 540) or $20–R$ 108",
    "$5,$.50 and $1/$.50",
    "($5), (10$); ($5)/(10$)",
    # Shells and programs
    "f($a,$@) and $a/$#",
    "export PATH=$HOME/bin:$PATH",
    "echo $HOME and $USER, ${A}/${B} $1 $2 $@ $# $$ $? $!",
    "cp $SRC/$NAME $DST; cd $OLDPWD",
    "run $(date) then $(pwd)$(ls)",
    "set $foo or $bar, not $baz",
    'jQuery: $("a").on(x, $("b")), $.ajax($x)',
    "PHP: $a = $b + $c; $this->x",
    "a regular expression: ^foo$|^bar$ and \\d+$",
    "^$|^a$",
    "sed 's/\\(a\\)\\(b\\)/\\2\\1/'",
    "C:\\Users\\ann",
    'curl -s \\\n  -H "a: b" \\\n  https://a.example',
    "docker run -d \\\n  --name x \\\n  -v $PWD:/x image",
    ">= 5, <= 3, -> and => and <- and !=",
    ">= 5 apples",
    "if a<b and c>d: x = a<<2",
    "std::vector<std::map<int, T>> v;",
    "C:\\Users\\*.txt and D:\\_a_\\[b]",
    'C:\\_temp\\_x, C:\\$Recycle.Bin\\ and "C:\\a\\#b"',
    "\\\\server\\_share\\*.*",
    "__init__.py, super().__init__() and x.__class__.__name__",
    'if __name__ == "__main__":',
    # Codes that other renderers know
    ":x: :smile: :red[late] :green-badge[new] :material/home:",
    "(c) (r) (tm) +- ... -- --- \"quotes\" 'single'",
    "one ~ two ~three~ four",
    "x^2^ H~2~O ==mark== ++ins++ ||spoiler||",
    "&amp; &lt;b&gt; &copy; &#65; &nbsp;",
    "snake_case_name and x__y__z",
    "2 * 3 * 4 = 24, 2*3 and 4*5, a*b",
    "Use COUNT(*) rather than SUM(1): COUNT(*) is faster",
    "SELECT a.*, b.* FROM a, b",
    "find . -name '*.py' -o -name \"*.js\" -exec rm {} \\;",
    "grep --include=*.py --include=*.js (*.a)|(*.b) src/*/a/*.py",
    "allow: ['*'], deny: ['*']; \"*\": \"*\"; {*} or {*}",
    "length*width*height, x*y*z, 5*x + 3*y*z, 2*(3+4)*5 and =A1*B$1*$C$2",
    "x**2 + y**2 = (a+b)**n and f**k, s***",
    "a/**/b and c/**/d",
    "a { b: c } /* x */\nd { } /* y */",
    "the expressions (.*)-(.*), a.*?b.*?c, ^.*$|^.*x$ and ^https?:\\/\\/",
    "A=${B%.*} C=${D##*/} E=${F%.*}",
    'curl -d "{\\"a\\": \\"b\\"}" and echo \'it\'\\\'\'s\'',
    ">>> f(*a)\n[1, 2]\n>>> x",
    "¯\\_(ツ)_/¯",
    "@name #tag a@b.c",
    "Regular [^a-z] and [0] and [x] and a[0][1]",
    "[Ann]: Hello",
    # Tags
    "<person>\n  <name>Ann</name>\n</person>",
    "<name>__init__ *a*</name>",
    '<a href="__x__" class="*y*">',
    "<!-- a *comment* with __init__ -->",
    "<!-- <b> *a* --> and <!--> -> a *b -->",
    "<![CDATA[a *b* > c]]>",
    "<?php $this->a *b* ?>",
    "<script>alert(1)</script>",
    "<Ann> and </Ann> and <br/>",
    '<?xml version="1.0"?>\n<r>\n  <a b="1"/>\n</r>',
    # TeX that is none, or does not parse
    "\\(unclosed and \\[open",
    "\\[1\\] and \\(\\)",
    "\\[sic\\]",
    "$\\frac{$ and $$ and $$$",
    "\\begin{align}\nx &= 1 \\\\\ny &= 2 \\\\ z\n\\end{align}",
    "\\begin{align}\nx\n=\n- y_1 *z* \\\\\n+ 1 \\% \\\\[2pt]\n\\end{align}",
    "\\begin{a}\\begin{a}*x*\\end{a}\\\\*y*\\end{a}",
    "\\end{a} \\begin{b} *x* \\begin{a} *y* \\end{a} \\end{b}",
    "the matrix \\begin{bmatrix}1 & 2\\\\3 & 4\\end{bmatrix} is *_ regular",
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
    "   /\\\n  /  \\\n /____\\",
    "  o\n /|\\\n / \\",
    "  two\n   three",
    "name,price\nAnn,3\nBob,4",
    "key: value\nother:\n  nested: 1",
]


@pytest.mark.parametrize("text", TO_THE_LETTER)
def test_a_text_without_marks_of_markdown_is_shown_letter_for_letter(text):
    assert shown(text).text.strip("\n") == text.rstrip()
    assert "math" not in shown(text).of_tag


def test_a_bold_price_begins_no_formula():
    text = "**$5** (10$) and **$5**, 10$"
    assert shown(text).text.strip() == text.replace("*", "")


@pytest.mark.parametrize(
    ("text", "slanted"),
    [
        ("*un*happy", "un"), ("(*so*)", "so"), ('"*Ja,* so"', "Ja,"), ("a: *b*.", "b"),
        ("*x*, *x*", "x"), ("**a *b***", "b"), ("—*a*—", "a"), ("*...wait*", "...wait"),
        ("*'a'*", "'a'"), ("*f*(x)", "f"), ("a*b *c* d", "c"), ("*/etc/hosts* is", "/etc/hosts"),
    ],
)  # fmt: skip
def test_stars_around_words_slant_them(text, slanted):
    assert shown(text).of_tag["em"][0] == slanted


@pytest.mark.parametrize(
    "words", ["Area = a*b", "a*(b+c)*d", "x*y*z", "COUNT(*)", "t.*, u.* x", "2 * 3", "a*b and c*d"]
)
def test_stars_of_a_product_end_no_bold_words(words):
    assert shown(f"so **{words}** is").of_tag["strong"] == [words]


@pytest.mark.parametrize(
    "text",
    ["-", "*", "+", ">", "> >", "1.", "```", "~~~", "```py\n```", "2023. 5. 1.",
     "3.\n4."],
)  # fmt: skip
def test_an_answer_of_signs_alone_is_shown_as_written(text):
    assert shown(text).text.strip() == text
    growing = Growing(clock=lambda: 0.0)
    for end in range(len(text)):
        growing.grow(text[:end], is_over=False)
    growing.grow(text, is_over=True)
    assert Shown("".join(growing.blocks)).text.strip() == text


@pytest.mark.parametrize("text", ["x**2", "2 ** 3 is", "so x**2 + y"])
def test_what_is_not_bold_is_not_closed_while_it_grows(text):
    growing = Growing(clock=lambda: 0.0)
    growing.grow(text, is_over=False)
    assert Shown("".join(growing.blocks)).text.strip() == text


@pytest.mark.parametrize("text", ["¯\\\\_(ツ)_/¯", "¯\\\\\\_(ツ)\\_/¯"])
def test_a_shrug_keeps_both_arms_however_it_is_escaped(text):
    assert shown(text).text.strip() == "¯\\_(ツ)_/¯"


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
        ("$[0,1)$ and $]0,1[$ or $f(g(x))$", ["[0,1)", "]0,1[", "f(g(x))"]),
        ("$n < R$ in 10 of $R$ 10", ["n<R", "R"]),
        ("$3N$ 2-cycles of $2N$ 10", ["3N", "2N"]),
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
    ("formula", "rows"),
    [
        (r"\begin{aligned}a&=b\\c&=d\end{aligned}", ["a=b", "c=d"]),
        (r"\begin{aligned}[t] a &= b \\[4pt] c &= d \end{aligned}", ["a=b", "c=d"]),
        (r"x = \left\{ \begin{aligned} a &= b \\ c &= d \end{aligned} \right.", ["a=b", "c=d"]),
        (r"\begin{alignedat}{2} a &= b \\ c &= d \end{alignedat}", ["a=b", "c=d"]),
        (r"\begin{align*} a &= 1 \\[2pt] &= 2 \end{align*}", ["a=1", "=2"]),
        (r"\begin{gathered} a \\ b \end{gathered}", ["a", "b"]),
        (r"\begin{gather*} a \\ b \end{gather*}", ["a", "b"]),
        (r"\begin{multline} a \\ +b \end{multline}", ["a", "+b"]),
        (r"\begin{eqnarray} a &=& b \\ c &=& d \end{eqnarray}", ["a=b", "c=d"]),
        (r"f = \begin{dcases} 1 & x \\ 0 & y \end{dcases}", ["1x", "0y"]),
        (r"\begin{rcases} a \\ b \end{rcases} = c", ["a", "b"]),
        (r"a = b \\ c = d", ["a=b", "c=d"]),
        (r"\begin{equation*} \begin{aligned} a \\ b \end{aligned} \end{equation*}", ["a", "b"]),
    ],
)
def test_each_line_of_a_formula_is_a_row(formula, rows):
    assert [words(row) for row in shown(f"$$\n{formula}\n$$").of_tag["mtr"]] == rows


@pytest.mark.parametrize(
    "formula",
    [
        r"\left( a \\ b \right)", r"\begin{CD} A @>>> B \end{CD}", r"\begin{foo} a \end{foo}",
        r"a & b", r"\begin{equation} a & b \end{equation}",
    ],
)  # fmt: skip
def test_a_formula_whose_lines_or_columns_are_of_no_table_is_shown_as_written(formula):
    assert shown(f"$$\n{formula}\n$$").text.strip() == f"$$\n{formula}\n$$"


@pytest.mark.parametrize(
    "formula",
    [
        "a % b", "50% of x", "x + 1 % the rest\n+ y", r"\sideset{a}{b}\sum", r"\href{u}{v}",
        r"\class{k}{v}",
    ],
)  # fmt: skip
def test_a_formula_of_which_the_converter_drops_letters_is_shown_as_written(formula):
    assert shown(f"\\[ {formula} \\]").text.strip() == f"\\[ {formula} \\]"


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (r"max\_tokens", "max_tokens"),
        (r"kg\,m\;s", "kg\u2009m\u2009s"),
        (r"\$5\&50\%\#1", "$5&50%#1"),
        ("a_b", "a_b"),
    ],
)
def test_words_in_a_formula_lose_the_marks_of_their_escapes(words, read):
    assert shown(rf"$x_{{\text{{{words}}}}}$").of_tag["mtext"] == [read]


@pytest.mark.parametrize("words", [r"a \{b\}", r"a \alpha", r"a\\b"])
def test_words_in_a_formula_with_other_commands_are_shown_as_written(words):
    assert shown(rf"\[ \text{{{words}}} \]").text.strip() == rf"\[ \text{{{words}}} \]"


@pytest.mark.parametrize(
    "formula",
    [
        r"50\% x", r"\mathbb{R}^n \mathcal{L} \mathfrak{g}", r"\textcolor{red}{x} \color{blue} y",
        r"\begin{array}{c|c} a & b \\[2pt] c & d \end{array}", r"\hspace{-1.5em} x \kern 3pt y",
        r"\begin{cases} x & \text{if } y \\ z & w \end{cases}", r"\operatorname*{argmax}_x",
    ],
)  # fmt: skip
def test_names_and_lengths_in_a_formula_are_no_letters_of_it(formula):
    assert "math" in shown(f"\\[ {formula} \\]").of_tag


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


@pytest.mark.parametrize("marks", [("---", "---"), ("---", "..."), ("--- ", "---")])
@pytest.mark.parametrize("before", ["", "\n\n"])
def test_front_matter_is_code_to_the_letter(before, marks):
    yaml = f"{marks[0]}\ntitle: *x*\n# y\ntags:\n  - a\n{marks[1]}"
    found = shown(f"{before}{yaml}\n# H")
    assert found.of_tag["code"] == [yaml]
    assert found.of_tag["h1"] == ["H"]


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n---\nb: c\n---",
        "---\na: b",
        "---\na: b\n\n---",
        "---\n**a:** b\n---",
        "---\nOption A: b\n---",
        "> ---\n> a: b\n> ---",
    ],
)
def test_a_line_across_the_page_is_no_front_matter(text):
    assert "code" not in shown(text).of_tag
    assert "hr" in shown(text).of_tag


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"A:\_\_\_ and a\_b", "A:___ and a_b"), (r"A:\$5 or B:\$6", "A:$5 or B:$6"),
        (r"C:\\Users\\_a", r"C:\Users\_a"),
        ("__bold__ and __two words__", "bold and two words"), ("__init__ed__", "init__ed"),
        ("\\begin{a}\n*b*\n\n\\end{a}", "\\begin{a}\nb\n\\end{a}"),
        ("> \\begin{a}\n> *b*\n>\n> \\end{a}", "\\begin{a}\nb\n\\end{a}"),
        ("> \\begin{a}\n> *b*\n\n\\end{a}", "\\begin{a}\nb\n\\end{a}"),
        ("\\begin{a} *b* \\end{b}", "\\begin{a} b \\end{b}"),
    ],
)  # fmt: skip
def test_what_only_resembles_a_path_a_name_or_an_environment_is_markdown(text, read):
    assert shown(text).text.strip() == read


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


@pytest.mark.parametrize(
    ("text", "markers"),
    [
        ("1. a\n1. b\n1. c", ["1.", "1.", "1."]),
        ("3. a\n7. b\n8. c", ["3.", "7.", "8."]),
        ("0. a\n1. b", ["0.", "1."]),
        ("1) a\n2) b\n5) c", ["1)", "2)", "5)"]),
        ("01. a\n002. b", ["01.", "002."]),
        ("1. a\n   1. b\n   1. c\n3. d", ["1.", "1.", "1.", "3."]),
        ("1986. a\n\n1985. b", ["1986.", "1985."]),
        ("9. [x] a\n9. [ ] b", ["9.", "9."]),
        ("> 4. a\n> 2. b", ["4.", "2."]),
        ("999999999. a\n999999999. b", ["999999999.", "999999999."]),
    ],
)
def test_items_of_a_list_keep_the_numbers_that_they_came_with(text, markers):
    assert shown(text).markers == markers


def test_long_numbers_have_room_on_their_left():
    classes = {
        number: [value for _, name, value in shown(f"{number}. a").attributes if name == "class"]
        for number in ("10", "100", "1986", "20000", "123456789")
    }
    assert classes == {
        "10": [], "100": ["wide"], "1986": ["wide"], "20000": ["widest"], "123456789": ["widest"],
    }  # fmt: skip


@pytest.mark.parametrize("text", ["#", "###", "# #", "## ##", "- #", "> #"])
def test_a_heading_without_words_is_text(text):
    assert shown(text).text.strip() == text.lstrip("->").strip()


@pytest.mark.parametrize(
    ("text", "words"),
    [("## Why F #", "Why F #"), ("# a ###", "a ###"), ("# F#", "F#"), ("## a ##", "a")],
)
def test_a_heading_loses_only_signs_that_close_it(text, words):
    (found,) = shown(text).of_tag["h" + str(text.index(" "))]
    assert found == words


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


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("[a](HTTPS://x.example)", "https://x.example"),
        ("[a](Mailto:A@x.example)", "mailto:A@x.example"),
        ("<HttpS://x.example/P>", "https://x.example/P"),
        ("HTTP://x.example/P", "http://x.example/P"),
        ("[a]\n\n[a]: hTTps://x.example", "https://x.example"),
        # A letter of another script in the host stays one to be seen.
        ("[a](HTTPS://ex\u0430mple.com)", "https://xn--exmple-4nf.com"),
    ],
)
def test_the_case_of_a_links_scheme_does_not_matter(text, href):
    found = shown("**so** " + text)
    assert found.of_tag["strong"] == ["so"]
    assert {value for _, name, value in found.attributes if name == "href"} == {href}


@pytest.mark.parametrize(
    "link",
    ["[a]()", "[a](<>)", "http\u017f://x.example/p", "[a](<\x01javascript:x>)", "[a](Data:,x)"],
)
def test_what_can_be_no_link_leaves_the_rest_of_its_block_alone(link):
    found = shown(f"- **so** {link}")
    assert found.of_tag["strong"] == ["so"]
    assert found.of_tag["li"] == [f"so {link}"]
    assert "a" not in found.of_tag


def test_a_letter_that_only_resembles_one_of_a_scheme_defines_no_link():
    text = "[a]: http\u017f://x.example\n\n[a]"
    assert words(shown(text).text) == words(text)
    assert "a" not in shown(text).of_tag


@pytest.mark.parametrize(
    "text",
    [
        "[](https://x.example/p)", "[ ](https://x.example/p)", "[\u200b](https://x.example/p)",
        "[**](https://x.example/p)", "![](https://x.example/p)",
        "![an *alt* text](https://x.example/p)", '![a](<https://x.example/p> "*t*")',
    ],
)  # fmt: skip
def test_an_image_and_a_link_without_text_are_shown_as_written(text):
    found = shown(f"so {text} so")
    assert found.text.strip() == f"so {text} so"
    assert ("a", "href", "https://x.example/p") in found.attributes
    assert "img" not in found.of_tag


@pytest.mark.parametrize(
    "text",
    [
        "![alt](x.png)", "![]()", "[]()", "[](x)", "<>", "[]", "![", "[a](./src/__init__.py)",
        '[a](#b_c_ "d *e*")', "![a](__b__.png) ![_c_](d)", "[](mailto:__a__@x.example)",
    ],
)  # fmt: skip
def test_the_address_of_what_is_no_link_keeps_its_letters(text):
    assert shown(text).text.strip() == text


def test_images_by_label_and_within_links_are_text():
    text = "![][r] ![r] ![z][r]\n\n[r]: https://x.example"
    assert words(shown(text).text) == words(text)
    badge = shown("[![b](https://x.example/b.svg)](https://y.example)")
    assert badge.of_tag["a"] == ["![b](https://x.example/b.svg)"]
    assert ("a", "href", "https://y.example") in badge.attributes


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


@pytest.mark.parametrize(
    "language", ["console", "pycon", "doscon", "literate-haskell", "text", "json", "http", "diff"]
)
@pytest.mark.parametrize(
    "code", ["$ ls -l\nx", "> a", "C:\\> dir\nb", ">>> 1\n1", "[1,\n2", "a" * 3_000]
)
def test_code_without_a_last_line_feed_keeps_its_letters(language, code):
    assert shown(f"```{language}\n{code}").of_tag["code"] == [code]


def test_a_session_is_coloured_unless_a_line_of_it_is_very_long():
    assert "<span" in to_html("```console\n$ ls -l\nx\n```")
    assert "<span" not in to_html(f"```console\n$ ls -l\n{'x' * 1_001}\n```")


@pytest.mark.parametrize("text", ["**a**\n\n  b\t<c>", "\n\na", "a\x00b\r\nc\rd", "", "a\ud800b"])
def test_the_plain_view_shows_the_text_that_came(text):
    found = Shown("<i>" + plain_html(text) + "</i>").of_tag["pre"][0]
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    expected = expected.replace("\0", "\ufffd").replace("\ud800", "\ufffd")
    # A parser swallows the line feed with which `pre` begins, so there are two.
    assert found == ("\n" + expected if expected.startswith("\n") else expected)


def test_a_pile_of_marks_that_would_freeze_a_browser_is_cut():
    assert len(shown("a" + "\u0301" * 1_000).text) < 30


def test_code_that_has_no_lines_yet_has_no_colours():
    assert "<span" not in to_html("```console\n```")
