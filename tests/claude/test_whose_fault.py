"""Errors say whose fault they were, in the server's own words: the key, the request, the
account's money, a proxy, a setting of this server, the network, or this app."""

import contextlib
import json
import socket
import ssl
import threading

import pytest
from fake_api import FakeApi, start
from scripted import NOW, REQUEST, Script, Sleeps, play

from playground.claude.sending import Clients, Timing, send
from playground.core.answer.events import AttemptFailed
from playground.core.answer.failures import KINDS, Failure
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE, Connection
from playground.core.runs.outcome import outcome
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.engine.run import Run

HTML = {"content-type": "text/html"}
JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain"}
PAGE = b"<html><head><title>Access Denied by Corp Gateway</title></head><body>x</body></html>"
TITLE = "Access Denied by Corp Gateway"
LOW = "Your credit balance is too low to access the Anthropic API."


def body(**fields):
    return json.dumps(fields).encode()


def api(kind, message, **more):
    return body(type="error", error={"type": kind, "message": message, **more})


def call_failure(*answers, **options):
    script = Script(*answers)
    *_, last = play(script, **options)[0]
    assert isinstance(last, AttemptFailed)
    return last, len(script.requests)


# fmt: off
ROWS = [
    # status, body, headers; kind, what is said of it, the server's own words, attempts
    (400, body(message="Bad things"), JSON, "invalid_request", "was rejected (400).",
     "Bad things", 1),
    (400, body(message="Budget has been exceeded"), JSON, "billing", "credit or budget",
     "Budget has been exceeded", 1),
    (400, body(detail="Nope"), JSON, "invalid_request", "was rejected (400).", "Nope", 1),
    (400, b"plain words", TEXT, "invalid_request", "was rejected (400).", "plain words", 1),
    (400, api("invalid_request_error", LOW), JSON, "billing", "The account's credit", LOW, 1),
    (400, api("invalid_request_error", "You have reached your specified API usage limits."), JSON,
     "spend_limit", "spend limit", "You have reached your specified API usage limits.", 1),
    (400, PAGE, HTML, "proxy", "proxy or firewall answered (400)", TITLE, 1),
    (401, body(detail="Team budget exceeded"), JSON, "billing", "rejected (401)",
     "Team budget exceeded", 1),
    (401, body(detail="No such user"), JSON, "authentication", "rejected (401)",
     "No such user", 1),
    (401, api("authentication_error", "invalid x-api-key"), JSON, "authentication",
     "The key was rejected (401).", "invalid x-api-key", 1),
    (401, PAGE, HTML, "proxy", "proxy or firewall answered (401)", TITLE, 1),
    (403, PAGE, HTML, "proxy", "proxy or firewall answered (403)", TITLE, 1),
    (403, b"RBAC: access denied", TEXT, "proxy", "proxy or firewall answered (403)",
     "RBAC: access denied", 1),
    (403, api("permission_error", "Not this model"), JSON, "permission", "This key does not",
     "Not this model", 1),
    (404, api("not_found_error", "model: x"), JSON, "not_found", "does not know this model",
     "model: x", 1),
    (404, body(object="error", message="The model `x` does not exist."), JSON, "not_found",
     "does not know this model", "The model `x` does not exist.", 1),
    (404, body(detail="Not Found"), JSON, "not_the_api", "answered (404), but not", "Not Found", 1),
    (404, PAGE, HTML, "not_the_api", "answered (404), but not", TITLE, 1),
    (405, PAGE, HTML, "not_the_api", "answered (405), but not", TITLE, 1),
    (407, b"", HTML, "proxy", "proxy or firewall answered (407)", "", 1),
    (413, PAGE, HTML, "proxy", "proxy or firewall answered (413)", TITLE, 1),
    (413, api("request_too_large", "Too large"), JSON, "too_large", "too large", "Too large", 1),
    (422, body(detail=[{"loc": ["body", "top_k"], "msg": "no integer"}]), JSON,
     "invalid_request", "was rejected (422).", "body.top_k: no integer", 1),
    (429, body(error={"message": "You exceeded your current quota", "type": "insufficient_quota"}),
     JSON, "billing", "credit or budget", "You exceeded your current quota", 1),
    (429, b"{}", JSON | {"retry-after": "3600"}, "rate_limit", "rate limit", "", 1),
    (429, PAGE, HTML, "rate_limit", "rate limit", TITLE, 4),
    (301, b"", {"location": "https://login.corp.example/a?b=c"}, "not_the_api",
     "answered (301), but not", "It redirects to login.corp.example.", 1),
    (302, b"", {}, "not_the_api", "answered (302), but not", "", 1),
    (500, b"Internal Server Error", TEXT, "server_error", "internal error (500)",
     "Internal Server Error", 4),
    (502, PAGE, HTML, "gateway", "gateway in front of the API answered (502)", TITLE, 4),
    (503, PAGE, HTML, "gateway", "gateway in front of the API answered (503)", TITLE, 4),
    (503, b"upstream connect error", TEXT, "gateway", "gateway in front of",
     "upstream connect error", 4),
    (504, PAGE, HTML, "gateway", "gateway in front of the API answered (504)", TITLE, 4),
    (522, b"error code: 522", TEXT, "gateway", "gateway in front of", "error code: 522", 4),
    (200, PAGE, HTML, "not_the_api", "answered (200), but not", TITLE, 1),
    (200, PAGE, {}, "not_the_api", "answered (200), but not", TITLE, 1),
    (200, b"Service paused", TEXT, "not_the_api", "answered (200), but not", "Service paused", 1),
    (200, body(detail="Paused"), JSON, "not_the_api", "answered (200), but not", "Paused", 1),
    (200, body(error={"code": 402, "message": "Insufficient credits"}), JSON, "billing",
     "credit or budget", "Insufficient credits", 1),
    (200, api("overloaded_error", "Busy"), JSON, "overloaded", "overloaded", "Busy", 4),
    (200, body(error={"code": 400, "message": "Bad tool"}), JSON, "invalid_request",
     "was rejected.", "Bad tool", 1),
    (200, start() + b"event: error\ndata: upstream died\n\n", {}, "server_error",
     "internal error", "upstream died", 4),
    (200, start() + b'data: {"error": {"message": "No", "code": 401}}\n\n', {}, "authentication",
     "The key was rejected.", "No", 1),
    (200, start() + b'event: error\ndata: {"detail": "Gone"}\n\n', {}, "server_error",
     "internal error", "Gone", 4),
]
# fmt: on


