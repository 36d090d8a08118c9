"""The experiment that the page defines now, and its plan."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from playground.core.experiment.case_checks import CaseCheck, CheckError, problem_of
from playground.core.experiment.cases import CHECKS, NO_CASES, Cases, CasesError, cases
from playground.core.experiment.experiment import MAX_AT_ONCE, Experiment
from playground.core.experiment.grid import (
    LENGTHS,
    REPEATS,
    TOLERANCE,
    GridError,
    Sweep,
    numbers,
    whole_numbers,
)
from playground.core.experiment.grid_plan import GridPlan, plan_grid
from playground.core.runs.run_plan import RunContext, Variant
from playground.core.text.number_text import read_float, read_whole
from playground.ui.runs import running
from playground.ui.session import experiment_state as chosen
from playground.ui.session import request_state, state
from playground.ui.session.services import services

MAX_NAME_CHARACTERS = 60


def case_table() -> Cases:
    """The cases to run. Raises `CasesError`."""
    columns, filled = chosen.table()[0], list(chosen.filled_rows())
    if not chosen.found_variables() and not filled:
        return NO_CASES
    if not filled:
        raise CasesError("Add at least one case above.")
    return cases(columns, filled, first_row=1)


def definition() -> Experiment:
    """The experiment of the page. Raises `CasesError`, `GridError`, `CheckError` or
    `NumberError`."""
    # First of all: while a field shows what cannot be read, nothing else may be sent in its place.
    _refuse_unreadable()
    shared = request_state.prompt()
    variants = tuple(
        Variant(letter, request_state.request(letter, shared))
        for letter in request_state.variants()
    )
    models = tuple(chosen.chosen("experiment_models"))
    is_ladder = bool(chosen.chosen("experiment_is_ladder"))
    if is_ladder and len(models) < 2:
        raise GridError("A ladder needs two models or more, the smallest first.")
    checks = tuple(check(number) for number in chosen.check_ids())
    table = case_table()
    if is_ladder and not checks and CHECKS not in table.columns:
        raise GridError("A ladder needs a check: it stops at the first model that passes.")
    return Experiment(
        name=_name(shared.messages[0].text if shared.messages else ""),
        variants=variants,
        sweeps=_sweeps(models),
        cases=table,
        repeats=read_whole(chosen.chosen("experiment_repeats") or "", REPEATS) or 1,
        checks=checks,
        is_ladder=is_ladder,
        at_once=at_once(),
    )


def _refuse_unreadable() -> None:
    """Raises `GridError` while a number field holds what can't be sent."""
    for why in state.policy_problems():
        raise GridError(why)
    for letter in request_state.variants():
        for why in request_state.number_problems(letter):
            raise GridError(f"Variant {letter}: {why}")


def at_once() -> int:
    """How many cells run together: no more than this visitor may have at once."""
    capped = running.caps(running.connection()).variants
    most = services().settings.max_runs_per_visitor
    # More could not be read back from a file or the log.
    return max(1, min(most, capped or most, MAX_AT_ONCE))


def _name(text: str) -> str:
    typed = str(chosen.chosen("experiment_name") or "").strip()
    return (typed or " ".join(text.split()) or "Experiment")[:MAX_NAME_CHARACTERS]


def _sweeps(models: tuple[str, ...]) -> tuple[Sweep, ...]:
    sweeps = (
        Sweep("model", models),
        Sweep(
            "temperature", numbers("temperature", chosen.chosen("experiment_temperatures") or "")
        ),
        Sweep("effort", tuple(chosen.chosen("experiment_efforts"))),
        Sweep(
            "max_tokens", whole_numbers("max_tokens", chosen.chosen("experiment_max_tokens") or "")
        ),
    )
    return tuple(sweep for sweep in sweeps if sweep.values)


def check(number: int) -> CaseCheck:
    """A check as its controls describe it. Raises `CheckError` or `NumberError`."""

    def of(name: str) -> Any:  # noqa: ANN401 (any control's value)
        return chosen.chosen(chosen.check_field(number, name))

    kind = of("kind")
    case_check = CaseCheck(kind)
    if kind == "judge":
        case_check = CaseCheck(kind, text=of("judge") or "", model=(of("model") or "").strip())
    elif kind == "length":
        least, most = (read_whole(of(name) or "", rule) for name, rule in LENGTHS.items())
        case_check = CaseCheck(kind, least=least, most=most, unit=of("unit"))
    elif kind == "number":
        tolerance = read_float(of("tolerance") or "", TOLERANCE) or 0.0
        case_check = CaseCheck(kind, of("text") or "", tolerance=tolerance)
    elif kind == "json_schema":
        case_check = CaseCheck(kind, of("text") or "")
    elif kind != "json":
        case_check = CaseCheck(kind, of("text") or "", ignore_case=bool(of("ignore_case")))
    if problem := problem_of(case_check):
        raise CheckError(f"Check {chosen.check_ids().index(number) + 1}: {problem}")
    return case_check


def context() -> RunContext:
    """The context of every cell; the press is set when they run."""
    # Not the next press: that changes with each Run, and would invalidate the cached plan.
    return replace(running.context(running.connection()), press=0)


def plan_of(experiment: Experiment, context: RunContext) -> GridPlan:
    """The plan of the page's experiment, cached until it changes. Raises `GridError`."""
    axes = (experiment.variants, experiment.sweeps, experiment.cases, experiment.repeats)
    # The moment is another one in each script run; what depends on it, such as whether a model has
    # retired, changes by the day.
    inputs = (*axes, experiment.checks, replace(context, now=_day(context.now)))
    before = chosen.planned()
    if before is not None and before[0] == inputs:
        plan: GridPlan = before[1]
        return plan
    new = plan_grid(
        experiment.settings, experiment.cases, experiment.repeats, experiment.checks, context
    )
    chosen.set_planned(inputs, new)
    return new


def _day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
