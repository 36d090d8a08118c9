"""What is wrong with the log, said once, and a way to take along what it could not save."""

import streamlit as st

from playground.core.log.history import LoggedRun
from playground.core.log.run_file import line_of
from playground.ui.session.services import services
from playground.ui.widgets.markdown import plain


def show_log_warning(visitor: str) -> None:
    """Draw the warning and the download, if there is anything to warn of."""
    log = services().log
    warning = log.warning_to(visitor)
    if not warning:
        return
    st.warning(plain(warning), icon=":material/save:")
    unsaved = log.kept(visitor)
    if unsaved:
        st.download_button(
            f"Download {'1 run' if len(unsaved) == 1 else f'{len(unsaved):,} runs'}",
            lambda: "".join(f"{line_of(LoggedRun(row, texts))}\n" for row, texts in unsaved),
            "runs-not-saved.jsonl",
            "application/jsonl",
            key="download_kept",
            icon=":material/download:",
            on_click="ignore",
            help="Your runs that are in memory only, with their texts, as JSON Lines.",
        )
