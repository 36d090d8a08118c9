"""The values that Python source spells out, found without running any of it.

Names are followed to what was assigned to them; whatever would have to be run is unknown.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from playground.core.imported import MOST_CHARACTERS, ImportingError, LeftOut, short

MOST_STEPS: Final = 50_000
_DEEPEST: Final = 60
_TEXTS: Final = ("content", "text", "system")
_CLEANERS: Final[Mapping[str, Callable[[str], str]]] = {
    "strip": str.strip,
    "dedent": textwrap.dedent,
    "cleandoc": inspect.cleandoc,
}


class UnknownValueError(Exception):
    """A value that only running the source would tell."""


@dataclass(slots=True)
class Literals:
    """What the source assigns before some line, and what was not known when asked."""

    tree: ast.Module
    before_line: int
    left_out: list[LeftOut] = field(default_factory=list)
    _steps: int = 0
    _known_changes: dict[str, list[ast.AST]] | None = None

    def value(self, node: ast.expr, depth: int = 0) -> Any:  # noqa: ANN401 (any JSON value)
        """Raises `UnknownValueError`, or `ImportingError` where it grows without end."""
        self._steps += 1
        if self._steps > MOST_STEPS or depth > _DEEPEST:
            raise ImportingError("This Python is too entangled to be read.")
        match node:
            case ast.Constant(value=str() | int() | float() | None as constant):
                return constant
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                return self._entries(entries, depth + 1)
            case ast.Dict():
                return self._object(zip(node.keys, node.values, strict=True), depth + 1)
            case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
                pairs = [(each.arg and ast.Constant(each.arg), each.value) for each in keywords]
                return self._object(pairs, depth + 1)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._plain(operand, depth, (int, float))
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return self._sum(left, right, depth + 1)
            case ast.JoinedStr(values=parts):
                return self._bounded("".join(self._part(part, depth + 1) for part in parts))
            case ast.Name(id=name):
                return self._assigned(name, depth + 1)
            case ast.Call():
                return self._cleaned(node, depth + 1)
        raise UnknownValueError

    def text(self, node: ast.expr, where: str, depth: int = 0) -> Any:  # noqa: ANN401 (any JSON value)
        """A value; where it is unknown its name in braces, and a line that says so."""
        try:
            return self.value(node, depth)
        except UnknownValueError:
            return self._placeholder(node, where)

    def _placeholder(self, node: ast.expr, where: str) -> str:
        source = short(ast.unparse(node))
        name = source if source.isidentifier() else where
        why = f"{source} is known only when the code runs: {{{{{name}}}}} stands there."
        self.left_out.append(LeftOut(where, why))
        return f"{{{{{name}}}}}"

    def _entries(self, nodes: list[ast.expr], depth: int) -> list[Any]:
        entries: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                entries += self._plain(node.value, depth, (list,))
            else:
                entries.append(self.value(node, depth))
        return entries

    def _object(self, pairs: Any, depth: int) -> dict[str, Any]:  # noqa: ANN401 (pairs of nodes)
        found: dict[str, Any] = {}
        for key, node in pairs:
            if key is None:
                found |= self._plain(node, depth, (dict,))
                continue
            name = self._plain(key, depth, (str,))
            is_text = name in _TEXTS
            found[name] = self.text(node, name, depth) if is_text else self.value(node, depth)
        return found

    def _plain(self, node: ast.expr, depth: int, kinds: tuple[type, ...]) -> Any:  # noqa: ANN401 (one of the kinds)
        value = self.value(node, depth + 1)
        if not isinstance(value, kinds):
            raise UnknownValueError
        return value

    def _sum(self, left: ast.expr, right: ast.expr, depth: int) -> Any:  # noqa: ANN401 (texts, lists or numbers)
        one, other = self.value(left, depth), self.value(right, depth)
        if type(one) is not type(other) or not isinstance(one, str | list | int | float):
            raise UnknownValueError
        return self._bounded(one + other)

    def _bounded(self, value: Any) -> Any:  # noqa: ANN401 (any JSON value)
        if isinstance(value, str | list) and len(value) > MOST_CHARACTERS:
            raise ImportingError("This Python is too entangled to be read.")
        return value

    def _part(self, part: ast.expr, depth: int) -> str:
        if not isinstance(part, ast.FormattedValue):
            return str(self.value(part, depth))
        is_plain = part.format_spec is None and part.conversion == -1
        try:
            value = self.value(part.value, depth) if is_plain else None
        except UnknownValueError:
            value = None
        if isinstance(value, str | int):
            return str(value)
        return self._placeholder(part.value, "f-string")

    def _cleaned(self, call: ast.Call, depth: int) -> str:
        match call:
            case ast.Call(func=ast.Attribute(value=text, attr="strip"), args=[], keywords=[]):
                name = "strip"
            case ast.Call(
                func=ast.Name(id="dedent" | "cleandoc" as name)
                | ast.Attribute(attr="dedent" | "cleandoc" as name),
                args=[text],
            ):
                pass
            case _:
                raise UnknownValueError
        return _CLEANERS[name](self._plain(text, depth, (str,)))

    def _assigned(self, name: str, depth: int) -> Any:  # noqa: ANN401 (any JSON value)
        """What a name holds at that line, as far as plain assignments and changes tell."""
        value: Any = None
        is_known = False
        for node in self._changes().get(name, ()):
            self._steps += 1
            match node:
                case ast.Assign(targets=[ast.Name()], value=source):
                    value, is_known = self.value(source, depth), True
                case ast.AnnAssign(value=ast.expr() as source):
                    value, is_known = self.value(source, depth), True
                case ast.Assign(targets=[ast.Subscript(slice=key)], value=source) if isinstance(
                    value, dict
                ):
                    value = {**value, self._plain(key, depth, (str,)): self.value(source, depth)}
                case ast.Call(func=ast.Attribute(attr="append"), args=[entry]) if isinstance(
                    value, list
                ):
                    value = [*value, self.value(entry, depth)]
                case _:
                    raise UnknownValueError
        if not is_known:
            raise UnknownValueError
        return value

    def _changes(self) -> Mapping[str, list[ast.AST]]:
        """Everything that gives or changes the value of a name, in reading order."""
        if self._known_changes is not None:
            return self._known_changes
        changes: dict[str, list[ast.AST]] = {}
        for node in ast.walk(self.tree):
            name = _changed(node)
            if name and getattr(node, "end_lineno", 0) < self.before_line:
                changes.setdefault(name, []).append(node)
        for nodes in changes.values():
            nodes.sort(key=lambda node: getattr(node, "lineno", 0))
        self._known_changes = changes
        return changes


_MUTATING: Final = ("append", "extend", "insert", "update", "pop", "clear", "remove", "reverse")


def _changed(node: ast.AST) -> str | None:
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)])
            | ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))])
            | ast.AnnAssign(target=ast.Name(id=name))
            | ast.AugAssign(target=ast.Name(id=name))
            | ast.For(target=ast.Name(id=name))
            | ast.arg(arg=name)
        ):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _MUTATING:
            return name
    return None
