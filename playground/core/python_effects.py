"""What a piece of Python source binds and may change, whichever way it runs."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from playground.core.python_values import Work

HARMLESS: Final = frozenset(("print", "len", "str", "repr", "pprint", "pprint.pprint"))
"""They keep nothing of what they are given, and change nothing in it."""
_ASKS: Final = frozenset(
    f"{owner}.{method}"
    for owner in ("messages", "completions", "responses", "batches")
    for method in ("create", "stream", "parse", "tool_runner", "count_tokens")
)
_THROUGH: Final = frozenset(("with_raw_response", "with_streaming_response"))
_MOST_ROUNDS: Final = 8
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Effects:
    """The names of other scopes that functions bind anew, and those whose values they use."""

    binds: frozenset[str]
    uses: frozenset[str]


def asks(function: ast.expr) -> str | None:
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
    return name if name in _ASKS else None


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


def children(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes in a node that run with it: of a function none of its body, and without the
    bare names that a harmless call is given."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from node.decorator_list
            yield node.args
        case ast.Lambda():
            yield from (*node.args.defaults, *filter(None, node.args.kw_defaults))
        case ast.arguments():
            yield from (*node.defaults, *filter(None, node.kw_defaults))
        case ast.Call() if _is_harmless(node.func):
            yield node.func
            given = [*node.args, *(each.value for each in node.keywords)]
            yield from (each for each in given if not isinstance(each, ast.Name))
        case _:
            yield from ast.iter_child_nodes(node)


def _is_harmless(function: ast.expr) -> bool:
    name = function.id if isinstance(function, ast.Name) else ""
    return name in HARMLESS or asks(function) is not None


def names_that_run(tree: ast.Module, work: Work) -> frozenset[str]:
    """The names through which a function of this source may be run."""
    found: set[str] = set()
    bindings: list[tuple[set[str], set[str]]] = []
    for node in ast.walk(tree):
        work.spend()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(node.name)
                # Whoever was handed a function can run it.
                inner = [each for part in node.decorator_list for each in ast.walk(part)]
                work.spend(len(inner))
                found |= {each.id for each in inner if isinstance(each, ast.Name)}
            case ast.Assign() | ast.AnnAssign() | ast.NamedExpr() | ast.withitem() | ast.For():
                parts = [node.target, node.iter] if isinstance(node, ast.For) else [node]
                inner = [each for part in parts for each in ast.walk(part)]
                work.spend(len(inner))
                names = [each for each in inner if isinstance(each, ast.Name)]
                targets = {each.id for each in names if not isinstance(each.ctx, ast.Load)}
                used = {each.id for each in names} - targets
                if any(isinstance(each, ast.Lambda) for each in inner):
                    found |= targets
                bindings.append((targets, used))
    for _ in range(_MOST_ROUNDS):
        before = len(found)
        work.spend(len(bindings))
        for targets, used in bindings:
            if used & found:
                found |= targets
        if len(found) == before:
            return frozenset(found)
    return frozenset(found.union(*(targets for targets, _ in bindings)))


def effects(functions: Iterable[Function], work: Work) -> Effects:
    """What running any of these could do to the names around them."""
    binds: set[str] = set()
    uses: set[str] = set()
    for function in functions:
        own: set[str] = set()
        declared: set[str] = set()
        loaded: set[str] = set()
        for node in inside(function, work):
            own.update(bound_by(node))
            if isinstance(node, ast.Global | ast.Nonlocal):
                declared.update(node.names)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                loaded.add(node.id)
        binds |= own & declared
        uses |= loaded - (own - declared)
    return Effects(frozenset(binds), frozenset(uses))


def inside(function: Function, work: Work) -> Iterator[ast.AST]:
    """The parameters of a function and the nodes of its body, without those of functions in it."""
    body = function.body if isinstance(function.body, list) else [function.body]
    parameters = [each for each in ast.walk(function.args) if isinstance(each, ast.arg)]
    waiting: list[ast.AST] = [*parameters, *body]
    while waiting:
        node = waiting.pop()
        work.spend()
        yield node
        waiting += children(node)
