"""The matrix of the opened experiment: the heads of its columns, its cells, a page of rows."""

from datetime import UTC, datetime
from typing import Any

import streamlit as st

from playground.core.experiment.grid import unique_names
from playground.core.experiment.matrix import FILTERS, Answers, Filter, Matrix
from playground.core.experiment.results_file import MAX_BYTES, to_json_lines
from playground.core.report.report import to_csv, to_page
from playground.core.statistics.setting_statistics import SettingStatistics
from playground.core.text.csv_cells import EXCELS_CELL, NOT_EXACT
from playground.ui.experiment import starting
from playground.ui.experiment.cell import show_cell
from playground.ui.experiment.statistics import show_ladder, show_statistics
from playground.ui.server.script_queue import in_turn
from playground.ui.session import experiment_state as chosen
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain

ROWS_PER_PAGE = 50
POLL_S = 3.0
ROW_PX = 35
TABLE_ENDS_PX = 52
"""The head of a table, and the scrollbar beneath it: without its room it hides the last row."""
CASE_PX, CELL_PX = 180, 290
AGAIN = "Can be opened again under My experiments, here or elsewhere."
NOT_AGAIN = f"Too large to be opened again here: more than {MAX_BYTES / 1e6:g} MB."
WORDS = {"all": "All", "failures": "Failures", "different": "Different"}


def show_matrix() -> None:
    """Draw it as a fragment."""
    # Only while it runs do cells change without a click.
    pace_s = POLL_S if starting.is_live() else None
    st.fragment(_show, run_every=pace_s)()


# Not `in_later_turn`: its clicks would have the low priority of its timer.
@in_turn
def _show() -> None:
    matrix = starting.matrix()
    if matrix is None:
        return
    heads = _heads(matrix)
    show_ladder()
    _show_heads(matrix, heads)
    choice = st.segmented_control(
        "Rows", FILTERS, default="all", key="matrix_filter", required=True,
        format_func=WORDS.__getitem__, on_change=chosen.reset_selection,
        label_visibility="collapsed",
    )  # fmt: skip
    shown: Filter = choice or "all"
    # Only this filter compares texts; for the others none has to be read.
    every = range(len(matrix.grid.cases)) if shown == "different" else ()
    answers = starting.answers(matrix.run_ids(every))
    rows = matrix.rows(shown, answers, _baseline(matrix) if shown == "different" else 0)
    if not rows:
        st.caption("No case matches this filter.")
    else:
        _show_rows(matrix, _page(rows))
    place = chosen.cell()
    if place is not None and place[1] < len(matrix.grid.cases):
        show_cell(matrix, *place)
    elif rows:
        st.caption("Select a cell to open its run, its checks and its prompt.")
    show_statistics(matrix, heads)
    _offer_file(matrix)


def _baseline(matrix: Matrix) -> int:
    """The column with which the others are compared."""
    names = unique_names(matrix.grid.settings)
    name = st.selectbox(
        "Baseline", names, key="matrix_baseline", width=320, on_change=chosen.reset_selection,
        help="The setting that the others' answers are compared with.",
    )  # fmt: skip
    return names.index(name) if name in names else 0


def _heads(matrix: Matrix) -> list[SettingStatistics]:
    """The statistics of the columns, cached until the matrix changes."""
    opened = chosen.opened()
    if opened is None:
        return matrix.heads()
    if opened.heads is None or opened.heads[0] is not matrix:
        opened.heads = (matrix, matrix.heads())
    heads: list[SettingStatistics] = opened.heads[1]
    return heads


def _show_heads(matrix: Matrix, heads: list[SettingStatistics]) -> None:
    names = unique_names(matrix.grid.settings)
    st.dataframe(
        [_head(name, head) for name, head in zip(names, heads, strict=True)],
        hide_index=True,
        key="matrix_heads",
        column_config={
            "Pass": st.column_config.Column(help="With its 95 % confidence interval."),
            "Mean cost": st.column_config.Column(width=170),
            "First token": st.column_config.Column(help="Mean time until the first token."),
        },
    )
    cautions = [head.caution for head in heads if head.caution]
    if cautions:
        st.caption(f":orange[:material/warning:] {plain(cautions[0])}")


