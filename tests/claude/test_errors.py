"""What an error becomes: kind, message, what may have been billed, how long to wait."""

import socket
import ssl
from datetime import UTC, datetime

import anthropic
import httpx2
import pytest

from playground.claude.environment import NOT_AN_ADDRESS
from playground.claude.errors import (
    LONGEST_MESSAGE,
    failure_of,
    failure_without_key,
    reported_failure,
    retry_after_s,
    without_key,
)
from playground.core.answer.failures import Failure

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
REQUEST = httpx2.Request("POST", "https://api.example/v1/messages")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """No proxy and no certificates of one's own are set."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def call_failure(error, lost="possibly"):
    return failure_of(error, lost, NOON)


def refused(status, body, **headers):
    response = httpx2.Response(
        status, headers={k.replace("_", "-"): v for k, v in headers.items()}, request=REQUEST
    )
    return call_failure(anthropic.APIStatusError("refused", response=response, body=body))


def error_body(kind, message="Why", **details):
    error = {"type": kind, "message": message, "details": details or None}
    return {"type": "error", "error": error}


def connection_lost(cause, error=None):
    error = error or anthropic.APIConnectionError(request=REQUEST)
    error.__cause__ = cause
    return call_failure(error)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, error_body("invalid_request_error"), "invalid_request"),
        (401, error_body("authentication_error"), "authentication"),
        (402, error_body("billing_error"), "billing"),
        (403, error_body("permission_error"), "permission"),
        (404, error_body("not_found_error"), "not_found"),
        (404, "<html>", "not_the_api"),
        (404, {"error": "no such page"}, "not_the_api"),
        (405, None, "not_the_api"),
        (408, error_body("timeout_error"), "timeout"),
        (409, error_body("conflict_error"), "conflict"),
        (413, error_body("request_too_large"), "too_large"),
        (418, error_body("permission_error"), "permission"),
        (418, error_body("overloaded_error"), "invalid_request"),
        (418, error_body("never_heard_of"), "invalid_request"),
        (429, error_body("rate_limit_error"), "rate_limit"),
        (429, error_body("x", error_code="enforced_spend_limit_reached"), "spend_limit"),
        (429, error_body("x", error_code="contract_spend_limit_reached"), "spend_limit"),
        (429, error_body("x", error_code="another"), "rate_limit"),
        (500, error_body("api_error"), "server_error"),
        (502, error_body("api_error"), "server_error"),
        (503, error_body("overloaded_error"), "overloaded"),
        (500, error_body("overloaded_error"), "overloaded"),
        (504, error_body("timeout_error"), "timeout"),
        (529, error_body("overloaded_error"), "overloaded"),
        (302, None, "not_the_api"),
    ],
)  # fmt: skip
def test_a_refusal_is_named_by_its_status_and_body(status, body, kind):
    failure = refused(status, body, request_id="req_1", retry_after="7")
    assert (failure.kind, failure.http_status, failure.billed) == (kind, status, "no")
    assert (failure.request_id, failure.retry_after_s) == ("req_1", 7.0)


@pytest.mark.parametrize(
    "body", [None, "", "<html>", "timed out", {}, {"detail": "timed out"}, {"error": "upstream"}],
)  # fmt: skip
@pytest.mark.parametrize(
    ("status", "kind"),
    [(408, "timeout"), (500, "server_error"), (502, "gateway"), (504, "gateway"), (520, "gateway"),
     (524, "gateway"), (530, "gateway")],
)  # fmt: skip
def test_what_did_not_come_through_may_be_billed_whatever_its_body(status, kind, body):
    failure = refused(status, body)
    assert (failure.kind, failure.billed, failure.is_retryable) == (kind, "possibly", True)


LIMITS = [
    "You have reached your specified API usage limits. You will regain access on 2026-12-01.",
    "You have reached your specified workspace API usage limits.",
    "You have reached your organization's monthly spend limit",
    "Spending limit reached",
]
USED_UP = [
    "Budget has been exceeded! Current cost: 1.2, Max budget: 1.0",
    "Team budget exceeded", "Your budget limit exceeded", "Sorry. Budget exceeded",
    "Budget has been exceeded! Key token=abc", "ExceededBudget: User over budget",
    "Your credit balance is too low", "Insufficient credits",
]  # fmt: skip
NO_MONEY = [
    "messages.0: context budget exceeded", "The output tokens budget was exceeded",
    "task_budget: budget limit exceeded", "Retry budget exceeded", "latency budget exceeded",
    "The thinking budget is exceeded", "prompt is over budget: 210000 tokens > 200000",
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        *((message, "spend_limit") for message in LIMITS),
        *((message, "billing") for message in USED_UP),
        *((message, "invalid_request") for message in NO_MONEY),
    ],
)
def test_only_a_limit_of_money_is_taken_for_one(message, kind):
    assert refused(400, error_body("invalid_request_error", message)).kind == kind


@pytest.mark.parametrize("code", ["insufficient_quota", "budget_exceeded"])
def test_a_type_of_money_is_final_whatever_it_asks_to_wait(code):
    body = {"error": {"type": code, "code": code, "message": "You exceeded your current quota"}}
    assert refused(429, body, retry_after="60").kind == "billing"


@pytest.mark.parametrize("message", [*LIMITS, *USED_UP, "You have reached your usage limit."])
def test_a_limit_that_says_when_it_ends_is_worth_another_try(message):
    assert refused(429, error_body("x", message), retry_after="300").kind == "rate_limit"
    assert refused(429, error_body("x", message)).kind in ("spend_limit", "billing")


def test_a_wait_until_a_time_of_day_is_counted_from_now():
    in_half_a_minute = refused(429, None, retry_after="Tue, 24 Nov 2026 12:00:30 GMT")
    assert in_half_a_minute.retry_after_s == 30.0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (error_body("api_error", "Why"), "Why"),
        ({"error": "in short"}, "in short"),
        ({"error": {"message": ["two", "texts"]}}, "two\ntexts"),
        ({"error": {"message": "half \ud83d"}}, "half ?"),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_message_is_the_servers_own_or_none(body, message):
    assert refused(500, body).message == message
    assert reported_failure(body, "possibly", None).message == message


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("overloaded_error", "overloaded"),
        ("api_error", "server_error"),
        ("rate_limit_error", "rate_limit"),
        ("timeout_error", "timeout"),
        ("never_heard_of", "server_error"),
    ],
)
def test_an_error_inside_a_stream_is_named_by_its_type(kind, found):
    before = reported_failure(error_body(kind), "possibly", "req_1")
    assert before == Failure(found, "Why", 200, "req_1", billed="possibly")
    after = reported_failure(error_body(kind), "partly", 7)
    assert after == Failure(found, "Why", 200, None, billed="partly")


@pytest.mark.parametrize(
    ("said", "request_id"),
    [("req_2", "req_2"), ("", None), (7, None), (None, None), ("req\ud800", "req\ufffd"),
     ("r" * 10_000, "r" * 200)],
)  # fmt: skip
def test_the_request_id_of_an_error_is_read_from_its_body_where_a_gateway_drops_the_header(
    said, request_id
):
    body = {**error_body("overloaded_error"), "request_id": said}
    assert refused(529, body, request_id="").request_id == request_id
    assert refused(529, body, request_id="req_1").request_id == "req_1"
    assert reported_failure(body, "partly").request_id == request_id


def test_a_spend_limit_inside_a_stream_is_one_too():
    body = error_body("rate_limit_error", error_code="enforced_spend_limit_reached")
    assert reported_failure(body, "possibly", None).kind == "spend_limit"


def unreached(cause):
    error = httpx2.ConnectError("All connection attempts failed")
    error.__cause__ = cause
    return error


UNTRUSTED = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")
UNTRUSTED.verify_message = "Hostname mismatch, certificate is not valid for 'api.example'"


@pytest.mark.parametrize(
    ("cause", "failure"),
    [
        (httpx2.LocalProtocolError("Illegal header value"), Failure("bad_key")),
        (UnicodeEncodeError("ascii", "ü", 0, 1, "ordinal"), Failure("bad_key")),
        (httpx2.ConnectError("refused"), Failure("connection", "No connection could be made.")),
        (unreached(ConnectionRefusedError(111, "refused")),
         Failure("connection", "The connection was refused.")),
        (unreached(socket.gaierror(-2, "Name or service not known")),
         Failure("connection", "The server's name is not known (DNS).")),
        (unreached(UNTRUSTED),
         Failure("certificate", "Hostname mismatch, certificate is not valid for 'api.example'.")),
        (httpx2.ConnectTimeout("slow"),
         Failure("connection", "No connection was made in time.")),
        (httpx2.UnsupportedProtocol("x"), Failure("setting", NOT_AN_ADDRESS)),
        (httpx2.ProxyError("407 Proxy Authentication Required"),
         Failure("proxy", "407 Proxy Authentication Required", 407)),
        (httpx2.ProxyError("403 Forbidden"), Failure("proxy", "403 Forbidden", 403)),
        (httpx2.ProxyError("503 Service Unavailable"),
         Failure("gateway", "503 Service Unavailable", 503)),
        (httpx2.PoolTimeout(""),
         Failure("timeout", "Too many requests at once: no connection was free.")),
        (httpx2.RemoteProtocolError("closed"), Failure("closed", billed="possibly")),
        (httpx2.ReadError("reset"), Failure("closed", billed="possibly")),
        (httpx2.WriteError("reset"), Failure("closed", billed="possibly")),
    ],
)  # fmt: skip
def test_a_connection_lost_before_the_answer_says_whose_fault_it_was(cause, failure):
    assert connection_lost(cause) == failure


def test_a_silent_server_may_have_billed():
    timeout = anthropic.APITimeoutError(request=REQUEST)
    assert connection_lost(httpx2.ReadTimeout("silent"), timeout) == Failure(
        "timeout", billed="possibly"
    )


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ReadTimeout("silent"), "timeout"),
        (httpx2.RemoteProtocolError("reset"), "dropped"),
        (httpx2.StreamClosed(), "dropped"),
        (ConnectionResetError(), "dropped"),
        (ValueError("no JSON"), "undecodable"),
        (RecursionError(), "undecodable"),
    ],
)
def test_what_breaks_off_an_answer_has_billed_a_part_of_it(error, kind):
    assert call_failure(error) == Failure(kind, billed="possibly")
    assert call_failure(error, "partly") == Failure(kind, billed="partly")


def test_what_nobody_foresaw_is_told_by_its_type_alone(caplog):
    class Odd(Exception):
        pass

    assert call_failure(Odd("sk-ant-secret")) == Failure("internal", "Odd", billed="possibly")
    [record] = caplog.records
    assert record.name == "playground.claude.errors"
    assert record.getMessage() == "unforeseen error in a run: Odd"


def test_credentials_that_cannot_be_found_are_no_connection_problem():
    assert call_failure(anthropic.CredentialsError("none")) == Failure("authentication")


def test_a_key_is_cut_out_before_the_message_is():
    key = "sk-ant-very-secret"
    long = "x" * (LONGEST_MESSAGE - 5) + key + "y" * 100
    cut = failure_without_key(Failure("server_error", long, request_id=f"req {key}"), key)
    assert cut.message == ("x" * (LONGEST_MESSAGE - 5) + "…" + "y" * 100)[:LONGEST_MESSAGE]
    assert cut.request_id == "req …"
    nothing = failure_without_key(Failure("server_error", request_id=None), key)
    assert (nothing.message, nothing.request_id) == ("", None)
    assert without_key("text", "") == "text"


@pytest.mark.parametrize("key", ["e", "key", "x-api-", "invalid", "lm-studio"])
def test_a_key_too_short_to_be_one_garbles_no_message(key):
    said = "invalid x-api-key for lm-studio"
    kept = failure_without_key(Failure("authentication", said, request_id="req_e"), key)
    assert (kept.message, kept.request_id) == (said, "req_e")


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after-ms": "0", "retry-after": "7"}, 0.0),
        ({"retry-after-ms": "x", "retry-after": "7"}, 7.0),
        ({"retry-after": "Tue, 24 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Tue, 24 Nov 2026 12:00:30"}, 30.0),
        ({"retry-after": "Tue, 24 Nov 2026 13:00:30 +0100"}, 30.0),
        ({"retry-after": "Tue, 24 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Tue, 24 Nov 99999 11:00:00 GMT"}, None),
        ({"retry-after": "2026-11-24T12:00:30Z"}, 30.0),
        ({"retry-after": "2026-11-24T13:00:30.5+01:00"}, 30.5),
        ({"retry-after": "2592000"}, 2_592_000.0),
        # The moment in seconds since 1970, and other waits that nobody means.
        ({"retry-after": "1795521630"}, None),
        ({"retry-after": "99999999999999999999"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"retry-after-ms": "1e15", "retry-after": "7"}, None),
    ],
)
def test_a_wait_is_read_as_the_server_wrote_it(headers, wait_s):
    assert retry_after_s(headers, NOON) == wait_s
