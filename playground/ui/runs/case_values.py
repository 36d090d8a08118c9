"""The variables of the page's prompt, and the values with which an ordinary Run sends it."""

from dataclasses import replace

from playground.core.checks.problems import Problem
from playground.core.request.request import Request
from playground.core.request.template import TemplateError, render, variables
from playground.ui.session import experiment_state as chosen
from playground.ui.session import state, variant_state


def found_variables() -> tuple[str, ...]:
    """The variables of the prompt, and of the variants' own system prompts."""
    shared = state.prompt()
    names = [
        name
        for letter in variant_state.variants()
        for name in variables(variant_state.request(letter, shared).prompt)
    ]
    return tuple(dict.fromkeys(names))


def first_case(request: Request) -> Request:
    """What the ordinary Run sends: the request with the first case's values, where it has
    them all."""
    columns, rows = chosen.table()
    first = next((row for row in rows if is_filled(row)), None)
    values = dict(zip(columns, first, strict=True)) if first else {}
    try:
        return replace(request, prompt=render(request.prompt, values))
    # What has no value is sent as it was written; `variables_note` says so beneath the prompt.
    except TemplateError:
        return request


def variables_note() -> Problem | None:
    """What becomes of the prompt's variables in an ordinary Run."""
    names = found_variables()
    if not names:
        return None
    columns, rows = chosen.table()
    listed = ", ".join(f"{{{{{name}}}}}" for name in names)
    is_empty = not any(map(is_filled, rows))
    missing = [f"{{{{{name}}}}}" for name in names if is_empty or name not in columns]
    if not missing:
        return Problem("info", f"Run fills {listed} from the first case.")
    is_single = len(missing) == 1
    has, them = ("has no value", "it values") if is_single else ("have no values", "them values")
    sent = f"{', '.join(missing)} {has} and would be sent literally"
    return Problem("warning", f"{sent}. Give {them} under Experiment.")


def is_filled(row: tuple[str, ...]) -> bool:
    """Whether a row of the table is a case."""
    return any(cell.strip() for cell in row)
