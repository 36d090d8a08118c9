"""The snippets as a reader runs them, against the demo on loopback."""

import ast
import asyncio
import inspect
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import warnings
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import anthropic
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import NOW

from playground.claude.demo.api import DemoApi
from playground.claude.demo.server import DEFAULT_PORT, LOOPBACK, server
from playground.claude.errors import failure_of, reported_failure
from playground.claude.sending import Clients, Timing, send
from playground.core.answer import retry
from playground.core.answer.events import TextDelta
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE, DEMO, SERVED_DEMO_URL, Connection
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.snippets.python_snippet import NAMED
from playground.core.snippets.snippets import snippets
from playground.core.wire.wire import Wire

REQUEST = Request(
    Prompt("Be brief.\nNo \"emoji\", please; it's a 'test'.", (Message("user", "Crisp దోస?"),)),
    Params("claude-sonnet-4-6", 120, temperature=0.0, stop_sequences=("\nEND",)),
)
PATIENT = RetryPolicy(attempts=4, base_wait_s=0.01)
NEEDS_CURL = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")), reason="curl or bash is not installed"
)


class Served(DemoApi):
    """The demo on a free port of loopback; keeps what it was asked."""

    def __init__(self):
        super().__init__(pause_s=0, rng=random.Random(1))
        self.seen = []
        self.listening = socket.create_server((LOOPBACK, 0))
        self.url = f"http://{LOOPBACK}:{self.listening.getsockname()[1]}"
        self.running = server(self, 0)
        self.thread = threading.Thread(target=self.running.run, args=([self.listening],))
        self.thread.start()

    async def reply(self, request):
        self.seen.append(request)
        return await super().reply(request)

    def close(self):
        self.running.should_exit = True
        self.thread.join()
        self.listening.close()


@pytest.fixture(scope="module")
def process():
    served = Served()
    yield served
    served.close()


@pytest.fixture
def demo(process):
    process.seen.clear()
    return process


def planned(connection, policy=PATIENT, request=REQUEST):
    return plan(RunContext(connection, policy, (), NOW), Variant("A", request))


def sent_by_the_playground(demo, scenario="none"):
    """The text that the playground's own way of sending gets from the same server."""
    connection = replace(DEMO, base_url=demo.url, scenario=scenario)

    async def collect():
        clients = Clients(demo=httpx2.AsyncHTTPTransport())
        sent = send(clients, connection, "", planned(connection).wire, PATIENT, Timing())
        texts = [event.text async for event in sent if isinstance(event, TextDelta)]
        await clients.close()
        return "".join(texts)

    return asyncio.run(collect())


def run(name, demo, connection=DEMO, policy=PATIENT, request=REQUEST, **environment):
    """Run a snippet in a process of its own, as it is but for the port."""
    made = planned(connection, policy, request)
    found = snippets(made.wire, connection, policy)
    source = next(each.code for each in found if each.name == name)
    source = source.replace(SERVED_DEMO_URL, demo.url)
    command = ["bash", "-c"] if name == "curl" else [sys.executable, "-c"]
    return subprocess.run(
        [*command, source],
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
    )


def text_of(stream):
    """The text in server-sent events as curl prints them."""
    lines = [line.removeprefix("data: ") for line in stream.splitlines() if line[:5] == "data:"]
    deltas = [event.get("delta", {}) for event in map(json.loads, lines)]
    return "".join(delta.get("text", "") for delta in deltas)


def essence(request):
    """What a request asks for, and under which version and fault."""
    names = ("anthropic-version", "demo-scenario")
    return json.loads(request.body), [request.headers.get(name) for name in names]


@pytest.mark.parametrize(
    "name", ["Python", "Python (short)", pytest.param("curl", marks=NEEDS_CURL)]
)
def test_a_snippet_sends_what_the_playground_sends_and_gets_its_answer(demo, name):
    expected = sent_by_the_playground(demo)
    done = run(name, demo)
    assert done.returncode == 0, done.stderr
    assert (text_of(done.stdout) if name == "curl" else done.stdout) == expected != ""
    own, theirs = demo.seen
    (body, (version, _)), (their_body, (their_version, _)) = essence(own), essence(theirs)
    assert (their_body, their_version) == (body, version)
    assert version == "2023-06-01"
    assert body["temperature"] == 0


