"""Python as people paste it, parsed: out of the middle of a function, or with the lines of a
notebook that are none of Python. Nothing in a text, such as a docstring, is altered."""

import ast
import re
from typing import Final

from playground.core.importing.import_result import ImportingError
from playground.core.importing.notebook_cell import replace_magic

MAX_SOURCE: Final = 200_000
DEEPEST: Final = 100
"""Nodes in each other: Python's own stack is what bounds it."""
_MAX_PARSED: Final = 3_000_000
"""Characters, over all attempts: each line of a notebook takes one more."""
_INDENTED: Final = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+[^\s#]")


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
        if len(tree.body) > 1:
            raise ImportingError("This Python has lines with less indentation than its first.")
        tree, source = ast.increment_lineno(tree, -1), source.removeprefix(head)
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
            if not 0 <= at < len(lines) or not replace_magic(lines, at):
                raise
    raise ImportingError("This Python has too many lines that only a notebook runs.")
