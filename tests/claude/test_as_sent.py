"""The request that is shown is the request that is sent: byte for byte, before and after."""

import asyncio
import json
import os
import time
from typing import get_args

import httpx2
import pytest
from fake_api import FakeApi, answer, error, sse
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import NOW, REQUEST, Chunks, Script

from playground.claude.preview import clients_to_nowhere, preview
from playground.claude.sending import Clients, Timing, send
from playground.core.answer.raw_events import MAX_EVENTS
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE, DEMO, Connection
from playground.core.request.model_catalogue import CATALOGUE
from playground.core.request.request import (
    EFFORTS,
    ApiVersion,
    Cache,
    Message,
    Params,
    Prompt,
    Request,
    ServiceTier,
    Thinking,
    ThinkingDisplay,
)
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.wire.exchange import MASK, ExchangeRecord, differences, from_json, to_json
from playground.engine.run import Run

EXAMPLES = int(os.environ.get("EXAMPLES", "150"))
"""How many are tried; set it to thousands for a long look."""

SERVER = Connection("server", "localhost:1234", "http://localhost:1234/models")
KEY = "sk-ant-canary-51c2f8a07e9d-wxyz"
KEYS = {"demo": "", "claude": KEY, "server": KEY}
KEY_HEADERS = {b"authorization", b"x-api-key"}

models = st.sampled_from([*(model.id for model in CATALOGUE), "llama4:8b", "claude-next-9"])
texts = st.text(max_size=40)
fractions = st.floats(0, 2).map(lambda value: round(value, 4))
extras = st.dictionaries(
    st.sampled_from(["metadata", "top_k", "stream", "messages"]) | texts,
    st.recursive(
        st.none() | st.booleans() | st.integers() | texts | st.floats(allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)
forms = st.builds(
    Request,
    st.builds(
        Prompt,
        texts,
        st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), texts), max_size=4).map(
            tuple
        ),
    ),
    st.builds(
        Params,
        model=models | texts,
        max_tokens=st.integers(0, 10**6),
        temperature=st.none() | fractions,
        top_p=st.none() | fractions,
        top_k=st.none() | st.integers(0, 500),
        effort=st.none() | st.sampled_from(EFFORTS),
        thinking=st.sampled_from(get_args(Thinking)),
        thinking_budget_tokens=st.none() | st.integers(1, 10**5),
        thinking_display=st.sampled_from(get_args(ThinkingDisplay)),
        stop_sequences=st.lists(texts, max_size=3).map(tuple),
        cache=st.sampled_from(get_args(Cache)),
        service_tier=st.sampled_from(get_args(ServiceTier)),
        api_version=st.sampled_from(get_args(ApiVersion)),
        extra_json=st.just("") | extras.map(json.dumps) | texts,
    ),
)
scenarios = st.sampled_from(["none", "rate_limited"]).map(
    lambda name: Connection("demo", "Demo", "http://demo", scenario=name)
)
connections = scenarios | st.sampled_from([CLAUDE, SERVER])


class Receiver(Script):
    """A server that records; it stands also where the demo would."""

    def clients(self):
        return Clients(transport=self, demo=self)


async def run_through(clients, run, key):
    """What the engine does with a run, without its thread."""
    timing = Timing(sleep=lambda wait_s: asyncio.sleep(0), now=lambda: NOW)
    events = send(
        clients, run.plan.connection, key, run.plan.wire, run.plan.policy, timing, run.raw
    )
    run.began_s = time.monotonic()
    async for event in events:
        run.fold(event, time.monotonic())
    return run


def planned(request=REQUEST, connection=CLAUDE):
    return plan(RunContext(connection, RetryPolicy(), (), NOW), Variant("A", request))


def play(script, *, connection=CLAUDE, key=KEY, request=REQUEST):
    async def work():
        clients = Clients(transport=script, demo=script)
        run = await run_through(clients, Run("o", "v", planned(request, connection)), key)
        await clients.close()
        return run

    return asyncio.run(work())


def masked(raw_headers, key):
    """The headers that arrived, as they should be shown."""
    found = []
    for name, value in raw_headers:
        shown = value.decode("ascii")
        if name.lower() in KEY_HEADERS and key:
            assert key in shown
            shown = shown.replace(key, MASK)
        found.append((name.decode("ascii"), shown))
    return tuple(found)


@pytest.fixture(scope="module")
def loop():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def receiver():
    return Receiver((200, answer()))


