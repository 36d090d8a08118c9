"""The cases of an experiment: a table to edit, and ways in and out of it."""

import json
from pathlib import Path
from typing import Any

import streamlit as st

from playground.core.experiment.case_edits import Table
from playground.core.experiment.case_files import MAX_BYTES, read_cases, to_csv, to_json_lines
from playground.core.experiment.cases import CHECKS, EXPECTED, Cases, CasesError
from playground.core.text.csv_cells import NOT_EXACT, UTF8_MARK, safe_cell
from playground.ui.session import experiment_state as chosen
from playground.ui.session import state
from playground.ui.widgets.markdown import plain

SCRIPT = Path(__file__).with_name("case_table.js").read_text("utf-8")
STYLE = Path(__file__).with_name("case_table.css").read_text("utf-8")
IMPORT = "import_cases"
MAX_CHANGES = 30
ABOUT = {
    EXPECTED: "The answer that checks compare with.",
    CHECKS: "Checks for this case only, as JSON.",
}


def edit_cases() -> None:
    """Draw the table; without variables it is offered only beneath a sentence."""
    names = chosen.found_variables()
    base = chosen.fit_columns(names)
    if names:
        listed = " ".join(f":blue-badge[{plain(name)}]" for name in names)
        st.markdown(f"Variables {listed}")
    else:
        st.caption(
            "Write {{name}} in the prompt to make it a variable, with a value for each case."
        )
    mount = st.components.v2.component(
        "cases", html='<div class="pg-host"></div>', css=STYLE, js=SCRIPT, isolate_styles=False
    )
    # As text: in a list Streamlit looks for a table, and imports pandas for that.
    mount(
        key=chosen.CASES, data={"table": json.dumps(_as_drawn(base))},
        on_changes_change=chosen.edit_table, on_shown_change=chosen.show_more_cases,
    )  # fmt: skip
    with st.container(horizontal=True):
        _offer_import()
        _offer_export()
    if problem := chosen.case_problem():
        st.error(plain(problem), icon=":material/block:")
    if changes := chosen.case_changes():
        shown = [f"- {plain(change)}" for change in changes[:MAX_CHANGES]]
        more = len(changes) - len(shown)
        lines = ["**Changed from the file**", *shown, *([f"- and {more} more"] if more else [])]
        st.info("\n".join(lines), icon=":material/info:")


def _as_drawn(table: Table) -> dict[str, Any]:
    columns, rows = table
    return {
        "version": chosen.case_version(), "seen": chosen.changes_seen(), "columns": columns,
        # Each cell is a field of the browser's own: it gets the first rows, and more when it asks.
        "rows": rows[: chosen.shown_cases()], "total": len(rows), "about": ABOUT,
    }  # fmt: skip


def _offer_import() -> None:
    place = st.popover(
        "Import", icon=":material/upload:", type="tertiary", key=IMPORT, on_change="rerun"
    )
    if not place.open:
        return
    with place:
        st.caption("CSV, spreadsheet cells or JSON. The first row names the columns.")
        st.text_area("Paste", key="pasted_cases", height=120)
        st.button("Use pasted cases", key="use_pasted_cases", on_click=_import_pasted)
        st.file_uploader(
            "Or a file",
            type=["csv", "tsv", "txt", "json", "jsonl", "md"],
            key="cases_file",
            max_upload_size=MAX_BYTES // 1_000_000,
            on_change=_import_file,
        )


def _import_pasted() -> None:
    _import(st.session_state["pasted_cases"] or "")


def _import_file() -> None:
    if (file := st.session_state["cases_file"]) is not None:
        _import(file.getvalue())


def _import(data: bytes | str) -> None:
    try:
        cases = read_cases(data)
    except CasesError as error:
        chosen.set_case_problem(str(error))
        return
    chosen.import_table((cases.columns, cases.rows), cases.changes)
    state.close_popover(IMPORT)


def _offer_export() -> None:
    place = st.popover(
        "Export", icon=":material/download:", type="tertiary", key="export_cases", on_change="rerun"
    )
    if not place.open:
        return
    columns, rows = chosen.table()
    table = Cases(columns, rows)
    # A spreadsheet runs a cell that begins like a formula.
    safe = Cases(columns, tuple(tuple(map(safe_cell, row)) for row in rows))
    with place:
        if (cells := sum(a != b for a, b in zip(_cells(table), _cells(safe), strict=True))) > 0:
            st.caption(f"The CSV is not exact: {NOT_EXACT} ({cells:,} cells). JSON Lines is exact.")
        st.download_button(
            "CSV, for a spreadsheet",
            csv_file(safe),
            "cases.csv",
            key="cases_csv",
            on_click="ignore",
        )
        st.download_button(
            "JSON Lines, exact",
            to_json_lines(table),
            "cases.jsonl",
            key="cases_jsonl",
            on_click="ignore",
        )


def csv_file(safe: Cases) -> str:
    """Cases that run as no formula, as a file that spreadsheets take for UTF-8."""
    return UTF8_MARK + to_csv(safe)


def _cells(table: Cases) -> list[str]:
    return [cell for row in table.rows for cell in row]
