"""What an answer says that another one does not, marked in its HTML, word by word.

Words are compared as they are seen: neither the marks of Markdown nor blanks count.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playground.core.text.word_diff import Piece, word_diff, words_of

MAX_COMPARED = 200_000
"""Characters of each side: a quarter of a second at worst."""

_PART = re.compile(r"(?P<math><math\b.*?</math>)|(?P<tag><[^>]*>)|[^<]+", re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")
# Signs that nobody sees tell the shapes of formulas apart: the letters of x² and x₂ are the same.
_SIGNS = {
    "msup": "\u2061", "msub": "\u2062", "msubsup": "\u2063", "mfrac": "\u2064",
    "msqrt": "\u2061\u2061", "mroot": "\u2062\u2062",
}  # fmt: skip
_SHAPE = re.compile(rf"<({'|'.join(_SIGNS)})>")
_LINES = re.compile("\n\n+")
_BREAK = re.compile(r"</?(?:p|ul|ol|li|h[1-6]|hr|blockquote|pre|figure|div|table|tr|th|td)\b")


@dataclass(frozen=True, slots=True)
class Changes:
    """The pieces of an answer with what is new in `ins`, and in `del` what is gone; how many
    words that are."""

    pieces: tuple[str, ...]
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of HTML and its visible text; `is_whole`: no mark may be put inside it."""

    html: str
    seen: str
    is_whole: bool


def changes(before: Sequence[str], after: Sequence[str]) -> Changes | None:
    """What became of one answer in another, each given as pieces of rendered HTML; None: they
    are too long. May take its time: not on an event loop."""
    if max(sum(map(len, side)) for side in (before, after)) > MAX_COMPARED:
        return None
    parts = [[*_parts(piece)] for piece in after]
    old = "".join(part.seen for piece in before for part in _parts(piece))
    new = "".join(part.seen for piece in parts for part in piece)
    diff = word_diff(old, new)
    marks = _Marks(diff)
    pieces = ["".join(map(marks.marked, piece)) for piece in parts]
    if rest := marks.removed():
        pieces = [*pieces[:-1], f"{''.join(pieces[-1:])}<p>{rest.lstrip(chr(10))}</p>"]
    counts = (
        sum(len(words_of(change.text)) for change in diff if change.kind == kind)
        for kind in ("added", "removed")
    )
    return Changes(tuple(pieces), *counts)


def _parts(piece: str) -> Iterator[_Part]:
    """The renderer writes no `<` or `>` but around tags. A piece begins a line."""
    yield _Part("", "\n", is_whole=True)
    for match in _PART.finditer(piece):
        text = match[0]
        if match["math"]:
            yield _Part(text, html.unescape(_TAGS.sub("", _SHAPE.sub(_sign, text))), is_whole=True)
        elif match["tag"]:
            yield _Part(text, _seen(text), is_whole=True)
        else:
            yield _Part(text, html.unescape(text), is_whole=False)


def _sign(tag: re.Match[str]) -> str:
    return _SIGNS[tag[1]]


def _seen(tag: str) -> str:
    if tag.startswith("<input"):
        return "☑" if " checked=" in tag else "☐"
    # Without a break the last word of a cell and the first of the next would be one.
    return "\n" if _BREAK.match(tag) else ""


class _Marks:
    """Goes along the pieces of a comparison with the HTML of the newer side."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = [*reversed(pieces)]
        self._begins_line = True

    def marked(self, part: _Part) -> str:
        if part.is_whole or part.seen.isspace():
            self._begins_line = part.seen == "\n" or (self._begins_line and not part.seen)
            kinds = {kind for kind, text in self._taken(len(part.seen)) if not text.isspace()}
            return f"<ins>{part.html}</ins>" if "added" in kinds else part.html
        gone = self.removed()
        # Line breaks are kept: one before the first word of a paragraph would be an empty line.
        marked_html = [gone.lstrip("\n") if self._begins_line else gone]
        self._begins_line = False
        for kind, text in self._taken(len(part.seen)):
            marked_html += [_in("ins", text) if kind == "added" else _escaped(text), self.removed()]
        return "".join(marked_html)

    def removed(self) -> str:
        """What is gone just here."""
        if not self._pieces or self._pieces[-1].kind != "removed":
            return ""
        return _in("del", _LINES.sub("\n", self._pieces.pop().text.rstrip("\n")))

    def _taken(self, length: int) -> Iterator[tuple[str, str]]:
        """The next characters of the newer side, with what each stretch is."""
        skipped = []
        while length:
            piece = self._pieces.pop()
            if piece.kind == "removed":
                skipped.append(piece)
                continue
            text, rest = piece.text[:length], piece.text[length:]
            length -= len(text)
            if rest:
                self._pieces.append(Piece(piece.kind, rest))
            yield piece.kind, text
        # Told at the next place that may hold a mark.
        self._pieces += reversed(skipped)


def _in(tag: str, text: str) -> str:
    """The words of a text in a tag, the blanks around them outside."""
    words = text.strip()
    if not words:
        return _escaped(text) if tag == "ins" else ""
    lead, trail = text.split(words, 1)
    return f"{_escaped(lead)}<{tag}>{_escaped(words)}</{tag}>{_escaped(trail)}"


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)
