"""Defaults of a function's parameters, where no call in the source gives another value."""

import ast
from collections.abc import Iterator

from playground.core.python_values import Work

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def kept_defaults(
    node: Definition, tree: ast.Module, work: Work
) -> Iterator[tuple[str, ast.expr, bool]]:
    """The parameters with a default: name, default, and whether all calls seem to keep it."""
    calls = [each for each in ast.walk(tree) if _calls(each, node.name)]
    pairs = list(_defaults(node.args))
    work.spend(len(calls) * (1 + len(pairs)))
    for name, default, at in pairs:
        yield name, default, not any(_may_give(each, name, at) for each in calls)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr, int | None]]:
    plain = [*arguments.posonlyargs, *arguments.args]
    first = len(plain) - len(arguments.defaults)
    for at, default in enumerate(arguments.defaults, first):
        yield plain[at].arg, default, at
    for each, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if given is not None:
            yield each.arg, given, None


def _calls(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=found) | ast.Attribute(attr=found)):
            return found == name
    return False


def _may_give(call: ast.AST, name: str, at: int | None) -> bool:
    """Whether a call can give a value for a parameter, in whichever way."""
    if not isinstance(call, ast.Call):
        return True
    is_open = any(isinstance(each, ast.Starred) for each in call.args)
    is_open |= any(each.arg in (None, name) for each in call.keywords)
    # A method's first argument is what stands before the dot.
    is_method = isinstance(call.func, ast.Attribute)
    return is_open or (at is not None and len(call.args) + is_method > at)