@pytest.fixture(scope="module")
def clients(loop, receiver):
    pair = receiver.clients(), clients_to_nowhere()
    yield pair
    for each in pair:
        loop.run(each.close())


@settings(max_examples=EXAMPLES, deadline=None)
@given(form=forms, connection=connections)
def test_what_is_shown_is_what_a_server_receives_byte_for_byte(
    loop, receiver, clients, form, connection
):
    real, nowhere = clients
    planned_run = planned(form, connection)
    key = KEYS[connection.kind]
    before = loop.run(preview(nowhere, connection, key, planned_run.wire))
    receiver.requests.clear()
    run = loop.run(run_through(real, Run("o", "v", planned_run), key))
    [received] = receiver.requests
    [exchange] = run.exchanges
    logged = from_json(to_json(ExchangeRecord(run.exchanges, planned_run.wire.decisions)))
    for shown in (before, exchange.sent, logged.exchanges[0].sent):
        assert shown.body.encode() == received.content
        assert (shown.method, shown.url) == (received.method, str(received.url))
        assert shown.headers == masked(received.headers.raw, key)
    assert json.loads(received.content) == planned_run.wire.body


def test_on_a_real_socket_nothing_is_added_to_it():
    api = FakeApi()
    api.texts["claude-sonnet-4-6"] = "Hello"
    run = play(None, connection=Connection("server", "here", api.url))
    api.close()
    [received] = api.posts
    [exchange] = run.exchanges
    assert exchange.sent.body.encode() == received.body
    assert exchange.sent.url == api.url + received.path
    shown = {name.lower(): value for name, value in exchange.sent.headers}
    arrived = {name.lower(): value for name, value in received.headers.items()}
    assert shown == {**arrived, "authorization": f"Bearer {MASK}", "x-api-key": MASK}


def test_the_preview_sends_nothing(loop):
    receiver = Receiver((200, answer()))
    nowhere = clients_to_nowhere()
    for connection in (DEMO, CLAUDE, SERVER):
        loop.run(preview(nowhere, connection, KEY, planned(connection=connection).wire))
    assert receiver.requests == []
    assert loop.run(preview(nowhere, CLAUDE, "sk\nant", planned().wire)).kind == "bad_key"
    loop.run(nowhere.close())


def test_a_preview_knows_the_demos_scenario_and_shows_the_end_of_a_key():
    demo = Connection("demo", "Demo", "http://demo", scenario="overloaded")

    async def work():
        nowhere = clients_to_nowhere()
        found = [
            await preview(nowhere, to, key, planned(connection=to).wire)
            for to, key in ((demo, ""), (CLAUDE, KEY), (CLAUDE, "short-key"))
        ]
        await nowhere.close()
        return [sent.head() for sent in found]

    of_demo, of_claude, of_short = asyncio.run(work())
    assert of_demo.startswith("POST http://demo/v1/messages\n")
    assert "demo-scenario: overloaded" in of_demo
    assert "\nAuthorization: Bearer …wxyz" in of_claude
    assert "\nAuthorization: Bearer …\n" in of_short + "\n"


def test_each_attempt_keeps_its_own_headers_and_the_heads_of_its_response():
    limited = {"retry-after": "3", "anthropic-ratelimit-requests-remaining": "0", "x-other": "no"}
    refused = (429, error("rate_limit_error", "Slow.").encode(), limited)
    script = Script(refused, (200, answer(), {"request-id": "req_2"}))
    first, second = play(script).exchanges
    assert [each.number for each in (first, second)] == [1, 2]
    counts = [dict(each.sent.headers)["x-stainless-retry-count"] for each in (first, second)]
    assert counts == ["0", "1"]
    assert first.received.http_status == 429
    assert dict(first.received.headers) == {
        "content-type": "application/json",
        "retry-after": "3",
        "anthropic-ratelimit-requests-remaining": "0",
    }
    assert dict(second.received.headers)["request-id"] == "req_2"


def test_a_request_that_got_no_answer_is_shown_too():
    run = play(Script(httpx2.ConnectError("refused")))
    assert [each.number for each in run.exchanges] == [1, 2, 3, 4]
    assert all(each.received is None for each in run.exchanges)
    assert json.loads(run.exchanges[-1].sent.body) == run.plan.wire.body


def test_a_key_that_cannot_be_sent_leaves_nothing_to_show():
    assert play(Script((200, answer())), key="sk\nant").exchanges == ()


