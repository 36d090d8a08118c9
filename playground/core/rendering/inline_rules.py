"""Rules within a line that CommonMark does not have, or has in a way that would lose letters."""

import re
import unicodedata
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import image as commonmark_image
from markdown_it.rules_inline import link as commonmark_link
from markdown_it.rules_inline.state_inline import Scanned

from playground.core.rendering.block_rules import end_of_environment, look_at_clock
from playground.core.rendering.mathematics import LONGEST, is_in_brackets, reads_as_formula
from playground.core.text.normal_forms import can_be_seen

_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u303f\u3040-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\ufe30-\ufe4f\uff00-\uffef\U0001f200-\U0001f2ff\U00020000-\U0003ffff]"
)
_ADDRESS = re.compile(r"://[^\s<>\"`\[\]\\|\u3000-\u303f\uff00-\uffef]+")
# In ASCII: else `ſ`, which is an `s` in another case, would be one in `https` too.
_SCHEME = re.compile(r"(?:^|[^A-Za-z0-9+.-])((?ai:https?))$")
_TAG = re.compile(r"<(?:/?[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>|![A-Z][^<>]*>)")
_TO_THE_LETTER = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"))
_ELEMENT = re.compile(r"<([A-Za-z][\w:.-]*)(?:\s[^<>\n]*)?>[^\n]*</\1>(?=[ \t]*(?:\n|\Z))")
# Only names that Python gives a meaning to: any other word may be meant to be bold.
_DUNDER = re.compile(
    "__(?:abs|add|aenter|aexit|aiter|all|and|anext|annotations|author|await|bases|bool|builtins"
    "|bytes|call|class|class_getitem|contains|copy|deepcopy|del|delattr|delete|delitem|dict|dir"
    "|divmod|doc|enter|eq|exit|file|float|floordiv|format|future|ge|get|getattr|getattribute"
    "|getitem|getstate|gt|hash|iadd|import|imul|index|init|init_subclass|instancecheck|int|invert"
    "|isub|iter|le|len|lshift|lt|main|match_args|matmul|metaclass|missing|mod|module|mro|mul|name"
    "|ne|neg|new|next|or|package|path|pos|post_init|pow|proto|pycache|qualname|radd|reduce"
    "|reduce_ex|repr|reversed|rmul|round|rshift|rsub|rtruediv|set|set_name|setattr|setitem"
    "|setstate|sizeof|slots|spec|str|sub|subclasscheck|subclasses|truediv|version|weakref|wrapped"
    r"|xor)__(?!\w)"
)
_PATH = re.compile(
    r"(?:(?<![A-Za-z0-9])[A-Za-z]:|(?<!\S)\\\\[A-Za-z0-9][\w.-]*)\\(?:[_.~]|\$(?!\d))?[A-Za-z0-9]"
    r"(?:[^\s\\\"<>|`]|\\(?!\\))*"
)
_LONGEST_PATH = 260
"""Characters, by Windows' own rule."""
_BLANKS = re.compile(r"[ \t\n]*")
_NO_ADDRESS = re.compile(r"\]\([ \t\n]*\)")
_MARKS = "*_~`\\"
_FOOTNOTE = re.compile(r"\[\^([^\s\]]+)\]")
_ENDS_OF_SENTENCES = tuple(".,;:!?)\"'*_")
_KEPT_ESCAPES = "()[]\"',;:?/=@^"
r"""Signs of which a backslash before them is shown. It may be TeX; and what never is a mark nobody
has to escape: the backslash is a program's, as in `\;` and `\"`."""
# Products and powers (`x*y*z`, `x**2`), what stands for anything (`COUNT(*)`, `t.*`, `*.py`) and
# ends of comments: read as emphasis, their stars would be lost.
_OPEN_NOTHING = re.compile(
    r"""(?<=[A-Za-z0-9)\]}./])\*(?!\*)|(?:(?<=[0-9)\]}])|(?<=\b[A-Za-z]))\*\*(?!\*)"""
    r"""|(?<=[A-Za-z])\*\*(?=[0-9])|(?<=/)\*\*(?=/)|\*+(?=[,;)\]}])|(?<=(["']))\*+\1"""
    r"""|(?<=[^\w\s])\*(?=\.\w)|\*/(?!\w)"""
)
_BEFORE_CLOSING = re.compile(r"[A-Za-z0-9)\]}.*]")
_CLOSE_NOTHING = re.compile(r"""(?<=[(\[{])\*|(?<=(["']))\*+\1""")
_MATH_PAIRS = (("\\(", "\\)", False), ("\\[", "\\]", True), ("$$", "$$", True))


