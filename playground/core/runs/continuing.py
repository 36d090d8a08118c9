"""How a conversation goes on from an answer: with its text, or with its blocks as they came."""

from playground.core.answer.content import (
    Block,
    Blocks,
    ContentError,
    RedactedThinkingBlock,
    ServerToolUseBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    api_content,
    text_of,
    type_of,
)
from playground.core.request.request import Prompt
from playground.core.request.sent_blocks import write_blocks

MOST_NAMED = 10
UNFINISHED = ("pause_turn", "compaction")
"""Stop reasons after which the API goes on when it is sent the answer, and nothing more."""


def continued(prompt: Prompt, blocks: Blocks, stop_reason: str | None) -> Prompt:
    """The conversation with an answer in it."""
    back = _sent_back(blocks)
    is_over = not back or stop_reason not in UNFINISHED
    return prompt.continued("" if back else text_of(blocks), back, is_over=is_over)


def can_continue(blocks: Blocks) -> bool:
    """Whether anything of an answer can be sent back."""
    return bool(text_of(blocks) or _sent_back(blocks))


def left_out(blocks: Blocks) -> str:
    """What of an answer stays behind when the conversation goes on from it, in a sentence;
    empty: nothing that the next request needs."""
    names = [] if _sent_back(blocks) else _beside_text(blocks)
    return f"Only its text goes on; this stays behind: {', '.join(names)}." if names else ""


def _sent_back(blocks: Blocks) -> str:
    """JSON of the blocks, where an answer is more than its text; empty where it is not, where a
    block was cut, and where it calls tools, whose results nothing here can give."""
    if not _beside_text(blocks) or any(isinstance(block, ToolUseBlock) for block in blocks):
        return ""
    try:
        return write_blocks(api_content(blocks))
    except ContentError:
        return ""


def _beside_text(blocks: Blocks) -> list[str]:
    """What an answer has beside its text. Thoughts are only needed beside tools (API docs,
    extended thinking)."""
    names = [_name(block) for block in blocks]
    names += ["citations"] * any(block.citations for block in blocks if type(block) is TextBlock)
    return list(dict.fromkeys(name for name in names if name))[:MOST_NAMED]


def _name(block: Block) -> str:
    if isinstance(block, TextBlock | ThinkingBlock | RedactedThinkingBlock):
        return ""
    if isinstance(block, ToolUseBlock | ServerToolUseBlock):
        return f"{type_of(block)} {block.name}".strip()
    return type_of(block)
