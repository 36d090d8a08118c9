"""A visitor's JSON schema, and whether an answer matches it, in bounded time.

Nothing is fetched: a `$ref` finds what stands in the schema itself, or the drafts of the
standard. Patterns go through `ecma_patterns` and `patterns`.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, wraps
from typing import Any, Final
from urllib.parse import urlsplit

from playground.core.experiment.ecma_patterns import from_ecma
from playground.core.experiment.patterns import TIMEOUT_S, PatternError, is_found, pattern_problem
from playground.core.request.extra_json import read_extra
from playground.core.text.json_text import Json, JsonObject, refuse_constant

MAX_STEPS: Final = 20_000
"""Keywords looked at for one answer: references to references can grow without end."""
# Of the thread's own time: by the wall clock an honest schema would fail on a busy server.
LONGEST_S: Final = 1.0
"""Of this thread's work for one answer, all patterns and keywords together."""
MAX_CHARACTERS: Final = 500_000
SPARE_FRAMES: Final = 100
"""Of Python's stack: more than jsonschema takes from one step to the next."""
MAX_DIGITS: Final = 1_000
"""Characters of a number, to be compared."""
MAX_SAID: Final = 160
_URLS: Final = ("$id", "$ref", "$dynamicRef", "$recursiveRef")

Clock = Callable[[], float]
Keyword = Callable[..., Iterator[Any]]


class SchemaError(ValueError):
    """Why a schema cannot be used; its text can be shown."""


class _TooMuchError(Exception):
    """The schema asks for more steps, or more time, than are allowed."""


class WrittenFloat(float):
    """A number with a point or an exponent, exactly as its text has it."""

    text: str

    def __new__(cls, text: str) -> "WrittenFloat":
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __repr__(self) -> str:
        return self.text

    def is_integer(self) -> bool:
        return _exact(self).denominator == 1


@dataclass(slots=True)
class _Limits:
    """What a check may still use. `known` are the schemas whose form is right, by their `id`:
    they are kept, so that no other object gets it. `trusts`: a draft's own schema is followed."""

    clock: Clock
    ends_at_s: float
    known: dict[int, JsonObject] = field(default_factory=dict)
    steps: int = 0
    trusts: bool = False

    @property
    def left_s(self) -> float:
        return self.ends_at_s - self.clock()

    def step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise _TooMuchError("the schema asks for too much")
        if self.left_s <= 0:
            raise _TooMuchError(f"the check took longer than {LONGEST_S:g} s")
        if _is_deep():
            raise _TooMuchError("the schema asks for too much")


def _is_deep() -> bool:
    """Whether Python's stack is nearly full. Where it overflows within `referencing`, the Rust
    beneath that panics, which no handler of an `Exception` catches."""
    try:
        sys._getframe(sys.getrecursionlimit() - SPARE_FRAMES)
    except ValueError:
        return False
    return True


# jsonschema passes nothing on to its keywords: they find their limits in the context.
_limits: ContextVar[_Limits] = ContextVar("_limits")


def json_problem(text: str) -> str | None:
    """What is wrong with a text that ought to be JSON, in one line, or None."""
    try:
        _parsed(text, str)
    except ValueError as error:
        return str(error)
    return None


def read_json(text: str) -> Json:
    """The value that a text is. Raises ValueError with one line that says what is wrong; a
    `SchemaError` where it is JSON whose numbers cannot be compared here."""
    return _parsed(text, _number)


def _parsed(text: str, number: Callable[[str], Json]) -> Json:
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"it is longer than {MAX_CHARACTERS:,} characters")
    if text.startswith("\ufeff"):
        raise ValueError("it begins with a byte order mark (U+FEFF)")
    try:
        return json.loads(
            text, parse_constant=refuse_constant, parse_int=number, parse_float=number
        )
    except json.JSONDecodeError as error:
        if text.lstrip().startswith("```"):
            raise ValueError("it is inside a code fence") from None
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _number(text: str) -> int | float:
    if len(text) > MAX_DIGITS:
        raise SchemaError(f"a number in the answer has {len(text):,} characters")
    if text.lstrip("-").isdigit():
        return int(text)
    number = WrittenFloat(text)
    # Beyond what a float holds; 0e999 is 0 all the same.
    if math.isinf(number) or (not number and text.lower().partition("e")[0].strip("-0.")):
        raise SchemaError(f"a number in the answer, {_short(text)}, is beyond those compared here")
    return number


def _exact(number: float) -> Fraction:
    return Fraction(Decimal(repr(number)))


def schema_problem(schema: str) -> str | None:
    """What is wrong with a schema, or None."""
    try:
        _read(schema, time.thread_time)
    except SchemaError as error:
        return str(error)
    return None


