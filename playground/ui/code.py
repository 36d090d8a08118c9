"""A variant's call as code to copy, in a dialog over the page."""

import streamlit as st

from playground.core.plan import Plan
from playground.core.snippets import snippets
from playground.ui import state

MOST_COLOURED = 50_000
"""Characters that the browser still colours without a pause."""


def show_code_button(plan: Plan) -> None:
    """Offer the call that Run would make as code."""
    letter = plan.letter
    st.button(
        "Code",
        key=f"code_{letter}",
        icon=":material/code:",
        type="tertiary",
        help="The same call as Python, curl, TypeScript or JSON.",
        on_click=state.open_code,
        args=(letter,),
    )
    # Kept open by the session: a run that ends meanwhile draws the whole page anew.
    if state.opened_code() == letter:
        title = f"Code for variant {letter}"
        st.dialog(title, width="large", on_dismiss=state.close_code)(_show_snippets)(plan)


def _show_snippets(plan: Plan) -> None:
    found = snippets(plan.wire, plan.connection, plan.policy)
    for tab, snippet in zip(st.tabs([each.name for each in found]), found, strict=True):
        with tab:
            st.caption(snippet.needs)
            is_short = len(snippet.code) < MOST_COLOURED
            language = snippet.language if is_short else None
            st.code(snippet.code, language=language, wrap_lines=True)
