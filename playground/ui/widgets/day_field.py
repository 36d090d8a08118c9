"""The one way to edit a day: a text field, whose text is read once and never replaced.

Streamlit's date input puts the day of before back, without a word, where what was typed is none.
"""

from datetime import date
from functools import partial
from typing import Any

from playground.core.text.day_text import EXAMPLE, DayRule, read_day
from playground.ui.widgets.number_field import read_field


def day_field(label: str, of: DayRule, *, key: str, **options: Any) -> date | None:  # noqa: ANN401 (Streamlit's)
    """Draw it. Returns the day; None where there is none or it can't be used."""
    return read_field(label, partial(read_day, of=of), key=key, placeholder=EXAMPLE, **options)
