"""Every error of the SDK, of httpx2 and of decoding becomes a `Failure`, here and only here.

anthropic.AnthropicError
├─ APIError
│  ├─ APIConnectionError ── APITimeoutError    before the first byte of the answer
│  ├─ APIResponseValidationError, APIWebhookValidationError
│  └─ APIStatusError                           by HTTP status, then by `error_code`
├─ CredentialsError
└─ RetryableError
httpx2.TransportError                          after the first byte
ValueError                                     not JSON, not UTF-8
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import anthropic
import httpx2

from playground.claude.stream_limits import TooLong, TooMuch
from playground.core.failures import Failure, FailureKind

LONGEST_MESSAGE = 2_000

_BY_STATUS: dict[int, FailureKind] = {
    401: "authentication",
    402: "billing",
    403: "permission",
    404: "not_found",
    405: "not_the_api",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    429: "rate_limit",
    504: "timeout",
    529: "overloaded",
}
_BY_TYPE: dict[str, FailureKind] = {
    "invalid_request_error": "invalid_request",
    "authentication_error": "authentication",
    "billing_error": "billing",
    "permission_error": "permission",
    "not_found_error": "not_found",
    "request_too_large": "too_large",
    "rate_limit_error": "rate_limit",
    "timeout_error": "timeout",
    "api_error": "server_error",
    "overloaded_error": "overloaded",
    "conflict_error": "conflict",
}
_SPEND_LIMITS = frozenset({"enforced_spend_limit_reached", "contract_spend_limit_reached"})


def failure_of(error: BaseException, *, has_begun: bool, now: datetime) -> Failure:
    """Translate what an attempt raised. `has_begun`: the answer had started to arrive."""
    if isinstance(error, anthropic.APIConnectionError):
        if not isinstance(error.__cause__, TooLong | TooMuch):
            return _connection_failure(error)
        error = error.__cause__
    if isinstance(error, anthropic.APIStatusError):
        return _status_failure(error, now)
    if isinstance(error, TooLong | TooMuch):
        kind: FailureKind = "timeout" if isinstance(error, TooLong) else "undecodable"
        return Failure(kind, str(error), billed="partly" if has_begun else "possibly")
    if isinstance(error, httpx2.TimeoutException | TimeoutError):
        return Failure("timeout", billed="partly" if has_begun else "possibly")
    if isinstance(error, httpx2.HTTPError | httpx2.StreamError | OSError):
        return Failure("dropped", billed="partly" if has_begun else "possibly")
    if isinstance(error, ValueError | RecursionError | anthropic.APIError):
        return Failure("undecodable", billed="partly" if has_begun else "possibly")
    if isinstance(error, anthropic.CredentialsError):
        return Failure("authentication")
    # The type alone: the text of an unforeseen error may hold a header.
    logging.getLogger(__name__).error("unforeseen error in a run: %s", type(error).__name__)
    return Failure("internal", type(error).__name__, billed="possibly")


def reported_failure(body: object, *, has_begun: bool, request_id: object) -> Failure:
    """An error that arrives as an event inside a stream that began with HTTP 200."""
    error_type, code, message = _error_parts(body)
    request_id = request_id if isinstance(request_id, str) else None
    kind = _BY_TYPE.get(error_type, "server_error")
    if code in _SPEND_LIMITS:
        kind = "spend_limit"
    return Failure(kind, message, 200, request_id, billed="partly" if has_begun else "possibly")


def failure_in_result(body: object) -> Failure:
    """An error that is the result of one request of a batch: never billed, never retried."""
    error_type, code, message = _error_parts(body)
    kind = "spend_limit" if code in _SPEND_LIMITS else _BY_TYPE.get(error_type, "server_error")
    request_id = body.get("request_id") if isinstance(body, Mapping) else None
    return Failure(kind, message, request_id=request_id if isinstance(request_id, str) else None)


def without_key(text: str | None, key: str) -> str | None:
    """The same text, should a server have echoed the key in it."""
    return text.replace(key, "…") if text and key else text


def failure_without_key(failure: Failure, key: str) -> Failure:
    """The failure without the key, and only then cut: a cut key would not be found."""
    return replace(
        failure,
        message=(without_key(failure.message, key) or "")[:LONGEST_MESSAGE],
        request_id=without_key(failure.request_id, key),
    )


def _status_failure(error: anthropic.APIStatusError, now: datetime) -> Failure:
    status = error.status_code
    error_type, code, message = _error_parts(error.body)
    kind = _BY_STATUS.get(status)
    if kind is None and status >= 500:
        kind = "server_error"
    if kind is None and status < 400:
        kind = "not_the_api"
    if code in _SPEND_LIMITS:
        kind = "spend_limit"
    if kind == "not_found" and not error_type:
        kind = "not_the_api"
    if kind is None:
        kind = _BY_TYPE.get(error_type, "invalid_request")
        if Failure(kind).is_transient:
            kind = "invalid_request"  # The status decides whether waiting can help.
    return Failure(
        kind,
        message,
        status,
        error.response.headers.get("request-id"),
        retry_after_s(error.response.headers, now),
    )


def _connection_failure(error: anthropic.APIConnectionError) -> Failure:
    cause = error.__cause__
    if isinstance(cause, httpx2.LocalProtocolError | UnicodeError):
        return Failure("bad_key")
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.UnsupportedProtocol):
        return Failure("connection", "No connection could be made.")
    if isinstance(error, anthropic.APITimeoutError):
        return Failure("timeout", billed="possibly")
    return Failure("connection", "The connection closed before an answer.", billed="possibly")


def _error_parts(body: object) -> tuple[str, str, str]:
    """`error.type`, `error.details.error_code` and `error.message` of an error body."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, str):
        return "", "", _text(error)
    if not isinstance(error, Mapping):
        return "", "", ""
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, Mapping) else None
    return _text(error.get("type")), _text(code), _text(error.get("message"))


def _text(value: Any) -> str:  # noqa: ANN401 (it is whatever the server sent)
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "replace").decode()


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long the server asks to wait, from its three ways to say so."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or value is None:
        return seconds
    try:
        date = parsedate_to_datetime(value)
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
