"""The run log beneath the page: search, totals, a page of the table, one run in full."""

import zlib
from collections.abc import Mapping, Set
from typing import Any

import streamlit as st

from playground.core.log.history import Cursor, Filter, HistoryPage, LoggedRun, Mark, cursor_of
from playground.core.log.logged_request import NO_WORDS, RowWords
from playground.core.log.run_file import line_of
from playground.core.runs.run_row import LIVE, RunRow
from playground.core.text.number_text import value_text
from playground.ui.log import log_state
from playground.ui.log.export import offer_export
from playground.ui.log.housekeeping import offer_housekeeping
from playground.ui.log.log_actions import show_undo
from playground.ui.log.log_detail import show_detail
from playground.ui.log.log_filters import choose, show_chart, show_nothing, show_summary
from playground.ui.log.run_compare import offer_comparison
from playground.ui.money import money
from playground.ui.server.script_queue import in_turn
from playground.ui.session import state
from playground.ui.session.services import services
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain

ROWS_PER_PAGE = 50
PROMPT_PX, ANSWER_PX, PARAMETERS_PX = 210, 280, 222
COLUMN_WIDTHS = {
    "Prompt": PROMPT_PX, "Answer or error": ANSWER_PX, "Parameters": PARAMETERS_PX, "Status": 90,
    "Cost": 130,
}  # fmt: skip
"""Of all up to the cost, which has to be in sight in a window of 1280 pixels, but for time and
model: a browser fits the others to what stands in them first."""
COLUMN_HELP = {
    "Parameters": "As sent, without texts. Those that differ between these rows come first.",
    "First token": "Time until the first token of the answer.",
    "Ended by": "Why the answer ended. end_turn: the model finished by itself.",
    "Cost": "Exact, at least, at most, simulated (demo) or unknown. Open a row to read why.",
}


def show_log() -> None:
    """Draw the log; its own clicks redraw nothing else."""
    with st.container(key=state.LOG, gap="small"):
        st.fragment(_show_page, key="log_part")()


@in_turn
def _show_page() -> None:
    if log_state.pop_redraw():
        st.rerun()
    visitor = state.visitor()
    # It comes first and says what the filters beneath it find.
    head = st.container(horizontal=True, vertical_alignment="center", gap="small", key="log_head")
    chosen = choose(visitor)
    page = _page(visitor, chosen)
    with head:
        # A link, so that who has no mouse reaches what a click on the band does (page.js).
        st.markdown('## [Log](#log "To the log, or back up")', anchors=False, width="content")
        if chosen.is_empty:
            money.show_totals(visitor)
        else:
            show_summary(visitor, chosen)
    _show_warning(visitor)
    if page.rows:
        _show_rows(visitor, page)
        show_chart(visitor, chosen)
    else:
        show_nothing(chosen, goes_on=page.next_cursor is not None)
        show_undo(visitor)
        _turn_pages(page.next_cursor)
    with st.container(horizontal=True, key="log_whole"):
        if page.rows:
            offer_export(visitor, chosen)
        offer_housekeeping(visitor)


def _show_warning(visitor: str) -> None:
    """Warn of the log's problem, and offer the runs it could not save as a file."""
    log = services().log
    warning = log.warning_to(visitor)
    if not warning:
        return
    st.warning(plain(warning), icon=":material/save:")
    unsaved = log.unsaved_rows(visitor)
    if unsaved:
        st.download_button(
            f"Download {'1 run' if len(unsaved) == 1 else f'{len(unsaved):,} runs'}",
            lambda: "".join(f"{line_of(LoggedRun(row, texts))}\n" for row, texts in unsaved),
            "runs-not-saved.jsonl",
            "application/jsonl",
            key="download_kept",
            icon=":material/download:",
            on_click="ignore",
            help="Your runs that are only in memory, with their texts, as JSON Lines.",
        )


def _page(visitor: str, chosen: Filter) -> HistoryPage:
    order = log_state.order()
    log = services().log
    if chosen.is_empty and order == "newest" and log_state.cursor() is None:
        # The unfiltered first page, which every visitor sees, has a query of its own.
        page = log.page(visitor, limit=ROWS_PER_PAGE)
        cursor = cursor_of(page.rows[-1], order) if page.older else None
        return HistoryPage(page.rows, cursor)
    return log.history.page(visitor, chosen, order, after=log_state.cursor(), limit=ROWS_PER_PAGE)


