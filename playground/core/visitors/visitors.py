"""Who a visitor is: the one at this machine, or whoever holds something that nobody guesses."""

import hashlib
import re

LOCAL = "local"
"""The one visitor at the machine that the app runs on."""
TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def is_token(text: str) -> bool:
    """Whether a text has the shape of a browser's token: `TOKEN_BYTES` in base64."""
    return _TOKEN.fullmatch(text) is not None


def visitor_of(*held: str) -> str:
    """A visitor's name in the log; nobody who reads it there can pass for that visitor."""
    return f"visitor-{hashlib.sha256(chr(0).join(held).encode()).hexdigest()[:32]}"
