"""Text that must not be read as Markdown: labels, model ids, names from elsewhere."""

import re

MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """The same text, with every character that Markdown could act on escaped."""
    one_line = " ".join(text.encode("utf-8", "replace").decode().split())
    return MARKDOWN.sub(r"\\\1", one_line)
