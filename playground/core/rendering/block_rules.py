"""Rules of blocks that CommonMark does not have, or has in a way that would lose letters.

Where a block begins must never depend on a line further down than the next one: what stands
before it is frozen then (see `growing`).
"""

import json
import re
from collections.abc import Callable, MutableMapping
from typing import Any, Protocol

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import blockquote as commonmark_blockquote
from markdown_it.rules_block import heading as commonmark_heading
from markdown_it.rules_block import list_block as commonmark_list
from markdown_it.rules_block import table as commonmark_table
from markdown_it.rules_block.table import escapedSplit
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote.index import footnote_def

from playground.core.rendering.mathematics import is_in_brackets

DEEPEST = 60
"""Levels of nesting; what lies deeper is shown as written. markdown-it would drop it."""
MAX_COLUMNS = 100
"""Of a table: each line has as many cells, however short it is."""

_DEFINITION = re.compile(
    r"\[(?!\^)(?P<label>(?:[^\[\]\\]|\\.){1,200})\]:[ \t]*"
    r"(?:<(?P<quoted>(?ai:https?://|mailto:)[^<>\s]+)>|(?P<bare>(?ai:https?://|mailto:)[^\s<>]+))"
    r"""(?:[ \t]+(?P<title>"[^"]*"|'[^']*'|\([^()]*\)))?[ \t]*"""
)
_JSON = re.compile(
    r"""\{[ \t]*(?=["\n}]|\Z)|\[[ \t]*(?:(?=["\n\[{]|\Z)"""
    r"""|(?=(?:-?[\d.]+|true|false|null)[ \t]*(?:[,\n]|\][ \t]*(?:\n|\Z))))"""
)
_ENVIRONMENT = re.compile(r"\\begin\{[A-Za-z]+\*?\}")
_ENVIRONMENT_MARK = re.compile(r"\\(begin|end)\{([A-Za-z]+\*?)\}|\n[ \t]*(?=\n)")
"""A blank line, too: none stands within an environment."""
_KEY = re.compile(r"[A-Za-z_][\w-]*:(?: |$)")
_LONGEST_MARKER, _LONGEST_WIDE_MARKER = 3, 5
"""Characters of `10.` and of `1986.`: what is longer would reach out of the page on its left."""
# Only the end is asked for: numbers stay texts, for `int` raises at thousands of digits, and a
# line break within a string does not end the JSON.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)
_NEAR = 8
"""Characters before its end at which an unfinished JSON text may fail: `fals`, `-`, `\\\\u12`."""

Environment = MutableMapping[str, Any]
Rule = Callable[[StateBlock, int, int, bool], bool]


class TooSlow(Exception):
    """Reading this takes longer than it may."""


class _HasEnvironment(Protocol):
    env: Environment


def look_at_clock(state: _HasEnvironment, *_: object) -> bool:
    """A rule that never matches and ends what takes too long. Raises `TooSlow`."""
    is_out_of_time = state.env.get("is_out_of_time")
    if is_out_of_time is not None and is_out_of_time():
        raise TooSlow
    return False


def add_block_rules(markdown: MarkdownIt) -> None:
    """Put the rules of this module into the parser."""
    ruler = markdown.block.ruler
    ends_paragraph: RuleOptionsType = {"alt": ["paragraph", "reference"]}
    ends_most: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote"]}
    ends_more: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    ruler.at("reference", _definition)
    ruler.at("paragraph", _paragraph)
    ruler.at("table", _table, ends_paragraph)
    ruler.at("blockquote", _blockquote, ends_more)
    ruler.at("list", _list, ends_most)
    ruler.at("heading", _heading, ends_most)
    # Among those that end a block it is asked at each line.
    ruler.before("table", "clock", look_at_clock, ends_more)
    # Before every rule that would open another level of nesting.
    ruler.before("table", "too_deep", _too_deep)
    ruler.before("table", "json", _json, ends_paragraph)
    ruler.before("reference", "math", _math, ends_most)
    ruler.before("reference", "environment", _environment, ends_most)
    ruler.before("table", "front_matter", _front_matter)
    ruler.before("reference", "footnote", footnote_def, ends_paragraph)


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _may_go_on(state: StateBlock, line: int) -> bool:
    """Whether what ends above this line may still go on: it ends the text, and that is open."""
    # Not `lineMax`, which is the end of a quote within it. The last of the marks is of no line.
    return bool(state.env["is_open"]) and line >= len(state.bMarks) - 1


