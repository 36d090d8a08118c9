"""Cuts text into the tokens that the demo model reads, writes and counts.

Nothing is lost: joined again, the tokens are the text. A word keeps the space before it. Scripts
other than Latin cost more tokens for as many words, as they do on real models.
"""

import re

TOKEN = re.compile(
    r" ?\{topic\}"  # stands in a piece where the nearest topic is named
    r"| ?[A-Za-z]{1,8}"
    r"|[0-9]{1,3}"
    r"| ?(?:[^\W\d\x00-\x7f]|[\u0300-\u036f\u0900-\u0dff\u064b-\u065f\u200c\u200d]){1,2}"
    r"|\n+"
    r"| ?([^\w\s])\1*"
    r"| +"
    r"|.",
    re.DOTALL,
)


def tokens(text: str) -> list[str]:
    """The tokens of a text, in order."""
    return [match.group() for match in TOKEN.finditer(text)]


def count_tokens(text: str) -> int:
    """How many tokens a text is."""
    return sum(1 for _ in TOKEN.finditer(text))
