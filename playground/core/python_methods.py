"""What methods and functions of Python make of known values; `UNKNOWN` where that is not known.

Nothing here looks up an attribute of a value that the source chose.
"""

import inspect
import string
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from playground.core.imported import ImportingError
from playground.core.python_operators import MOST_DEPTH, UNKNOWN, as_part, formatted, has_rest, item
from playground.core.python_values import (
    Dumped,
    Fields,
    Items,
    Unknown,
    Value,
    Work,
    bounded,
    is_scalar,
    is_text,
    text_of_parts,
)

_CLEANERS: Final[Mapping[str, Callable[[str], str]]] = {
    "dedent": textwrap.dedent,
    "cleandoc": inspect.cleandoc,
}
_TEXT_METHODS: Final[Mapping[str, Callable[..., str]]] = {
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "capitalize": str.capitalize,
    "removeprefix": str.removeprefix,
    "removesuffix": str.removesuffix,
}


def text_method(
    text: Value, name: str, given: Sequence[Value], named: Mapping[str, Value], work: Work
) -> Value:
    """What a method of a text gives."""
    if name == "join" and len(given) == 1 and isinstance(text, str) and not named:
        return _joined(text, given[0], work)
    if not isinstance(text, str):
        return UNKNOWN
    if name == "format":
        return _filled(text, given, named, work)
    if named or not all(isinstance(each, str) for each in given):
        return UNKNOWN
    try:
        if name == "replace" and len(given) == 2:
            old, new = given
            work.spend((text.count(old) * len(new) + len(text)) // 64)
            return bounded(text.replace(old, new), work)
        if name in _TEXT_METHODS:
            return bounded(_TEXT_METHODS[name](text, *given), work)
    except TypeError:
        return UNKNOWN
    return UNKNOWN


def _joined(text: str, items: Value, work: Work) -> Value:
    if not isinstance(items, Items | tuple) or getattr(items, "is_lost", False):
        return UNKNOWN
    texts = [as_part(each) for each in items]
    if has_rest(items) or not all(is_text(each) or isinstance(each, Unknown) for each in texts):
        return UNKNOWN
    work.spend(len(items) * (1 + len(text) // 64))
    parts = [part for each in texts for part in (text, each)][1:]
    return text_of_parts(parts, work)


def _filled(text: str, given: Sequence[Value], named: Mapping[str, Value], work: Work) -> Value:
    parts: list[Value] = []
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError:
        return UNKNOWN
    count = 0
    for before, name, spec, conversion in pieces:
        parts.append(before)
        if name is None:
            continue
        if conversion or (spec and "{" in spec):
            return UNKNOWN
        key, count = (str(count), count + 1) if name == "" else (name, count)
        known = given[int(key)] if key.isdecimal() and int(key) < len(given) else named.get(key)
        if known is None:
            return UNKNOWN
        parts.append(formatted(known, -1, spec or "", work))
        if parts[-1] == UNKNOWN:
            return UNKNOWN
    return text_of_parts(parts, work)


def called(name: str, given: Sequence[Value], named: Mapping[str, Value], work: Work) -> Value:
    """What a function gives, by its name with dots."""
    last = name.rpartition(".")[2]
    if name.startswith("anthropic.types.") and not given:
        return bounded(Fields(named), work)  # These types are dicts when the code runs.
    if name == "dict" and len(given) <= 1 and all(_is_plain(each, Fields) for each in given):
        return bounded(Fields({**(given[0] if given else {}), **named}), work)
    if len(given) != 1 or (named and last != "dumps"):
        return Items() if name == "list" and not given and not named else UNKNOWN
    value = given[0]
    if name == "list" and (isinstance(value, tuple) or _is_plain(value, Items)):
        return bounded(Items(value), work)
    if name == "str" and is_scalar(value):
        return bounded(str(value), work)
    if name == "len" and (isinstance(value, str | tuple) or _is_plain(value, Items)):
        return UNKNOWN if has_rest(value) else len(value)
    if name in (last, f"textwrap.{last}", f"inspect.{last}") and last in _CLEANERS:
        return bounded(_CLEANERS[last](value), work) if isinstance(value, str) else UNKNOWN
    if name in ("dumps", "json.dumps"):
        return Dumped(copied(value, work))
    if name in ("deepcopy", "copy.deepcopy"):
        return copied(value, work)
    return UNKNOWN


def _is_plain(value: Value, kind: type[Any]) -> bool:
    return isinstance(value, kind) and not value.is_lost


def copied(value: Value, work: Work, depth: int = 0) -> Value:
    """A copy that no later change reaches."""
    work.spend()
    if depth > MOST_DEPTH:
        raise ImportingError("It is nested too deep.")
    if not isinstance(value, Items | Fields | tuple):
        return value
    if isinstance(value, tuple):
        return tuple(copied(each, work, depth + 1) for each in value)
    copy: Items | Fields
    if isinstance(value, Fields):
        copy = Fields({name: copied(each, work, depth + 1) for name, each in value.items()})
    else:
        copy = Items(copied(each, work, depth + 1) for each in value)
    copy.is_lost = value.is_lost
    return copy


def changed(
    owner: Items | Fields, method: str, given: Sequence[Value], named: Mapping[str, Value]
) -> Value:
    """What a method of a list or dict gives; the change it makes is made."""
    if isinstance(owner, Fields):
        return _changed_fields(owner, method, given, named)
    return UNKNOWN if named else _changed_items(owner, method, given)


def _changed_items(owner: Items, method: str, given: Sequence[Value]) -> Value:
    match method, given:
        case "append", [entry]:
            owner.append(entry)
        case "extend", [more]:
            return extended(owner, more)
        case "insert", [int(at), entry] if not has_rest(owner):
            owner.insert(at, entry)
        case "pop", [] if owner and not has_rest(owner[-1:]):
            return owner.pop()
        case "pop", [int(at)] if item(owner, at) != UNKNOWN:
            return owner.pop(at)
        case "clear", []:
            owner.clear()
        case "reverse", []:
            owner.reverse()
        case "copy", []:
            return Items(owner)
        case _:
            return UNKNOWN
    return None


def _changed_fields(
    owner: Fields, method: str, given: Sequence[Value], named: Mapping[str, Value]
) -> Value:
    match method, given:
        case "update", [] | [Fields(is_lost=False)]:
            owner.update(*given, **named)
        case "get", [str(name)]:
            return owner.get(name)
        case ("get", [str(name), default]) if not named:
            return owner.get(name, default)
        case "pop", [str(name), *_] if name in owner:
            return owner.pop(name)
        case "setdefault", [str(name), default]:
            return owner.setdefault(name, default)
        case "clear", []:
            owner.clear()
        case "copy", []:
            return Fields(owner)
        case _:
            return UNKNOWN
    return None


def extended(owner: Items, more: Value) -> Value:
    """A list with more entries; of an unknown list one entry that stands for all of them."""
    more = as_part(more)
    if isinstance(more, Items | tuple) and not getattr(more, "is_lost", False):
        owner.extend(list(more))
        return None
    if isinstance(more, Unknown | Items):
        source = more.source if isinstance(more, Unknown) else "a list"
        owner.append(Unknown(f"*{source.removeprefix('*')}"))
        return None
    return UNKNOWN