def _push(state: StateBlock, kind: str, content: str, first: int, end: int) -> Token:
    token = state.push(kind, "", 0)
    token.content, token.map = content, [first, end]
    state.line = end
    return token


def _too_deep(state: StateBlock, first: int, end: int, is_silent: bool) -> bool:
    if state.level < DEEPEST or is_silent:
        return False
    last = first + 1
    while last < end and (state.isEmpty(last) or state.sCount[last] >= state.blkIndent):
        last += 1
    _push(state, "as_written", state.getLines(first, last, state.blkIndent, False), first, last)
    return True


def _paragraph(state: StateBlock, first: int, _end: int, is_silent: bool) -> bool:
    # As CommonMark's, but only ASCII spaces are taken off: U+3000 indents a paragraph.
    last = first + 1
    before, state.parentType = state.parentType, "paragraph"
    rules = state.md.block.ruler.getRules("paragraph")
    while last < state.lineMax and not state.isEmpty(last):
        is_lazy = state.sCount[last] - state.blkIndent > 3 or state.sCount[last] < 0
        if not is_lazy and any(rule(state, last, state.lineMax, True) for rule in rules):
            break
        last += 1
    state.parentType = before
    _push_paragraph(state, first, last)
    return True


def _push_paragraph(state: StateBlock, first: int, last: int) -> None:
    # The first line keeps its indentation, as those after it do: they may be a drawing.
    content = state.getLines(first, last, state.blkIndent, False).rstrip(" \t\n")
    state.push("paragraph_open", "p", 1).map = [first, last]
    _push(state, "inline", content, first, last).children = []
    state.push("paragraph_close", "p", -1)


def _blockquote(state: StateBlock, first: int, end: int, is_silent: bool) -> bool:
    # `>= 5` is a comparison, and `>>> 5` what was typed at a prompt of Python.
    if _line(state, first).startswith((">=", ">>>")):
        return False
    return commonmark_blockquote(state, first, end, is_silent)


def _list(state: StateBlock, first: int, end: int, is_silent: bool) -> bool:
    """A list whose items keep their own numbers: CommonMark counts on from the first."""
    at = len(state.tokens)
    if not commonmark_list(state, first, end, is_silent):
        return False
    if is_silent or state.tokens[at].type != "ordered_list_open":
        return True
    opened, longest = state.tokens[at], 0
    expected = int(opened.attrs.get("start", 1))
    for token in state.tokens[at:]:
        if token.type != "list_item_open" or token.level != opened.level + 1:
            continue
        number, marker = int(token.info), token.info + token.markup
        if number != expected:
            token.attrs["value"] = number
        if marker != f"{number}.":
            token.attrs["data-marker"] = marker
        longest, expected = max(longest, len(marker)), number + 1
    if longest > _LONGEST_MARKER:
        opened.attrs["class"] = "wide" if longest <= _LONGEST_WIDE_MARKER else "widest"
    return True


def _heading(state: StateBlock, first: int, end: int, is_silent: bool) -> bool:
    """A heading of which nothing is dropped that may be its own: in `# Why F #` and in a `#`
    without words the sign is more than a mark."""
    at = len(state.tokens)
    if not commonmark_heading(state, first, end, is_silent):
        return False
    if is_silent:
        return True
    opened, inline, closed = state.tokens[at:]
    line = _line(state, first).rstrip(" \t")
    signs = line[len(line.rstrip("#")) :]
    if inline.content and len(signs) not in (0, len(opened.markup)):
        inline.content = line.removeprefix(opened.markup).strip(" \t")
    # Its words may be still on their way.
    if not inline.content and not _may_go_on(state, first + 1):
        inline.content = line
        opened.type, opened.tag = "paragraph_open", "p"
        closed.type, closed.tag = "paragraph_close", "p"
    return True


