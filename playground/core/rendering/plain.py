"""Text as HTML that shows it letter for letter: for the plain view, and where Markdown fails."""

import html
import re

from playground.core.text.blocks import calm

_LONE = re.compile("[\ud800-\udfff]")


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


def to_plain_html(text: str) -> str:
    """What the plain view shows of an answer: the text that came."""
    return as_written(normalised(text))
