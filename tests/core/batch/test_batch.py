"""Batches as values: what goes into one, what it costs, and what its results are in the log."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from genai_prices import Usage as PricedUsage
from genai_prices import calc_price
from hypothesis import given
from hypothesis import strategies as st

from playground.core.answer.content import of_texts
from playground.core.answer.events import Usage
from playground.core.answer.failures import KINDS, Failure
from playground.core.answer.retry import RetryPolicy
from playground.core.batch import batch_split
from playground.core.batch.batch import Batch, BatchResult, Counts, sentence_of, why_no_batches
from playground.core.batch.batch_split import ENVELOPE_BYTES, BatchRequest, split
from playground.core.batch.submission import (
    Submission,
    planned_request,
    to_row,
    worst_case_in_batch,
)
from playground.core.money import pricing
from playground.core.request.connection import CLAUDE, DEMO, Connection, FlatPrice
from playground.core.request.model_catalogue import CATALOGUE
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SERVER = Connection("server", "local", "http://localhost:1")


def planned_for(text="Hi", connection=CLAUDE, **params):
    chosen = {"model": "claude-sonnet-4-6", "max_tokens": 300, **params}
    request = Request(Prompt("", (Message("user", text),)), Params(**chosen))
    return plan(RunContext(connection, RetryPolicy(), (), NOW), Variant("A", request))


def request(custom_id="r1", text="Hi", **params):
    return BatchRequest(custom_id, planned_for(text, **params).wire)


def test_what_a_batch_holds_is_what_single_calls_send_without_stream():
    one, two = request("a", "Grüße 🌶"), request("b", effort="low")
    [batch] = split([one, two]).batches
    body = json.loads(batch.encoded())
    assert [row["custom_id"] for row in body["requests"]] == ["a", "b"]
    for row, each in zip(body["requests"], (one, two), strict=True):
        assert {**row["params"], "stream": True} == each.wire.body


def test_a_batch_has_one_api_version_so_two_versions_are_two_batches():
    new, old = request("new"), request("old", temperature=0.5)
    found = split([new, old, replace(new, custom_id="new2")])
    assert [[each.custom_id for each in batch.requests] for batch in found.batches] == [
        ["new", "new2"],
        ["old"],
    ]
    assert [batch.headers["anthropic-version"] for batch in found.batches] == [
        "2026-10-21",
        "2023-06-01",
    ]


@given(
    st.lists(st.tuples(st.text(max_size=30), st.booleans()), max_size=30),
    st.integers(1, 7),
    st.integers(300, 2_000),
)
def test_every_request_is_in_exactly_one_batch_and_every_batch_within_the_limits(
    rows, max_requests, max_bytes
):
    requests = [
        request(f"r{index}", text, temperature=0.5 if is_old else None)
        for index, (text, is_old) in enumerate(rows)
    ]
    found = split(requests, max_requests=max_requests, max_bytes=max_bytes)
    assert found == split(requests, max_requests=max_requests, max_bytes=max_bytes)
    ids = [each.custom_id for batch in found.batches for each in batch.requests]
    assert sorted([*ids, *found.refused]) == sorted(each.custom_id for each in requests)
    for batch in found.batches:
        assert 1 <= len(batch.requests) <= max_requests
        assert len(batch.encoded()) <= max_bytes
        assert {tuple(each.wire.headers.items()) for each in batch.requests} == {
            tuple(batch.headers.items())
        }


def test_a_batch_is_cut_exactly_at_its_limits():
    requests = [request(f"r{index}") for index in range(5)]
    assert [len(b.requests) for b in split(requests, max_requests=2).batches] == [2, 2, 1]
    size = len(requests[0].encoded()) + 1
    most = ENVELOPE_BYTES + 2 * size
    assert [len(b.requests) for b in split(requests, max_bytes=most).batches] == [2, 2, 1]
    assert len(split(requests, max_bytes=most - 1).batches) == 5
    assert (batch_split.MAX_REQUESTS, batch_split.MAX_BYTES) == (100_000, 256_000_000)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (request("a b"), "1 to 64 letters"),
        (request(""), "1 to 64 letters"),
        (request("é"), "1 to 64 letters"),
        (request("x" * 65), "1 to 64 letters"),
        (request("x\n"), "1 to 64 letters"),
        (request(extra_json='{"speed": "fast"}'), "does not accept speed"),
        (request(extra_json='{"max_tokens": 0}'), "max_tokens of at least 1"),
        (request(text="\ud800"), "JSON cannot express"),
    ],
)
def test_what_no_batch_takes_is_refused_with_a_reason_and_the_rest_goes(broken, why):
    found = split([request("good"), broken])
    assert why in found.refused[broken.custom_id]
    assert [each.custom_id for each in found.batches[0].requests] == ["good"]


def test_ids_that_are_not_unique_could_not_be_told_apart_and_are_refused():
    found = split([request("a"), request("a", "Other"), request("b")])
    assert found.refused == {"a": "Its id is not unique."}
    assert [each.custom_id for each in found.batches[0].requests] == ["b"]
    assert split([]) == batch_split.Split((), {})


def test_streams_are_left_out_even_if_the_extra_json_asks_for_one():
    assert "stream" not in request(extra_json='{"stream": true}').params


def test_only_connections_known_to_have_batches_offer_them():
    assert why_no_batches(CLAUDE) is why_no_batches(DEMO) is None
    assert why_no_batches(SERVER).endswith("may not.")


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_call_about_a_batch_never_speaks_of_models_it_did_not_name(kind):
    sentence = sentence_of(Failure(kind))
    assert sentence.endswith(".")
    assert kind != "not_found" or "model" not in sentence


@pytest.mark.parametrize(
    "model", [model.id for model in CATALOGUE if "mythos" not in model.id], ids=str
)
def test_every_token_costs_half_and_the_price_library_agrees(model):
    usage = Usage(110_000, 500, 2_000, 400, 600, is_complete=True)
    full = pricing.unit_prices(model, CLAUDE, usage, NOW)
    half = pricing.unit_prices(model, CLAUDE, usage, NOW, is_batch=True)
    assert half.cost_of(usage) * 2 == full.cost_of(usage)
    assert half.web_search_usd == full.web_search_usd
    assert half.source.endswith("half in a batch")
    priced = PricedUsage(
        input_tokens=usage.prompt_tokens,
        cache_read_tokens=2_000,
        cache_write_tokens=1_000,
        cache_write_1h_tokens=600,
        output_tokens=500,
    )
    library = calc_price(
        priced,
        model_ref=model,
        provider_id="anthropic",
        genai_request_timestamp=NOW,
        price_context={"processing": "batch"},
    )
    assert half.cost_of(usage) == library.total_price


def test_the_worst_case_halves_too_and_nothing_is_guessed_for_other_servers():
    planned_request = planned_for(cache="5m")
    assert worst_case_in_batch(planned_request, NOW) * 2 == planned_request.worst_case_usd
    flat = replace(SERVER, flat_price=FlatPrice(Decimal(1), Decimal(1)))
    assert worst_case_in_batch(replace(planned_request, connection=flat), NOW) is None


SUBMISSION = Submission(
    visitor="ada",
    submission_id="s1",
    connection_kind="claude",
    connection_label="Claude API",
    models=("claude-sonnet-4-6",),
    requests=1,
    submitted_at=NOW,
    ended_at=NOW + timedelta(hours=1),
)


def logged(result, connection=CLAUDE):
    asked = planned_request("r1", planned_for(connection=connection), NOW, cell="case 3")
    row, texts = to_row(asked, result, SUBMISSION, connection)
    return asked, row, texts


def test_a_result_is_a_run_like_any_other_at_half_the_price():
    usage = Usage(1_000, 100, is_complete=True)
    result = BatchResult("r1", "succeeded", of_texts("Hello", "Hm"), usage, "end_turn")
    asked, row, texts = logged(result)
    assert (row.run_id, row.visitor, row.status) == ("r1", "ada", "done")
    assert row.connection == "Claude API · batch"
    assert (row.cost_usd, row.cost_kind) == (Decimal("0.00225"), "exact")
    assert (row.ttft_s, row.duration_s, row.ended_at) == (None, None, SUBMISSION.ended_at)
    assert row.worst_case_usd == asked.worst_case_usd > row.cost_usd
    assert (texts.answer, texts.thinking) == ("Hello", "Hm")
    body = json.loads(texts.request_json)["body"]
    assert {**body, "stream": True} == planned_for().wire.body
    assert asked.cell == "case 3"


def test_what_the_demo_answers_in_a_batch_is_simulated_money():
    usage = Usage(1_000, 100, is_complete=True)
    _, row, _ = logged(BatchResult("r1", "succeeded", usage=usage), DEMO)
    assert (row.cost_kind, row.connection) == ("simulated", "Demo · batch")


@pytest.mark.parametrize(
    ("result", "status", "error"),
    [
        (BatchResult("r1", "errored", failure=Failure("invalid_request", "no")), "failed", "no"),
        (BatchResult("r1", "expired", failure=Failure("expired")), "failed", "expired before"),
        (BatchResult("r1", "canceled"), "stopped", None),
    ],
)
def test_what_was_not_answered_costs_exactly_nothing(result, status, error):
    _, row, texts = logged(result)
    assert (row.status, row.cost_usd, row.cost_kind) == (status, 0, "exact")
    assert error is None if row.error_message is None else error in row.error_message
    [attempt] = json.loads(texts.attempts_json)
    assert attempt["billed"] == "no"


def test_an_answer_without_its_usage_costs_nobody_knows_what():
    _, row, _ = logged(BatchResult("r1", "succeeded", of_texts("Hello", "")))
    assert (row.cost_usd, row.cost_kind) == (None, "unknown")
    free = BatchResult("r1", "succeeded", usage=Usage(9), stop_reason="refusal", refusal="free")
    assert logged(free)[1].cost_usd == 0


def test_a_submission_knows_what_was_last_seen_of_its_batch():
    batch = Batch("b1", "ended", Counts(succeeded=1), NOW, NOW, ended_at=NOW)
    seen = SUBMISSION.updated_from(batch)
    assert (seen.batch_id, seen.status, seen.counts.total) == ("b1", "ended", 1)
