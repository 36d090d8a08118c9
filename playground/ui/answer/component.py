"""The component that owns the answers' place in the page: its script, what it is given, and what
a click on it does."""

import json
from itertools import count
from typing import Any

import streamlit as st

from playground.core.answer.content import as_text
from playground.core.rendering import allowed
from playground.core.runs.run_view import RunView
from playground.ui.answer.patches import Telling
from playground.ui.answer.scripts import read
from playground.ui.library import lessons_state
from playground.ui.runs import running
from playground.ui.server.page_sockets import most_bytes
from playground.ui.server.streamlit_insides import parts_to_preload
from playground.ui.session import answers_state as band
from playground.ui.session import editor_state, money_state, presses_state, state
from playground.ui.session.services import is_here

LATER = parts_to_preload()
SCRIPT = read(
    "../server/typed_text.js", "../server/shortcuts.js", "dom.js", "timeline.js", "guard.js",
    "blocks.js", "answers.js",
)  # fmt: skip
STYLE = read("timeline.css", "../../core/rendering/style.css", "blocks.css", "answers.css")
HTML = '<div class="pg-host"></div>'
KEY = "answers"
NEWS_KEY = "answers_news"
# The element belongs to the window: whichever of the two components is mounted first.
NEWS_SCRIPT = """export default ({ data }) => {
  window.playgroundNews = data;
  window.playgroundAnswers?.hear?.();
};"""
_draws = count()


def mount_answers() -> None:
    """Mount the component. Its script tells it nothing of the answers but where no socket does."""
    # A page that dropped out and came back may only ever run this part again.
    is_here(state.owner(), state.fed_page())
    state.show_answers_as_chosen()
    mount = st.components.v2.component(KEY, html=HTML, js=SCRIPT, css=STYLE, isolate_styles=False)
    values = st.session_state.get(KEY) or {}
    mount(
        key=KEY, data=_settings(), on_changed_change=_redraw, on_ask_change=_go_on,
        on_act_change=_act,
    )  # fmt: skip
    # Streamlit sends a component's script, 60 KB there, anew with each change of its data.
    tell = st.components.v2.component(NEWS_KEY, js=NEWS_SCRIPT, isolate_styles=False)
    tell(key=NEWS_KEY, data=_news(values.get("ask"), values.get("act")), height=1)


def _settings() -> dict[str, Any]:
    # Neither lists nor mappings: in those Streamlit would look for a table, and import pandas for
    # it, a third of a second, while the first page is waited for.
    return {
        "token": state.fed_page().token,
        "allowed": allowed.as_json(),
        "later": LATER,
        "most_bytes": most_bytes(),
    }


def _news(asked: int | None, act: object) -> dict[str, str]:
    data = {}
    if not state.fed_page().is_fed:
        data["asked"] = json.dumps(_asked(asked))
    match act:
        case ["copy", name, *number] if (run := _run(name)) is not None:
            # The page holds rendered HTML only; what is copied is the text as it was received.
            # With the click's number: the browser would not look at the same data twice.
            data["copied"] = json.dumps([number, as_text(run[1].blocks)])
    return data


def _asked(seen: int | None) -> dict[str, Any]:
    """What a page that no socket reaches has not been told yet; `seen` is what it has."""
    session, runs = st.session_state, presses_state.shown()
    memory: tuple[Telling, int] | None = session.get("telling")
    after = 0
    # An answer to the browser can be lost: one that has not seen the last is told all of it again.
    if memory is None or (seen is not None and seen != memory[1]):
        telling, number = Telling(), memory[1] if memory else 0
    else:
        telling, number = memory
        after = number
    shown = state.fed_page().shown
    news = telling.news(shown) if shown is not None else None
    number += news is not None
    session["telling"] = telling, number
    # Each time other data, or the browser would not look at it.
    return {
        "number": number, "after": after, "news": news, "draw": next(_draws),
        "live": telling.is_behind or not all(run.is_over for run in runs.values()),
    }  # fmt: skip


def _go_on() -> None:
    """The page asked what is new: the component is told when it is mounted, just now."""


def _redraw() -> None:
    # A lesson counts its runs.
    if lessons_state.lesson() is not None:
        st.rerun()
    # All that depends on which runs are over.
    budget = [money_state.BUDGET_PART] * money_state.is_budget_in_sight()
    st.rerun(["run_part", *budget, "log_part"])


def _run(name: object) -> tuple[str, RunView] | None:
    """The letter and the run of the card that the page calls so."""
    runs = presses_state.shown()
    names = band.view(runs).names
    return next(((key, runs[key]) for key in runs if names[key] == name), None)


def _act() -> None:
    """Do what a button of a card is for. The browser may say anything, and late."""
    message = st.session_state[KEY]["act"]
    if not isinstance(message, list) or len(message) < 2 or (card := _run(message[1])) is None:
        return
    (what, _, *of_it), (letter, run) = message, card
    view = band.view(presses_state.shown())
    if what == "focus":
        band.focus(None if view.focused == letter else letter)
    elif what == "changes":
        others = band.others(view, letter)
        band.set_changes(None if view.changes in others else next(iter(others), None))
    elif what == "against" and of_it:
        named = _run(of_it[0])
        against = named[0] if named else of_it[0]
        if isinstance(against, str) and against in band.others(view, letter):
            band.set_changes(against)
    # Nothing is done with a hidden card that could tell whose it is.
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
