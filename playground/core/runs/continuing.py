"""How a conversation goes on from an answer: with its text, or with its blocks as they came and,
where those call tools, with the results that a person types."""

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
from playground.core.request.request import Message, Prompt
from playground.core.request.sent_blocks import BlocksError, read_blocks, write_blocks
from playground.core.request.tool_results import calls_in

MAX_NAMED = 10
UNFINISHED = ("pause_turn", "compaction")
"""Stop reasons after which the API goes on when it is sent the answer, and nothing more."""


def continued(prompt: Prompt, blocks: Blocks, stop_reason: str | None) -> Prompt:
    """The conversation with an answer in it."""
    back = _sent_back(blocks, stop_reason)
    calls = calls_in(read_blocks(back)) if back else {}
    following = tuple(Message("user", "", result_of=call) for call in calls)
    # After these stop reasons the API goes on with the turn that it is sent back.
    if not following and not (back and stop_reason in UNFINISHED):
        following = (Message("user", ""),)
    return prompt.continued("" if back else text_of(blocks), back, following)


def can_continue(blocks: Blocks, stop_reason: str | None) -> bool:
    """Whether anything of an answer can be sent back."""
    return bool(text_of(blocks) or _sent_back(blocks, stop_reason))


def left_out(blocks: Blocks, stop_reason: str | None) -> str:
    """What of an answer stays behind when the conversation goes on from it, in a sentence;
    empty: nothing that the next request needs."""
    names = [] if _sent_back(blocks, stop_reason) else _beside_text(blocks)
    return f"Only the answer's text is carried over, without {', '.join(names)}." if names else ""


def _sent_back(blocks: Blocks, stop_reason: str | None) -> str:
    """JSON of the blocks, where an answer is more than its text; empty where it is not, where a
    block was cut or can stand in no request, and where no text can be the result of a tool that it
    calls."""
    if not _beside_text(blocks):
        return ""
    try:
        back = write_blocks(api_content(blocks))
        # An answer may hold what no message may, such as NaN or an image.
        content = read_blocks(back)
    except (ContentError, BlocksError):
        return ""
    calls = [block for block in blocks if isinstance(block, ToolUseBlock)]
    # A call that was cut can look whole: without input yet, it is one of a tool that takes none.
    is_asked = stop_reason == "tool_use" and len(calls_in(content)) == len(calls)
    # The tools of a toolset want more than a text, and their family beside it.
    is_asked = is_asked and not any(block.get("toolset_name") for block in content)
    return back if is_asked or not calls else ""


def _beside_text(blocks: Blocks) -> list[str]:
    """What an answer has beside its text. Thoughts are only needed beside tools (API docs,
    extended thinking)."""
    names = [_name(block) for block in blocks]
    names += ["citations"] * any(block.citations for block in blocks if type(block) is TextBlock)
    return list(dict.fromkeys(name for name in names if name))[:MAX_NAMED]


def _name(block: Block) -> str:
    if isinstance(block, TextBlock | ThinkingBlock | RedactedThinkingBlock):
        return ""
    if isinstance(block, ToolUseBlock | ServerToolUseBlock):
        return f"{type_of(block)} {block.name}".strip()
    return type_of(block)
