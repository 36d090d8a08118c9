"""The Messages API in process: a request's method, path, headers and body become a reply.

The scenario and the number of the retry come with each request, as headers. No key is ever echoed
or kept, and no header except the host's name. The prompt cache keeps only digests; batches keep
what was asked in them.
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, unquote

from playground.claude.demo.answer import Answer, Event, Pace, Sleep, batched_message, fold
from playground.claude.demo.batches import BATCH_S, Batches, StoredBatch
from playground.claude.demo.caching import PromptCache
from playground.claude.demo.faults import (
    RETRY_HEADER,
    SCENARIO_HEADER,
    ApiError,
    Scenario,
    invalid,
    scenario,
)
from playground.claude.demo.listing import model_named, model_page
from playground.claude.demo.prompt import input_tokens
from playground.claude.demo.rules import LARGEST_BATCH, check, check_count
from playground.core.request.model_catalogue import find
from playground.core.text.json_text import Json, JsonObject

PAUSE_S = 1 / 50
"""With what a token costs beside it, some 45 tokens a second."""
# The API's own limit is 32 MB.
LARGEST_BODY = 32_000_000
BATCHES = "/v1/messages/batches"
REQUESTS_PER_MINUTE = 1_000
TOKENS_PER_MINUTE = 2_000_000

NOT_FOUND = ApiError(404, "not_found_error", "Not found")
WRONG_METHOD = ApiError(405, "invalid_request_error", "Method Not Allowed")
NO_KEY = ApiError(401, "authentication_error", "x-api-key header is required")
TOO_LARGE = ApiError(413, "request_too_large", "Request exceeds the maximum size")


@dataclass(frozen=True)
class Request:
    """What came in. Header names are lower-case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What goes out; the body arrives in pieces and may raise `Dropped`."""

    status: int
    headers: Mapping[str, str]
    body: AsyncGenerator[bytes, None]


class DemoApi:
    """Answers requests. Time and chance are arguments: `sleep`, `now` and `rng`."""

    def __init__(
        self,
        *,
        pause_s: float = PAUSE_S,
        sleep: Sleep = asyncio.sleep,
        rng: random.Random | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        batch_s: float = BATCH_S,
    ) -> None:
        self._pace = Pace(pause_s, sleep)
        self._rng = rng or random.Random()  # noqa: S311 (a toy model, not cryptography)
        self._now = now
        self._cache = PromptCache()
        self._batches = Batches(batched_message, now, self._rng, batch_s)

    async def reply(self, request: Request) -> Reply:
        """Raises `Dropped` if the connection breaks before there is an answer."""
        request_id = f"req_demo_{self._rng.getrandbits(96):024x}"
        chosen = scenario(request.headers.get(SCENARIO_HEADER))
        path = request.path.rstrip("/")
        outcome: JsonObject | ApiError | None = self._refusal(request, path, chosen)
        if outcome is None and _is_batches(path):
            return await self._batch_reply(request, path, chosen, request_id)
        if outcome is None:
            match path:
                case "/v1/messages":
                    return await self._messages(request, chosen, request_id)
                case "/v1/messages/count_tokens":
                    outcome = _count_tokens(request, self._now().date())
                case "/v1/models":
                    outcome = model_page(parse_qs(request.query), self._now().date())
                case _:
                    model_id = unquote(path.removeprefix("/v1/models/"))
                    outcome = model_named(model_id, self._now().date())
        return self._whole(outcome, request_id)

    def _refusal(self, request: Request, path: str, chosen: Scenario) -> ApiError | None:
        is_post = path in ("/v1/messages", "/v1/messages/count_tokens")
        is_known = is_post or path == "/v1/models" or path.startswith("/v1/models/")
        if not is_known and not _is_batches(path):
            return NOT_FOUND
        if request.method not in _methods(path, is_post):
            return WRONG_METHOD
        if not (request.headers.get("authorization") or request.headers.get("x-api-key")):
            return NO_KEY
        # A wrong key is refused everywhere, also where no other scenario applies.
        if chosen.error and chosen.error.status == 401:
            return chosen.error
        largest = LARGEST_BATCH if path == BATCHES else LARGEST_BODY
        return TOO_LARGE if len(request.body) > largest else None

    async def _batch_reply(
        self, request: Request, path: str, chosen: Scenario, request_id: str
    ) -> Reply:
        host = request.headers.get("host", "demo")
        batch_id, _, what = path.removeprefix(BATCHES).lstrip("/").partition("/")
        batch_id = unquote(batch_id)
        if not batch_id and request.method == "POST":
            if error := _chosen_error(request, chosen):
                return self._whole(error, request_id, chosen.retry_after_s)
            batch = self._create_batch(request, chosen)
        elif not batch_id:
            return self._whole(await self._batches.page(parse_qs(request.query), host), request_id)
        elif what == "results":
            return self._results(batch_id, request_id)
        elif what == "cancel":
            batch = self._batches.cancel(batch_id)
        else:
            batch = NOT_FOUND if what else self._batches.find(batch_id)
        if isinstance(batch, ApiError):
            return self._whole(batch, request_id)
        return self._whole(await self._batches.described(batch, host), request_id)

    def _create_batch(self, request: Request, chosen: Scenario) -> StoredBatch | ApiError:
        body = _json(request.body)
        if isinstance(body, ApiError):
            return body
        version = request.headers.get("anthropic-version")
        return self._batches.create(body, version, chosen, len(request.body))

    def _results(self, batch_id: str, request_id: str) -> Reply:
        lines = self._batches.results(batch_id)
        if isinstance(lines, ApiError):
            return self._whole(lines, request_id)
        return Reply(200, {**_id(request_id), "content-type": "application/x-jsonl"}, lines)

    async def _messages(self, request: Request, chosen: Scenario, request_id: str) -> Reply:
        body = _json(request.body)
        if error := _chosen_error(request, chosen):
            return self._whole(error, request_id, chosen.retry_after_s)
        if isinstance(body, ApiError):
            return self._whole(body, request_id)
        wrong = check(request.headers.get("anthropic-version"), body, self._now().date())
        model = None if wrong else find(body["model"])
        if wrong or model is None:
            return self._whole(wrong or NOT_FOUND, request_id)
        # One for each answer: sharing one, they would draw in the order of their tokens, which
        # depends on the clock.
        rng = random.Random(self._rng.getrandbits(64))  # noqa: S311 (a toy model)
        prompt_tokens = input_tokens(body)
        cached = self._cache.use(body, model.id, self._now())
        events = Answer(
            body, model, chosen, self._pace, rng, request_id, prompt_tokens, cached
        ).events()
        headers = {**_id(request_id), **self._limits(prompt_tokens)}
        if body.get("stream"):
            headers["content-type"] = "text/event-stream; charset=utf-8"
            headers["cache-control"] = "no-cache"
            return Reply(200, headers, _sse(events))
        return await self._unstreamed(events, headers, request_id)

    async def _unstreamed(
        self, events: AsyncGenerator[Event, None], headers: Mapping[str, str], request_id: str
    ) -> Reply:
        message: Event = {}
        is_whole = False
        async for event in events:
            if event["type"] == "error":
                error = ApiError(529, event["error"]["type"], event["error"]["message"])
                return self._whole(error, request_id)
            fold(message, event)
            is_whole = event["type"] == "message_stop"
        # A scenario that breaks streams cuts a whole message in half.
        body = _encoded(message)
        headers = {**headers, "content-type": "application/json"}
        return Reply(200, headers, _once(body if is_whole else body[: len(body) // 2]))

    def _whole(
        self,
        outcome: JsonObject | ApiError,
        request_id: str,
        retry_after_s: int | None = None,
    ) -> Reply:
        headers = {**_id(request_id), "content-type": "application/json"}
        if not isinstance(outcome, ApiError):
            return Reply(200, headers, _once(_encoded(outcome)))
        if outcome.error_code is None:
            headers["x-should-retry"] = "true" if outcome.is_retryable else "false"
        if retry_after_s is not None:
            headers["retry-after"] = str(retry_after_s)
        return Reply(outcome.status, headers, _once(_encoded(outcome.body(request_id))))

    def _limits(self, used_tokens: int) -> dict[str, str]:
        """What the headers would say in a fresh minute: the demo keeps no count."""
        reset = (self._now() + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        tokens_left = max(0, TOKENS_PER_MINUTE - used_tokens)
        name = "anthropic-ratelimit"
        return {
            f"{name}-requests-limit": str(REQUESTS_PER_MINUTE),
            f"{name}-requests-remaining": str(REQUESTS_PER_MINUTE - 1),
            f"{name}-requests-reset": reset,
            f"{name}-input-tokens-limit": str(TOKENS_PER_MINUTE),
            f"{name}-input-tokens-remaining": str(tokens_left),
            f"{name}-input-tokens-reset": reset,
        }


def _chosen_error(request: Request, chosen: Scenario) -> ApiError | None:
    """The error that the scenario has for this attempt, about the model that was asked for."""
    error, body = chosen.error_at(_retry(request)), _json(request.body)
    match body:
        case {"model": model_id} | {"requests": [{"params": {"model": model_id}}, *_]}:
            named = model_id
        case _:
            named = None
    return error and replace(error, message=error.message.format(model=named))


def _count_tokens(request: Request, today: date) -> JsonObject | ApiError:
    body = _json(request.body)
    if isinstance(body, ApiError):
        return body
    wrong = check_count(request.headers.get("anthropic-version"), body, today)
    return wrong or {"input_tokens": input_tokens(body)}


def _json(raw: bytes) -> Json:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        return invalid(f"The request body is not valid JSON: {type(error).__name__}")


def _is_batches(path: str) -> bool:
    return path == BATCHES or path.startswith(f"{BATCHES}/")


def _methods(path: str, is_post: bool) -> tuple[str, ...]:
    if path == BATCHES:
        return ("GET", "POST")
    return ("POST",) if is_post or (_is_batches(path) and path.endswith("/cancel")) else ("GET",)


def _retry(request: Request) -> int:
    value = request.headers.get(RETRY_HEADER, "")
    # `isdigit` is true of ² too, which `int` refuses.
    return int(value) if value.isascii() and value.isdigit() else 0


def _id(request_id: str) -> dict[str, str]:
    return {"request-id": request_id}


def _encoded(data: JsonObject) -> bytes:
    # Lone surrogates are valid in JSON text but not in UTF-8.
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


async def _sse(events: AsyncGenerator[Event, None]) -> AsyncGenerator[bytes, None]:
    """Server-sent events; closing this stops the model at once."""
    async with aclosing(events):
        async for event in events:
            yield b"event: %s\ndata: %s\n\n" % (event["type"].encode(), _encoded(event))