class InlineState(StateInline):
    """Emphasis as its writers mean it in Chinese, Japanese and Korean, where no spaces stand
    around it: https://github.com/tats-u/markdown-cjk-friendly."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:
        """Whether the marks at `start` can open and close emphasis, and how many they are."""
        marker, end = self.src[start], start
        while end < self.posMax and self.src[end] == marker:
            end += 1
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        if end - start == 1 and before.isdigit() and after.isdigit():
            # A product.
            return Scanned(False, False, 1)
        before_sign, after_sign = _is_sign(before), _is_sign(after)
        before_cjk, after_cjk = bool(_CJK.match(before)), bool(_CJK.match(after))
        opens = not after.isspace() and (
            not after_sign or after_cjk or before.isspace() or before_sign or before_cjk
        )
        closes = not before.isspace() and (
            not before_sign or before_cjk or after.isspace() or after_sign or after_cjk
        )
        if marker == "*":
            if _OPEN_NOTHING.match(self.src, start):
                opens, closes = False, closes and (end - start > 1 or self._is_one_open(start))
            closes = closes and not _CLOSE_NOTHING.match(self.src, start)
        elif before == "\\":
            # `¯\\_(ツ)_/¯` is not slanted either.
            opens = False
        return Scanned(
            opens and (canSplitWord or not closes or before_sign),
            closes and (canSplitWord or not opens or after_sign),
            end - start,
        )

    def _is_one_open(self, start: int) -> bool:
        """Whether the last star before this one may have begun emphasis, alone: in `**a = b*c**`
        the star of the product must not end what is bold."""
        last = self.src.rfind("*", 0, start)
        return last == 0 or (last > 0 and not _BEFORE_CLOSING.match(self.src, last - 1))


def _is_sign(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "PS"


def add_inline_rules(markdown: MarkdownIt) -> None:
    """Put the rules of this module into the parser."""
    ruler = markdown.inline.ruler
    ruler.before("text", "clock", look_at_clock)
    ruler.at("newline", _newline)
    ruler.before("escape", "math", _math)
    ruler.before("escape", "environment", _environment)
    ruler.before("escape", "path", _path)
    ruler.at("escape", _escape)
    ruler.after("autolink", "tag", _tag)
    ruler.at("link", _link)
    ruler.before("link", "footnote", _footnote)
    ruler.before("link", "tail", _tail_of_no_link)
    ruler.at("image", _image)
    ruler.before("newline", "address", _address)
    ruler.before("emphasis", "dunder", _dunder)


def _newline(state: StateInline, is_silent: bool) -> bool:
    # As CommonMark's, but every line stays one, with the spaces that it begins with.
    if state.src[state.pos] != "\n":
        return False
    if not is_silent:
        state.pending = state.pending.rstrip(" ")
        state.push("softbreak", "", 0)
    state.pos += 1
    return True


def _escape(state: StateInline, is_silent: bool) -> bool:
    r"""A backslash before a mark; it stays in sight where it is none, and as the arm of
    `¯\_(ツ)_/¯`."""
    if state.src[state.pos] != "\\" or state.pos + 1 >= state.posMax:
        return False
    after = state.src[state.pos + 1]
    is_mark = after.isascii() and not after.isalnum() and not after.isspace() and after > " "
    before = state.src[max(0, state.pos - 1) : state.pos]
    if after == "\n":
        if not is_silent:
            # A mark only behind what is written: a command or a drawing keeps its last letter.
            state.pending += "" if before.isalnum() or before in _ENDS_OF_SENTENCES else "\\"
            state.push("softbreak", "", 0)
    elif not is_silent:
        # Two of them before a space are a line break of TeX.
        is_break = after == "\\" and state.src[state.pos + 2 : state.pos + 3] in ("", " ", "\n")
        is_kept = not is_mark or is_break or before + after == "¯_" or after in _KEPT_ESCAPES
        state.push("text_special", "", 0).content = "\\" + after if is_kept else after
    state.pos += 2
    return True


def _math(state: StateInline, is_silent: bool) -> bool:
    start = state.pos
    if state.src[start] not in "$\\":
        return False
    for opening, closing, is_block in _MATH_PAIRS:
        if state.src.startswith(opening, start):
            end = state.src.find(closing, start + 2, min(state.posMax, start + LONGEST + 4))
            source = state.src[start + 2 : end]
            if end < 0 or not source.strip() or not _is_math_of_pair(state, source, opening):
                return False
            return _found_math(state, is_silent, source, (opening, closing), is_block)
    if state.src[start] != "$" or (start and _joins(state.src[start - 1])):
        return False
    # Bounded: a text of dollar signs would otherwise take the square of its length.
    end = _closing_dollar(state.src, start + 1, min(state.posMax, start + LONGEST + 2))
    if end < 0 or not reads_as_formula(state.src[start + 1 : end], state.src[end + 1 : end + 5]):
        return False
    return _found_math(state, is_silent, state.src[start + 1 : end], ("$", "$"), False)


def _joins(letter: str) -> bool:
    # `^` is the beginning of a line in a regular expression, as `$` is its end.
    return letter.isalnum() or letter in "\\$_^"


def _is_math_of_pair(state: StateInline, source: str, opening: str) -> bool:
    before = state.src[state.pos - 1] if state.pos else " "
    if _joins(before):
        return False
    # `s/\(a\)/b/` is an expression of sed, `\[1\]` a bracket, `$$` the number of a process.
    if opening == "\\(":
        after = state.src[state.pos + len(source) + 4 : state.pos + len(source) + 5]
        return before not in "/)" and (not after or after not in "/\\") and "\\(" not in source
    if opening == "\\[":
        return is_in_brackets(source)
    return "$" not in source and reads_as_formula(source.strip())


def _closing_dollar(text: str, start: int, stop: int) -> int:
    at = start
    while at < stop and text[at] != "\n":
        if text[at] == "$":
            return at
        at += 2 if text[at] == "\\" else 1
    return -1


def _found_math(
    state: StateInline, is_silent: bool, source: str, marks: tuple[str, str], is_block: bool
) -> bool:
    if not is_silent:
        token = state.push("math_block" if is_block else "math_inline", "", 0)
        token.content, (token.markup, token.info) = source, marks
    state.pos += len(source) + len(marks[0]) + len(marks[1])
    return True


def _tag(state: StateInline, is_silent: bool) -> bool:
    """A tag is text to the letter; so is an element that fills its line."""
    start = state.pos
    if state.src[start] != "<":
        return False
    end = _end_of_tag(state.src, start, state.posMax)
    return end > 0 and _push_to_the_letter(state, is_silent, end)


def _end_of_tag(text: str, start: int, stop: int) -> int:
    for opening, closing in _TO_THE_LETTER:
        if text.startswith(opening, start):
            # `<!-->` is a comment, too.
            at = text.find(closing, start + 2, stop)
            return at + len(closing) if at > 0 else 0
    match = None
    if not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t"):
        match = _ELEMENT.match(text, start, stop)
    match = match or _TAG.match(text, start, stop)
    return match.end() if match else 0


def _push_to_the_letter(state: StateInline, is_silent: bool, end: int) -> bool:
    if not is_silent:
        state.push("text_special", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def _environment(state: StateInline, is_silent: bool) -> bool:
    r"""`\begin{…} … \end{…}` outside of mathematics: each of its signs matters."""
    end = end_of_environment(state)
    return end > 0 and _push_to_the_letter(state, is_silent, end)


def _dunder(state: StateInline, is_silent: bool) -> bool:
    """`__init__` is a name of Python, and no bold word."""
    start = state.pos
    match = _DUNDER.match(state.src, start, state.posMax)
    if match is None or (start and (state.src[start - 1].isalnum() or state.src[start - 1] == "_")):
        return False
    return _push_to_the_letter(state, is_silent, match.end())


def _path(state: StateInline, is_silent: bool) -> bool:
    r"""The backslashes of `C:\_a` and `\\server\_a` are none of Markdown."""
    src, start = state.src, state.pos
    if src[start] != "\\":
        return False
    # Two begin the name of a server; anywhere else in a path they are an escaped one.
    is_double = src.startswith("\\\\", start)
    if not (_PATH.match(src, start) if is_double else _is_in_path(src, start)):
        return False
    return _push_to_the_letter(state, is_silent, min(start + 2, state.posMax))


def _is_in_path(text: str, at: int) -> bool:
    start = max(0, at - _LONGEST_PATH)
    if text.find(":\\", start, at + 1) < 0 and text.find("\\\\", start, at) < 0:
        return False
    paths = _PATH.finditer(text, start, at + _LONGEST_PATH)
    return any(path.start() < at < path.end() for path in paths)


def _footnote(state: StateInline, is_silent: bool) -> bool:
    if not state.src.startswith("[^", state.pos):
        return False
    match = _FOOTNOTE.match(state.src, state.pos, state.posMax)
    if match is None or ":" + match[1] not in state.env["footnotes"]["refs"]:
        return False
    if not is_silent:
        state.push("footnote", "", 0).content = match[1]
    state.pos = match.end()
    return True


@dataclass(frozen=True, slots=True)
class _Tail:
    """What stands behind the text of a link or an image: `](address "title")`. Its address lies
    from `start` to `stop`, and leads to `href`."""

    start: int
    stop: int
    end: int
    href: str


def _tail(state: StateInline, bracket: int) -> _Tail | None:
    if not state.src.startswith("](", bracket):
        return None
    start = _behind_blanks(state, bracket + 2)
    address = state.md.helpers.parseLinkDestination(state.src, start, state.posMax)
    if not address.ok:
        return None
    end = _behind_blanks(state, address.pos)
    if end > address.pos:
        title = state.md.helpers.parseLinkTitle(state.src, end, state.posMax)
        if title.ok:
            end = _behind_blanks(state, title.pos)
    if not state.src.startswith(")", end, state.posMax):
        return None
    return _Tail(start, address.pos, end + 1, state.md.normalizeLink(address.str))


def _behind_blanks(state: StateInline, at: int) -> int:
    return _BLANKS.match(state.src, at, state.posMax).end()  # type: ignore[union-attr]


def _push_as_written(state: StateInline, start: int, tail: _Tail) -> None:
    """What would be a link or an image, to the letter; its address is a link where it may be."""
    # HTML has no link within a link.
    if state.linkLevel > 0 or not state.md.validateLink(tail.href):
        state.push("text_special", "", 0).content = state.src[start : tail.end]
        return
    state.push("text_special", "", 0).content = state.src[start : tail.start]
    state.push("link_open", "a", 1).attrs = {"href": tail.href}
    state.push("text_special", "", 0).content = state.src[tail.start : tail.stop]
    state.push("link_close", "a", -1)
    state.push("text_special", "", 0).content = state.src[tail.stop : tail.end]


def _link(state: StateInline, is_silent: bool) -> bool:
    """As CommonMark's, but only of a text that can be seen and with an address."""
    if state.src[state.pos] != "[":
        return False
    end = state.md.helpers.parseLinkLabel(state, state.pos, True)
    if end < 0 or not can_be_seen(state.src[state.pos + 1 : end], _MARKS):
        return False
    if _NO_ADDRESS.match(state.src, end, state.posMax):
        return False
    return commonmark_link(state, is_silent)