def mismatch(schema: str, value: Json, *, clock: Clock = time.thread_time) -> str | None:
    """Where and how a value does not match a schema; None: it does. Raises `SchemaError`."""
    validator, known = _read(schema, clock)
    with _limited(clock) as limits:
        limits.known |= known
        return _first_error(validator, value)


@contextmanager
def _limited(clock: Clock) -> Iterator[_Limits]:
    """New limits; whatever is raised within them is a `SchemaError`."""
    from referencing.exceptions import Unresolvable

    limits = _Limits(clock, clock() + LONGEST_S)
    token = _limits.set(limits)
    try:
        yield limits
    except SchemaError:
        raise
    except Unresolvable as missing:
        raise SchemaError(_short(f"the reference {missing.ref!r} leads to nothing")) from None
    except (PatternError, _TooMuchError) as problem:
        raise SchemaError(str(problem)) from None
    except RecursionError:
        raise SchemaError("the schema asks for too much") from None
    except Exception as error:
        # jsonschema raises anything for a schema that no draft allows.
        raise SchemaError(f"the schema cannot be used ({type(error).__name__})") from None
    finally:
        _limits.reset(token)


@lru_cache(maxsize=16)
def _read(text: str, clock: Clock) -> tuple[Any, dict[int, JsonObject]]:
    """The validator of a schema, and the schemas in it by their `id`."""
    from jsonschema import Draft202012Validator
    from jsonschema_specifications import REGISTRY

    extra = read_extra(text)
    if extra.problem and extra.problem.startswith("line "):
        raise SchemaError(f"the schema is not JSON: {extra.problem}")
    if extra.problem or not text.strip():
        raise SchemaError(extra.problem or "it is empty")
    with _limited(clock) as limits:
        draft = _draft(extra.fields, Draft202012Validator)
        _require_form(extra.fields, draft)
        # This registry holds the drafts and fetches nothing: other references are Unresolvable.
        validator = _bounded(draft)(extra.fields, registry=REGISTRY)
        _require_schemas(extra.fields, draft, validator._resolver, has_form=True)
        return validator, limits.known


def _first_error(validator: Any, value: Json) -> str | None:  # noqa: ANN401 (jsonschema has no types)
    error = next(validator.iter_errors(value), None)
    return None if error is None else _short(f"{error.json_path}: {error.message}")


def _draft(schema: JsonObject, default: Any) -> Any:  # noqa: ANN401 (jsonschema has no types)
    """The draft that a schema names, or else this one."""
    # Imported at first use: the page need not wait for it.
    from jsonschema import validators

    if "$schema" in schema and not _is_url(schema["$schema"]):
        raise SchemaError("its $schema is no URL")
    return validators.validator_for(schema, default=default)


def _is_url(value: Json) -> bool:
    try:
        # Beyond ASCII there is no URL, and `urlsplit` can take minutes.
        return isinstance(value, str) and value.isascii() and urlsplit(value) is not None
    except ValueError:
        return False


def _require_form(schema: JsonObject, draft: Any) -> None:  # noqa: ANN401
    """Raises `SchemaError` unless a schema is as its draft has it, and can be resolved."""
    from jsonschema_specifications import REGISTRY

    limits = _limits.get()
    limits.trusts, before = True, limits.trusts
    problem = _first_error(_bounded(draft)(draft.META_SCHEMA, registry=REGISTRY), schema)
    limits.trusts = before
    if problem:
        raise SchemaError(problem)


def _require_schemas(schema: Json, draft: Any, resolver: Any, *, has_form: bool = False) -> None:  # noqa: ANN401
    """Raises `SchemaError` unless all schemas in it, and those they refer to, can be used. What
    stands where no schema does, such as an example, is checked only if something refers to it.
    """
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import specification_with

    limits = _limits.get()
    if not isinstance(schema, bool | Mapping):
        raise SchemaError("a reference leads to something that is not a schema")
    inner: list[tuple[Json, Any, Any]] = [(schema, draft, resolver)]
    referred: list[tuple[Json, Any, Any]] = []
    while inner or referred:
        has_form, (schema, draft, resolver) = has_form and bool(inner), (inner or referred).pop()
        # Draft 3 has places for a schema or something else.
        if not isinstance(schema, Mapping) or id(schema) in limits.known:
            continue
        draft = _draft(schema, draft)
        if not has_form:
            _require_form(schema, draft)
        has_form = True
        limits.step()
        limits.known[id(schema)] = schema
        _require_keywords(schema)
        resource = specification_with(draft.META_SCHEMA["$schema"]).create_resource(schema)
        resolver = resolver.in_subresource(resource)
        inner += [(sub.contents, draft, resolver) for sub in resource.subresources()]
        if isinstance(reference := schema.get("$ref"), str):
            try:
                resolved = resolver.lookup(reference)
            except Unresolvable:
                # What is not in it may never be asked for; then the check says so.
                if reference.startswith("#"):
                    raise
                continue
            if not isinstance(resolved.contents, bool | Mapping):
                raise SchemaError(
                    _short(f"the reference {reference!r} leads to something that is not a schema")
                )
            referred.append((resolved.contents, draft, resolved.resolver))


