"""A visitor's JSON schema, and whether an answer matches it, in bounded time.

Nothing is fetched: a `$ref` finds what stands in the schema itself, or the drafts of the
standard. Patterns go through `patterns`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache, wraps
from itertools import count
from typing import Any, Final

from playground.core.experiment.patterns import PatternError, is_found, pattern_problem
from playground.core.request.extra_json import read_extra
from playground.core.text.json_text import Json, JsonObject

MOST_STEPS: Final = 20_000
"""Keywords looked at for one answer: references to references can grow without end."""
MOST_CHARACTERS: Final = 500_000
MOST_SAID: Final = 160
_step: ContextVar[Iterator[int]] = ContextVar("_step")

Keyword = Callable[..., Iterator[object]]


class SchemaError(ValueError):
    """Why a schema cannot be used; its text can be shown."""


class _TooMuchError(Exception):
    """The schema asks for more steps than are allowed."""


def read_json(text: str) -> Json:
    """The value that a text is. Raises ValueError with one line that says what is wrong."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"it is longer than {MOST_CHARACTERS:,} characters")
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        if text.lstrip().startswith("```"):
            raise ValueError("it stands in a code fence") from None
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def schema_problem(schema: str) -> str | None:
    """What is wrong with a schema, or None."""
    try:
        _read(schema)
    except SchemaError as error:
        return str(error)
    return None


def mismatch(schema: str, value: Json) -> str | None:
    """Where and how a value does not match a schema; None: it does. Raises `SchemaError`."""
    parsed = _read(schema)
    return _first_error(parsed, value)


@lru_cache(maxsize=16)
def _read(text: str) -> JsonObject:
    extra = read_extra(text)
    if extra.problem and extra.problem.startswith("line "):
        raise SchemaError(f"the schema is no JSON: {extra.problem}")
    if extra.problem or not text.strip():
        raise SchemaError(extra.problem or "it is empty")
    for pattern in _patterns(extra.fields):
        problem = pattern_problem(pattern) if isinstance(pattern, str) else None
        if problem:
            raise SchemaError(problem)
    draft = _draft(extra.fields)
    if problem := _first_error(draft.META_SCHEMA, extra.fields):
        raise SchemaError(problem)
    return extra.fields


def _patterns(value: Json) -> Iterator[Json]:
    if isinstance(value, list):
        for inner in value:
            yield from _patterns(inner)
    if isinstance(value, Mapping):
        if "patternProperties" in value:
            # Three places in jsonschema would hand its patterns to `re`.
            raise SchemaError("patternProperties is not supported")
        if "pattern" in value:
            yield value["pattern"]
        for inner in value.values():
            yield from _patterns(inner)


def _first_error(schema: JsonObject, value: Json) -> str | None:
    # This registry holds the drafts and fetches nothing: other references are Unresolvable.
    from jsonschema_specifications import REGISTRY
    from referencing.exceptions import Unresolvable

    validator = _bounded(_draft(schema))(schema, registry=REGISTRY)
    # jsonschema passes nothing on to its keywords: they find their count in the context.
    token = _step.set(count(1))
    try:
        error = next(validator.iter_errors(value), None)
    except Unresolvable as missing:
        raise SchemaError(_short(f"nothing is at the reference {missing.ref!r}")) from None
    except PatternError as problem:
        raise SchemaError(str(problem)) from None
    except (_TooMuchError, RecursionError):
        raise SchemaError("the schema asks for too much") from None
    finally:
        _step.reset(token)
    return None if error is None else _short(f"{error.json_path}: {error.message}")


def _draft(schema: JsonObject) -> Any:  # noqa: ANN401 (jsonschema has no types)
    # Imported at first use: the page need not wait for it.
    from jsonschema import Draft202012Validator, validators

    return validators.validator_for(schema, default=Draft202012Validator)


@lru_cache(maxsize=8)
def _bounded(draft: Any) -> Any:  # noqa: ANN401 (jsonschema has no types)
    """The draft's validator, with every keyword counted."""
    from jsonschema import validators

    own = {"pattern": _pattern, "uniqueItems": _unique_items}
    return validators.extend(
        draft,
        {name: _counted(own.get(name, keyword)) for name, keyword in draft.VALIDATORS.items()},
    )


def _counted(keyword: Keyword) -> Keyword:
    @wraps(keyword)
    def counted(*arguments: object) -> Iterator[object]:
        if next(_step.get()) > MOST_STEPS:
            raise _TooMuchError
        # A keyword may return None, as jsonschema itself allows.
        return keyword(*arguments) or iter(())

    return counted


def _pattern(validator: Any, pattern: str, value: Json, _schema: object) -> Iterator[object]:  # noqa: ANN401
    from jsonschema import ValidationError

    if validator.is_type(value, "string") and not is_found(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _unique_items(validator: Any, wanted: bool, value: Json, _schema: object) -> Iterator[object]:  # noqa: ANN401
    """In a time that grows with the length, where jsonschema's grows with its square."""
    from jsonschema import ValidationError

    if wanted and validator.is_type(value, "array"):
        if len({_canonical(item) for item in value}) < len(value):
            yield ValidationError("an item stands in the list twice")


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
    line = " ".join(text.split())
    return line if len(line) <= MOST_SAID else f"{line[: MOST_SAID - 1]}…"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
