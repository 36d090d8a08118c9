"""The bar at the bottom, always in sight: Run and Stop, and why a press started nothing."""

from decimal import Decimal
from itertools import count

import streamlit as st

from playground.core.runs.run_plan import Plan
from playground.ui.answer.answers import Places, show_around, show_progress
from playground.ui.experiment import starting
from playground.ui.experiment.experiment import offer_run
from playground.ui.library.lessons import remind_of_run
from playground.ui.page.frame import Frame
from playground.ui.runs import running
from playground.ui.runs.not_started import show_not_started
from playground.ui.server.script_queue import in_turn
from playground.ui.session import experiment_state, presses_state, state
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain


def show_bar(frame: Frame, plans: list[Plan], places: Places) -> None:
    """Draw, as a fragment, what the start and the end of a run change: the bar, with the current
    plans, and the controls around the answers."""
    st.fragment(_show_part, key="run_part")(frame, plans, places, count())


@in_turn
def _show_part(frame: Frame, planned: list[Plan], places: Places, draws: "count[int]") -> None:
    # Read before anything is drawn: if a run ends meanwhile, all of it is redrawn.
    over = frozenset(run.id for run in presses_state.shown().values() if run.is_over)
    # A rerun of the fragment alone plans again: the page's plans may be old.
    with frame.bar:
        _show_bar(running.plans() if next(draws) else planned)
    show_around(places, over)


def _show_bar(plans: list[Plan]) -> None:
    """Draw the bar for what is in the right pane."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="bar"):
        if experiment_state.is_in_pane():
            offer_run()
        else:
            _offer_run(plans)
        st.button(
            "Stop",
            key=state.STOP_ALL,
            icon=":material/stop:",
            shortcut="Esc",
            on_click=_stop,
            disabled=not (state.is_live() or _is_experiment_live()),
        )
        # After Stop, which would be pushed away while it is needed.
        if experiment_state.is_in_pane() and (problem := experiment_state.problem()):
            st.caption(f":red[:material/block:] {plain(problem)}")
        remind_of_run()
        show_progress()
        show_not_started("not_started")


def _is_experiment_live() -> bool:
    return experiment_state.is_in_pane() and starting.is_live()


def _stop() -> None:
    """Stop what is in the right pane."""
    if _is_experiment_live():
        starting.stop()
    else:
        running.stop_all()


def _offer_run(plans: list[Plan]) -> None:
    """Run, dimmed with a reason if a press would start nothing. It stays enabled: text being typed
    arrives with the press, and may be what was missing."""
    is_live, refused = state.is_live(), running.refusal(plans)
    why = refused or running.obstacle(plans)
    label = _run_label(plans)
    # Always the same type, tooltip and container key: otherwise it would be another element, and a
    # press that begins while the bar is redrawn would be lost.
    with st.container(key="run", width="content"):
        st.button(
            # While runs are live, Stop must not move with the length of a reason.
            f"Run · {plain(formats.in_short(why))}" if why and not is_live else label,
            key=state.RUN_ALL,
            type="primary",
            icon=":material/block:" if why else ":material/play_arrow:",
            shortcut="Ctrl+Enter",
            on_click=state.start_once,
            args=(state.next_press(), _run),
            disabled=is_live or bool(refused),
        )
        if why:
            st.container(key="run_is_dim").empty()  # for the style sheet


def _run() -> None:
    running.run_all()
    # Without a socket only a run of the whole page sends the component the new runs.
    if not state.fed_page().has_socket:
        st.rerun()


def _run_label(plans: list[Plan]) -> str:
    costs = [None if plan.unreadable else plan.worst_case_usd for plan in plans]
    known = [usd for usd in costs if usd is not None]
    if len(known) < len(plans):
        return "Run · cost unknown"
    words = "simulated, at most" if plans[0].connection.kind == "demo" else "at most"
    return (
        # Escaped: Streamlit renders text between two dollar signs as mathematics.
        f"Run · {words} {formats.money(sum(known, Decimal(0))).replace('$', chr(92) + '$')}"
    )
