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
SettingError, httpx2.InvalidURL                before anything is sent
"""

import logging
import math
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import anthropic
import httpx2

from playground.claude.environment import (
    NOT_AN_ADDRESS,
    SettingError,
    causes_of,
    certificate_sentence,
    proxy_sentence,
)
from playground.claude.secret import Secret
from playground.claude.stream_limits import TooLong, TooMuch
from playground.core.answer.error_body import error_code, error_message, is_page
from playground.core.answer.failures import Billed, Failure, FailureKind
from playground.core.text.json_text import Json, with_whole_characters
from playground.core.text.key_shapes import masked

LONGEST_MESSAGE = 2_000
LONGEST_REQUEST_ID = 200
LONGEST_WAIT_S = 366 * 86_400
"""A longer one is none: some servers write the moment itself, in seconds since 1970."""

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
# The API sends these as an invalid request, gateways as anything.
_SPENT = re.compile(r"spend(?:ing)?[ _]limit|reached your (?:\w+ ){0,6}usage limits?")
_BROKE = re.compile(
    r"credit balance|insufficient[ _-](?:credit|fund|balance|quota)|out of credits?\b"
    r"|exceeded your current quota|payment (?:is )?required|billing[ _](?:error|hard)"
    r"|exceededbudget"
)
# Retries, latency and tokens have budgets, too: whose or what for must be said, or nothing.
_OVER_BUDGET = re.compile(
    r"over budget|(?:^|[.!] |\b(?:user|team|key|project|organi[sz]ation|account|customer|provider"
    r"|tag|spend|spending|cost|max|daily|weekly|monthly|your) )"
    r"budget (?:has been |was |is |limit )?exceeded"
)
# 520 to 530 are Cloudflare's own but for the API's 529: the server behind it did not answer well.
_GATEWAY = frozenset({502, 503, 504, *range(520, 531)} - {529})
# A budget of tokens is no matter of money; "token" alone can be a key.
_OF_TOKENS = re.compile(r"\btokens\b")
_OF_MONEY = re.compile(r"spend_limit|insufficient_(?:quota|credit|fund|balance)|budget|billing")
_PASSED_ON = frozenset({"gateway", "timeout", "server_error"})
_STATUS = re.compile(r"\d{3}\b")
_CLOSED = re.compile(r"disconnected|closed")
"""How h11 says that a connection ended; all else is what it cannot read."""


def failure_of(error: BaseException, lost: Billed, now: datetime) -> Failure:
    """Translate what an attempt raised. `lost`: what may be billed if its answer was lost."""
    if isinstance(error, anthropic.APIConnectionError):
        # The SDK wraps whatever a transport raises, our own bounds included.
        if not isinstance(error.__cause__, TooLong | TooMuch):
            return _connection_failure(error)
        error = error.__cause__
    if isinstance(error, anthropic.APIStatusError):
        return _status_failure(error, now)
    if isinstance(error, SettingError):
        return Failure("setting", str(error))
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return Failure("setting", NOT_AN_ADDRESS)
    if isinstance(error, TooLong | TooMuch):
        kind: FailureKind = "timeout" if isinstance(error, TooLong) else "undecodable"
        return Failure(kind, str(error), billed=lost)
    # Before HTTPError and OSError, of which timeouts are kinds.
    if isinstance(error, httpx2.TimeoutException | TimeoutError):
        return Failure("timeout", billed=lost)
    if isinstance(error, httpx2.HTTPError | httpx2.StreamError | OSError):
        return Failure("dropped", billed=lost)
    if isinstance(error, ValueError | RecursionError | anthropic.APIError):
        return Failure("undecodable", billed=lost)
    if isinstance(error, anthropic.CredentialsError):
        return Failure("authentication")
    # Only the type: the text of an unforeseen error may hold a header.
    logging.getLogger(__name__).error("unforeseen error in a run: %s", type(error).__name__)
    return Failure("internal", type(error).__name__, billed="possibly")


def reported_failure(body: object, billed: Billed, request_id: object = None) -> Failure:
    """An error that arrives as an event inside a stream that began with HTTP 200, or instead
    of it."""
    request_id = request_id if isinstance(request_id, str) else _request_id(body)
    return Failure(_reported_kind(body), error_message(body), 200, request_id, billed=billed)


def failure_in_body(body: object, billed: Billed) -> Failure:
    """What came with HTTP 200 and is JSON, but not a message."""
    if isinstance(body, dict) and body.get("error"):
        return reported_failure(body, billed)
    return Failure("not_the_api", error_message(body), 200)


def failure_in_result(body: object) -> Failure:
    """The error of one request of a batch: never billed, never retried."""
    return Failure(_reported_kind(body), error_message(body), request_id=_request_id(body))


def _request_id(body: object) -> str | None:
    """The request id within an error, which a gateway passes on where it drops the header."""
    request_id = body.get("request_id") if isinstance(body, Mapping) else None
    if not isinstance(request_id, str) or not request_id:
        return None
    return with_whole_characters(request_id[:LONGEST_REQUEST_ID])


def _reported_kind(body: object) -> FailureKind:
    error_type, _ = _types(body)
    money = _money(body)
    status = error_code(body)
    # A type that the API does not have is a gateway's: the status in its body says more.
    if money or error_type in _BY_TYPE or status is None:
        return money or _BY_TYPE.get(error_type, "server_error")
    return _BY_STATUS.get(status, "server_error" if status >= 500 else "invalid_request")


def _money(body: object) -> FailureKind | None:
    """Whether a request was refused because of the account's money."""
    error_type, code = _types(body)
    message = error_message(body).lower()
    text = f"{error_type} {code} {message}".lower()
    if code in _SPEND_LIMITS or _SPENT.search(text):
        return "spend_limit"
    is_over_budget = not _OF_TOKENS.search(message) and _OVER_BUDGET.search(message)
    return "billing" if is_over_budget or _BROKE.search(text) else None


