"""The run log beneath the page: totals, a page of the table, one run in full."""

from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from playground.core.pricing import Cost
from playground.core.rows import LIVE, RunRow
from playground.ui import formats, log_detail, money, running, state
from playground.ui.log_warning import show_log_warning
from playground.ui.phase import Phase
from playground.ui.services import services

ROWS_PER_PAGE = 50
LOOK_AGAIN_S = 3.0
COLUMN_HELP = {
    "Parameters": "As sent, without the texts.",
    "TTFT": "Time to first token.",
    "Cost": "Exact, at least (cut short), at most, simulated (demo) or unknown.",
}


def show_log(drawn_in: Phase) -> None:
    """Draw the log; its own clicks redraw nothing else."""
    with st.container(key=state.LOG):
        st.markdown("##### Log", anchors=False)
        # Runs elsewhere on the page change the table too: look again while any is live.
        paint_s = drawn_in.interval_s
        pace_s = None if paint_s is None else max(LOOK_AGAIN_S, 4 * paint_s)
        st.fragment(_show_page, run_every=pace_s)()


def _show_page() -> None:
    visitor = state.visitor(running.is_local())
    log = services().log
    page = log.page(visitor, before=state.log_before(), limit=ROWS_PER_PAGE)
    money.show_totals(visitor)
    show_log_warning(visitor)
    if not page.rows:
        st.caption("No runs yet. Every run, retry, error and cent will stand here.")
        return
    ids = [row.run_id for row in page.rows]
    # A selection is a position. With a new row on top it would mean another run, so the
    # table starts anew; the opened run stays open.
    key = f"{state.LOG_TABLE}_{ids[0]}"
    st.dataframe(
        _table(page.rows),
        key=key,
        hide_index=True,
        height=min(38 + 35 * len(page.rows), 400),
        on_select=lambda: state.open_selected(key, ids),
        selection_mode="single-row",
        column_config={
            name: st.column_config.Column(help=text) for name, text in COLUMN_HELP.items()
        },
    )
    _turn_pages(ids[-1], has_older=page.older)
    _show_opened(visitor)


def _show_opened(visitor: str) -> None:
    run_id = state.opened_run()
    found = services().log.get(visitor, run_id) if run_id else None
    if found is None:
        st.caption("Select a row to open its text, request and attempts.")
        return
    log_detail.show_detail(*found)


def _turn_pages(last_run_id: str, *, has_older: bool) -> None:
    has_newer = state.log_before() is not None
    if not has_newer and not has_older:
        return
    with st.container(horizontal=True):
        st.button(
            "Newer", key=state.LOG_NEWER, icon=":material/chevron_left:",
            disabled=not has_newer, on_click=state.log_newer,
        )  # fmt: skip
        st.button(
            "Older", key=state.LOG_OLDER, icon=":material/chevron_right:",
            disabled=not has_older, on_click=state.log_older, args=(last_run_id,),
        )  # fmt: skip


def _table(rows: tuple[RunRow, ...]) -> Any:  # noqa: ANN401 (pandas is imported late)
    # Half a second to import: only a page that has rows to show pays for it.
    import pandas as pd

    live = {run.id: run.status for run in state.runs().values() if run.is_live}
    return pd.DataFrame([_cells(row, live.get(row.run_id, row.status)) for row in rows])


def _cells(row: RunRow, status: str) -> dict[str, object]:
    return {
        "Time": _local(row.started_at),
        "Run": f"{row.press} {row.variant}",
        "Model": row.model,
        "Status": status,
        "Ended by": row.stop_reason or _error(row),
        "Cost": formats.NOTHING
        if row.status in LIVE
        else formats.cost(Cost(row.cost_usd, row.cost_kind)),
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
