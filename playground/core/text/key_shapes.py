"""What looks like an API key inside a text, found without ever repeating it."""

import re
from collections.abc import Iterator

MASK = "[masked]"
_STARTS = (
    "sk-", "SK-", "AKIA", "ASIA", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-",
    "xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-", "xapp-", "AIza", "gsk_", "xai-", "hf_", "nvapi-",
    "pplx-", "r8_", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "npm_",
)  # fmt: skip
_START = re.compile("|".join(_STARTS))
# A key begins where no word goes on: also after an escape of JSON or of a URL. How far a look
# ahead goes is bounded: a text of nothing but beginnings would take the square of its length.
_SHAPE = re.compile(
    r"""(?: (?<![A-Za-z0-9]) | (?<=\\[bfnrt]) | (?<=\\u[0-9A-Fa-f]{4})
      | (?<=%[0-9A-Fa-f]{2}) | (?<=%25[0-9A-Fa-f]{2}) )
    (?: (?P<anthropic>sk-ant-|SK-ANT-)[A-Za-z0-9_-]{8,}
      | (?P<secret>sk-)(?=[A-Za-z_-]{0,200}\d)[A-Za-z0-9_-]{16,}
      | (?P<aws>AKIA|ASIA)[A-Z0-9]{16}
      | (?P<github>gh[oprsu]_|github_pat_)[A-Za-z0-9_]{20,}
      | (?P<gitlab>glpat-)[A-Za-z0-9_-]{20,}
      | (?P<slack>xox[abprs]-|xapp-)[A-Za-z0-9-]{10,}
      | (?P<google>AIza)[A-Za-z0-9_-]{30,}
      | (?P<model_host>gsk_|xai-|hf_|pplx-|r8_)[A-Za-z0-9]{30,}
      | (?P<nvidia>nvapi-)[A-Za-z0-9_-]{30,}
      | (?P<stripe>[sr]k_(?:live|test)_)[A-Za-z0-9]{16,}
      | (?P<npm>npm_)[A-Za-z0-9]{36}
    )""",
    re.VERBOSE,
)


def holds_key(text: str) -> bool:
    """Whether something in a text has the shape of a key."""
    return next(_keys(text), None) is not None


def masked(text: str) -> str:
    """The text with all but the first letters of each key, which name its kind, replaced."""
    shown, end = "", 0
    for key in _keys(text):
        shown += text[end : key.start()] + key[key.lastgroup or 0] + MASK
        end = key.end()
    return shown + text[end:]


def _keys(text: str) -> Iterator[re.Match[str]]:
    # Hardly any text has a beginning, and a prompt of megabytes is checked at each draw.
    if not any(start in text for start in _STARTS):
        return
    end = 0
    for start in _START.finditer(text):
        # What begins within a key is not looked at again: of nothing but beginnings each one
        # would be read to the end.
        key = _SHAPE.match(text, start.start()) if start.start() >= end else None
        if key:
            end = key.end()
            yield key
