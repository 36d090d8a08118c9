"""What expressions stand for when a program comes to one call, where that is certain.

The way to the call is followed statement by statement: from the module's first one into each
block and function that the call is in. What stands beside it (another branch, a loop, another
function) is not followed; whatever it binds or could change is unknown from there on.
"""

import ast
import contextlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeAlias, cast

from playground.core.importing.import_result import ImportingError
from playground.core.importing.strict_json import read_json

_MAX_STEPS: Final = 300_000  # lists built from other lists can double with each line,
_CHARACTERS_A_STEP: Final = 10  # and so can texts
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Loop = ast.For | ast.AsyncFor | ast.While | _Comprehension
_Step = ast.stmt | ast.ExceptHandler | ast.match_case
_BOUND_AFTERWARDS: Final = ("target", "targets", "optional_vars")
_Passing = ast.keyword | ast.Starred | ast.List | ast.Tuple | ast.Dict | ast.BinOp | ast.Subscript
# No request needs more, and Python itself writes no whole number of more than 4,300 digits.
_MAX_BITS: Final = 128
_SDK: Final = re.compile(
    r"(?:^|\.)(messages|completions|responses|batches)(?:\.with_(?:raw|streaming)_response)?"
    r"\.(create|stream|parse|tool_runner|count_tokens)$"
)
_DUMPS: Final = ("json.dumps", "orjson.dumps", "simplejson.dumps", "ujson.dumps")
_LOADS: Final = ("json.loads", "orjson.loads", "simplejson.loads", "ujson.loads")
# These change nothing that they are given, and keep none of it.
_HARMLESS: Final = ("print", "len", "str", "repr", "pprint", *_DUMPS)
_OPENING: Final = frozenset(
    ("exec", "eval", "globals", "locals", "vars", "builtins", "__builtins__", "__main__")
).union((".__dict__", ".__globals__", ".modules", ".f_globals", ".f_locals"))
"""Names and attributes through which any name can be bound."""

