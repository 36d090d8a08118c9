"""The states that an editor went through, for undo and redo; bounded in steps and in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from playground.core.editor.page_state import PageState

MAX_STEPS: Final = 100
MAX_CHARACTERS: Final = 4_000_000
"""In all steps. The last change can be undone however long the texts are."""


@dataclass(frozen=True, slots=True)
class Step:
    """A state, and what led to it if that has a name: a fix, a lesson, an import."""

    state: PageState
    label: str = ""


@dataclass(frozen=True, slots=True)
class UndoHistory:
    """The steps, oldest first, and the place of the one on the screen."""

    steps: tuple[Step, ...]
    at: int = 0

    @property
    def now(self) -> Step:
        return self.steps[self.at]

    @property
    def can_undo(self) -> bool:
        return self.at > 0

    @property
    def can_redo(self) -> bool:
        return self.at + 1 < len(self.steps)

    def recorded(self, state: PageState, label: str = "") -> "UndoHistory":
        """One step more where the state is another; what had been undone is then gone."""
        before = self.now.state
        if state == before:
            return self
        if state.prompt == before.prompt:
            # One text in memory for all steps that changed something else.
            state = replace(state, prompt=before.prompt)
        steps = _bounded((*self.steps[: self.at + 1], Step(state, label)))
        return UndoHistory(steps, len(steps) - 1)

    def undone(self) -> "UndoHistory":
        return replace(self, at=self.at - 1) if self.can_undo else self

    def redone(self) -> "UndoHistory":
        return replace(self, at=self.at + 1) if self.can_redo else self

    def corrected(self, state: PageState) -> "UndoHistory":
        """The history with what the editor really made of the present state."""
        now = Step(state, self.now.label)
        return replace(self, steps=(*self.steps[: self.at], now, *self.steps[self.at + 1 :]))


def _bounded(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    room, count = MAX_CHARACTERS, 0
    for size in _sizes(steps):
        room -= size
        if count >= 2 and (room < 0 or count == MAX_STEPS):
            break
        count += 1
    return steps[len(steps) - count :]


def _sizes(steps: tuple[Step, ...]) -> Iterator[int]:
    """What each step keeps in memory beyond the one after it, newest first."""
    later = None
    for step in reversed(steps):
        prompt = step.state.prompt
        texts = [variant.system + variant.params.extra_json for variant in step.state.variants]
        size = sum(map(len, texts))
        # Steps that share their prompt (`recorded`) hold its text once.
        if prompt is not later:
            size += len(prompt.system) + sum(len(message.whole) for message in prompt.messages)
        later = prompt
        yield size
