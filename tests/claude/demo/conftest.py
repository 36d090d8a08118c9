"""The demo behind the real SDK, without pauses."""

import asyncio
import random

import anthropic
import pytest

from playground.claude.demo.transport import DemoTransport

OLD = {"anthropic-version": "2023-06-01"}


class Demo:
    """Asks the demo through the SDK, once per call, in a loop of its own."""

    def __init__(self):
        self.slept = []

    def client(self, seed=1):
        transport = DemoTransport(pause_s=0, sleep=self._sleep, rng=random.Random(seed))
        return anthropic.AsyncAnthropic(
            api_key="k",
            base_url="http://demo",
            max_retries=0,
            http_client=anthropic.DefaultAsyncHttpxClient(transport=transport),
        )

    async def _sleep(self, seconds):
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def run(self, work, seed=1):
        async def main():
            async with self.client(seed) as client:
                return await work(client)

        return asyncio.run(main())

    def request(self, text="Give me three tips for crisp dosa.", **changes):
        headers = changes.pop("headers", {})
        scenario = changes.pop("scenario", "none")
        retry = changes.pop("retry", 0)
        temperature = changes.pop("temperature", None)
        if temperature is not None:
            headers = {**OLD, **headers}
            changes["extra_body"] = {"temperature": temperature}
        return {
            "model": "claude-sonnet-4-6",
            "max_tokens": 1000,
            "messages": [{"role": "user", "content": text}],
            "extra_headers": {
                "demo-scenario": scenario,
                "x-stainless-retry-count": str(retry),
                **headers,
            },
            **changes,
        }

    def message(self, *texts, seed=1, **changes):
        """The whole message, not streamed."""
        request = self.request(*texts, **changes)
        return self.run(lambda client: client.messages.create(**request), seed)

    def events(self, *texts, seed=1, seen=None, **changes):
        """The events of a stream; `seen` keeps those before an error."""
        request = self.request(*texts, **changes)
        events = [] if seen is None else seen

        async def work(client):
            async with await client.messages.create(stream=True, **request) as stream:
                async for event in stream:
                    events.append(event)
            return events

        return self.run(work, seed)


@pytest.fixture
def demo():
    return Demo()
