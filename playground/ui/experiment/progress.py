"""The progress of an experiment, with Pause, Stop, Resume; and the list of earlier ones."""

from collections.abc import Sequence

import streamlit as st

from playground.core.experiment.cells import ExperimentRow
from playground.core.experiment.progress import Progress, add_up
from playground.core.experiment.results_file import MAX_BYTES
from playground.experiments.experiment_run import ExperimentRun
from playground.ui.experiment import opening, starting, submitting
from playground.ui.experiment.batches import POLL_S, offer_rest, show_batches
from playground.ui.experiment.submitting import Standing
from playground.ui.server.script_queue import in_later_turn
from playground.ui.session import experiment_state as chosen
from playground.ui.session import state
from playground.ui.session.services import keep_alive
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain

REDRAW_S = 1.0
ACTIONS = "experiment_actions"
STATES = {
    "opening": ("gray", "opening"),
    "starting": ("blue", "starting"),
    "submitting": ("blue", "submitting"),
    "running": ("blue", "running"),
    "paused": ("orange", "paused"),
    "stopped": ("gray", "stopped"),
    "canceled": ("gray", "canceled"),
    "unjudged": ("gray", "not judged yet"),
    "done": ("green", "done"),
    "in_batch": ("blue", "in a batch"),
}


def show_progress() -> None:
    """Draw the progress of the opened experiment; redrawn while it runs."""
    opened = chosen.opened()
    if opened is None:
        return
    if opened.file is not None:
        st.caption(
            f"From a file: {plain(opened.file.matrix.experiment.name)}. It is not saved here."
        )
        return
    waiting = _count_open(submitting.submissions())
    is_live = starting.is_live()  # After `submissions`, which may have started loading cells.
    pace_s = REDRAW_S if is_live else POLL_S if waiting else None
    # A fragment keeps its `run_every` until the page is redrawn.
    st.fragment(_show, run_every=pace_s)((is_live, waiting))


def _count_open(standings: Sequence[Standing]) -> int:
    return sum(not standing.submission.is_collected for standing in standings)


def progress_of(opened: chosen.Opened) -> Progress:
    """Its progress; until its cells are loaded, its progress when it was opened."""
    total = 0
    if opened.underway is not None:
        progress = opened.underway.progress
        if opened.underway.is_loaded:
            return progress
        total = progress.total
    return add_up(total, list(opened.earlier.values()), [], 0)


# Redrawn by a timer: clicks have priority.
@in_later_turn
def _show(before: tuple[bool, int]) -> None:
    """`before`: whether it was live, and how many batches were open, when the page was drawn."""
    opened = chosen.opened()
    if opened is None or opened.underway is None:
        return
    # After a reconnect a page may rerun no other part than this fragment.
    keep_alive(state.owner(), state.fed_page())
    underway: ExperimentRun = opened.underway
    standings = submitting.submissions()
    progress = progress_of(opened)
    is_over = underway.result is not None
    state_now = _state(opened, progress, standings, is_over=is_over)
    colour, word = STATES[state_now]
    if state_now in ("paused", "stopped", "canceled") and progress.left:
        word += f", {progress.left:,} left"
    with st.container(key="experiment_progress"):
        st.markdown(f"**{plain(underway.experiment.name)}** :{colour}-badge[{word}]")
        st.progress(progress.share, text=_counts(progress))
        st.caption(_money(progress))
        if progress.why:
            st.caption(f":orange[:material/pause:] {plain(progress.why)}")
        show_batches(standings)
        _offer(underway, progress, state_now, is_over=is_over)
    _rerun_if_changed(before, (starting.is_live(), _count_open(standings)))


def _rerun_if_changed(before: tuple[bool, int], now: tuple[bool, int]) -> None:
    """Redraw the page if this state changed: only the page can change how often this fragment is
    redrawn. While it runs, a change of batches alone can wait."""
    if now != before and not (before[0] and now[0]):
        st.rerun()


def _state(
    opened: chosen.Opened, progress: Progress, standings: Sequence[Standing], *, is_over: bool
) -> str:
    if progress.state == "ready":
        if opened.idle is not None and not opened.idle.done():
            return "starting"
        if opened.submitting is not None and not opened.submitting.done():
            return "submitting"
    if progress.state != "running" and progress.in_batch:
        return "in_batch"
    if is_over:
        return "done"
    if progress.state not in ("ready", "done"):
        return progress.state
    if progress.left and starting.is_live():
        return "opening"
    if progress.left:
        is_canceled = any(standing.submission.counts.canceled for standing in standings)
        return "canceled" if is_canceled else "stopped"
    return "unjudged" if progress.unchecked else "done"


