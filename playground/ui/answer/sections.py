"""An answer's parts as a browser is told of them: each a section of pieces of HTML, of which all
but the last ones never change. Drawn once for all that listen."""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

from playground.core.answer.content import Block
from playground.core.answer.outline import Part, outline
from playground.core.rendering.growing import Growing
from playground.core.rendering.plain import as_written, normalised
from playground.core.runs.run_view import RunView

Kind = Literal["text", "named", "open", "folded"]
"""Read at once, named only, unfolded under its name, or folded."""
CHUNK = 4_000
"""Characters of plain text that make a piece of their own."""
PATIENT_S = 0.5
"""Seconds of work on an answer that has ended and could not be read within an event loop's."""
MOST_ROUNDS = 20
"""How often such an answer is worked on; what is not read by then stays as it was written."""
AS_WRITTEN = '<pre class="as-written"'


@dataclass(frozen=True, slots=True)
class Section:
    """One part: `title` names any but text, `notes` say where its words come from. The pieces
    before `frozen` never change again, unless it is `begun` anew; once it `is_done` none does."""

    kind: Kind
    title: str
    notes: tuple[str, ...]
    pieces: tuple[str, ...]
    frozen: int
    begun: int
    is_done: bool


class _PlainText:
    """A text as it was written, in chunks of whole lines; otherwise as `Growing`."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.frozen = 0
        self.is_done = False
        self._start = 0

    def grow(self, text: str, *, is_over: bool) -> None:
        text = normalised(text)
        del self.blocks[self.frozen :]
        while (end := text.find("\n", self._start + CHUNK) + 1) > 0:
            self.blocks.append(as_written(text[self._start : end]))
            self._start = end
        self.frozen = len(self.blocks)
        if rest := text[self._start :]:
            self.blocks.append(as_written(rest))
        self.is_done = is_over


# One thread: all rendering shares one interpreter, so that a second one would end no sooner.
elsewhere = ThreadPoolExecutor(1, "rendering")
"""Where what takes longer than an event loop has is done."""


def _read_patiently(text: str) -> Growing:
    growing = Growing(limit_s=PATIENT_S)
    for _ in range(MOST_ROUNDS):
        growing.grow(text, is_over=True)
        if growing.is_done:
            break
    return growing


class _DrawnPart:
    """What was drawn of one part."""

    def __init__(self, *, is_plain: bool) -> None:
        self._is_plain = is_plain
        self._begin("")
        self._begun = 0

    def _begin(self, text: str) -> None:
        self._text = text
        self._growing: Growing | _PlainText = _PlainText() if self._is_plain else Growing()
        self._patient: Future[Growing] | None = None

    def section(self, part: Part, *, is_over: bool) -> Section:
        text = part.body if self._is_plain else part.markdown
        if not text.startswith(self._text):
            # Another part has come in between.
            self._begin(text)
            self._begun += 1
        self._text = text
        if text and self._patient is None:
            self._growing.grow(text, is_over=is_over)
        is_done = is_over and (not text or self._is_at_its_best())
        growing = self._growing
        return Section(
            _kind_of(part), part.head, part.notes, tuple(growing.blocks), growing.frozen,
            self._begun, is_done,
        )  # fmt: skip

    @staticmethod
    def _is_read(growing: Growing) -> bool:
        is_whole = growing.is_done and not growing.is_too_slow
        return is_whole and not any(AS_WRITTEN in piece for piece in growing.blocks)

    def _is_at_its_best(self) -> bool:
        """Whether the end stays as it is: what takes longer is read elsewhere, once."""
        growing = self._growing
        if self._patient is None:
            if isinstance(growing, _PlainText) or self._is_read(growing):
                return True
            self._patient = elsewhere.submit(_read_patiently, self._text)
        if not self._patient.done():
            return False
        if growing is not self._patient.result():
            self._growing = self._patient.result()
            self._begun += 1
        return True


class _DrawnAnswer:
    """What was drawn of one answer. Listeners are on several threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._blocks: tuple[Block, ...] = ()
        self._parts: tuple[Part, ...] = ()
        self._grown: dict[tuple[int, bool], _DrawnPart] = {}

    def sections(
        self, blocks: tuple[Block, ...], *, is_plain: bool, is_over: bool, texts_only: bool
    ) -> dict[int, Section]:
        if blocks != self._blocks:
            self._blocks, self._parts = blocks, outline(blocks)
        by_place = {}
        for at, part in enumerate(self._parts):
            if part.kind == "text" or not texts_only:
                grown = self._grown.get((at, is_plain))
                if grown is None:
                    grown = self._grown[at, is_plain] = _DrawnPart(is_plain=is_plain)
                by_place[at] = grown.section(part, is_over=is_over)
        return by_place


_drawn: "WeakKeyDictionary[RunView, _DrawnAnswer]" = WeakKeyDictionary()
_drawn_lock = threading.Lock()


def sections(
    run: RunView,
    *,
    is_plain: bool,
    texts_only: bool = False,
) -> Mapping[int, Section]:
    """The sections of a run up to now, by their place. With `texts_only` those of its texts:
    anything else could tell which model it is."""
    # Listeners are on several threads, and a weak dictionary adds in more than one step.
    with _drawn_lock:
        drawn = _drawn.setdefault(run, _DrawnAnswer())
    # Before the blocks are read: none comes after.
    is_over = not run.is_live
    with drawn.lock:
        return drawn.sections(run.blocks, is_plain=is_plain, is_over=is_over, texts_only=texts_only)


def whole_sections(blocks: Sequence[Block]) -> Mapping[int, Section]:
    """The sections of an answer that has ended. May take its time: not on an event loop."""
    drawn = _DrawnAnswer()
    while True:
        # Each time another bit of it.
        parts = drawn.sections(tuple(blocks), is_plain=False, is_over=True, texts_only=False)
        if all(section.is_done for section in parts.values()):
            return parts
        time.sleep(0.001)


def _kind_of(part: Part) -> Kind:
    if part.kind == "text":
        return "text"
    if not part.body:
        return "named"
    return "open" if part.is_open else "folded"
