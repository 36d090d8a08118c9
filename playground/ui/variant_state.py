"""The variants in the session: their keys, their defaults, and the requests they make."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import streamlit as st

from playground.core.request import Params, Prompt, Request

ADD_VARIANT = "add_variant"
LETTERS = "ABCDEF"
_CONTROLS = {"stop_sequences": "stops", "thinking_budget_tokens": "thinking_budget"}
"""The controls that have another name than their parameter."""
COLOURS = {
    "A": "blue", "B": "orange", "C": "green", "D": "violet", "E": "red", "F": "yellow",
}  # fmt: skip
MODEL_DEFAULT = "claude-sonnet-4-6"
DEFAULTS = "default"

_BLANK: dict[str, Any] = {
    "model": MODEL_DEFAULT,
    "temperature": None,
    "max_tokens": 300,
    "top_p": None,
    "top_k": None,
    "effort": DEFAULTS,
    "thinking": DEFAULTS,
    "thinking_budget": None,
    "thinking_display": DEFAULTS,
    "stops": "",
    "cache": "off",
    "service_tier": DEFAULTS,
    "api_version": "auto",
    "extra_json": "",
    "system": "",
}
"""The controls of a variant, and what a new one holds."""
_TEXTS = ("stops", "extra_json", "system")


def field(name: str, letter: str) -> str:
    """The key of a variant's control, such as `temperature_A`."""
    return f"{name}_{letter}"


def initialise() -> None:
    """The two variants of the lesson: low against high temperature."""
    state = st.session_state
    state["variants"] = ["A", "B"]
    for letter, temperature in (("A", 0.2), ("B", 1.0)):
        for name, value in {**_BLANK, "temperature": temperature}.items():
            state[field(name, letter)] = value


def variants() -> list[str]:
    """The letters of the variants, in screen order."""
    return list(st.session_state["variants"])


def set_variants(chosen: Sequence[Params]) -> None:
    """Replace all variants; they have no system prompt of their own."""
    letters = LETTERS[: len(chosen)]
    for letter, params in zip(letters, chosen, strict=False):
        set_variant(letter, params)
    st.session_state["variants"] = list(letters)


def set_variant(letter: str, params: Params, system: str = "") -> None:
    """Put these parameters into the controls of a letter."""
    found = [(each.name, getattr(params, each.name)) for each in fields(params)]
    set_controls({field("system", letter): system})
    set_controls(dict(control_of(name, value, letter) for name, value in found))
    for name in ("model", "max_tokens", "thinking_budget"):
        # 0 or "" is how a request says that nothing was entered, and no control takes it.
        key = field(name, letter)
        st.session_state[key] = st.session_state[key] or None


def add_variant() -> None:
    """Clone the last variant under the first free letter."""
    state = st.session_state
    free = [letter for letter in LETTERS if letter not in state["variants"]]
    if not free:
        return
    last = state["variants"][-1]
    for name in _BLANK:
        state[field(name, free[0])] = state[field(name, last)]
    state["variants"] = [*state["variants"], free[0]]


def remove_variant(letter: str) -> None:
    state = st.session_state
    left = [other for other in state["variants"] if other != letter]
    # Two quick clicks can both arrive before the page has taken one of the buttons away.
    state["variants"] = left or state["variants"]


def request(letter: str, shared: Prompt) -> Request:
    """What a variant asks for: the shared prompt unless it has a system prompt of its own."""
    chosen = {name: st.session_state[field(name, letter)] for name in _BLANK}
    params = Params(
        model=(chosen["model"] or "").strip(),
        max_tokens=int(chosen["max_tokens"] or 0),
        temperature=_number(chosen["temperature"]),
        top_p=_number(chosen["top_p"]),
        top_k=_whole(chosen["top_k"]),
        effort=None if chosen["effort"] == DEFAULTS else chosen["effort"],
        thinking=chosen["thinking"],
        thinking_budget_tokens=_whole(chosen["thinking_budget"]),
        thinking_display=chosen["thinking_display"],
        stop_sequences=_stops(chosen["stops"] or ""),
        cache=chosen["cache"],
        service_tier=chosen["service_tier"],
        api_version=chosen["api_version"],
        extra_json=chosen["extra_json"] or "",
    )
    prompt = Prompt(chosen["system"] or shared.system, shared.messages)
    return Request(prompt, _kept(letter, params))


def _kept(letter: str, params: Params) -> Params:
    """The same value as in the script run before, while nothing is changed: it has its extra
    JSON parsed already."""
    known: Params | None = st.session_state.get(field("params", letter))
    if known == params:
        return known
    st.session_state[field("params", letter)] = params
    return params


def controls(letters: Sequence[str]) -> dict[str, Any]:
    """What the controls of these variants hold, by their keys."""
    keys = [field(name, letter) for letter in letters for name in _BLANK]
    return {key: st.session_state.get(key) for key in keys}


def choices(letters: Sequence[str]) -> dict[str, Any]:
    """The same without what is free text."""
    texts = {field(name, letter) for letter in letters for name in _TEXTS}
    return {key: value for key, value in controls(letters).items() if key not in texts}


def set_controls(values: Mapping[str, Any]) -> None:
    """Put values into controls, by their keys."""
    for key, value in values.items():
        st.session_state[key] = value


def control_of(parameter: str, value: Any, letter: str) -> tuple[str, Any]:  # noqa: ANN401 (any field's)
    """The key of the control that makes a field of `Params`, and what it then holds."""
    name = _CONTROLS.get(parameter, parameter)
    if isinstance(value, tuple):
        value = "\n".join(value)
    return field(name, letter), _BLANK[name] if value is None else value


def _number(value: float | None) -> float | None:
    # Steps of 0.05 add up to 0.15000000000000002, which would be sent like that.
    return None if value is None else round(float(value), 4)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _stops(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.split("\n") if line)