@pytest.mark.parametrize(
    ("status", "sent", "headers", "kind", "happened", "message", "attempts"),
    ROWS,
    ids=[f"{row[0]} {row[3]} {number}" for number, row in enumerate(ROWS)],
)
def test_an_error_says_whose_fault_it_was_in_the_servers_words(
    status, sent, headers, kind, happened, message, attempts
):
    last, requests = call_failure((status, sent, headers))
    failure = last.failure
    assert (failure.kind, failure.message, requests) == (kind, message, attempts)
    assert happened in failure.happened


@pytest.mark.parametrize(
    "sent", [b"", b"{}", PAGE, b"local_rate_limited", body(detail="Slow down")]
)
def test_no_account_is_blamed_for_a_rate_limit_that_may_be_a_proxys(sent):
    said = call_failure((429, sent, {"retry-after": "0"}))[0].failure
    assert said.happened == "A rate limit is reached: too many requests or tokens in a short time."
    assert "account" not in said.sentence


@pytest.mark.parametrize(
    ("status", "sent"), [(408, PAGE), (408, b""), (504, api("timeout_error", "Late"))]
)
def test_a_timeout_that_a_server_answers_with_is_no_silence(status, sent):
    said = call_failure((status, sent))[0].failure
    assert said.happened == f"The server answered ({status}) that the request took too long."


