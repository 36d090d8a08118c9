"""What is wrong with the parameters: out of range, or in each other's way."""

import json

from playground.core.checks.problems import Fix, Problem, Severity, nearest_effort, setting
from playground.core.checks.prompt_checks import DROP_PREFILL
from playground.core.request.extra_json import read_extra
from playground.core.request.model_catalogue import Model
from playground.core.request.request import MIN_THINKING_BUDGET_TOKENS, Params, Request
from playground.core.text.key_shapes import holds_key
from playground.core.wire.decisions import THINKING_TYPES, Decision
from playground.core.wire.refusals import SAMPLING

ORDINARY_MAX_TOKENS = 1_000


def param_problems(params: Params, model: Model) -> list[Problem]:
    """Everything about values that stand alone, and about pairs that exclude each other."""
    return [
        *_model_and_max_tokens(params, model),
        *_ranges(params, model),
        *_pairs(params, model),
        *_effort(params, model),
        *_budget(params, model),
        *_stops(params),
        *_keys(params),
    ]


def _keys(params: Params) -> list[Problem]:
    written = {"The extra JSON": [params.extra_json, *_texts(params.extra_json)]}
    written["A stop sequence"] = list(params.stop_sequences)
    places = [where for where, texts in written.items() if any(map(holds_key, texts))]
    warning = "seems to hold an API key, which would be sent and logged."
    return [Problem("warning", f"{where} {warning}") for where in places]


def _texts(extra_json: str) -> list[str]:
    """The texts of the extra JSON as they are sent: an escape can hide a key in it."""
    # Parsed only where there is an escape: checks run at each draw of the page.
    fields = read_extra(extra_json).fields if "\\" in extra_json else {}
    return [json.dumps(fields, ensure_ascii=False)] if fields else []


def expected_refusals(
    request: Request, model: Model, decisions: tuple[Decision, ...]
) -> tuple[Problem, ...]:
    """What is sent although the API will refuse it, because a version was chosen."""
    return tuple(
        Problem(
            "warning",
            f"{decision.parameter} is sent, but {decision.refusal.answer}",
            _instead_of(decision.parameter, request, model),
        )
        for decision in decisions
        if decision.refusal
    )


def _instead_of(parameter: str, request: Request, model: Model) -> Fix | None:
    if parameter in SAMPLING:
        return _clear(parameter)
    if parameter == "effort":
        return nearest_effort(request.params.effort or "", model)
    if parameter == "thinking":
        return setting("thinking", "Use the default thinking", thinking="default")
    is_whole = all(message.role == "assistant" for message in request.prompt.messages)
    return DROP_PREFILL if parameter == "prefill" and not is_whole else None


def _clear(parameter: str) -> Fix:
    return setting(f"clear_{parameter}", f"Clear {parameter}", **{parameter: None})


def _gravity(params: Params) -> Severity:
    """With a version chosen what the API will refuse may be tried all the same."""
    return "error" if params.api_version == "auto" else "warning"


def _model_and_max_tokens(params: Params, model: Model) -> list[Problem]:
    problems = []
    if not params.model.strip():
        problems.append(Problem("error", "No model is chosen."))
    most = model.max_output_tokens
    # Any block may ask for the cache, however deep it stands: the text itself is searched.
    is_cached = params.cache != "off" or "cache_control" in params.extra_json
    if params.max_tokens == 0 and is_cached:
        text = "With max_tokens 0 the prompt is only cached: no answer comes."
        problems.append(Problem("info", text))
    elif params.max_tokens < 1:
        value = min(ORDINARY_MAX_TOKENS, most)
        fix = setting("max_tokens", f"Set it to {value:,}", max_tokens=value)
        only = " 0 only fills the prompt cache, and caching is off." * (params.max_tokens == 0)
        problems.append(Problem("error", f"max_tokens must be at least 1.{only}", fix))
    if params.max_tokens > most:
        text = f"max_tokens is {params.max_tokens:,}, but {model.name} answers with at most"
        fix = setting("max_tokens", f"Set it to {most:,}", max_tokens=most)
        problems.append(Problem(_gravity(params), f"{text} {most:,}.", fix))
    return problems


