"""Storage: the log's size, deleting old runs, backups and restoring them."""

from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from playground.core.log.history import Filter, Size
from playground.core.text.refusal import Refusal
from playground.ui.log import log_state
from playground.ui.server.visitor import is_local
from playground.ui.session import state
from playground.ui.session.services import services
from playground.ui.widgets.dialogs import offer_dialog
from playground.ui.widgets.fields import day_field
from playground.ui.widgets.markdown import plain

HOUSEKEEPING = "log_housekeeping"
DELETE_OLD, DROP_TEXTS = "delete_old", "drop_old_texts"
BACK_UP, BACKUP, RESTORE = "back_up_log", "log_backup", "restore_log"


def offer_housekeeping(visitor: str) -> None:
    """The button of the dialog, whose contents are read only while it is open."""
    # The result is shown until the dialog is closed.
    if state.dialog() != HOUSEKEEPING:
        log_state.set_housekeeping_result(None)
    offer_dialog(HOUSEKEEPING, "Storage", ":material/cleaning_services:", "Storage", _show, visitor)


def _show(visitor: str) -> None:
    # Before anything is shown: what follows then counts what is left.
    _work(visitor)
    message = log_state.housekeeping_result()
    if message:
        st.info(plain(message), icon=":material/check:")
    if is_local():
        _show_size(services().log.housekeeping.size())
    _show_old(visitor)
    if is_local():
        _show_backups()


def _show_size(size: Size | None) -> None:
    if size is None:
        st.caption("The log is not open.")
        return
    free = f", {_megabytes(size.free_bytes)} of it free for new runs" if size.free_bytes else ""
    st.markdown(f"The log takes **{_megabytes(size.used_bytes)}**{free}.")
    if size.file:
        st.code(size.file, language=None)


def _show_old(visitor: str) -> None:
    st.markdown("**Old runs**")
    last_day = day_field(
        "Up to and including (UTC)",
        log_state.old_day_rule(),
        key=log_state.OLD_DAY,
        first=log_state.first_old_day(),
    )
    if last_day is None:
        return
    count = services().log.history.summary(visitor, Filter(to_day=last_day)).totals.runs
    keeps_starred = st.toggle("Keep starred runs", value=True, key=log_state.KEEPS_STARRED)
    runs = "1 run" if count == 1 else f"{count:,} runs"
    sentence = runs if count else "No runs"
    verb = "is" if count == 1 else "are"
    st.caption(f"{sentence} {verb} that old. Deleting can't be undone.")
    with st.container(horizontal=True):
        st.button(
            f"Delete {'up to ' if keeps_starred and count > 1 else ''}{runs}",
            key=DELETE_OLD, icon=":material/delete:", disabled=not count,
            on_click=log_state.request_housekeeping, args=((DELETE_OLD, last_day, keeps_starred),),
        )  # fmt: skip
        st.button(
            "Delete texts, keep costs and times", key=DROP_TEXTS, icon=":material/tag:",
            disabled=not count,
            on_click=log_state.request_housekeeping, args=((DROP_TEXTS, last_day, keeps_starred),),
            help="Deletes prompts, answers, error messages and any text in the parameters.",
        )  # fmt: skip


def _work(visitor: str) -> None:
    """Run the requested job, with a progress bar."""
    job = log_state.pop_housekeeping_job()
    if job is None:
        return
    what, last_day, keeps_starred = job
    housekeeping = services().log.housekeeping
    if what == DELETE_OLD:
        steps = housekeeping.delete_old(visitor, last_day, keeps_starred=keeps_starred)
    else:
        steps = housekeeping.drop_old_texts(visitor, last_day)
    done, problem, bar = 0, "", st.progress(0.0)
    count = services().log.history.summary(visitor, Filter(to_day=last_day)).totals.runs
    for step in steps:
        if isinstance(step, Refusal):
            problem = f" {step.sentence}"
            break
        done += step
        bar.progress(min(1.0, done / max(1, count)), text=f"{done:,} runs")
    bar.empty()
    runs = "1 run was" if done == 1 else f"{done:,} runs were"
    words = "deleted" if what == DELETE_OLD else "kept as numbers only"
    log_state.set_housekeeping_result(f"{runs} {words}.{problem}")


def _show_backups() -> None:
    housekeeping = services().log.housekeeping
    size = housekeeping.size()
    if size is None or size.file is None:
        st.caption("Only a log in a file can be backed up here.")
        return
    st.markdown("**Backups**")
    st.caption(
        "Backups are saved next to the log. To restore one from elsewhere, copy it "
        "into the same folder first."
    )
    st.button("Back up now", key=BACK_UP, icon=":material/save:", on_click=_back_up)
    backups = housekeeping.backups()
    if not backups:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Backup", backups, key=BACKUP, format_func=_backup_label, label_visibility="collapsed"
        )
        st.button(
            "Restore", key=RESTORE, icon=":material/history:", on_click=_restore,
            help="The backup is checked first. Your current log is kept in this list.",
        )  # fmt: skip


def _backup_label(file: Path) -> str:
    try:
        stat = file.stat()
    except OSError:
        return file.name
    at = datetime.fromtimestamp(stat.st_mtime, UTC)
    return f"{file.name} · {at:%d %b %Y %H:%M} UTC · {_megabytes(stat.st_size)}"


def _back_up() -> None:
    backup = services().log.housekeeping.back_up()
    message = backup.sentence if isinstance(backup, Refusal) else f"Copied to {backup}."
    log_state.set_housekeeping_result(message)


def _restore() -> None:
    # Read now: what was chosen last comes with the click.
    chosen, housekeeping = st.session_state.get(BACKUP), services().log.housekeeping
    if chosen not in housekeeping.backups():
        log_state.set_housekeeping_result("Nothing was restored: this backup is gone.")
        return
    aside = housekeeping.restore(chosen)
    if isinstance(aside, Refusal):
        log_state.set_housekeeping_result(aside.sentence)
        return
    # The opened run, the place in the pages and what can be undone belong to the log of before.
    state.close_run()
    log_state.go_to_first_page()
    log_state.forget_undo()
    log_state.set_housekeeping_result(f"Restored. The previous log is now {aside.name}.")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count < 10**9 else f"{count / 1e9:,.2f} GB"
