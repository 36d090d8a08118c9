"""What a name in Python source stands for at a place, where that is certain.

Certain is what straight-line code binds: a plain assignment in a block that the call is in, or
directly in a function or module around it. A list or dict counts only while every other use of
its name is one that cannot change it, or an `append`, `+=` or `[key] =` in a straight line.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeGuard

Place = tuple[int, int]
"""Line and column."""
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Scope = Function | ast.ClassDef | ast.Module
Loop = ast.For | ast.AsyncFor | ast.While
_HARMLESS: Final = frozenset(("print", "len", "str", "repr", "pprint"))
_CALLS: Final = frozenset(
    f"{owner}.{method}"
    for owner in ("messages", "completions", "responses", "batches")
    for method in ("create", "stream", "parse", "tool_runner", "count_tokens")
)
_THROUGH: Final = frozenset(("with_raw_response", "with_streaming_response"))
_RUNS_TEXT: Final = frozenset(("exec", "eval", "globals", "locals", "vars"))


@dataclass(frozen=True, slots=True)
class Bound:
    """What a name is bound to, with the updates that a list, dict or text gets afterwards."""

    value: ast.expr
    updates: tuple[ast.stmt, ...] = ()


@dataclass(slots=True)
class Bindings:
    """The names of a module, as the code up to one call binds them."""

    tree: ast.Module
    call: ast.Call
    types: set[str] = field(default_factory=set)
    """Types of the SDK: each is a dict of what it is given."""
    _parents: dict[int, ast.AST] = field(default_factory=dict)
    _bound: dict[tuple[int, str], list[ast.AST]] = field(default_factory=dict)
    _uses: dict[str, list[ast.Name]] = field(default_factory=dict)
    _elsewhere: set[str] = field(default_factory=set)
    """Names that a function binds in another scope than its own."""
    _extended: set[str] = field(default_factory=set)
    """Names with a `+=`, or an operator like it."""
    _blocks: dict[int, int] = field(default_factory=dict)
    """The block that a statement stands in."""
    _path: set[int] = field(default_factory=set)
    """The blocks around the call."""
    _is_open: bool = False
    """Whether something could bind any name."""
    _found: dict[int, Bound | None] = field(default_factory=dict)
    """What the names of the source stand for; lists that grow from lists ask again and again."""

    def __post_init__(self) -> None:
        nodes = list(ast.walk(self.tree))
        # Nodes of `ast` know neither their parent nor their block.
        self._parents = {id(child): node for node in nodes for child in ast.iter_child_nodes(node)}
        for node in nodes:
            for part in ("body", "orelse", "finalbody"):
                block = getattr(node, part, None)
                if isinstance(block, list):
                    self._blocks.update((id(statement), id(block)) for statement in block)
        self._path = {self._blocks.get(id(node), 0) for node in self._around(self.call)} - {0}
        for node in nodes:
            for name in bound_by(node):
                self._bound.setdefault((id(self._scope(node)), name), []).append(node)
            match node:
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    self._elsewhere |= set(names)
                case ast.Name(id=name, ctx=ast.Load()):
                    self._uses.setdefault(name, []).append(node)
                    self._is_open |= name in _RUNS_TEXT
                case ast.AugAssign(target=ast.Name(id=name)):
                    self._extended.add(name)
                case ast.alias(name="*"):
                    self._is_open = True
                case ast.ImportFrom(module=str(module)) if module.startswith("anthropic.types"):
                    self.types |= {alias.asname or alias.name for alias in node.names}

    def find(self, name: ast.Name) -> Bound | None:
        """What a name stands for where it is used; None: only running the code would tell."""
        if id(name) not in self._parents:  # made by the reader: its id may be another's later
            return self._find(name)
        if id(name) not in self._found:
            self._found[id(name)] = self._find(name)
        return self._found[id(name)]

    def _find(self, name: ast.Name) -> Bound | None:
        if self._is_open or name.id in self._elsewhere:
            return None
        scope = self._scope_of(name)
        bindings = self._bound.get((id(scope), name.id), [])
        updates = [update for node in bindings if (update := self._update(node)) is not None]
        bindings = [node for node in bindings if self._update(node) is None]
        before = [node for node in bindings if end(self._statement(node)) <= place(name)]
        is_own = scope is self._scope(name)
        if isinstance(scope, ast.ClassDef) or not bindings or (is_own and not before):
            return None
        if len(bindings) > 1 and not (is_own and all(map(self._is_straight, bindings))):
            return None
        # In a loop the last binding in the text need not be the last that ran.
        if len(bindings) > 1 and any(self._loops(node) for node in bindings):
            return None
        # A global may be bound below the function that uses it: it exists once that is called.
        last = max(before or bindings, key=place)
        value = _assigned(last, self._statement(last))
        if value is None or not self._is_straight(last):
            return None
        return self._with_updates(name.id, last, value, updates, is_only=len(bindings) == 1)

    def default(self, name: ast.Name) -> ast.expr | None:
        """The default of a parameter, where no call in the source can give another value."""
        scope = self._scope_of(name)
        bindings = self._bound.get((id(scope), name.id), [])
        if len(bindings) != 1 or not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            return None
        value = dict(_defaults(scope.args)).get(name.id)
        calls = [node for node in ast.walk(self.tree) if _is_call_of(node, scope.name)]
        return None if any(_may_give(call, name.id, scope.args) for call in calls) else value

    def _with_updates(
        self,
        name: str,
        binding: ast.AST,
        value: ast.expr,
        updates: list[ast.stmt],
        *,
        is_only: bool,
    ) -> Bound | None:
        """The binding with what changes its value before the call."""
        if _is_text(value) and not updates:
            return Bound(value)
        uses = [node for node in self._uses.get(name, []) if not self._is_over(node, binding)]
        updates += [update for node in uses if (update := self._update(node)) is not None]
        if updates and not (is_only and all(self._is_in_step(u, binding) for u in updates)):
            return None
        seen = {(name, False)}
        if any(self._update(node) is None and not self._is_harmless(node, seen) for node in uses):
            return None
        updates = [update for update in updates if not self._is_over(update, binding)]
        last = max(map(place, updates), default=(0, 0))
        if updates and any(place(use) < last and self._update(use) is None for use in uses):
            # It was read in between, where it was shorter.
            return None
        return Bound(value, tuple(sorted(updates, key=place)))

    def _update(self, node: ast.AST) -> ast.stmt | None:
        """The statement `name.append(…)`, `name += …` or `name["key"] = …` of a name."""
        parent = self._parents.get(id(node))
        statement = self._statement(node)
        match statement:
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(attr="append") as function, args=[_], keywords=[])
            ) if parent is function:
                return statement
            case ast.AugAssign(op=ast.Add(), target=target) if target is node:
                return statement
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str())) as target]) if (
                parent is target and target.value is node
            ):
                return statement
        return None

    def _is_in_step(self, update: ast.stmt, binding: ast.AST) -> bool:
        """Whether an update happens just once for each time that its name is bound."""
        if self._is_over(update, binding):
            return True
        is_straight = self._is_straight(update) and self._loops(update) == self._loops(binding)
        is_before = place(update) < self._entered(self._scope(binding))
        return is_straight and is_before and self._scope(update) is self._scope(binding)

    def _entered(self, scope: ast.AST) -> Place:
        """Where the code of a scope is left on the way to the call."""
        around = [node for node in self._around(self.call) if self._scope(node) is scope]
        return place(around[0]) if around else place(self.call)

    def _is_over(self, node: ast.AST, binding: ast.AST) -> bool:
        """Whether a node runs only once the call was made."""
        is_own = self._scope(node) is self._scope(self.call)
        # In a loop, what follows the call runs before the next one.
        is_after = place(node) > end(self.call)
        return is_own and is_after and self._loops(binding) == self._loops(self.call)

    def _is_harmless(self, node: ast.Name, seen: set[tuple[str, bool]]) -> bool:
        """Whether a use of a name leaves its value alone and hands it to nobody who does not.
        `seen`: the other names for it, or for what it is a part of, that are looked at already."""
        below: ast.AST = node
        is_item = False
        for outer in self._around(self._parents[id(node)]):
            match outer:
                case ast.Call() if outer is self.call or sdk_call(outer.func) is not None:
                    return below is not outer.func
                case ast.Call(func=ast.Name(id=name)) if name in _HARMLESS and below is node:
                    return True
                # Both make a text of what they are given, and keep nothing of it.
                case ast.Call(func=ast.Attribute(attr="dumps" | "join")) if below is not outer.func:
                    return True
                case (
                    ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"))
                    | ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))])
                    | ast.AugAssign(target=ast.Name(id=name))
                ):
                    # A part of a list or dict, which must be left alone as well.
                    is_part = below is not getattr(outer, "func", None)
                    return is_part and self._is_left_alone(name, True, seen)
                # An f-string makes a new text of what it is given.
                case ast.FormattedValue():
                    return True
                case ast.List() | ast.Tuple() | ast.Dict() | ast.Starred() | ast.keyword():
                    pass
                case ast.Subscript(ctx=ast.Load()) if below is outer.value:
                    is_item = True
                case ast.BinOp(op=ast.Add()) | ast.Call(func=ast.Name(id="dict")):
                    pass
                case (
                    ast.Assign(targets=[ast.Name(id=name)])
                    | ast.AnnAssign(target=ast.Name(id=name))
                ):
                    is_whole = below is not node and not is_item
                    return self._is_left_alone(name, is_whole, seen)
                case _:
                    return False
            below = outer
        return False

    def _is_left_alone(self, name: str, is_whole: bool, seen: set[tuple[str, bool]]) -> bool:
        """Whether no use of another name changes a value. `is_whole`: the name is one of a list
        or dict with the value in it, and may get further parts."""
        if (name, is_whole) in seen:
            return True
        seen.add((name, is_whole))
        if name in self._extended and not is_whole:
            return False
        uses = self._uses.get(name, [])
        return all((is_whole and self._update(use)) or self._is_harmless(use, seen) for use in uses)

    def _is_straight(self, node: ast.AST) -> bool:
        """Whether a statement stands in a block that the way to the call goes through."""
        return self._blocks.get(id(self._statement(node))) in self._path

    def _around(self, node: ast.AST) -> Iterator[ast.AST]:
        at: ast.AST | None = node
        while at is not None:
            yield at
            at = self._parents.get(id(at))

    def _statement(self, node: ast.AST) -> ast.stmt:
        return next(
            (outer for outer in self._around(node) if isinstance(outer, ast.stmt)),
            self.tree.body[0],
        )

    def _scope(self, node: ast.AST) -> Scope:
        """The scope in which a node runs; a parameter belongs to its function, the name of a
        function to the scope around it."""
        around = self._around(node)
        if isinstance(node, Function | ast.ClassDef):
            next(around)
        inner = node
        for outer in around:
            # Decorators, and the defaults of parameters, run where the function is defined.
            is_outside = isinstance(outer, Function) and (
                inner in getattr(outer, "decorator_list", ())
                or (inner is outer.args and not isinstance(node, ast.arg))
            )
            if isinstance(outer, Scope) and not is_outside and outer is not inner:
                return outer
            inner = outer
        return self.tree

    def _scope_of(self, name: ast.Name) -> Scope:
        """The scope whose name this is: the nearest that binds it, classes around left out."""
        scope: Scope = self._scope(name)
        while scope is not self.tree and (id(scope), name.id) not in self._bound:
            scope = self._scope(scope)
            while isinstance(scope, ast.ClassDef):
                scope = self._scope(scope)
        return scope

    def _loops(self, node: ast.AST) -> list[int]:
        """The loops of its scope that a node is in."""
        scope = self._scope(node)
        loops = []
        for outer in self._around(node):
            if outer is scope:
                break
            if isinstance(outer, Loop | ast.comprehension):
                loops.append(id(outer))
        return loops


def bound_by(node: ast.AST) -> Iterator[str]:
    """The names that this very node binds or deletes."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.arg(arg=name):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name.partition(".")[0]


