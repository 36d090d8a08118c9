"""What is wrong with a request, in words a person can act on, before anything is sent."""

from dataclasses import replace
from datetime import date, timedelta

from playground.core.catalogue import MODEL_ID, Model, is_model_id
from playground.core.decisions import Decision
from playground.core.extra import Extra
from playground.core.fixes import successor, switch
from playground.core.param_checks import expected_refusals, param_problems
from playground.core.problem import SEVERITIES, Problem
from playground.core.prompt_checks import prefill_problems, prompt_problems, window_problems
from playground.core.request import Params, Request

RETIREMENT_NOTICE = timedelta(days=30)


def problems(
    request: Request, model: Model, today: date, decisions: tuple[Decision, ...] = ()
) -> tuple[Problem, ...]:
    """Everything worth saying about a request, errors first; `decisions` are its wire's."""
    extra = request.params.extra
    found = [
        *prompt_problems(request.prompt),
        *prefill_problems(request, model),
        *param_problems(request.params, model),
        *_model_id_problems(request.params),
        *expected_refusals(request, model, decisions),
        *_extra_problems(extra),
        *window_problems(request.prompt, model),
        *_retirement(model, today),
    ]
    found.sort(key=lambda problem: SEVERITIES.index(problem.severity))
    return tuple(_with_live_fix(problem, extra) for problem in found)


def _with_live_fix(problem: Problem, extra: Extra) -> Problem:
    """A fix of what the extra JSON overrides would change nothing."""
    fix = problem.fix
    is_dead = fix is not None and any(name in extra.fields for name, _ in fix.params)
    return replace(problem, fix=None) if is_dead else problem


def _extra_problems(extra: Extra) -> list[Problem]:
    if extra.problem:
        return [Problem("error", f"The extra JSON can't be used: {extra.problem}.")]
    if extra.fields.get("stream", True) is not True:
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
    if today >= model.retires_on:
        text = f"{model.name} was retired on {model.retires_on}. Choose another model."
    else:
        text = f"{model.name} retires on {model.retires_on}."
    return [Problem("warning", text, fix)]


def unlisted(model: Model, models: tuple[Model, ...]) -> list[Problem]:
    """A model that is neither in the catalogue nor in the account's own list."""
    if model.is_known or not model.id or any(each.id == model.id for each in models):
        return []
    return [Problem("warning", f"{model.id} is in no list of models: the API may not know it.")]
