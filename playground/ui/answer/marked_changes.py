"""An answer in which is marked what differs from another: made once for all that listen, and on a
thread of its own, for it may take longer than an event loop has."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any
from weakref import WeakKeyDictionary

from playground.core.answer.content import Block
from playground.core.rendering.changes import changes
from playground.core.runs.run_view import RunView
from playground.ui.answer.sections import Section, elsewhere, sections, whole_sections

Sections = Mapping[int, Section]
TOO_LONG = "Too long to be compared."
NO_TEXT = "One of the two has no text."
_numbers = count(1)


@dataclass(slots=True)
class _Marking:
    """`key`: the other run, and how both are shown. The other run itself would keep all before."""

    key: tuple[str, bool, bool]
    number: int
    made: Future[tuple[Sections, str]] | None = None

    @property
    def is_made(self) -> bool:
        return self.made is not None and self.made.done()


# Weak: what was marked goes with its run, of which a page shows ever new ones.
_markings: "WeakKeyDictionary[Any, _Marking]" = WeakKeyDictionary()


def marked_sections(
    run: RunView,
    other: RunView,
    *,
    is_plain: bool,
    texts_only: bool,
) -> Sections:
    """The sections of a run with its changes marked, as soon as both runs are over."""
    drawn = sections(run, is_plain=is_plain, texts_only=texts_only)
    if run.is_live:
        return drawn
    marking, key = _markings.get(run), (other.id, is_plain, texts_only)
    if marking is None or marking.key != key:
        # Told as what has begun anew, so that what was settled is looked at again.
        marking = _markings[run] = _Marking(key, -next(_numbers))
    if marking.made is None:
        before = sections(other, is_plain=is_plain, texts_only=texts_only)
        is_over = not other.is_live
        if is_over and all(part.is_done for part in (*drawn.values(), *before.values())):
            if drawn and before:
                marking.made = elsewhere.submit(_mark, drawn, before, marking.number)
            else:
                # At once: an answer without sections has none that could say it is not done yet.
                marking.made = Future()
                marking.made.set_result(_mark(drawn, before, marking.number))
    if marking.made is not None and marking.made.done():
        return marking.made.result()[0]
    return {
        at: replace(section, begun=marking.number, frozen=0, is_done=False)
        for at, section in drawn.items()
    }


def words_of_changes(
    run: RunView,
    other: RunView,
    *,
    is_plain: bool,
    texts_only: bool,
) -> str:
    """How much differs, once that is known."""
    marking = _markings.get(run)
    if marking is None or marking.key != (other.id, is_plain, texts_only) or not marking.is_made:
        return ""
    return marking.made.result()[1] if marking.made else ""


def whole_marked(before: Sequence[Block], after: Sequence[Block]) -> tuple[Sections, str]:
    """The marked sections of `after`, which has ended, and how much differs. Takes its time: not
    on an event loop."""
    return _mark(whole_sections(after), whole_sections(before), 0)


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
        unmarked = {at: replace(part, begun=number) for at, part in after.items()}
        return unmarked, TOO_LONG if old and new else NO_TEXT
    pieces = iter(difference.pieces)
    marked = {at: replace(section, begun=number) for at, section in after.items()}
    for at in read:
        marked[at] = replace(marked[at], pieces=(*islice(pieces, len(after[at].pieces)),))
    if not difference.added and not difference.removed:
        return marked, "The same words."
    return marked, f"{_words(difference.added)} added, {difference.removed:,} removed."


def _words(number: int) -> str:
    return f"{number:,} word{'' if number == 1 else 's'}"
