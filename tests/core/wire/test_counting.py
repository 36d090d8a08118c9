"""A count is worth something only for exactly what was counted."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.answer.retry import RetryPolicy
from playground.core.money.pricing import input_tokens_bound
from playground.core.request.connection import CLAUDE, DEMO
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.wire.wire import body_to_count, count_key

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PROMPT = Prompt("Be brief.", (Message("user", "Hi"),))
REQUEST = Request(PROMPT, Params("claude-sonnet-4-6", 300))


def planned(request=REQUEST, connection=CLAUDE, counts=None):
    return plan(
        RunContext(connection, RetryPolicy(), (), NOW, counts=counts or {}), Variant("A", request)
    )


def key(request=REQUEST, connection=CLAUDE):
    return count_key(planned(request, connection).wire, connection)


@pytest.mark.parametrize(
    "changed",
    [
        replace(REQUEST, prompt=replace(PROMPT, system="Be long.")),
        replace(REQUEST, prompt=replace(PROMPT, messages=(Message("user", "Hi!"),))),
        replace(REQUEST, params=replace(REQUEST.params, model="claude-opus-5-5")),
        replace(REQUEST, params=replace(REQUEST.params, thinking="adaptive")),
    ],
    ids=["system", "message", "model", "thinking"],
)
def test_a_count_is_of_no_use_once_something_that_counts_has_changed(changed):
    counts = {key(): 30}
    assert planned(counts=counts).counted_tokens == 30
    assert planned(changed, counts=counts).counted_tokens is None
    assert planned(connection=DEMO, counts=counts).counted_tokens is None


def test_max_tokens_and_stop_sequences_do_not_count():
    params = replace(REQUEST.params, max_tokens=9, stop_sequences=("x",))
    assert key(replace(REQUEST, params=params)) == key()
    assert not {"max_tokens", "stop_sequences", "stream"} & body_to_count(planned().wire).keys()


def test_a_count_makes_the_worst_case_tighter():
    # 30 tokens and a twentieth at 3.3 $/M, 300 at 16.5 $/M (US inference included).
    counted = planned(counts={key(): 30}).worst_case_usd
    assert counted == (Decimal("32") * Decimal("3.3") + 300 * Decimal("16.5")) / 10**6
    assert counted < planned().worst_case_usd


@given(st.integers(0, 10**7))
def test_a_count_is_rounded_up_and_never_above_the_bound(counted):
    most = planned(counts={key(): counted}).bound.prompt_tokens
    assert most == input_tokens_bound(PROMPT) or counted * Decimal("1.05") <= most
    assert most <= input_tokens_bound(PROMPT)
