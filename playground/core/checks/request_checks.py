"""What is wrong with a request, in words a person can act on, before anything is sent."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from playground.core.checks.param_checks import expected_refusals, param_problems
from playground.core.checks.problems import SEVERITIES, Problem, successor, switch
from playground.core.checks.prompt_checks import (
    prefill_problems,
    prompt_problems,
    system_problems,
    window_problems,
)
from playground.core.request.extra_json import Extra
from playground.core.request.model_catalogue import MODEL_ID, Model, is_model_id
from playground.core.request.request import Params, Request
from playground.core.wire.decisions import Decision
from playground.core.wire.wire import fills_cache

# The API announces a retirement at least 60 days before.
RETIREMENT_NOTICE = timedelta(days=60)


def problems(
    request: Request, model: Model, today: date, decisions: tuple[Decision, ...] = ()
) -> tuple[Problem, ...]:
    """Everything worth saying about a request, errors first; `decisions` are its wire's."""
    extra = request.params.extra
    result = [
        # Messages of the extra JSON take the editor's place: what is wrong with those is not sent.
        *(() if "messages" in extra.fields else _about_messages(request, model)),
        *param_problems(_not_overridden(request.params, model, extra), model),
        *_model_id_problems(request.params),
        *expected_refusals(request, model, decisions),
        *_extra_problems(extra),
        *_retirement(model, today),
    ]
    result.sort(key=lambda problem: SEVERITIES.index(problem.severity))
    return tuple(_with_live_fix(problem, extra) for problem in result)


def _about_messages(request: Request, model: Model) -> list[Problem]:
    return [
        *prompt_problems(request.prompt),
        *prefill_problems(request, model),
        *system_problems(request, model),
        *window_problems(request.prompt, model),
    ]


def _not_overridden(params: Params, model: Model, extra: Extra) -> Params:
    """The parameters without those that the extra JSON replaces: they are not sent."""
    unset: dict[str, Any] = {"temperature": None, "top_p": None, "top_k": None}
    unset |= {"stop_sequences": ()}
    if "max_tokens" in extra.fields:
        most = extra.fields["max_tokens"]
        is_number = isinstance(most, int) and not isinstance(most, bool)
        within = min(max(most, 1), model.max_output_tokens) if is_number else 1
        params = replace(params, max_tokens=within)
    return replace(params, **{name: unset[name] for name in unset if name in extra.fields})


def _with_live_fix(problem: Problem, extra: Extra) -> Problem:
    """A fix of what the extra JSON overrides would change nothing."""
    fix = problem.fix
    is_dead = fix is not None and any(name in extra.fields for name, _ in fix.params)
    return replace(problem, fix=None) if is_dead else problem


def _extra_problems(extra: Extra) -> list[Problem]:
    if extra.problem:
        return [Problem("error", f"The extra JSON can't be used: {extra.problem}.")]
    is_streamed = extra.fields.get("stream", True)
    if is_streamed is not True and not (is_streamed is False and fills_cache(extra.fields)):
        return [Problem("error", "The extra JSON turns stream off, but answers are streamed here.")]
    return []


def _model_id_problems(params: Params) -> list[Problem]:
    """The log and other places have room for no longer one, whoever names it."""
    named = params.extra.fields.get("model", params.model)
    return [] if is_model_id(str(named)) else [Problem("error", MODEL_ID)]


def _retirement(model: Model, today: date) -> list[Problem]:
    if model.retires_on is None or today + RETIREMENT_NOTICE < model.retires_on:
        return []
    fix = switch("successor", successor(model))
    if model.is_retired(today):
        text = f"{model.name} was retired on {model.retires_on}. Choose another model."
    else:
        text = f"{model.name} retires on {model.retires_on}."
    return [Problem("warning", text, fix)]


def unlisted(model: Model, models: tuple[Model, ...]) -> list[Problem]:
    """A model that is neither in the catalogue nor in the account's own list."""
    if model.is_known or not model.id or any(listed.id == model.id for listed in models):
        return []
    return [Problem("warning", f"{model.id} is in no list of models: the API may not know it.")]
