"""The same API over a real socket on loopback."""

import asyncio
import random
import socket

import anthropic
import httpx2
import pytest

from playground.claude.demo.api import DemoApi
from playground.claude.demo.server import server

DOSA = [{"role": "user", "content": "Give me three tips for crisp dosa."}]


def served(work, **pace):
    """Run `work(client)` against a server on a free port."""

    async def main():
        api = DemoApi(pause_s=0, rng=random.Random(1), **pace)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            running = server(api, 0)
            serving = asyncio.create_task(running.serve(sockets=[listening]))
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            http_client = anthropic.DefaultAsyncHttpxClient(trust_env=False)
            try:
                async with anthropic.AsyncAnthropic(
                    api_key="k", base_url=url, max_retries=0, http_client=http_client
                ) as client:
                    return await work(client)
            finally:
                running.should_exit = True
                await serving

    return asyncio.run(main())


def request(scenario="none"):
    return {
        "model": "claude-haiku-5-5",
        "max_tokens": 200,
        "messages": DOSA,
        "extra_headers": {"demo-scenario": scenario},
    }


def test_the_sdk_streams_from_the_server():
    async def work(client):
        async with client.messages.stream(**request()) as stream:
            return await stream.get_final_message()

    message = served(work)
    assert message.stop_reason == "end_turn"
    assert message.content[-1].text.startswith("1. **")


def test_a_dropped_connection_is_one_on_the_wire_too():
    async def work(client):
        async with await client.messages.create(stream=True, **request("dropped")) as stream:
            async for _ in stream:
                continue

    with pytest.raises(httpx2.RemoteProtocolError):
        served(work)


def test_a_refused_attempt_has_its_headers():
    async def work(client):
        await client.messages.create(**request("rate_limited_retry_after"))

    with pytest.raises(anthropic.RateLimitError) as caught:
        served(work)
    assert caught.value.response.headers["retry-after"] == "2"


def test_a_client_that_hangs_up_stops_the_model():
    stopped = []

    async def sleep(seconds):
        if len(stopped) < 3:
            stopped.append("written")
            return
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.append("stopped")
            raise

    async def work(client):
        async with await client.messages.create(stream=True, **request()) as stream:
            async for _ in stream:
                break
        while "stopped" not in stopped:
            await asyncio.sleep(0)

    served(work, sleep=sleep)
    assert stopped[-1] == "stopped"
