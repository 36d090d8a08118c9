"""A reload finds its runs: the page that comes into a tab takes over those of the page that
stood there before. Its browser says which that was, by a name that only the two know."""

import time

from playground.core.editor.draft import Before
from playground.ui.session import state
from playground.ui.session.services import services

LEFT_WITHIN_S, COPY_LEFT_WITHIN_S = 10.0, 0.5
"""How long a busy server may take to see that the earlier page has left. A page that stays is
that of another tab, from which this one was copied."""


def introduce() -> None:
    """Let the page that comes after this one find its runs."""
    state.fed_page().identity = state.owner(), state.visitor()


def take_over(before: Before) -> None:
    """Show the runs of an earlier page of this visitor, if it has left, and let none of them
    be stopped for that."""
    page = services().feed.page(before.name)
    if page is None or page is state.fed_page() or page.identity is None or state.runs():
        return
    owner, visitor = page.identity
    wait_s = COPY_LEFT_WITHIN_S if before.is_copy else LEFT_WITHIN_S
    # The name alone opens nothing: whoever has learned it must be the same visitor.
    if visitor != state.visitor() or not _has_left(owner, wait_s):
        return
    handed = page.hand_over()
    if handed is None:
        return  # Another page was quicker.
    owner, shown = handed
    # The texts first: once the engine counts the earlier page as gone for good, it forgets them.
    services().log.open_pages.hand_over(owner, state.owner())
    services().engine.hand_over(owner, state.owner())
    if shown is not None:
        state.continue_runs(shown.presses)


def _has_left(owner: str, wait_s: float) -> bool:
    until_s = time.monotonic() + wait_s
    while not services().engine.is_page_gone(owner):
        if time.monotonic() > until_s:
            return False
        time.sleep(0.01)
    return True
