"""Cleans rows, and what is asked about them, so that every database can hold them, and memory and
database agree."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from playground.core.log.history import Cursor, Filter
from playground.core.runs.run_row import RunRow, RunTexts
from playground.core.text.json_text import with_whole_characters
from playground.store.tables.column_types import PICO_PER_USD

Value = TypeVar("Value", RunRow, RunTexts, Filter, Cursor)
_MAX_DIGITS = 1_000
"""Of an amount of dollars: one with more is for the database to refuse, not to be counted out."""


def clean_text(text: str) -> str:
    """Replace what no database can hold: lone surrogates (not UTF-8) and NUL (Postgres)."""
    if not text.isascii():
        text = with_whole_characters(text)
    return text.replace("\0", "\ufffd")


def clean_row(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row of a table with clean texts."""
    return {
        name: clean_text(value) if isinstance(value, str) else value for name, value in row.items()
    }


def clean(value: Value) -> Value:
    """Return the value with clean texts, UTC times and money in whole pico-dollars."""
    changes: dict[str, Any] = {
        field.name: _clean_field(getattr(value, field.name)) for field in fields(value)
    }
    return replace(value, **changes)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # Within hours of the first or last possible moment: recording a run must not fail.
        first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return first if moment.year == 1 else last


def _clean_field(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, tuple):
        return tuple(map(_clean_field, value))
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < _MAX_DIGITS:
        return Decimal(int((value * PICO_PER_USD).to_integral_value())) / PICO_PER_USD
    return value
