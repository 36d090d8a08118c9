"""Folds the events of one answer into its content blocks, while others read them."""

import json
from threading import Lock

from playground.core.answer.content import (
    Block,
    Blocks,
    Citation,
    RedactedThinkingBlock,
    ServerToolResultBlock,
    ServerToolUseBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    UnknownBlock,
    citation,
    text_of,
    thinking_of,
)
from playground.core.answer.events import (
    BlockStarted,
    BlockStopped,
    CitationDelta,
    InputDelta,
    OtherDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
)

Delta = TextDelta | ThinkingDelta | SignatureDelta | InputDelta | CitationDelta | OtherDelta
Content = BlockStarted | Delta | BlockStopped
IMPLIED: dict[type[Delta], str] = {
    TextDelta: "text",
    CitationDelta: "text",
    ThinkingDelta: "thinking",
    SignatureDelta: "thinking",
    InputDelta: "tool_use",
}


class Folding:
    """Blocks that one thread adds to and others read.

    A delta costs an append: texts are joined when they are read, and what was made of a
    block is kept until more of it comes.
    """

    def __init__(self) -> None:
        self._blocks: list[_Growing] = []
        self._made: Blocks | None = ()
        self._texts: tuple[str, str] | None = None
        self._lock = Lock()

    def fold(self, event: Content) -> None:
        """Take in one event of a stream's blocks."""
        with self._lock:
            if isinstance(event, BlockStopped):
                return
            self._made = self._texts = None
            if isinstance(event, BlockStarted):
                self._blocks.append(_Growing(event))
            else:
                self._block_of(event).add(event)

    def read(self) -> Blocks:
        """The blocks so far, in order; while the answer comes, the last may be growing."""
        with self._lock:
            return self._read()

    def text(self) -> str:
        """What was written so far."""
        return self._both()[0]

    def thinking(self) -> str:
        """What was thought so far."""
        return self._both()[1]

    def _both(self) -> tuple[str, str]:
        with self._lock:
            if self._texts is None:
                blocks = self._read()
                self._texts = text_of(blocks), thinking_of(blocks)
            return self._texts

    def _read(self) -> Blocks:
        if self._made is None:
            self._made = tuple(block for growing in self._blocks for block in growing.read())
        return self._made

    def _block_of(self, delta: Delta) -> "_Growing":
        kind = IMPLIED.get(type(delta), "unknown")
        if delta.at is not None and delta.at < len(self._blocks):
            return self._blocks[delta.at]
        # Whoever does not say where it belongs means the last, if that is of its kind.
        if not self._blocks or (kind in ("text", "thinking") and self._blocks[-1].kind != kind):
            self._blocks.append(_Growing(BlockStarted(kind)))
        return self._blocks[-1]


class _Growing:
    """One block and the pieces that have come of it."""

    def __init__(self, started: BlockStarted) -> None:
        self.kind = started.kind
        self._started = started
        self._texts: list[str] = []
        self._signature: list[str] = []
        self._citations: list[Citation] = []
        self._others: list[OtherDelta] = []
        self._made: Blocks | None = None

    def add(self, delta: Delta) -> None:
        self._made = None
        match delta:
            case TextDelta(text) | ThinkingDelta(text) | InputDelta(text):
                self._texts.append(text)
            case SignatureDelta(text):
                self._signature.append(text)
            case CitationDelta(source):
                self._citations.append(citation(json.loads(source)))
            case OtherDelta():
                self._others.append(delta)

    def read(self) -> Blocks:
        """The block, followed by the deltas that could not be folded into it."""
        if self._made is None:
            if len(self._texts) > 1:
                # Joined in place: otherwise each read would join thousands of pieces once more.
                self._texts = ["".join(self._texts)]
            self._made = self._make()
        return self._made

    def _make(self) -> Blocks:
        block = self._block("".join(self._texts))
        others = self._others
        if self.kind == "compaction" and isinstance(block, UnknownBlock):
            return (_compacted(block, others),)
        if not others:
            return (block,)
        deltas = ",".join(delta.json for delta in others)
        if not isinstance(block, UnknownBlock):
            return (block, UnknownBlock(others[0].kind, f"[{deltas}]"))
        start = f"{self._started.json}," if self._started.json else ""
        return (UnknownBlock(block.type, f"[{start}{deltas}]"),)

    def _block(self, text: str) -> Block:
        started, kind = self._started, self.kind
        given, more = text or started.json, started.more_json
        if kind == "text":
            return TextBlock(text, tuple(self._citations))
        if kind == "thinking":
            return ThinkingBlock(text, "".join(self._signature))
        if kind == "redacted_thinking":
            return RedactedThinkingBlock(started.json)
        if kind == "tool_use":
            return ToolUseBlock(started.id, started.name, given, more)
        # Behind plain `tool_use`, which ends the same way: these run on the API's side.
        if kind.endswith("tool_use"):
            return ServerToolUseBlock(started.id, started.name, given, kind, more)
        if kind.endswith("_tool_result"):
            return ServerToolResultBlock(kind, started.id, started.json, more)
        # Whoever shows or sends the block reads this as JSON, which an empty text is not.
        return UnknownBlock(kind, started.json or "{}")


def _compacted(block: UnknownBlock, deltas: list[OtherDelta]) -> UnknownBlock:
    """A compaction comes empty and then at once, each field in the place of the one before
    (SDK, lib/streaming/_beta_messages.py)."""
    fields = json.loads(block.json)
    for delta in deltas:
        fields |= {name: value for name, value in json.loads(delta.json).items() if name != "type"}
    return UnknownBlock(block.type, json.dumps(fields, ensure_ascii=False))
