"""Differences between two texts, word by word: the only place where the page draws them."""

from collections.abc import Iterable
from typing import Literal

import streamlit as st

from playground.core.rendering.plain import calm
from playground.core.text.word_diff import Kind, Piece, word_diff
from playground.ui.widgets.markdown import MARKDOWN

MAX_COMPARED = 20_000
"""Characters of each text."""
MAX_PIECES = 2_000
"""The browser takes seconds for more marked words."""
MAX_AT_FULL_HEIGHT = 1_500
_MARKS: dict[Kind, tuple[str, str]] = {
    "same": ("", ""),
    "removed": (":red-background[~~", "~~]"),
    "added": (":green-background[", "]"),
}
_FIXED_SPACE = "\u00a0"


def show_diff(before: str, after: str) -> None:
    """Draw `after`, with what was removed and added marked where it differs."""
    # Piles of combining marks stall a browser, in plain text too.
    before, after = calm(before), calm(after)
    is_short = max(len(before), len(after)) <= MAX_COMPARED
    pieces = word_diff(before, after) if is_short and before != after else ()
    if not 0 < len(pieces) <= MAX_PIECES:
        if before != after:
            st.caption("These texts are too long or too different to compare here.")
        more = "…" if len(after) > MAX_COMPARED else ""
        shown = after[:MAX_COMPARED] + more
        st.code(shown, language=None, wrap_lines=True, height=_height(shown))
        return
    with st.container(height=_height(before + after)):
        st.markdown(marked(pieces))


def _height(text: str) -> int | Literal["content"]:
    """A long text scrolls, so that what follows stays in sight."""
    return "content" if len(text) <= MAX_AT_FULL_HEIGHT else 360


def marked(pieces: Iterable[Piece]) -> str:
    """The pieces as Markdown in which nothing but the marks acts."""
    return "".join(_marked(piece.kind, piece.text) for piece in pieces)


def _marked(kind: Kind, text: str) -> str:
    """A mark ends with its line, and no space stands inside it at either end."""
    start, end = _MARKS[kind]
    return "  \n".join(_line(start, line, end) for line in text.split("\n"))


def _line(start: str, line: str, end: str) -> str:
    word = line.strip()
    if not word:
        return _space(line)
    lead, trail = line[: len(line) - len(line.lstrip())], line[len(line.rstrip()) :]
    escaped = MARKDOWN.sub(r"\\\1", word)
    return f"{_space(lead)}{start}{escaped}{end}{_space(trail)}"


def _space(space: str) -> str:
    """Markdown would make one of many, and none of those that indent code."""
    wide = space.expandtabs(4)
    return _FIXED_SPACE * len(wide) if len(wide) > 1 else wide and " "
