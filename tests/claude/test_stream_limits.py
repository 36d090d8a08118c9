"""A hostile server can neither fill the memory, nor hold the event loop, nor answer for ever."""

import asyncio
import gzip
import tracemalloc
import zlib
from itertools import repeat
from time import monotonic

import httpx2
import pytest
from fake_api import FakeApi, answer, block, delta, end, sse, start
from hypothesis import given
from hypothesis import strategies as st
from scripted import NOW, REQUEST, Sleeps

from playground.claude import stream_limits as limits
from playground.claude.models import list_models
from playground.claude.pacing import Pacing
from playground.claude.sending import Clients, Timing, send
from playground.core.answer.events import AttemptFailed, Finished, TextDelta
from playground.core.answer.failures import Failure
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE, Connection
from playground.core.runs.run_plan import RunContext, Variant, plan

MB = 1_000_000
SSE, JSON = "text/event-stream", "application/json"


class Body(httpx2.AsyncByteStream):
    """Pieces that come one after another, and how many were taken."""

    def __init__(self, pieces, pause_s=0.0):
        self.pieces, self.pause_s, self.taken = pieces, pause_s, 0

    async def __aiter__(self):
        for piece in self.pieces:
            await asyncio.sleep(self.pause_s)
            self.taken += len(piece)
            yield piece


class Server(httpx2.AsyncBaseTransport):
    """Answers everything with the same body."""

    def __init__(self, body, kind=SSE, status=200, **headers):
        self.body, self.status = body, status
        self.headers = {"content-type": kind} | headers

    async def handle_async_request(self, request):
        await request.aread()
        if self.body is None:
            await asyncio.get_running_loop().create_future()
        return httpx2.Response(self.status, headers=self.headers, stream=self.body)


def ask(transport, *, limit_s=20.0, connection=CLAUDE):
    """What comes of one attempt."""

    async def collect():
        sleeps = Sleeps()
        timing = Timing(sleeps.sleep, lambda: sleeps.now_s, lambda: NOW, lambda: 0.0)
        planned = plan(
            RunContext(connection, RetryPolicy(attempts=1), (), NOW), Variant("A", REQUEST)
        )
        clients = Clients(transport=transport, limit_s=limit_s)
        sent = send(clients, connection, "sk-test", planned.wire, planned.policy, timing)
        events = [event async for event in sent]
        await clients.close()
        return events

    return asyncio.run(collect())


def failure(events):
    assert isinstance(events[-1], AttemptFailed)
    return events[-1].failure


