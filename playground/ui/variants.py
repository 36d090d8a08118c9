"""The variants: one lettered card each, with the parameters it sends."""

from collections import Counter

import streamlit as st

from playground.core.catalogue import Model, find
from playground.core.plan import Plan
from playground.core.request import EFFORTS
from playground.core.wire import Decision
from playground.ui import running, variant_state
from playground.ui.money import show_worst_case
from playground.ui.plain import plain

CARD_WIDTH = 260
LARGEST_MAX_TOKENS = 1_000_000
THINKING = {variant_state.DEFAULTS: "Default", "on": "On, summary shown", "off": "Off"}


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
                on_click=variant_state.add_variant,
                disabled=len(plans) == len(variant_state.LETTERS),
            )
        if len(plans) > 1:
            st.button(
                ":material/close:",
                key=f"remove_variant_{letter}",
                help="Remove this variant",
                type="tertiary",
                on_click=variant_state.remove_variant,
                args=(letter,),
            )
    left, right = st.columns(2)
    with left:
        _choose_temperature(plan)
    with right:
        st.number_input(
            "max_tokens",
            value=None,
            min_value=1,
            max_value=LARGEST_MAX_TOKENS,
            step=50,
            key=variant_state.field("max_tokens", letter),
            help="The answer is cut here; thinking counts too. "
            f"This model's limit: {plan.model.max_output_tokens:,}.",
        )
    _show_reason(plan.wire.decision("temperature"), asked=plan.request.params.temperature)
    show_worst_case(plan)
    _edit_more(plan)


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
        return f"{name} · retires {model.retires_on:%d %b}"
    if model and model.lifecycle == "limited":
        return f"{name} · limited access"
    return name


def _choose_temperature(plan: Plan) -> None:
    decision = plan.wire.decision("temperature")
    st.number_input(
        "Temperature",
        value=None,
        min_value=0.0,
        max_value=2.0,
        step=0.1,
        format="%.2f",
        key=variant_state.field("temperature", plan.letter),
        placeholder="default",
        disabled=decision.state == "unavailable",
        help="0 to 0.3 for facts and structure, 0.7 to 1 for variety. Empty: not sent.",
    )


def _show_reason(decision: Decision, *, asked: object) -> None:
    """Say what becomes of a parameter; marked where a value that was entered is not sent."""
    is_ignored = decision.state == "unavailable" and asked not in (None, variant_state.DEFAULTS)
    mark = ":orange[:material/block:] " if is_ignored else ""
    st.caption(mark + plain(decision.why))


def _edit_more(plan: Plan) -> None:
    letter = plan.letter
    params = plan.request.params
    with st.expander("More", key=f"more_{letter}"):
        st.selectbox(
            "Effort",
            [variant_state.DEFAULTS, *EFFORTS],
            key=variant_state.field("effort", letter),
            format_func=str.capitalize,
            help="How much work the model puts into an answer; it costs output tokens.",
        )
        _show_reason(plan.wire.decision("effort"), asked=params.effort)
        st.selectbox(
            "Thinking",
            list(THINKING),
            key=variant_state.field("thinking", letter),
            format_func=THINKING.__getitem__,
            help="Thinking tokens are billed as output and count against max_tokens.",
        )
        _show_reason(plan.wire.decision("thinking"), asked=params.thinking)
        st.text_area(
            "Stop sequences",
            key=variant_state.field("stops", letter),
            height=68,
            placeholder="One a line",
            help="The answer ends before the first of them.",
        )
        st.text_area(
            "System prompt of this variant",
            key=variant_state.field("system", letter),
            height=68,
            placeholder="Empty: the shared one",
        )
