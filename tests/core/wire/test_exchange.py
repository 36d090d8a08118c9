"""What went over the wire survives the log, and says what differs from the form."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.core.answer.raw_events import RawEvents
from playground.core.request.connection import CLAUDE
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.wire.body_refusals import Unavailable
from playground.core.wire.exchange import (
    MASK,
    Exchange,
    ExchangeRecord,
    ResponseHead,
    SentRequest,
    differences,
    end_of,
    from_json,
    to_json,
)
from playground.core.wire.wire import Decision, model_on, wire

SENT = SentRequest(
    "POST", "http://demo/v1/messages", (("Authorization", f"Bearer {MASK}"),), "{}", "wxyz"
)
RECEIVED = ResponseHead(429, (("retry-after", "3"),))
REFUSED = Unavailable("it is refused", "Extra inputs are not permitted")
WHY = (
    Decision("max_tokens", "sent", "The API requires it."),
    Decision("top_k", "sent", "Sent, but the API refuses it.", REFUSED),
)


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_what_is_stored_is_what_is_read_but_for_the_end_of_the_key(bodies):
    exchanges = tuple(
        Exchange(number, SentRequest("POST", "http://x", SENT.headers, body), RECEIVED)
        for number, body in enumerate(bodies, 1)
    )
    assert from_json(to_json(ExchangeRecord(exchanges, WHY))) == ExchangeRecord(exchanges, WHY)


def test_the_body_that_attempts_share_is_stored_once():
    body = '{"text": "a long prompt"}'
    exchanges = tuple(Exchange(n, SentRequest("POST", "http://x", (), body)) for n in (1, 2, 3))
    assert to_json(ExchangeRecord(exchanges, ())).count("a long prompt") == 1


def test_the_end_of_a_key_is_shown_and_never_stored():
    assert SENT.head() == f"POST http://demo/v1/messages\nAuthorization: Bearer {MASK}wxyz"
    assert "wxyz" not in to_json(ExchangeRecord((Exchange(1, SENT),), WHY))


@pytest.mark.parametrize(("key", "end"), [("", ""), ("12345678901", ""), ("123456789012", "9012")])
def test_nothing_of_a_short_key_is_shown(key, end):
    assert end_of(key) == end


GOOD = json.loads(to_json(ExchangeRecord((Exchange(1, SENT, RECEIVED),), WHY)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{bro",
        "null",
        "[]",
        '{"headers": {"anthropic-version": "2026-10-21"}, "body": {"model": "m"}}',
        json.dumps({**GOOD, "exchanges": []}),
        json.dumps({**GOOD, "exchanges": [{**GOOD["exchanges"][0], "body": None}]}),
        json.dumps({**GOOD, "exchanges": [{**GOOD["exchanges"][0], "headers": [["one"]]}]}),
        json.dumps({**GOOD, "exchanges": [{**GOOD["exchanges"][0], "http_status": "x"}]}),
        json.dumps({**GOOD, "decisions": [{"parameter": "x"}]}),
        json.dumps({**GOOD, "decisions": [{"parameter": "x", "state": [], "why": "y"}]}),
        "[" * 100_000,
    ],
)
def test_older_and_damaged_rows_are_told_from_those_that_can_be_read(text):
    assert from_json(text) is None


def differing(system, **params):
    request = Request(
        Prompt(system, (Message("user", "Hi"),)), Params("claude-sonnet-4-6", 300, **params)
    )
    called = wire(request, model_on(CLAUDE, "claude-sonnet-4-6"), CLAUDE)
    return {each.parameter: each for each in differences(request, called)}


def test_a_system_prompt_that_is_not_sent_is_named_too():
    found = differing("  ", temperature=0.2)
    assert found["temperature"].state == "sent"
    assert "only spaces" in found["system"].why
    assert "empty" in differing("")["system"].why
    assert "system" not in differing("Be terse.")


def test_what_is_not_sent_or_sent_in_vain_comes_first_and_defaults_last():
    found = list(differing("", temperature=0.2, top_k=5, api_version="2026-10-21").values())
    states = ["refused" if each.refusal else each.state for each in found]
    assert states[0] == "refused"
    assert states[-1] == "default"
    assert states == sorted(states, key=["refused", "unavailable", "sent", "default"].index)


def test_raw_events_are_bounded_by_their_number_and_by_their_size():
    raw = RawEvents(max_events=3, max_characters=10)
    for letter in "abcd":
        raw.add(1, 0.5, "n", letter)
    assert [event.data for event in raw.read().events] == ["b", "c", "d"]
    raw.add(1, 0.6, "n", "12345678")
    assert [event.data for event in raw.read().events] == ["12345678"]
    raw.add(1, 0.7, "n", "x" * 11)
    assert raw.read().events == ()
    assert raw.read().left_out == 6
