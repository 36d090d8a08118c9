"""The table of what each API version does with each parameter of a model."""

import streamlit as st

from playground.core.request.model_catalogue import CHECKED_ON
from playground.core.runs.run_plan import Plan
from playground.core.wire.version_table import SENT, VERSIONS, Row, version_table
from playground.ui.widgets.dialogs import offer_to_open, show_dialog
from playground.ui.widgets.markdown import plain


def offer_versions(plan: Plan, popover: str) -> None:
    """A button, in that popover, that shows the table for the model of a variant."""
    offer_to_open(f"versions_{plan.letter}", "API versions", ":material/compare_arrows:", popover)


def show_versions(plan: Plan) -> None:
    """The dialog of that button, while it is open."""
    show_dialog(f"versions_{plan.letter}", "API versions", _show_versions, plan)


def _show_versions(plan: Plan) -> None:
    is_foreign = plan.connection.kind == "server" and not plan.model.is_known
    st.markdown(
        f"How each API version treats the parameters of **{plain(plan.model.name)}**. "
        "On *automatic*, a variant takes the version that its parameters need. With a fixed "
        "version, everything you set is sent, even if the API rejects it."
    )
    rows = version_table(plan.model, is_foreign=is_foreign)
    st.table(
        {
            "Parameter": [plain(row.parameter) for row in rows],
            **{
                version: [_cell(row, column) for row in rows]
                for column, version in enumerate(VERSIONS)
            },
        },
        border="horizontal",
        hide_index=True,
    )
    st.caption(f"In quotes: the API's own words, as of {CHECKED_ON:%d %B %Y}.")


def _cell(row: Row, column: int) -> str:
    """A cell; what was said to its left is not said again, so that a phone has room."""
    is_repeated = column > 0 and row.cells[column] == row.cells[0] != SENT
    return "the same" if is_repeated else plain(row.cells[column])
