"""The beginning of a text in one line, for the cell of a table."""

import re
from typing import Final

# Within a word, as in x**2, they may be more than a mark.
_BOLD: Final = re.compile(r"(?<![\w*])\*\*(?=[^\s*])(.+?)(?<=[^\s*])\*\*(?![\w*])")
_HEADING: Final = re.compile(r"^#{1,6} ", re.MULTILINE)
_CODE: Final = re.compile(r"```|\A\s*[{\[]")
"""A fence, or the beginning of an answer that is JSON."""
_LETTER: Final = re.compile(r"\S")
_READ: Final = 4
"""Characters that are read for each that is shown: white space and marks are taken out of them.
Not all are, for answers can be long, and a table has thousands of cells."""


def one_line(text: str, most: int) -> str:
    """At most `most` characters; what is cut ends in an ellipsis."""
    return _cut(text[: _READ * most], most, has_more=_has_more(text, most))


def answer_line(answer: str, most: int) -> str:
    """The same of an answer, without its marks for bold words and headings. Where there is code
    they may be part of it."""
    text = answer[: _READ * most]
    if not _CODE.search(text):
        text = _BOLD.sub(r"\1", _HEADING.sub("", text))
    return _cut(text, most, has_more=_has_more(answer, most))


def _has_more(text: str, most: int) -> bool:
    return _LETTER.search(text, _READ * most) is not None


def _cut(text: str, most: int, *, has_more: bool) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most and not has_more else f"{line[: most - 1].rstrip()}…"
