"""Share answers as a file: an HTML page, or exact JSON."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import streamlit as st

from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.saved_pages.answers_page import share_page
from playground.core.sharing.shared_run import SharedRun, shared_run, to_json
from playground.core.text.key_shapes import holds_key

LoggedRequest = tuple[RunRow, RunTexts]


def offer_answers(
    key: str, read: Callable[[], Sequence[LoggedRequest]], *, is_ready: bool = True
) -> None:
    """A button for runs; `read` gives them once it is pressed, which it can be when they have
    ended."""
    opened = st.popover(
        "Save", type="tertiary", icon=":material/ios_share:", key=key, on_change="rerun",
        disabled=not is_ready,
    )  # fmt: skip
    if opened.open and is_ready:
        with opened:
            _show(key, [shared_run(*logged) for logged in read()])


def _show(key: str, runs: Sequence[SharedRun]) -> None:
    if any(holds_key(text) for run in runs for text in run.texts()):
        words = "A prompt or an answer contains what looks like an API key. It is saved, too."
        st.warning(words, icon=":material/key:")
    st.caption(
        "Contains prompt, parameters, answers and cost, but not the key they were sent with."
    )
    now = datetime.now(UTC)
    name = f"answers-{now:%Y%m%d-%H%M%S}"
    with st.container(horizontal=True):
        st.download_button(
            "Page",
            # Built only when it is asked for, as the other file is: many long answers take their
            # time.
            lambda: share_page(runs, now),
            file_name=f"{name}.html",
            mime="text/html",
            key=f"{key}_html",
            icon=":material/description:",
            on_click="ignore",
        )
        st.download_button(
            "JSON",
            lambda: to_json(runs, now),
            file_name=f"{name}.json",
            mime="application/json",
            key=f"{key}_json",
            icon=":material/data_object:",
            on_click="ignore",
        )
