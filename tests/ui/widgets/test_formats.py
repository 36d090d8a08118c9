"""Numbers and times are written so that nothing in a log can keep its page from being drawn."""

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
import streamlit as st

from playground.core.money.pricing import Cost
from playground.ui.widgets import formats


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_a_time_that_the_log_cannot_read_is_unknown_wherever_the_browser_is(zone, monkeypatch):
    monkeypatch.setattr(st, "context", SimpleNamespace(timezone=zone))
    for edge in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert formats.local_time(edge) == "unknown"
    assert formats.local_time(datetime(2026, 11, 30, 12, tzinfo=UTC)) != "unknown"


def test_a_cost_of_no_known_kind_names_no_amount():
    assert formats.cost(Cost(Decimal("0.5"), "unknown", "")) == "unknown"
    assert formats.cost(Cost(Decimal("0.5"), "exact", "")) == "$0.5000"


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"a": ' + "[" * 100_000, '{"a": NaN}x'])
def test_json_of_the_log_that_cannot_be_read_is_as_if_it_were_not_there(text):
    assert formats.parsed(text, {"none": 1}) == {"none": 1}