@pytest.mark.parametrize(
    "name", ["Python", "Python (short)", pytest.param("curl", marks=NEEDS_CURL)]
)
def test_a_snippet_that_only_fills_the_cache_asks_for_no_stream(demo, name):
    filling = replace(REQUEST, params=Params("claude-haiku-5-5", 0, cache="5m"))
    done = run(name, demo, request=filling)
    assert done.returncode == 0, done.stderr
    [seen] = demo.seen
    assert (
        json.loads(seen.body)
        == plan(RunContext(DEMO, PATIENT, (), NOW), Variant("A", filling)).wire.body
    )
    assert "stream" not in json.loads(seen.body)


UNSTREAMED = [(100_000, "claude-opus-5-5"), (9_000, "claude-opus-4-1"), (5, "claude-haiku-5-5")]


def answered_whole(asked):
    block = {"type": "text", "text": f"{len(asked.content)} bytes."}
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"type": "message", "role": "assistant", "id": "m", "model": "m", "usage": usage}
    return httpx2.Response(200, json={**message, "content": [block], "stop_reason": "end_turn"})


@pytest.mark.parametrize("name", ["Python", "Python (short)"])
@pytest.mark.parametrize(("max_tokens", "model"), UNSTREAMED)
def test_an_answer_in_one_piece_is_waited_for_and_printed(name, max_tokens, model, capsys):
    whole = Params(model, max_tokens, extra_json='{"stream": false}')
    made = planned(CLAUDE, request=replace(REQUEST, params=whole))
    source = next(s.code for s in snippets(made.wire, CLAUDE, PATIENT) if s.name == name)
    seen = []

    def answer(asked):
        seen.append(asked)
        return answered_whole(asked)

    transport = httpx2.MockTransport(answer)
    with anthropic.DefaultHttpxClient(transport=transport) as http:
        arguments = "api_key='k', http_client=http"
        source = source.replace("Anthropic(max_retries=0)", f"Anthropic({arguments})")
        source = source.replace("Anthropic()", f"Anthropic({arguments})")
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            exec(compile(source, name, "exec"), {"http": http})
    [asked] = seen
    assert json.loads(asked.content) == made.wire.body
    assert asked.extensions["timeout"]["read"] == 3600
    assert capsys.readouterr().out == f"{len(asked.content)} bytes.\n"


ODD_FIELDS = [
    *({"thinking": odd} for odd in (True, -1, 1.5, "x", [], ["a"], {}, {"budget_tokens": 5})),
    *({"model": odd} for odd in ([], ["a"], {}, {"a": None}, None, 5)),
]


@pytest.mark.parametrize("name", ["Python", "Python (short)"])
@pytest.mark.parametrize("fields", ODD_FIELDS, ids=repr)
def test_a_field_that_the_sdk_cannot_look_into_is_sent_all_the_same(name, fields):
    messages = [{"role": "user", "content": "Hi"}]
    body = {"max_tokens": 5, "messages": messages, "model": "claude-opus-4-6", "stream": True}
    sent = Wire({"anthropic-version": "2026-10-21"}, body | fields, ())
    source = next(s.code for s in snippets(sent, CLAUDE, PATIENT) if s.name == name)
    seen = []

    def refuse(asked):
        seen.append(json.loads(asked.content))
        return httpx2.Response(400, json={})

    with anthropic.DefaultHttpxClient(transport=httpx2.MockTransport(refuse)) as http:
        source = re.sub(r"Anthropic\(", "Anthropic(api_key='k', http_client=http, ", source)
        with pytest.raises(anthropic.BadRequestError):
            exec(compile(source, name, "exec"), {"http": http})
    assert seen == [sent.body]


def test_the_policy_outlasts_two_rate_limits_and_tells_of_them(demo):
    failing = replace(DEMO, scenario="rate_limited")
    expected = sent_by_the_playground(demo, "rate_limited")
    done = run("Python", demo, failing)
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected
    assert [line[:10] for line in done.stderr.splitlines()[:2]] == ["Attempt 1:", "Attempt 2:"]
    own, theirs = demo.seen[:3], demo.seen[3:]
    assert [essence(request) for request in own] == [essence(request) for request in theirs]


@pytest.mark.parametrize("scenario", ["wrong_key", "dropped"])
def test_the_policy_asks_only_once_where_asking_again_is_useless_or_billed(demo, scenario):
    done = run("Python", demo, replace(DEMO, scenario=scenario))
    assert done.returncode == 1
    assert len(demo.seen) == 1
    assert bool(done.stdout) == (scenario == "dropped")


