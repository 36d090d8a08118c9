"""After a reload, the new page takes over the runs of the page that was in this tab before. Its
browser sends the token of that page, which only the two know."""

import time

from playground.core.editor.draft import Before
from playground.ui.session import state
from playground.ui.session.services import services

LEFT_WITHIN_S, COPY_LEFT_WITHIN_S = 10.0, 0.5
"""How long to wait until a busy server notices that the earlier page has left. If it does not, it
is the page of another tab, of which this one is a duplicate."""


def allow_handover() -> None:
    """Let the next page in this tab take over this page's runs."""
    state.fed_page().identity = state.owner(), state.visitor()


def take_over_runs(before: Before) -> None:
    """Show the runs of an earlier page of this visitor, if it has left, and keep the engine from
    stopping them."""
    page = services().feed.page(before.name)
    if page is None or page is state.fed_page() or page.identity is None or state.runs():
        return
    owner, visitor = page.identity
    wait_s = COPY_LEFT_WITHIN_S if before.is_copy else LEFT_WITHIN_S
    # The token alone is not enough: the visitor must be the same.
    if visitor != state.visitor() or not _has_left(owner, wait_s):
        return
    handed = page.hand_over()
    if handed is None:
        return  # Another page was quicker.
    owner, shown = handed
    # The texts first: once the engine drops the earlier page, its texts are deleted.
    services().log.open_pages.hand_over(owner, state.owner())
    services().engine.hand_over(owner, state.owner())
    if shown is not None:
        state.adopt_runs(shown.presses)


def _has_left(owner: str, wait_s: float) -> bool:
    until_s = time.monotonic() + wait_s
    while not services().engine.is_page_gone(owner):
        if time.monotonic() > until_s:
            return False
        time.sleep(0.01)
    return True
