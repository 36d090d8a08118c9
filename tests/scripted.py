"""Answers for the SDK at its transport, and a way to collect what `send` yields."""

import asyncio
from datetime import UTC, datetime

import httpx2

from playground.claude.sending import Clients, Timing, send
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REQUEST = Request(Prompt("", (Message("user", "Hi"),)), Params("claude-sonnet-4-6", 300))


class Chunks(httpx2.AsyncByteStream):
    """A body that arrives in pieces; an exception among them is raised in its place."""

    def __init__(self, *pieces):
        self.pieces = pieces

    async def __aiter__(self):
        for piece in self.pieces:
            if isinstance(piece, BaseException):
                raise piece
            yield piece


class Script(httpx2.AsyncBaseTransport):
    """Answers each request with the next of its answers, the last one for ever."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    async def handle_async_request(self, request):
        await request.aread()
        self.requests.append(request)
        index = min(len(self.requests), len(self.answers)) - 1
        found = self.answers[index]
        if isinstance(found, BaseException):
            raise found
        status, body, *headers = found
        pieces = (body,) if isinstance(body, bytes) else body
        kind = {"content-type": "text/event-stream" if status == 200 else "application/json"}
        return httpx2.Response(status, headers=kind | dict(*headers), stream=Chunks(*pieces))


class Sleeps(list):
    """A clock that only sleeping moves."""

    now_s = 0.0

    async def sleep(self, wait_s):
        self.append(wait_s)
        self.now_s += wait_s


def play(
    script,
    *,
    connection=CLAUDE,
    key="sk-test",
    policy=None,
    request=REQUEST,
    jitter=0.0,
):
    """Send a request to a script; returns the events and the waits."""
    policy = policy or RetryPolicy()
    sleeps = Sleeps()
    timing = Timing(sleeps.sleep, lambda: sleeps.now_s, lambda: NOW, lambda: jitter)
    planned = plan(RunContext(connection, policy, (), NOW), Variant("A", request))

    async def collect():
        clients = Clients(transport=script)
        sent = send(clients, connection, key, planned.wire, policy, timing)
        events = [event async for event in sent]
        await clients.close()
        return events

    return asyncio.run(collect()), sleeps
