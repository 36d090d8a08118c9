"""Why a call failed, as a small value: what kind, is it transient, what a person can do."""

from dataclasses import dataclass
from typing import Literal, get_args

FailureKind = Literal[
    "bad_key",
    "authentication",
    "permission",
    "billing",
    "spend_limit",
    "invalid_request",
    "not_found",
    "too_large",
    "rate_limit",
    "overloaded",
    "server_error",
    "timeout",
    "connection",
    "dropped",
    "truncated",
    "undecodable",
    "not_the_api",
    "conflict",
    "internal",
]
KINDS: tuple[FailureKind, ...] = get_args(FailureKind)
Billed = Literal["no", "possibly", "partly"]

_TRANSIENT = frozenset(
    {
        "rate_limit",
        "overloaded",
        "server_error",
        "timeout",
        "connection",
        "dropped",
        "truncated",
    }
)

SENTENCES: dict[FailureKind, str] = {
    "bad_key": "The key cannot be sent: it must be one line of printable ASCII.",
    "authentication": "The key is wrong or was revoked. Check it in the sidebar.",
    "permission": "This key may not use that model or feature.",
    "billing": "The account has a billing problem. See the plan and credit of the account.",
    "spend_limit": "The account's spend limit is reached. Waiting a few seconds won't help.",
    "invalid_request": "The API refused the request. Its message says what to change.",
    "not_found": "The API does not know this model, or the account may not use it.",
    "too_large": "The request is too large. Shorten the prompt.",
    "rate_limit": "Too many requests or tokens a minute for this account.",
    "overloaded": "The API is overloaded.",
    "server_error": "The API had an internal error.",
    "timeout": "The API did not answer in time.",
    "connection": "The server could not be reached. Check the network and the address.",
    "dropped": "The connection broke while the answer was on its way.",
    "truncated": "The answer ended early: the stream closed without its last event.",
    "undecodable": "The server sent something that is not a stream of the Messages API.",
    "not_the_api": "The server answered, but not with the Messages API. Check the address.",
    "conflict": "The request conflicts with another one.",
    "internal": "The playground itself failed. Please report it.",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt. `message` is the server's own text: never Markdown.

    `billed`: "no", "possibly" (sent, but the reply was lost) or "partly" (cut short).
    """

    kind: FailureKind
    message: str = ""
    http_status: int | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    billed: Billed = "no"

    @property
    def is_transient(self) -> bool:
        return self.kind in _TRANSIENT

    @property
    def sentence(self) -> str:
        """What happened and what to do, in the project's own words."""
        return SENTENCES[self.kind]

    @property
    def label(self) -> str:
        """A few words for a status line: "529 overloaded"."""
        words = self.kind.replace("_", " ")
        return f"{self.http_status} {words}" if self.http_status else words
