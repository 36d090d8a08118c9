"""The run log beneath the page: search, totals, a page of the table, one run in full."""

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from playground.core.log.history import Filter, Found, Mark, Place, place_of
from playground.core.runs.run_row import LIVE, RunRow
from playground.ui.log import log_state
from playground.ui.log.export import offer_export
from playground.ui.log.housekeeping import offer_housekeeping
from playground.ui.log.log_actions import show_undo
from playground.ui.log.log_detail import show_detail
from playground.ui.log.log_filters import choose, show_chart, show_nothing, show_summary
from playground.ui.log.log_warning import show_log_warning
from playground.ui.log.run_compare import offer_comparison
from playground.ui.money import money
from playground.ui.runs import running
from playground.ui.server.script_queue import in_turn
from playground.ui.session import state
from playground.ui.session.services import services
from playground.ui.widgets import formats

ROWS_PER_PAGE = 50
COLUMN_WIDTHS = {"Status": 95, "Cost": 140}
"""A browser fits the others to what stands in them first."""
COLUMN_HELP = {
    "Parameters": "As sent, without the texts.",
    "TTFT": "Time to first token.",
    "Cost": "Exact, at least, at most, simulated (demo) or unknown. Open a row to read why.",
}


def show_log() -> None:
    """Draw the log; its own clicks redraw nothing else."""
    with st.container(key=state.LOG):
        st.markdown("##### Log", anchors=False)
        st.fragment(_show_page, key="log_part")()


@in_turn
def _show_page() -> None:
    if log_state.takes_redraw():
        st.rerun()
    visitor = state.visitor(running.is_local())
    chosen = choose(visitor)
    found = _page(visitor, chosen)
    if chosen.is_empty:
        money.show_totals(visitor)
    else:
        show_summary(visitor, chosen)
    show_log_warning(visitor)
    show_undo(visitor)
    if found.rows:
        _show_rows(visitor, found)
        show_chart(visitor, chosen)
    else:
        show_nothing(chosen, goes_on=found.next_place is not None)
        _turn_pages(found.next_place)
    with st.container(horizontal=True, key="log_whole"):
        if found.rows:
            offer_export(visitor, chosen)
        offer_housekeeping(visitor)


def _page(visitor: str, chosen: Filter) -> Found:
    order = log_state.order()
    log = services().log
    if chosen.is_empty and order == "newest" and log_state.place() is None:
        # The page that everybody sees first is read without a look at any filter.
        page = log.page(visitor, limit=ROWS_PER_PAGE)
        place = place_of(page.rows[-1], order) if page.older else None
        return Found(page.rows, place)
    return log.history.page(visitor, chosen, order, after=log_state.place(), limit=ROWS_PER_PAGE)


def _show_rows(visitor: str, found: Found) -> None:
    ids = [row.run_id for row in found.rows]
    # A selection is a position. With another row on top it would mean another run, so the
    # table starts anew; the opened run stays open.
    key = f"{state.LOG_TABLE}_{zlib.crc32(' '.join(ids).encode()):08x}"
    marks = services().log.history.marks(visitor, ids)
    st.dataframe(
        _table(found.rows, marks),
        key=key,
        hide_index=True,
        height=min(38 + 35 * len(ids), 400),
        on_select=lambda: log_state.select(key, ids),
        selection_mode="multi-row",
        column_config={
            name: st.column_config.Column(help=COLUMN_HELP.get(name), width=COLUMN_WIDTHS.get(name))
            for name in COLUMN_HELP | COLUMN_WIDTHS
        },
    )
    _turn_pages(found.next_place)
    _show_selected(visitor)


def _show_selected(visitor: str) -> None:
    selected = log_state.selected()
    if len(selected) > 1:
        offer_comparison(visitor, selected)
        return
    run_id = state.opened_run()
    found = services().log.get(visitor, run_id) if run_id else None
    if found is None:
        st.caption("Select a row to open its text, request and attempts; two, to compare them.")
        return
    row, texts = found
    show_detail(row, texts, services().log.history.marks(visitor, [row.run_id])[row.run_id])


def _turn_pages(next_place: Place | None) -> None:
    has_newer = log_state.place() is not None
    if not has_newer and next_place is None:
        return
    is_newest = log_state.order() == "newest"
    with st.container(horizontal=True):
        st.button(
            "Newer" if is_newest else "Back", key=state.LOG_NEWER, icon=":material/chevron_left:",
            disabled=not has_newer, on_click=log_state.previous_page,
        )  # fmt: skip
        st.button(
            "Older" if is_newest else "More", key=state.LOG_OLDER,
            icon=":material/chevron_right:", disabled=next_place is None,
            on_click=log_state.next_page, args=(next_place,),
        )  # fmt: skip


def _table(rows: tuple[RunRow, ...], marks: Mapping[str, Mark]) -> Any:  # noqa: ANN401 (pandas is imported late)
    # Half a second to import: only a page that has rows to show pays for it.
    import pandas as pd

    live = {run.id: run.status for run in state.runs().values() if run.is_live}
    return pd.DataFrame(
        [_cells(row, live.get(row.run_id, row.status), marks[row.run_id]) for row in rows]
    )


def _cells(row: RunRow, status: str, mark: Mark) -> dict[str, object]:
    return {
        "★": "★" if mark.is_starred else "",
        "Time": _local(row.started_at),
        "Run": f"{row.press} {row.variant}",
        "Model": row.model,
        "Status": status,
        "Tags": ", ".join(mark.tags),
        "Ended by": row.stop_reason or _error(row),
        "Cost": formats.NOTHING if row.status in LIVE else formats.cost(row.cost),
        "Attempts": row.attempts,
        "TTFT": formats.seconds(row.ttft_s),
        "Duration": formats.seconds(row.duration_s),
        "In": row.input_tokens,
        "Out": row.output_tokens,
        "Parameters": _parameters(row.params_json),
        "Connection": row.connection,
        "Request id": row.request_id or formats.NOTHING,
    }


def _local(at: datetime) -> str:
    return at.astimezone(_zone()).strftime("%d %b %H:%M:%S")


def _zone() -> tzinfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _parameters(params_json: str) -> str:
    sent = formats.parsed(params_json, dict[str, object]())
    sent.pop("model", None)
    return ", ".join(f"{name} {_value(value)}" for name, value in sent.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values())
    return str(value)


def _error(row: RunRow) -> str:
    if row.error_kind is None:
        return row.error_message or formats.NOTHING
    words = row.error_kind.replace("_", " ")
    return f"{row.http_status} {words}" if row.http_status else words