def test_a_wait_of_an_hour_is_said_to_be_one_however_it_is_written():
    for header in (
        {"retry-after": "3600"},
        {"retry-after-ms": "3600000"},
        {"retry-after": "Mon, 23 Nov 2026 13:00:00 GMT"},
    ):
        for status in (429, 503, 529):
            last, requests = call_failure((status, b"{}", header))
            assert requests == 1
            assert last.failure.step == "Run again in 1 hour, as the server asks."
            assert "asks to wait 1 hour" in last.why
    assert call_failure((429, b"{}"))[0].failure.step.startswith("Wait a minute")


def test_without_a_reason_nobody_is_sent_to_look_for_one():
    assert "gave no reason" in call_failure((400, b""))[0].failure.step
    assert "message names" in call_failure((400, b"top_k is odd", TEXT))[0].failure.step


def test_no_key_is_repeated_and_no_message_is_without_an_end():
    own, other = "sk-test", "sk-ant-api03-abcdefgh1234"
    for shape in (body(detail=f"{own} {other}"), f"<title>{own} {other}</title>".encode()):
        message = call_failure((403, shape, HTML))[0].failure.message
        assert own not in message.replace("sk-ant-", "")
        assert "abcdefgh1234" not in message
    assert len(call_failure((400, b"x" * 10_000, TEXT))[0].failure.message) == 2_000


def test_every_kind_has_its_own_sentence():
    assert len({Failure(kind).happened for kind in KINDS}) == len(KINDS)


