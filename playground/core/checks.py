"""What is wrong with a request, in words a person can act on, before anything is sent."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from playground.core.catalogue import Model
from playground.core.decisions import THINKING_TYPES, Decision
from playground.core.extra import read_extra
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
        *_prompt_problems(request.prompt),
        *_prefill_problems(request, model),
        *_param_problems(request.params, model),
        *_thinking_problems(request.params, model),
        *_extra_problems(request.params.extra_json),
        *_model_problems(request, model, today),
    ]
    return tuple(sorted(found, key=lambda problem: problem.severity))


def expected_refusals(decisions: tuple[Decision, ...]) -> tuple[Problem, ...]:
    """What is sent although the API will refuse it, because a version was chosen."""
    return tuple(
        Problem("warning", f"{decision.parameter} is sent, but {decision.refusal.answer}.")
        for decision in decisions
        if decision.refusal
    )


def _prompt_problems(prompt: Prompt) -> list[Problem]:
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
    return found


def _prefill_problems(request: Request, model: Model) -> list[Problem]:
    prompt, params = request.prompt, request.params
    if not prompt.is_prefilled:
        return []
    thinks = params.thinking == "budget" and "adaptive" not in model.thinking_types
    if params.api_version == "auto" and not model.takes_prefill:
        text = f"{model.name} takes no prefill: the last message must be from the user."
        return [Problem("error", text)]
    if params.api_version == "auto" and thinks:
        return [Problem("error", f"{model.name} takes no prefill while it thinks.")]
    if prompt.messages[-1].text != prompt.messages[-1].text.rstrip():
        return [Problem("error", "The last message, a prefill, must not end with a space.")]
    return []


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
    if params.top_p is not None and not 0 <= params.top_p <= 1:
        found.append(Problem("error", "top_p must be from 0 to 1."))
    if params.top_k is not None and params.top_k < 0:
        found.append(Problem("error", "top_k must be 0 or more."))
    if params.api_version == "auto" and model.takes_one_of_two and model.takes_sampling:
        if params.temperature is not None and params.top_p is not None:
            text = f"{model.name} takes temperature or top_p, not both: top_p is not sent."
            found.append(Problem("warning", text))
    if any(not stop.strip() for stop in params.stop_sequences):
        found.append(Problem("error", "A stop sequence must not be only white space."))
    return found


def _thinking_problems(params: Params, model: Model) -> list[Problem]:
    found = []
    if params.thinking == "budget" and "enabled" in model.thinking_types:
        budget = params.thinking_budget_tokens or MIN_THINKING_BUDGET_TOKENS
        if budget < MIN_THINKING_BUDGET_TOKENS:
            text = f"The thinking budget must be at least {MIN_THINKING_BUDGET_TOKENS:,} tokens."
            found.append(Problem("error", text))
        if params.max_tokens <= budget:
            text = f"To think, {model.name} needs max_tokens above the budget of {budget:,}."
            found.append(Problem("error", text))
    kind = THINKING_TYPES.get(params.thinking, "disabled")
    thinks = kind != "disabled" and kind in model.thinking_types
    if params.api_version == "auto" and model.takes_sampling and model.is_known and thinks:
        if params.temperature is not None:
            text = f"Temperature is not sent while {model.name} thinks."
            found.append(Problem("warning", text))
    return found


def _extra_problems(text: str) -> list[Problem]:
    extra = read_extra(text)
    if extra.problem:
        return [Problem("error", f"The extra JSON can't be used: {extra.problem}.")]
    if extra.fields.get("stream", True) is not True:
        return [Problem("error", "The extra JSON turns stream off, but answers are streamed here.")]
    return []


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
