"""What is wrong with a request, in words a person can act on, before anything is sent."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from playground.core.catalogue import Model
from playground.core.pricing import input_tokens_bound
from playground.core.request import MIN_THINKING_BUDGET_TOKENS, Params, Prompt, Request

Severity = Literal["error", "warning"]
RETIREMENT_NOTICE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error keeps the run from starting; a warning does not."""

    severity: Severity
    text: str


def problems(request: Request, model: Model, today: date) -> tuple[Problem, ...]:
    """Everything worth saying about a request, errors first."""
    found = [
        *_prompt_problems(
            request.prompt, model, thinks=request.params.thinking in ("adaptive", "budget")
        ),
        *_param_problems(request.params, model),
        *_model_problems(request, model, today),
    ]
    return tuple(sorted(found, key=lambda problem: problem.severity))


def _prompt_problems(prompt: Prompt, model: Model, *, thinks: bool) -> list[Problem]:
    found = []
    if not prompt.messages:
        found.append(Problem("error", "There is no message. Add one to ask something."))
    for number, message in enumerate(prompt.messages, start=1):
        if not message.text.strip():
            found.append(Problem("error", f"Message {number} is empty. Write it or remove it."))
    if prompt.messages and prompt.messages[0].role == "assistant":
        found.append(Problem("error", "The first message must be from the user."))
    pairs = zip(prompt.messages, prompt.messages[1:], strict=False)
    for number, (left, right) in enumerate(pairs, start=1):
        if left.role == right.role:
            text = f"Messages {number} and {number + 1} are both from the {left.role}."
            found.append(Problem("warning", text + " The API joins them into one turn."))
    if prompt.is_prefilled and not model.takes_prefill:
        text = f"{model.name} takes no prefill: the last message must be from the user."
        found.append(Problem("error", text))
    elif prompt.is_prefilled and thinks and "adaptive" not in model.thinking_types:
        found.append(Problem("error", f"{model.name} takes no prefill while it thinks."))
    elif prompt.is_prefilled and prompt.messages[-1].text != prompt.messages[-1].text.rstrip():
        found.append(Problem("error", "The last message, a prefill, must not end with a space."))
    return found


def _param_problems(params: Params, model: Model) -> list[Problem]:
    found = []
    if not params.model.strip():
        found.append(Problem("error", "No model is chosen."))
    if params.max_tokens < 1:
        found.append(Problem("error", "max_tokens must be at least 1."))
    if params.max_tokens > model.max_output_tokens:
        text = f"max_tokens is {params.max_tokens:,}, but {model.name} answers with at most"
        found.append(Problem("error", f"{text} {model.max_output_tokens:,}."))
    if params.temperature is not None and params.temperature < 0:
        found.append(Problem("error", "Temperature must be 0 or more."))
    if params.temperature is not None and params.temperature > 1 and model.takes_sampling:
        if model.is_known:
            found.append(Problem("error", "Temperature must be from 0 to 1."))
    if params.thinking == "budget" and "enabled" in model.thinking_types:
        budget = params.thinking_budget_tokens or MIN_THINKING_BUDGET_TOKENS
        if budget < MIN_THINKING_BUDGET_TOKENS:
            text = f"The thinking budget must be at least {MIN_THINKING_BUDGET_TOKENS:,} tokens."
            found.append(Problem("error", text))
        if params.max_tokens <= budget:
            text = f"To think, {model.name} needs max_tokens above the budget of {budget:,}."
            found.append(Problem("error", text))
    if any(not stop.strip() for stop in params.stop_sequences):
        found.append(Problem("error", "A stop sequence must not be only white space."))
    return found


def _model_problems(request: Request, model: Model, today: date) -> list[Problem]:
    found = []
    bound = input_tokens_bound(request.prompt)
    # Bytes bound tokens from above only; prose runs at about four bytes a token, so past
    # eight bytes for each token of the window no ordinary text fits.
    if model.is_known and bound > 8 * model.context_tokens:
        text = f"The prompt does not fit into {model.name}'s {model.context_tokens:,} tokens."
        found.append(Problem("error", text))
    if model.retires_on and today >= model.retires_on:
        text = f"{model.name} was retired on {model.retires_on}. Choose another model."
        found.append(Problem("warning", text))
    elif model.retires_on and today + RETIREMENT_NOTICE >= model.retires_on:
        found.append(Problem("warning", f"{model.name} retires on {model.retires_on}."))
    return found
