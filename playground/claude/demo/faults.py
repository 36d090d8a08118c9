"""The API's errors as values, and scenarios as data: each says what goes wrong at which attempt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from playground.core.text.json_text import Json, JsonObject


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error that the API answers with."""

    status: int
    type: str
    message: str
    error_code: str | None = None

    @property
    def is_retryable(self) -> bool:
        """What the header `x-should-retry` says; a reached spend limit says nothing."""
        # The statuses that the SDK itself retries (anthropic/_base_client.py, `_should_retry`).
        return self.status in (408, 409, 429) or self.status >= 500

    def body(self, request_id: str) -> JsonObject:
        """The JSON of an error, also that of an event inside a stream."""
        error: dict[str, Json] = {"type": self.type, "message": self.message}
        if self.error_code:
            error["details"] = {"error_code": self.error_code}
        return {"type": "error", "error": error, "request_id": request_id}


def invalid(message: str) -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, "invalid_request_error", message)


OVERLOADED = ApiError(529, "overloaded_error", "Overloaded")


SCENARIO_HEADER = "demo-scenario"
# The demo remembers no request: this header, which the SDK sets as well, tells which attempt it
# is, so that scenarios also work for a program that calls the served demo.
RETRY_HEADER = "x-stainless-retry-count"
ALWAYS = 1_000_000

Break = Literal["error", "drop", "truncate", "stall"]

RATE_LIMITED = ApiError(
    429,
    "rate_limit_error",
    "This request would exceed your organization's rate limit of 50 requests per minute.",
)
# Only the error code tells it from a rate limit, and no retry-after comes with it, as with the
# real API (rate-limits page).
SPEND_LIMIT = ApiError(
    429,
    "rate_limit_error",
    "You have reached your API usage limits: the demo's monthly limit."
    " You will regain access on the first of next month at 00:00 UTC.",
    "enforced_spend_limit_reached",
)
SERVER_ERROR = ApiError(500, "api_error", "Internal server error")
WRONG_KEY = ApiError(401, "authentication_error", "invalid x-api-key")
BAD_REQUEST = ApiError(
    400, "invalid_request_error", "messages: the demo's scenario refuses every request"
)
UNKNOWN_MODEL = ApiError(404, "not_found_error", "model: {model}")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that goes wrong, or nothing.

    `error` is answered to the first `failures` attempts, with `retry_after_s` as header.
    `breaks` happens inside the stream after `breaks_after` tokens of text. `cut_after`
    is a max_tokens of the demo's own. `spoils_batches` changes batches alone.
    """

    label: str
    description: str
    error: ApiError | None = None
    failures: int = ALWAYS
    retry_after_s: int | None = None
    breaks: Break | None = None
    breaks_after: int = 14
    silence_s: float = 0.0
    cut_after: int | None = None
    refuses: bool = False
    hidden_thinking_tokens: int = 0
    spoils_batches: bool = False

    def error_at(self, retry: int) -> ApiError | None:
        """What the attempt after so many retries is answered with."""
        return self.error if retry < self.failures else None


SCENARIOS: Mapping[str, Scenario] = {
    "none": Scenario("Nothing goes wrong", "Every request is answered."),
    "rate_limited": Scenario(
        "429 twice, then an answer",
        "Two attempts get a 429 without retry-after, the third is answered.",
        RATE_LIMITED,
        failures=2,
    ),
    "rate_limited_retry_after": Scenario(
        "429 twice, with retry-after",
        "Two attempts get a 429 with retry-after: 2, the third is answered.",
        RATE_LIMITED,
        failures=2,
        retry_after_s=2,
    ),
    "overloaded": Scenario(
        "529 until it gives up",
        "The service stays overloaded; every attempt gets a 529.",
        OVERLOADED,
    ),
    "server_error": Scenario(
        "500 once, then an answer",
        "The first attempt gets a server error, the second is answered.",
        SERVER_ERROR,
        failures=1,
    ),
    "error_mid_stream": Scenario(
        "Error in mid-stream",
        "The answer begins, then an overloaded_error arrives inside the stream.",
        breaks="error",
    ),
    "dropped": Scenario(
        "Connection drops in mid-stream",
        "The connection breaks after a few words.",
        breaks="drop",
    ),
    "truncated": Scenario(
        "Stream ends too early",
        "The stream ends cleanly but without message_stop, so the answer is not complete.",
        breaks="truncate",
    ),
    "stalled": Scenario(
        "Stream falls silent",
        # The 20 s are the client's (DEMO_READ_TIMEOUT_S): the demo itself would be silent for ever.
        "After a few words nothing more arrives; a timeout ends it after 20 s, or you stop it.",
        breaks="stall",
    ),
    "slow_first_token": Scenario(
        "Slow first token",
        "The answer begins after six seconds.",
        # Longer than SLOW_S in core/runs/outcome.py, from which on a late first token is explained.
        silence_s=6.0,
    ),
    "wrong_key": Scenario(
        "401: wrong key",
        "The key is rejected; retrying can't help.",
        WRONG_KEY,
    ),
    "bad_request": Scenario(
        "400: bad request",
        "The request is rejected as invalid; retrying can't help.",
        BAD_REQUEST,
    ),
    "unknown_model": Scenario(
        "404: unknown model",
        "The server says that it has no such model.",
        UNKNOWN_MODEL,
    ),
    "max_tokens": Scenario(
        "Cut at max_tokens",
        "The answer is cut after 40 tokens, as if max_tokens were that small.",
        cut_after=40,
    ),
    "refusal": Scenario(
        "Refusal",
        "The model refuses before it writes anything; such a request is not billed.",
        refuses=True,
    ),
    "spend_limit": Scenario(
        "429: spend limit reached",
        "A 429 that retrying can't fix, because the month's limit is spent.",
        SPEND_LIMIT,
    ),
    "hidden_thinking": Scenario(
        "Long hidden thinking",
        "The model thinks for 160 tokens that you pay for but don't see, then answers.",
        hidden_thinking_tokens=160,
    ),
    "spoilt_batch": Scenario(
        "Batch: not all succeed",
        "In a batch the first request errors, the second expires and the third is canceled.",
        spoils_batches=True,
    ),
}


def scenario(name: str | None) -> Scenario:
    """The scenario of that name; with an unknown name nothing goes wrong."""
    return SCENARIOS.get(name or "none", SCENARIOS["none"])
