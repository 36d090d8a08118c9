"""The one renderer of what a model said: Markdown as HTML that can load and run nothing.

CommonMark with tables, task lists, footnotes, strikethrough, bare links, mathematics and coloured
code. Raw HTML and images are text; every line and every letter that is no mark of Markdown stays.
What would take too long is shown as it was written.
"""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.token import Token

from playground.core.rendering.allowed import ALLOWED, fault
from playground.core.rendering.block_rules import (
    DEEPEST,
    Environment,
    TooSlow,
    add_block_rules,
    normalised_label,
)
from playground.core.rendering.code import Colouring, code_block
from playground.core.rendering.inline_rules import InlineState, add_inline_rules
from playground.core.rendering.mathematics import to_mathml
from playground.core.rendering.plain import as_written, attribute, escaped, normalised

Clock = Callable[[], float]
"""Seconds of this thread's own work, from any beginning."""

WHOLE_LIMIT_S = 1.0
"""Seconds of work for a text that is read at once, away from the event loop."""
STYLE_FILE = Path(__file__).parent / "style.css"
"""The style sheet of rendered answers; its rules begin at the class `rendered`."""

_LINK = re.compile(ALLOWED["a"]["href"])
_SCHEME = re.compile(r"\s*[A-Za-z]+:")
_TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.)+)\]", re.DOTALL)
_DEEPEST_MARKS = 100
_MAX_TRIES = 4
_PLAIN_TAGS = {
    "em_open": "<em>", "em_close": "</em>", "strong_open": "<strong>",
    "strong_close": "</strong>", "s_open": "<s>", "s_close": "</s>", "link_close": "</a>",
    "softbreak": "\n",
}  # fmt: skip


def to_html(text: str, *, clock: Clock = time.thread_time, limit_s: float = WHOLE_LIMIT_S) -> str:
    """A finished text as HTML, in one go. Takes at most about `limit_s` of this thread's work."""
    text = normalised(text)
    reader = Reader(clock)
    reader.begin(limit_s)
    try:
        blocks = reader.blocks(text, is_open=False)
    except (TooSlow, RecursionError):
        return as_written(text)
    return "".join(block.html for block in blocks)


def _parser() -> MarkdownIt:
    # Our own rule takes what lies deeper than DEEPEST; markdown-it's limit would drop it.
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST + 10})
    parser.enable(["table", "strikethrough"])
    # Entities stay as written: a model that explains `&lt;` means these four letters.
    parser.disable(["html_block", "html_inline", "entity"])
    parser.normalizeLink = _normalised_link  # type: ignore[method-assign]
    parser.validateLink = _may_lead_to  # type: ignore[method-assign]
    parser.normalizeLinkText = _as_it_is  # type: ignore[method-assign]
    add_block_rules(parser)
    add_inline_rules(parser)
    return parser


def _as_it_is(link: str) -> str:
    return link


def _normalised_link(url: str) -> str:
    # In lower case first: only then is a host of other letters put into ASCII, where its name is
    # seen for what it is.
    return normalizeLink(_SCHEME.sub(lambda scheme: scheme[0].lower(), url, count=1))


def _may_lead_to(url: str) -> bool:
    return _LINK.fullmatch(url) is not None


_MARKDOWN = _parser()


@dataclass(slots=True)
class Block:
    """One block at the top level: its HTML, the line at which it begins, what it was made of, and
    its source. `may_refer` says that a definition further down could still change it."""

    tokens: list[Token]
    line: int
    source: str = ""
    html: str = ""
    is_complete: bool = False
    may_refer: bool = False


@dataclass(slots=True)
class _Piece:
    html: str
    may_refer: bool = False


@dataclass(slots=True)
class Definitions:
    """What links and footnotes refer to, by label; the first definition of a label counts."""

    references: dict[str, dict[str, str]] = field(default_factory=dict)
    footnotes: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "Definitions":
        """These, to be added to."""
        return Definitions(dict(self.references), dict(self.footnotes))


