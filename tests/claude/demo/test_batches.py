"""The demo's batches through the real SDK: the API's rules, its clock and its bounds."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import anthropic
import pytest
from claude.demo.test_server import served

from playground.claude.demo import batches
from playground.claude.demo.transport import DemoTransport

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD = {"anthropic-version": "2023-06-01"}


class Demo:
    """The demo with a clock that a test moves."""

    def __init__(self, seed=1):
        self.now = NOON
        self.transport = DemoTransport(
            pause_s=0, rng=random.Random(seed), now=lambda: self.now, batch_s=4
        )

    def run(self, work):
        async def main():
            http_client = anthropic.DefaultAsyncHttpxClient(transport=self.transport)
            async with anthropic.AsyncAnthropic(
                api_key="k", base_url="http://demo", max_retries=0, http_client=http_client
            ) as client:
                return await work(client.messages.batches)

        return asyncio.run(main())

    def after(self, seconds):
        self.now += timedelta(seconds=seconds)

    def create(self, *requests, scenario="none", **headers):
        extra = {"demo-scenario": scenario, **headers}
        return self.run(lambda api: api.create(requests=requests, extra_headers=extra))

    def results(self, batch):
        async def work(api):
            return {each.custom_id: each.result async for each in await api.results(batch.id)}

        return self.run(work)

    def retrieve(self, batch):
        return self.run(lambda api: api.retrieve(batch.id))


def request(custom_id, text="Give me three tips for crisp dosa.", **params):
    message = {"role": "user", "content": text}
    chosen = {"model": "claude-sonnet-4-6", "max_tokens": 40, "messages": [message], **params}
    return {"custom_id": custom_id, "params": chosen}


def six():
    return [request(f"r{number}") for number in range(6)]


@pytest.fixture
def demo():
    return Demo()


def test_a_batch_is_in_progress_for_its_time_and_counts_only_at_its_end(demo):
    batch = demo.create(*six())
    assert (batch.processing_status, batch.results_url, batch.ended_at) == ("in_progress",) + (
        None,
    ) * 2
    assert batch.expires_at - batch.created_at == timedelta(hours=24)
    demo.after(3.9)
    assert demo.retrieve(batch).request_counts.processing == 6
    demo.after(0.1)
    ended = demo.retrieve(batch)
    assert (ended.processing_status, ended.ended_at) == ("ended", NOON + timedelta(seconds=4))
    assert (ended.request_counts.processing, ended.request_counts.succeeded) == (0, 6)
    assert ended.results_url == f"http://demo/v1/messages/batches/{batch.id}/results"


def test_results_are_the_models_own_answers_in_another_order_and_always_the_same(demo):
    batch = demo.create(*six(), request("thinks", thinking={"type": "adaptive"}))
    demo.after(4)
    found = demo.results(batch)
    assert list(found) != sorted(found)
    assert set(found) == {*(f"r{number}" for number in range(6)), "thinks"}
    assert {result.type for result in found.values()} == {"succeeded"}
    message = found["r0"].message
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 40)
    assert message.usage.service_tier == "batch"
    assert message.content[0].text
    assert found["thinks"].message.content[0].type == "thinking"
    assert demo.results(batch) == found


def test_the_rules_hold_for_each_request_by_itself(demo):
    old = demo.create(request("a", temperature=0), request("b", top_k=-1), **OLD)
    new = demo.create(request("a", temperature=0), request("b", model="gpt"), request("c"))
    demo.after(4)
    found = demo.results(old)
    assert found["a"].type == "succeeded"
    assert found["b"].error.error.message.startswith("top_k")
    found = demo.results(new)
    assert found["a"].error.error.message == "temperature: Extra inputs are not permitted"
    assert found["b"].error.error.type == "not_found_error"
    assert found["c"].type == "succeeded"
    counts = demo.retrieve(new).request_counts
    assert (counts.errored, counts.succeeded) == (2, 1)


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        ([], "requests: List should have at least 1 item after validation, not 0"),
        ([{"params": {}}], "requests.0.custom_id: Field required"),
        ([{"custom_id": "a"}], "requests.0.params: Field required"),
        ([3], "requests.0: Input should be an object"),
        ([{"custom_id": 3, "params": {}}], "requests.0.custom_id: Input should be a valid string"),
        (
            [request("x" * 65)],
            "requests.0.custom_id: String should have at most 64 characters",
        ),
        (
            [request("ok"), request("a b")],
            "requests.1.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'",
        ),
        ([request("a"), request("a")], "requests.1.custom_id: duplicate custom_id a"),
        ([request("a", stream=True)], "requests.0.params.stream: streaming is not supported"),
        ([request("a", speed="fast")], "requests.0.params.speed: not supported in batches"),
    ],
    ids=range(10),
)
def test_a_batch_that_is_no_batch_is_refused_whole(demo, requests, message):
    with pytest.raises(anthropic.BadRequestError) as caught:
        demo.create(*requests)
    assert caught.value.body["error"]["message"].startswith(message)


def test_a_batch_that_is_canceled_keeps_what_had_its_turn(demo):
    batch = demo.create(*six())
    demo.after(2)
    canceling = demo.run(lambda api: api.cancel(batch.id))
    assert (canceling.processing_status, canceling.cancel_initiated_at) == ("canceling", demo.now)
    demo.after(0.5)
    counts = demo.retrieve(batch).request_counts
    assert (counts.succeeded, counts.canceled) == (3, 3)
    kinds = {name: result.type for name, result in demo.results(batch).items()}
    assert kinds == {f"r{n}": "succeeded" if n < 3 else "canceled" for n in range(6)}
    assert demo.run(lambda api: api.cancel(batch.id)).processing_status == "ended"


def test_a_scenario_spoils_the_first_three_requests(demo):
    batch = demo.create(*six(), scenario="spoilt_batch")
    demo.after(4)
    kinds = {name: result.type for name, result in demo.results(batch).items()}
    assert [kinds[f"r{n}"] for n in range(6)] == ["errored", "expired", "canceled"] + [
        "succeeded"
    ] * 3
    counts = demo.retrieve(batch).request_counts
    assert (counts.errored, counts.expired, counts.canceled, counts.succeeded) == (1, 1, 1, 3)


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        ("wrong_key", anthropic.AuthenticationError),
        ("rate_limited", anthropic.RateLimitError),
        ("overloaded", anthropic.OverloadedError),
        ("server_error", anthropic.InternalServerError),
    ],
)
def test_a_scenario_refuses_a_submission_as_it_refuses_a_message(demo, scenario, error):
    with pytest.raises(error):
        demo.create(request("a"), scenario=scenario)
    retried = {"x-stainless-retry-count": "2"}
    if scenario in ("rate_limited", "server_error"):
        assert demo.create(request("a"), scenario=scenario, **retried).id


def test_the_error_about_an_unknown_model_names_the_one_that_was_asked_for(demo):
    with pytest.raises(anthropic.NotFoundError, match="model: claude-sonnet-4-6"):
        demo.create(request("a"), scenario="unknown_model")


@pytest.mark.parametrize("scenario", ["dropped", "stalled", "truncated", "refusal", "max_tokens"])
def test_what_breaks_a_stream_breaks_no_batch(demo, scenario):
    batch = demo.create(request("a"), scenario=scenario)
    demo.after(4)
    message = demo.results(batch)["a"].message
    expected = {"refusal": "refusal"}.get(scenario, "max_tokens")
    assert message.stop_reason == expected


def test_an_unknown_batch_is_a_404_and_results_before_the_end_a_400(demo):
    batch = demo.create(request("a"))
    for work in (
        lambda api: api.retrieve("msgbatch_nope"),
        lambda api: api.cancel("msgbatch_nope"),
        lambda api: api.results("msgbatch_nope"),
    ):
        with pytest.raises(anthropic.NotFoundError):
            demo.run(work)
    with pytest.raises(anthropic.BadRequestError):
        demo.run(
            lambda api: api._client.get(f"/v1/messages/batches/{batch.id}/results", cast_to=object)
        )
    restarted = Demo(seed=2)
    with pytest.raises(anthropic.NotFoundError):
        restarted.retrieve(batch)


def test_the_list_is_newest_first_and_paged(demo):
    ids = [demo.create(request("a")).id for _ in range(5)]

    async def work(api):
        return [batch.id async for batch in api.list(limit=2)]

    assert demo.run(work) == ids[::-1]
    page = demo.run(lambda api: api.list(limit=2, before_id=ids[0]))
    assert ([batch.id for batch in page.data], page.has_more) == ([ids[2], ids[1]], True)
    with pytest.raises(anthropic.BadRequestError):
        demo.run(lambda api: api.list(limit=0))
    with pytest.raises(anthropic.BadRequestError):
        demo.run(lambda api: api.list(after_id="nope"))


def test_only_the_latest_batches_are_kept_within_bounds(demo, monkeypatch):
    ids = [demo.create(request("a")).id for _ in range(batches.MAX_BATCHES + 2)]
    kept = {batch.id for batch in demo.run(lambda api: api.list(limit=100)).data}
    assert kept == set(ids[2:])
    monkeypatch.setattr(batches, "MAX_BYTES", 1_000)
    large = demo.create(request("a", "word " * 1_000))
    assert [batch.id for batch in demo.run(lambda api: api.list(limit=100)).data] == [large.id]


def test_methods_and_places_that_there_are_not(demo):
    for method, path, error in (
        ("delete", "/v1/messages/batches/x", anthropic.APIStatusError),
        ("get", "/v1/messages/batches/x/cancel", anthropic.APIStatusError),
        ("get", "/v1/messages/batches/x/nope", anthropic.NotFoundError),
        ("get", "/v1/messages/batchesx", anthropic.NotFoundError),
    ):
        with pytest.raises(error) as caught:
            demo.run(lambda api, m=method, p=path: getattr(api._client, m)(p, cast_to=object))
        assert caught.value.status_code in (404, 405)


def test_the_sdk_uses_batches_over_a_real_socket():
    async def work(client):
        api = client.messages.batches
        batch = await api.create(requests=[request("a"), request("b", model="gpt")])
        while (await api.retrieve(batch.id)).processing_status != "ended":
            await asyncio.sleep(0.01)
        found = {each.custom_id: each.result.type async for each in await api.results(batch.id)}
        return found, [each.id async for each in api.list()] == [batch.id]

    assert served(work, batch_s=0.02) == ({"a": "succeeded", "b": "errored"}, True)
