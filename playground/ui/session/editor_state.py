"""The contents of the editor as one value: read, replaced, undone and redone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ParamSpec

import streamlit as st

from playground.core.checks.problems import Fix, apply_edit
from playground.core.editor.page_state import LETTERS, PageState, Variant
from playground.core.editor.undo_history import Step, UndoHistory
from playground.core.request.request import Params, Prompt, Request, with_typed_breaks
from playground.ui.server.streamlit_insides import uninterrupted
from playground.ui.session import late_values_state, request_state, state
from playground.ui.session.services import services

P = ParamSpec("P")
UNDO, REDO = "undo", "redo"


def scenario() -> str:
    """The demo's chosen scenario. The browser's value is untrusted."""
    chosen: str = st.session_state.get(state.SCENARIO) or "none"
    return chosen if chosen in services().scenarios() else "none"


def page() -> PageState:
    """The prompt, the variants and the scenario as they stand."""
    own = Prompt("", ())
    requests = {letter: request_state.request(letter, own) for letter in request_state.variants()}
    variants = tuple(
        Variant(
            letter,
            request.params,
            request.prompt.system,
            request_state.typed(letter, request.params),
        )
        for letter, request in requests.items()
    )
    return PageState(request_state.prompt(), variants, scenario())


def replace_page(page: PageState, label: str) -> None:
    """Replace the contents of the editor, as one step that can be undone."""
    change(label, _write_page, page)


def replace_request(request: Request, label: str) -> None:
    """Replace the prompt and the variants by one request; the scenario stays."""
    replace_page(
        replace(page(), prompt=request.prompt, variants=(_as_first_variant(request.params),)), label
    )


def replace_prompt(prompt: Prompt, label: str) -> None:
    """Replace the prompt alone."""
    replace_page(replace(page(), prompt=prompt), label)


def _as_first_variant(params: Params) -> Variant:
    return Variant(LETTERS[0], params)


def _write_page(page: PageState) -> None:
    request_state.set_prompt(page.prompt)
    for variant in page.variants:
        system = with_typed_breaks(variant.system)
        request_state.set_variant(variant.letter, variant.params, system, variant.typed)
    st.session_state["variants"] = [variant.letter for variant in page.variants]
    # A page that comes from elsewhere may name any scenario.
    known = page.scenario if page.scenario in services().scenarios() else "none"
    if known != scenario():
        st.session_state[state.SCENARIO] = known


def history() -> UndoHistory:
    steps: UndoHistory | None = st.session_state.get("undo_history")
    return steps or UndoHistory((Step(page()),))


# Interrupted by another message, the step would be lost, and with it half of an edit.
@uninterrupted()
def record() -> None:
    """Make a step of what has changed since the last one."""
    late_values_state.reapply()
    label = st.session_state.pop("step_label", "")
    st.session_state["undo_history"] = history().recorded(page(), label)


def change(label: str, how: Callable[P, object], *what: P.args, **named: P.kwargs) -> None:
    """Change the editor as one step of this name."""
    record()  # Text that arrives with the click is a step of its own.
    st.session_state["step_label"] = label
    with late_values_state.protected(state.SCENARIO):
        how(*what, **named)
    record()


def end_scenario() -> None:
    """Set the demo to "none": it fails no request."""

    def end() -> None:
        st.session_state[state.SCENARIO] = "none"

    change("end of the scenario", end)


def undo() -> None:
    # Text that arrives with the click is a step of its own, and the one to be undone.
    record()
    _go_to(history().undone())


def redo() -> None:
    record()
    _go_to(history().redone())


def undo_all(label: str) -> None:
    """Undo the last change and those before it of the same name."""
    record()
    steps = history()
    while steps.can_undo and steps.now.label == label:
        steps = steps.undone()
    _go_to(steps)


def _go_to(steps: UndoHistory) -> None:
    if steps == history():
        return
    with late_values_state.protected(state.SCENARIO):
        _write_page(steps.now.state)
    st.session_state["undo_history"] = steps.corrected(page())
    st.session_state[state.SAMPLE] = None
    st.session_state["lesson_press"] = None


def apply_fix(fix: Fix, letters: Sequence[str]) -> None:
    """Apply a fix to the prompt, or to these variants."""
    change(f"Fix: {fix.label}", _apply, fix, letters)


def _apply(fix: Fix, letters: Sequence[str]) -> None:
    everyone = request_state.variants()
    old = request_state.controls(everyone)
    # A click may arrive after one of them was removed.
    for letter in set(letters) & set(everyone):
        for name, value in fix.params:
            request_state.set_controls(dict([request_state.control_of(name, value, letter)]))
    if fix.edit:
        request_state.set_prompt(apply_edit(fix.edit, request_state.prompt()))
        own = {k: str(text) for k, text in old.items() if k.startswith("system_") and text}
        request_state.set_controls(
            {key: apply_edit(fix.edit, Prompt(text, ())).system for key, text in own.items()}
        )


def undoable() -> str | None:
    """The label of the last change if it was a fix."""
    _, is_fix, label = history().now.label.partition("Fix: ")
    return label if is_fix else None
