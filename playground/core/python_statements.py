"""What a statement of Python source changes; none of it is run."""

import ast
from collections.abc import Sequence

from playground.core.python_expressions import Expressions
from playground.core.python_methods import extended
from playground.core.python_operators import UNKNOWN, has_rest, operation
from playground.core.python_values import Fields, Items, Unknown, Value, bounded, is_scalar, lose

_MAY_HIDE = ("suppress", "raises")
"""Managers of a context that go on after its body failed."""


class NeverRunError(Exception):
    """The source does not reach what follows."""


def run_block(block: Sequence[ast.stmt], names: Expressions) -> None:
    """Raises `NeverRunError` where it leaves the block."""
    for statement in block:
        run(statement, names)


def run(statement: ast.stmt, names: Expressions) -> None:
    """Raises `NeverRunError`, or `ImportingError` where there is too much to follow."""
    names.work.spend()
    match statement:
        case ast.Expr(value=node):
            names.value(node)
        case ast.Assign(targets=targets, value=node):
            value = names.value(node)
            for target in targets:
                assign(target, value, names)
        case ast.AnnAssign(target=target, value=node):
            if node is not None:
                assign(target, names.value(node), names)
        case ast.AugAssign():
            _add(statement, names)
        case ast.Delete(targets=targets):
            for target in targets:
                _delete(target, names)
        case ast.If(test=test, body=body, orelse=orelse):
            found = is_true(names.value(test))
            if found is None:
                names.forget(*body, *orelse)
            else:
                run_block(body if found else orelse, names)
        case ast.With() | ast.AsyncWith():
            enter_with(statement, names)
            if _may_hide(statement, names):
                names.forget(*statement.body)
            else:
                run_block(statement.body, names)
        case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
            raise NeverRunError
        case ast.Import(names=found):
            for each in found:
                names.bind_module(each.asname or each.name.partition(".")[0], each)
        case ast.ImportFrom(module=module, names=found):
            for each in found:
                names.bind_module(each.asname or each.name, each, module or ".")
        case _:
            names.forget(statement)


def is_true(value: Value) -> bool | None:
    """Whether a test holds; None: nobody knows."""
    return bool(value) if is_scalar(value) else None


def assign(target: ast.expr, value: Value, names: Expressions) -> None:
    """What `target = value` changes."""
    match target:
        case ast.Name(id=name):
            names.bind(name, Unknown(name) if isinstance(value, Unknown) else value)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            is_known = isinstance(value, Items | tuple) and not getattr(value, "is_lost", False)
            is_known = is_known and len(value) == len(targets) and not has_rest(value)
            is_known = is_known and not any(isinstance(each, ast.Starred) for each in targets)
            if not is_known:
                lose(value, names.work)
            for at, each in enumerate(targets):
                assign(each, value[at] if is_known else UNKNOWN, names)
        case ast.Subscript(value=owner, slice=key):
            _put(names.value(owner), names.value(key), value, names)
        case ast.Starred(value=inner):
            assign(inner, UNKNOWN, names)
        case ast.Attribute(value=owner):
            lose(names.value(owner), names.work)
            lose(value, names.work)
        case _:
            lose(value, names.work)
            names.forget(target)


def _put(owner: Value, key: Value, value: Value, names: Expressions) -> None:
    is_kept = isinstance(owner, Items | Fields) and not owner.is_lost
    if is_kept and (isinstance(key, str) if isinstance(owner, Fields) else _is_at(owner, key)):
        owner[key] = value
    else:
        lose(owner, names.work)
        lose(value, names.work)


def _is_at(owner: Items, key: Value) -> bool:
    return isinstance(key, int) and -len(owner) <= key < len(owner) and not has_rest(owner)


def _add(statement: ast.AugAssign, names: Expressions) -> None:
    target = statement.target
    before = names.value(ast.copy_location(_loaded(target), target))
    more = names.value(statement.value)
    operator = type(statement.op).__name__
    if isinstance(before, Items) and operator == "Add" and not before.is_lost:
        if extended(before, more) == UNKNOWN:
            lose(before, names.work)
            lose(more, names.work)
        bounded(before, names.work)
        assign(target, before, names)
        return
    if isinstance(before, Fields) and isinstance(more, Fields) and operator == "BitOr":
        before.update(more)
        if more.is_lost:
            lose(before, names.work)
        assign(target, before, names)
        return
    found = operation(operator, before, more, names.work)
    if found == UNKNOWN:
        lose(before, names.work)
        lose(more, names.work)
    assign(target, found, names)


def _loaded(target: ast.expr) -> ast.expr:
    """The place of an assignment as an expression that reads it."""
    match target:
        case ast.Name(id=name):
            return ast.Name(name, ast.Load())
        case ast.Attribute(value=value, attr=attr):
            return ast.Attribute(value, attr, ast.Load())
        case ast.Subscript(value=value, slice=key):
            return ast.Subscript(value, key, ast.Load())
    return target


def _delete(target: ast.expr, names: Expressions) -> None:
    match target:
        case ast.Subscript(value=owner, slice=key):
            found, place = names.value(owner), names.value(key)
            is_there = isinstance(found, Fields) and isinstance(place, str) and place in found
            if is_there or (isinstance(found, Items) and _is_at(found, place)):
                del found[place]
            else:
                lose(found, names.work)
        case _:
            names.forget(target)


def enter_with(statement: ast.With | ast.AsyncWith, names: Expressions) -> None:
    """What the managers of a context bind."""
    for each in statement.items:
        lose(names.value(each.context_expr), names.work)
        if each.optional_vars is not None:
            assign(each.optional_vars, UNKNOWN, names)


def _may_hide(statement: ast.With | ast.AsyncWith, names: Expressions) -> bool:
    managers = [names.source(each.context_expr) for each in statement.items]
    return any(word in manager for manager in managers for word in _MAY_HIDE)
