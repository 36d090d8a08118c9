"""The controls of a variant's parameters, each with a line on whether it is sent, and why."""

from collections.abc import Mapping
from typing import Literal, TypedDict, Unpack

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.core.checks.number_fields import RULES
from playground.core.checks.request_checks import is_applicable
from playground.core.request.request import CURRENT_VERSION, EFFORTS, SAMPLING_VERSION, Params
from playground.core.runs.run_plan import Plan
from playground.core.text.number_text import value_text
from playground.core.wire.wire import SAMPLING
from playground.ui.session.request_state import DEFAULTS, field
from playground.ui.widgets.fields import number_field, text_area
from playground.ui.widgets.markdown import plain

THINKING = {
    DEFAULTS: "Default",
    "adaptive": "Adaptive",
    "budget": "With a budget",
    "between_tools": "Only between tools",
    "off": "Off",
}
DISPLAY = {DEFAULTS: "Default", "summarized": "Summary shown", "omitted": "Hidden"}
EFFORT_HELP = "How much the model thinks and writes. More costs more output tokens and time."
CACHE = {"off": "Off", "5m": "5 minutes", "1h": "1 hour"}
TIERS = {DEFAULTS: "Default", "auto": "Auto", "standard_only": "Standard only"}
VERSIONS = {
    "auto": "Automatic",
    SAMPLING_VERSION: SAMPLING_VERSION,
    CURRENT_VERSION: CURRENT_VERSION,
}
IGNORED = ":orange[:material/block:] "
IN_FRONT = ("model", "max_tokens", "stream", "anthropic-version", "prefill", "extra_json")
LONGEST_NAME = 40
_UNSET = Params("", 0)


class Shape(TypedDict, total=False):
    """How Streamlit draws a field."""

    label_visibility: Literal["visible", "hidden", "collapsed"]
    width: int | Literal["stretch"]


def choose_in_front(plan: Plan, below: DeltaGenerator, **shape: Unpack[Shape]) -> None:
    """Temperature, or effort for a model that takes none. Its problem is shown `below`."""
    if takes_temperature(plan):
        _choose_temperature(plan, below, **shape)
    else:
        _choose_effort(plan, **shape)


def edit_more(plan: Plan) -> None:
    """Every other parameter."""
    st.caption(_reason(plan, "temperature"))
    _edit_sampling(plan)
    _edit_thinking(plan)
    _edit_ends(plan)
    _edit_service(plan)
    _edit_version(plan)


def _edit_sampling(plan: Plan) -> None:
    if not takes_temperature(plan):
        # The value is kept for the next model that takes one, so it stays in sight.
        _choose_temperature(plan)
    left, right = st.columns(2)
    with left:
        what = "Sample only from the likeliest tokens whose probabilities add up to this."
        _enter_number("top_p", "top_p", plan, help=what)
    with right:
        what = "Sample only from this many of the likeliest tokens."
        _enter_number("top_k", "top_k", plan, help=what)
    _show_sampling_reasons(plan)


def _edit_thinking(plan: Plan) -> None:
    left, right = st.columns(2)
    with left:
        _choose(
            "Thinking",
            "thinking",
            THINKING,
            plan,
            help="Billed as output; counts toward max_tokens.",
        )
        _choose(
            "Display",
            "thinking_display",
            DISPLAY,
            plan,
            help="Whether a summary of the thinking is shown.",
        )
    with right:
        what = "Thinking tokens: at least 1,024 and below max_tokens."
        _enter_number("Budget", "thinking_budget_tokens", plan, help=what, placeholder="tokens")
        if takes_temperature(plan):
            _choose_effort(plan)
    _show_reason(plan, "thinking", "thinking_budget_tokens", "thinking_display")
    if takes_temperature(plan):
        _show_reason(plan, "effort")


def _edit_ends(plan: Plan) -> None:
    what = "The answer ends before the first of these texts."
    _write("Stop sequences", "stops", plan, placeholder="One per line", help=what)
    _write("System prompt of this variant", "system", plan, placeholder="Empty: the shared one")


def _edit_service(plan: Plan) -> None:
    left, right = st.columns(2)
    with left:
        _choose(
            "Caching", "cache", CACHE, plan, help="Caches the prompt, so that repeats cost less."
        )
    with right:
        _choose(
            "Service tier",
            "service_tier",
            TIERS,
            plan,
            help="Whether priority capacity may be used.",
        )
    _show_reason(plan, "cache", "service_tier")


def _edit_version(plan: Plan) -> None:
    _choose(
        "API version",
        "api_version",
        VERSIONS,
        plan,
        help="With a fixed version, everything you set is sent, even if the API rejects it.",
    )
    _show_reason(plan, "anthropic-version")
    what = "More fields for the request body, such as tools. They replace fields set above."
    example = '{"tools": [{"name": "weather", "input_schema": {"type": "object"}}]}'
    _write("Extra JSON", "extra_json", plan, placeholder=example, help=what)
    _show_reason(plan, "extra_json")


def _choose_temperature(
    plan: Plan, below: DeltaGenerator | None = None, **shape: Unpack[Shape]
) -> None:
    what = "0 to 0.3 for facts and structure, 0.7 to 1 for variety. Empty: not sent."
    _enter_number("temperature", "temperature", plan, help=what, below=below, **shape)


