"""Made-up Markdown that tries to make a browser load something."""

import random

NAMES = (
    "a",
    "x y",
    "[b]",
    "",
    "a\nb",
    r"\]",
    "![c](u)",
    "*e*",
    "`k`",
    "నమస్తే",
    "‮rtl",
    "😀",
    "&amp;",
)
TITLES = ("", ' "t"', " 't'", " (t)", ' "a\nb"')
WRAPS = (
    "{}",
    "- {}",
    "1. {}\n2. {}",
    "> {}",
    "> - > {}",
    "- a\n\n  {}",
    "- a\n    - {}",
    "## {}",
    "{}\n===",
    "| h |\n|---|\n| {} |",
    "**{}**",
    "~~{}~~",
    "_{}_ {}",
    "[{}](#)",
    "[^1]\n\n[^1]: {}",
    ":red[{}]",
    ":red-background[{}]",
    "- [ ] {}",
    "<b>{}</b>",
    "<details><summary>{}</summary>{}</details>",
    "\\{}",
    "\\\\{}",
    "`{}`` {}",
    "$x$ {} $y$",
    "    {}",
    "   {}",
    "a\\\n{}",
    "\u00a0{}",
    "\u2028{}",
    "\ufeff{}",
    "\x0b{}",
    "{}\r{}",
)
MARKS = ("```", "~~~", "````", "~~~~~")


class Hostile:
    """A generator of documents, the same ones for the same seed."""

    def __init__(self, seed, urls):
        self._chance = random.Random(seed)
        self._urls = urls
        self._count = 0

    def url(self):
        self._count += 1
        return f"{self._chance.choice(self._urls)}/{self._count}.png"

    def image(self, depth=0):
        """One thing that, unguarded, could make a request."""
        pick, url, name = self._chance.choice, self.url(), self._chance.choice(NAMES)
        kinds = [
            lambda: f"![{name}]({url}{pick(TITLES)})",
            lambda: f"![{name}](<{url}>)",
            lambda: f"![{name}](\n{url}\n)",
            lambda: f"![r{self._count}]\n\n[r{self._count}]: {url}{pick(TITLES)}",
            lambda: f"![{name}][r{self._count}]\n\n[r{self._count}]:\n  {url}",
            lambda: f"[r{self._count}]: <{url}>\n\n![r{self._count}][]",
            lambda: f"[![{name}]({url})]({self.url()})",
            lambda: f"!\\[{name}]({url}) \\![{name}]({url}) \\\\![{name}]({url})",
            lambda: f"!!{'[' * pick((1, 2))}{name}]({url})",
            lambda: f"&#33;[{name}]({url}) &excl;[{name}]({url}) !&#91;{name}]({url})",
            lambda: f"!\u200b[{name}]({url}) ！[{name}]({url}) !\u0301[{name}]({url})",
            lambda: f"<img src='{url}' onerror='fetch(\"{self.url()}\")'>",
            lambda: f"<IMG SRC={url}\n>",
            lambda: f"<iframe src='{url}'></iframe><embed src='{url}'><object data='{url}'>",
            lambda: f"<script src='{url}'></script><link rel=stylesheet href='{url}'>",
            lambda: f"<style>@import '{url}'; body {{background: url({url})}}</style>",
            lambda: f"<div style='background:url({url})'>x</div><svg><image href='{url}'/></svg>",
            lambda: f"<video poster='{url}' autoplay src='{url}'></video><audio src='{url}'>",
            lambda: f"<{url}> {url} www.{url.split('//')[1]} [{name}]({url}{pick(TITLES)})",
            lambda: (
                f"$\\includegraphics{{{url}}}$ $$\\href{{{url}}}{{x}}$$ $\\htmlStyle{{a}}{{b}}$"
            ),
            lambda: f"![{name}](data:text/html,<img src={url}>) [a](javascript:fetch('{url}'))",
            lambda: (
                f"<a href='{url}' ping='{url}'>a</a><meta http-equiv=refresh content='0;{url}'>"
            ),
            lambda: (
                f":material/home: :streamlit: ![:red[{name}]]({url}) :{pick('abc')}[![x]({url})]"
            ),
            lambda: f"![{name}](http:\\//{url.split('//')[1]}) ![{name}](//{url.split('//')[1]})",
        ]
        made = pick(kinds)()
        if depth < 2 and self._chance.random() < 0.2:
            return f"![{self.image(depth + 1)}]({made})"
        return made

    def fenced(self, *, closed):
        """A fence that holds what would be an image if a parser saw its end elsewhere."""
        pick = self._chance.choice
        mark = pick(MARKS)
        indent = " " * pick((0, 0, 0, 1, 2, 3, 4, 5))
        around = pick(("{}", "- a\n\n  {}", "> {}", "{}", "1. {}"))
        info = pick(("", "python", "mermaid", " x y", "`", "{=html}", "\\"))
        lines = [f"{mark}{info}", self.image(), pick((mark[:-1], mark[0] * 2, f"    {mark}", "x"))]
        lines += [self.image(), f"{mark} {pick(('', 'x', mark))}", self.image()]
        text = "\n".join(indent + line for line in lines)
        text = around.format(text)
        return f"{text}\n{mark[0] * 12}\n\n{self.image()}" if closed else text

    def document(self):
        if self._chance.random() < 0.12:
            return self.fenced(closed=True)
        wrap = self._chance.choice(WRAPS)
        text = wrap.replace("{}", "\0")
        while "\0" in text:
            text = text.replace("\0", self.image(), 1)
        return text

    def answer(self, documents):
        """An answer of so many documents; the last leaves a fence open."""
        texts = [self.document() for _ in range(documents - 1)]
        return "\n\n".join([*texts, self.fenced(closed=False)])
