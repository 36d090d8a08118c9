"""What an experiment varies and what its answers must pass."""

import streamlit as st

from playground.core.experiment.case_checks import CHECK_KINDS, MAX_CHECKS
from playground.core.experiment.grid import LENGTHS, REPEATS, TOLERANCE
from playground.core.request.request import EFFORTS
from playground.ui.runs import running
from playground.ui.session import experiment_state as chosen
from playground.ui.widgets.fields import number_field

KINDS = {
    "contains": "contains",
    "not_contains": "does not contain",
    "equals": "equals",
    "pattern": "matches a regular expression",
    "json": "is JSON",
    "json_schema": "matches a JSON schema",
    "length": "has a length",
    "number": "ends with a number near",
    "judge": "is judged by a model",
}
TEXTS = {
    "pattern": "Regular expression",
    "json_schema": "JSON schema",
    "number": "Number",
}


def edit_axes() -> None:
    """Draw repeats, sweeps and the ladder's switch."""
    models = [model.id for model in running.models(running.connection())]
    # A chosen model that the connection does not list must not vanish from its own control.
    unlisted = [
        model_id for model_id in chosen.chosen("experiment_models") if model_id not in models
    ]
    with st.grid(4, min_column_width=160, key="experiment_axes") as grid:
        with grid.cell():
            number_field(
                "Repeats", REPEATS, key="experiment_repeats",
                help="Runs per cell. More runs give firmer numbers.",
            )  # fmt: skip
        with grid.cell():
            st.text_input(
                "Temperatures", key="experiment_temperatures", placeholder="0, 0.5, 1",
                help="Each is tried. Empty: same as the variants.",
            )  # fmt: skip
        with grid.cell():
            st.multiselect(
                "Efforts", EFFORTS, key="experiment_efforts", placeholder="Same as the variants",
                help="Each level is tried. Effort is how much a newer model thinks and "
            "writes. Empty: same as the variants.",
            )  # fmt: skip
        with grid.cell():
            st.text_input(
                "max_tokens", key="experiment_max_tokens", placeholder="100, 1000",
                help="Each is tried. Empty: same as the variants.",
            )  # fmt: skip
    st.multiselect(
        "Models, the smallest first", [*models, *unlisted], key="experiment_models",
        # Any id can be typed: a server need not list its models, and an account may have new ones.
        placeholder="Same as the variants", accept_new_options=True,
    )  # fmt: skip
    st.toggle(
        "Find the smallest model that passes", key="experiment_is_ladder",
        help="Tries the models in this order and stops at the first that passes all checks.",
    )  # fmt: skip


def edit_checks() -> None:
    """Draw a row for each check."""
    numbers = chosen.check_ids()
    for number in numbers:
        with st.container(border=True, key=f"check_{number}"):
            _edit_check(number)
    st.button(
        "Add a check", key="add_check", icon=":material/add:", type="tertiary",
        on_click=chosen.add_check, disabled=len(numbers) >= MAX_CHECKS,
    )  # fmt: skip


def _edit_check(number: int) -> None:
    def key(name: str) -> str:
        return chosen.check_field(number, name)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("The answer", CHECK_KINDS, key=key("kind"), format_func=KINDS.__getitem__)
        st.button(
            ":material/close:", key=f"remove_check_{number}", help="Remove this check",
            type="tertiary", on_click=chosen.remove_check, args=(number,),
        )  # fmt: skip
    kind = st.session_state[key("kind")]
    if kind == "judge":
        st.text_input(
            "Judge", key=key("model"),
            help="A model id. Its cost is included. On the demo, judging only compares words.",
        )  # fmt: skip
        st.text_area("Its prompt", key=key("judge"), height=160)
    elif kind == "length":
        with st.container(horizontal=True):
            number_field("At least", LENGTHS["least"], key=key("least"))
            number_field("At most", LENGTHS["most"], key=key("most"))
            st.selectbox("Of", ("characters", "words"), key=key("unit"))
    elif kind != "json":
        _edit_text(number, kind)


def _edit_text(number: int, kind: str) -> None:
    label = TEXTS.get(kind, "Text")
    st.text_area(
        # Two lines: the least that Streamlit draws beneath a label, 96 px, is more than this.
        label, key=chosen.check_field(number, "text"), height=68,
        help="Can contain variables; {{expected}} is the case's expected answer.",
    )  # fmt: skip
    if kind == "number":
        number_field("Tolerance", TOLERANCE, key=chosen.check_field(number, "tolerance"))
    elif kind != "json_schema":
        st.checkbox("Ignore case", key=chosen.check_field(number, "ignore_case"))
