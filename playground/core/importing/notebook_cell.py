"""A cell of a notebook: whether it is Python, what it gives to a shell, and Python in the place
of the lines that only a notebook runs."""

import re
from collections.abc import Iterator
from typing import Final

_INDENT: Final = re.compile(r"(?:[ \t]*\n)*([ \t]+)(?=\S)")
# Cells under these are still Python; under others, such as %%bash, another language.
_PYTHON_CELLS: Final = ("%%time", "%%capture", "%%timeit")
_SHELL_CELL: Final = re.compile(r"\s*%%(?:bash|sh|script +(?:ba|z)?sh)\b[^\n]*\n")
_SHELL_LINE: Final = re.compile(r"^[ \t]*(?:\w+ *= *)?!((?:[^\n]*\\[ \t]*\n)*[^\n]*)", re.MULTILINE)
_TIMED: Final = re.compile(r"([ \t]*)%time[ \t]+(?=[^\s-])")
_MAGIC: Final = re.compile(
    r"([ \t]*)((?:[\w.,* \t]+=[ \t]*)?)(?:[!%]+(?P<name>\w*)|\?|[\w.*]+\?{1,2}[ \t]*$)"
)
_REBINDS: Final = frozenset(
    ("capture", "cpaste", "load", "loadpy", "macro", "paste", "pylab", "recall", "rep", "rerun",
     "reset", "reset_selective", "run", "store", "xdel")
)  # fmt: skip
"""Magics after which any name may stand for something else."""


def dedented(source: str) -> str:
    """A cell without the indentation of its first line, which a notebook takes off each line."""
    indent = _INDENT.match(source)
    return re.sub(rf"(?m)^{indent[1]}", "", source) if indent else source


def is_python(source: str) -> bool:
    """Whether a cell is Python, and not of another language."""
    begin = source.lstrip()
    return bool(begin) and (not begin.startswith("%%") or begin.startswith(_PYTHON_CELLS))


def commands_of(source: str) -> Iterator[str]:
    """What a cell gives to a shell."""
    if cell := _SHELL_CELL.match(source):
        yield source[cell.end() :]
    elif is_python(source):
        # A notebook joins continued lines before a shell sees them.
        for line in _SHELL_LINE.finditer(source):
            yield re.sub(r"\\[ \t]*\n", " ", line[1])


def replace_magic(lines: list[str], at: int) -> bool:
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
