"""The content blocks of an answer as HTML: what a saved page shows.

Texts and thoughts are read as Markdown, everything else is shown as JSON; a head says what a block
is where it is no text. Heads are plain text, so the caller must escape them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from playground.core.answer.content import Block
from playground.core.answer.outline import Part, outline
from playground.core.rendering.markdown import to_html
from playground.core.rendering.plain import escaped, normalised


@dataclass(frozen=True, slots=True)
class BlockHtml:
    """`html` is on the list of `allowed`, and empty where there is nothing but the head. An open
    block is what the answer is about; the others are worth a line until someone asks."""

    head: str
    html: str
    is_open: bool


def blocks_html(blocks: Sequence[Block]) -> tuple[BlockHtml, ...]:
    """An answer's blocks in order, texts that the API cut for their citations as one."""
    rendered = []
    for part in outline(blocks):
        body = to_html(part.markdown) if part.body else ""
        rendered.append(BlockHtml(part.head, body + _notes(part), part.is_open))
    return tuple(rendered)


def _notes(part: Part) -> str:
    return "".join(
        f'<p class="definition" dir="auto">{escaped(normalised(note))}</p>' for note in part.notes
    )
