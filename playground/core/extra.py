"""The extra JSON: an object of a person's own for the body, or what is wrong with it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Extra:
    """The fields to merge into the body; none where there is a problem."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def read_extra(text: str) -> Extra:
    """Parse what was typed. Empty text is no extra, not a problem."""
    if not text.strip():
        return Extra()
    if len(text) > MOST_CHARACTERS:
        return Extra(problem=f"it is longer than {MOST_CHARACTERS:,} characters")
    try:
        parsed = json.loads(text, parse_constant=_refuse)
        # What cannot be encoded could not be sent: a lone surrogate, written as an escape.
        json.dumps(parsed, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return Extra(problem=f"line {error.lineno}, column {error.colno}: {error.msg}")
    except UnicodeEncodeError:
        return Extra(problem="it holds half of a character (a lone surrogate)")
    except (ValueError, RecursionError) as error:
        return Extra(problem=_said(error))
    if not isinstance(parsed, dict):
        return Extra(problem="it must be an object: {…}")
    return Extra(parsed)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "a number is too long" if "digits" in str(error) else str(error)
