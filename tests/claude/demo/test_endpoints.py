"""Everything beside messages: models, counting, wrong paths, what the headers say."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import anthropic
import httpx2
import pytest

from playground.claude.demo.transport import DemoTransport
from playground.core.request.model_catalogue import CATALOGUE, find

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HEADERS = {"x-api-key": "sk-secret-key", "anthropic-version": "2026-10-21"}


def send(method, path, *, headers=HEADERS, now=NOW, **body):
    async def main():
        transport = DemoTransport(pause_s=0, rng=random.Random(1), now=lambda: now)
        async with httpx2.AsyncClient(transport=transport, base_url="http://demo") as client:
            return await client.request(method, path, headers=headers, **body)

    return asyncio.run(main())


def test_the_list_of_models_is_the_catalogue_newest_first(demo):
    async def work(client):
        return [info async for info in client.models.list(limit=7)]

    models = demo.run(work)
    today = datetime.now(UTC).date()
    there = [model for model in CATALOGUE if not model.is_retired(today)]
    assert {find(info.id) for info in models} == set(there)
    assert len(models) == len(there)
    created = [info.created_at for info in models]
    assert created == sorted(created, reverse=True)


def test_a_model_says_what_the_catalogue_knows(demo):
    async def work(client):
        return await client.models.retrieve("claude-sonnet-4-6")

    info, model = demo.run(work), find("claude-sonnet-4-6")
    assert (info.display_name, info.line) == (model.name, "sonnet")
    assert (info.max_input_tokens, info.max_tokens) == (1_000_000, 128_000)
    assert info.capabilities.effort.max.supported
    assert not info.capabilities.effort.xhigh.supported
    assert info.capabilities.thinking.types.enabled.supported
    assert info.capabilities.image_input.supported is False


def listed(lifecycle, now):
    rows = send("GET", f"/v1/models?limit=99&{lifecycle}", now=now).json()["data"]
    return {row["id"]: row["retires_at"] for row in rows}


def test_a_deprecated_model_has_its_day_and_is_listed_until_then():
    opus, sonnet = "claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929"
    days = {opus: "2027-01-22T00:00:00Z", sonnet: "2026-11-30T00:00:00Z"}
    assert listed("lifecycle[]=deprecated", NOW) == days
    gone = NOW + timedelta(days=1)
    assert listed("lifecycle[]=deprecated", gone) == {opus: days[opus]}
    assert listed("lifecycle[]=retired", gone) == {sonnet: days[sonnet]}
    assert sonnet not in listed("", gone)
    assert sonnet in listed("", NOW)


def test_a_model_past_its_date_is_not_found_and_counts_nothing():
    fields = {"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "Hi"}]}
    for path, more in (("", {"max_tokens": 9}), ("/count_tokens", {})):
        for now, status in ((NOW, 200), (NOW + timedelta(days=1), 404)):
            reply = send("POST", f"/v1/messages{path}", json={**fields, **more}, now=now)
            assert reply.status_code == status
    assert reply.json()["error"]["type"] == "not_found_error"


def test_no_answer_is_written_where_the_prompt_is_only_to_be_cached():
    long = "Dosa is a crisp crêpe of rice and black gram. " * 200
    body = {
        "model": "claude-haiku-5-5", "max_tokens": 0, "system": long,
        "messages": [{"role": "user", "content": "Hi"}], "cache_control": {"type": "ephemeral"},
    }  # fmt: skip
    message = send("POST", "/v1/messages", json=body).json()
    assert (message["content"], message["stop_reason"]) == ([], "max_tokens")
    assert message["usage"]["output_tokens"] == 0
    assert message["usage"]["cache_creation_input_tokens"] > 1000


def test_what_the_system_says_within_the_conversation_is_read():
    turns = [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Say no more."}]
    counted = [
        send("POST", "/v1/messages/count_tokens", json={"model": "claude-opus-5-5",
             "messages": some}).json()["input_tokens"] for some in (turns[:1], turns)
    ]  # fmt: skip
    assert counted[1] > counted[0] + 3


def test_pages_go_both_ways():
    first = send("GET", "/v1/models?limit=3").json()
    assert first["has_more"]
    second = send("GET", f"/v1/models?limit=3&after_id={first['last_id']}").json()
    back = send("GET", f"/v1/models?limit=3&before_id={second['first_id']}").json()
    assert back["data"] == first["data"]
    assert not {row["id"] for row in first["data"]} & {row["id"] for row in second["data"]}


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1001", "after_id=nonesuch"])
def test_a_wrong_page_is_refused(query):
    assert send("GET", f"/v1/models?{query}").status_code == 400


def test_an_unknown_model_is_not_found(demo):
    with pytest.raises(anthropic.NotFoundError):
        demo.run(lambda client: client.models.retrieve("claude-nonesuch"))


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/messages", 405, "invalid_request_error"),
        ("POST", "/v1/models", 405, "invalid_request_error"),
        ("GET", "/", 404, "not_found_error"),
        ("POST", "/v1/complete", 404, "not_found_error"),
        ("GET", "/v1/modelsx", 404, "not_found_error"),
    ],
)
def test_another_path_or_method_is_refused(method, path, status, kind):
    response = send(method, path)
    assert response.status_code == status
    assert response.json()["error"]["type"] == kind
    assert response.json()["request_id"] == response.headers["request-id"]


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000, b"12"])
def test_a_body_that_is_no_json_object_is_refused(raw):
    response = send("POST", "/v1/messages", content=raw)
    assert response.status_code == 400
    assert response.headers["x-should-retry"] == "false"


def test_without_a_key_nothing_is_answered():
    response = send("GET", "/v1/models", headers={})
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "authentication_error"


def test_no_key_is_echoed():
    body = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
    response = send("POST", "/v1/messages", json=body)
    assert "secret" not in response.text
    assert "secret" not in str(response.headers)


def test_an_answer_says_its_id_and_what_is_left_of_the_limits(demo):
    async def work(client):
        raw = client.messages.with_raw_response
        return [(await raw.create(**demo.request())).headers for _ in range(3)]

    headers = demo.run(work)
    assert len({found["request-id"] for found in headers}) == 3
    assert headers[0]["anthropic-ratelimit-requests-remaining"] == "999"
    assert headers[0]["anthropic-ratelimit-requests-reset"].endswith("Z")


def test_counting_is_refused_for_a_prefill_the_model_does_not_take(demo):
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]

    async def work(client):
        return await client.messages.count_tokens(model="claude-haiku-5-5", messages=messages)

    with pytest.raises(anthropic.BadRequestError, match="prefill"):
        demo.run(work)


def test_a_lone_surrogate_in_a_prompt_breaks_nothing():
    raw = (
        b'{"model": "claude-\\ud800", "max_tokens": 9,'
        b' "messages": [{"role": "user", "content": "\\ud800 dosa"}]}'
    )
    assert send("POST", "/v1/messages", content=raw).status_code == 404
    known = raw.replace(b"claude-\\ud800", b"claude-haiku-4-5")
    assert send("POST", "/v1/messages", content=known).status_code == 200
