"""Text as HTML that shows it letter for letter: for the plain view, and where Markdown fails."""

import html
import re

_LONE = re.compile("[\ud800-\udfff]")
# Combining marks of any script; a browser takes seconds for thousands of them on one letter.
_MARK = (
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0e34-\u0e3a\u0e47-\u0e4e"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
_PILE = re.compile(f"({_MARK}{{12}}){_MARK}+")


def calm(text: str) -> str:
    """A text that a browser can draw at all: of a pile of combining marks, the first twelve."""
    return _PILE.sub(r"\1…", text)


def normalised(text: str) -> str:
    """A text as HTML can hold it: line feeds only, neither NUL nor half a character."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return text if text.isascii() else _LONE.sub("\ufffd", text)


def escaped(text: str) -> str:
    """Text between tags. A pile of combining marks that would freeze a browser is cut."""
    return html.escape(text if text.isascii() else calm(text), quote=False)


def attribute(value: str) -> str:
    """Text between the quotes of an attribute."""
    return html.escape(value)


def as_written(text: str) -> str:
    """A text with all its lines, spaces and marks."""
    # A parser swallows a line feed that stands first in `pre`.
    first = "\n" if text.startswith("\n") else ""
    return f'<pre class="as-written" dir="auto">{first}{escaped(text)}</pre>'