def _table(state: StateBlock, first: int, end: int, is_silent: bool) -> bool:
    """A table of which no cell is dropped: GFM leaves out those beyond the head's."""
    if first + 1 < end and _line(state, first + 1).count("|") > MAX_COLUMNS:
        return False
    at = len(state.tokens)
    if not commonmark_table(state, first, end, is_silent):
        return False
    if is_silent:
        return True
    tokens, state.tokens[at:] = state.tokens[at:], []
    count = sum(token.type == "th_open" for token in tokens)
    line, level = first, state.level
    for token in tokens:
        if token.type == "tr_open" and token.map:
            line = token.map[0]
        elif token.type == "tr_close" and line > first:
            state.level = token.level + 1
            for cell in _cells(_line(state, line))[count:]:
                state.push("td_open", "td", 1)
                inline = state.push("inline", "", 0)
                inline.content, inline.children = cell, []
                state.push("td_close", "td", -1)
        state.tokens.append(token)
    state.level = level
    return True


def _cells(line: str) -> list[str]:
    cells = escapedSplit(line.strip(" \t"))
    if cells and cells[0] == "":
        cells = cells[1:]
    if cells and cells[-1] == "":
        cells = cells[:-1]
    return [cell.strip(" \t") for cell in cells]


def _definition(state: StateBlock, first: int, _end: int, is_silent: bool) -> bool:
    """`[label]: https://…`, in one line. It is shown, for nobody may ever refer to it."""
    match = _DEFINITION.fullmatch(_line(state, first))
    if match is None or state.is_code_block(first):
        return False
    if not is_silent:
        # The last line of an unfinished text may go on, and then mean another address.
        address = match["quoted"] or match["bare"]
        label, href = normalised_label(match["label"]), state.md.normalizeLink(address)
        if not _may_go_on(state, first + 1):
            title = (match["title"] or "")[1:-1]
            state.env["references"].setdefault(label, {"href": href, "title": title})
        token = _push(state, "definition", match[0], first, first + 1)
        at = match.start("quoted" if match["quoted"] else "bare")
        token.meta = {"label": label, "address": address, "href": href, "at": at}
    return True


def normalised_label(label: str) -> str:
    """A label as CommonMark compares it: without regard to case and to how wide its spaces are."""
    # Both, as markdown-it does: θ, ϑ and ϴ are one letter in neither case alone.
    return " ".join(label.split()).lower().upper()


def _math(state: StateBlock, first: int, end: int, is_silent: bool) -> bool:
    r"""`$$ … $$` and `\[ … \]` that fill their lines, without a blank one among them."""
    opening = _line(state, first)[:2]
    if opening not in ("$$", "\\[") or state.is_code_block(first):
        return False
    if is_silent:
        return True
    closing = "$$" if opening == "$$" else "\\]"
    last = first
    lines: list[str] = []
    while last < end and not state.isEmpty(last) and state.sCount[last] >= state.blkIndent:
        line = _line(state, last)
        lines.append(line[2:] if last == first else line)
        last += 1
        if closing in lines[-1]:
            source, _, after = "\n".join(lines).partition(closing)
            if after.strip() or not source.strip():
                return False
            if opening == "\\[" and not is_in_brackets(source):
                return False
            token = _push(state, "math_block", source, first, last)
            token.markup, token.info = opening, closing
            return True
    # What may still be closed stays one block, so that nothing of it is frozen too early.
    if not _may_go_on(state, last):
        return False
    _push(state, "as_written", "\n".join([opening + lines[0], *lines[1:]]), first, last)
    return True