def _ranges(params: Params, model: Model) -> list[Problem]:
    problems = []
    temperature, top_p, top_k = params.temperature, params.top_p, params.top_k
    if temperature is not None and temperature < 0:
        fix = setting("temperature", "Set it to 0", temperature=0.0)
        problems.append(Problem(_gravity(params), "Temperature must be 0 or more.", fix))
    # A model that takes none is not sent any, and what an unknown one takes its server decides.
    elif temperature is not None and temperature > 1 and model.takes_sampling and model.is_known:
        fix = setting("temperature", "Set it to 1", temperature=1.0)
        problems.append(Problem(_gravity(params), "Temperature must be from 0 to 1.", fix))
    if top_p is not None and not 0 <= top_p <= 1:
        value = 1.0 if top_p > 1 else 0.0
        fix = setting("top_p", f"Set it to {value:g}", top_p=value)
        problems.append(Problem(_gravity(params), "top_p must be from 0 to 1.", fix))
    if top_k is not None and top_k < 0:
        fix = setting("top_k", "Set it to 0", top_k=0)
        problems.append(Problem(_gravity(params), "top_k must be 0 or more.", fix))
    return problems


def _pairs(params: Params, model: Model) -> list[Problem]:
    """Values that are kept but not sent beside another; with a version, they are refused."""
    if params.api_version != "auto" or params.temperature is None or not model.takes_sampling:
        return []
    kind = THINKING_TYPES.get(params.thinking, "disabled")
    if kind != "disabled" and kind in model.thinking_types and model.is_known:
        text = f"Temperature is not sent while {model.name} thinks."
        return [Problem("info", text, _clear("temperature"))]
    if params.top_p is not None and model.takes_one_of_two:
        text = f"{model.name} takes temperature or top_p, not both: top_p is not sent."
        return [Problem("info", text, _clear("top_p"))]
    return []


def _effort(params: Params, model: Model) -> list[Problem]:
    level = params.effort
    if params.api_version != "auto" or level is None or level in model.efforts:
        return []
    lack = f"no effort {level}" if model.efforts else "no effort levels"
    text = f"Effort is not sent: {model.name} has {lack}."
    return [Problem("info", text, nearest_effort(level, model))]


def _budget(params: Params, model: Model) -> list[Problem]:
    if params.thinking != "budget" or "enabled" not in model.thinking_types:
        return []
    problems, least = [], MIN_THINKING_BUDGET_TOKENS
    # Where none was entered the least is sent, so that is what is checked.
    budget = params.thinking_budget_tokens or least
    if budget < least:
        text = f"The thinking budget must be at least {least:,} tokens."
        fix = setting("budget", f"Set it to {least:,}", thinking_budget_tokens=least)
        problems.append(Problem(_gravity(params), text, fix))
    if params.max_tokens <= budget:
        text = f"To think, {model.name} needs max_tokens above the budget of {budget:,}."
        problems.append(Problem(_gravity(params), text, _room_for(budget, params, model)))
    return problems


def _room_for(budget: int, params: Params, model: Model) -> Fix | None:
    """More max_tokens if the model has them, else the smallest budget."""
    # max_tokens holds the thinking as well: the answer keeps the room that it was given.
    enough = budget + max(params.max_tokens, 1)
    if enough <= model.max_output_tokens:
        return setting("room_to_think", f"Set max_tokens to {enough:,}", max_tokens=enough)
    least = MIN_THINKING_BUDGET_TOKENS
    if params.max_tokens > least:
        return setting(
            "room_to_think", f"Set the budget to {least:,}", thinking_budget_tokens=least
        )
    return None


def _stops(params: Params) -> list[Problem]:
    stops = tuple(stop for stop in params.stop_sequences if stop.strip())
    if stops == params.stop_sequences:
        return []
    fix = setting("stop_sequences", "Remove it", stop_sequences=stops)
    text = "A stop sequence must not be only white space."
    return [Problem(_gravity(params), text, fix)]
