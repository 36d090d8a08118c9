"""Under an answer that did not simply come: what happened, and what a person can do."""

import time
from typing import Any

import streamlit as st

from playground.core.runs.outcome import outcome
from playground.engine.run_rows import cost_of
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain

SILENCE_S = 3.0
"""Shorter silences are a model's ordinary pauses."""


def silence(run: Any) -> str:  # noqa: ANN401 (a Run)
    """How long a live run has brought nothing, once that is long enough to wonder."""
    silent_s = 0.0 if run.heard_s is None else time.monotonic() - run.heard_s
    return f" · no text for {silent_s:.0f} s" if silent_s >= SILENCE_S else ""


def show_outcome(letter: str, run: Any) -> None:  # noqa: ANN401 (a Run, read by its attributes)
    """Draw the four answers of a run that has ended; nothing where all went well."""
    found = None if run.is_live else outcome(run)
    if found is None:
        return
    head = f"**{plain(found.title)}** · {plain(found.happened)}"
    cost = f"{formats.cost(cost_of(run)[0])}. {found.billed}"
    lines = [plain(found.retried), f"**Cost** {plain(cost)}", f"**Next** {plain(found.step)}"]
    with st.container(key=f"outcome_{letter}", gap="xsmall"):
        if found.tone == "error":
            st.error(head, icon=":material/error:")
        elif found.tone == "warning":
            st.warning(head, icon=":material/info:")
        else:
            lines.insert(0, head)
        if run.failure and run.failure.message:
            # The server's own words are never Markdown.
            st.code(run.failure.message, language=None, wrap_lines=True)
        st.caption("  \n".join(lines))