def _head(name: str, head: SettingStatistics) -> dict[str, object]:
    cells: dict[str, object] = {"Setting": name, "Done": head.count, "Errors": head.errors}
    if head.pass_words:
        cells["Pass"] = head.pass_words
    tokens = head.output_tokens
    return cells | {
        "Mean cost": head.cost_words or formats.NOTHING,
        "First token": formats.seconds(head.ttft_s.mean if head.ttft_s else None),
        "Duration": formats.seconds(head.duration_s.mean if head.duration_s else None),
        "Tokens out": f"{tokens.mean:,.0f}" if tokens else formats.NOTHING,
    }


def _page(rows: list[int]) -> list[int]:
    pages = -(-len(rows) // ROWS_PER_PAGE)
    if pages == 1:
        return rows
    # With another number of pages it is another control, which begins at the first.
    key = f"matrix_page_{pages}"
    number = st.pagination(pages, key=key, on_change=chosen.reset_selection)
    return rows[(number - 1) * ROWS_PER_PAGE : number * ROWS_PER_PAGE]


def _show_rows(matrix: Matrix, rows: list[int]) -> None:
    answers = starting.answers(matrix.run_ids(rows))
    names = unique_names(matrix.grid.settings)
    key = chosen.matrix_table()
    st.dataframe(
        _table(matrix, rows, names, answers),
        key=key,
        hide_index=True,
        height=min(TABLE_ENDS_PX + ROW_PX * len(rows), 420),
        # Else a browser fits them to what stands in them first, which is nothing yet.
        column_config={
            "Case": st.column_config.Column(width=CASE_PX),
            **{name: st.column_config.Column(width=CELL_PX) for name in names},
        },
        on_select=lambda: chosen.select_cell(key, rows, names),
        selection_mode="single-cell",
    )


def _table(matrix: Matrix, rows: list[int], names: list[str], answers: Answers) -> Any:  # noqa: ANN401 (pandas is imported late)
    import pandas as pd

    texts = [
        {"Case": formats.fitted(_case(matrix, row), CASE_PX)}
        | {
            name: formats.fitted(matrix.text(at, row, answers), CELL_PX)
            for at, name in enumerate(names)
        }
        for row in rows
    ]
    columns = range(len(names))
    colors = [["", *(_color(matrix, setting, row) for setting in columns)] for row in rows]
    frame = pd.DataFrame(texts, columns=["Case", *names])
    return frame.style.apply(
        lambda _: pd.DataFrame(colors, columns=frame.columns, index=frame.index), axis=None
    )


def _color(matrix: Matrix, setting: int, case: int) -> str:
    # Behind the words, whose own colour is read on light and on dark; no red one is on both.
    if matrix.has_failed(setting, case):
        return "background-color: rgba(221, 51, 51, 0.16)"
    return "background-color: rgba(199, 119, 0, 0.16)" if matrix.is_undecided(setting, case) else ""


def _case(matrix: Matrix, row: int) -> str:
    values = " · ".join(value for value in matrix.grid.cases.rows[row] if value)
    return f"{row + 1} {values}"


def _offer_file(matrix: Matrix) -> None:
    place = st.popover(
        "Report", icon=":material/download:", type="tertiary", key="experiment_report",
        on_change="rerun",
    )  # fmt: skip
    if not place.open:
        return
    with place:
        # Only while it is open: all answers are read for it, and each file is written.
        run_ids = matrix.run_ids(range(len(matrix.grid.cases)))
        answers = starting.answers(run_ids)
        exact = to_json_lines(matrix, answers)
        st.download_button(
            "JSON Lines, exact", exact, "experiment.jsonl", key="experiment_jsonl",
            on_click="ignore", help=AGAIN if len(exact.encode()) <= MAX_BYTES else NOT_AGAIN,
        )  # fmt: skip
        st.download_button(
            "CSV, for a spreadsheet", to_csv(matrix, answers), "experiment.csv",
            key="experiment_csv", on_click="ignore", help=f"Not exact: {NOT_EXACT}. {EXCELS_CELL}.",
        )  # fmt: skip
        st.download_button(
            "HTML, one page", to_page(matrix, starting.contents(run_ids), datetime.now(UTC)),
            "experiment.html", key="experiment_html", on_click="ignore", mime="text/html",
        )  # fmt: skip
