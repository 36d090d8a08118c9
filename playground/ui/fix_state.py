"""The last fix in the session: applying one, and taking it back while it still stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from playground.core.fixes import Fix, edited
from playground.core.request import Prompt
from playground.ui import state, variant_state

LAST_FIX = "last_fix"


@dataclass(frozen=True, slots=True)
class Change:
    """What one fix has changed: the prompt if it was another, and controls by their keys."""

    label: str
    prompts: tuple[Prompt, Prompt]
    before: dict[str, Any]
    after: dict[str, Any]


def apply_fix(fix: Fix, letters: Sequence[str]) -> None:
    """Mend the prompt, or these variants, and remember how it was."""
    everyone = variant_state.variants()
    old_prompt, old = state.prompt(), variant_state.controls(everyone)
    # A click may arrive after one of them was removed.
    for letter in set(letters) & set(everyone):
        for name, value in fix.params:
            variant_state.set_controls(dict([variant_state.control_of(name, value, letter)]))
    if fix.edit:
        state.set_prompt(edited(fix.edit, old_prompt))
        own = {key: text for key, text in old.items() if key.startswith("system_") and text}
        variant_state.set_controls(
            {key: edited(fix.edit, Prompt(text, ())).system for key, text in own.items()}
        )
    new = variant_state.controls(everyone)
    changed = [key for key in old if old[key] != new[key]]
    st.session_state[LAST_FIX] = Change(
        fix.label,
        (old_prompt, state.prompt()),
        {key: old[key] for key in changed},
        {key: new[key] for key in changed},
    )


def undoable() -> str | None:
    """The label of the last fix; None once what it changed was changed again."""
    last: Change | None = st.session_state.get(LAST_FIX)
    if last is None:
        return None
    old_prompt, new_prompt = last.prompts
    is_prompt_kept = old_prompt == new_prompt or state.prompt() == new_prompt
    are_controls_kept = all(st.session_state.get(key) == value for key, value in last.after.items())
    return last.label if is_prompt_kept and are_controls_kept else None


def undo_fix() -> None:
    """Put back what the last fix changed, and nothing else."""
    if undoable() is None:
        return
    last: Change = st.session_state[LAST_FIX]
    if last.prompts[0] != last.prompts[1]:
        state.set_prompt(last.prompts[0])
    variant_state.set_controls(last.before)
    st.session_state[LAST_FIX] = None