def text(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


ENDLESS = {
    "a line": (SSE, [b"data: " + b"x" * 65_530, *[b"x" * 65_536] * 1_000]),
    "a line in small pieces": (SSE, [b"data: ", *[b"x" * 4_096] * 10_000]),
    "lines of nothing": (SSE, [b":\n" * 32_768] * 1_000),
    "short lines": (SSE, [b"data: x\r\n" * 9] * 30_000),
    "comments": (SSE, [b": wait\n\n" * 8_192] * 200),
    "events that nobody knows": (SSE, [sse("new", x="x" * 60_000)] * 200),
    "JSON": (JSON, [b"[" * 65_536] * 1_000),
    "HTML": ("text/html", [b"<p>" * 20_000] * 2_000),
    "bytes": ("application/octet-stream", [bytes(65_536)] * 2_000),
}


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("status", [200, 400])
def test_a_body_without_an_end_is_given_up(name, status, monkeypatch):
    monkeypatch.setattr(limits, "MAX_STREAMED", 4 * MB)
    monkeypatch.setattr(limits, "MAX_AT_ONCE", 2 * MB)
    kind, pieces = ENDLESS[name]
    body = Body(pieces)
    began_s = monotonic()
    found = failure(ask(Server(body, kind, status)))
    assert body.taken <= 5 * MB
    assert monotonic() - began_s < 10
    assert found.kind in ("undecodable", "not_the_api")
    assert found.sentence


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("kind", [SSE, JSON])
def test_a_bomb_is_unpacked_no_further_than_any_answer_reaches(encoding, kind):
    pack = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    packed = b"".join(pack.compress(piece) for piece in repeat(b"data: " + bytes(MB), 30))
    packed += pack.flush()
    assert len(packed) < MB / 10
    tracemalloc.start()
    try:
        found = failure(ask(Server(Body([packed]), kind, **{"content-encoding": encoding})))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.kind == "undecodable"
    assert "MB" in found.message or "longer" in found.message
    assert peak < 25 * MB


def test_a_compressed_answer_arrives_event_by_event():
    pack = zlib.compressobj(wbits=31)
    events = [start() + block(), *(delta(f"{n} ") for n in range(50)), end()]
    pieces = [pack.compress(event) + pack.flush(zlib.Z_SYNC_FLUSH) for event in events]
    found = ask(Server(Body([*pieces, pack.flush()]), **{"content-encoding": "gzip"}))
    assert isinstance(found[-1], Finished)
    assert text(found) == "".join(f"{n} " for n in range(50))


def test_a_compressed_error_is_still_understood():
    said = b'{"type": "error", "error": {"type": "rate_limit_error", "message": "slowly"}}'
    server = Server(Body([gzip.compress(said)]), JSON, 429, **{"content-encoding": "gzip"})
    assert failure(ask(server)).message == "slowly"


def test_an_answer_longer_than_any_keeps_its_beginning():
    pieces = [start() + block(), *[delta("x" * 100_000)] * 50, end()]
    events = ask(Server(Body(pieces)))
    found = failure(events)
    assert (found.kind, found.billed) == ("undecodable", "partly")
    assert "4,000,000 characters" in found.message
    assert len(text(events)) == limits.MAX_TEXT


@pytest.mark.parametrize("piece", [sse("ping"), b": wait\n\n", delta("")])
def test_pings_do_not_keep_an_attempt_open_for_ever(piece):
    body = Body([start() + block() + delta("Hi"), *[piece] * 10_000], pause_s=0.005)
    events = ask(Server(body), limit_s=0.2)
    found = failure(events)
    assert (found.kind, found.billed) == ("timeout", "partly")
    assert found.message == "The answer had not ended after 0.2 s."
    assert text(events) == "Hi"


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("kind", [JSON, "text/html"])
def test_a_body_that_trickles_is_given_up(kind, status):
    server = Server(Body([b"["] * 10_000, pause_s=0.005), kind, status)
    assert failure(ask(server, limit_s=0.2)).kind in ("timeout", "not_the_api")


def test_headers_that_never_come_are_given_up():
    found = failure(ask(Server(None), limit_s=0.2))
    assert (found.kind, found.billed) == ("timeout", "possibly")


@pytest.mark.parametrize("pause_s", [0.0, 0.01])
def test_headers_without_an_end_are_given_up(pause_s):
    async def stream(api, seen, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-more: " + b"x" * (4_000 if not pause_s else 1) + b"\r\n")
            await writer.drain()
            await asyncio.sleep(pause_s)

    api = FakeApi()
    try:
        api.handler = stream
        server = Connection("server", "", api.url)
        found = failure(ask(None, limit_s=0.3 if pause_s else 20, connection=server))
    finally:
        api.close()
    assert found.kind == ("timeout" if pause_s else "undecodable")


def test_a_list_of_models_without_an_end_is_given_up(monkeypatch):
    page = b'{"data": [{"id": "m", "type": "model"}], "has_more": true, "last_id": "m"}'
    monkeypatch.setattr("playground.claude.models.ALL_TIMEOUT_S", 0.2)

    class Pages(Server):
        async def handle_async_request(self, request):
            await asyncio.sleep(0.01)
            return httpx2.Response(200, headers=self.headers, content=page)

    found = asyncio.run(list_models(Clients(transport=Pages(None, JSON)), CLAUDE, "sk-test"))
    assert isinstance(found, Failure)
    assert found.kind == "timeout"


@given(
    st.lists(st.sampled_from(["x", "é\u2028", "x" * 300]), min_size=1, max_size=30),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.integers(1, 40),
)
def test_no_cut_makes_an_honest_stream_too_long(texts, line_end, size):
    events = [start(), block(), *(delta(each) for each in texts * 3), end()]
    stream = b"".join(events).replace(b"\n", line_end)
    open_event = limits._OpenEvent()
    for at in range(0, len(stream), size):
        open_event.grow(stream[at : at + size])


@pytest.mark.parametrize(
    ("kind", "max_tokens", "limit_s"),
    [
        ("claude", 300, 600),
        ("claude", 64_000, 1800),
        ("claude", 10**30, 3600),
        ("claude", "many", 3600),
        ("server", 300, 3600),
    ],
)
def test_an_attempt_may_take_as_long_as_the_longest_answer(kind, max_tokens, limit_s):
    assert Clients().limit_s(Connection(kind, "", "https://x.example"), max_tokens) == limit_s


def test_an_ordinary_answer_is_well_within_the_limits():
    assert isinstance(ask(Server(Body([answer()])))[-1], Finished)


def test_an_event_of_too_many_lines_does_not_hide_between_others():
    pieces = [start() + block() + b"data: x\n" * 200 + b"\n" + delta("Hello") + end()]
    found = failure(ask(Server(Body(pieces))))
    assert "One event is longer than any answer." in found.message


def test_an_event_is_no_longer_for_coming_in_tiny_pieces(monkeypatch):
    monkeypatch.setattr(limits, "MAX_AT_ONCE", 1_000)
    stream = start() + block() + delta("x" * 700) + end()
    found = ask(Server(Body([stream[at : at + 1] for at in range(len(stream))])))
    assert text(found) == "x" * 700


def test_only_the_results_of_a_batch_may_be_of_any_length(monkeypatch):
    monkeypatch.setattr(limits, "MAX_AT_ONCE", 2 * MB)

    async def get(path):
        server = Server(Body([bytes(MB)] * 3), "application/x-jsonl")
        async with limits.BoundedClient(Pacing(), transport=server) as client:
            return len((await client.get(f"https://api.example{path}")).content)

    assert asyncio.run(get("/v1/messages/batches/b/results")) == 3 * MB
    with pytest.raises(limits.TooMuch, match=r"^More than 2 MB arrived\.$"):
        asyncio.run(get("/v1/messages/batches/b"))


def test_a_stop_while_a_body_is_being_closed_does_not_leave_it_open():
    class Open(Body):
        is_closed = False

        async def aclose(self):
            self.is_closed = True

    body = Open(repeat(b": ping\n\n"))

    async def stop():
        request = httpx2.Request("POST", "http://server/v1/messages")
        async with limits.BoundedClient(Pacing(), transport=Server(body)) as client:
            response = await client.send(request, stream=True)
            await anext(response.aiter_raw())
            closing = asyncio.create_task(response.aclose())
            await asyncio.sleep(0)
            closing.cancel()
            await asyncio.wait((closing,))
            assert closing.cancelled()
            return body.is_closed

    assert asyncio.run(stop())