def sdk_call(function: ast.expr) -> str | None:
    """Which call of an SDK this is, such as "messages.create"."""
    match function:
        case ast.Attribute(
            value=ast.Attribute(value=ast.Attribute(attr=owner), attr=way), attr=method
        ) if way in _THROUGH:
            pass
        case ast.Attribute(value=ast.Attribute(attr=owner) | ast.Name(id=owner), attr=method):
            pass
        case _:
            return None
    name = f"{owner}.{method}"
    return name if name in _CALLS else None


def place(node: ast.AST) -> Place:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def end(node: ast.AST) -> Place:
    return getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)


def _assigned(binding: ast.AST, statement: ast.stmt) -> ast.expr | None:
    """The value that an assignment gives a name; None: it is bound in another way."""
    match statement:
        case ast.Assign(targets=targets, value=value) if binding in targets:
            return value
        case ast.AnnAssign(target=target, value=ast.expr() as value) if binding is target:
            return value
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            if binding in names and len(names) == len(values):
                return values[names.index(binding)]
    return None


def _is_text(value: ast.expr) -> bool:
    """Whether nothing can change a value in place."""
    match value:
        case ast.Constant() | ast.JoinedStr() | ast.UnaryOp():
            return True
        case ast.BinOp(left=left, right=right):
            return _is_text(left) or _is_text(right)
        case ast.Call(func=ast.Attribute(attr=method) | ast.Name(id=method)):
            return method in ("join", "strip", "dedent", "cleandoc", "dumps", "encode")
    return False


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    plain = [*arguments.posonlyargs, *arguments.args][::-1]
    yield from (
        (parameter.arg, default)
        for parameter, default in zip(plain, arguments.defaults[::-1], strict=False)
    )
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    yield from ((parameter.arg, default) for parameter, default in named if default is not None)


def _is_call_of(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    match node:
        case ast.Call(func=ast.Name(id=found) | ast.Attribute(attr=found)):
            return found == name
    return False


def _may_give(call: ast.Call, name: str, arguments: ast.arguments) -> bool:
    """Whether a call can give a value for a parameter, in whichever way."""
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return True
    # A method's first argument is what stands before the dot.
    positional = len(call.args) + isinstance(call.func, ast.Attribute)
    plain = [parameter.arg for parameter in (*arguments.posonlyargs, *arguments.args)]
    return name in plain[:positional] or any(
        keyword.arg in (None, name) for keyword in call.keywords
    )
