"""The bar at the top: the name, the connection, Run and Stop."""

from decimal import Decimal
from itertools import count

import streamlit as st

from playground.core.runs.run_plan import Plan
from playground.ui.answer.answers import Places, show_around
from playground.ui.runs import running
from playground.ui.server.script_queue import in_turn
from playground.ui.session import state
from playground.ui.session.services import services
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain

BADGE_COLOURS = {"demo": "violet", "claude": "orange", "server": "green"}


def show_bar(plans: list[Plan], places: Places) -> None:
    """Draw what a press of Run changes, and the end of a run: the bar, for what Run would do
    now, and what stands around the answers. Its own clicks redraw nothing else."""
    st.fragment(_show_part, key="run_part")(plans, places, count())


@in_turn
def _show_part(planned: list[Plan], places: Places, draws: "count[int]") -> None:
    # Drawn again by itself it plans anew: what was planned with the page may be long ago.
    _show_bar(running.plans() if next(draws) else planned)
    show_around(places)


def _show_bar(plans: list[Plan]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="bar"):
        st.markdown("#### Prompt playground", width="content", anchors=False)
        _show_connection()
        st.space("stretch")
        is_live = state.is_live()
        st.button(
            _run_label(plans),
            key=state.RUN_ALL,
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Ctrl+Enter",
            on_click=_run,
            disabled=is_live or bool(running.refusal(plans)),
        )
        st.button(
            "Stop",
            key=state.STOP_ALL,
            icon=":material/stop:",
            shortcut="Esc",
            on_click=running.stop_all,
            disabled=not is_live,
        )
    show_not_started("not_started")


def _run() -> None:
    running.run_all()
    # Where no socket does, the whole page tells the answers' component of the new runs.
    if not state.fed_page().is_fed:
        st.rerun()


def show_not_started(key: str) -> None:
    """Say why the last press of Run started nothing. Its place is taken from the start: a field
    that moves down loses the focus, and what is half typed."""
    place = st.container(key=key)
    if why := running.not_started():
        place.markdown(f":red[:material/block:] {plain(why)}")


def _show_connection() -> None:
    connection = running.connection()
    if connection.kind == "demo" and connection.scenario != "none":
        scenario = services().scenarios()[connection.scenario]
        label = f"{plain(connection.label)} · {plain(scenario.label)}"
        # In the place of the usual words: with more of them Run would wrap away.
        st.badge(label, icon=":material/warning:", color="orange", help="A scenario of the demo")
        return
    is_local = running.is_local()
    server = "your server" if is_local else "the owner's server"
    source = {"demo": "no key needed", "claude": "no key yet", "server": server}
    words = source[connection.kind]
    if connection.kind == "claude" and running.key_for(connection):
        owners = "key from the settings" if is_local else "the owner's key"
        words = "your key" if state.visitor_key() else owners
    st.badge(
        f"{plain(connection.label)} · {words}",
        color=BADGE_COLOURS[connection.kind],  # type: ignore[arg-type] # a literal of Streamlit's
    )


def _run_label(plans: list[Plan]) -> str:
    count = len(plans)
    costs = [None if plan.unreadable else plan.worst_case_usd for plan in plans]
    known = [usd for usd in costs if usd is not None]
    if len(known) < count:
        return f"Run {count} · cost unknown"
    words = "simulated, at most" if plans[0].connection.kind == "demo" else "at most"
    return (
        f"Run {count} · {words} {formats.money(sum(known, Decimal(0))).replace('$', chr(92) + '$')}"
    )