class Reader:
    """Reads one text, again and again while it grows, and remembers the pieces that it has read:
    what there was no time for is shown as written, and read the next time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limit_s = self._deadline_s = 0.0
        self._tries: Counter[tuple[object, ...]] = Counter()
        self._pieces: dict[tuple[object, ...], _Piece] = {}
        self._formulas: dict[tuple[str, str], str] = {}
        self._colourings: dict[tuple[str, str], Colouring] = {}
        self._open_code = ("", "", "")
        self.definitions = Definitions()

    def begin(self, limit_s: float) -> None:
        """Start the clock: from now on `limit_s` seconds of work may be done."""
        self._limit_s, self._deadline_s = limit_s, self._clock() + limit_s

    def is_out_of_time(self) -> bool:
        """Whether the time since `begin` is over."""
        return self._clock() > self._deadline_s

    def blocks(self, text: str, *, is_open: bool, is_beginning: bool = True) -> list[Block]:
        """The blocks of a text; `is_open` says that it may go on, `is_beginning` that nothing
        stands above it. Definitions that it holds are added to `definitions`. Raises `TooSlow`
        where even its blocks can't be told apart."""
        environment: Environment = {
            "references": self.definitions.references,
            "footnotes": {"refs": self.definitions.footnotes},
            "is_open": is_open,
            "is_beginning": is_beginning,
            "is_out_of_time": self.is_out_of_time,
        }
        tokens: list[Token] = []
        _MARKDOWN.block.parse(text, _MARKDOWN, environment, tokens)
        # However long that took, something is read each time.
        self._deadline_s = max(self._deadline_s, self._clock() + self._limit_s / 4)
        blocks: list[Block] = []
        for token in tokens:
            if token.level == 0 and token.nesting >= 0:
                blocks.append(Block([], token.map[0] if token.map else 0))
            blocks[-1].tokens.append(token)
        is_alone = is_beginning and not is_open and len(blocks) == 1
        if is_alone and tokens[0].type != "hr" and not any(token.content for token in tokens):
            # Asked for a sign, `-`, `>` or "```" is the answer itself, and nobody's mark.
            blocks[0].tokens = [Token("as_written", "", 0, content=text.strip("\n"))]
        lines = text.split("\n")
        ends = [*(block.line for block in blocks[1:]), len(lines)]
        for block, end in zip(blocks, ends, strict=False):
            block.source = "\n".join(lines[block.line : end]).rstrip("\n")
            self.write(block, is_open=is_open and block is blocks[-1])
        return blocks

    def write(self, block: Block, *, is_open: bool = False) -> None:
        """Make the HTML of a block anew, with the definitions that are known by now."""
        block.is_complete, block.may_refer = True, False
        html = "".join(self._write(block, at, is_open) for at in range(len(block.tokens)))
        # Nothing gets here that is off the list; if it ever does, it is shown as text.
        block.html = html if fault(html) is None else as_written(block.source)

    def _write(self, block: Block, at: int, is_open: bool) -> str:
        token = block.tokens[at]
        if token.type == "inline":
            return self._inline(block, at, is_open)
        if token.type in ("fence", "code_block"):
            return self._code(block, token, is_open)
        if token.type == "math_block":
            return f'<div class="scroll">{self._formula(block, token)}</div>'
        if token.type == "as_written":
            return as_written(token.content)
        if token.type == "definition":
            return _definition(token)
        return _tag(token)

    def _inline(self, block: Block, at: int, is_open: bool) -> str:
        text, before = block.tokens[at].content, ""
        if at > 1 and block.tokens[at - 2].type == "list_item_open":
            if task := _TASK.match(text):
                state = ' aria-label="to do"' if task[1] == " " else ' checked="" aria-label="done"'
                before = f'<input type="checkbox" disabled=""{state}> '
                text = text[task.end() :]
        # Only the last text can go on: behind it stand at most three closing tags, as in a list.
        if is_open and at >= len(block.tokens) - 4:
            closing = _closing(text)
            html = self._read_piece_or_not(block, text + closing).html
            # Seen, it has closed nothing: the mark before it was none.
            if closing and html.endswith(closing):
                html = self._read_piece_or_not(block, text).html
            return before + html
        piece = self._piece(block, text)
        block.may_refer |= piece.may_refer
        return before + piece.html

    def _piece(self, block: Block, text: str) -> _Piece:
        key = (text, *self._referred(text))
        if (known := self._pieces.get(key)) is not None:
            return known
        # Judged by itself: other pieces of the block may have lacked the time.
        was_complete, block.is_complete = block.is_complete, True
        began_s = self._clock()
        piece = self._read_piece_or_not(block, text)
        if not block.is_complete:
            # What has had its time, or has come up too often, stays as written.
            self._tries[key] += 1
            has_had_its_time = self._clock() - began_s > self._limit_s / 2
            block.is_complete = has_had_its_time or self._tries[key] >= _MAX_TRIES
        if block.is_complete:
            self._pieces[key] = piece
        block.is_complete &= was_complete
        return piece

    def _read_piece_or_not(self, block: Block, text: str) -> _Piece:
        try:
            return self._read_piece(block, text)
        except TooSlow:
            block.is_complete = False
        except RecursionError:
            pass
        return _Piece(escaped(text))

    def _referred(self, text: str) -> list[object]:
        """The definitions that a text could refer to."""
        if "[" not in text or not (self.definitions.references or self.definitions.footnotes):
            return []
        referred: list[object] = []
        for label in _LABEL.findall(text):
            reference = self.definitions.references.get(normalised_label(label))
            is_note = label[:1] == "^" and ":" + label[1:] in self.definitions.footnotes
            referred += [label, reference["href"] if reference else is_note]
        return referred

    def _read_piece(self, block: Block, text: str) -> _Piece:
        environment: Environment = {
            "references": self.definitions.references,
            "footnotes": {"refs": self.definitions.footnotes},
            "is_out_of_time": self.is_out_of_time,
        }
        # `inline.parse` would make a state of its own class, without the rules for CJK.
        state = InlineState(text, _MARKDOWN, environment, [])
        _MARKDOWN.inline.tokenize(state)
        for rule in _MARKDOWN.inline.ruler2.getRules(""):
            rule(state)
        depth = 0
        for token in state.tokens:
            depth += token.nesting
            if depth > _DEEPEST_MARKS:
                return _Piece(escaped(text))
        html = "".join(self._write_inline(block, token) for token in state.tokens)
        # A bracket that is text by now becomes a link once its label is defined.
        return _Piece(html, any("[" in t.content for t in state.tokens if t.type == "text"))

    def _write_inline(self, block: Block, token: Token) -> str:
        if token.type in ("text", "text_special"):
            return escaped(token.content)
        if token.type == "code_inline":
            return f"<code>{escaped(token.content)}</code>"
        if token.type == "link_open":
            return _link(str(token.attrs["href"]), str(token.attrs.get("title") or ""))
        if token.type == "footnote":
            return f'<sup class="footnote">{escaped(token.content)}</sup>'
        if token.type in ("math_inline", "math_block"):
            return self._formula(block, token)
        return _PLAIN_TAGS[token.type]

    def _formula(self, block: Block, token: Token) -> str:
        key = (token.markup, token.content)
        mathml = self._formulas.get(key)
        if mathml is None:
            if self.is_out_of_time():
                block.is_complete = False
                return escaped(token.markup + token.content + token.info)
            mathml = to_mathml(
                token.content, token.markup, token.info, is_block=token.type == "math_block"
            )
            self._formulas[key] = mathml
        return mathml

    def _code(self, block: Block, token: Token, is_open: bool) -> str:
        code, info = token.content, token.info.strip()
        language = info.split(maxsplit=1)[0].lower() if info else ""
        if is_open:
            # Coloured anew when it has grown by a tenth; in between the rest has no colours.
            before, last_language, html = self._open_code
            if last_language == language and code.startswith(before) and (
                len(code) < 1.1 * len(before) + 80
            ):  # fmt: skip
                return code_block(html + escaped(code[len(before) :]), info)
            # Whole lines only: half a word may have another colour.
            code = code[: code.rfind("\n") + 1]
        colouring = self._colourings.get((code, language)) or Colouring(code, language)
        if not is_open:
            self._colourings[code, language] = colouring
        colouring.go_on(self.is_out_of_time)
        html = colouring.html()
        if is_open:
            self._open_code = (code, language, html)
            return code_block(html + escaped(token.content[len(code) :]), info)
        block.is_complete &= colouring.is_complete
        return code_block(html, info)

    def forget(self) -> None:
        """Drop what was remembered of a text that is over."""
        self._pieces.clear()
        self._formulas.clear()
        self._colourings.clear()


