"""The table of what each API version does with each parameter of a model."""

import streamlit as st

from playground.core.catalogue import CHECKED_ON
from playground.core.plan import Plan
from playground.core.versions import SENT, VERSIONS, Row, version_table
from playground.ui.plain import plain


@st.dialog("API versions", width="large")
def show_versions(plan: Plan) -> None:
    """Open the table for the model of a variant."""
    is_foreign = plan.connection.kind == "server" and not plan.model.is_known
    st.markdown(
        f"What becomes of a parameter of **{plain(plan.model.name)}** under each "
        "`anthropic-version`. A variant on *automatic* takes the version that its "
        "parameters need; with a version chosen, everything set is sent, refused or not."
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
    st.caption(f"In quotes: the API's own words, as seen by {CHECKED_ON:%d %B %Y}.")


def _cell(row: Row, column: int) -> str:
    """A cell; what was said to its left is not said again, so that a phone has room."""
    is_repeated = column > 0 and row.cells[column] == row.cells[0] != SENT
    return "the same" if is_repeated else plain(row.cells[column])