class Silent(httpx2.AsyncBaseTransport):
    """Never answers; tells when it was asked and when that was given up."""

    def __init__(self):
        self.asked, self.given_up = asyncio.Event(), False

    async def handle_async_request(self, request):
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up = True


def test_a_run_that_is_stopped_while_it_connects_shows_what_went_out():
    async def work():
        silent = Silent()
        clients = Clients(transport=silent)
        run = Run("o", "v", planned())
        task = asyncio.create_task(run_through(clients, run, KEY))
        await silent.asked.wait()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled()
        assert silent.given_up
        await clients.close()
        return run

    run = asyncio.run(work())
    [exchange] = run.exchanges
    assert json.loads(exchange.sent.body) == run.plan.wire.body


class Untimely(httpx2.AsyncBaseTransport):
    """Answers at the very moment at which the run is stopped."""

    def __init__(self):
        self.stop = None
        self.response = None

    async def handle_async_request(self, request):
        asyncio.get_running_loop().call_soon(self.stop)
        self.response = httpx2.Response(200, stream=Chunks(answer()))
        return self.response


def test_an_answer_that_comes_as_the_run_is_stopped_is_closed():
    async def work():
        untimely = Untimely()
        clients = Clients(transport=untimely)
        task = asyncio.create_task(run_through(clients, Run("o", "v", planned()), KEY))
        untimely.stop = task.cancel
        await asyncio.wait((task,))
        await clients.close()
        return task.cancelled(), untimely.response.is_closed

    assert asyncio.run(work()) == (True, True)


def everything_shown(run):
    recorded = ExchangeRecord(run.exchanges, differences(run.plan.request, run.plan.wire))
    return "\n".join(
        [
            to_json(recorded),
            *(each.sent.head() for each in run.exchanges),
            repr(run.exchanges),
            repr(run.raw.read()),
        ]
    )


ECHO = {
    "request-id": KEY, "retry-after": KEY, "anthropic-organization-id": f"x{KEY}x",
    f"anthropic-ratelimit-{KEY}": "1", "x-other": KEY,
}  # fmt: skip


@pytest.mark.parametrize(
    "reply",
    [
        (200, answer(KEY), ECHO),
        (200, sse(KEY, note=KEY) + answer(), ECHO),
        (401, error("authentication_error", f"bad key {KEY}").encode(), ECHO),
        (200, [f'data: ["{KEY}"]\n\n'.encode()]),
        (200, f"{{{KEY}".encode(), {"content-type": "application/json"}),
    ],
    ids=["answer", "event", "refusal", "garbage", "body"],
)
def test_no_part_of_a_key_is_in_what_is_shown_or_stored(reply):
    run = play(Script(reply), connection=SERVER)
    shown = everything_shown(run)
    assert "x-stainless" in shown  # The control: headers are in it.
    assert KEY not in shown
    assert KEY[7:25] not in shown
    assert "wxyz" not in to_json(ExchangeRecord(run.exchanges, ()))


def test_raw_events_are_kept_as_decoded_with_the_time_since_the_start():
    lines = '{"type": "note",  "text": "ü \\u00fc"}', "not ours"
    extra = f"event: note\ndata: {lines[0]}\n\nevent: ping\ndata: {lines[1]}\n\n".encode()
    run = play(Script((200, extra + answer("Hi"))))
    kept = run.raw.read()
    assert kept.left_out == 0
    assert [(event.name, event.data) for event in kept.events[:2]] == [
        ("note", lines[0]), ("ping", lines[1]),
    ]  # fmt: skip
    assert kept.events[-1].name == "message_stop"
    assert {event.attempt for event in kept.events} == {1}
    assert 0 <= kept.events[0].at_s <= kept.events[-1].at_s


def test_the_body_of_a_refusal_is_kept_as_a_raw_event():
    body = error("invalid_request_error", "No.")
    run = play(Script((400, body.encode())))
    assert [event.data for event in run.raw.read().events] == [body]


def test_of_a_long_stream_the_newest_raw_events_are_kept():
    run = play(Script((200, b"event: ping\ndata: {}\n\n" * MAX_EVENTS + answer())))
    kept = run.raw.read()
    assert len(kept.events) == MAX_EVENTS
    assert kept.left_out == answer().count(b"event:")
    assert kept.events[-1].name == "message_stop"