def _require_keywords(schema: JsonObject) -> None:
    if "patternProperties" in schema:
        # Three places in jsonschema would hand its patterns to `re`.
        raise SchemaError("patternProperties is not supported")
    if isinstance(pattern := schema.get("pattern"), str):
        if problem := pattern_problem(from_ecma(pattern)):
            raise SchemaError(problem)
    for name in _URLS:
        if name in schema and not _is_url(schema[name]):
            raise SchemaError(f"its {name} is no URL")


@lru_cache(maxsize=8)
def _bounded(draft: Any) -> Any:  # noqa: ANN401 (jsonschema has no types)
    """The draft's validator, with every keyword counted, and every schema known."""
    from jsonschema import validators
    from jsonschema_specifications import REGISTRY

    def evolve(validator: Any, **changes: Any) -> Any:  # noqa: ANN401
        schema = changes.get("schema", validator.schema)
        resolver = changes.get("_resolver", validator._resolver)
        limits = _limits.get()
        if not limits.trusts and id(schema) not in limits.known:
            _require_schemas(schema, draft, resolver)
        # jsonschema's own would take a draft's plain validator where a `$schema` names one.
        other = _draft(schema, draft) if isinstance(schema, Mapping) else draft
        return _bounded(other)(schema, registry=REGISTRY, _resolver=resolver)

    own = {
        "pattern": _pattern, "uniqueItems": _unique_items,
        "multipleOf": _multiple_of, "divisibleBy": _multiple_of,
    }  # fmt: skip
    bounded = validators.extend(
        draft,
        {name: _counted(own.get(name, keyword)) for name, keyword in draft.VALIDATORS.items()},
    )
    bounded.evolve = evolve
    return bounded


def _counted(keyword: Keyword) -> Keyword:
    @wraps(keyword)
    def counted(*arguments: object) -> Iterator[Any]:
        _limits.get().step()
        # A keyword may return None, as jsonschema itself allows.
        for error in keyword(*arguments) or ():
            # It quotes the value, which can be the whole answer, for each branch of an `anyOf`.
            error.message = _short(error.message)
            yield error

    return counted


def _pattern(validator: Any, pattern: str, value: Json, _schema: object) -> Iterator[object]:  # noqa: ANN401
    from jsonschema import ValidationError

    if validator.is_type(value, "string"):
        limits = _limits.get()
        timeout_s = max(min(TIMEOUT_S, limits.left_s), 0.001)
        try:
            matches = is_found(from_ecma(pattern), value, timeout_s=timeout_s)
        except PatternError:
            limits.step()  # It may be the whole check that took too long.
            raise
        if not matches:
            yield ValidationError(f"{value!r} does not match {pattern!r}")


def _multiple_of(validator: Any, factor: float, value: Json, _schema: object) -> Iterator[object]:  # noqa: ANN401
    """Exactly, where jsonschema divides floats: 19.99 is no multiple of 0.01 to it."""
    from jsonschema import ValidationError

    if validator.is_type(value, "number"):
        if math.isinf(factor):
            raise SchemaError("a number in the schema is too large")
        if _exact(value) % _exact(factor):
            yield ValidationError(f"{value!r} is not a multiple of {factor!r}")


def _unique_items(validator: Any, wanted: bool, value: Json, _schema: object) -> Iterator[object]:  # noqa: ANN401
    """In a time that grows with the length, where jsonschema's grows with its square."""
    from jsonschema import ValidationError

    if wanted and validator.is_type(value, "array"):
        if len({_canonical(item) for item in value}) < len(value):
            yield ValidationError("an item is in the list twice")


def _canonical(value: Json) -> str:
    """The same text for values that JSON Schema holds to be equal: 1 and 1.0 are."""
    return json.dumps(_whole(value), sort_keys=True)


def _whole(value: Json) -> Json:
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _short(text: str) -> str:
    # The name of a property can hold half of a character, which the page cannot show.
    line = " ".join(text.split()).encode("utf-8", "backslashreplace").decode()
    return line if len(line) <= MAX_SAID else f"{line[: MAX_SAID - 1]}…"