def _counts(progress: Progress) -> str:
    parts = [f"{progress.done:,} of {progress.total:,} done"]
    parts += [f"{progress.failed:,} failed"] if progress.failed else []
    parts += [f"{progress.running:,} running"] if progress.running else []
    parts += [f"{progress.in_batch:,} in a batch"] if progress.in_batch else []
    parts += [f"{progress.left:,} left"] if progress.left else []
    parts += [f"{progress.unchecked:,} not judged yet"] if progress.unchecked else []
    if progress.left_s and progress.state == "running":
        parts.append(f"about {formats.span(progress.left_s)} to go")
    return " · ".join(parts)


def _money(progress: Progress) -> str:
    parts = []
    if progress.spent_usd or not progress.simulated_usd:
        parts.append(f"{formats.cost(progress.spent)} spent")
    if progress.simulated_usd:
        parts.append(f"{formats.money(progress.simulated_usd)} simulated")
    return plain(" · ".join(parts))


def _judges(underway: ExperimentRun, answers: int) -> str:
    usd = plain(formats.money(underway.planned.judges_usd))
    return f"Judge {answers:,} answers · up to about {usd}"


def _offer(underway: ExperimentRun, progress: Progress, state_now: str, *, is_over: bool) -> None:
    may_pause = state_now in ("starting", "running")
    if may_pause or (state_now == "paused" and progress.running):
        with st.container(horizontal=True, vertical_alignment="center", key=ACTIONS):
            if may_pause:
                st.button(
                    "Pause", key="pause_experiment", icon=":material/pause:",
                    on_click=starting.pause,
                )  # fmt: skip
            st.caption("Keeps running for a minute after you close the tab; what is done is kept.")
        return
    with st.container(horizontal=True, vertical_alignment="center", key=ACTIONS):
        is_live = starting.is_live()
        left = 0 if is_over else progress.left
        if (left or progress.unchecked) and not is_live:
            st.button(
                "Resume" if left else _judges(underway, progress.unchecked),
                key="resume_experiment", icon=":material/play_arrow:", type="primary",
                on_click=starting.resume,
            )  # fmt: skip
            if left:
                offer_rest()
            st.caption("What is done is kept and not paid for again.")
        elif not is_live:
            # Always a line: without one the results would move up when it ends.
            st.caption("Saved under My experiments; its runs are in the log, too.")
        if progress.failed and not is_live:
            st.button(
                "Run failed ones again", key="retry_failed", icon=":material/replay:",
                on_click=starting.retry_failed,
            )  # fmt: skip


def show_mine() -> None:
    """Offer the visitor's experiments, and those of files."""
    place = st.popover(
        "My experiments", icon=":material/folder_open:", type="tertiary", key=opening.MINE,
        on_change="rerun",
    )  # fmt: skip
    if not place.open:
        return
    with place:
        mine, in_batches = opening.mine(), submitting.in_batches()
        if not mine:
            st.caption("None yet. Each experiment that you run is saved here.")
        for row in mine:
            if chosen.to_delete() == row.experiment_id:
                _ask_delete(row)
                continue
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                # In front: a long name would push them out of a phone's screen.
                st.button(
                    ":material/delete:", key=f"delete_experiment_{row.experiment_id}",
                    help="Delete this experiment; its runs stay in the log", type="tertiary",
                    on_click=chosen.set_to_delete, args=(row.experiment_id,),
                )  # fmt: skip
                waiting = " · in a batch" if row.experiment_id in in_batches else ""
                st.button(
                    f"{plain(row.name)} · {row.cells:,} cells{waiting}",
                    key=f"open_experiment_{row.experiment_id}",
                    help=f"{row.created_at:%d %b %Y %H:%M} UTC",
                    type="tertiary",
                    on_click=opening.reopen,
                    args=(row.experiment_id,),
                )
        st.file_uploader(
            "Or open a saved experiment file", type=["jsonl"], key="experiment_file",
            # In megabytes, the only unit that Streamlit takes.
            max_upload_size=MAX_BYTES // 1_000_000, on_change=_import_file,
        )  # fmt: skip


def _ask_delete(row: ExperimentRow) -> None:
    st.caption(
        f"Delete {plain(row.name)} with its {row.cells:,} cells? Its runs stay in the log, "
        "but not as a table. Deleting can't be undone."
    )
    with st.container(horizontal=True):
        st.button(
            "Delete it", key=f"confirm_delete_{row.experiment_id}", icon=":material/delete:",
            on_click=_delete, args=(row.experiment_id,),
        )  # fmt: skip
        st.button(
            "Keep it", key=f"keep_experiment_{row.experiment_id}", type="tertiary",
            on_click=chosen.set_to_delete, args=(None,),
        )  # fmt: skip


def _delete(experiment_id: str) -> None:
    chosen.set_to_delete(None)
    opening.delete(experiment_id)


def _import_file() -> None:
    # Called also when the file is taken out of the field again.
    if (file := st.session_state["experiment_file"]) is not None:
        opening.import_file(file.getvalue())
