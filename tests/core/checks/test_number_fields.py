"""What is sent is what stands in the number fields, or nothing is and the plan says why."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.answer.retry import RetryPolicy
from playground.core.checks.number_fields import RULES, with_texts
from playground.core.request.connection import DEMO
from playground.core.request.model_catalogue import CATALOGUE
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PROMPT = Prompt("", (Message("user", "Hi"),))
DIGITS = st.sampled_from(["0", "1", "2", "5", "12", "300", "1024", "2048", "64000", "9999999999"])
MARKS = st.sampled_from(["", "", "", ".", ",", " ", "\u202f", "'", "e", "-", "+", "\u2212", "x"])
NUMBERS = st.one_of(
    st.floats(0, 2).map(lambda value: f"{value:.3g}"),
    st.floats(0, 2).map(lambda value: f"{value:.2f}".replace(".", ",")),
    st.integers(-5, 2_000_000).map(str),
    st.integers(1, 2_000_000).map("{:,}".format),
    st.integers(1, 2_000_000).map(lambda value: f"{value:,}".replace(",", ".")),
    st.integers(1, 2_000_000).map(lambda value: f"{value:,}".replace(",", "\u202f")),
    st.lists(st.tuples(MARKS, DIGITS), max_size=3).map(
        lambda parts: "".join(mark + digits for mark, digits in parts)
    ),
)
TYPED = st.builds(  # Half of a number, as it stands when somebody is interrupted.
    lambda text, left: text[: max(0, len(text) - left)], NUMBERS, st.sampled_from([0, 0, 0, 1, 2])
)
MODELS = st.sampled_from(["claude-sonnet-4-6", "claude-opus-4-6", "claude-sonnet-5-5", "other-1"])


def planned(texts, model="claude-sonnet-4-6", **params):
    """The plan of a variant in whose number fields these texts stand."""
    chosen = with_texts(Params(model, 0, **params), texts.items())
    context = RunContext(DEMO, RetryPolicy(), CATALOGUE, NOW)
    return plan(context, Variant("A", Request(PROMPT, chosen), tuple(texts.items())))


def shown(text):
    """The number that a text says in the one way in which it can be read here."""
    plain = text.strip().replace("\u2212", "-").replace("'", "").replace("\u202f", "")
    plain = plain.replace(" ", "")
    is_short = plain.count(",") == 1 and len(plain.rpartition(",")[2]) != 3
    if is_short or plain.startswith(("0,", ",")):
        plain = plain.replace(",", ".")
    if plain.count(".") > 1:
        plain = plain.replace(".", "")
    return Decimal(plain.replace(",", ""))


@settings(max_examples=1_000, deadline=None)
@given(
    st.dictionaries(st.sampled_from(list(RULES)), TYPED, min_size=1, max_size=2),
    MODELS,
    st.sampled_from(["default", "adaptive", "budget"]),
    st.sampled_from(["auto", "2023-06-01"]),
)
def test_the_value_sent_is_the_value_shown_or_nothing_is_sent_and_a_field_is_named(
    typed, model, thinking, version
):
    texts = {**dict.fromkeys(RULES, ""), "max_tokens": "5000", **typed}
    found = planned(texts, model, thinking=thinking, api_version=version)
    if not found.can_run:
        assert all(each.text for each in found.problems if each.severity == "error")
        return
    body = found.wire.parameters()
    sent = {name: body.get(name) for name in RULES}
    sent["thinking_budget_tokens"] = (body.get("thinking") or {}).get("budget_tokens")
    for name, text in texts.items():
        if sent[name] is None and text.strip():  # Said beside the field, or it is disabled.
            is_idle_budget = name == "thinking_budget_tokens" and thinking != "budget"
            assert is_idle_budget or found.wire.decision(name).state == "unavailable"
        elif sent[name] is not None and (text.strip() or name != "thinking_budget_tokens"):
            assert Decimal(repr(sent[name])) == shown(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("temperature", "5"),
        ("temperature", "-1"),
        ("temperature", "0,"),
        ("temperature", "1.000"),
        ("max_tokens", "0"),
        ("max_tokens", ""),
        ("max_tokens", "9999999999"),
        ("top_p", "1.1"),
        ("top_k", "-3"),
        ("top_k", "1.5"),
    ],
)
def test_a_field_that_cannot_be_sent_keeps_the_plan_from_running_and_offers_a_fix(name, text):
    found = planned({"max_tokens": "300", name: text})
    [problem] = [each for each in found.problems if each.severity == "error"]
    assert not found.can_run
    assert problem.text.startswith(RULES[name].name)
    assert problem.fix is not None


def test_a_field_that_the_model_does_not_take_keeps_nothing_from_running():
    texts = {"max_tokens": "300", "temperature": "warm", "thinking_budget_tokens": "x"}
    assert not planned(texts).can_run
    assert planned(texts, "claude-sonnet-5-5").can_run
    assert not planned(texts, "claude-sonnet-5-5", thinking="budget").can_run
