"""What one listener has been told of a page's answers, and what it is to be told next.

A message holds only what is new, as patches: which piece of which block of which card, how much
of it is kept, and what comes after that. State and patches together are always the whole.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2s
from typing import Any

from playground.core.answer.content import Block
from playground.core.runs.run_view import RunView
from playground.ui.answer.card import changes_of, head, said
from playground.ui.answer.marked_changes import marked_sections, whole_marked
from playground.ui.answer.sections import Section, sections, whole_sections
from playground.ui.session.answers_state import View, compared

NUMBERS_S = 0.5
"""How often the numbers of a live run are told anew; its texts come as they are."""

Patch = tuple[int, int, str]
"""Which piece, how many UTF-16 units of it are kept, and what follows them."""
About = tuple[str, str, tuple[str, ...]]
"""A block's kind, title and notes."""


class Telling:
    """The memory of one listener."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._view: View | None = None
        self._cards: dict[str, _Card] = {}
        self._order: list[str] | None = None
        self._asked: frozenset[str] = frozenset()
        self._ended: frozenset[str] = frozenset()
        self._changes = 0
        self._told = 0

    @property
    def told(self) -> int:
        """How many characters of answers it was told."""
        return self._told

    @property
    def is_behind(self) -> bool:
        """Whether there may be more to tell although every run has ended."""
        return any(card.is_behind for card in self._cards.values())

    def news(self, view: View, *, is_busy: bool = False) -> dict[str, Any] | None:
        """The next message, or None.

        `order`: the cards there are now, and no others. `cards`: what is new among them.
        `said`: what they say beside the answer. `texts`: card, block, its kind, title and
        notes where they are new, how many pieces it has, and patches. `ended`: the cards whose
        run, one of the last press, is told to be over for the first time: it can be over before
        its card is there. `changed`: a run is over that was not when the page around the answers
        was drawn; in a busy process only the last one counts.
        """
        news: dict[str, Any] = {}
        is_new_view = view != self._view
        if is_new_view:
            self._view = view
            news |= self._arrange(view)
        said_by_card = {}
        texts: list[list[Any]] = []
        for letter, run in view.runs.items():
            card = self._cards[run.id]
            # Before it says what differs: that is known as soon as it is marked.
            texts += ([card.id, *patch] for patch in card.patches(letter, run, view))
            if changed := card.changes(letter, run, view, self._clock(), is_due=is_new_view):
                said_by_card[card.id] = changed
        if said_by_card:
            news["said"] = said_by_card
        if texts:
            news["texts"] = texts
            self._told += sum(len(new) for *_, patches in texts for _, _, new in patches)
        if ended := self._new_ends(view):
            news["ended"] = ended
        over = frozenset(run.id for run in view.runs.values() if run.is_over)
        is_worth_it = not is_busy or len(over) == len(view.runs)
        if over - view.drawn - self._asked and is_worth_it:
            self._asked = over
            self._changes += 1
            news["changed"] = self._changes
        return news or None

    def _new_ends(self, view: View) -> list[str]:
        """The cards of the last press whose runs are over and were not told to be."""
        newest = max(view.presses, default=0)
        ended = [
            run
            for run in view.runs.values()
            if not run.is_live and run.id not in self._ended and run.plan.press >= newest
        ]
        self._ended |= {run.id for run in view.runs.values() if not run.is_live}
        return [self._cards[run.id].id for run in ended]

    def _arrange(self, view: View) -> dict[str, Any]:
        """Have a card for each run that is shown, and none for any other."""
        before, self._cards = self._cards, {}
        new = {}
        for letter, run in view.runs.items():
            card_id = _card_id(run.id, is_hidden=view.is_hidden)
            card = before.get(run.id)
            if card is None or card.id != card_id:
                card = _Card(card_id)
                new[card_id] = head(letter, run, view)
            self._cards[run.id] = card
        order, self._order = self._order, [card.id for card in self._cards.values()]
        arranged: dict[str, Any] = {"cards": new} if new else {}
        return arranged if order == self._order else arranged | {"order": self._order}


class _Card:
    """What was told of one card."""

    def __init__(self, card_id: str) -> None:
        self.id = card_id
        self._said: dict[str, Any] = {}
        self._sign: tuple[object, ...] = ()
        self._said_s = 0.0
        self._blocks: dict[int, _Block] = {}
        self._is_plain: bool | None = None

    @property
    def is_behind(self) -> bool:
        return not all(block.is_done for block in self._blocks.values())

    def changes(
        self,
        letter: str,
        run: RunView,
        view: View,
        now_s: float,
        *,
        is_due: bool,
    ) -> dict[str, Any]:
        """What the card says now and did not before."""
        differs = changes_of(letter, run, view)
        sign = (
            run.status, len(run.attempts), run.attempt_number, run.is_over, run.ttft_s, differs
        )  # fmt: skip
        is_quiet = run.is_over or now_s < self._said_s + NUMBERS_S
        # What a card says takes longer to make than this sign of it: most looks end here.
        if sign == self._sign and is_quiet and not is_due:
            return {}
        now = said(letter, run, view)
        # Its seconds would differ each time: the browser counts them itself.
        if sign == self._sign and "timeline" in self._said:
            now["timeline"] = self._said["timeline"]
        self._sign, self._said_s = sign, now_s
        changed = {name: value for name, value in now.items() if self._said.get(name) != value}
        self._said |= changed
        return changed

    def patches(
        self,
        letter: str,
        run: RunView,
        view: View,
    ) -> list[list[Any]]:
        """What is new of each block."""
        if self._is_plain != view.is_plain:
            self._is_plain = view.is_plain
            for block in self._blocks.values():
                block.begin_anew()
        changed = []
        how = {"is_plain": view.is_plain, "texts_only": view.is_hidden}
        other = compared(view, letter)
        drawn = sections(run, **how) if other is None else marked_sections(run, other, **how)
        for at, section in drawn.items():
            block = self._blocks.setdefault(at, _Block())
            if (patch := block.patch(section)) is not None:
                changed.append([at, *patch])
        return changed


class _Block:
    """What was told of one block."""

    def __init__(self) -> None:
        self._pieces: tuple[str, ...] = ()
        self._frozen = self._begun = 0
        self._about: About | None = None
        self.is_done = False

    def begin_anew(self) -> None:
        """What was frozen may be another text now."""
        self._frozen, self.is_done = 0, False

    def patch(self, section: Section) -> tuple[About | None, int, list[Patch]] | None:
        """What is new: what it is, how many pieces it has, and patches; None: nothing is."""
        if section.begun != self._begun:
            self._begun = section.begun
            self.begin_anew()
        if self.is_done:
            return None
        had, pieces = self._pieces, section.pieces
        patches = []
        for at in range(self._frozen, len(pieces)):
            before, now = had[at] if at < len(had) else "", pieces[at]
            if before != now:
                same = common(before, now)
                patches.append((at, utf16_length(now[:same]), now[same:]))
        about = (section.kind, section.title, section.notes)
        new_about = None if about == self._about else about
        self._pieces, self._about = pieces, about
        self._frozen, self.is_done = section.frozen, section.is_done
        if patches or new_about or len(had) != len(pieces):
            return new_about, len(pieces), patches
        return None


def whole_answer(blocks: Sequence[Block]) -> list[list[Any]]:
    """All patches of an answer that has ended."""
    return _patches(whole_sections(blocks))


def whole_changes(before: Sequence[Block], after: Sequence[Block]) -> tuple[list[list[Any]], str]:
    """All patches of an answer in which is marked what differs from another; and how much."""
    marked, words = whole_marked(before, after)
    return _patches(marked), words


def _patches(sections: Mapping[int, Section]) -> list[list[Any]]:
    parts = sections.items()
    return [[at, *patch] for at, section in parts if (patch := _Block().patch(section))]


def common(before: str, now: str) -> int:
    """How many characters at the beginning of two texts are the same."""
    if now.startswith(before):
        return len(before)
    # By halves: slices are compared at once, while a loop over the characters of a long text would
    # hold up the event loop.
    low, high = 0, min(len(before), len(now))
    while low < high:
        middle = (low + high + 1) // 2
        if before[low:middle] == now[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def utf16_length(text: str) -> int:
    """Its length as a browser counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _card_id(run_id: str, *, is_hidden: bool) -> str:
    # A run's own id tells when it began; what is hidden is another card, of which nothing stays.
    key = b"hidden" if is_hidden else b"shown"
    return blake2s(run_id.encode(), key=key, digest_size=6).hexdigest()
