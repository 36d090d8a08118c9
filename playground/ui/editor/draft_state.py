"""The draft in the session: the page for the browser to save, and the draft it restored."""

import secrets

import streamlit as st

from playground.core.editor.draft import Before, read_before, read_draft
from playground.core.editor.page_state import PageState, PageStateError, to_json
from playground.core.editor.without_keys import page_without_keys
from playground.ui.session import editor_state

DRAFT, RESTORED = "draft", "Draft"


def session_name() -> str:
    """A random name, by which the browser recognises a new session."""
    return str(st.session_state.setdefault("draft_session", secrets.token_urlsafe(8)))


def has_received() -> bool:
    """Whether the browser has sent its draft."""
    return bool(st.session_state.get("draft_is_told"))


def draft_json() -> str | None:
    """The page for the browser to save, as JSON; None: it is too long."""
    page = editor_state.history().now.state
    known: tuple[PageState, str | None] | None = st.session_state.get("draft_json")
    # Cached until the page changes.
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


def receive() -> Before | None:
    """Restore the browser's draft. Returns what it knows of the page before in this tab."""
    stored = st.session_state[DRAFT].get("kept")
    if stored is None or has_received():
        return None
    st.session_state["draft_is_told"] = True
    before = read_before(stored)
    if before.has_draft:
        restore(stored)
    return before


def restore(kept: object) -> None:
    """Restore a draft."""
    steps = editor_state.history()
    # Text typed meanwhile is in the draft, too; other changes have a label.
    was_put = any(step.label for step in steps.steps)
    try:
        editor_state.replace_page(read_draft(kept), RESTORED)
    except PageStateError as error:
        st.session_state["draft_problem"] = str(error)
        return
    if was_put:
        # For example a link was opened meanwhile: it stays, and Undo leads to the draft.
        editor_state.replace_page(steps.now.state, steps.now.label)


def is_restored() -> bool:
    """Whether the editor still holds the restored draft."""
    return editor_state.history().now.label == RESTORED


def pop_problem() -> str | None:
    problem: str | None = st.session_state.pop("draft_problem", None)
    return problem
