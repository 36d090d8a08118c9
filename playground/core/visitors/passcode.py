"""The passcode before the owner's key, and how often all visitors together may guess it."""

import hashlib
import hmac
from collections import deque
from threading import Lock
from typing import Literal

from playground.core.text.normal_forms import normalized

SHORTEST = 8
LONGEST = 200
"""As a browser counts the characters of a field, see `length`."""
MAX_WRONG = 5
WITHIN_S = 60.0


class Passcode:
    """Compares what is entered. Strangers have no identity that lasts, so the wrong tries of
    all of them count together; after too many even the right one has to wait."""

    def __init__(self, passcode: str) -> None:
        self._digest = _digest(passcode)
        self._is_set = bool(passcode)
        self._wrong_s: deque[float] = deque(maxlen=MAX_WRONG)
        self._lock = Lock()

    def enter(self, given: str, now_s: float) -> Literal["right", "wrong", "too often"]:
        """Compare, unless too many were wrong within a minute; `now_s` is any steady clock."""
        # Pages try on their own threads: without the lock more than five would get through.
        with self._lock:
            is_full = len(self._wrong_s) == MAX_WRONG
            # Before anything is compared: while locked, not even the right one may be told apart.
            if is_full and now_s - self._wrong_s[0] < WITHIN_S:
                return "too often"
            if self._is_set and hmac.compare_digest(_digest(given), self._digest):
                return "right"
            self._wrong_s.append(now_s)
            return "wrong"


def length(text: str) -> int:
    """How many characters a browser counts: those beyond the first 65,536 twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _digest(text: str) -> bytes:
    # Keyboards compose é in two ways that nobody can tell apart. Of one length, whatever was
    # entered: the comparison's time then tells nothing.
    composed = normalized("NFC", text)
    return hashlib.sha256(composed.encode("utf-8", "surrogatepass")).digest()
