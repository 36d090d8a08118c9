"""What looks like an API key inside a text, found without ever repeating it."""

import re

MASK = "[masked]"
_STARTS = ("sk-", "AKIA", "ghp_", "gho_", "ghs_", "github_pat_", "xox", "AIza")
"""A quick look before the slow one: a prompt can be megabytes, and is checked at each draw."""
# A key begins where no word goes on: in JSON also after the escape that ends a line. How far a
# look ahead goes is bounded: a text of nothing but beginnings would take the square of its length.
_SHAPES = re.compile(
    r"""(?: (?<![A-Za-z0-9]) | (?<=\\[bfnrt]) | (?<=\\u[0-9A-Fa-f]{4}) )
    (?: (?P<anthropic>sk-ant-)[A-Za-z0-9_-]{8,}
      | (?P<secret>sk-)(?=[A-Za-z_-]{0,200}\d)[A-Za-z0-9_-]{16,}
      | (?P<aws>AKIA)[A-Z0-9]{16}
      | (?P<github>gh[pos]_|github_pat_)[A-Za-z0-9_]{20,}
      | (?P<slack>xox[abprs]-)[A-Za-z0-9-]{10,}
      | (?P<google>AIza)[A-Za-z0-9_-]{30,}
    )""",
    re.VERBOSE,
)


def holds_key(text: str) -> bool:
    """Whether something in a text has the shape of a key."""
    return any(start in text for start in _STARTS) and _SHAPES.search(text) is not None


def masked(text: str) -> str:
    """The text with all but the first letters of each key, which name its kind, replaced."""
    if not holds_key(text):
        return text
    return _SHAPES.sub(lambda match: f"{match[match.lastgroup or 0]}{MASK}", text)
