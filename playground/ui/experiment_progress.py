"""An experiment while it runs: how far it is, Pause, Stop, Resume; and those of earlier."""

import streamlit as st

from playground.core.experiment_progress import Progress, add_up
from playground.experiments.underway import Underway
from playground.ui import experiment_running, formats, state
from playground.ui import experiment_state as chosen
from playground.ui.plain import plain
from playground.ui.services import is_here

PAINT_S = 1.0
STATES = {
    "ready": ("gray", "opened"),
    "running": ("blue", "running"),
    "paused": ("orange", "paused"),
    "stopped": ("gray", "stopped"),
    "done": ("green", "done"),
}


def show_progress() -> None:
    """Draw how far the opened experiment is; painted again while it runs."""
    now = chosen.opened()
    if now is None:
        return
    if now.file is not None:
        st.caption(f"From a file: {plain(now.file.matrix.experiment.name)}. Nothing of it is kept.")
        return
    is_live = experiment_running.is_live()
    st.fragment(_paint, run_every=PAINT_S if is_live else None)(is_live)


def progress_of(now: chosen.Opened) -> Progress:
    """How far it is; before it was taken up, as far as it had come."""
    underway: Underway = now.underway
    progress = underway.progress
    if progress.state != "ready":
        return progress
    return add_up(progress.total, list(now.earlier.values()), [], 0)


def _paint(was_live: bool) -> None:
    now = chosen.opened()
    if now is None or now.underway is None:
        return
    is_here(state.owner())
    underway: Underway = now.underway
    progress = progress_of(now)
    colour, word = STATES[progress.state]
    with st.container(key="experiment_progress"):
        st.markdown(f"**{plain(underway.experiment.name)}** :{colour}-badge[{word}]")
        st.progress(progress.share, text=_counts(progress))
        st.caption(_money(progress))
        if progress.why:
            st.caption(f":orange[:material/pause:] {plain(progress.why)}")
        _offer(progress)
    if was_live and not experiment_running.is_live():
        st.rerun()


def _counts(progress: Progress) -> str:
    parts = [f"{progress.done:,} of {progress.total:,} done"]
    parts += [f"{progress.failed:,} failed"] if progress.failed else []
    parts += [f"{progress.running:,} running"] if progress.running else []
    parts += [f"{progress.left:,} left"] if progress.left else []
    if progress.left_s and progress.state == "running":
        parts.append(f"about {_time(progress.left_s)} to go")
    return " · ".join(parts)


def _time(left_s: float) -> str:
    if left_s < 90:
        return f"{max(1, round(left_s))} s"
    return f"{round(left_s / 60)} min" if left_s < 5400 else f"{left_s / 3600:.1f} h"


def _money(progress: Progress) -> str:
    parts = []
    if progress.spent_usd or not progress.simulated_usd:
        least = "" if progress.spent_is_exact else "at least "
        parts.append(f"{least}{formats.money(progress.spent_usd)} spent")
    if progress.simulated_usd:
        parts.append(f"{formats.money(progress.simulated_usd)} simulated")
    return plain(" · ".join(parts))


def _offer(progress: Progress) -> None:
    if progress.state == "running":
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Pause", key="pause_experiment", icon=":material/pause:",
                on_click=experiment_running.pause,
            )  # fmt: skip
            st.button(
                "Stop", key="stop_experiment", icon=":material/stop:",
                on_click=experiment_running.stop,
            )  # fmt: skip
            st.caption("Goes on for a minute after you close the tab; what is done is kept.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        is_live = experiment_running.is_live()
        if progress.left and not is_live:
            st.button(
                "Resume", key="resume_experiment", icon=":material/play_arrow:", type="primary",
                on_click=experiment_running.resume,
            )  # fmt: skip
            st.caption("What is done is kept and not paid again.")
        if progress.failed and not is_live:
            st.button(
                "Run the failed again", key="retry_failed", icon=":material/replay:",
                on_click=experiment_running.retry_failed,
            )  # fmt: skip


def show_mine() -> None:
    """Offer the visitor's experiments, and those of files."""
    place = st.popover(
        "My experiments", icon=":material/folder_open:", type="tertiary", key="my_experiments",
        on_change="rerun",
    )  # fmt: skip
    if not place.open:
        return
    with place:
        mine = experiment_running.mine()
        if not mine:
            st.caption("None yet. Each experiment that you run is kept here.")
        for row in mine:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button(
                    f"{plain(row.name)} · {row.cells:,} cells",
                    key=f"open_experiment_{row.experiment_id}",
                    help=f"{row.created_at:%d %b %Y %H:%M} UTC",
                    type="tertiary",
                    on_click=experiment_running.open_again,
                    args=(row.experiment_id,),
                )
                st.button(
                    ":material/delete:", key=f"delete_experiment_{row.experiment_id}",
                    help="Forget it; its runs stay in the log", type="tertiary",
                    on_click=experiment_running.delete, args=(row.experiment_id,),
                )  # fmt: skip
        st.file_uploader(
            "Or open a file that was saved here", type=["jsonl"], key="experiment_file",
            on_change=_take_file,
        )  # fmt: skip


def _take_file() -> None:
    if (file := st.session_state["experiment_file"]) is not None:
        experiment_running.import_file(file.getvalue())
