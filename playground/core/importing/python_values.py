"""Values of Python source as JSON; what only running it would tell is listed, never guessed."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from playground.core.importing.import_result import MOST_CHARACTERS, ImportingError, LeftOut, short
from playground.core.importing.python_bindings import Bindings
from playground.core.text.json_text import Json

# Lists built from other lists can double with each line.
MOST_STEPS: Final = 100_000
MOST_BITS: Final = 128
# Each level takes several calls, which Python's own stack bounds.
DEEPEST: Final = 60
_TANGLED: Final = "This Python is too entangled to be read."
_TEXTS: Final = ("content", "text", "system", "input", "instructions")
_GAP: Final = "\ue000"
"""Stands for an unknown part; of no alphabet, and no white space."""
_CLEANERS: Final = {"dedent": textwrap.dedent, "cleandoc": inspect.cleandoc}


class UnknownValueError(Exception):
    """A value that only running the source would tell; its text is how the source spells it."""


@dataclass(slots=True)
class Values:
    """Turns expressions into JSON and keeps what was not known in `left_out`."""

    bindings: Bindings
    lines: Sequence[str]
    left_out: list[LeftOut] = field(default_factory=list)
    _steps: int = 0
    _defaults_told: set[str] = field(default_factory=set)

    def source(self, node: ast.AST) -> str:
        """The first line of a node as it is written."""
        # `ast` counts columns in bytes of UTF-8.
        line = self.lines[getattr(node, "lineno", 1) - 1].encode()
        is_whole = getattr(node, "end_lineno", 0) == getattr(node, "lineno", 0)
        end = getattr(node, "end_col_offset", None) if is_whole else None
        return short(line[getattr(node, "col_offset", 0) : end].decode(errors="replace"))

    def json(self, node: ast.expr, depth: int = 0) -> Json:
        """Raises `UnknownValueError`, or `ImportingError` where it grows without end."""
        expression = self.plain(node, depth)
        match expression:
            case ast.Constant(value=value) if value is None or isinstance(value, str | int | float):
                return self._bounded(value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
            case ast.List() | ast.Tuple():
                return [self.json(entry, depth + 1) for entry in self.entries(expression, depth)]
            case ast.Dict():
                fields = self.fields(expression, depth)
                return {name: self._field(name, inner, depth + 1) for name, inner in fields.items()}
            case ast.JoinedStr() | ast.BinOp() | ast.Call():
                parts = list(self._parts(expression, depth))
                if unknown := next((part for part in parts if not isinstance(part, str)), None):
                    raise UnknownValueError(self.source(unknown))
                return self._bounded("".join(map(str, parts)))
        raise UnknownValueError(self.source(node))

    def _field(self, name: str, node: ast.expr, depth: int) -> Json:
        return self.text(node, name, depth) if name in _TEXTS else self.json(node, depth)

    def text(self, node: ast.expr, where: str, depth: int = 0) -> Json:
        """A text, an unknown part as its name in braces, or blocks; each unknown one is listed."""
        expression = self.plain(node, depth)
        match expression:
            case ast.List():
                return self.known_entries(expression, f"{where}, block", depth + 1)
            case ast.Constant() | ast.Dict() | ast.Tuple():
                return self.json(expression, depth)
        parts = list(self._parts(expression, depth))
        name = where if len(parts) == 1 else "f-string"
        texts = [part if isinstance(part, str) else self._placeholder(part, name) for part in parts]
        return self._bounded("".join(texts))

    def known_entries(self, node: ast.List | ast.Tuple, what: str, depth: int = 0) -> list[Json]:
        """The known ones among some entries; each of the others is listed."""
        entries = []
        for number, entry in enumerate(self._spread(node, depth), 1):
            try:
                entries.append(self.json(entry, depth + 1))
            except UnknownValueError as error:
                self.lost(f"{what} {number}", str(error))
        return entries

    def lost(self, name: str, source: str) -> None:
        """List something that is not known."""
        why = f"{short(source)} is known only when the code runs."
        self.left_out.append(LeftOut(name, why))

    def entries(self, node: ast.List | ast.Tuple, depth: int = 0) -> list[ast.expr]:
        """The entries of a list, those of lists in it spread out. Raises `UnknownValueError`."""
        entries = list(self._spread(node, depth))
        for entry in entries:
            if isinstance(entry, ast.Starred):
                raise UnknownValueError(self.source(entry))
        return entries

    def _spread(self, node: ast.List | ast.Tuple, depth: int) -> Iterator[ast.expr]:
        for entry in node.elts:
            if isinstance(entry, ast.Starred):
                inner = self.plain(entry.value, depth + 1)
                if isinstance(inner, ast.List | ast.Tuple):
                    yield from self._spread(inner, depth + 1)
                    continue
            yield entry

    def fields(self, node: ast.Dict, depth: int = 0) -> dict[str, ast.expr]:
        """The fields of a dict, those of dicts in it merged. Raises `UnknownValueError`."""
        fields: dict[str, ast.expr] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            self._spend(depth)
            inner = self.plain(value, depth + 1) if key is None else None
            if isinstance(inner, ast.Dict):
                fields |= self.fields(inner, depth + 1)
            elif key is None or not isinstance(name := self.json(key, depth + 1), str):
                raise UnknownValueError(self.source(value))
            else:
                fields[name] = value
        return fields

    def dict_of(self, node: ast.expr) -> dict[str, ast.expr]:
        """The fields of whatever is a dict. Raises `UnknownValueError`."""
        expression = self.plain(node)
        if not isinstance(expression, ast.Dict):
            raise UnknownValueError(self.source(node))
        return self.fields(expression)

    def known_text(self, node: ast.expr) -> str:
        """A text without its unknown parts."""
        return "".join(part for part in self._parts(node, 0) if isinstance(part, str))

    def plain(self, node: ast.expr, depth: int = 0) -> ast.expr:
        """The expression with its name, sum of lists, index or constructor looked up."""
        self._spend(depth)
        match node:
            case ast.Name():
                return self._named(node, depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                sides = [self.plain(left, depth + 1), self.plain(right, depth + 1)]
                if all(isinstance(side, ast.List) for side in sides):
                    return ast.List([ast.Starred(side) for side in sides])
            case ast.Subscript(value=owner, slice=ast.Constant(value=str(key))):
                expression = self.plain(owner, depth + 1)
                if isinstance(expression, ast.Dict) and key in (
                    fields := self.fields(expression, depth)
                ):
                    return self.plain(fields[key], depth + 1)
            case ast.Call(func=ast.Name(id=name), args=[], keywords=keywords) if (
                name == "dict" or name in self.bindings.types
            ):
                names: list[ast.expr | None] = [
                    ast.Constant(keyword.arg) if keyword.arg else None for keyword in keywords
                ]
                return ast.copy_location(
                    ast.Dict(names, [keyword.value for keyword in keywords]), node
                )
        return node

    def _named(self, node: ast.Name, depth: int) -> ast.expr:
        bound = self.bindings.find(node)
        if bound is None:
            default = self.bindings.default(node)
            if not isinstance(default, ast.Constant):
                return node
            if node.id not in self._defaults_told:
                self._defaults_told.add(node.id)
                why = "Its default is taken; a caller can give another value."
                self.left_out.append(LeftOut(f"Argument {node.id}", why))
            return default
        value = self.plain(bound.value, depth + 1)
        for update in bound.updates:
            value = self._updated(value, update)
        return value

    def _updated(self, value: ast.expr, update: ast.stmt) -> ast.expr:
        """A value after `append`, `+=` or `[key] =`."""
        self._spend(0)
        result: ast.expr = ast.Name("what may have been changed")
        match value, update:
            case ast.List(elts=elts), ast.Expr(value=ast.Call(args=[entry])):
                result = ast.List([*elts, entry])
            case ast.List(elts=elts), ast.AugAssign(value=more):
                result = ast.List([*elts, ast.copy_location(ast.Starred(more), more)])
            case ast.Dict(keys=keys, values=values), ast.Assign(
                targets=[ast.Subscript(slice=key)], value=more
            ):
                result = ast.Dict([*keys, key], [*values, more])
            case ((ast.Constant() | ast.JoinedStr() | ast.BinOp()), ast.AugAssign(value=more)):
                result = ast.BinOp(value, ast.Add(), more)
        return ast.copy_location(result, value)

    def _parts(self, node: ast.expr, depth: int) -> Iterator[str | ast.expr]:
        """A text in known and unknown parts."""
        expression = self.plain(node, depth)
        match expression:
            case ast.Constant(value=str(value)):
                yield value
            case ast.JoinedStr(values=parts):
                for part in parts:
                    yield from self._formatted(part, depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield from self._parts(left, depth + 1)
                yield from self._parts(right, depth + 1)
            case ast.Call(func=ast.Attribute(value=owner, attr="strip"), args=[], keywords=[]):
                yield from self._cleaned(owner, str.strip, depth)
            case ast.Call(
                func=ast.Attribute(attr=name) | ast.Name(id=name), args=[text], keywords=[]
            ) if name in _CLEANERS:
                yield from self._cleaned(text, _CLEANERS[name], depth)
            case (
                ast.Call(
                    func=ast.Attribute(value=owner, attr="join"), args=[texts], keywords=[]
                ) as call
            ):
                yield self._joined(call, owner, texts, depth)
            case _:
                yield node

    def _formatted(self, part: ast.expr, depth: int) -> Iterator[str | ast.expr]:
        if not isinstance(part, ast.FormattedValue):
            yield from self._parts(part, depth + 1)
        # A format or a conversion changes the text in ways not worked out here.
        elif part.format_spec is None and part.conversion == -1:
            value = self.plain(part.value, depth + 1)
            if isinstance(value, ast.Constant) and type(value.value) in (int, float, bool):
                yield str(value.value)
            else:
                yield from self._parts(part.value, depth + 1)
        else:
            yield part.value

    def _cleaned(
        self, node: ast.expr, clean: Callable[[str], str], depth: int
    ) -> Iterator[str | ast.expr]:
        """A text whose white space was cleaned, its unknown parts left where they are."""
        parts = list(self._parts(node, depth + 1))
        unknown = [part for part in parts if not isinstance(part, str)]
        whole = "".join(part if isinstance(part, str) else _GAP for part in parts)
        # The source has this character itself: the gaps could not be told from it.
        if whole.count(_GAP) != len(unknown):
            raise UnknownValueError(self.source(node))
        first, *rest = clean(whole).split(_GAP)
        yield first
        for gap, text in zip(unknown, rest, strict=True):
            yield from (gap, text)

    def _joined(
        self, call: ast.Call, owner: ast.expr, texts: ast.expr, depth: int
    ) -> str | ast.expr:
        """`join` of known texts; the call itself where one is not known."""
        try:
            pieces = self.json(texts, depth + 1)
            between = self.json(owner, depth + 1)
        except UnknownValueError:
            return call
        is_text = isinstance(between, str) and all(isinstance(piece, str) for piece in pieces)
        return str(self._bounded(between.join(pieces))) if is_text else call

    def _placeholder(self, node: ast.expr, where: str) -> str:
        source = self.source(node)
        name = source if source.isidentifier() else where
        why = f"{source} is known only when the code runs: {{{{{name}}}}} stands there."
        self.left_out.append(LeftOut(where, why))
        # A variable of the editor's, whose value can be filled in there.
        return f"{{{{{name}}}}}"

    def _spend(self, depth: int) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS or depth > DEEPEST:
            raise ImportingError(_TANGLED)

    def _bounded(self, value: Json) -> Json:
        if isinstance(value, str) and len(value) > MOST_CHARACTERS:
            raise ImportingError(_TANGLED)
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise ImportingError("A number in this Python is too long.")
        return value
