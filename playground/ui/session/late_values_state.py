"""Protects what was put into the editor from messages that the browser had sent before it knew,
and repeats it to a browser that was too slow to hear it.

A browser sends the values of all its widgets with every message. One that is on its way while
the server changes a value carries the old one, and Streamlit would take that for an edit. And
one that draws two runs as one, because two clicks came quickly, would never see the value.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from playground.ui.session import state, variant_state

# No longer: from then on even the value of before is somebody's edit.
LATE_S = 2.0
"""How long such a message may take, from when the browser was sent the value."""
clock = time.monotonic

Put = tuple[float | None, list[object], object]
"""When a value was sent to the browser, if it was, which values it took the place of, and which
it is."""


def _values_now() -> dict[str, object]:
    values = variant_state.controls(variant_state.variants())
    texts = range(st.session_state["message_count"])
    keys = [state.SYSTEM_PROMPT, *map(state.message_text, texts), *map(state.message_role, texts)]
    return values | {key: st.session_state.get(key) for key in keys}


def _put() -> dict[str, Put]:
    """What was put of late."""
    puts: dict[str, Put] = st.session_state.setdefault("late_values", {})
    for key, (since_s, *_) in list(puts.items()):
        if since_s is not None and clock() - since_s > LATE_S:
            del puts[key]
    return puts


@contextmanager
def guarded() -> Iterator[None]:
    """Whatever the block puts into the editor's widgets stays there."""
    before = _values_now()
    yield
    after, put = _values_now(), _put()
    for key, new in after.items():
        old = before.get(key)  # None: a field that was not there, and is empty at first.
        if old != new:
            # Earlier values too: a message that crosses two changes carries the oldest of them.
            _, earlier, _ = put.get(key, (None, [], None))
            put[key] = None, [value for value in (old, *earlier) if value != new], new


def put_again() -> None:
    """Put again what such a message took back, or may not have been heard. Before the widgets
    are drawn."""
    put = _put()
    for key, (_, earlier, new) in list(put.items()):
        value = st.session_state.get(key)
        if value == new or value in earlier:
            st.session_state[key] = new
        else:
            del put[key]  # Typed since: older messages have all come.


def mark_sent() -> None:
    """Start the clock of what was put, now that the editor is drawn with it. Not when it was put:
    the script may have waited since, for its turn or for the previous page to disconnect."""
    put = _put()
    for key, (since_s, earlier, new) in list(put.items()):
        if since_s is None:
            put[key] = clock(), earlier, new