@contextlib.contextmanager
def listening(answer_):
    """A server on loopback that does one thing with each connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    answer_(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        # A blocked accept is woken by a shutdown, not by a close.
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def run_to(url, policy=RetryPolicy(attempts=2)):  # noqa: B008 (it is frozen)
    """A run over real sockets."""
    import asyncio

    sleeps = Sleeps()
    timing = Timing(sleeps.sleep, lambda: sleeps.now_s, lambda: NOW, lambda: 0.0)
    connection = Connection("server", "there", url)
    planned = plan(RunContext(connection, policy, (), NOW), Variant("A", REQUEST))
    run = Run("o", "v", planned)

    async def drive():
        clients = Clients()
        async for event in send(clients, connection, "sk-test", planned.wire, policy, timing):
            run.fold(event, 1.0)
        await clients.close()

    asyncio.run(drive())
    return run


def read_and_close(connection):
    connection.recv(65_536)


def test_a_connection_closed_after_it_was_accepted_is_said_to_be_that():
    with listening(read_and_close) as url:
        run = run_to(url)
    assert (run.status, run.failure.kind, len(run.attempts)) == ("failed", "closed", 2)
    assert "closed it without an answer" in run.failure.happened
    assert "may be billed" in outcome(run).billed


def test_what_is_no_http_is_asked_once():
    def answer_(connection):
        # All of the request: a close with something unread resets the connection.
        received = connection.recv(65_536)
        while not received.endswith(b"}"):
            received += connection.recv(65_536)
        connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")

    with listening(answer_) as url:
        run = run_to(url)
    assert (run.failure.kind, run.failure.message) == (
        "undecodable",
        "The server's reply is not HTTP.",
    )
    assert len(run.attempts) == 1


def test_a_port_where_nobody_listens_refused_the_connection():
    with listening(read_and_close) as url:
        pass
    run = run_to(url)
    assert (run.failure.kind, run.failure.message) == (
        "connection",
        "The connection was refused.",
    )
    assert outcome(run).billed == "A request without an answer is not billed."


@pytest.fixture
def directory(tmp_path):
    return tmp_path


def wrong_settings(directory):
    """Settings that no client can be built with, and what is said of each."""
    (directory / "empty.pem").write_text("no certificate")
    return [
        ("ALL_PROXY", "socks5://127.0.0.1:1", "needs the package socksio"),
        ("all_proxy", "socks5h://user:secret@127.0.0.1:1", "needs the package socksio"),
        ("HTTPS_PROXY", "ftp://secret.example", "must begin with http://"),
        ("HTTP_PROXY", "http://secret.example:port", "not the address of a proxy"),
        ("http_proxy", "http://[::1", "not the address of a proxy"),
        ("SSL_CERT_FILE", str(directory / "secret.pem"), "this file does not exist"),
        ("SSL_CERT_FILE", str(directory), "this is a directory"),
        ("SSL_CERT_FILE", str(directory / "empty.pem"), "no PEM certificates"),
    ]


@pytest.mark.parametrize("number", range(8))
def test_a_setting_that_is_wrong_is_named_and_nothing_is_sent(monkeypatch, directory, number):
    name, value, why = wrong_settings(directory)[number]
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(name, value)
    with contextlib.closing(FakeApi()) as there:
        run = run_to(there.url)
        assert there.seen == []
    assert (run.status, run.failure.kind, len(run.attempts)) == ("failed", "setting", 1)
    assert run.failure.message.startswith(f"{name}: ")
    assert why in run.failure.message
    assert "secret" not in run.failure.message
    assert "Nothing was sent." in run.failure.happened
    assert outcome(run).billed == "A request without an answer is not billed."


def test_a_proxy_that_does_not_answer_is_named(monkeypatch):
    with listening(read_and_close) as proxy:
        pass
    monkeypatch.setenv("HTTP_PROXY", proxy)
    run = run_to("http://api.example")
    assert run.failure.kind == "connection"
    assert "the proxy of HTTP_PROXY" in run.failure.message


@pytest.mark.parametrize(
    ("said", "kind", "status", "attempts"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required", "proxy", 407, 1),
        (b"HTTP/1.1 403 Forbidden", "proxy", 403, 1),
        (b"HTTP/1.1 502 Bad Gateway", "gateway", 502, 2),
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_not_taken_for_the_api(
    monkeypatch, said, kind, status, attempts
):
    def answer_(connection):
        connection.recv(65_536)
        connection.sendall(said + b"\r\ncontent-length: 0\r\n\r\n")

    with listening(answer_) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        run = run_to("https://api.example")
    assert (run.failure.kind, run.failure.http_status) == (kind, status)
    assert run.failure.message.encode() == said.removeprefix(b"HTTP/1.1 ")
    assert len(run.attempts) == attempts
    assert run.failure.billed == "no"


def test_a_server_that_speaks_no_tls_is_said_to(monkeypatch):
    def answer_(connection):
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listening(answer_) as url:
        run = run_to(url.replace("http://", "https://"))
    assert run.failure.kind == "connection"
    assert run.failure.message.startswith("TLS failed: ")
    assert run.failure.billed == "no"


def test_the_same_is_said_of_a_wrong_setting_by_every_other_call(monkeypatch):
    import asyncio

    from playground.claude.models import list_models
    from playground.claude.token_count import count_tokens

    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    planned = plan(RunContext(CLAUDE, RetryPolicy(), (), NOW), Variant("A", REQUEST))

    async def ask():
        clients = Clients()
        yield await list_models(clients, CLAUDE, "sk-test")
        yield await count_tokens(clients, CLAUDE, "sk-test", planned.wire)

    async def collect():
        return [found async for found in ask()]

    assert {found.kind for found in asyncio.run(collect())} == {"setting"}


def test_a_certificate_that_is_not_accepted_names_the_setting_that_decides(monkeypatch):
    import anthropic
    import httpx2

    from playground.claude.errors import failure_of

    untrusted = ssl.SSLCertVerificationError(1, "failed")
    untrusted.verify_message = "self-signed certificate"
    error = anthropic.APIConnectionError(request=httpx2.Request("POST", "https://api.example"))
    error.__cause__ = httpx2.ConnectError("failed")
    error.__cause__.__cause__ = untrusted
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", "/secret")
    failure = failure_of(error, "possibly", NOW)
    assert (failure.kind, failure.billed, failure.is_retryable) == ("certificate", "no", False)
    assert failure.message == (
        "self-signed certificate. SSL_CERT_DIR decides which certificates are accepted."
    )
