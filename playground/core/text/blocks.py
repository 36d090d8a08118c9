"""Cuts an answer into blocks that can be drawn one by one, and makes each harmless.

A block is prose (Markdown) or a top-level code fence. Prose never holds `![`, with which
every image begins: a browser would load it from whatever host a model named. What this
module takes for code must never be drawn as Markdown, then a disagreement with the
renderer's own parser can look odd but load nothing.
"""

import re
from dataclasses import dataclass
from typing import Literal

FENCE = re.compile(r"(?P<marks>`{3,}|~{3,})[ \t]*(?P<info>[^\n]*)$")
LANGUAGE = re.compile(r"[A-Za-z0-9+#._-]+")
LONGEST_PROSE = 50_000
DEEPEST_NESTING = 60
MOST_CELLS = 3_000
MOST_BLOCKS = 200
MOST_DRAWN = 200_000
"""Characters of prose; beyond these three bounds the rest of an answer is plain text."""
LONGEST_COLOURED = 30_000
"""Characters of code that are coloured by its language."""
SETTLED_SIZE = 1_200
LONGEST_OPEN = 2_000
KEPT_APART = 2
"""The open block, and the one before it, which an indented line may still continue."""
# Combining marks of any script; a browser takes seconds for thousands of them on one letter.
MARK = (
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0e34-\u0e3a\u0e47-\u0e4e"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
PILE = re.compile(f"({MARK}{{12}}){MARK}+")

BlockKind = Literal["prose", "code", "plain"]


@dataclass(frozen=True, slots=True)
class Block:
    """`text` is drawn by `kind`: Markdown, code in a `language`, or plain text because
    a browser would choke on it as Markdown."""

    kind: BlockKind
    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """Where the rest of a text begins, and whether that stands inside a code fence."""

    end: int
    is_code: bool


def defang(prose: str) -> str:
    """Markdown that can load nothing: no image survives."""
    return prose.replace("![", "!\\[")


def calm(text: str) -> str:
    """A text that a browser can draw at all: of a pile of combining marks, the first twelve."""
    return PILE.sub(r"\1…", text)


def blocks(text: str) -> list[Block]:
    """The blocks of an answer. Appending to the text changes only the last block, and
    the one before it when an indented line turns out to continue it."""
    return _cut(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))[0]


def settled(text: str) -> Settled:
    """How much of an answer on its way is worth drawing as Markdown now: its finished lines,
    but of a long open block the beginning only, since it is drawn again and again."""
    lines = text[: text.rfind("\n") + 1].split("\n")
    _, open_line, is_code = _cut(lines)
    start = sum(len(line) + 1 for line in lines[:open_line])
    end = max(start, text.rfind("\n", start, start + LONGEST_OPEN) + 1)
    if is_code:
        # Streamlit draws no blank lines at the end of code: the next line would stand too high.
        end = text.find("\n", len(text[:end].rstrip())) + 1
    return Settled(end, is_code)


def _cut(lines: list[str]) -> tuple[list[Block], int, bool]:
    """The blocks, the line at which the last one begins, and whether that is an open fence."""
    found: list[Block] = []
    prose: list[str] = []
    open_line, is_code = 0, False
    index = 0
    while index < len(lines):
        line = lines[index]
        opening = FENCE.match(line)
        if opening and not ("`" in opening["info"] and opening["marks"][0] == "`"):
            _close(prose, found)
            end = _fence_end(lines, index, opening["marks"])
            code = calm("\n".join(lines[index + 1 : end]))
            language = LANGUAGE.match(opening["info"]) if len(code) <= LONGEST_COLOURED else None
            found.append(Block("code", code, language[0] if language else None))
            is_code = end == len(lines)
            open_line = index if is_code else end + 1
            index = end + 1
            continue
        starts_anew = line.strip() and not line[0].isspace()
        if starts_anew and prose and not prose[-1].strip():
            _close(prose, found)
            open_line = index
        prose.append(line)
        index += 1
    _close(prose, found)
    return found, open_line, is_code


def streaming(text: str) -> list[Block]:
    """The blocks of an answer on its way: what is settled in few large pieces that never
    change again, what is new in small ones, so that little travels at each paint."""
    found = blocks(text)
    pieces: list[Block] = []
    start = 0
    for index, block in enumerate(found[:-KEPT_APART]):
        size = sum(len(each.text) for each in found[start : index + 1])
        if block.kind != "prose" or size >= SETTLED_SIZE:
            pieces += _joined(found[start : index + 1])
            start = index + 1
    return _bounded(pieces + found[start:-1] + [_closed(block) for block in found[-1:]])


def _closed(block: Block) -> Block:
    """The open block with bold text and code closed, so that no bare mark flickers by."""
    if block.kind != "prose":
        return block
    text = block.text
    for mark in ("`", "**"):
        if text.count(mark) % 2 and not text.endswith(mark):
            text += mark
    return Block("prose", text)


def whole(text: str) -> list[Block]:
    """The same blocks with neighbouring prose joined, for an answer that is complete:
    lists stay whole and references find their definitions."""
    return _bounded(_joined(blocks(text)))


def _bounded(found: list[Block]) -> list[Block]:
    """The same, with all that a browser could not draw in time as one plain block."""
    size = cells = 0
    for index, block in enumerate(found):
        if block.kind == "prose":
            size += len(block.text)
            cells += block.text.count("|")
        if index >= MOST_BLOCKS or size > MOST_DRAWN or cells > MOST_CELLS:
            rest = "\n\n".join(map(_as_written, found[index:]))
            return [*found[:index], Block("plain", rest)]
    return found


def _as_written(block: Block) -> str:
    if block.kind == "code":
        return f"```{block.language or ''}\n{block.text}\n```"
    return block.text


def _joined(found: list[Block]) -> list[Block]:
    joined: list[Block] = []
    for block in found:
        if joined and block.kind == joined[-1].kind == "prose":
            both = f"{joined[-1].text}\n\n{block.text}"
            if len(both) <= LONGEST_PROSE and both.count("|") <= MOST_CELLS:
                joined[-1] = Block("prose", both)
                continue
        joined.append(block)
    return joined


def _close(prose: list[str], found: list[Block]) -> None:
    text = "\n".join(prose).strip("\n")
    if text.strip():
        found.append(
            Block("plain", calm(text)) if _is_heavy(text) else Block("prose", defang(text))
        )
    prose.clear()


def _fence_end(lines: list[str], start: int, marks: str) -> int:
    """The index of the closing fence, or of the end of the text."""
    for index in range(start + 1, len(lines)):
        line = lines[index].strip()
        is_closing = len(line) >= len(marks) and not line.strip(marks[0])
        if is_closing and len(lines[index]) - len(lines[index].lstrip(" ")) < 4:
            return index
    return len(lines)


def _is_heavy(text: str) -> bool:
    """Whether a browser would hang on this as Markdown."""
    if len(text) > LONGEST_PROSE or text.count("|") > MOST_CELLS:
        return True
    if PILE.search(text):
        return True
    return any(_nesting(line) > DEEPEST_NESTING for line in text.split("\n"))


def _nesting(line: str) -> int:
    marks = line[: len(line) - len(line.lstrip(" >-*+\t"))]
    return len(marks.replace(" ", "").replace("\t", "  "))
