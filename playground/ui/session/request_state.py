"""The requests in the session: the prompt and the variants, by the keys of their fields."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

import streamlit as st

from playground.core.checks.number_fields import RULES, Texts, first_text, texts_beside, with_texts
from playground.core.editor.page_state import LETTERS
from playground.core.library.samples import SAMPLES
from playground.core.request.body_shapes import ROLES, Role
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.text.number_text import problem_of

SYSTEM_PROMPT, ADD_MESSAGE = "system_prompt", "add_message"
ADD_VARIANT = "add_variant"
_CONTROLS = {"stop_sequences": "stops", "thinking_budget_tokens": "thinking_budget"}
"""The controls whose names differ from their parameters'."""
MODEL_DEFAULT = "claude-sonnet-4-6"
DEFAULTS = "default"

_BLANK: dict[str, object] = {
    "model": MODEL_DEFAULT,
    "temperature": "",
    "max_tokens": "300",
    "top_p": "",
    "top_k": "",
    "effort": DEFAULTS,
    "thinking": DEFAULTS,
    "thinking_budget": "",
    "thinking_display": DEFAULTS,
    "stops": "",
    "cache": "off",
    "service_tier": DEFAULTS,
    "api_version": "auto",
    "extra_json": "",
    "system": "",
}
"""The controls of a variant, and what a new one holds."""
_NUMBERS = {_CONTROLS.get(parameter, parameter): parameter for parameter in RULES}
"""The controls that are number fields, and their parameters."""
_TEXTS = ("stops", "extra_json", "system", *_NUMBERS)


def message_text(index: int) -> str:
    return f"message_{index}_text"


def message_role(index: int) -> str:
    return f"message_{index}_role"


def message_blocks(index: int) -> str:
    return f"message_{index}_blocks"


def message_result(index: int) -> str:
    return f"message_{index}_result_of"


def field(name: str, letter: str) -> str:
    """The key of a variant's control, such as `temperature_A`."""
    return f"{name}_{letter}"


def initialise() -> None:
    """The first sample, and the two variants of its lesson: low against high temperature."""
    state = st.session_state
    set_prompt(SAMPLES[0].prompt)
    state["variants"] = ["A", "B"]
    for letter, temperature in (("A", "0.2"), ("B", "1")):
        for name, value in {**_BLANK, "temperature": temperature}.items():
            state[field(name, letter)] = value


def prompt() -> Prompt:
    """The prompt that the variants share."""
    state = st.session_state
    messages = tuple(
        _message(_role(state[message_role(i)]), state[message_text(i)] or "", i)
        for i in range(len(message_ids()))
    )
    return Prompt(state[SYSTEM_PROMPT] or "", messages)


def _message(role: Role, text: str, index: int) -> Message:
    # In another role they are neither shown nor sent.
    blocks: str = st.session_state[message_blocks(index)] if role == "assistant" else ""
    result_of: str = st.session_state[message_result(index)] if role == "user" else ""
    return Message(role, text, blocks, result_of)


def _role(value: str | None) -> Role:
    """The browser's value is untrusted, and None if the role was deselected."""
    return next((role for role in ROLES if role == value), "user")


def set_prompt(prompt: Prompt) -> None:
    """Write a prompt into the editor."""
    # A field shows a carriage return as a line break, and gives one back once it is edited.
    state, prompt = st.session_state, prompt.as_typed()
    state[SYSTEM_PROMPT] = prompt.system
    _set_messages([(_new_id(), message) for message in prompt.messages])


def message_ids() -> list[int]:
    """The ids of the messages, in order. A click on the button of one can arrive after the others
    were moved."""
    ids: list[int] = st.session_state["message_ids"]
    return ids


def _new_id() -> int:
    made = int(st.session_state.get("message_ids_made", 0))
    st.session_state["message_ids_made"] = made + 1
    return made


def _messages() -> list[tuple[int, Message]]:
    return list(zip(message_ids(), prompt().messages, strict=True))


def _set_messages(messages: Sequence[tuple[int, Message]]) -> None:
    state = st.session_state
    state["message_ids"] = [message_id for message_id, _ in messages]
    for index, (_, message) in enumerate(messages):
        state[message_text(index)] = message.text
        state[message_role(index)] = message.role
        state[message_blocks(index)] = message.blocks_json
        state[message_result(index)] = message.result_of


def add_message() -> None:
    """Append an empty message of the role whose turn it is."""
    messages = _messages()
    role: Role = "assistant" if messages and messages[-1][1].role == "user" else "user"
    _set_messages([*messages, (_new_id(), Message(role, ""))])


def remove_message(message_id: int) -> None:
    """Remove a message, if it is still there."""
    _set_messages([known for known in _messages() if known[0] != message_id])


def drop_blocks(message_id: int) -> None:
    """Remove the content blocks of a message, if it is still there; its text stays."""
    _set_messages(
        [
            (known, message.without_blocks() if known == message_id else message)
            for known, message in _messages()
        ]
    )


def move_message(message_id: int, by: int) -> None:
    """Move a message down by so many places, or up by a negative number, as far as it goes."""
    messages, ids = _messages(), message_ids()
    if message_id in ids:
        index = ids.index(message_id)
        messages.insert(max(0, index + by), messages.pop(index))
        _set_messages(messages)


def variants() -> list[str]:
    """The letters of the variants, in screen order."""
    return list(st.session_state["variants"])


def set_variants(chosen: Sequence[Params]) -> None:
    """Replace all variants; they have no system prompt of their own."""
    letters = LETTERS[: len(chosen)]
    for letter, params in zip(letters, chosen, strict=False):
        set_variant(letter, params)
    st.session_state["variants"] = list(letters)


