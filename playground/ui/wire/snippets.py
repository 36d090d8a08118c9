"""A variant's call as code to copy, in a dialog over the page."""

import streamlit as st

from playground.core.runs.run_plan import Plan
from playground.core.snippets.snippets import snippets
from playground.ui.widgets.dialogs import offer_to_open, show_dialog
from playground.ui.widgets.markdown import plain

MAX_COLOURED = 50_000
"""Characters that the browser still colours without a pause."""


def offer_code(plan: Plan, popover: str) -> None:
    """A button, in that popover, that shows the call which Run would make as code."""
    offer_to_open(f"code_{plan.letter}", "Code", ":material/code:", popover)


def show_code(plan: Plan) -> None:
    """The dialog of that button, while it is open."""
    show_dialog(f"code_{plan.letter}", f"Code for variant {plan.letter}", _show_snippets, plan)


def _show_snippets(plan: Plan) -> None:
    if why := plan.why_unreadable:
        st.warning(plain(f"There is no code for this yet. {why}"), icon=":material/block:")
        return
    calls = snippets(plan.wire, plan.connection, plan.policy)
    for tab, snippet in zip(st.tabs([call.name for call in calls]), calls, strict=True):
        with tab:
            st.caption(snippet.needs)
            is_short = len(snippet.code) < MAX_COLOURED
            language = snippet.language if is_short else None
            st.code(snippet.code, language=language, wrap_lines=True)
