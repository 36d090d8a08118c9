"""Protects values that the server wrote into widgets from stale browser messages, and sends them
again to a browser that may have skipped them.

A browser sends the values of all its widgets with every message. A message under way while the
server changes a value carries the old one, which Streamlit would take for an edit. And a browser
that draws two script runs as one, after two quick clicks, never sees the first one's values.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from playground.ui.session import request_state

# Not longer: later than that, even the old value may be an edit.
LATE_S = 2.0
"""How late a stale message may arrive, from when the value was sent to the browser."""
clock = time.monotonic

WrittenValue = tuple[float | None, list[object], object]
"""When the value was sent to the browser, if it was; the values that it replaced; the value."""


def _recent_writes() -> dict[str, WrittenValue]:
    """The values written within the last `LATE_S`."""
    writes: dict[str, WrittenValue] = st.session_state.setdefault("late_values", {})
    for key, (since_s, *_) in list(writes.items()):
        if since_s is not None and clock() - since_s > LATE_S:
            del writes[key]
    return writes


@contextmanager
def protected(*keys: str) -> Iterator[None]:
    """Protect the values that the block writes into the editor's widgets and into those of these
    keys."""
    before = _values(keys)
    yield
    after, writes = _values(keys), _recent_writes()
    for key, new in after.items():
        old = before.get(key)  # None: a new field, which is empty at first.
        if old != new:
            # Earlier values too: a message may be older than two changes.
            _, earlier, _ = writes.get(key, (None, [], None))
            writes[key] = None, [value for value in (old, *earlier) if value != new], new


def _values(keys: Sequence[str]) -> dict[str, object]:
    return request_state.values() | {key: st.session_state.get(key) for key in keys}


def reapply() -> None:
    """Write again the values that a stale message reverted, or that a browser may have skipped.
    Called before callbacks, and before the widgets are drawn."""
    writes = _recent_writes()
    for key, (_, earlier, new) in list(writes.items()):
        value = st.session_state.get(key)
        if value == new or value in earlier:
            st.session_state[key] = new
        else:
            del writes[key]  # Edited since: no older message can follow.


def mark_sent() -> None:
    """Note when the values were sent: now that the editor is drawn. Not when they were written:
    the script may have waited since, for its turn or for the previous page to disconnect."""
    writes = _recent_writes()
    for key, (since_s, earlier, new) in list(writes.items()):
        if since_s is None:
            writes[key] = clock(), earlier, new
