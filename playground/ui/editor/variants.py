"""The variants: one lettered card each, with the parameters it sends."""

from collections import Counter
from datetime import UTC, datetime

import streamlit as st

from playground.core.checks.number_fields import RULES
from playground.core.request.model_catalogue import Model, find
from playground.core.runs.run_plan import Plan
from playground.ui.editor.parameter_reasons import show_in_brief
from playground.ui.editor.parameters import choose_in_front, edit_more
from playground.ui.money.money import show_worst_case
from playground.ui.runs import running
from playground.ui.session import editor_state, variant_state
from playground.ui.widgets.number_field import number_field
from playground.ui.wire import as_sent
from playground.ui.wire.snippets import offer_code
from playground.ui.wire.version_table import offer_versions

CARD_WIDTH = 260


def edit_variants(plans: list[Plan]) -> None:
    """Draw a card for each variant, side by side as far as they fit."""
    with st.expander("Variants", expanded=True, icon=":material/tune:", key="variants_band"):
        offered = running.models(running.connection())
        with st.grid(len(plans), min_column_width=CARD_WIDTH, key="variants_grid") as grid:
            for plan in plans:
                with grid.cell(), st.container(border=True, key=f"variant_{plan.letter}"):
                    _edit_variant(plan, offered, plans)


def _edit_variant(plan: Plan, offered: tuple[Model, ...], plans: list[Plan]) -> None:
    letter = plan.letter
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.badge(letter, color=variant_state.COLOURS[letter])  # type: ignore[arg-type] # a literal
        _choose_model(letter, offered)
        if plan is plans[-1]:
            st.button(
                "Add",
                key=variant_state.ADD_VARIANT,
                icon=":material/add:",
                type="tertiary",
                on_click=editor_state.change,
                args=("Add a variant", variant_state.add_variant),
                disabled=len(plans) == len(variant_state.LETTERS),
            )
        if len(plans) > 1:
            st.button(
                ":material/close:",
                key=f"remove_variant_{letter}",
                help="Remove this variant",
                type="tertiary",
                on_click=editor_state.change,
                args=("Remove a variant", variant_state.remove_variant, letter),
            )
    left, right = st.columns(2)
    with left:
        choose_in_front(plan)
    with right:
        number_field(
            "max_tokens",
            RULES["max_tokens"],
            key=variant_state.field("max_tokens", letter),
            help="The answer is cut here; thinking counts too. "
            f"This model's limit: {plan.model.max_output_tokens:,}.",
        )
    show_in_brief(plan)
    show_worst_case(plan)
    edit_more(plan)
    with st.container(horizontal=True, key=f"tools_{letter}"):
        as_sent.offer_preview(plan)
        offer_code(plan)
        offer_versions(plan)


def _choose_model(letter: str, offered: tuple[Model, ...]) -> None:
    chosen = st.session_state[variant_state.field("model", letter)]
    labels = _labels(offered)
    options = list(labels)
    if chosen and chosen not in labels:
        options.insert(0, chosen)
    st.selectbox(
        "Model",
        options,
        key=variant_state.field("model", letter),
        format_func=lambda model_id: labels.get(model_id) or _label(model_id, model_id),
        accept_new_options=True,
        label_visibility="collapsed",
        placeholder="Choose, or type a model id",
    )


def _labels(offered: tuple[Model, ...]) -> dict[str, str]:
    """A label for each model id. Streamlit finds an option by its label, so each is its own."""
    labels = {model.id: _label(model.id, model.name) for model in offered}
    often = Counter(labels.values())
    return {
        model_id: label if often[label] == 1 else f"{label} ({model_id})"
        for model_id, label in labels.items()
    }


def _label(model_id: str, name: str) -> str:
    model = find(model_id)
    if model and name == model_id:
        name = model.name
    if model and model.retires_on:
        verb = "retired" if model.is_retired(datetime.now(UTC).date()) else "retires"
        return f"{name} · {verb} {model.retires_on:%d %b %Y}"
    if model and model.lifecycle == "limited":
        return f"{name} · limited access"
    return name
