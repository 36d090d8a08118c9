"""What is worth saying about a request before it is sent, and the one-click fixes of it."""

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from playground.core.request.model_catalogue import CATALOGUE, Model
from playground.core.request.request import EFFORTS, Message, Prompt
from playground.core.request.tool_results import calls_in, unpaired
from playground.core.text.key_shapes import masked

Severity = Literal["error", "warning", "info"]
# Problems are sorted by this order: what keeps a run from starting comes first.
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


Edit = Literal[
    "drop_empty", "join", "begin_with_user", "trim_prefill", "drop_prefill", "mask",
    "place_results", "plain_results",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that fixes a problem: an edit of the prompt, or values for `Params`.

    `slug` names it among all others.
    """

    slug: str
    label: str
    edit: Edit | None = None
    params: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """An error keeps the run from starting; a warning or an info does not. `is_mistake`: somebody
    has done something wrong, and not just left something to be done."""

    severity: Severity
    text: str
    fix: Fix | None = None
    is_mistake: bool = True


def params_fix(slug: str, label: str, **values: object) -> Fix:
    """A fix that sets parameters."""
    return Fix(slug, label, params=tuple(values.items()))


def apply_edit(edit: Edit | None, prompt: Prompt) -> Prompt:
    """The prompt after an edit; unchanged if there is nothing left to fix."""
    match edit:
        case None:
            return prompt
        case "drop_empty":
            # Where all are empty they stay: something must be left to write into.
            written = tuple(message for message in prompt.messages if not message.is_empty)
            return replace(prompt, messages=written or prompt.messages)
        case "join":
            return replace(prompt, messages=_joined(prompt.messages))
        case "begin_with_user":
            # Only the assistant's turns hold an answer's blocks: of those the texts are kept.
            texts = (message.without_blocks() for message in prompt.messages[:1])
            first = tuple(replace(message, role="user") for message in texts)
            return replace(prompt, messages=first + prompt.messages[1:])
        case "trim_prefill":
            return replace(prompt, messages=_trimmed(prompt.messages))
        case "drop_prefill":
            return replace(prompt, messages=without_prefill(prompt.messages))
        case "place_results":
            return replace(prompt, messages=_with_results(prompt.messages))
        case "plain_results":
            lost = {lack.message for lack in unpaired(prompt.contents) if lack.block is not None}
            plain = (
                replace(message, result_of="") if index in lost else message
                for index, message in enumerate(prompt.messages)
            )
            return replace(prompt, messages=tuple(plain))
        case "mask":
            messages = tuple(map(without_key, prompt.messages))
            return Prompt(masked(prompt.system), messages)


def without_key(message: Message) -> Message:
    """The message with what has the shape of a key masked."""
    text, blocks_json = masked(message.text), masked(message.blocks_json)
    return replace(message, text=text, blocks_json=blocks_json)


def _trimmed(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return (*messages[:-1], *(replace(last, text=last.text.rstrip()) for last in messages[-1:]))


def without_prefill(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The conversation up to the user's last turn."""
    while messages and messages[-1].role == "assistant":
        messages = messages[:-1]
    return messages


def can_join(before: Message, message: Message) -> bool:
    """Whether two messages of a role could be one. A result stays by itself."""
    return before.role == message.role and not (before.result_of or message.result_of)


def _joined(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    turns: list[Message] = []
    for message in messages:
        if turns and can_join(turns[-1], message):
            turns[-1] = turns[-1].joined(message, "\n\n")
        else:
            turns.append(message)
    return tuple(turns)


def _with_results(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Behind each message one result for each of its calls: the next one, one that stood before
    it, or an empty one."""
    left = {index for index, message in enumerate(messages) if message.result_of}
    behind: dict[int, list[Message]] = {}
    for index, message in enumerate(messages):
        for call in calls_in(message.content):
            own = [(at < index, at) for at in left if messages[at].result_of == call]
            nearest = [min(own)[1]] if own else []
            left -= {*nearest}
            empty = Message("user", "", result_of=call)
            behind.setdefault(index, []).append(messages[nearest[0]] if nearest else empty)
    placed: list[Message] = []
    for index, message in enumerate(messages):
        placed += [message] if index in left or not message.result_of else []
        placed += behind.get(index, [])
    return tuple(placed)


def successor(model: Model) -> Model | None:
    """The newest model of the same line that stays, if it is newer."""
    later = [
        other
        for other in CATALOGUE
        if other.line == model.line
        and other.lifecycle == "active"
        and other.retires_on is None
        and other.released > model.released
    ]
    return max(later, key=lambda other: other.released, default=None)


def model_fix(slug: str, model: Model | None) -> Fix | None:
    """A fix that chooses another model."""
    return params_fix(slug, f"Switch to {model.name}", model=model.id) if model else None


def nearest_effort(level: str, model: Model) -> Fix:
    """The model's highest effort that is not above this one, or its default."""
    most = EFFORTS.index(level) if level in EFFORTS else 0
    below = [effort for effort in model.efforts if EFFORTS.index(effort) <= most]
    if not below:
        return params_fix("effort", "Use the default effort", effort=None)
    return params_fix("effort", f"Use effort {below[-1]}", effort=below[-1])