def set_variant(letter: str, params: Params, system: str = "", typed: Texts = ()) -> None:
    """Write these parameters into the controls of a letter, and into number fields the text that
    was typed."""
    values = [(parameter.name, getattr(params, parameter.name)) for parameter in fields(params)]
    set_controls({field("system", letter): system})
    set_controls(dict(control_of(name, value, letter) for name, value in values))
    set_controls({field(_CONTROLS.get(name, name), letter): text for name, text in typed})
    # "" is how a request says that no model was chosen, and no control takes it.
    key = field("model", letter)
    st.session_state[key] = st.session_state[key] or None


def show_variant(letter: str) -> None:
    """Add a variant of this letter, unless the page has one."""
    if letter not in variants():
        st.session_state["variants"] = [*variants(), letter]


def add_variant(of: str | None = None) -> None:
    """Clone a variant, the last by default, under the first free letter."""
    state = st.session_state
    free = [letter for letter in LETTERS if letter not in state["variants"]]
    if not free:
        return
    # A click on one variant's button can arrive after another has removed it.
    like = next((known for known in variants() if known == of), variants()[-1])
    for name in _BLANK:
        state[field(name, free[0])] = state[field(name, like)]
    state["variants"] = [*state["variants"], free[0]]


def remove_variant(letter: str) -> None:
    state = st.session_state
    remaining = [other for other in state["variants"] if other != letter]
    # Two quick clicks can both arrive before the page has taken one of the buttons away.
    state["variants"] = remaining or state["variants"]


def prompt_of(letter: str, shared: Prompt) -> Prompt:
    """A variant's prompt: the shared one unless it has a system prompt of its own."""
    own = st.session_state[field("system", letter)] or ""
    # Blanks alone are sent as nothing, and look like nothing.
    return Prompt(own, shared.messages) if own.strip() else shared


def request(letter: str, shared: Prompt) -> Request:
    """A variant's request."""
    chosen = {name: st.session_state[field(name, letter)] for name in _BLANK}
    params = Params(
        model=(chosen["model"] or "").strip(),
        # A number is read from its text alone: `with_texts` puts it in below.
        max_tokens=0,
        effort=None if chosen["effort"] == DEFAULTS else chosen["effort"],
        thinking=chosen["thinking"],
        thinking_display=chosen["thinking_display"],
        stop_sequences=_stops(chosen["stops"] or ""),
        cache=chosen["cache"],
        service_tier=chosen["service_tier"],
        api_version=chosen["api_version"],
        extra_json=chosen["extra_json"] or "",
    )
    params = _parsed_once(letter, with_texts(params, number_texts(letter)))
    return Request(prompt_of(letter, shared), params)


def _parsed_once(letter: str, params: Params) -> Params:
    """The equal object of the previous script run, if there is one: its extra JSON is already
    parsed."""
    known: Params | None = st.session_state.get(field("params", letter))
    if known == params:
        return known
    st.session_state[field("params", letter)] = params
    return params


def number_texts(letter: str) -> Texts:
    """The texts in the number fields of a variant, by the parameters' names."""
    state = st.session_state
    return tuple(
        (parameter, str(state.get(field(name, letter)) or ""))
        for name, parameter in _NUMBERS.items()
    )


def number_problems(letter: str) -> list[str]:
    """Why number fields of a variant can't be used, whatever its model takes."""
    chosen = st.session_state.get(field("thinking", letter))
    return [
        why
        for parameter, text in number_texts(letter)
        # That field is sent with one kind of thinking only.
        if parameter != "thinking_budget_tokens" or chosen == "budget"
        if (why := problem_of(text, RULES[parameter]))
    ]


def typed(letter: str, params: Params) -> Texts:
    """The number fields whose text cannot be recovered from the parameter read from it."""
    return texts_beside(params, number_texts(letter))


def controls(letters: Sequence[str]) -> dict[str, object]:
    """The values of these variants' controls, by their keys."""
    keys = [field(name, letter) for letter in letters for name in _BLANK]
    return {key: st.session_state.get(key) for key in keys}


def values() -> dict[str, object]:
    """The values of all fields, by their keys."""
    numbers = range(len(message_ids()))
    keys = [SYSTEM_PROMPT, *map(message_text, numbers), *map(message_role, numbers)]
    return controls(variants()) | {key: st.session_state.get(key) for key in keys}


def choices() -> dict[str, object]:
    """The values of all controls, by their keys, but for free text."""
    letters = variants()
    roles = {message_role(i): message.role for i, message in enumerate(prompt().messages)}
    texts = {field(name, letter) for letter in letters for name in _TEXTS}
    return roles | {key: value for key, value in controls(letters).items() if key not in texts}


def set_controls(values: Mapping[str, object]) -> None:
    """Write values into controls, by their keys."""
    for key, value in values.items():
        st.session_state[key] = value


def control_of(parameter: str, value: object, letter: str) -> tuple[str, object]:
    """The key of the control for a field of `Params`, and the control's value for it."""
    name = _CONTROLS.get(parameter, parameter)
    if parameter in RULES:
        return field(name, letter), first_text(parameter, value)
    if isinstance(value, tuple):
        value = "\n".join(value)
    return field(name, letter), _BLANK[name] if value is None else value


def _stops(text: str) -> tuple[str, ...]:
    # Spaces stay, for they are part of a stop sequence.
    return tuple(line for line in text.split("\n") if line)
