"""Each scenario, through the real SDK: what a caller gets to see."""

import asyncio

import anthropic
import httpx2
import pytest

from playground.claude.demo.faults import SCENARIOS, scenario


def texts(events):
    return [
        event.delta.text
        for event in events
        if event.type == "content_block_delta" and event.delta.type == "text_delta"
    ]


def test_every_scenario_says_what_it_does_in_one_sentence():
    for found in SCENARIOS.values():
        assert found.label
        assert found.description.endswith(".")
        assert found.description.count(". ") == 0


def test_an_unknown_scenario_is_no_fault():
    assert scenario("nonesuch") is scenario(None) is SCENARIOS["none"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("rate_limited", 429, anthropic.RateLimitError),
        ("rate_limited_retry_after", 429, anthropic.RateLimitError),
        ("overloaded", 529, anthropic.OverloadedError),
        ("server_error", 500, anthropic.InternalServerError),
        ("wrong_key", 401, anthropic.AuthenticationError),
        ("bad_request", 400, anthropic.BadRequestError),
        ("unknown_model", 404, anthropic.NotFoundError),
        ("spend_limit", 429, anthropic.EnforcedSpendLimitReachedError),
    ],
)
def test_a_refused_attempt_is_the_sdks_error(demo, name, status, error, stream):
    ask = demo.events if stream else demo.message
    with pytest.raises(error) as caught:
        ask(scenario=name)
    assert type(caught.value) is error
    assert caught.value.status_code == status
    assert caught.value.request_id.startswith("req_demo_")


@pytest.mark.parametrize(
    ("name", "answers_at"),
    [("rate_limited", 2), ("rate_limited_retry_after", 2), ("server_error", 1)],
)
def test_a_passing_error_is_followed_by_an_answer(demo, name, answers_at):
    for retry in range(answers_at):
        with pytest.raises(anthropic.APIStatusError):
            demo.events(scenario=name, retry=retry)
    assert demo.events(scenario=name, retry=answers_at)[-1].type == "message_stop"


@pytest.mark.parametrize("name", ["overloaded", "wrong_key", "spend_limit"])
def test_a_lasting_error_stays(demo, name):
    with pytest.raises(anthropic.APIStatusError):
        demo.events(scenario=name, retry=50)


def test_retry_after_is_sent_only_where_the_scenario_has_it(demo):
    def headers(name):
        with pytest.raises(anthropic.APIStatusError) as caught:
            demo.events(scenario=name)
        return caught.value.response.headers

    assert headers("rate_limited_retry_after")["retry-after"] == "2"
    assert "retry-after" not in headers("rate_limited")
    assert "retry-after" not in headers("spend_limit")


def test_the_sdks_own_retries_reach_the_answer(demo):
    request = demo.request(scenario="server_error")
    del request["extra_headers"]["x-stainless-retry-count"]

    async def work(client):
        patient = client.with_options(max_retries=1)
        return await patient.messages.with_raw_response.create(**request)

    response = demo.run(work)
    assert response.retries_taken == 1


def test_an_error_in_mid_stream_comes_after_some_text(demo):
    seen = []
    with pytest.raises(anthropic.APIStatusError) as caught:
        demo.events(scenario="error_mid_stream", seen=seen)
    assert (caught.value.status_code, caught.value.type) == (200, "overloaded_error")
    assert len(texts(seen)) > 5


def test_a_dropped_connection_breaks_the_stream_after_some_text(demo):
    seen = []
    with pytest.raises(httpx2.RemoteProtocolError):
        demo.events(scenario="dropped", seen=seen)
    assert len(texts(seen)) > 5


def test_a_dropped_connection_without_a_stream_is_a_connection_error(demo):
    with pytest.raises(anthropic.APIConnectionError):
        demo.message(scenario="dropped")


def test_a_truncated_stream_ends_cleanly_without_its_end(demo):
    events = demo.events(scenario="truncated")
    assert events[-1].type == "content_block_delta"
    assert len(texts(events)) > 5


def test_a_stalled_stream_ends_in_the_clients_read_timeout(demo):
    seen = []
    timeout = httpx2.Timeout(5, read=0.05)
    with pytest.raises(httpx2.ReadTimeout):
        demo.events(scenario="stalled", seen=seen, timeout=timeout)
    assert len(texts(seen)) > 5


def test_a_stalled_stream_can_be_cancelled_at_once(demo):
    request = demo.request(scenario="stalled")

    async def work(client):
        seen = asyncio.Event()

        async def read():
            async with await client.messages.create(stream=True, **request) as stream:
                async for event in stream:
                    if event.type == "content_block_delta":
                        seen.set()

        task = asyncio.create_task(read())
        await seen.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 1)

    demo.run(work)


def test_leaving_a_stream_early_stops_the_model(demo):
    request = demo.request("Write 3,000 words about dosa")

    async def work(client):
        async with await client.messages.create(stream=True, **request) as stream:
            async for event in stream:
                if event.type == "content_block_delta":
                    break
        pauses = len(demo.slept)
        for _ in range(20):
            await asyncio.sleep(0)
        return pauses

    assert demo.run(work) == len(demo.slept) < 10


def test_a_slow_first_token_takes_six_seconds_and_pings_meanwhile(demo):
    assert demo.events(scenario="slow_first_token")[-1].type == "message_stop"
    assert sum(demo.slept) == 6


def test_max_tokens_cuts_the_answer(demo):
    events = demo.events(scenario="max_tokens")
    end = events[-2]
    assert (end.delta.stop_reason, end.usage.output_tokens) == ("max_tokens", 40)


def test_a_refusal_has_its_reason_and_no_text(demo):
    message = demo.message(scenario="refusal")
    assert message.stop_reason == "refusal"
    assert message.stop_details.category == "general_harms"
    assert "demo" in message.stop_details.explanation
    assert message.content == []
    assert message.usage.output_tokens == 0


def test_hidden_thinking_is_billed_and_not_shown(demo):
    message = demo.message(scenario="hidden_thinking")
    assert message.content[0].thinking == ""
    assert message.content[1].text
    assert message.usage.output_tokens_details.thinking_tokens == 160
    assert message.usage.output_tokens > 160