def _tail_of_no_link(state: StateInline, is_silent: bool) -> bool:
    """`](./__init__.py)`: emphasis would change an address that is shown as text."""
    tail = _tail(state, state.pos)
    if tail is None:
        return False
    if not is_silent:
        _push_as_written(state, state.pos, tail)
    state.pos = tail.end
    return True


def _image(state: StateInline, is_silent: bool) -> bool:
    """An image is text to the letter, for nothing is loaded."""
    start = state.pos
    if not state.src.startswith("![", start):
        return False
    bracket = state.md.helpers.parseLinkLabel(state, start + 1, False)
    if bracket >= 0 and (tail := _tail(state, bracket)) is not None:
        if not is_silent:
            _push_as_written(state, start, tail)
        state.pos = tail.end
        return True
    # By the label of its address, or without one.
    if not commonmark_image(state, True):
        return False
    if not is_silent:
        state.push("text_special", "", 0).content = state.src[start : state.pos]
    return True


def _address(state: StateInline, is_silent: bool) -> bool:
    """A bare web address, without what ends the sentence around it."""
    # HTML has no link within a link.
    if state.src[state.pos] != ":" or state.linkLevel > 0:
        return False
    scheme = _SCHEME.search(state.src[max(0, state.pos - 6) : state.pos])
    match = _ADDRESS.match(state.src, state.pos, state.posMax)
    if scheme is None or match is None:
        return False
    address = _trimmed(match[0])
    if len(address) < 4:
        return False
    if not is_silent:
        url = scheme[1] + address
        href = state.md.normalizeLink(url)
        # The scheme became plain text before its colon was seen: it is taken back.
        if not state.pending.endswith(scheme[1]) or not state.md.validateLink(href):
            return False
        state.pending = state.pending[: -len(scheme[1])]
        state.push("link_open", "a", 1).attrs = {"href": href}
        state.push("text", "", 0).content = url
        state.push("link_close", "a", -1)
    state.pos += len(address)
    return True


def _trimmed(address: str) -> str:
    surplus = address.count(")") - address.count("(")
    while address:
        if address[-1] in "?!.,:;*_~'":
            address = address.rstrip("?!.,:;*_~'")
        elif address[-1] == ")" and surplus > 0:
            address, surplus = address[:-1], surplus - 1
        else:
            break
    return address
