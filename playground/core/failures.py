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
    "expired",
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

HAPPENED: dict[FailureKind, str] = {
    "bad_key": "The key cannot be sent: it must be one line of printable ASCII.",
    "authentication": "The key is wrong or was revoked.",
    "permission": "This key may not use that model or feature.",
    "billing": "The account has a billing problem.",
    "spend_limit": "The account's spend limit is reached.",
    "invalid_request": "The API refused the request.",
    "not_found": "The API does not know this model, or the account may not use it.",
    "too_large": "The request is too large.",
    "rate_limit": "Too many requests or tokens a minute for this account.",
    "overloaded": "The API is overloaded.",
    "server_error": "The API had an internal error.",
    "timeout": "Nothing came from the API for too long.",
    "connection": "The server could not be reached.",
    "dropped": "The connection broke while the answer was on its way.",
    "truncated": "The answer ended early: the stream closed without its last event.",
    "undecodable": "The server sent something that is not a stream of the Messages API.",
    "not_the_api": "The server answered, but not with the Messages API.",
    "conflict": "The request conflicts with another one.",
    "expired": "The batch expired before this request had its turn.",
    "internal": "The playground itself failed.",
}
_RUN_AGAIN = "Run again: that is a new answer, billed anew."
STEPS: dict[FailureKind, str] = {
    "bad_key": "Paste the key again in the sidebar or the settings.",
    "authentication": "Check the key in the sidebar or the settings.",
    "permission": "Choose another model, or use another key.",
    "billing": "See the plan and credit of the account.",
    "spend_limit": "Raise the limit in the account, or wait until it renews.",
    "invalid_request": "Change what the API's message names, then run again.",
    "not_found": "Choose another model in the variant.",
    "too_large": "Shorten the prompt.",
    "rate_limit": "Wait a minute, or run fewer variants at once.",
    "overloaded": "Run again in a few minutes, or choose another model.",
    "server_error": "Run again. If it stays, report the request id.",
    "timeout": _RUN_AGAIN,
    "connection": "Check the network and the address, then run again.",
    "dropped": _RUN_AGAIN,
    "truncated": _RUN_AGAIN,
    "undecodable": "Check the server's address.",
    "not_the_api": "Check the server's address.",
    "conflict": "Run again.",
    "expired": "Run it singly, or submit it again.",
    "internal": "Please report it.",
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
    def happened(self) -> str:
        """What happened, in the project's own words."""
        return HAPPENED[self.kind]

    @property
    def step(self) -> str:
        """What a person can do about it."""
        return STEPS[self.kind]

    @property
    def sentence(self) -> str:
        """What happened and what to do."""
        return f"{self.happened} {self.step}"

    @property
    def label(self) -> str:
        """A few words for a status line: "529 overloaded"."""
        words = self.kind.replace("_", " ")
        if self.http_status == 200:
            return f"{words} inside the stream"
        return f"{self.http_status} {words}" if self.http_status else words
