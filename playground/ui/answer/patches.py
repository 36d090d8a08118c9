"""The messages that keep one listener's copy of a page's answers up to date.

A message holds only what changed, as patches: which piece of which block of which card, how many
characters of it are kept, and what follows them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2s
from typing import Any

from playground.core.answer.content import Block
from playground.core.runs.run_view import RunView
from playground.ui.answer.card import card_fields, card_head, comparison_of
from playground.ui.answer.marked_changes import finished_marked, marked_sections
from playground.ui.answer.sections import Section, finished_sections, sections
from playground.ui.session.answers_state import View, compared_run

NUMBERS_EVERY_S = 0.5
"""How often the numbers of a live run are sent; its texts are sent with every message."""

Patch = tuple[int, int, str]
"""Which piece, how many UTF-16 units of it are kept, and what follows them."""
About = tuple[str, str, tuple[str, ...]]
"""A block's kind, title and notes."""


class AnswerUpdates:
    """What was sent to one listener, and the next message to it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._view: View | None = None
        self._cards: dict[str, _Card] = {}
        self._order: list[str] | None = None
        self._announced: frozenset[str] = frozenset()
        self._ended: frozenset[str] = frozenset()
        self._changes = 0
        self._sent_characters = 0

    @property
    def sent_characters(self) -> int:
        """How many characters of answers were sent."""
        return self._sent_characters

    @property
    def has_more(self) -> bool:
        """Whether there may be more to send although every run has ended."""
        return any(card.has_more for card in self._cards.values())

    def next_message(self, view: View, *, is_busy: bool = False) -> dict[str, Any] | None:
        """The next message, or None.

        `order`: all cards there are now. `cards`: the headers of new ones. `fields`: changed
        fields of cards. `texts`: card, block, its kind, title and notes if they changed, how
        many pieces it has, and patches. `ended`: the cards whose run, one of the last press, is
        reported to be over for the first time: it can be over before its card exists. `changed`:
        a run is over that was not when the page around the answers was drawn; in a busy process
        only once all are.
        """
        message: dict[str, Any] = {}
        is_new_view = view != self._view
        if is_new_view:
            self._view = view
            message |= self._arrange(view)
        fields_by_card = {}
        texts: list[list[Any]] = []
        for letter, run in view.runs.items():
            card = self._cards[run.id]
            # Before the fields: they count the differences that the patches mark.
            texts += ([card.id, *patch] for patch in card.patches(letter, run, view))
            if changed := card.changed_fields(letter, run, view, self._clock(), is_due=is_new_view):
                fields_by_card[card.id] = changed
        if fields_by_card:
            message["fields"] = fields_by_card
        if texts:
            message["texts"] = texts
            self._sent_characters += sum(len(new) for *_, patches in texts for _, _, new in patches)
        if ended := self._newly_ended(view):
            message["ended"] = ended
        over = frozenset(run.id for run in view.runs.values() if run.is_over)
        is_worth_it = not is_busy or len(over) == len(view.runs)
        if over - view.drawn - self._announced and is_worth_it:
            self._announced = over
            self._changes += 1
            message["changed"] = self._changes
        return message or None

    def _newly_ended(self, view: View) -> list[str]:
        """The cards of the last press whose runs are over and were not reported to be."""
        newest = max(view.presses, default=0)
        ended = [
            run
            for run in view.runs.values()
            if not run.is_live and run.id not in self._ended and run.plan.press >= newest
        ]
        self._ended |= {run.id for run in view.runs.values() if not run.is_live}
        return [self._cards[run.id].id for run in ended]

    def _arrange(self, view: View) -> dict[str, Any]:
        """Make a card for each run that is shown, and drop all others."""
        before, self._cards = self._cards, {}
        new = {}
        for letter, run in view.runs.items():
            card_id = _card_id(run.id, is_hidden=view.is_hidden)
            card = before.get(run.id)
            if card is None or card.id != card_id:
                card = _Card(card_id)
                new[card_id] = card_head(letter, run, view)
            self._cards[run.id] = card
        order, self._order = self._order, [card.id for card in self._cards.values()]
        arranged: dict[str, Any] = {"cards": new} if new else {}
        return arranged if order == self._order else arranged | {"order": self._order}


class _Card:
    """What was sent of one card."""

    def __init__(self, card_id: str) -> None:
        self.id = card_id
        self._sent: dict[str, Any] = {}
        self._fingerprint: tuple[object, ...] = ()
        self._sent_s = 0.0
        self._blocks: dict[int, _Block] = {}
        self._is_plain: bool | None = None

    @property
    def has_more(self) -> bool:
        return not all(block.is_done for block in self._blocks.values())

    def changed_fields(
        self,
        letter: str,
        run: RunView,
        view: View,
        now_s: float,
        *,
        is_due: bool,
    ) -> dict[str, Any]:
        """The fields that differ from those that were sent."""
        differs = comparison_of(letter, run, view)
        fingerprint = (
            run.status, len(run.attempts), run.attempt_number, run.is_over, run.ttft_s, differs
        )  # fmt: skip
        is_quiet = run.is_over or now_s < self._sent_s + NUMBERS_EVERY_S
        # The fields take longer to compute than this fingerprint: most calls end here.
        if fingerprint == self._fingerprint and is_quiet and not is_due:
            return {}
        now = card_fields(letter, run, view)
        # Its seconds would differ each time, and the browser counts them itself.
        if fingerprint == self._fingerprint and "timeline" in self._sent:
            now["timeline"] = self._sent["timeline"]
        self._fingerprint, self._sent_s = fingerprint, now_s
        changed = {name: value for name, value in now.items() if self._sent.get(name) != value}
        self._sent |= changed
        return changed

    def patches(
        self,
        letter: str,
        run: RunView,
        view: View,
    ) -> list[list[Any]]:
        """The changes of each block."""
        if self._is_plain != view.is_plain:
            self._is_plain = view.is_plain
            for block in self._blocks.values():
                block.reset()
        changed = []
        how = {"is_plain": view.is_plain, "texts_only": view.is_hidden}
        other = compared_run(view, letter)
        drawn = sections(run, **how) if other is None else marked_sections(run, other, **how)
        for at, section in drawn.items():
            block = self._blocks.setdefault(at, _Block())
            if (patch := block.patch(section)) is not None:
                changed.append([at, *patch])
        return changed


class _Block:
    """What was sent of one block."""

    def __init__(self) -> None:
        self._pieces: tuple[str, ...] = ()
        self._frozen = self._revision = 0
        self._about: About | None = None
        self.is_done = False

    def reset(self) -> None:
        """Compare all pieces again: those that were frozen may have changed."""
        self._frozen, self.is_done = 0, False

    def patch(self, section: Section) -> tuple[About | None, int, list[Patch]] | None:
        """Its kind, title and notes if they changed, how many pieces it has, and patches; None:
        nothing changed."""
        if section.revision != self._revision:
            self._revision = section.revision
            self.reset()
        if self.is_done:
            return None
        had, pieces = self._pieces, section.pieces
        patches = []
        for at in range(self._frozen, len(pieces)):
            before, now = had[at] if at < len(had) else "", pieces[at]
            if before != now:
                same = common_prefix_length(before, now)
                patches.append((at, utf16_length(now[:same]), now[same:]))
        about = (section.kind, section.title, section.notes)
        new_about = None if about == self._about else about
        self._pieces, self._about = pieces, about
        self._frozen, self.is_done = section.frozen, section.is_done
        if patches or new_about or len(had) != len(pieces):
            return new_about, len(pieces), patches
        return None


def answer_patches(blocks: Sequence[Block]) -> list[list[Any]]:
    """All patches of an answer that has ended."""
    return _patches(finished_sections(blocks))


def change_patches(before: Sequence[Block], after: Sequence[Block]) -> tuple[list[list[Any]], str]:
    """All patches of an answer with its changes marked, and how much changed."""
    marked, words = finished_marked(before, after)
    return _patches(marked), words


def _patches(sections: Mapping[int, Section]) -> list[list[Any]]:
    parts = sections.items()
    return [[at, *patch] for at, section in parts if (patch := _Block().patch(section))]


def common_prefix_length(before: str, now: str) -> int:
    """How many characters at the beginning of two texts are the same."""
    if now.startswith(before):
        return len(before)
    # By bisection: comparing slices is fast, a loop over the characters of a long text would block
    # the event loop.
    low, high = 0, min(len(before), len(now))
    while low < high:
        middle = (low + high + 1) // 2
        if before[low:middle] == now[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def utf16_length(text: str) -> int:
    """Its length as JavaScript counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _card_id(run_id: str, *, is_hidden: bool) -> str:
    # Not the run's id, which tells when it began. A hidden card has an id of its own, so that the
    # browser keeps nothing of it.
    key = b"hidden" if is_hidden else b"shown"
    return blake2s(run_id.encode(), key=key, digest_size=6).hexdigest()
