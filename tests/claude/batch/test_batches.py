"""The calls of the Message Batches API at the transport: what goes out, and every way back."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, timedelta

import httpx2
import pytest
from scripted import NOW, REQUEST, Chunks, Script, Sleeps, play

from playground.claude.batch.batches import BatchApi
from playground.claude.batch.results import results
from playground.claude.sending import Clients, Timing
from playground.core.answer.failures import Failure
from playground.core.answer.retry import RetryPolicy
from playground.core.batch.batch import Batch, BatchResult, Counts, UncertainSubmission
from playground.core.batch.batch_split import BatchRequest, split
from playground.core.request.connection import CLAUDE, Connection
from playground.core.runs.run_plan import RunContext, Variant, plan

KEY = "sk-test-secret-key"
WIRE = plan(RunContext(CLAUDE, RetryPolicy(), (), NOW), Variant("A", REQUEST)).wire
[NEW] = split([BatchRequest("a", WIRE), BatchRequest("b", WIRE)]).batches


def row(batch_id="msgbatch_1", status="in_progress", total=2, created_at=NOW, **counts):
    names = ("processing", "succeeded", "errored", "canceled", "expired")
    counted = {name: 0 for name in names} | (counts or {"processing": total})
    return {
        "id": batch_id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": counted,
        "created_at": created_at.isoformat().replace("+00:00", "Z"),
        "expires_at": (created_at + timedelta(hours=24)).isoformat(),
        "ended_at": NOW.isoformat() if status == "ended" else None,
        "results_url": "https://evil.example/results" if status == "ended" else None,
    }


def said(body, status=200):
    raw = body if isinstance(body, bytes | tuple) else json.dumps(body).encode()
    return (status, raw, {"content-type": "application/json"})


def error(status, kind, message="no", **headers):
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return (status, json.dumps(body).encode(), headers)


def page(*rows, has_more=False):
    return said({"data": list(rows), "has_more": has_more})


def lines(*rows):
    return b"".join(
        row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows
    )


def succeeded(custom_id, text="Hello", **usage):
    message = {
        "type": "message",
        "content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 9, "output_tokens": 4, **usage},
    }
    return {"custom_id": custom_id, "result": {"type": "succeeded", "message": message}}


def call_once(work, *answers, policy=None):
    """What `work(api)` gives, the requests it sent and how it slept."""
    script, sleeps = Script(*answers), Sleeps()
    timing = Timing(sleeps.sleep, lambda: sleeps.now_s, lambda: NOW, lambda: 0.0)

    async def main():
        clients = Clients(transport=script)
        found = await work(BatchApi(clients, policy or RetryPolicy(), timing))
        await clients.close()
        return found

    return asyncio.run(main()), script.requests, sleeps


def other_batch_ids(known=()):
    """Brings the ids of batches that are those of others."""

    async def bring():
        return known

    return bring


def create(*answers, known=(), **options):
    return call_once(
        lambda api: api.create(CLAUDE, KEY, NEW, other_batch_ids(known)), *answers, **options
    )


def fetch(*answers, key=KEY, **options):
    async def work(api):
        return [found async for found in results(api, CLAUDE, key, "msgbatch_1")]

    return call_once(work, *answers, **options)


def follow(*answers):
    async def work(api):
        return [look async for look in api.follow(CLAUDE, KEY, "msgbatch_1")]

    return call_once(work, *answers)


CALLS = {
    "create": lambda api: api.create(CLAUDE, KEY, NEW, other_batch_ids()),
    "retrieve": lambda api: api.retrieve(CLAUDE, KEY, "msgbatch_1"),
    "cancel": lambda api: api.cancel(CLAUDE, KEY, "msgbatch_1"),
    "list": lambda api: api.list_batches(CLAUDE, KEY, NOW),
}


def test_a_batch_is_created_with_the_very_bodies_that_single_calls_send():
    single = Script((200, b""))
    play(single, key=KEY, policy=RetryPolicy(attempts=1))
    alone = single.requests[0]
    found, [sent], _ = create(said(row()))
    assert found == Batch("msgbatch_1", "in_progress", Counts(2), NOW, NOW + timedelta(hours=24))
    assert (sent.method, sent.url.path) == ("POST", "/v1/messages/batches")
    body = json.loads(sent.content)
    assert set(body) == {"requests"}
    for entry, custom_id in zip(body["requests"], "ab", strict=True):
        assert entry == {"custom_id": custom_id, "params": entry["params"]}
        assert {**entry["params"], "stream": True} == json.loads(alone.content)
    for name in ("anthropic-version", "authorization", "x-api-key", "content-type"):
        assert sent.headers.get(name) == alone.headers.get(name)


def test_the_version_of_a_batch_is_that_of_its_requests():
    request = replace(REQUEST, params=replace(REQUEST.params, temperature=0.5))
    wire = plan(RunContext(CLAUDE, RetryPolicy(), (), NOW), Variant("A", request)).wire
    [old] = split([BatchRequest("a", wire)]).batches
    _, [sent], _ = call_once(
        lambda api: api.create(CLAUDE, KEY, old, other_batch_ids()), said(row(total=1))
    )
    assert sent.headers["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("status", "kind", "found", "is_repeated"),
    [
        (401, "authentication_error", "authentication", False),
        (400, "invalid_request_error", "invalid_request", False),
        (403, "permission_error", "permission", False),
        (413, "request_too_large", "too_large", False),
        (429, "rate_limit_error", "rate_limit", True),
        (529, "overloaded_error", "overloaded", True),
    ],
)
def test_a_refused_call_is_a_failure_and_repeated_only_if_that_can_help(
    name, status, kind, found, is_repeated
):
    failure, requests, sleeps = call_once(CALLS[name], error(status, kind, f"no {KEY}"))
    assert (failure.kind, failure.message) == (found, "no …")
    assert len(requests) == (4 if is_repeated else 1)
    assert sleeps == ([1, 2, 4] if is_repeated else [])


@pytest.mark.parametrize("name", ["retrieve", "cancel", "list"])
@pytest.mark.parametrize(
    "first", [error(500, "api_error"), httpx2.ReadTimeout("no"), httpx2.ConnectError("no")]
)
def test_calls_that_do_no_harm_are_repeated_whatever_was_lost(name, first):
    answer = page(row()) if name == "list" else said(row())
    found, requests, _ = call_once(CALLS[name], first, answer)
    assert not isinstance(found, Failure)
    assert len(requests) == 2


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "body",
    [
        {"data": 3},
        [1],
        {"id": "x"},
        row(status="new"),
        row("\ud800"),
        row("x" * 1_001),
        {**row(), "created_at": "9999-12-31T23:59:59Z", "expires_at": None},
        {**row(), "created_at": "0001-01-01T00:00:00+23:59"},
    ],
    ids=range(8),
)
def test_an_answer_that_is_no_batch_is_not_the_api(name, body):
    found, _, _ = call_once(CALLS[name], said(body), error(401, "authentication_error"))
    if name == "create":
        assert isinstance(found, UncertainSubmission)
        assert found.failure.kind == "not_the_api"
    elif (name == "list" and body == {"data": 3}) or name != "list":
        assert found.kind == "not_the_api"


LOST = [
    httpx2.ReadTimeout("no"),
    httpx2.RemoteProtocolError("gone"),
    error(500, "api_error"),
    error(504, "timeout_error"),
    said(b'{"id": "msgb'),
]


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: str(lost)[:20])
def test_a_submission_whose_reply_is_lost_is_looked_for_and_never_sent_again(lost):
    mine = row("mine", created_at=NOW + timedelta(seconds=3))
    foreign = (
        row("late", created_at=NOW + timedelta(days=1)),
        row("other", total=7),
        row("early", created_at=NOW - timedelta(hours=1)),
    )
    found, requests, sleeps = create(lost, page(mine, *foreign))
    assert found.batch_id == "mine"
    assert [request.method for request in requests] == ["POST", "GET"]
    assert sleeps == [1]


def test_a_lost_submission_that_appears_late_is_found_on_a_later_look():
    found, requests, _ = create(LOST[0], page(), error(401, "authentication_error"), page(row()))
    assert found.batch_id == "msgbatch_1"
    assert [request.method for request in requests] == ["POST", "GET", "GET", "GET"]


def test_a_lost_submission_that_is_nowhere_stays_unsure():
    found, requests, sleeps = create(LOST[0], page())
    assert isinstance(found, UncertainSubmission)
    assert "Look again before submitting once more" in found.sentence
    assert [request.method for request in requests].count("POST") == 1
    assert sleeps == [1, 4, 10]


def test_two_batches_that_could_be_the_lost_one_are_not_guessed_between():
    found, _, _ = create(LOST[0], page(row("one"), row("two")))
    assert [batch.batch_id for batch in found.candidates] == ["one", "two"]
    assert "2 batches" in found.sentence
    found, _, _ = create(LOST[0], page(row("one"), row("two")), known={"two"})
    assert found.batch_id == "one"
    found, _, _ = create(LOST[0], page(row("one")), known=None)
    assert "and one batch of the account could be it" in found.sentence


def test_a_submission_that_never_arrived_is_simply_sent_again():
    found, requests, _ = create(httpx2.ConnectError("no"), said(row()))
    assert found.batch_id == "msgbatch_1"
    assert [request.method for request in requests] == ["POST", "POST"]


def test_a_broken_key_is_never_sent():
    for work in (
        lambda api: api.create(CLAUDE, "two\nlines", NEW, other_batch_ids()),
        lambda api: api.retrieve(CLAUDE, "two\nlines", "b"),
    ):
        found, requests, _ = call_once(work, said(row()))
        assert (found, requests) == (Failure("bad_key"), [])
    assert fetch(lines(), key="two\nlines")[0] == [Failure("bad_key")]


def test_the_list_goes_on_until_it_is_as_old_as_asked_for():
    old = row("old", created_at=NOW - timedelta(days=1))
    answers = page(row("one"), has_more=True), page(row("two"), old, has_more=True)
    since = NOW - timedelta(hours=1)
    found, requests, _ = call_once(lambda api: api.list_batches(CLAUDE, KEY, since), *answers)
    assert [batch.batch_id for batch in found] == ["one", "two"]
    assert [dict(request.url.params) for request in requests] == [
        {"limit": "1000"},
        {"limit": "1000", "after_id": "one"},
    ]


def test_an_id_is_a_part_of_a_path_whatever_it_holds():
    _, [sent], _ = call_once(lambda api: api.cancel(CLAUDE, KEY, "../x?y"), said(row()))
    assert sent.url.raw_path == b"/v1/messages/batches/..%2Fx%3Fy/cancel"


def test_a_batch_is_looked_at_ever_more_rarely_until_it_has_ended():
    ended = row(status="ended", processing=0, succeeded=2)
    looks, requests, sleeps = follow(*[said(row())] * 14, said(ended))
    assert looks[-1].batch == Batch(
        "msgbatch_1",
        "ended",
        Counts(0, 2),
        NOW,
        NOW + timedelta(hours=24),
        ended_at=NOW.astimezone(UTC),
    )
    assert len(looks) == len(requests) == 15
    assert sleeps == sorted(sleeps)
    assert (sleeps[0], sleeps[-1]) == (1, 60)


def test_following_outlasts_what_passes_and_ends_with_what_does_not():
    final = error(529, "overloaded_error", **{"x-should-retry": "false"})
    passing = (httpx2.ConnectError("no"), *[error(529, "overloaded_error")] * 3, final)
    looks, _, _ = follow(*passing, error(404, "not_found_error"), said(row()), error(401, "x"))
    kinds = [look.failure and look.failure.kind for look in looks]
    assert kinds == ["overloaded", "overloaded", "not_found", None, "authentication"]
    assert [look.wait_s is None for look in looks] == [False, False, False, False, True]


def test_a_batch_that_stays_unknown_is_given_up_after_ten_minutes():
    looks, _, sleeps = follow(error(404, "not_found_error"))
    assert looks[-1].wait_s is None
    assert 600 <= sum(sleeps) < 700


def test_results_come_in_any_order_each_as_what_it_is():
    errored = {
        "type": "errored",
        "error": {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": f"bad {KEY}"},
            "request_id": "req_1",
        },
    }
    body = lines(
        {"custom_id": "b", "result": errored},
        {"custom_id": "d", "result": {"type": "expired"}},
        {"custom_id": "c", "result": {"type": "canceled"}},
        succeeded("a", f"Hello {KEY}", cache_read_input_tokens=3),
    )
    found, [sent], _ = fetch((200, body))
    assert str(sent.url) == "https://api.anthropic.com/v1/messages/batches/msgbatch_1/results"
    failure = Failure("invalid_request", "bad …", request_id="req_1")
    assert found[:3] == [
        BatchResult("b", "errored", failure=failure),
        BatchResult("d", "expired", failure=Failure("expired")),
        BatchResult("c", "canceled"),
    ]
    last = found[3]
    assert (last.text, last.thinking, last.stop_reason) == ("Hello …", "Hm", "end_turn")
    assert (last.usage.input_tokens, last.usage.cache_read_tokens) == (9, 3)
    assert last.usage.is_complete


@pytest.mark.parametrize("usage", [None, [], "many"])
def test_an_answer_without_a_readable_report_has_no_usage(usage):
    row = succeeded("a")
    row["result"]["message"]["usage"] = usage
    [found], _, _ = fetch((200, lines(row)))
    assert (found.text, found.usage) == ("Hello", None)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_results_are_read_wherever_their_pieces_are_cut(size):
    body = lines(b"\r\n", succeeded("a", "Grüße 🌶"), succeeded("b")).rstrip()
    pieces = tuple(body[at : at + size] for at in range(0, len(body), size))
    found, _, _ = fetch((200, pieces))
    assert [each.text for each in found] == ["Grüße 🌶", "Hello"]


@pytest.mark.parametrize(
    "bad",
    [
        b"{oh no}\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"null\n",
        b"[" * 50_000 + b"\n",
        lines({"custom_id": 3, "result": {"type": "expired"}}),
        lines({"custom_id": "x" * 65, "result": {"type": "expired"}}),
        lines({"custom_id": "x", "result": {"type": "vanished"}}),
        lines({"custom_id": "x", "result": {"type": ["succeeded"]}}),
        lines({"custom_id": "x", "result": "succeeded"}),
        lines({"custom_id": "x", "result": {"type": "succeeded"}}),
        lines({"custom_id": "x", "result": {"type": "succeeded", "message": {"type": "error"}}}),
    ],
    ids=range(12),
)
def test_a_damaged_line_is_one_failure_and_the_rest_is_read(bad):
    found, requests, _ = fetch((200, lines(succeeded("a"), bad, succeeded("b"))))
    assert [getattr(each, "custom_id", None) or each.kind for each in found] == [
        "a",
        "undecodable",
        "b",
    ]
    assert len(requests) == 1


@pytest.mark.parametrize(
    "cut",
    [
        lines(succeeded("a")) + b'{"custom_id": "b", "res',
        (lines(succeeded("a")), httpx2.ReadError("gone")),
        (lines(succeeded("a")), httpx2.ReadTimeout("silence")),
    ],
    ids=["half a line", "dropped", "silent"],
)
def test_results_that_break_off_are_read_again_and_none_comes_twice(cut):
    whole = lines(succeeded("a"), succeeded("b"))
    found, requests, sleeps = fetch((200, cut), (200, whole))
    assert [each.custom_id for each in found] == ["a", "b"]
    assert (len(requests), sleeps) == (2, [1])


def test_results_that_break_off_for_ever_end_with_why():
    found, requests, _ = fetch((200, b'{"cus'))
    assert found == [Failure("truncated")]
    assert len(requests) == 4


def test_results_without_an_end_are_left(monkeypatch):
    monkeypatch.setattr("playground.claude.batch.results.MAX_LINES", 3)
    endless = lines(*(succeeded(f"r{number}") for number in range(9)))
    found, requests, _ = fetch((200, endless))
    assert [each.custom_id for each in found[:3]] == ["r0", "r1", "r2"]
    assert ([each.kind for each in found[3:]], len(requests)) == (["not_the_api"], 1)


@pytest.mark.parametrize(
    ("answer", "kind", "attempts"),
    [
        (error(401, "authentication_error"), "authentication", 1),
        (error(404, "not_found_error"), "not_found", 4),
        (error(429, "rate_limit_error"), "rate_limit", 4),
        (error(500, "api_error"), "server_error", 4),
        (httpx2.ConnectError("no"), "connection", 4),
        ((200, b"<html>", {"content-type": "text/html"}), "not_the_api", 1),
    ],
)
def test_results_that_cannot_be_fetched_are_one_failure(answer, kind, attempts):
    found, requests, _ = fetch(answer)
    assert [each.kind for each in found] == [kind]
    assert len(requests) == attempts


def test_the_same_id_twice_in_one_answer_is_passed_on_for_whoever_counts():
    found, _, _ = fetch((200, lines(succeeded("a"), succeeded("a", "Other"))))
    assert [each.text for each in found] == ["Hello", "Other"]


def test_stopping_in_the_middle_of_results_closes_the_connection():
    closed = []

    class Body(Chunks):
        async def aclose(self):
            closed.append(True)

    class One(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request):
            return httpx2.Response(200, stream=Body(lines(succeeded("a")), lines(succeeded("b"))))

    async def main():
        clients = Clients(transport=One())
        reading = results(BatchApi(clients), CLAUDE, KEY, "b")
        first = await anext(reading)
        await reading.aclose()
        await clients.close()
        return first.custom_id

    assert (asyncio.run(main()), closed) == ("a", [True])


def test_a_server_of_ones_own_gets_its_own_key():
    server = Connection("server", "local", "http://localhost:1")
    _, [sent], _ = call_once(lambda api: api.retrieve(server, "local-key", "b"), said(row()))
    assert (sent.url.host, sent.headers["x-api-key"]) == ("localhost", "local-key")
