"""An answer as it grows: blocks of HTML, of which finished ones are frozen.

A block is frozen when another one has begun beneath it and no definition that may still come (of a
link or a footnote) could change it. What is shown at the end is what `to_html` makes of the whole.
"""

import re
import time

from playground.core.rendering.block_rules import TooSlow
from playground.core.rendering.markdown import Block, Clock, Definitions, Reader
from playground.core.rendering.plain import as_written, normalised

LIMIT_S = 0.02
"""Seconds of work in one go, on the event loop: 50 ms less what a step may overrun them by."""
AT_ONCE = 4_000
"""Characters that are read in one step."""
SHARE = 200
"""An open block is read again when it has grown by one in so many characters, so that a long one
costs no more than a short one."""
MAX_FAILURES = 3
"""Tries that a step may need: a collection of garbage can take the time of one."""

_BLANK = re.compile(r"(?:[ \t]*\n)*")


class Growing:
    """Takes a text, whole each time, each beginning with the one before. `blocks` are what is
    shown of it; of these the first `frozen` never change again."""

    def __init__(self, *, clock: Clock = time.thread_time, limit_s: float = LIMIT_S) -> None:
        self._reader = Reader(clock)
        self._limit_s = limit_s
        self._settled: list[Block] = []
        self._open: tuple[list[Block], int] = [], 0
        self._start = 0
        self._read_length = -1
        self._step = AT_ONCE
        self._known = Definitions()
        self._are_definitions_new = False
        self._failures = 0
        self.blocks: list[str] = []
        self.frozen = 0
        self.is_done = False
        """Whether all of a finished text is shown as it will stay."""
        self.is_too_slow = False
        """Whether it is done because its rest takes too long to be read."""

    def grow(self, text: str, *, is_over: bool) -> bool:
        """Take the text so far; True where something has changed. Works for at most about the
        limit: after the last text, ask again until `is_done`."""
        if self.is_done:
            return False
        text = normalised(text)
        grown = len(text) - self._read_length
        if not is_over and grown <= max(0, (len(text) - self._start) // SHARE):
            return False
        before = self.blocks
        self._reader.begin(self._limit_s)
        open_blocks, end = self._take(text, is_over)
        self._write_again()
        self._show(open_blocks, text[end:], is_done=is_over and end == len(text))
        return self.blocks != before or self.is_done

    def _take(self, text: str, is_over: bool) -> tuple[list[Block], int]:
        """Read on, step by step, as long as there is time: the blocks that are still open, and how
        far the text was read."""
        # What is open may have become too long to be read again: its beginning stays.
        open_blocks, end = self._open
        is_first = True
        while True:
            self._start = _BLANK.match(text, self._start).end()  # type: ignore[union-attr]
            next_end = self._end_of_step(text)
            is_open = not (is_over and next_end == len(text))
            self._reader.definitions = self._known.copy()
            try:
                blocks = self._reader.blocks(
                    text[self._start : next_end],
                    is_open=is_open,
                    is_beginning=not self._settled,
                )
            except (TooSlow, RecursionError):
                # Another try needs the whole time for itself; a first one has had it.
                if is_first:
                    self._failures += 1
                    self.is_too_slow = is_over and self._failures >= MAX_FAILURES
                    self._read_length = len(text)
                return open_blocks, end
            is_first = False
            end = next_end
            settled = self._settle(blocks, text[self._start : end], not is_open)
            open_blocks = blocks[settled:]
            self._open = open_blocks, end
            if end == len(text):
                self._read_length = end
                return open_blocks, end
            # The last one goes on beyond this step, or its next line does. Of a text that is over
            # only a longer step can end it, however much of it there was time to read.
            needed = blocks[:-1] if is_over else blocks
            if not settled and all(block.is_complete for block in needed):
                self._step *= 2
            if not settled or self._reader.is_out_of_time():
                return open_blocks, end

    def _end_of_step(self, text: str) -> int:
        if len(text) - self._start <= self._step:
            return len(text)
        # Whole lines only: half of one may read as something else.
        end = text.rfind("\n", self._start, self._start + self._step) + 1
        if end <= self._start:
            end = text.find("\n", self._start + self._step) + 1
        return end or len(text)

    def _settle(self, blocks: list[Block], tail: str, is_whole: bool) -> int:
        """Keep the blocks that no further line can change; how many they are."""
        read = next((n for n, block in enumerate(blocks) if not block.is_complete), len(blocks))
        count = len(blocks)
        if not is_whole:
            # A table begins at the line above its second one: that must be there to the end.
            lines = tail.count("\n") - 1
            count = max((n for n, block in enumerate(blocks) if block.line < lines), default=0)
        count = min(count, read)
        if not count:
            return 0
        self._step, self._failures = AT_ONCE, 0
        is_all = count == len(blocks)
        self._start += len(tail) if is_all else _offset(tail, blocks[count].line)
        self._learn(blocks[:count])
        # With the definitions that are sure; one in an open block may still become another.
        self._reader.definitions = self._known
        for block in blocks[:count]:
            self._reader.write(block)
        self._settled += blocks[:count]
        return count

    def _learn(self, blocks: list[Block]) -> None:
        definitions = self._reader.definitions
        for block in blocks:
            for token in block.tokens:
                if token.type == "footnote_reference_open":
                    label = ":" + token.meta["label"]
                    self._are_definitions_new |= label not in self._known.footnotes
                    # As markdown-it marks a footnote that is defined.
                    self._known.footnotes[label] = -1
                elif token.type == "definition":
                    label = token.meta["label"]
                    if label not in self._known.references:
                        self._known.references[label] = definitions.references[label]
                        self._are_definitions_new = True

    def _write_again(self) -> None:
        """Blocks that refer to what was defined beneath them, or that there was no time for."""
        self._reader.definitions = self._known
        for block in self._settled[self.frozen :]:
            if not block.is_complete or (block.may_refer and self._are_definitions_new):
                # What there is no time for now is written the next time.
                if self._reader.is_out_of_time():
                    block.is_complete = False
                else:
                    self._reader.write(block)
        self._are_definitions_new = False

    def _show(self, open_blocks: list[Block], rest: str, *, is_done: bool) -> None:
        shown = [block.html for block in (*self._settled[self.frozen :], *open_blocks)]
        if rest:
            shown.append(as_written(rest))
        self.blocks = [*self.blocks[: self.frozen], *shown]
        settled = self._settled
        is_complete = not open_blocks and all(block.is_complete for block in settled)
        self.is_done = self.is_too_slow or (is_done and is_complete)
        while self.frozen < len(settled) and settled[self.frozen].is_complete and (
            self.is_done or not settled[self.frozen].may_refer
        ):  # fmt: skip
            # What it was made of is not needed any more.
            settled[self.frozen].tokens.clear()
            settled[self.frozen].source = ""
            self.frozen += 1
        if self.is_done:
            self.frozen = len(self.blocks)
            self._reader.forget()


def _offset(text: str, line: int) -> int:
    at = 0
    for _ in range(line):
        at = text.index("\n", at) + 1
    return at
