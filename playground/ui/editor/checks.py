"""The problems with what Run would send: a row each, with a button that fixes it."""

from collections.abc import Sequence

import streamlit as st

from playground.core.checks.problems import SEVERITIES, Problem
from playground.core.runs.run_plan import Plan
from playground.ui.runs import running
from playground.ui.session import editor_state, experiment_state
from playground.ui.widgets.formats import COLOURS
from playground.ui.widgets.markdown import plain

MARKS = {
    "error": ":red[:material/block:]",
    "warning": ":orange[:material/warning:]",
    "info": ":gray[:material/info:]",
}
TO_DO = ":gray[:material/edit:]"


def show_checks(plans: list[Plan]) -> None:
    """Draw each problem once, with the variants it concerns; nothing if there is none."""
    concerned = _concerned(plans)
    # Inserted first, and sorting is stable: what stops every variant comes first.
    if why := running.connection_problem(running.connection()):
        concerned = {Problem("error", why): [plan.letter for plan in plans], **concerned}
    if refused := running.refusal(plans):
        concerned = {Problem("error", refused): [plan.letter for plan in plans], **concerned}
    for note in _variables_notes():
        concerned[note] = [plan.letter for plan in plans]
    undoable = editor_state.undoable()
    if not concerned and undoable is None:
        return
    with st.container(key="checks", gap=None):
        for problem in sorted(concerned, key=lambda entry: SEVERITIES.index(entry.severity)):
            letters = concerned[problem]
            _show_row(problem, letters, is_everyones=len(letters) == len(plans))
        if undoable is not None:
            _offer_undo(undoable)


def _concerned(plans: Sequence[Plan]) -> dict[Problem, list[str]]:
    letters: dict[Problem, list[str]] = {}
    for plan in plans:
        for problem in plan.problems:
            letters.setdefault(problem, []).append(plan.letter)
    return letters


def _show_row(problem: Problem, letters: list[str], *, is_everyones: bool) -> None:
    badges = "".join(f":{COLOURS[letter]}-badge[{letter}] " for letter in letters)
    concerned = "" if is_everyones else badges
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        mark = MARKS[problem.severity] if problem.is_mistake else TO_DO
        st.markdown(f"{mark} {concerned}{plain(problem.text)}", width="content")
        if problem.fix:
            # The same fix may be offered to others with other words.
            name = problem.fix.slug if is_everyones else f"{problem.fix.slug}_{'_'.join(letters)}"
            st.button(
                problem.fix.label,
                key=f"fix_{name}",
                type="tertiary",
                icon=":material/build:",
                on_click=editor_state.apply_fix,
                args=(problem.fix, letters),
            )


def _offer_undo(label: str) -> None:
    st.button(
        f"Undo: {label.lower()}",
        key="undo_fix",
        type="tertiary",
        icon=":material/undo:",
        on_click=editor_state.undo,
    )


def _variables_notes() -> list[Problem]:
    """Notes on how the prompt's variables are filled in what the right pane runs."""
    names, escaped = experiment_state.found_variables(), experiment_state.found_escapes()
    columns, is_empty = experiment_state.table()[0], not any(experiment_state.filled_rows())
    is_experiment = experiment_state.is_in_pane()
    missing = [name for name in names if is_empty or name not in columns]
    filled = [name for name in names if name not in missing]
    notes = []
    if missing:
        is_single = len(missing) == 1
        has, them = ("has no value", "it") if is_single else ("have no values", "them")
        text = f"{_in_braces(missing)} {has} and would be sent literally. Give {them} values"
        where = "in the table of cases" if is_experiment else "under Experiment"
        notes.append(Problem("warning", f"{text} {where}."))
    if filled:
        fills, cases = ("Each call", "its own") if is_experiment else ("Run", "the first")
        notes.append(Problem("info", f"{fills} fills {_in_braces(filled)} from {cases} case."))
    if escaped:
        text = (
            f"The backslash before {_in_braces(escaped)} is not sent; it only marks that "
            f"this is not a"
        )
        notes.append(Problem("info", f"{text} variable."))
    return notes


def _in_braces(names: Sequence[str]) -> str:
    return ", ".join(f"{{{{{name}}}}}" for name in names)