def _choose_effort(plan: Plan, **shape: Unpack[Shape]) -> None:
    levels = {level: level.capitalize() for level in (DEFAULTS, *EFFORTS)}
    _choose("effort", "effort", levels, plan, help=EFFORT_HELP, **shape)


# `persist_state`: a popover's fields are drawn only while it is open, and Streamlit forgets the
# value of a widget that is not drawn.
def _choose(
    label: str, name: str, options: Mapping[str, str], plan: Plan, *, help: str,
    **shape: Unpack[Shape],
) -> None:  # fmt: skip
    st.selectbox(
        label,
        list(options),
        key=field(name, plan.letter),
        persist_state="session",
        format_func=options.__getitem__,
        help=help,
        **shape,
    )


def _enter_number(
    label: str, parameter: str, plan: Plan, *, help: str, placeholder: str = "default",
    below: DeltaGenerator | None = None, **shape: Unpack[Shape],
) -> None:  # fmt: skip
    number_field(
        label,
        RULES[parameter],
        key=field(parameter.removesuffix("_tokens"), plan.letter),
        persist_state="session",
        placeholder=placeholder,
        disabled=_is_disabled(plan, parameter),
        help=help,
        below=below,
        **shape,
    )


def _write(label: str, name: str, plan: Plan, *, placeholder: str, help: str | None = None) -> None:
    text_area(
        label,
        key=field(name, plan.letter),
        persist_state="session",
        height=68,
        placeholder=placeholder,
        help=help,
    )


def _is_disabled(plan: Plan, parameter: str) -> bool:
    return not is_applicable(parameter, plan.request.params, plan.wire, plan.model)


def takes_temperature(plan: Plan) -> bool:
    """Whether the row has the temperature; otherwise it has the effort."""
    return plan.wire.decision("temperature").state != "unavailable" or not plan.model.efforts


def _show_reason(plan: Plan, *parameters: str) -> None:
    """Show whether parameters are sent, where they are set or unavailable."""
    for parameter in parameters:
        if _is_unreadable(plan, parameter) or plan.wire.decision(parameter).state != "default":
            st.caption(_reason(plan, parameter))


def _show_sampling_reasons(plan: Plan) -> None:
    """Show whether top_p and top_k are sent, in one line if it is the same for both."""
    lines = {name: plan.wire.decision(name) for name in SAMPLING[1:]}
    whys = {name: line.why.removeprefix(name) for name, line in lines.items()}
    is_plain = not any(_is_set(plan, name) or _is_unreadable(plan, name) for name in lines)
    if len(set(whys.values())) == 1 and is_plain:
        why = next(iter(whys.values())).replace(" is not sent", " are not sent")
        if next(iter(lines.values())).state != "default":
            st.caption(plain(" and ".join(lines) + why))
        return
    _show_reason(plan, *lines)


def show_in_brief(plan: Plan) -> None:
    """The lines beneath a row: values not sent as shown, and the settings of its popover."""
    value = plan.request.params.temperature
    temperature = plan.wire.decision("temperature")
    # One that can't be read has no value: its field says what is wrong.
    if value is not None and (temperature.state != "sent" or temperature.refusal):
        is_held_back = temperature.state == "unavailable"
        kept = f"{value_text(value)} is kept for other models." if is_held_back else ""
        # `plain` drops a blank in front.
        st.caption(f"{_reason(plan, 'temperature')} {plain(kept)}".rstrip())
    if not takes_temperature(plan) and plan.wire.decision("effort").refusal:
        _show_reason(plan, "effort")
    if plan.request.prompt.is_prefilled:
        st.caption(_reason(plan, "prefill", "Prefill · "))
    front = "temperature" if takes_temperature(plan) else "effort"
    more = [line for line in plan.wire.decisions if line.parameter not in (*IN_FRONT, front)]
    sent = [
        line.parameter
        for line in more
        if line.state == "sent" and not _is_unreadable(plan, line.parameter)
    ]
    ignored = [
        line.parameter
        for line in more
        if line.state == "unavailable"
        and line.parameter != "temperature"
        and _is_set(plan, line.parameter)
    ]
    if sent:
        st.caption(plain(f"Also sent: {', '.join(name[:LONGEST_NAME] for name in sent)}."))
    if ignored:
        st.caption(IGNORED + plain(f"Set but not sent: {', '.join(ignored)}."))


def _is_unreadable(plan: Plan, parameter: str) -> bool:
    """Whether its field cannot be read, so that the request lacks it."""
    return parameter in dict(plan.unreadable)


def _is_set(plan: Plan, parameter: str) -> bool:
    """Whether it was set to something else than the default."""
    if parameter == "prefill":
        return plan.request.prompt.is_prefilled
    params = plan.request.params
    return bool(getattr(params, parameter, None) != getattr(_UNSET, parameter, None))


def _reason(plan: Plan, parameter: str, prefix: str = "") -> str:
    """The line; marked if an entered value is not sent or will be refused."""
    if _is_unreadable(plan, parameter):
        # The wire knows only that there is no value; the field itself says what is wrong.
        return IGNORED + plain(
            f"{RULES[parameter].name} must be corrected before anything is sent."
        )
    line = plan.wire.decision(parameter)
    is_ignored = _is_set(plan, parameter) and (line.state == "unavailable" or line.refusal)
    return (IGNORED if is_ignored else "") + plain(prefix + line.why)
