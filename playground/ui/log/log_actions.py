"""What can be done with a run of the log: edit it again, run it again, delete it."""

import streamlit as st

from playground.core.log.history import Mark
from playground.core.log.logged_request import request_of
from playground.core.request.request import Request
from playground.core.runs.continuing import can_continue, continued, left_out
from playground.core.runs.run_row import RunRow, RunTexts
from playground.ui.log import log_state
from playground.ui.log.log_marks import offer_star
from playground.ui.runs import running
from playground.ui.runs.not_started import show_not_started
from playground.ui.session import editor_state, state
from playground.ui.session.services import services
from playground.ui.widgets.markdown import plain

EDIT, RUN, CONTINUE = "edit_run", "run_run", "continue_run"
DELETE, UNDO = "delete_run", "log_undo_button"


def name_of(row: RunRow) -> str:
    return f"Run {row.name}"


def offer_actions(row: RunRow, texts: RunTexts, mark: Mark) -> None:
    """The buttons, in one line."""
    letter = log_state.letter_for(row.variant)
    request = request_of(texts.request_json, running.wire_of)
    has_request = request is not None
    again = f"The same request now, by the chosen connection, as variant {letter}."
    if not has_request:
        again = "The log has no request of this run that can be read."
    elif state.is_live():
        again = running.RUNS_ARE_LIVE
    with st.container(horizontal=True, gap="small", key="run_actions"):
        st.button(
            "Put into the editor", key=EDIT, icon=":material/edit:", disabled=not has_request,
            on_click=_edit, args=(row, request, letter),
            help=f"Its prompt, and its parameters as variant {letter}.",
        )  # fmt: skip
        st.button(
            "Run again", key=RUN, icon=":material/replay:",
            disabled=not has_request or state.is_live(),
            on_click=_run, args=(request, letter), help=again,
        )  # fmt: skip
        if request is not None and can_continue(texts.blocks):
            st.button(
                "Continue", key=CONTINUE, icon=":material/reply:", type="tertiary",
                on_click=_continue, args=(row, texts, request, letter),
                help=f"The conversation goes on from its answer. {left_out(texts.blocks)}".rstrip(),
            )  # fmt: skip
        offer_star(row, mark)
        st.button(
            "Delete", key=DELETE, icon=":material/delete:", type="tertiary",
            on_click=_delete, args=(row,),
        )  # fmt: skip
    show_not_started("run_not_started")


def _edit(row: RunRow, request: Request, letter: str) -> None:
    log_state.edit(request, letter, f"{name_of(row)} is in the editor.")


def _continue(row: RunRow, texts: RunTexts, request: Request, letter: str) -> None:
    prompt = continued(request.prompt, texts.blocks, row.stop_reason)
    message = f"{name_of(row)} goes on in the editor. {left_out(texts.blocks)}".rstrip()
    log_state.edit(Request(prompt, request.params), letter, message)


def _run(request: Request, letter: str) -> None:
    running.run_request(request, letter)
    log_state.redraw_page()


def _delete(row: RunRow) -> None:
    log = services().log.history
    undo = log_state.Undoable(f"{name_of(row)} is deleted.", (row.run_id,))
    log_state.act(lambda: log.delete(row.visitor, [row.run_id]), undo)
    state.close_run()


def show_undo(visitor: str) -> None:
    """The line that says what was just done, and undoes it; or why it was not done."""
    problem, last = log_state.problem(), log_state.undoable()
    if problem:
        st.warning(plain(problem), icon=":material/save:")
    if last is None or not (last.deleted or log_state.can_undo_edit(last.request)):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="log_undo"):
        st.caption(plain(last.said), width="content")
        st.button(
            "Undo", key=UNDO, icon=":material/undo:", type="tertiary",
            on_click=_undo, args=(visitor,),
        )  # fmt: skip


def _undo(visitor: str) -> None:
    last = log_state.undoable()
    if last is None:
        return
    # Rows come back from the log; what went into the editor is a step of its history.
    if last.deleted:
        log_state.act(lambda: services().log.history.bring_back(visitor, last.deleted))
        return
    editor_state.undo()
    log_state.forget_undo()
    log_state.redraw_page()
