"""The extra JSON: an object of a person's own for the body, or what is wrong with it.

It is parsed once, where the parameters hold it, and what follows from it is worked out once.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from playground.core.request.allowed_fields import first_not_allowed
from playground.core.request.body_shapes import broken_fields
from playground.core.request.input_bounds import InputBound, input_bound
from playground.core.text.json_text import JsonObject, finite, refuse_constant, unique_fields
from playground.core.text.key_shapes import holds_key

MAX_CHARACTERS = 20_000
MAX_PLACE = 80
DEEPEST = 60
"""Objects and lists in each other. Python's parser gives up at a depth that depends on its
caller, and one that parses here must parse wherever the request is looked at."""
SHOWN_NUMBER = 24
LONGEST_FRACTION = 400
"""Characters of a number with a fraction or an exponent: enough to write out any float."""
STRINGS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*("|$)', re.DOTALL)
BRACKETS = re.compile(r"[\[\]{}]")


# No slots: a cached property needs the `__dict__`.
@dataclass(frozen=True)
class Extra:
    """The fields to merge into the body; none where there is a problem. `text`: what was typed."""

    fields: JsonObject = field(default_factory=dict)
    problem: str | None = None
    text: str = field(default="", compare=False, repr=False)

    @cached_property
    def json_of_fields(self) -> Mapping[str, str]:
        """Each field's value as `json.dumps(value, sort_keys=True)` writes it."""
        return {name: json.dumps(value, sort_keys=True) for name, value in self.fields.items()}

    @cached_property
    def holds_key(self) -> bool:
        """Whether something in it has the shape of a key."""
        # Also as it is sent, for an escape can hide a key.
        sent = json.dumps(self.fields, ensure_ascii=False) if "\\" in self.text else ""
        return holds_key(self.text) or holds_key(sent)

    @cached_property
    def not_allowed(self) -> str | None:
        """The first place in it that strangers do not send with the owner's key."""
        return first_not_allowed(self.fields)

    @cached_property
    def broken_fields(self) -> tuple[tuple[str, str], ...]:
        """Its fields of a wrong type or form, each with what is wrong."""
        return tuple(broken_fields(self.fields))

    @cached_property
    def bound(self) -> InputBound:
        """An upper bound of the input tokens that it adds, or why there is none."""
        return input_bound(self.fields)


NO_EXTRA = Extra()


def read_extra(text: str) -> Extra:
    """Parse what was typed. Empty text is no extra, not a problem."""
    return replace(_read(text), text=text) if text.strip() else NO_EXTRA


def _read(text: str) -> Extra:
    if len(text) > MAX_CHARACTERS:
        return Extra(problem=f"it is longer than {MAX_CHARACTERS:,} characters")
    if _depth(text) > DEEPEST:
        return Extra(problem=f"it is nested more than {DEEPEST} levels deep")
    try:
        parsed = json.loads(
            text,
            parse_float=_exact,
            parse_constant=refuse_constant,
            object_pairs_hook=unique_fields,
        )
        # What cannot be encoded could not be sent: a lone surrogate, written as an escape.
        json.dumps(parsed, ensure_ascii=False).encode()
    # These two are ValueErrors as well, so they come first.
    except json.JSONDecodeError as error:
        return Extra(problem=f"line {error.lineno}, column {error.colno}: {error.msg}")
    except UnicodeEncodeError:
        return Extra(problem="it contains half of a character (a lone surrogate)")
    except ValueError as error:
        return Extra(problem=_why_not_json(error))
    if not isinstance(parsed, dict):
        return Extra(problem="it must be an object: {…}")
    return Extra(parsed)


def quoted(place: str) -> str:
    """A place in it, such as `tools[0].type`, as a sentence names it."""
    shown = place if len(place) <= MAX_PLACE else f"{place[:MAX_PLACE]}…"
    return f"`{shown}`" if shown else '`""`'


def _depth(text: str) -> int:
    """How deep brackets stand in each other, those in strings left out."""
    depth = deepest = 0
    for bracket in BRACKETS.findall(STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _exact(text: str) -> float:
    number = finite(text)
    # It is sent as a float: what that cannot hold would be another number than the one typed.
    try:
        is_exact = len(text) <= LONGEST_FRACTION and Decimal(repr(number)) == Decimal(text)
    except ArithmeticError:  # Its exponent has no end.
        is_exact = False
    if not is_exact:
        raise ValueError(f"{text[:SHOWN_NUMBER]} is more precise than can be sent")
    return number


def _why_not_json(error: Exception) -> str:
    # Python's own sentence tells the reader to change a setting of the interpreter.
    return "a number is too long" if "digits" in str(error) else str(error)