def without_key(text: str | None, key: str) -> str | None:
    """The text with the key masked, in case a server echoed it. A key that is no secret
    (`Secret.is_secret`) stays."""
    return Secret(key).masked(text) if text else text


def failure_without_key(failure: Failure, key: str) -> Failure:
    """The failure without the key or anything that looks like another key: a gateway repeats its
    own. It is cut only afterwards, because a cut key would not be recognised."""
    return replace(
        failure,
        message=masked(without_key(failure.message, key) or "")[:LONGEST_MESSAGE],
        request_id=without_key(failure.request_id, key),
    )


def call_failure(error: Exception, key: str, lost: Billed = "possibly") -> Failure:
    """What a call that is no attempt of a run raised, without the key."""
    return failure_without_key(failure_of(error, lost, datetime.now(UTC)), key)


def _status_failure(error: anthropic.APIStatusError, now: datetime) -> Failure:
    response, body = error.response, error.body
    wait_s = retry_after_s(response.headers, now)
    kind = _kind_of_status(error.status_code, body, asks_to_wait=wait_s is not None)
    message = error_message(body)
    if response.has_redirect_location:
        message = f"It redirects to {_host(response)}. {message}".strip()
    return Failure(
        kind,
        message,
        error.status_code,
        response.headers.get("request-id") or _request_id(body),
        wait_s,
        # Whoever passed the request on does not know what became of it.
        billed="possibly" if kind in _PASSED_ON and not _is_of_the_api(body) else "no",
        # As the SDK reads it. Its "true" is not believed of what no wait mends.
        is_final=response.headers.get("x-should-retry", "").strip().lower() == "false",
    )


def _is_of_the_api(body: object) -> bool:
    """Whether an error has the shape and a type of the API's own."""
    return isinstance(body, Mapping) and body.get("type") == "error" and _types(body)[0] in _BY_TYPE


def _kind_of_status(status: int, body: object, *, asks_to_wait: bool) -> FailureKind:
    error_type, code = _types(body)
    message = error_message(body)
    is_foreign = isinstance(body, str) and bool(body.strip())
    # A server that fails may mention billing too, and is worth another attempt. So is a limit that
    # says when it ends, unless its type or code is one of money.
    is_wait = status == 429 and asks_to_wait and not _OF_MONEY.search(f"{error_type} {code}")
    money = _money(body) if 400 <= status < 500 and not is_wait else None
    if money:
        return money
    # The API refuses in JSON: a 403 in anything else comes from a firewall or proxy on the way.
    if status == 407 or (is_foreign and status == 403):
        return "proxy"
    # A 503 can be the server's own: only a page or "upstream" means a gateway.
    is_passed_on = status != 503 or (
        is_foreign and (is_page(str(body)) or "upstream" in message.lower())
    )
    if status in _GATEWAY and is_passed_on and not _is_of_the_api(body):
        return "gateway"
    # The API sends no pages. These four mean the same whoever sends them.
    if is_page(str(body)) and 400 <= status < 500 and status not in (404, 405, 408, 429):
        return "proxy"
    # A server that lacks the model names it; one that lacks the path is another service.
    if status == 404 and not error_type and "model" not in message.lower():
        return "not_the_api"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    kind = _BY_TYPE.get(error_type)
    if status >= 500:
        return kind if kind in ("overloaded", "timeout") else "server_error"
    if status < 400:
        return "not_the_api"
    # The status decides whether waiting can help.
    return "invalid_request" if kind is None or Failure(kind).is_retryable else kind


