"""Content blocks of an answer that go back as they came, as the JSON that a message keeps of them.

A link or a file may hold anything: what is not a list of an answer's blocks is refused.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from playground.core.text.json_text import finite, is_within

MAX_BLOCKS: Final = 1_000
MAX_PARTS, DEEPEST = 100_000, 100
OF_USERS: Final = frozenset({"image", "document", "search_result", "tool_result"})
"""Blocks that only a user's turn has: some would be fetched or cost what nobody has seen."""


class BlocksError(ValueError):
    """A message's JSON is not that of an answer's blocks; the text can be shown."""


def read_blocks(text: str) -> list[dict[str, Any]]:
    """The blocks. Raises `BlocksError`."""
    try:
        # Its depth is bounded first: the parser's RecursionError is no ValueError.
        content: Any = None
        if is_within(text, MAX_PARTS, DEEPEST):
            content = json.loads(text, parse_float=finite, parse_constant=finite)
        # Half a character, written as an escape or as it is, could not be sent.
        (json.dumps(content, ensure_ascii=False) if "\\u" in text else text).encode()
    except ValueError:
        content = None
    if not holds_answer(content):
        raise BlocksError("A message contains blocks that no answer has.")
    blocks: list[dict[str, Any]] = content
    return blocks


def holds_answer(content: object) -> bool:
    """Whether content is what an answer can hold: blocks of any type but a user's, since new
    types may come at any time."""
    return isinstance(content, list) and 0 < len(content) <= MAX_BLOCKS and all(
        isinstance(block, dict) and isinstance(block.get("type"), str)
        and block["type"] not in OF_USERS
        for block in content
    )  # fmt: skip


def write_blocks(blocks: Sequence[object]) -> str:
    """The JSON of blocks."""
    return json.dumps(blocks, ensure_ascii=False)


def last_text(content: object) -> str | None:
    """The text with which content ends; None where its last block is of another type."""
    last = (content[-1] if content else "") if isinstance(content, list) else content
    if isinstance(last, dict) and last.get("type") == "text":
        last = last.get("text")
    return last if isinstance(last, str) else None


def texts_in(text: str) -> str:
    """What a reader reads of the blocks: their texts."""
    texts = [block.get("text") for block in read_blocks(text) if block.get("type") == "text"]
    return "\n\n".join(each for each in texts if isinstance(each, str))


def block_summary(text: str) -> str:
    """How many blocks there are, and of what kinds."""
    blocks = read_blocks(text)
    kinds = dict.fromkeys(" ".join(filter(None, (block["type"], _name(block)))) for block in blocks)
    is_one = len(blocks) == 1
    count, came = ("1 block", "it came") if is_one else (f"{len(blocks)} blocks", "they came")
    return f"{count} of an answer, sent as {came}: {', '.join(kinds)}"


def _name(block: dict[str, Any]) -> str:
    name = block.get("name")
    return name if isinstance(name, str) else ""
