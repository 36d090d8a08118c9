"""The one way to edit a day: a text field, whose text is read once and never replaced.

Streamlit's date input puts the day of before back, without a word, where what was typed is none.
"""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Unpack

from playground.core.text.day_text import EXAMPLE, DayRule, read_day
from playground.ui.widgets.number_field import FieldOptions, read_field


def day_field(
    label: str,
    of: DayRule,
    *,
    key: str,
    first: str = "",
    on_change: Callable[[], None] | None = None,
    **options: Unpack[FieldOptions],
) -> date | None:
    """Draw it. Returns the day; None where there is none or it can't be used."""
    options = {"placeholder": EXAMPLE, **options}
    read = partial(read_day, of=of)
    return read_field(label, read, key=key, first=first, on_change=on_change, **options)
