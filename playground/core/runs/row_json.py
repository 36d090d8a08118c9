"""A run's row as JSON fields, exact and readable again: the one form of every file that holds
runs. Whose run it is stands in none of them.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from decimal import Decimal
from typing import Final, get_args

from playground.core.money.pricing import CostKind
from playground.core.runs.run_row import RunRow, Status
from playground.core.text.json_text import Json

NAMES: Final = tuple(field.name for field in fields(RunRow) if field.name != "visitor")
_REQUIRED: Final = frozenset(f.name for f in fields(RunRow) if f.default is MISSING)
_OPTIONAL: Final = frozenset(f.name for f in fields(RunRow) if f.default is None)
# The types are compared as objects: postponed annotations would be texts, and none be equal.
_WHOLE: Final = frozenset(f.name for f in fields(RunRow) if f.type in (int, int | None))
_CHOICES: Final = {"status": get_args(Status), "cost_kind": get_args(CostKind)}


def to_fields(row: RunRow) -> dict[str, Json]:
    """Each field of the row as JSON holds it, but for whose it is."""
    return {name: _plain(getattr(row, name)) for name in NAMES}


def _plain(value: object) -> Json:
    if isinstance(value, datetime):
        return value.isoformat()
    # As text: a reader's floats would round it.
    return format(value, "f") if isinstance(value, Decimal) else value


def from_fields(found: Mapping[str, Json], visitor: str) -> RunRow:
    """The row of such fields, as a run of this visitor. Raises `ValueError`, `TypeError` or
    `ArithmeticError` for a field that is missing or holds what it can't."""
    present = [name for name in NAMES if name in found or name in _REQUIRED]
    return RunRow(visitor=visitor, **{name: _read(name, found.get(name)) for name in present})


def _read(name: str, value: Json) -> Json:
    if value is None and name in _OPTIONAL:
        return None
    if name.endswith("_at"):
        return _moment(value)
    if name.endswith("_usd"):
        return _dollars(value)
    if name.endswith("_s"):
        return _seconds(value)
    # Not isinstance: True is an int.
    if type(value) is not (int if name in _WHOLE else str):
        raise ValueError(name)
    if value not in _CHOICES.get(name, (value,)):
        raise ValueError(name)
    return value


def _moment(value: Json) -> datetime:
    at = datetime.fromisoformat(value)
    # Python compares no time without a zone to one that has it: sorting would fail later.
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return at


def _dollars(value: Json) -> Decimal:
    usd = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    if not usd.is_finite():
        raise ValueError("not an amount of dollars")
    return usd


def _seconds(value: Json) -> Json:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("not a number of seconds")
    return value