Value: TypeAlias = "str | int | float | Unknown | Text | list[Value] | dict[str, Value] | None"


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """What only running the source would tell. `dumped`: what it is the JSON text of, or that text
    itself where it is bytes. `since`: the same of two equal nodes only where their value is."""

    node: ast.expr
    dumped: Value = None
    since: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A text with unknown parts."""

    parts: tuple[str | Unknown, ...]


@dataclass(slots=True)
class Program:
    """The program up to one call."""

    tree: ast.Module
    call: ast.Call
    _taken: set[str] = field(default_factory=set)
    """Names that the source gives to something of its own."""
    _imported: set[str] = field(default_factory=set)
    _anytime: set[str] = field(default_factory=set)
    """Names that may be bound at any time, from another scope; "*": any name may."""
    _shared: set[str] = field(default_factory=set)
    """Names whose lists and dicts a function may change, and it may be called at any time."""
    _frames: list[tuple[set[str], dict[str, tuple[Value, int]]]] = field(default_factory=list)
    """The scopes around the call: the names that each binds; what is known of them, since when."""
    _age: int = 0
    """Grows when a list or dict may have changed unseen: older ones are unknown from then on."""
    _is_dumped: bool = False
    """Whether a text was made of one, which is another one than after a change."""
    _bindings: Counter[str] = field(default_factory=Counter)
    """How often each name may have got another value; "*": all names."""
    _steps: int = 0

    def __post_init__(self) -> None:
        nodes = [node for node in ast.walk(self.tree) if node._fields]
        for node in nodes:
            self._look_at(node)
        for node in nodes:
            if isinstance(node, _Function | ast.GeneratorExp):
                parts = list(ast.iter_child_nodes(node))
                lent = {name.id for part in parts for name in self._lent(part)}
                self._shared |= lent - (set(_bound(*parts)) - self._anytime)
        parents = {id(child): node for node in nodes for child in ast.iter_child_nodes(node)}
        path: list[ast.AST] = [self.call]
        while parent := parents.get(id(path[-1])):
            path.append(parent)
        below: list[ast.AST] = []
        for node, inner in pairwise(path[::-1]):
            if isinstance(node, ast.Module | _Function):
                for step in (node, *below) if self._frames else ():
                    self._blur(step)
                names = set(_bound(*ast.iter_child_nodes(node)))
                self._bindings.update(names)
                self._frames.append((names, {}))
                below = []
            elif isinstance(node, _Loop | ast.ClassDef):
                # What stands below the call runs before its next round; a generator runs later.
                for step in (node, *(below if isinstance(node, ast.GeneratorExp) else ())):
                    self._blur(step)
                below.append(node)
            # What a class binds is not seen in its methods.
            if not isinstance(node, ast.ClassDef):
                below += self._approach(node, inner)
        # One argument may change what stands in another.
        for given in (*self.call.args, *(keyword.value for keyword in self.call.keywords)):
            self.value(given)

    def _look_at(self, node: ast.AST) -> None:
        match node:
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                self._anytime.update(names)
            case ast.Import(names=aliases):
                self._imported.update(alias.name for alias in aliases if not alias.asname)
            case ast.ImportFrom(module=module, names=aliases):
                if not str(module).startswith(("anthropic", "openai")):
                    self._taken.update(alias.name for alias in aliases if not alias.asname)
                # Indented, as in a `try`, an import of everything may have run or not.
                self._anytime.update("*" if aliases[0].name == "*" and node.col_offset else ())
        if not isinstance(node, ast.alias) or node.asname:
            self._taken.update(_bound_by(node))
        word = getattr(node, "id", getattr(node, "name", f".{getattr(node, 'attr', '')}"))
        self._anytime.update("*" if word in _OPENING else ())

    def function(self, node: ast.expr) -> str:
        """The name of a function; an empty text where the source may give it to another."""
        name = code(node)
        root = name.partition(".")[0]
        is_bound = root in self._taken or "*" in self._anytime
        return "" if is_bound or ("*" in self._taken and root not in self._imported) else name

    def value(self, node: ast.expr) -> Value:
        """What an expression stands for; what it does to others is taken into account."""
        self.spend()
        match node:
            case ast.Constant(value=None | str() | int() | float() as value):
                if not isinstance(value, int) or value.bit_length() <= _MAX_BITS:
                    return value
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                if isinstance(number := self.value(operand), int | float):
                    return -number
            case ast.Name():
                return self._bound_to(node)
            case ast.List(elts=elts) | ast.Tuple(elts=elts):
                return list(self._entries(elts))
            case ast.Dict(keys=keys, values=values):
                return self._fields(node, keys, values)
            case ast.JoinedStr(values=inner):
                return self._text(map(self._formatted, inner))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                first, second = self.value(left), self.value(right)
                if isinstance(first, str | Text) or isinstance(second, str | Text):
                    return self._text(((left, first), (right, second)))
                if isinstance(first, list) and isinstance(second, list):
                    self.spend(len(first) + len(second))
                    return first + second
            case ast.Call(func=ast.Attribute(value=owner, attr="join"), args=[given], keywords=[]):
                between, texts = self.value(owner), self.value(given)
                if isinstance(between, str) and isinstance(texts, list):
                    pieces = [(node, part) for text in texts for part in (between, text)]
                    if all(isinstance(text, str) for text in texts):
                        return self._text(pieces[1:])
            case ast.Call(func=ast.Attribute(value=owner, attr="encode"), args=given, keywords=[]):
                text = self.value(owner)
                if all(isinstance(option, ast.Constant) for option in given):
                    return self._unknown(node, text.dumped if isinstance(text, Unknown) else text)
            case ast.Call(func=ast.Name(id="dict") as function, args=[], keywords=given):
                if self.function(function):
                    names = [ast.Constant(part.arg) if part.arg else None for part in given]
                    return self._fields(node, [*names], [part.value for part in given])
            case ast.Call(func=function, args=[given, *_], keywords=options):
                name = self.function(function)
                if name in _DUMPS:
                    self._is_dumped = True
                    return self._unknown(node, self.value(given))
                if name in _LOADS and not options and isinstance(text := self.value(given), str):
                    with contextlib.suppress(ImportingError):
                        return cast(Value, read_json(text))
        self._blur(node)
        return self._unknown(node)

    def _unknown(self, node: ast.expr, dumped: Value = None) -> Unknown:
        names = (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
        return Unknown(node, dumped, sum(self._bindings[name] for name in ("*", *names)))

    def _bound_to(self, name: ast.Name) -> Value:
        frames = (names for bound, names in self._frames[::-1] if name.id in bound)
        value, age = next(frames, {}).get(name.id, (None, -1))
        is_old = age < (self._age if _holds(value) else 0)
        if is_old or not self._anytime.isdisjoint((name.id, "*")):
            return self._unknown(name)
        return self._unknown(name, value.dumped) if isinstance(value, Unknown) else value

    def _entries(self, nodes: list[ast.expr]) -> Iterator[Value]:
        for node in nodes:
            value = self.value(node.value) if isinstance(node, ast.Starred) else [self.value(node)]
            entries = value if isinstance(value, list) else [self._unknown(node)]
            self.spend(len(entries))
            yield from entries

    def _fields(self, node: ast.expr, keys: list[ast.expr | None], values: list[ast.expr]) -> Value:
        fields: dict[str, Value] = {}
        for key, inner in zip(keys, values, strict=True):
            name, value = self.value(key) if key else None, self.value(inner)
            if isinstance(name, str):
                fields[name] = value
            elif key is None and isinstance(value, dict):
                fields |= value
            else:
                self._blur(node)
                return self._unknown(inner)
        return fields

    def _formatted(self, part: ast.expr) -> tuple[ast.expr, Value]:
        # A format or a conversion changes the text in ways not worked out here.
        match part:
            case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
                value = self.value(inner)
                return inner, str(value) if isinstance(value, int | float) else value
        return part, self.value(part)

    def _text(self, pieces: Iterable[tuple[ast.expr, Value]]) -> str | Text:
        parts: list[str | Unknown] = []
        for node, value in pieces:
            part = value if isinstance(value, str | Text) else self._unknown(node)
            parts += part.parts if isinstance(part, Text) else (part,)
        known = [part for part in parts if isinstance(part, str)]
        self.spend(len(parts), sum(map(len, known)))
        return "".join(known) if len(known) == len(parts) else Text(tuple(parts))

    def _approach(self, node: ast.AST, inner: ast.AST) -> list[ast.AST]:
        """Run what stands in a node before one of its parts; what stands below is returned."""
        below: list[ast.AST] = []
        is_reached = False
        self._unbind(*_bound_by(node))
        for name, part in ast.iter_fields(node):
            children = part if isinstance(part, list) else [part]
            is_around = inner in children
            for child in children:
                if child is inner:
                    is_reached = True
                elif isinstance(child, _Step) and is_reached:
                    below.append(child)
                elif isinstance(child, _Step) and is_around:
                    self._run(child)
                elif isinstance(child, ast.AST) and name not in _BOUND_AFTERWARDS:
                    self._blur(child)
        return below

    def _run(self, step: ast.AST) -> None:
        age = self._age
        match step:
            case ast.Assign(value=given) | ast.AnnAssign(value=ast.expr() as given):
                self._blur(getattr(step, "annotation", ast.Pass()))
                value = self.value(given)
                for target in step.targets if isinstance(step, ast.Assign) else [step.target]:
                    self._bind(target, value, age)
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(value=owner, attr="append"), args=[entry])
            ) if isinstance(items := self.value(owner), list):
                items.append(self.value(entry))
                self._age += self._is_dumped
            case ast.Expr(value=given):
                self.value(given)
            case _:
                self._blur(step)

    def _bind(self, target: ast.expr, value: Value, age: int) -> None:
        match target:
            case ast.Name(id=name):
                self._age += name in self._shared and _holds(value)
                self._bindings[name] += 1
                self._frames[-1][1][name] = (value, age)
                return
            case ast.Subscript(value=owner, slice=key):
                fields, at = self.value(owner), self.value(key)
                if isinstance(fields, dict) and isinstance(at, str):
                    fields[at] = value
                    self._age += self._is_dumped or age < self._age
                    return
        self._age += _holds(value)
        # A part of it may be another value now, such as x.text.
        self._bindings.update(n.id for n in ast.walk(target) if isinstance(n, ast.Name))
        self._blur(target)

    def _blur(self, node: ast.AST) -> None:
        """Make unknown what a node binds or could change; it may run, or not, or often."""
        self._age += any(_holds(self._bound_to(name)) for name in self._lent(node))
        self._unbind(*_bound(node))

    def _unbind(self, *names: str) -> None:
        self._bindings.update(names)
        known = self._frames[-1][1]
        for name in list(known) if "*" in names else names:
            known.pop(name, None)

    def spend(self, steps: int = 1, characters: int = 0) -> None:
        """Raises `ImportingError` for a program whose values grow without end."""
        self._steps += steps + characters // _CHARACTERS_A_STEP
        if self._steps > _MAX_STEPS:
            raise ImportingError("This Python is too entangled to be read.")

    def _lent(self, node: ast.AST, *, is_read: bool = False) -> Iterator[ast.Name]:
        """The names whose lists and dicts may be changed, then or later, by what a node does.
        `is_read`: nothing is done with its value but reading it."""
        children = _running_in(node)
        if isinstance(node, ast.Call) and (
            sdk_call(node.func)
            or self.function(node.func) in _HARMLESS
            or getattr(node.func, "attr", "") == "join"
        ):
            yield from self._lent(node.func)
            children, is_read = [*node.args, *node.keywords], True
        elif isinstance(node, ast.FormattedValue | ast.Compare):
            is_read = True
        elif isinstance(node, ast.Name) and not is_read:
            yield node
        elif not isinstance(node, _Passing):
            is_read = False
        for child in children:
            yield from self._lent(child, is_read=is_read)


def code(node: ast.expr) -> str:
    """An expression as Python writes it, or its tree."""
    # An f-string may have no spelling: with a no-break space in a part, for one.
    with contextlib.suppress(ValueError):
        return ast.unparse(node)
    return ast.dump(node)


def sdk_call(function: ast.expr) -> str | None:
    """Which call of an SDK this is, such as "messages.create"."""
    match = _SDK.search(code(function)) if isinstance(function, ast.Attribute) else None
    return match and ".".join(match.groups())


def _holds(value: Value) -> bool:
    """Whether a value is, or holds, something that can change in its place."""
    return isinstance(value, list | dict) or getattr(value, "dumped", None) is not None


def _bound(*nodes: ast.AST) -> Iterator[str]:
    """The names that nodes bind when they run."""
    for node in nodes:
        yield from _bound_by(node)
        yield from _bound(*_running_in(node))


def _running_in(node: ast.AST) -> list[ast.AST]:
    """The children of a node that run where it stands: not the body of a function."""
    if isinstance(node, _Function):
        notes = (arg.annotation for arg in ast.walk(node.args) if isinstance(arg, ast.arg))
        defaults = (*node.args.defaults, *node.args.kw_defaults, *notes)
        around = (*getattr(node, "decorator_list", ()), getattr(node, "returns", None))
        return [part for part in (*defaults, *around) if part is not None]
    # Half of all nodes are such as Load() and Add(), in which nothing stands.
    return [part for part in ast.iter_child_nodes(node) if part._fields]


def _bound_by(node: ast.AST) -> Iterator[str]:
    """The names that this very node binds or deletes."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name.partition(".")[0]
        case ast.MatchMapping(rest=str(rest)):
            yield rest
        # Of functions, classes, handlers and patterns.
        case _ if isinstance(named := getattr(node, "name", None), str):
            yield named