def test_an_answer_that_ends_too_early_is_not_taken_for_a_whole_one(demo):
    done = run("Python", demo, replace(DEMO, scenario="truncated"))
    assert done.returncode == 1
    assert "ended before the answer did" in done.stderr


@pytest.mark.parametrize("name", ["Python (short)", pytest.param("curl", marks=NEEDS_CURL)])
def test_another_server_gets_the_key_of_the_environment_in_both_headers(demo, name):
    there = Connection("server", "there", demo.url)
    done = run(name, demo, there, ANTHROPIC_API_KEY="sk-canary")
    assert done.returncode == 0, done.stderr
    [request] = demo.seen
    assert request.headers["authorization"] == "Bearer sk-canary"
    assert request.headers["x-api-key"] == "sk-canary"


@NEEDS_CURL
def test_curl_takes_a_prompt_that_is_too_long_for_an_argument(demo):
    long = Request(Prompt("", (Message("user", "It's long. " * 20_000),)), REQUEST.params)
    [curl] = [each for each in snippets(planned(DEMO, request=long).wire, DEMO, PATIENT)
              if each.name == "curl"]  # fmt: skip
    done = subprocess.run(
        ["bash", "-s"],
        input=curl.code.replace(SERVED_DEMO_URL, demo.url),
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert text_of(done.stdout)
    assert json.loads(demo.seen[0].body)["messages"][0]["content"] == long.prompt.messages[0].text


@NEEDS_CURL
def test_curl_shows_the_error_and_fails(demo):
    done = run("curl", demo, replace(DEMO, scenario="wrong_key"))
    assert done.returncode == 22
    assert "authentication_error" in done.stdout


def test_the_sdk_alters_nothing_of_what_it_is_given():
    body = {
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
        "made_up": {"a": [None, 1.5, "దోస"]},
        "max_tokens": 300,
        "messages": [{"content": [{"text": "Hi", "type": "text"}], "role": "user"}],
        "metadata": {"user_id": "u"},
        "model": "claude-next-9",
        "output_config": {"effort": "low"},
        "service_tier": "auto",
        "stop_sequences": ["END"],
        "stream": True,
        "thinking": {"type": "adaptive", "display": "summarized"},
        "tools": [{"name": "t", "input_schema": {"type": "object", "x": [1]}}],
        "top_k": 5,
        "top_p": 0.9,
        # By name the SDK would make headers of these.
        "user_profile_id": "u",
        "workspace_id": "w",
    }
    sent = Wire({"anthropic-version": "2026-10-21"}, body, ())
    source = snippets(sent, DEMO, PATIENT)[0].code
    request = next(
        ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "REQUEST"
    )
    seen = []

    def answer(asked):
        seen.append(asked)
        return httpx2.Response(400, json={})

    raised_by(answer, **request)
    theirs = json.loads(seen[0].content)
    assert theirs == body
    assert all(json.dumps(theirs[name]) == json.dumps(value) for name, value in body.items())
    assert seen[0].headers["anthropic-version"] == "2026-10-21"


@pytest.mark.parametrize("client", [anthropic.Anthropic, anthropic.AsyncAnthropic])
@pytest.mark.parametrize("method", ["create", "stream"])
def test_what_is_passed_by_name_is_what_the_installed_sdk_takes(client, method):
    parameters = inspect.signature(getattr(client(api_key="k").messages, method)).parameters
    own = {"stream", "output_format", "timeout", "extra_headers", "extra_query", "extra_body"}
    assert set(parameters) - own == NAMED


def test_the_demo_is_served_where_the_snippets_look_for_it():
    assert f"http://{LOOPBACK}:{DEFAULT_PORT}" == SERVED_DEMO_URL


def error_of(status, error_type="", code=None, **headers):
    """What the SDK raises for a reply, or for an event in a stream that began."""
    body = {"type": "error", "error": {"type": error_type, "message": "", "details": {}}}
    body["error"]["details"]["error_code"] = code
    data = json.dumps(body)
    kind = "text/event-stream" if status == 200 else "application/json"
    content = f"event: error\ndata: {data}\n\n" if status == 200 else data
    return raised_by(
        lambda _: httpx2.Response(
            status,
            headers={"content-type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}},
            content=content,
        )
    )


def raised_by(handler, **request):
    """What the SDK raises, asked through a transport of ours."""
    request = request or {"model": "m", "max_tokens": 1, "messages": []}
    transport = httpx2.MockTransport(handler)
    with anthropic.Anthropic(
        api_key="k",
        max_retries=0,
        http_client=anthropic.DefaultHttpxClient(transport=transport),
    ) as client:
        try:
            with client.messages.stream(**request) as stream:
                stream.get_final_message()
        except Exception as error:
            return error
    raise AssertionError("nothing was raised")


def broken(error):
    def handler(request):
        raise error

    return raised_by(handler)


def errors():
    """Every way an attempt can fail, as the SDK raises it."""
    return [
        *(error_of(status) for status in (400, 401, 402, 403, 404, 405, 408, 409, 413, 422)),
        *(error_of(status) for status in (500, 501, 502, 503, 504, 529)),
        error_of(429, "rate_limit_error"),
        error_of(429, "rate_limit_error", retry_after="7"),
        error_of(529, "overloaded_error", retry_after="90"),
        error_of(429, "rate_limit_error", retry_after="7", x_should_retry="false"),
        error_of(500, x_should_retry="False"),
        error_of(529, "overloaded_error", x_should_retry="true"),
        error_of(400, x_should_retry="true"),
        error_of(429, "rate_limit_error", "enforced_spend_limit_reached"),
        error_of(429, "rate_limit_error", "contract_spend_limit_reached"),
        error_of(400, "overloaded_error"),
        error_of(200, "overloaded_error"),
        error_of(200, "api_error"),
        error_of(200, "invalid_request_error"),
        broken(httpx2.ConnectError("refused")),
        broken(httpx2.ReadTimeout("silent")),
        broken(httpx2.RemoteProtocolError("closed")),
        httpx2.ReadTimeout("silent in mid-stream"),
        httpx2.RemoteProtocolError("closed in mid-stream"),
    ]


def rule_of(policy, jitter):
    """`next_wait_s` of the snippet alone, without the call."""
    made = planned(DEMO, policy)
    source = snippets(made.wire, DEMO, policy)[0].code
    kept = ast.Import | ast.FunctionDef | ast.Assign
    tree = ast.parse(source)
    tree.body = [
        node for node in tree.body if isinstance(node, kept) and "client" not in ast.unparse(node)
    ]
    namespace = {}
    exec(compile(tree, "snippet", "exec"), namespace)
    namespace["random"] = SimpleNamespace(random=lambda: jitter)
    namespace["time"] = SimpleNamespace(time=NOW.timestamp)
    return namespace["next_wait_s"]


def both(error, policy, jitter=0.5, **at):
    """The wait by the snippet's rule and by the playground's."""
    if getattr(error, "status_code", None) == 200:  # Read by the playground itself.
        failure = reported_failure(error.body, "possibly", None)
    else:
        failure = failure_of(error, "possibly", NOW)
    retry_decision = retry.retry_decision(policy, failure, jitter=jitter, **at)
    return rule_of(policy, jitter)(error, **at), retry_decision.wait_s


def test_the_code_tries_again_after_the_same_errors_as_the_playground():
    for error in errors():
        theirs, own = both(error, RetryPolicy(), attempt=1, elapsed_s=0.0, has_begun=False)
        assert theirs == own, repr(error)


ASKED = [
    *(None, "", "7", "90", "2.5", " 3 ", "-4", "inf", "nan", "1e3", "1796072430", "soon"),
    *(format_datetime(NOW + timedelta(seconds=s), usegmt=True) for s in (-60, 0, 5, 30, 3e7, 1e9)),
    "Mon, 30 Nov 2026 12:00:20 +0500",
    "Mon, 30 Nov 2026 12:00:20",
    "Mon, 32 Nov 99999 25:00:20 GMT",
]


@settings(deadline=None)  # A busy machine is no failure.
@given(
    st.sampled_from(ASKED),
    st.sampled_from((None, "2500", "0.5", "-1", "1e15", "nan", "soon")),
    st.integers(1, 6),
    st.floats(0, 70),
    st.booleans(),
    st.floats(0, 1),
    st.builds(RetryPolicy, st.integers(1, 6), st.floats(0, 5), st.floats(1, 100)),
)
def test_the_code_waits_as_long_as_the_playground(
    asked, asked_ms, attempt, elapsed_s, has_begun, jitter, policy
):
    headers = {"retry_after": asked, "retry_after_ms": asked_ms}
    error = error_of(429, **{name: value for name, value in headers.items() if value is not None})
    at = {"attempt": attempt, "elapsed_s": elapsed_s, "has_begun": has_begun}
    theirs, own = both(error, policy, jitter, **at)
    assert theirs == own
