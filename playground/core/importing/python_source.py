"""Python as people paste it, parsed: out of the middle of a function, or with the lines of a
notebook that are none of Python. Nothing in a text, such as a docstring, is altered."""

import ast
import re
from typing import Final

from playground.core.importing.import_result import ImportingError

MAX_SOURCE: Final = 200_000
DEEPEST: Final = 100
"""Nodes in each other: Python's own stack is what bounds it."""
_MAX_PARSED: Final = 3_000_000
"""Characters, over all attempts: each line of a notebook takes one more."""
_INDENTED: Final = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+[^\s#]")
_TIMED: Final = re.compile(r"([ \t]*)%time[ \t]+(?=[^\s-])")
_MAGIC: Final = re.compile(
    r"([ \t]*)((?:[\w.,* \t]+=[ \t]*)?)(?:[!%]+(?P<name>\w*)|\?|[\w.*]+\?{1,2}[ \t]*$)"
)
_REBINDS: Final = frozenset(
    ("capture", "cpaste", "load", "loadpy", "macro", "paste", "pylab", "recall", "rep", "rerun",
     "reset", "reset_selective", "run", "store", "xdel")
)  # fmt: skip
"""Magics after which any name may stand for something else."""


def parse_python(text: str) -> tuple[ast.Module, str]:
    """The source as a tree, and as it was parsed. Raises `ImportingError`."""
    if len(text) > MAX_SOURCE:
        raise ImportingError(f"Python longer than {MAX_SOURCE:,} characters is not read.")
    # As Python itself reads them, in texts too.
    source = re.sub(r"\r\n?", "\n", text)
    # A block of its own: taken off, the indentation would be missing in texts of several lines.
    head = "if True:\n" if _INDENTED.match(source) else ""
    try:
        tree, source = _parsed(head + source)
    except SyntaxError as error:
        line = (error.lineno or 0) - bool(head)
        where = f" in line {line}" if line > 0 else ""
        raise ImportingError(f"This Python has an error{where}.") from None
    # Deep nesting raises the last two, and in some versions a NUL raises the first.
    except (ValueError, RecursionError, MemoryError):
        raise ImportingError("This cannot be read as Python.") from None
    if head:
        block = tree.body[0]
        if len(tree.body) > 1 or not isinstance(block, ast.If) or block.orelse:
            raise ImportingError("This Python has lines with less indentation than its first.")
        tree = ast.Module([ast.increment_lineno(node, -1) for node in block.body], [])
        source = source.removeprefix(head)
    # Level by level: recursion would fail at the very depth that is to be found.
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise ImportingError("This Python is nested too deeply to be read.")
    return tree, source


def _parsed(source: str) -> tuple[ast.Module, str]:
    lines = source.split("\n")
    for _ in range(max(10, min(200, _MAX_PARSED // (len(source) + 1)))):
        try:
            return ast.parse("\n".join(lines)), "\n".join(lines)
        except SyntaxError as error:
            at = (error.lineno or 0) - 1
            # Only where Python fails at it: elsewhere such a line may be one of a text.
            if not 0 <= at < len(lines) or not _replace_magic(lines, at):
                raise
    raise ImportingError("This Python has too many lines that only a notebook runs.")


def _replace_magic(lines: list[str], at: int) -> bool:
    """Put Python in the place of a line that only a notebook runs; False for any other line."""
    line = lines[at]
    if _TIMED.match(line):
        lines[at] = _TIMED.sub(r"\1", line)
        return True
    magic = _MAGIC.match(line)
    if magic is None:
        return False
    while lines[at].endswith("\\") and at + 1 < len(lines):
        lines[at], at = "", at + 1
    is_any = magic["name"] in _REBINDS
    lines[at] = magic[1] + ("from notebook import *" if is_any else f"{magic[2]}get_ipython()")
    return True