def _host(response: httpx2.Response) -> str:
    """The host that a redirect leads to; its path and query may hold anything."""
    try:
        return response.request.url.join(response.headers["location"]).host or "nowhere"
    except (KeyError, httpx2.InvalidURL, ValueError):
        return "nowhere"


def _connection_failure(error: anthropic.APIConnectionError) -> Failure:
    """What went wrong before the first byte of a response."""
    cause = error.__cause__
    # Of all headers only the key is typed by a person: what no header can hold is in it.
    if isinstance(cause, httpx2.LocalProtocolError | UnicodeError):
        return Failure("bad_key")
    if isinstance(cause, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return Failure("setting", NOT_AN_ADDRESS)
    if isinstance(cause, httpx2.ProxyError):
        return _proxy_failure(str(cause))
    causes = list(causes_of(cause))
    # The reason is wrapped in several layers of errors.
    untrusted = [layer for layer in causes if isinstance(layer, ssl.SSLCertVerificationError)]
    if untrusted:
        return Failure("certificate", f"{untrusted[0].verify_message}.{certificate_sentence()}")
    # Before APITimeoutError, which the SDK also makes of these timeouts: nothing was sent, so
    # nothing can be billed.
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
        return Failure("connection", _unreached(causes) + proxy_sentence(error.request.url))
    if isinstance(cause, httpx2.PoolTimeout):
        return Failure("timeout", "Too many requests at once: no connection was free.")
    if isinstance(error, anthropic.APITimeoutError):
        return Failure("timeout", billed="possibly")
    # h11 raises the same error for a server that hangs up and for one that speaks no HTTP.
    if isinstance(cause, httpx2.RemoteProtocolError) and not _CLOSED.search(str(cause)):
        return Failure("undecodable", "The server's reply is not HTTP.", billed="possibly")
    if cause is None or isinstance(cause, httpx2.TransportError | OSError):
        return Failure("closed", billed="possibly")
    return failure_of(cause, "possibly", datetime.min.replace(tzinfo=UTC))


def _proxy_failure(message: str) -> Failure:
    """A proxy that opens no tunnel to the API: nothing was sent."""
    match = _STATUS.match(message)
    status = int(match[0]) if match else None
    kind: FailureKind = "gateway" if status is not None and status >= 500 else "proxy"
    return Failure(kind, message, status)


def _unreached(causes: Sequence[BaseException]) -> str:
    for cause in causes:
        match cause:
            case socket.gaierror():
                return "The server's name is not known (DNS)."
            case ConnectionRefusedError():
                return "The connection was refused."
            case httpx2.ConnectTimeout():
                return "No connection was made in time."
            case ssl.SSLError():
                return f"TLS failed: {(cause.reason or 'unknown').replace('_', ' ').lower()}."
    return "No connection could be made."


def _types(body: object) -> tuple[str, str]:
    """`error.type` and the error code, as the API (`details.error_code`) or others have it."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return "", ""
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, Mapping) else error.get("code")
    return _text(error.get("type")), _text(code)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long the server asks to wait, in any of three ways."""
    # The finest first, as in the SDK.
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        asked_s: float | None = milliseconds / 1000
    else:
        asked_s = _seconds_until(headers.get("retry-after", ""), now)
    return None if asked_s is None or asked_s > LONGEST_WAIT_S else asked_s


def _seconds_until(value: str, now: datetime) -> float | None:
    """The seconds that a text names, or those until its date."""
    seconds = _number(value)
    if seconds is not None:
        return seconds
    # Of HTTP (RFC 9110), and as the API's own headers of rate limits write theirs.
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            date = read(value)
            # A date without a zone is parsed as naive, and HTTP dates are in UTC.
            return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())
        except (ValueError, OverflowError):
            continue
    return None


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