def _environment(state: StateBlock, first: int, end: int, is_silent: bool) -> bool:
    r"""`\begin{…} … \end{…}`: a paragraph, though a line of it may begin with `-` or `=`."""
    if not _ENVIRONMENT.match(_line(state, first)) or state.is_code_block(first):
        return False
    if is_silent:
        return True
    stop = _ends_of_environments(state).get(state.bMarks[first] + state.tShift[first], 0)
    is_closed = stop <= len(state.src)
    if not stop or not (is_closed or state.env["is_open"]):
        return False
    last = first + 1
    while last < end and state.bMarks[last] < stop:
        if state.isEmpty(last) or state.sCount[last] < state.blkIndent:
            return False
        last += 1
    if is_closed:
        _push_paragraph(state, first, last)
    elif _may_go_on(state, last):
        _push(state, "as_written", state.getLines(first, last, state.blkIndent, False), first, last)
    else:
        return False
    return True


def end_of_environment(state: StateInline) -> int:
    r"""Where the `\end{…}` ends that belongs to the `\begin{…}` here; 0 if there is none."""
    end = _ends_of_environments(state).get(state.pos, 0)
    return end if end <= state.posMax else 0


def _ends_of_environments(state: StateBlock | StateInline) -> dict[int, int]:
    r"""Where the environment that begins at a place ends; behind the text where it is still open.
    Looked up once a text: for each `\begin{…}` by itself it would take the square of its length."""
    ends: dict[int, int] | None = state.env.get("ends_of_environments")
    if ends is None:
        ends = state.env["ends_of_environments"] = {}
        opened: dict[str, list[int]] = {}
        for mark in _ENVIRONMENT_MARK.finditer(state.src):
            starts = opened.setdefault(mark[2] or "", [])
            if mark[1] == "begin":
                starts.append(mark.start())
            elif mark[1] and starts:
                ends[starts.pop()] = mark.end()
            elif not mark[1]:
                opened.clear()
        unclosed = [start for starts in opened.values() for start in starts]
        ends |= dict.fromkeys(unclosed, len(state.src) + 1)
    return ends


def _front_matter(state: StateBlock, first: int, end: int, is_silent: bool) -> bool:
    """The YAML between `---` and `---` with which a text begins: otherwise a heading."""
    if is_silent or state.tokens or not state.env["is_beginning"] or first + 1 >= end:
        return False
    if _line(state, first).rstrip() != "---" or not _KEY.match(_line(state, first + 1)):
        return False
    last = first + 1
    while last < end and not state.isEmpty(last):
        is_over = state.sCount[last] == 0 and _line(state, last).rstrip() in ("---", "...")
        last += 1
        if is_over:
            break
    else:
        if not _may_go_on(state, last):
            return False
    content = state.getLines(first, last, 0, False)
    _push(state, "fence", content, first, last).info = "yaml"
    return True


def _json(state: StateBlock, first: int, end: int, is_silent: bool) -> bool:
    """JSON that begins a line, as far as it goes: each of its stars and spaces matters."""
    start = state.bMarks[first] + state.tShift[first]
    if state.level or state.blkIndent or state.is_code_block(first):
        return False
    if _JSON.match(state.src, start) is None:
        return False
    if is_silent:
        return True
    stop = json_end(state.src, start)
    if stop is None:
        return False
    last = first + 1
    while last < end and state.bMarks[last] < stop:
        last += 1
    content = state.src[state.bMarks[first] : min(stop, state.eMarks[last - 1])]
    _push(state, "fence", content, first, last).info = "json"
    return True


def json_end(text: str, start: int) -> int | None:
    """Where the JSON that begins at `start` ends: objects and arrays, one beneath the other. The
    end of the text where that is unfinished JSON; None where it is none."""
    end: int | None = None
    while _JSON.match(text, start):
        try:
            _, stop = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            is_unfinished = (
                error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip()) - _NEAR
            )
            return len(text) if is_unfinished else end
        except RecursionError:
            return end
        line_end = text.find("\n", stop)
        line_end = len(text) if line_end < 0 else line_end
        if text[stop:line_end].strip():
            return end
        end = line_end
        # Another value may stand in the next line.
        start = line_end + 1
    return end
