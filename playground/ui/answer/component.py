"""The component that draws the answers: its script, its data, and its actions."""

import json
from itertools import count
from typing import Any

import streamlit as st

from playground.core.answer.content import as_text
from playground.core.rendering import allowed
from playground.core.runs.run_view import RunView
from playground.ui.answer.patches import AnswerUpdates
from playground.ui.answer.scripts import read
from playground.ui.library import lessons_state
from playground.ui.runs import running
from playground.ui.server.page_sockets import max_bytes
from playground.ui.server.streamlit_insides import parts_to_preload
from playground.ui.session import answers_state as band
from playground.ui.session import editor_state, money_state, presses_state, state
from playground.ui.session.services import keep_alive

LATER = parts_to_preload()
SCRIPT = read(
    "../server/typed_text.js", "../server/shortcuts.js", "dom.js", "timeline.js", "guard.js",
    "blocks.js", "answers.js",
)  # fmt: skip
STYLE = read("timeline.css", "../../core/rendering/style.css", "blocks.css", "answers.css")
HTML = '<div class="pg-host"></div>'
KEY = "answers"
MESSAGES_KEY = "answers_news"
# The element belongs to the window: whichever of the two components is mounted first.
MESSAGES_SCRIPT = """export default ({ data }) => {
  window.playgroundMessages = data;
  window.playgroundAnswers?.receive?.();
};"""
_draws = count()


def mount_answers() -> None:
    """Mount the component. Script runs send it the answers only where there is no socket."""
    # After a reconnect a page may rerun no other part than this fragment.
    keep_alive(state.owner(), state.fed_page())
    state.update_feed()
    mount = st.components.v2.component(KEY, html=HTML, js=SCRIPT, css=STYLE, isolate_styles=False)
    values = st.session_state.get(KEY) or {}
    mount(
        key=KEY, data=_settings(), on_changed_change=_redraw, on_poll_change=_poll,
        on_act_change=_act,
    )  # fmt: skip
    # A component of its own: with each change of a component's data Streamlit sends its script
    # again, 60 KB for the one above.
    mount = st.components.v2.component(MESSAGES_KEY, js=MESSAGES_SCRIPT, isolate_styles=False)
    mount(key=MESSAGES_KEY, data=_messages(values.get("poll"), values.get("act")), height=1)


def _settings() -> dict[str, Any]:
    # Neither lists nor mappings: Streamlit would check those for tables, and import pandas for it,
    # which delays the first page by a third of a second.
    return {
        "token": state.fed_page().token,
        "allowed": allowed.as_json(),
        "later": LATER,
        "max_bytes": max_bytes(),
    }


def _messages(seen: int | None, act: object) -> dict[str, str]:
    data = {}
    if not state.fed_page().has_socket:
        data["reply"] = json.dumps(_poll_reply(seen))
    match act:
        case ["copy", name, *number] if (run := _card_named(name)) is not None:
            # The page holds rendered HTML only; what is copied is the text as it was received.
            # With the click's number: the browser would not look at the same data twice.
            data["copied"] = json.dumps([number, as_text(run[1].blocks)])
    return data


def _poll_reply(seen: int | None) -> dict[str, Any]:
    """The next message for a page without a socket; `seen` is the number of its last one."""
    session, runs = st.session_state, presses_state.shown()
    before: tuple[AnswerUpdates, int] | None = session.get("answer_updates")
    after = 0
    # A reply can be lost: a browser that has not seen the last one is sent everything again.
    if before is None or (seen is not None and seen != before[1]):
        updates, number = AnswerUpdates(), before[1] if before else 0
    else:
        updates, number = before
        after = number
    view = state.fed_page().view
    message = updates.next_message(view) if view is not None else None
    number += message is not None
    session["answer_updates"] = updates, number
    # `draw` makes the data differ each time: equal data would not reach the component's script.
    return {
        "number": number, "after": after, "message": message, "draw": next(_draws),
        "live": updates.has_more or not all(run.is_over for run in runs.values()),
    }  # fmt: skip


def _poll() -> None:
    """The page polls: the reply is sent as the component is mounted, in this script run."""


def _redraw() -> None:
    # A lesson is done once its runs are.
    if lessons_state.lesson() is not None:
        st.rerun()
    # The parts that depend on which runs are over.
    budget = [money_state.BUDGET_PART] * money_state.is_budget_in_sight()
    st.rerun(["run_part", *budget, "log_part"])


def _card_named(name: object) -> tuple[str, RunView] | None:
    """The letter and the run of the card of this name."""
    runs = presses_state.shown()
    names = band.view(runs).names
    return next(((key, runs[key]) for key in runs if names[key] == name), None)


def _act() -> None:
    """Handle a click on a card's button. The message is untrusted, and may arrive late."""
    message = st.session_state[KEY]["act"]
    if (
        not isinstance(message, list)
        or len(message) < 2
        or (card := _card_named(message[1])) is None
    ):
        return
    (what, _, *of_it), (letter, run) = message, card
    view = band.view(presses_state.shown())
    if what == "focus":
        band.focus(None if view.focused == letter else letter)
    elif what == "changes":
        others = band.comparison_candidates(view, letter)
        band.set_changes(None if view.changes in others else next(iter(others), None))
    elif what == "against" and of_it:
        named = _card_named(of_it[0])
        against = named[0] if named else of_it[0]
        if isinstance(against, str) and against in band.comparison_candidates(view, letter):
            band.set_changes(against)
    # On a hidden card no other action is allowed: it could reveal the variant.
    elif not view.is_hidden:
        _act_on(what, letter, run)


def _act_on(what: str, letter: str, run: RunView) -> None:
    if what == "pin" and not run.is_live:
        pinned = band.baseline()
        is_pinned = pinned is not None and pinned.run.id == run.id
        band.unpin() if is_pinned else band.pin(run)
    elif what == "sent":
        state.open_dialog(f"sent_{letter}")
    elif what == "again" and run.is_over:
        running.run_again(letter)
    elif what == "continue" and not run.is_live:
        lessons_state.promote_run(run.plan.request, letter, run.blocks, run.stop_reason)
        st.rerun()  # The editor above has changed.
    elif what == "end_scenario":
        editor_state.end_scenario()
        st.rerun()  # The header and the sidebar say it, too.
    if what in ("sent", "again"):
        # Only the parts in which it shows: a run of the whole page takes several times as long.
        st.rerun(["run_part", "answers_part"])
