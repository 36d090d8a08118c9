"""What the editor holds as one value, put back as one, with undo and redo over all changes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ParamSpec

import streamlit as st

from playground.core.checks.problems import Fix, apply_edit
from playground.core.editor.page_state import PageState, Variant
from playground.core.editor.undo_history import Step, UndoHistory
from playground.core.request.request import Params, Prompt, Request, with_typed_breaks
from playground.ui.server.streamlit_insides import uninterrupted
from playground.ui.session import late_values_state, state, variant_state
from playground.ui.session.services import services

P = ParamSpec("P")
UNDO, REDO = "undo", "redo"


def scenario() -> str:
    """The demo's chosen scenario. A browser may say anything."""
    chosen: str = st.session_state.get(state.SCENARIO) or "none"
    return chosen if chosen in services().scenarios() else "none"


def page() -> PageState:
    """The prompt, the variants and the scenario as they stand."""
    own = Prompt("", ())
    requests = {letter: variant_state.request(letter, own) for letter in variant_state.variants()}
    variants = tuple(
        Variant(
            letter,
            request.params,
            request.prompt.system,
            variant_state.typed(letter, request.params),
        )
        for letter, request in requests.items()
    )
    return PageState(state.prompt(), variants, scenario())


def put(page: PageState, label: str) -> None:
    """Replace all that the editor holds, as one step that can be undone."""
    change(label, _place, page)


def put_request(request: Request, label: str) -> None:
    """Replace the prompt and the variants by one request; the scenario stays."""
    put(replace(page(), prompt=request.prompt, variants=(_lettered(request.params),)), label)


def put_prompt(prompt: Prompt, label: str) -> None:
    """Replace the prompt alone."""
    put(replace(page(), prompt=prompt), label)


def _lettered(params: Params) -> Variant:
    return Variant(variant_state.LETTERS[0], params)


def _place(page: PageState) -> None:
    state.set_prompt(page.prompt)
    for variant in page.variants:
        system = with_typed_breaks(variant.system)
        variant_state.set_variant(variant.letter, variant.params, system, variant.typed)
    st.session_state["variants"] = [variant.letter for variant in page.variants]
    # A page that comes from elsewhere may name any scenario.
    known = page.scenario if page.scenario in services().scenarios() else "none"
    if known != scenario():
        st.session_state[state.SCENARIO] = known


def history() -> UndoHistory:
    steps: UndoHistory | None = st.session_state.get("undo_history")
    return steps or UndoHistory((Step(page()),))


# Cut off half-way by another message, a step would be lost, and with it half of an edit.
@uninterrupted()
def record() -> None:
    """Make a step of what has changed since the last one."""
    late_values_state.put_again()
    label = st.session_state.pop("step_label", "")
    st.session_state["undo_history"] = history().recorded(page(), label)


def change(label: str, how: Callable[P, object], *what: P.args, **named: P.kwargs) -> None:
    """Change the editor as one step of this name."""
    record()  # What was typed and arrives with a click is a step of its own.
    st.session_state["step_label"] = label
    with late_values_state.guarded():
        how(*what, **named)
    record()


def end_scenario() -> None:
    """Have the demo answer every request from now on."""

    def end() -> None:
        st.session_state[state.SCENARIO] = "none"

    change("end of the scenario", end)


def undo() -> None:
    # What was typed arrives with the click: it is a step of its own, and the one to be undone.
    record()
    _go(history().undone())


def redo() -> None:
    record()
    _go(history().redone())


def undo_all(label: str) -> None:
    """Undo the last change and those before it of the same name."""
    record()
    steps = history()
    while steps.can_undo and steps.now.label == label:
        steps = steps.undone()
    _go(steps)


def _go(steps: UndoHistory) -> None:
    if steps == history():
        return
    with late_values_state.guarded():
        _place(steps.now.state)
    st.session_state["undo_history"] = steps.corrected(page())
    st.session_state[state.SAMPLE] = None
    st.session_state["lesson_press"] = None


def apply_fix(fix: Fix, letters: Sequence[str]) -> None:
    """Mend the prompt, or these variants."""
    change(f"Fix: {fix.label}", _mend, fix, letters)


def _mend(fix: Fix, letters: Sequence[str]) -> None:
    everyone = variant_state.variants()
    old = variant_state.controls(everyone)
    # A click may arrive after one of them was removed.
    for letter in set(letters) & set(everyone):
        for name, value in fix.params:
            variant_state.set_controls(dict([variant_state.control_of(name, value, letter)]))
    if fix.edit:
        state.set_prompt(apply_edit(fix.edit, state.prompt()))
        own = {k: str(text) for k, text in old.items() if k.startswith("system_") and text}
        variant_state.set_controls(
            {key: apply_edit(fix.edit, Prompt(text, ())).system for key, text in own.items()}
        )


def undoable() -> str | None:
    """The label of the last change if it was a fix."""
    _, is_fix, label = history().now.label.partition("Fix: ")
    return label if is_fix else None
