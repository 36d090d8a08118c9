"""What an expression of Python source holds, and what it changes on the way; none of it is run."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playground.core.python_effects import HARMLESS, asks
from playground.core.python_methods import called, changed, text_method
from playground.core.python_names import Names
from playground.core.python_operators import UNKNOWN, formatted, has_rest, item, operation
from playground.core.python_values import (
    Dumped,
    Fields,
    Items,
    Path,
    Unknown,
    Value,
    bounded,
    is_scalar,
    is_text,
    lose,
    text_of_parts,
)


@dataclass(slots=True)
class Expressions(Names):
    """What expressions hold, given what names do."""

    def value(self, node: ast.expr) -> Value:
        """Raises `ImportingError` where it grows without end."""
        self.work.spend()
        found = self._value(node)
        return Unknown(self.source(node)) if found == UNKNOWN else found

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=str() | int() | float() | None as constant):
                return bounded(constant, self.work)
            case ast.Name(id=name):
                return self.look(name)
            case ast.List(elts=nodes):
                return bounded(Items(self._entries(nodes)), self.work)
            case ast.Tuple(elts=nodes):
                return bounded(tuple(self._entries(nodes)), self.work)
            case ast.Dict(keys=keys, values=values):
                return self._fields(keys, values)
            case ast.JoinedStr(values=parts):
                return self._joined(parts)
            case ast.NamedExpr(target=ast.Name(id=name), value=inner):
                found = self.value(inner)
                self.bind(name, found)
                return found
            case ast.Attribute(value=inner, attr=attr):
                owner = self.value(inner)
                if isinstance(owner, Path):
                    return Path(bounded(f"{owner.name}.{attr}", self.work))
                lose(owner, self.work)
                return UNKNOWN
            case ast.Subscript(value=inner, slice=key):
                found, key_value = self.value(inner), self.value(key)
                if item(found, key_value) == UNKNOWN:
                    lose(found, self.work)
                return item(found, key_value)
            case ast.Call():
                return self._call(node)
            case _:
                return self._operation(node)

    def _operation(self, node: ast.expr) -> Value:
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                values = self.value(left), self.value(right)
                return self._or_lost(operation(type(op).__name__, *values, self.work), values)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                found = self.value(operand)
                is_number = isinstance(found, int | float)
                return -found if is_number else UNKNOWN
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                found = self.value(operand)
                return not found if is_scalar(found) else UNKNOWN
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as op], comparators=[right]):
                one, other = self.value(left), self.value(right)
                if not is_scalar(one) or not is_scalar(other):
                    return UNKNOWN
                return (one == other) == isinstance(op, ast.Eq)
            case ast.Compare(left=left, comparators=rest):
                for each in (left, *rest):
                    self.value(each)
                return UNKNOWN
            case ast.Slice(lower=None, upper=None, step=None) | ast.FormattedValue():
                return UNKNOWN
            case ast.BoolOp(op=op, values=[first, *rest]) if is_scalar(found := self.value(first)):
                if bool(found) == isinstance(op, ast.Or):
                    return found
                return self.value(rest[0]) if len(rest) == 1 else self._forgotten(*rest)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                found = self.value(test)
                if is_scalar(found):
                    return self.value(body if found else orelse)
                return self._forgotten(body, orelse)
            case ast.Await(value=inner):
                return self.value(inner)
        return self._forgotten(node)

    def _forgotten(self, *nodes: ast.AST) -> Unknown:
        self.forget(*nodes)
        return UNKNOWN

    def _or_lost(self, found: Value, values: tuple[Value, ...]) -> Value:
        """Whoever holds an unknown result could hold what it was made of."""
        if found == UNKNOWN:
            for each in values:
                lose(each, self.work)
        return found

    def _entries(self, nodes: Sequence[ast.expr]) -> Iterator[Value]:
        for node in nodes:
            if not isinstance(node, ast.Starred):
                yield self.value(node)
                continue
            found = self.value(node.value)
            is_known = isinstance(found, Items | tuple) and not getattr(found, "is_lost", False)
            yield from found if is_known else (Unknown(f"*{self.source(node.value)}"),)

    def _fields(self, keys: Sequence[ast.expr | None], nodes: Sequence[ast.expr]) -> Value:
        found = Fields()
        is_known = True
        for key, node in zip(keys, nodes, strict=True):
            name = None if key is None else self.value(key)
            value = self.value(node)
            if isinstance(name, str):
                found[name] = value
            elif key is None and isinstance(value, Fields) and not value.is_lost:
                found |= value
            else:
                lose(value, self.work)
                is_known = False
        bounded(found, self.work)
        return found if is_known else self._or_lost(UNKNOWN, (found,))

    def _joined(self, nodes: Sequence[ast.expr]) -> Value:
        parts: list[Value] = []
        for node in nodes:
            if not isinstance(node, ast.FormattedValue):
                parts.append(self.value(node))
                continue
            spec = self.value(node.format_spec) if node.format_spec else ""
            value = self.value(node.value)
            text: Value = UNKNOWN
            if is_scalar(spec):
                text = formatted(value, node.conversion, spec, self.work)
            parts.append(Unknown(self.source(node.value)) if text == UNKNOWN else text)
        return text_of_parts(parts, self.work)

    def _call(self, node: ast.Call) -> Value:
        function = node.func
        if isinstance(function, ast.Attribute):
            owner = self.value(function.value)
            if isinstance(owner, Path):
                return self._named_call(f"{owner.name}.{function.attr}", node)
            if isinstance(owner, Items | Fields):
                return self._changed(owner, function.attr, node)
            given, named = self._given(node)
            if is_text(owner):
                found = text_method(owner, function.attr, given, named, self.work)
                return self._or_lost(found, (*given, *named.values()))
            if isinstance(owner, Dumped):
                return owner if function.attr == "encode" else UNKNOWN
            return self._forgotten(node)
        found = self.value(function)
        is_named = isinstance(found, Path)
        return self._named_call(found.name, node) if is_named else self._forgotten(node)

    def _named_call(self, name: str, node: ast.Call) -> Value:
        given, named = self._given(node)
        is_whole = "*" not in named and not has_rest(given)
        found = called(name, given, named, self.work) if is_whole else UNKNOWN
        if found == UNKNOWN and name not in HARMLESS and not asks(node.func):
            self.forget(node)
        return found

    def _given(self, node: ast.Call) -> tuple[list[Value], dict[str, Value]]:
        named: dict[str, Value] = {}
        given = list(self._entries(node.args))
        for each in node.keywords:
            value = self.value(each.value)
            if each.arg is not None:
                named[each.arg] = value
            elif isinstance(value, Fields) and not value.is_lost:
                named |= value
            else:
                lose(value, self.work)
                named["*"] = Unknown("*")
        return given, named

    def _changed(self, owner: Items | Fields, method: str, node: ast.Call) -> Value:
        """What a method of a list or dict gives, the change made."""
        given, named = self._given(node)
        for each in (*given, *named.values()) if owner.is_lost else ():
            lose(each, self.work)
        if owner.is_lost:
            return UNKNOWN
        found = changed(owner, method, given, named)
        bounded(owner, self.work)
        if found == UNKNOWN:
            for each in (owner, *given, *named.values()):
                lose(each, self.work)
        return found
