"""Fixes of checks in the session; each is one step of the history of changes."""

from collections.abc import Sequence

from playground.core.checks.problems import Fix, edited
from playground.core.request.request import Prompt
from playground.ui.session import editor_state, state, variant_state


def apply_fix(fix: Fix, letters: Sequence[str]) -> None:
    """Mend the prompt, or these variants."""
    editor_state.change(f"Fix: {fix.label}", _mend, fix, letters)


def _mend(fix: Fix, letters: Sequence[str]) -> None:
    everyone = variant_state.variants()
    old = variant_state.controls(everyone)
    # A click may arrive after one of them was removed.
    for letter in set(letters) & set(everyone):
        for name, value in fix.params:
            variant_state.set_controls(dict([variant_state.control_of(name, value, letter)]))
    if fix.edit:
        state.set_prompt(edited(fix.edit, state.prompt()))
        own = {k: str(text) for k, text in old.items() if k.startswith("system_") and text}
        variant_state.set_controls(
            {key: edited(fix.edit, Prompt(text, ())).system for key, text in own.items()}
        )


def undoable() -> str | None:
    """The label of the last change if it was a fix."""
    _, is_fix, label = editor_state.history().now.label.partition("Fix: ")
    return label if is_fix else None
