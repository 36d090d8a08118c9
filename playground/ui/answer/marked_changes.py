"""An answer with its differences from another marked: once for all listeners, and on a thread,
for it would block an event loop for too long."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any
from weakref import WeakKeyDictionary

from playground.core.answer.content import Block
from playground.core.rendering.changes import changes
from playground.core.runs.run_view import RunView
from playground.ui.answer.sections import Section, finished_sections, render_executor, sections

Sections = Mapping[int, Section]
TOO_LONG = "Too long to compare."
NO_TEXT = "One of the two answers has no text."
_numbers = count(1)


@dataclass(slots=True)
class _Comparison:
    """`key`: the other run's id, and how both are shown. A reference to that run would keep it and
    all runs that it was compared with."""

    key: tuple[str, bool, bool]
    number: int
    future: Future[tuple[Sections, str]] | None = None

    @property
    def is_done(self) -> bool:
        return self.future is not None and self.future.done()


# Weak: a comparison is dropped with its run.
_comparisons: "WeakKeyDictionary[Any, _Comparison]" = WeakKeyDictionary()


def marked_sections(
    run: RunView,
    other: RunView,
    *,
    is_plain: bool,
    texts_only: bool,
) -> Sections:
    """The sections of a run, with its changes marked once both runs are over."""
    drawn = sections(run, is_plain=is_plain, texts_only=texts_only)
    if run.is_live:
        return drawn
    comparison, key = _comparisons.get(run), (other.id, is_plain, texts_only)
    if comparison is None or comparison.key != key:
        # A new revision, so that frozen pieces are compared again.
        comparison = _comparisons[run] = _Comparison(key, -next(_numbers))
    if comparison.future is None:
        before = sections(other, is_plain=is_plain, texts_only=texts_only)
        is_over = not other.is_live
        if is_over and all(part.is_done for part in (*drawn.values(), *before.values())):
            if drawn and before:
                comparison.future = render_executor.submit(_mark, drawn, before, comparison.number)
            else:
                # At once: without sections none is left undone, so nobody would ask again.
                comparison.future = Future()
                comparison.future.set_result(_mark(drawn, before, comparison.number))
    if comparison.future is not None and comparison.future.done():
        return comparison.future.result()[0]
    return {
        at: replace(section, revision=comparison.number, frozen=0, is_done=False)
        for at, section in drawn.items()
    }


def change_summary(
    run: RunView,
    other: RunView,
    *,
    is_plain: bool,
    texts_only: bool,
) -> str:
    """How much differs, once that is known."""
    comparison = _comparisons.get(run)
    if (
        comparison is None
        or comparison.key != (other.id, is_plain, texts_only)
        or not comparison.is_done
    ):
        return ""
    return comparison.future.result()[1] if comparison.future else ""


def finished_marked(before: Sequence[Block], after: Sequence[Block]) -> tuple[Sections, str]:
    """The marked sections of `after`, which has ended, and how much differs. Slow: not for an
    event loop."""
    return _mark(finished_sections(after), finished_sections(before), 0)


def _mark(after: Sections, before: Sections, number: int) -> tuple[Sections, str]:
    read = [at for at, section in after.items() if section.kind in ("text", "open")]
    old = [
        piece
        for section in before.values()
        if section.kind in ("text", "open")
        for piece in section.pieces
    ]
    new = [piece for at in read for piece in after[at].pieces]
    difference = changes(old, new) if old and new else None
    if difference is None:
        unmarked = {at: replace(part, revision=number) for at, part in after.items()}
        return unmarked, TOO_LONG if old and new else NO_TEXT
    pieces = iter(difference.pieces)
    marked = {at: replace(section, revision=number) for at, section in after.items()}
    for at in read:
        marked[at] = replace(marked[at], pieces=(*islice(pieces, len(after[at].pieces)),))
    if not difference.added and not difference.removed:
        return marked, "The same words."
    return marked, f"{_word_count(difference.added)} added, {difference.removed:,} removed."


def _word_count(number: int) -> str:
    return f"{number:,} word{'' if number == 1 else 's'}"
