"""Records requests and responses as values without the key, from the client's own objects."""

import httpx2

from playground.claude.secret import Secret
from playground.core.wire.exchange import MASK, Headers, ResponseHead, SentRequest, end_of

# A header may be as long as a server likes, and each attempt is kept in the log.
LONGEST_VALUE = 500
_KEY_HEADERS = frozenset({"authorization", "x-api-key"})
_LIMITS = {
    f"anthropic-{kind}-{what}"
    for kind in (
        *(f"ratelimit-{unit}" for unit in ("requests", "tokens", "input-tokens", "output-tokens")),
        *(
            f"{tier}-{unit}"
            for tier in ("priority", "fast")
            for unit in ("input-tokens", "output-tokens")
        ),
    )
    for what in ("limit", "remaining", "reset")
}
# By whole names, never by prefix: a server chooses the rest, and may put a key there.
_MATTER = _LIMITS | {
    "request-id", "x-request-id", "anthropic-organization-id", "anthropic-workspace-id",
    "retry-after", "retry-after-ms", "x-should-retry", "content-type", "date", "cf-ray",
}  # fmt: skip


def recorded_request(request: httpx2.Request, key: str) -> SentRequest:
    """The request as it goes out, except for the key."""
    headers = tuple(
        (name, _masked(name, value) if key else value)
        for name, value in (
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
        )
    )
    body = request.content.decode()
    return SentRequest(request.method, str(request.url), headers, body, end_of(key))


def _masked(name: str, value: str) -> str:
    # Only by name: a short key could occur in any header by chance.
    if name.lower() not in _KEY_HEADERS:
        return value
    scheme, space, _ = value.partition(" ")
    return scheme + space + MASK if space else MASK


def recorded_response(response: httpx2.Response, key: str) -> ResponseHead:
    """The status and the headers that matter, without the key in case it is echoed in them."""
    secret = Secret(key)
    headers: Headers = tuple(
        (name, secret.masked(value)[:LONGEST_VALUE])
        for name, value in response.headers.multi_items()
        if name in _MATTER
    )
    return ResponseHead(response.status_code, headers)
