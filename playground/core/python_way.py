"""The way through Python source to one call, and what each name holds when it is reached."""

import ast
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from playground.core.imported import LeftOut
from playground.core.python_defaults import Definition, kept_defaults
from playground.core.python_effects import (
    Effects,
    Function,
    bound_by,
    children,
    effects,
    inside,
)
from playground.core.python_expressions import Expressions
from playground.core.python_operators import UNKNOWN
from playground.core.python_statements import (
    NeverRunError,
    assign,
    enter_with,
    is_true,
    run,
    run_block,
)
from playground.core.python_values import Items, Unknown, Value, lose


@dataclass(slots=True)
class Way:
    """What leads to a call; `names` is what is known there once it was walked."""

    tree: ast.Module
    call: ast.Call
    names: Expressions
    left_out: list[LeftOut] = field(default_factory=list)
    _on_it: set[int] = field(default_factory=set)
    _rest: list[tuple[bool, Sequence[ast.stmt]]] = field(default_factory=list)
    """The statements that run later than what is on the way: whether of a class, and which."""

    def walk(self) -> None:
        """Raises `NeverRunError`, or `ImportingError` where there is too much to follow."""
        parents: dict[int, ast.AST] = {}
        functions: list[Function] = []
        for node in ast.walk(self.tree):
            self.names.work.spend()
            parents.update((id(child), node) for child in ast.iter_child_nodes(node))
            if isinstance(node, Function):
                functions.append(node)
        at: ast.AST | None = self.call
        while at is not None:
            self._on_it.add(id(at))
            at = parents.get(id(at))
        others = [each for each in functions if id(each) not in self._on_it]
        self.names.run_functions = _runner(self.names, effects(others, self.names.work))
        self._enter(self.tree.body, is_class=False)

    def _leads(self, nodes: Sequence[ast.AST]) -> bool:
        return any(id(each) in self._on_it for each in nodes)

    def _enter(self, block: Sequence[ast.stmt], *, is_class: bool = False) -> None:
        for at, statement in enumerate(block):
            if id(statement) in self._on_it:
                self._rest.append((is_class, block[at + 1 :]))
                self._into(statement)
                return
            run(statement, self.names)

    def _into(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if self._leads(node.body):
                self._into_function(node)
            case ast.ClassDef() if self._leads(node.body):
                self.names.scopes.append({})
                self._enter(node.body, is_class=True)
            case ast.If() if self._leads([*node.body, *node.orelse]):
                self._into_if(node)
            case ast.For() | ast.AsyncFor() | ast.While() if self._leads(node.body):
                self._into_loop(node)
            case ast.For() | ast.AsyncFor() | ast.While() if self._leads(node.orelse):
                self.names.forget(node)
                self._enter(node.orelse)
            case ast.With() | ast.AsyncWith() if self._leads(node.body):
                enter_with(node, self.names)
                self._enter(node.body)
            case ast.Try():
                self._into_try(node)
            case ast.Match() if self._leads([each for one in node.cases for each in one.body]):
                self.names.forget(node.subject, *node.cases)
                self._enter(next(each.body for each in node.cases if id(each) in self._on_it))
            case _:
                self._before(node)

    def _into_if(self, node: ast.If) -> None:
        is_body = self._leads(node.body)
        if is_true(self.names.value(node.test)) is not None:
            if is_true(self.names.value(node.test)) != is_body:
                raise NeverRunError
        self._enter(node.body if is_body else node.orelse)

    def _into_loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        names = self.names
        if self._changes_call(node):
            why = "The call is in a loop: its first round is taken."
            self.left_out.append(LeftOut(f"Line {node.lineno}", why))
        if isinstance(node, ast.While):
            if is_true(names.value(node.test)) is False:
                raise NeverRunError
        else:
            found = names.value(node.iter)
            for each in found if isinstance(found, Items | tuple) else ():
                lose(each, names.work)
            assign(node.target, UNKNOWN, names)
        self._enter(node.body)

    def _changes_call(self, loop: ast.stmt) -> bool:
        """Whether a later round could give the call something else."""
        changed: set[str] = set()
        waiting: list[ast.AST] = [loop]
        while waiting:
            node = waiting.pop()
            self.names.work.spend()
            changed.update(bound_by(node))
            if isinstance(node, ast.Name):
                changed.add(node.id)
            waiting += children(node)
        given = [*self.call.args, *self.call.keywords]
        names = (each for part in given for each in ast.walk(part) if isinstance(each, ast.Name))
        return any(each.id in changed for each in names)

    def _into_try(self, node: ast.Try) -> None:
        names = self.names
        if self._leads(node.body):
            self._enter(node.body)
        elif self._leads(node.orelse):
            run_block(node.body, names)
            self._enter(node.orelse)
        elif self._leads(node.finalbody):
            names.forget(*node.body, *node.handlers, *node.orelse)
            self._enter(node.finalbody)
        else:
            names.forget(*node.body)
            handler = next(each for each in node.handlers if id(each) in self._on_it)
            for name in bound_by(handler):
                names.bind(name, Unknown(name))
            self._enter(handler.body)

    def _into_function(self, node: Definition) -> None:
        """Its first call, which is later than its definition; how much later is unknown."""
        names = self.names
        defaults = self._defaults(node)
        names.forget(*node.decorator_list)
        names.run_functions()
        for is_class, block in reversed(self._rest):
            if is_class:
                names.forget(*block)
                names.scopes.pop()
            else:
                self._run_later(block)
        self._rest = []
        nodes = list(inside(node, names.work))
        own = {name for each in nodes for name in bound_by(each)}
        names.declare(each for each in nodes if isinstance(each, ast.Global | ast.Nonlocal))
        own -= set(names.declared)
        names.scopes.append({name: Unknown(name) for name in own} | defaults)
        self._enter(node.body)

    def _run_later(self, block: Sequence[ast.stmt]) -> None:
        """What is bound once, and only there, is certain: the function needs it."""
        names = self.names
        times: Counter[str] = Counter()
        waiting: list[ast.AST] = list(block)
        while waiting:
            node = waiting.pop()
            names.work.spend()
            times.update(bound_by(node))
            waiting += children(node)
        for statement in block:
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ) if times[name] == 1 and name not in names.scopes[-1]:
                    names.bind(name, names.value(value))
                case _:
                    names.forget(statement)

    def _defaults(self, node: Definition) -> dict[str, Value]:
        names = self.names
        used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        found: dict[str, Value] = {}
        for name, default, is_kept in kept_defaults(node, self.tree, names.work):
            value = names.value(default)
            if not is_kept:
                lose(value, names.work)
                continue
            found[name] = value
            if name in used:
                why = "Its default is taken; a caller can give another value."
                self.left_out.append(LeftOut(f"Argument {name}", why))
        return found

    def _before(self, node: ast.stmt) -> None:
        """What the very statement of the call changes before it, and the names around it."""
        place = self.call.lineno, self.call.col_offset
        for each in ast.walk(node):
            self.names.work.spend()
            match each:
                case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp() if (
                    id(each) in self._on_it
                ):
                    self.names.forget(*each.generators)
                case ast.Lambda() if id(each) in self._on_it:
                    self.names.forget(*(a for a in ast.walk(each.args) if isinstance(a, ast.arg)))
                case ast.Call() | ast.NamedExpr() if id(each) not in self._on_it:
                    if (each.lineno, each.col_offset) < place:
                        self.names.forget(each)


def _runner(names: Expressions, found: Effects) -> Callable[[], None]:
    def run_functions() -> None:
        names.work.spend(len(found.binds) + len(found.uses))
        for name in found.uses:
            lose(names.look(name), names.work)
        for name in found.binds:
            for scope in names.scopes:
                if name in scope:
                    lose(scope[name], names.work)
                    scope[name] = Unknown(name)
            names.scopes[0].setdefault(name, Unknown(name))

    return run_functions
