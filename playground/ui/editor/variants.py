"""The variants: a row each, and a popover for the other parameters."""

from collections import Counter
from datetime import UTC, datetime
from typing import Literal

import streamlit as st

from playground.core.checks.number_fields import RULES
from playground.core.editor.page_state import LETTERS
from playground.core.request.model_catalogue import Model, find
from playground.core.runs.run_plan import Plan
from playground.ui.editor.parameters import (
    choose_in_front,
    edit_more,
    show_in_brief,
    takes_temperature,
)
from playground.ui.money.money import show_worst_case
from playground.ui.runs import running
from playground.ui.session import editor_state, request_state, state
from playground.ui.widgets import formats
from playground.ui.widgets.fields import number_field
from playground.ui.wire import as_sent, snippets, version_table

NUMBER_WIDTH = 92
MOST, LEAST = "There can be at most six variants.", "At least one variant is needed."
Visibility = Literal["visible", "collapsed"]


def edit_variants(plans: list[Plan]) -> None:
    """Draw a row for each variant, with field names above it if they differ from the row before."""
    offered = running.models(running.connection())
    above: bool | None = None
    with st.container(gap="xsmall", key="variants"):
        for plan in plans:
            is_named = above != (above := takes_temperature(plan))
            with st.container(key=f"variant_{plan.letter}", gap="xsmall"):
                _edit_variant(plan, offered, plans, is_named=is_named)
        st.button(
            "Add variant",
            key=request_state.ADD_VARIANT,
            icon=":material/add:",
            type="tertiary",
            on_click=editor_state.change,
            args=("Add a variant", request_state.add_variant),
            disabled=_is_full(plans),
            help=MOST if _is_full(plans) else None,
        )
    for plan in plans:
        # Beside the popovers, which the buttons that open them close.
        as_sent.show_preview(plan)
        snippets.show_code(plan)
        version_table.show_versions(plan)


def _is_full(plans: list[Plan]) -> bool:
    return len(plans) == len(LETTERS)


def _edit_variant(
    plan: Plan, offered: tuple[Model, ...], plans: list[Plan], *, is_named: bool
) -> None:
    letter = plan.letter
    row = st.container(
        horizontal=True, vertical_alignment="bottom", wrap=False, gap="xsmall",
        key=f"icons_variant_{letter}",
    )  # fmt: skip
    below = st.container(gap="xsmall")
    with row:
        st.badge(letter, color=formats.COLOURS[letter])  # type: ignore[arg-type] # a literal
        named: Visibility = "visible" if is_named else "collapsed"
        _choose_model(letter, offered, named)
        choose_in_front(plan, below, label_visibility=named, width=NUMBER_WIDTH)
        number_field(
            "max_tokens",
            RULES["max_tokens"],
            key=request_state.field("max_tokens", letter),
            help="The most tokens an answer may have, thinking included. "
            f"This model's limit: {plan.model.max_output_tokens:,}.",
            below=below,
            label_visibility=named,
            width=NUMBER_WIDTH,
        )
        _offer_more(plan, plans)
    with below:
        show_in_brief(plan)


def _popover(letter: str) -> str:
    return f"more_{letter}"


def _offer_more(plan: Plan, plans: list[Plan]) -> None:
    """The popover, drawn only while it is open: with six variants it would take most of the time of
    a script run. Its values stay in the session."""
    letter = plan.letter
    key = _popover(letter)
    more = st.popover(
        f"More of variant {letter}", icon=":material/tune:", type="tertiary",
        help=f"Variant {letter}: more settings, as sent, code, duplicate, remove",
        key=key, on_change="rerun",
    )  # fmt: skip
    if not more.open:
        return
    with more:
        with st.container(horizontal=True, gap="small", key=f"tools_{letter}"):
            _act(plan, plans)
            as_sent.offer_preview(plan, key)
            snippets.offer_code(plan, key)
            version_table.offer_versions(plan, key)
        show_worst_case(plan)
        edit_more(plan)


def _act(plan: Plan, plans: list[Plan]) -> None:
    letter = plan.letter
    st.button(
        # Never disabled: it is not redrawn when a run ends. A press too early gets a reason.
        f"Run {letter} alone", key=f"run_{letter}", icon=":material/play_arrow:", type="tertiary",
        on_click=_run_alone, args=(letter,),
    )  # fmt: skip
    st.button(
        "Duplicate", key=f"duplicate_{letter}", icon=":material/content_copy:", type="tertiary",
        on_click=_duplicate, args=(letter,),
        disabled=_is_full(plans), help=MOST if _is_full(plans) else None,
    )  # fmt: skip
    st.button(
        "Remove", key=f"remove_variant_{letter}", icon=":material/close:", type="tertiary",
        on_click=editor_state.change,
        args=("Remove a variant", request_state.remove_variant, letter),
        disabled=len(plans) == 1, help=LEAST if len(plans) == 1 else None,
    )  # fmt: skip


def _duplicate(letter: str) -> None:
    # The next edit is in the new row, which the open popover would cover.
    state.close_popover(_popover(letter))
    editor_state.change("Duplicate a variant", request_state.add_variant, letter)


def _run_alone(letter: str) -> None:
    # It would cover the answer.
    state.close_popover(_popover(letter))
    running.run_alone(letter)
    st.rerun()


def _choose_model(letter: str, offered: tuple[Model, ...], named: Visibility) -> None:
    chosen = st.session_state[request_state.field("model", letter)]
    labels = _labels(offered)
    options = list(labels)
    # A chosen model that is not listed must not vanish from its own control.
    if chosen and chosen not in labels:
        options.insert(0, chosen)
    st.selectbox(
        "model",
        options,
        key=request_state.field("model", letter),
        format_func=lambda model_id: labels.get(model_id) or _label(model_id, model_id),
        # Models of a gateway, and new ones, are in no list.
        accept_new_options=True,
        label_visibility=named,
        placeholder="Choose or type a model id",
    )


def _labels(offered: tuple[Model, ...]) -> dict[str, str]:
    """A unique label for each model id: Streamlit identifies options by their labels."""
    labels = {model.id: _label(model.id, model.name) for model in offered}
    occurrences = Counter(labels.values())
    return {
        model_id: label if occurrences[label] == 1 else f"{label} ({model_id})"
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