def _closing(text: str) -> str:
    """What closes the code or the bold words that are open in a text that may go on, so that no
    bare mark flickers by."""
    last = text[text.rfind("\n") + 1 :]
    if "``" not in last and last.count("`") % 2 and not last.endswith("`"):
        return "`"
    if "`" not in last and last.count("**") % 2 and last[-1:] not in ("*", " "):
        return "**"
    return ""


def _link(href: str, title: str) -> str:
    # Whatever the link's own title says, the reader sees where it leads.
    in_sight = f"{title}\n{href}" if title else href
    return (
        f'<a href="{attribute(href)}" title="{attribute(in_sight)}" target="_blank" '
        'rel="noopener noreferrer nofollow">'
    )


def _definition(token: Token) -> str:
    address, at = token.meta["address"], token.meta["at"]
    before, after = token.content[:at], token.content[at + len(address) :]
    href = token.meta["href"]
    link = f"{_link(href, '')}{escaped(address)}</a>" if _may_lead_to(href) else escaped(address)
    return f'<p class="definition"{_direction(token)}>{escaped(before)}{link}{escaped(after)}</p>'


def _direction(token: Token) -> str:
    # At the top only: what holds its own `dir` is left out where the outer one is guessed.
    return ' dir="auto"' if token.level == 0 else ""


def _attributes(token: Token) -> str:
    return "".join(f' {name}="{value}"' for name, value in token.attrs.items())


def _tag(token: Token) -> str:
    """A tag of a block, opened or closed."""
    kind = token.type
    if token.hidden:
        return ""
    if kind == "footnote_reference_open":
        label = escaped(token.meta["label"])
        return f'<div class="footnote"{_direction(token)}><sup class="footnote">{label}</sup> '
    if kind == "footnote_reference_close":
        return "</div>"
    if kind == "hr":
        return "<hr>"
    if token.nesting < 0:
        return "</table></div>" if kind == "table_close" else f"</{token.tag}>"
    if kind == "table_open":
        return f'<div class="scroll"><table{_direction(token)}>'
    if kind in ("ordered_list_open", "list_item_open"):
        return f"<{token.tag}{_attributes(token)}{_direction(token) if token.tag == 'ol' else ''}>"
    if kind in ("th_open", "td_open"):
        # A class, since the list of attributes has no `style`.
        side = str(token.attrs.get("style", "")).removeprefix("text-align:")
        return f'<{token.tag} class="align-{side}">' if side else f"<{token.tag}>"
    if kind in ("thead_open", "tbody_open", "tr_open"):
        return f"<{token.tag}>"
    return f"<{token.tag}{_direction(token)}>"
