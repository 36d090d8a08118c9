"""The answers, side by side, while they stream and after: one component that owns its DOM.

Runs live in the engine, and the feed's socket sends the component their progress. The controls
for several answers stand around it, and are drawn by the script.
"""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.core.runs.run_view import RunView
from playground.engine.run_rows import log_record
from playground.ui.answer.component import mount_answers
from playground.ui.answer.voting import offer_blind, offer_vote
from playground.ui.library.lessons import offer_first_lesson
from playground.ui.runs import running
from playground.ui.server.script_queue import in_turn
from playground.ui.session import answers_state as band
from playground.ui.session import editor_state, presses_state, request_state, state
from playground.ui.session.presses_state import Runs
from playground.ui.sharing.share_answers import offer_answers
from playground.ui.widgets.dialogs import show_dialog
from playground.ui.wire import as_sent

# The element belongs to the window: the answers' component fills it, whichever of the two is
# mounted first.
PROGRESS = """export default ({ parentElement }) => {
  const progress = (window.playgroundProgress ??= document.createElement("span"));
  parentElement.querySelector(".pg-host").replaceChildren(progress);
};"""


@dataclass(frozen=True, slots=True)
class Places:
    """The containers around the answers."""

    above: DeltaGenerator
    beneath: DeltaGenerator


def show_answers(above: DeltaGenerator) -> Places:
    """Draw the band of answers, without the controls around them."""
    with st.container(key="answers_band"):
        st.fragment(in_turn(mount_answers), key="answers_part")()
        return Places(above, st.container())


def show_progress() -> None:
    """Draw the place for the status of live runs; the answers' component fills it (answers.js)."""
    mount = st.components.v2.component(
        "progress", html='<span class="pg-host"></span>', js=PROGRESS, isolate_styles=False
    )
    mount(key="progress", width="content")


def show_around(places: Places, over: frozenset[str]) -> None:
    """Draw the controls for several answers, for the runs as they are now. `over` are the ids of
    those that were over when the first part that depends on it was drawn."""
    runs = presses_state.shown()
    band.set_drawn(over, _blocked(runs), has_scenario=editor_state.scenario() != "none")
    state.update_feed()
    view = band.view(runs)
    with places.above:
        _show_head(view)
    # Always drawn: a fragment's rerun can fill only containers that the full run wrote to.
    with places.beneath, st.container(key="answers_beneath"):
        if not runs:
            # The first cards may arrive before this is redrawn: they hide it (page.css).
            with st.container(key="no_answers"):
                st.caption("Press Run. Each variant's answer streams into its own column.")
                offer_first_lesson()
        names = {letter: view.names[letter] for letter in view.names if letter in runs}
        offer_vote(runs, names)
        for letter, run in runs.items():
            _show_sent(letter, run)


def _blocked(runs: Runs) -> dict[str, str]:
    """Why Run again would start nothing, for each run after which it is offered."""
    reasons = {}
    for letter, run in runs.items():
        if run.is_over and run.status != "done":
            planned = running.plan_rerun(letter)
            if planned is not None and planned.why_not:
                reasons[letter] = planned.why_not
    return reasons


def _show_head(view: band.View) -> None:
    runs = view.runs
    with st.container(horizontal=True, vertical_alignment="center", key="answers_head"):
        _choose_press()
        with st.popover("View", icon=":material/visibility:", type="tertiary", key="view"):
            if max(len(runs), len(request_state.variants())) > 1:
                offer_blind()
            st.toggle(
                "Plain text", key=band.PLAIN,
                help="Show answers exactly as written, with Markdown as plain text.",
            )  # fmt: skip
        if runs and not view.is_hidden:
            # Drawn from the start, disabled: added at the end it would move the answers.
            offer_answers(
                "save_answers", lambda: [log_record(run) for run in runs.values()],
                is_ready=not any(run.is_live for run in runs.values()),
            )  # fmt: skip


def _choose_press() -> None:
    """The run strip: earlier answers of this page come back into the same cards."""
    presses = list(presses_state.presses())
    if len(presses) < 2:
        return
    presses_state.update_strip()
    shown = presses_state.number(presses_state.shown())
    st.segmented_control(
        "Run", presses, key=presses_state.RUN_STRIP, required=True,
        format_func=lambda press: f"Run {press}" if press == shown else str(press),
        label_visibility="collapsed", on_change=presses_state.choose, disabled=state.is_live(),
    )  # fmt: skip


def _show_sent(letter: str, run: RunView) -> None:
    key = f"sent_{letter}"
    title = f"As sent · run {run.plan.press} {letter}"
    show_dialog(key, title, as_sent.show_record, key, run)
