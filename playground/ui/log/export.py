"""Exports of the log: the filtered runs, or a visitor's whole history."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from errno import EDQUOT, ENOSPC

import streamlit as st

from playground.core.log.history import Filter, LoggedRun
from playground.core.text.refusal import Refusal
from playground.ui.log import log_state
from playground.ui.log.export_files import FORMATS, JSONL, Format
from playground.ui.session.services import services
from playground.ui.widgets.dialogs import offer_dialog

EXPORT, HISTORY = "export_log", "download_history"
FORMAT, TEXTS, PREPARE, SAVE = "export_format", "export_texts", "export_prepare", "export_save"
ICON = ":material/download:"
_AS_SENT = "Texts are saved unchanged: a key typed into a prompt is in the file, too."


def offer_export(visitor: str, chosen: Filter) -> None:
    """A button for the runs that the filter finds."""
    offer_dialog(EXPORT, "Export", ICON, "Export", _export, visitor, chosen)


def offer_history(visitor: str) -> None:
    """A button for everything of this visitor, with all texts."""
    offer_dialog(HISTORY, "Download my history", ICON, "Download my history", _history, visitor)


def _export(visitor: str, chosen: Filter) -> None:
    names = [option.name for option in FORMATS]
    name = st.segmented_control("Format", names, default=names[0], required=True, key=FORMAT)
    form = FORMATS[names.index(name or names[0])]
    st.caption(form.about)
    with_texts = st.toggle("With prompts and answers", key=TEXTS, value=True, help=_AS_SENT)
    _prepare(visitor, chosen, form, with_texts=with_texts)


def _history(visitor: str) -> None:
    st.caption(
        "Every run with its request, answer, attempts, tags, notes and votes, one per line (JSONL)."
    )
    _prepare(visitor, Filter(), JSONL, with_texts=True)


def _prepare(visitor: str, chosen: Filter, form: Format, *, with_texts: bool) -> None:
    """Write the file, with a progress bar; then offer it."""
    summary = services().log.history.summary(visitor, chosen)
    count = summary.totals.runs
    runs = "Runs" if summary.is_partial else f"{count:,} run{'' if count == 1 else 's'}"
    inputs = (chosen, form.name, with_texts)
    if st.button(f"Prepare {runs}", key=PREPARE, icon=":material/build:", disabled=not count):
        log_state.set_prepared(None)
        try:
            _write(visitor, form, inputs, None if summary.is_partial else count)
        except OSError as error:
            why = (
                "the server's disk is full"
                if error.errno in (ENOSPC, EDQUOT)
                else "the server can't write temporary files"
            )
            st.error(f"Not prepared: {why}.", icon=":material/error:")
    ready = log_state.prepared()
    # A file is offered only for what it was prepared for: a filter can have changed meanwhile.
    if ready is None or ready.of != inputs:
        return
    file = ready.file
    if ready.missing:
        st.warning(ready.missing, icon=":material/warning:")
    st.download_button(
        f"Save {ready.rows:,} as {form.name} · {_size(file.seek(0, 2))}",
        # Read only when it is asked for, and again for each click.
        lambda: (file.seek(0), file.read())[1],
        file_name=ready.name,
        mime=ready.mime,
        key=SAVE,
        icon=ICON,
        type="primary",
        # Saving changes nothing here, so the page need not run again.
        on_click="ignore",
    )


def _write(visitor: str, form: Format, of: tuple[Filter, str, bool], count: int | None) -> None:
    chosen, _, with_texts = of
    refusals: list[Refusal] = []

    def parts() -> Iterator[list[LoggedRun]]:
        for part in services().log.history.parts(visitor, chosen, with_texts=with_texts):
            if isinstance(part, Refusal):
                refusals.append(part)
            else:
                yield part

    with ExitStack() as closing:
        # Without a name: it is gone with the session, whatever happens.
        file = closing.enter_context(tempfile.TemporaryFile())
        done, bar = 0, st.progress(0.0)
        closing.callback(bar.empty)
        for written in form.write(file, parts(), with_texts):
            done += written
            # More may have ended since they were counted; Streamlit refuses more than a whole bar.
            bar.progress(min(1.0, done / count) if count else 0.0, text=f"{done:,} runs")
        # Now, not when somebody saves it: the disk may have no room for the last of it.
        file.flush()
        bar.empty()
        closing.pop_all()  # The session keeps it open.
    name = f"runs-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{form.suffix}"
    missing = refusals[0].sentence if refusals else None
    log_state.set_prepared(log_state.Prepared(name, form.mime, done, of, file, missing))


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1_000:
            return f"{count:.0f} {unit}"
        count /= 1_000
    return f"{count:.1f} GB"
