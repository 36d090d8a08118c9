"""What is wrong with a prompt, whatever the parameters are, or with its prefill."""

from collections.abc import Sequence
from itertools import groupby

from playground.core.checks.problems import (
    Fix,
    Problem,
    Severity,
    setting,
    successor,
    switch,
    without_prefill,
)
from playground.core.money.bill_bound import input_tokens_bound
from playground.core.request.model_catalogue import Model
from playground.core.request.request import Prompt, Request
from playground.core.text.key_shapes import holds_key

MOST_PROMPT_BYTES = 8_000_000
"""A window of a million tokens holds about half of that in prose."""
PROSE_BYTES_PER_TOKEN = 4
LEAST_TOKENS_PER_BYTE = 8
"""Bytes bound tokens from above only: past eight for each token no ordinary text fits."""

DROP_PREFILL = Fix("drop_prefill", "Remove it", "drop_prefill")


def prompt_problems(prompt: Prompt) -> list[Problem]:
    """Everything about the texts and the order of the messages."""
    problems = [*_empty(prompt), *_order(prompt), *_keys(prompt)]
    size = input_tokens_bound(prompt)
    if size > MOST_PROMPT_BYTES:
        text = f"The prompt has {size / 1e6:,.1f} MB. At most {MOST_PROMPT_BYTES / 1e6:g} MB are"
        problems.append(Problem("error", f"{text} sent: no model reads more, and the page stalls."))
    return problems


def _empty(prompt: Prompt) -> list[Problem]:
    if not prompt.messages:
        return [Problem("error", "There is no message. Add one to ask something.")]
    empty = [n for n, message in enumerate(prompt.messages, 1) if message.is_empty]
    if not empty:
        return []
    is_all = len(empty) == len(prompt.messages)
    fix = None if is_all else Fix("drop_empty", f"Remove {_it(empty)}", "drop_empty")
    text = f"{_numbered(empty)} empty. Write {_it(empty)} or remove {_it(empty)}."
    return [Problem("error", text, fix)]


def _order(prompt: Prompt) -> list[Problem]:
    problems = []
    roles = [message.role for message in prompt.messages]
    if roles[:1] == ["assistant"]:
        fix = Fix("begin_with_user", "Make it the user's", "begin_with_user")
        text = "The first message is the assistant's. The API takes that; most begin with the user."
        problems.append(Problem("info", text, fix))
    repeated = [
        number
        for number in range(2, len(roles) + 1)
        if roles[number - 2] == roles[number - 1] != "system"
    ]
    fix = Fix("join", "Join them", "join")
    if len(repeated) == 1:
        number = repeated[0]
        text = f"Messages {number - 1} and {number} are both from the {roles[number - 1]}."
        problems.append(Problem("warning", f"{text} The API joins them into one turn.", fix))
    elif repeated:
        verb = "repeat the role before them. The API joins such turns."
        problems.append(Problem("warning", f"Messages {_listed(repeated)} {verb}", fix))
    return problems


def system_problems(request: Request, model: Model) -> list[Problem]:
    """What the API objects to in messages of the role system. They stand after the user's turn,
    and before the assistant's or last (mid-conversation system messages page)."""
    roles = [message.role for message in request.prompt.messages]
    if "system" not in roles or not model.is_known:
        return []
    gravity: Severity = "error" if request.params.api_version == "auto" else "warning"
    if roles[0] == "system":
        fix = Fix("begin_with_user", "Make it the user's", "begin_with_user")
        text = "The API refuses a first message from the system: write it into the system prompt."
        return [Problem(gravity, text, fix)]
    if not model.takes_system_turns:
        text = f"{model.name} takes no system messages within the conversation: the API refuses"
        return [Problem(gravity, f"{text} them. Write them into the system prompt.")]
    runs = [(role, len(list(same))) for role, same in groupby(roles)]
    number = 0
    for index, (role, count) in enumerate(runs):
        # After the last run comes that run again here: one of the system, so no turn of the user's.
        before, after = runs[index - 1][0], runs[min(index + 1, len(runs) - 1)][0]
        if role == "system" and (before != "user" or after == "user"):
            text = f"Message {number + 1}, from the system, must follow the user's and stand before"
            return [Problem(gravity, f"{text} the assistant's, or last. The API refuses it.")]
        number += count
    return []


def _keys(prompt: Prompt) -> list[Problem]:
    places = ["The system prompt"] if holds_key(prompt.system) else []
    numbers = [n for n, message in enumerate(prompt.messages, 1) if holds_key(message.whole)]
    places += [f"Message {number}" for number in numbers]
    if not places:
        return []
    where = f"{places[0]} and {len(places) - 1} more" if len(places) > 1 else places[0]
    verb = "seem" if len(places) > 1 else "seems"
    text = f"{where} {verb} to hold an API key, which would be sent and logged."
    return [Problem("warning", text, Fix("mask", "Mask it", "mask"))]


def prefill_problems(request: Request, model: Model) -> list[Problem]:
    """What keeps the last message, one from the assistant, from being sent."""
    prompt, params = request.prompt, request.params
    # An empty one is not written yet, and named as such.
    if not prompt.is_prefilled or not prompt.messages[-1].text.strip():
        return []
    # Only where something is left to send.
    drop_fix = DROP_PREFILL if without_prefill(prompt.messages) else None
    thinks = params.thinking == "budget" and "adaptive" not in model.thinking_types
    if params.api_version == "auto" and not model.takes_prefill:
        text = f"{model.name} takes no prefill: the last message must be from the user."
        return [Problem("error", text, drop_fix)]
    if params.api_version == "auto" and thinks:
        fix = setting("stop_thinking", "Turn thinking off", thinking="off")
        return [Problem("error", f"{model.name} takes no prefill while it thinks.", fix)]
    last = prompt.messages[-1].text
    if last != last.rstrip():
        fix = Fix("trim_prefill", "Trim it", "trim_prefill")
        text = "The last message, a prefill, must not end with a space."
        return [Problem("error" if params.api_version == "auto" else "warning", text, fix)]
    return []


def window_problems(prompt: Prompt, model: Model) -> list[Problem]:
    """A prompt that surely, or probably, does not fit into the model's context window."""
    size, window = input_tokens_bound(prompt), model.context_tokens
    if not model.is_known or size <= PROSE_BYTES_PER_TOKEN * window:
        return []
    larger_model = successor(model)
    fits = larger_model is not None and size <= PROSE_BYTES_PER_TOKEN * larger_model.context_tokens
    fix = switch("larger_model", larger_model) if fits else None
    if size > LEAST_TOKENS_PER_BYTE * window:
        text = f"The prompt does not fit into {model.name}'s {window:,} tokens."
        return [Problem("error", text, fix)]
    text = f"The prompt may not fit into {model.name}'s {window:,} tokens."
    return [Problem("warning", text, fix)]


def _numbered(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"Message {numbers[0]} is"
    return f"Messages {_listed(numbers)} are"


def _listed(numbers: Sequence[int]) -> str:
    *others, last = map(str, numbers)
    return f"{', '.join(others)} and {last}"


def _it(numbers: Sequence[int]) -> str:
    return "it" if len(numbers) == 1 else "them"
