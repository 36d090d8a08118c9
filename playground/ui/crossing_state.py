"""What was put into the editor, kept from messages that the browser sent before it knew.

A browser sends the values of all its widgets with every message. One that is on its way while
the server changes a value carries the old one, and Streamlit would take that for an edit.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from playground.ui import state, variant_state

CROSSING_S = 2.0
"""How long such a message may take."""


def _held() -> dict[str, Any]:
    found = variant_state.controls(variant_state.LETTERS)
    texts = range(st.session_state["message_count"])
    keys = [state.SYSTEM_PROMPT, *map(state.message_text, texts), *map(state.message_role, texts)]
    return found | {key: st.session_state.get(key) for key in keys}


@contextmanager
def guarded() -> Iterator[None]:
    """Whatever the block puts into the editor's widgets stays there."""
    before = _held()
    yield
    after = _held()
    changed = [(key, before[key], after[key]) for key in before.keys() & after.keys()]
    put = [(key, old, new) for key, old, new in changed if old != new]
    st.session_state["crossing"] = time.monotonic(), put


def put_again() -> None:
    """Put again what such a message took back. Before the widgets are drawn."""
    since_s, put = st.session_state.get("crossing", (float("-inf"), ()))
    if time.monotonic() - since_s > CROSSING_S:
        return
    for key, old, new in put:
        if st.session_state.get(key) == old:
            st.session_state[key] = new
