"""What names of Python source hold on the way through it, scope by scope."""

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from playground.core.imported import short
from playground.core.python_effects import bound_by, children
from playground.core.python_values import Path, Unknown, Value, Work, lose

RUNS_TEXT: Final = frozenset(("exec", "eval", "globals", "locals", "vars"))


@dataclass(slots=True)
class Names:
    """What names hold, the innermost scope last; `run_functions` when one may have run."""

    work: Work
    lines: Sequence[str]
    runs: frozenset[str] = frozenset()
    scopes: list[dict[str, Value]] = field(default_factory=lambda: [{}])
    declared: dict[str, int] = field(default_factory=dict)
    run_functions: Callable[[], None] = lambda: None

    def look(self, name: str) -> Value:
        if name in self.declared:
            return self.scopes[self.declared[name]].get(name, Path(name))
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return Path(name)

    def bind(self, name: str, value: Value) -> None:
        self.scopes[self.declared.get(name, -1)][name] = value

    def declare(self, declarations: Iterable[ast.Global | ast.Nonlocal]) -> None:
        """The names of other scopes in the function that is entered, by the scope's place."""
        self.declared = {}
        for each in declarations:
            for name in each.names:
                places = (
                    range(len(self.scopes) - 1, 0, -1) if isinstance(each, ast.Nonlocal) else ()
                )
                self.declared[name] = next((at for at in places if name in self.scopes[at]), 0)

    def bind_module(self, name: str, found: ast.alias, module: str = "") -> None:
        """What an import binds."""
        if found.name == "*":
            self.forget_all()
            return
        is_root = not module and not found.asname
        whole = f"{module}.{found.name}" if module else found.name
        self.bind(name, Path(name if is_root else whole))

    def source(self, node: ast.AST) -> str:
        """The first line of a node as it is written."""
        line = self.lines[getattr(node, "lineno", 1) - 1].encode()
        is_whole = getattr(node, "end_lineno", 0) == getattr(node, "lineno", 0)
        end = getattr(node, "end_col_offset", None) if is_whole else None
        return short(line[getattr(node, "col_offset", 0) : end].decode(errors="replace"))

    def forget(self, *nodes: ast.AST) -> None:
        """What these nodes bind is unknown, and what they use could have been changed."""
        found = list(nodes)
        for node in found:
            self.work.spend()
            found += children(node)
        # Whatever was used was used before its name was bound anew, in one order or the other.
        for node in found:
            self._use(node)
        for node in found:
            for name in bound_by(node):
                self.bind(name, Unknown(name))

    def _use(self, node: ast.AST) -> None:
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                lose(self.look(name), self.work)
                if name in self.runs:
                    self.run_functions()
                if name in RUNS_TEXT:
                    self.forget_all()
            case ast.AugAssign(target=ast.Name(id=name)):
                lose(self.look(name), self.work)
            case ast.alias(name="*"):
                self.forget_all()
            case ast.Lambda():
                self.run_functions()

    def forget_all(self) -> None:
        for scope in self.scopes:
            for name, value in scope.items():
                self.work.spend()
                lose(value, self.work)
                scope[name] = Unknown(name)
