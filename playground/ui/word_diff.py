"""What became of one text in another, word by word."""

import streamlit as st

from playground.core.word_diff import Kind, word_diff
from playground.ui.plain import MARKDOWN

MOST_COMPARED = 20_000
_MARKS: dict[Kind, tuple[str, str]] = {
    "same": ("", ""),
    "removed": (":red-background[~~", "~~]"),
    "added": (":green-background[", "]"),
}


def show_diff(before: str, after: str) -> None:
    """Draw `after`, with what was removed and added marked where it differs."""
    if before == after or max(len(before), len(after)) > MOST_COMPARED:
        if before != after:
            st.caption("These are too long to be compared here.")
        more = "…" if len(after) > MOST_COMPARED else ""
        st.code(after[:MOST_COMPARED] + more, language=None, wrap_lines=True, height=240)
        return
    with st.container(height=240):
        st.markdown("".join(_marked(piece.kind, piece.text) for piece in word_diff(before, after)))


def _marked(kind: Kind, text: str) -> str:
    """A mark ends with its line, and no space stands inside it at either end."""
    start, end = _MARKS[kind]
    return "  \n".join(_line(start, line, end) for line in text.split("\n"))


def _line(start: str, line: str, end: str) -> str:
    word = line.strip()
    if not word:
        return line and " "
    escaped = MARKDOWN.sub(r"\\\1", word)
    lead, trail = (" " if line[:1].isspace() else ""), (" " if line[-1:].isspace() else "")
    return f"{lead}{start}{escaped}{end}{trail}"
