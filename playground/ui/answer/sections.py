"""An answer's parts as they are sent to browsers: each is a section of pieces of HTML, of which
all but the last ones never change. Rendered once for all listeners."""

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
"""Shown as it is, by its title alone, unfolded under its title, or folded."""
CHUNK = 4_000
"""Characters of plain text in one piece."""
SLOW_RENDER_S = 0.5
"""The limit of one attempt at an answer that has ended and takes too long for an event loop."""
MAX_SLOW_RENDERS = 20
"""How many attempts; what is not rendered by then stays plain text."""
AS_WRITTEN = '<pre class="as-written"'


@dataclass(frozen=True, slots=True)
class Section:
    """One part: all but text have a `title`; `notes` are its sources. The pieces before `frozen`
    change only with the `revision`; once it `is_done` none does."""

    kind: Kind
    title: str
    notes: tuple[str, ...]
    pieces: tuple[str, ...]
    frozen: int
    revision: int
    is_done: bool


class _PlainText:
    """Plain text in chunks of whole lines, with the interface of `Growing`."""

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


# One thread: rendering holds the interpreter lock, so a second one would be no faster.
render_executor = ThreadPoolExecutor(1, "rendering")
"""For rendering that would block an event loop for too long."""


def _render_to_end(text: str) -> Growing:
    growing = Growing(limit_s=SLOW_RENDER_S)
    for _ in range(MAX_SLOW_RENDERS):
        growing.grow(text, is_over=True)
        if growing.is_done:
            break
    return growing


class _DrawnPart:
    """One part as rendered so far."""

    def __init__(self, *, is_plain: bool) -> None:
        self._is_plain = is_plain
        self._reset("")
        self._revision = 0

    def _reset(self, text: str) -> None:
        self._text = text
        self._growing: Growing | _PlainText = _PlainText() if self._is_plain else Growing()
        self._slow_render: Future[Growing] | None = None

    def section(self, part: Part, *, is_over: bool) -> Section:
        text = part.body if self._is_plain else part.markdown
        if not text.startswith(self._text):
            # Another part was inserted before this one.
            self._reset(text)
            self._revision += 1
        self._text = text
        if text and self._slow_render is None:
            self._growing.grow(text, is_over=is_over)
        is_done = is_over and (not text or self._is_final())
        growing = self._growing
        return Section(
            _kind_of(part), part.head, part.notes, tuple(growing.blocks), growing.frozen,
            self._revision, is_done,
        )  # fmt: skip

    @staticmethod
    def _is_fully_rendered(growing: Growing) -> bool:
        is_whole = growing.is_done and not growing.is_too_slow
        return is_whole and not any(AS_WRITTEN in piece for piece in growing.blocks)

    def _is_final(self) -> bool:
        """Whether the rendering is final: what is too slow here is rendered once more on
        `render_executor`."""
        growing = self._growing
        if self._slow_render is None:
            if isinstance(growing, _PlainText) or self._is_fully_rendered(growing):
                return True
            self._slow_render = render_executor.submit(_render_to_end, self._text)
        if not self._slow_render.done():
            return False
        if growing is not self._slow_render.result():
            self._growing = self._slow_render.result()
            self._revision += 1
        return True


class _DrawnAnswer:
    """One answer as rendered so far. Listeners are on several threads."""

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
    """The sections of a run up to now, by their position. With `texts_only` those of its texts:
    anything else could reveal the model."""
    # Listeners are on several threads, and `setdefault` of a weak dictionary is not atomic.
    with _drawn_lock:
        drawn = _drawn.setdefault(run, _DrawnAnswer())
    # Read before the blocks: once a run is over, no block is added.
    is_over = not run.is_live
    with drawn.lock:
        return drawn.sections(run.blocks, is_plain=is_plain, is_over=is_over, texts_only=texts_only)


def finished_sections(blocks: Sequence[Block]) -> Mapping[int, Section]:
    """The sections of an answer that has ended. Slow: not for an event loop."""
    drawn = _DrawnAnswer()
    while True:
        # Each call renders another bit of it.
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
