"""The content blocks of an answer as HTML: what a saved page, the log and a finished card show.

Texts are drawn as Markdown, thoughts as they were written, everything else as JSON; a head says
what a block is where it is no text. Heads are plain text: whoever shows them escapes them.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from playground.core.answer.content import Block
from playground.core.answer.outline import Part, outline
from playground.core.rendering.code import Colouring, code_block
from playground.core.rendering.markdown import WHOLE_LIMIT_S, Clock, to_html
from playground.core.rendering.plain import escaped, normalised, to_plain_html


@dataclass(frozen=True, slots=True)
class BlockHtml:
    """`html` is on the list of `allowed`, and empty where there is nothing but the head. An open
    block is what the answer is about; the others are worth a line until someone asks."""

    head: str
    html: str
    is_open: bool


def blocks_html(
    blocks: Sequence[Block],
    *,
    clock: Clock = time.thread_time,
    limit_s: float = WHOLE_LIMIT_S,
    is_plain: bool = False,
) -> tuple[BlockHtml, ...]:
    """An answer's blocks in order, texts that the API cut for their citations as one. `limit_s` is
    for each text; `is_plain` shows texts letter for letter."""

    def text_html(text: str) -> str:
        return to_plain_html(text) if is_plain else to_html(text, clock=clock, limit_s=limit_s)

    found = []
    for part in outline(blocks):
        if part.kind == "text":
            body = text_html(part.body) if part.body else ""
        elif part.kind == "thinking":
            body = to_plain_html(part.body) if part.body else ""
        else:
            body = json_html(part.body, clock=clock, limit_s=limit_s)
        found.append(BlockHtml(part.head, body + _notes(part), part.is_open))
    return tuple(found)


def json_html(text: str, *, clock: Clock = time.thread_time, limit_s: float = WHOLE_LIMIT_S) -> str:
    """JSON as a block of code, also while it is not whole yet."""
    deadline_s = clock() + limit_s
    colouring = Colouring(normalised(text), "json")
    while not colouring.is_complete and clock() <= deadline_s:
        colouring.go_on(lambda: clock() > deadline_s)
    return code_block(colouring.html(), "json")


def _notes(part: Part) -> str:
    return "".join(
        f'<p class="definition" dir="auto">{escaped(normalised(note))}</p>' for note in part.notes
    )
