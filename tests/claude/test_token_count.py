"""Counting tokens: what is asked, what is understood, and every way it can fail."""

import asyncio
import json
from dataclasses import replace

import httpx2
import pytest
from scripted import NOW, REQUEST, Script

from playground.claude.sending import Clients
from playground.claude.token_count import count_tokens
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE, DEMO, Connection
from playground.core.request.request import Message, Prompt
from playground.core.runs.run_plan import RunContext, Variant, plan

SERVER = Connection("server", "local", "http://localhost:11434")


def count(*answers, connection=CLAUDE, key="sk-test-secret", request=REQUEST):
    script = Script(*answers)
    planned = plan(RunContext(connection, RetryPolicy(), (), NOW), Variant("A", request))

    async def work():
        clients = Clients(transport=script)
        found = await count_tokens(clients, connection, key, planned.wire)
        await clients.close()
        return found

    return asyncio.run(work()), script.requests


def said(status, body):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (status, raw, {"content-type": "application/json"})


def error(status, kind, message=""):
    return said(status, {"type": "error", "error": {"type": kind, "message": message}})


def test_what_is_counted_is_what_would_be_sent_without_what_does_not_count():
    params = replace(REQUEST.params, temperature=0.5, stop_sequences=("x",))
    request = replace(REQUEST, params=params, prompt=replace(REQUEST.prompt, system="Be brief."))
    found, [sent] = count(said(200, {"input_tokens": 14}), request=request)
    assert found == 14
    assert sent.url.path == "/v1/messages/count_tokens"
    assert json.loads(sent.content) == {
        "messages": [{"content": "Hi", "role": "user"}],
        "model": "claude-sonnet-4-6",
        "system": "Be brief.",
    }
    assert sent.headers["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(401, "authentication_error"), "authentication"),
        (error(400, "invalid_request_error"), "invalid_request"),
        (error(404, "not_found_error"), "not_found"),
        (said(404, b"404 page not found"), "not_the_api"),
        (error(429, "rate_limit_error"), "rate_limit"),
        (error(529, "overloaded_error"), "overloaded"),
        (httpx2.ConnectError("no"), "connection"),
        (httpx2.ReadTimeout("no"), "timeout"),
        (said(200, {"input_tokens": "many"}), "not_the_api"),
        (said(200, {"input_tokens": -1}), "not_the_api"),
        (said(200, {"input_tokens": True}), "not_the_api"),
        (said(200, [1]), "not_the_api"),
        (said(200, {"type": "error", "error": {"type": "overloaded_error"}}), "overloaded"),
        (said(200, {"error": {"message": "spend limit reached"}}), "spend_limit"),
        (said(200, {"error": {"message": "x", "code": 429}}), "rate_limit"),
        (said(200, b"{"), "undecodable"),
        ((200, b"<html>", {"content-type": "text/html"}), "not_the_api"),
    ],
)
def test_a_failure_is_a_value(answer, kind):
    found, requests = count(answer)
    assert found.kind == kind
    assert len(requests) == 1


def test_a_key_is_neither_sent_broken_nor_repeated():
    found, requests = count(said(200, {"input_tokens": 1}), key="two\nlines")
    assert (found.kind, requests) == ("bad_key", [])
    found, _ = count(error(401, "authentication_error", "bad key sk-test-secret"))
    assert found.message == "bad key …"


def test_a_server_gets_its_own_key_and_nothing_of_another():
    _, [sent] = count(said(200, {"input_tokens": 1}), connection=SERVER, key="local")
    assert sent.url.host == "localhost"
    assert sent.headers["x-api-key"] == "local"


def test_the_demo_counts_exactly_what_it_then_bills():
    request = replace(REQUEST, prompt=Prompt("Be brief.", (Message("user", "Crisp dosa?"),)))
    planned = plan(RunContext(DEMO, RetryPolicy(), (), NOW), Variant("A", request))

    async def work():
        clients = Clients()
        found = await count_tokens(clients, DEMO, "", planned.wire)
        body = {**planned.wire.body, "stream": False}
        headers = {"headers": dict(planned.wire.headers)}
        answer = await clients.client(DEMO, "").post(
            "/v1/messages", body=body, cast_to=object, options=headers
        )
        await clients.close()
        return found, answer["usage"]["input_tokens"]

    found, billed = asyncio.run(work())
    assert found == billed


def test_what_is_no_count_is_told_in_the_servers_words_without_the_key():
    found, _ = count(said(200, {"detail": "No such route for sk-test-secret"}))
    assert (found.kind, found.http_status) == ("not_the_api", 200)
    assert found.message.startswith("No such route for ")
    assert "secret" not in found.message
