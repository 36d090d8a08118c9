"""Runs that could not be written, as a text to take away: JSON Lines, one run a line."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from playground.core.rows import RunRow, RunTexts


def to_jsonl(kept: Iterable[tuple[RunRow, RunTexts | None]]) -> str:
    """Every field of every run, exactly; times in ISO 8601, dollars as text."""
    return "".join(
        json.dumps(asdict(row) | (asdict(texts) if texts else {}), default=_plain) + "\n"
        for row, texts in kept
    )


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"no JSON for {type(value)}")
