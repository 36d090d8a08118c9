"""The lines that say what becomes of a variant's parameters."""

import streamlit as st

from playground.core.checks.number_fields import RULES
from playground.core.request.request import Params
from playground.core.runs.run_plan import Plan
from playground.core.wire.wire import SAMPLING
from playground.ui.widgets.markdown import plain

IGNORED = ":orange[:material/block:] "
IN_FRONT = ("model", "max_tokens", "stream", "anthropic-version", "prefill", "extra_json")
LONGEST_NAME = 40
_UNSET = Params("", 0)


def takes_temperature(plan: Plan) -> bool:
    """Whether temperature stands in front; otherwise effort does."""
    return plan.wire.decision("temperature").state != "unavailable" or not plan.model.efforts


def show_reason(plan: Plan, *parameters: str) -> None:
    """Say what becomes of parameters, where they are set or can't be."""
    for parameter in parameters:
        if is_unreadable(plan, parameter) or plan.wire.decision(parameter).state != "default":
            st.caption(_reason(plan, parameter))


def show_temperature(plan: Plan) -> None:
    """What becomes of the temperature, whatever it is."""
    st.caption(_reason(plan, "temperature"))


def show_sampling_reasons(plan: Plan) -> None:
    """What becomes of top_p and top_k, in one line where it is the same of both."""
    lines = {name: plan.wire.decision(name) for name in SAMPLING[1:]}
    whys = {name: line.why.removeprefix(name) for name, line in lines.items()}
    is_plain = not any(is_set(plan, name) or is_unreadable(plan, name) for name in lines)
    if len(set(whys.values())) == 1 and is_plain:
        why = next(iter(whys.values())).replace(" is not sent", " are not sent")
        if next(iter(lines.values())).state != "default":
            st.caption(plain(" and ".join(lines) + why))
        return
    show_reason(plan, *lines)


def show_in_brief(plan: Plan) -> None:
    """The lines beneath a row: what of it is not sent as it stands, and what its popover adds."""
    value = plan.request.params.temperature
    temperature = plan.wire.decision("temperature")
    if is_unreadable(plan, "temperature") or (
        value is not None and (temperature.state != "sent" or temperature.refusal)
    ):
        is_held_back = value is not None and temperature.state == "unavailable"
        st.caption(_reason(plan, "temperature", f"{value:g} is kept. " if is_held_back else ""))
    if not takes_temperature(plan) and plan.wire.decision("effort").refusal:
        show_reason(plan, "effort")
    if plan.request.prompt.is_prefilled:
        st.caption(_reason(plan, "prefill", "Prefill · "))
    front = "temperature" if takes_temperature(plan) else "effort"
    more = [line for line in plan.wire.decisions if line.parameter not in (*IN_FRONT, front)]
    sent = [
        line.parameter
        for line in more
        if line.state == "sent" and not is_unreadable(plan, line.parameter)
    ]
    ignored = [
        line.parameter
        for line in more
        if line.state == "unavailable"
        and line.parameter != "temperature"
        and is_set(plan, line.parameter)
    ]
    if sent:
        st.caption(plain(f"Also sent: {', '.join(name[:LONGEST_NAME] for name in sent)}."))
    if ignored:
        st.caption(IGNORED + plain(f"Set but not sent: {', '.join(ignored)}."))


def is_unreadable(plan: Plan, parameter: str) -> bool:
    """Whether its field holds what can't be sent, and the request so lacks it."""
    return parameter in dict(plan.unreadable)


def is_set(plan: Plan, parameter: str) -> bool:
    """Whether a person asked for something else than the default."""
    if parameter == "prefill":
        return plan.request.prompt.is_prefilled
    params = plan.request.params
    return bool(getattr(params, parameter, None) != getattr(_UNSET, parameter, None))


def _reason(plan: Plan, parameter: str, prefix: str = "") -> str:
    """The line; marked where a value that was entered is not sent or will be refused."""
    if is_unreadable(plan, parameter):
        # The wire knows only that there is no value; the field itself says what is wrong.
        return IGNORED + plain(f"{RULES[parameter].name} has to be corrected: nothing is sent.")
    line = plan.wire.decision(parameter)
    is_ignored = is_set(plan, parameter) and (line.state == "unavailable" or line.refusal)
    return (IGNORED if is_ignored else "") + plain(prefix + line.why)
