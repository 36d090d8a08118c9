"""A visitor's history as a whole: what is stored of it, and a way to delete it."""

import streamlit as st

from playground.core.text.refusal import Refusal
from playground.ui.log.export import offer_history
from playground.ui.server.visitor import is_local
from playground.ui.session import state
from playground.ui.session.services import services
from playground.ui.visitors.privacy import what_is_kept
from playground.ui.widgets.dialogs import offer_dialog

DELETE_HISTORY, REALLY_DELETE = "delete_history", "really_delete_history"
SAVED_WITHIN_S = 2.0


def show_my_history() -> None:
    """Draw it: always in sight on a shared host, folded away at one's own machine."""
    if is_local():
        # Drawn only while it is visible: each widget slows down every script run.
        history = st.expander(
            "History", icon=":material/history:", key="history", on_change="rerun"
        )
        if history.open:
            with history:
                _show()
    else:
        st.markdown("**Your history**")
        _show()


def _show() -> None:
    st.caption(what_is_kept())
    with st.container(horizontal=True, key="my_history"):
        offer_history(state.visitor())
        offer_dialog(
            DELETE_HISTORY, "Delete my history", ":material/delete:", "Delete my history?", _ask
        )


def _ask() -> None:
    if state.dialog() is None:
        st.rerun()  # Deleted: a click in a dialog draws the dialog alone.
    log, visitor = services().log, state.visitor()
    count, batches = log.count(visitor), log.batches.list_submissions(visitor)
    runs = "1 run" if count == 1 else f"{count:,} runs"
    st.markdown(
        f"This deletes **{runs}** with their texts, and your experiments, for good. What was "
        "spent still counts, and your prompt library stays."
    )
    known = () if isinstance(batches, Refusal) else batches
    if underway := sum(not batch.is_collected for batch in known):
        st.warning(
            f"Batches under way: {underway}. Their results would be lost but still billed. "
            f"Cancel them first, or wait.",
            icon=":material/warning:",
        )
    st.button(
        "Delete",
        key=REALLY_DELETE,
        type="primary",
        icon=":material/delete:",
        on_click=_delete,
        disabled=not (count or underway),
    )


def _delete() -> None:
    log = services().log
    # First: what has just ended must count for what it cost.
    log.flush(SAVED_WITHIN_S)
    log.delete_all(state.visitor())
    # What is in the way of it stands above the log by the time the page is drawn.
    log.flush(SAVED_WITHIN_S)
    state.leave_log()
    state.close_dialog()