def _show_rows(visitor: str, page: HistoryPage) -> None:
    ids = [row.run_id for row in page.rows]
    # A selection is a position. With another row on top it would mean another run, so the
    # table starts anew; the opened run stays open.
    key = f"{state.LOG_TABLE}_{zlib.crc32(' '.join(ids).encode()):08x}"
    history = services().log.history
    st.dataframe(
        _table(page.rows, history.marks(visitor, ids), history.words(visitor, page.rows)),
        key=key,
        hide_index=True,
        placeholder=formats.NOTHING,
        height=min(38 + 35 * len(ids), 400),
        on_select=lambda: log_state.select(key, ids),
        # A click anywhere on a row opens it; the boxes in front choose several.
        selection_mode=["multi-row", "single-cell"],
        column_config={
            name: st.column_config.Column(help=COLUMN_HELP.get(name), width=COLUMN_WIDTHS.get(name))
            for name in COLUMN_HELP | COLUMN_WIDTHS
        },
    )
    # Beneath the rows: appearing above them it would move them.
    show_undo(visitor)
    _show_selected(visitor)
    _turn_pages(page.next_cursor)


def _show_selected(visitor: str) -> None:
    selected = log_state.selected()
    if len(selected) > 1:
        offer_comparison(visitor, selected)
        return
    run_id = state.opened_run()
    logged = services().log.get(visitor, run_id) if run_id else None
    if logged is None:
        st.caption("Click a row to read it. Tick two or more to compare them.")
        return
    row, texts = logged
    show_detail(row, texts, services().log.history.marks(visitor, [row.run_id])[row.run_id])


def _turn_pages(next_cursor: Cursor | None) -> None:
    has_newer = log_state.cursor() is not None
    if not has_newer and next_cursor is None:
        return
    is_newest = log_state.order() == "newest"
    with st.container(horizontal=True):
        st.button(
            "Newer" if is_newest else "Back", key=state.LOG_NEWER, icon=":material/chevron_left:",
            disabled=not has_newer, on_click=log_state.previous_page,
        )  # fmt: skip
        st.button(
            "Older" if is_newest else "More", key=state.LOG_OLDER,
            icon=":material/chevron_right:", disabled=next_cursor is None,
            on_click=log_state.next_page, args=(next_cursor,),
        )  # fmt: skip


def _table(
    rows: tuple[RunRow, ...], marks: Mapping[str, Mark], words: Mapping[str, RowWords]
) -> Any:  # noqa: ANN401 (pandas is imported late)
    # Imported late, for half a second: only if there are rows.
    import pandas as pd

    live = {run.id: run.status for run in state.runs().values() if run.is_live}
    sent = [_sent(row.params_json) for row in rows]
    shared = set.intersection(*(set(params.items()) for params in sent)) if len(rows) > 1 else set()
    return pd.DataFrame(
        [
            _cells(
                row,
                live.get(row.run_id, row.status),
                marks[row.run_id],
                words.get(row.run_id, NO_WORDS),
                _parameters(params, shared),
            )
            for row, params in zip(rows, sent, strict=True)
        ]
    )


def _cells(
    row: RunRow, status: str, mark: Mark, words: RowWords, parameters: str
) -> dict[str, object]:
    """The cells of a row: words, distinguishing parameters, outcome, then what seldom differs."""
    return {
        "Prompt": formats.fitted(words.prompt, PROMPT_PX),
        "Answer or error": formats.fitted(
            row.error_message or words.answer or _why_none(row, status, words), ANSWER_PX
        ),
        "Time": formats.local_time(row.started_at),
        "Model": row.model,
        "Parameters": formats.fitted(parameters, PARAMETERS_PX),
        "Status": status,
        "Cost": formats.NOTHING if row.status in LIVE else formats.cost(row.cost),
        # Here: a place in an experiment makes it long.
        "Run": row.name,
        "In": row.input_tokens,
        "Out": row.output_tokens,
        "First token": formats.seconds(row.ttft_s),
        "Duration": formats.seconds(row.duration_s),
        "Ended by": row.stop_reason or _error(row),
        "Attempts": row.attempts,
        "★": "★" if mark.is_starred else "",
        "Tags": ", ".join(mark.tags),
        "Connection": row.connection,
        "Request id": row.request_id or formats.NOTHING,
    }


def _why_none(row: RunRow, status: str, words: RowWords) -> str:
    # Without its prompt its answer may just not have been kept.
    return row.why_no_text if words.prompt and status not in LIVE else ""


def _sent(params_json: str) -> dict[str, str]:
    sent = formats.parsed(params_json, dict[str, object]())
    return {name: _value(value) for name, value in sent.items() if name != "model"}


def _parameters(sent: Mapping[str, str], shared: Set[tuple[str, str]]) -> str:
    """The parameters; first those that differ among the rows of the page."""
    ordered = sorted(sent.items(), key=lambda pair: pair in shared)
    return ", ".join(f"{name} {value}" for name, value in ordered)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(value_text(part) for part in value.values())
    return value_text(value)


def _error(row: RunRow) -> str:
    if row.error_kind is None:
        return row.error_message or formats.NOTHING
    words = row.error_kind.replace("_", " ")
    return f"{row.http_status} {words}" if row.http_status else words
