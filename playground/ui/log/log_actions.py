"""What can be done with a run of the log: edit it again, run it again, delete it."""

import streamlit as st

from playground.core.log.history import Mark
from playground.core.log.logged_request import differences, request_of
from playground.core.request.request import Request
from playground.core.runs.continuing import can_continue, continued, left_out
from playground.core.runs.run_row import RunRow, RunTexts
from playground.ui.library import lessons_state
from playground.ui.log import log_state
from playground.ui.log.log_marks import offer_star
from playground.ui.runs import running
from playground.ui.runs.not_started import show_not_started
from playground.ui.session import editor_state, state
from playground.ui.session.services import services
from playground.ui.widgets.markdown import plain

EDIT, RUN, CONTINUE = "edit_run", "run_run", "continue_run"
DELETE, UNDO_DELETE = "delete_run", "log_undo_button"
UNDO_PLACED = "placed_undo"


def name_of(row: RunRow) -> str:
    return f"Run {row.name}"


def offer_actions(row: RunRow, texts: RunTexts, mark: Mark) -> None:
    """Draw the buttons."""
    letter = log_state.letter_for(row.variant)
    request = request_of(texts.request_json, running.wire_of)
    has_request = request is not None
    different = _difference(texts, request)
    again = f"Sends the same request over the chosen connection, as variant {letter}."
    if different:
        again = f"Sends the request over the chosen connection, as variant {letter}. {different}"
    if not has_request:
        again = "The log has no readable request for this run."
    elif state.is_live():
        again = running.RUNS_ARE_LIVE
    with st.container(horizontal=True, gap="small", key="run_actions"):
        st.button(
            "Put into the editor", key=EDIT, icon=":material/edit:", disabled=not has_request,
            on_click=_edit, args=(row, request, letter, different),
            help=f"Its prompt, and its parameters as variant {letter}. Other variants stay."
            f" {different}".rstrip(),
        )  # fmt: skip
        st.button(
            "Run again", key=RUN, icon=":material/replay:",
            disabled=not has_request or state.is_live(),
            on_click=_run, args=(request, letter), help=again,
        )  # fmt: skip
        # Messages in the extra JSON would go out in place of the editor's, without the answer.
        has_turns = request is not None and "messages" not in request.params.extra.fields
        if has_turns and can_continue(texts.blocks, row.stop_reason):
            lost = left_out(texts.blocks, row.stop_reason)
            st.button(
                "Continue", key=CONTINUE, icon=":material/reply:", type="tertiary",
                on_click=_continue, args=(row, texts, request, letter),
                help=f"Continues the conversation from its answer. {lost}".rstrip(),
            )  # fmt: skip
        offer_star(row, mark)
        st.button(
            "Delete", key=DELETE, icon=":material/delete:", type="tertiary",
            on_click=_delete, args=(row,),
        )  # fmt: skip
    show_not_started("run_not_started")


def _difference(texts: RunTexts, request: Request | None) -> str:
    """How the request would differ from the one sent, as a sentence; empty if it would not."""
    if request is None:
        return ""
    names = differences(texts.request_json, running.wire_of(request))
    return f"Different from what was sent then: {', '.join(names)}." if names else ""


def _edit(row: RunRow, request: Request, letter: str, different: str) -> None:
    said = f"{name_of(row)} is in the editor as variant {letter}"
    log_state.edit(log_state.Placed(said, different, request), letter)


def _continue(row: RunRow, texts: RunTexts, request: Request, letter: str) -> None:
    prompt = continued(request.prompt, texts.blocks, row.stop_reason)
    said = f"{name_of(row)} continues in the editor as variant {letter}"
    going_on, lost = Request(prompt, request.params), left_out(texts.blocks, row.stop_reason)
    log_state.edit(log_state.Placed(said, lost, going_on), letter)


def _run(request: Request, letter: str) -> None:
    running.run_request(request, letter)
    log_state.request_redraw()


def _delete(row: RunRow) -> None:
    log = services().log.history
    deleted = log_state.Deleted(f"{name_of(row)} is deleted.", (row.run_id,))
    log_state.apply(lambda: log.delete(row.visitor, [row.run_id]), deleted)
    state.close_run()


def show_undo(visitor: str) -> None:
    """The line with the last deletion and its Undo, or why it failed."""
    problem, last = log_state.problem(), log_state.deleted()
    if problem:
        st.warning(plain(problem), icon=":material/save:")
    if last is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="log_undo"):
        st.caption(plain(last.message), width="content")
        st.button(
            "Undo", key=UNDO_DELETE, icon=":material/undo:", type="tertiary",
            on_click=_undo_delete, args=(visitor, last),
        )  # fmt: skip


def _undo_delete(visitor: str, last: log_state.Deleted) -> None:
    log_state.apply(lambda: services().log.history.bring_back(visitor, last.run_ids))


def show_placed() -> None:
    """Beside the page's name: which run is in the editor now, until that is changed."""
    last = log_state.placed()
    if last is None:
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="placed", width="content"
    ):
        st.caption(plain(last.message), width="content", help=plain(last.left_out) or None)
        # What went into the editor is a step of its history, unless it was there already.
        if lessons_state.holds_request():
            st.button("Undo", key=UNDO_PLACED, type="tertiary", on_click=editor_state.undo)
