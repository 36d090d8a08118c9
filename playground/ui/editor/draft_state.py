"""The draft in the session: what the browser is given to keep, and what it brought back."""

import secrets

import streamlit as st

from playground.core.editor.draft import Before, read_before, read_draft
from playground.core.editor.page_state import PageState, PageStateError, to_json
from playground.core.editor.without_keys import page_without_keys
from playground.ui.session import editor_state

DRAFT, RESTORED = "draft", "Draft"


def session() -> str:
    """A name by which the browser knows that this session is a new one."""
    return str(st.session_state.setdefault("draft_session", secrets.token_urlsafe(8)))


def is_told() -> bool:
    """Whether the browser has said what it kept."""
    return bool(st.session_state.get("draft_is_told"))


def to_keep() -> str | None:
    """The page for the browser to keep; None: it is too long to be kept."""
    page = editor_state.history().now.state
    known: tuple[PageState, str | None] | None = st.session_state.get("draft_json")
    # One and the same as long as nothing is changed.
    if known is None or known[0] is not page:
        known = page, _json(page)
        st.session_state["draft_json"] = known
    return known[1]


def _json(page: PageState) -> str | None:
    try:
        # Keys are masked before the page becomes JSON, where a key after a line break is not
        # recognised.
        return to_json(page_without_keys(page))
    except PageStateError:
        return None


def hear() -> Before | None:
    """A browser says what it kept. Comes back: the page that stood in this tab before."""
    stored = st.session_state[DRAFT].get("kept")
    if stored is None or is_told():
        return None
    st.session_state["draft_is_told"] = True
    before = read_before(stored)
    if before.has_draft:
        restore(stored)
    return before


def restore(kept: object) -> None:
    """Put what a browser kept into the editor."""
    steps = editor_state.history()
    # What was typed meanwhile is in the draft too.
    was_put = any(step.label for step in steps.steps)
    try:
        editor_state.put(read_draft(kept), RESTORED)
    except PageStateError as error:
        st.session_state["draft_problem"] = str(error)
        return
    if was_put:
        # A link was opened meanwhile, say: it stays, and undoing it leads to the draft.
        editor_state.put(steps.now.state, steps.now.label)


def is_restored() -> bool:
    """Whether the editor still is as it was brought back."""
    return editor_state.history().now.label == RESTORED


def take_problem() -> str | None:
    problem: str | None = st.session_state.pop("draft_problem", None)
    return problem
