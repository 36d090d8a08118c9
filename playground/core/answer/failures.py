"""Why a call failed, as a small value: what kind, whose fault, is it transient, what a person
can do."""

from dataclasses import dataclass
from math import ceil
from typing import Literal, get_args

FailureKind = Literal[
    "bad_key", "authentication", "permission", "billing", "spend_limit", "invalid_request",
    "not_found", "too_large", "rate_limit", "overloaded", "server_error", "gateway", "proxy",
    "setting", "certificate", "timeout", "connection", "closed", "dropped", "truncated",
    "damaged", "empty", "no_content", "undecodable", "not_the_api", "conflict", "expired",
    "internal",
]  # fmt: skip
# The log stores these names: one that is renamed no longer matches earlier rows.
KINDS: tuple[FailureKind, ...] = get_args(FailureKind)
Billed = Literal["no", "possibly", "partly"]

# Without `spend_limit`, a 429 that no wait mends, and without `conflict`, which the API's
# documentation asks to resolve before another try.
_TRANSIENT = frozenset((
    "rate_limit", "overloaded", "server_error", "gateway", "timeout", "connection", "closed",
    "dropped", "truncated", "damaged", "empty",
))  # fmt: skip

HAPPENED: dict[FailureKind, str] = {
    "bad_key": "The key cannot be sent: it must be one line of printable ASCII.",
    "authentication": "The key was rejected{status}.",
    "permission": "The request was rejected{status}. This key does not permit it.",
    "billing": "The request was rejected{status}. The account's credit or budget is used up.",
    "spend_limit": "The request was rejected{status}. The account's spend limit is reached.",
    "invalid_request": "The request was rejected{status}.",
    "not_found": "The API does not know this model, or the account may not use it.",
    "too_large": "The request is too large.",
    "rate_limit": "A rate limit is reached: too many requests or tokens in a short time.",
    "overloaded": "The API is overloaded.",
    "server_error": "The server had an internal error{status}.",
    "gateway": "A gateway in front of the API answered{status}, not the API itself.",
    "proxy": "A proxy or firewall answered{status}, not the API.",
    "setting": "A setting of this server is wrong. Nothing was sent.",
    "certificate": "There was no secure connection, because the server's certificate was "
    "not accepted. Nothing was sent.",
    "timeout": "The API sent nothing for too long.",
    "connection": "The server could not be reached.",
    "closed": "The server accepted the connection and closed it without an answer.",
    "dropped": "The connection broke while the answer was on its way.",
    "truncated": "The answer ended early: the stream closed without its last event.",
    "damaged": "The answer arrived damaged. Part of the stream cannot be read.",
    "empty": "The server sent an empty response{status}: neither an answer nor an error.",
    "no_content": "The server sent no content{status}: neither an answer nor an error.",
    "undecodable": "The server sent something that is not a stream of the Messages API.",
    "not_the_api": "The server answered{status}, but not with the Messages API.",
    "conflict": "The request conflicts with another one.",
    "expired": "The batch expired before this request had its turn.",
    "internal": "The playground itself failed.",
}
_RUN_AGAIN = "Run again. A new answer is billed again."
_ADDRESS = "Check the server's address, and whether a proxy or a login page is in between."
STEPS: dict[FailureKind, str] = {
    "bad_key": "Paste the key again in the sidebar or the settings.",
    "authentication": "Check the key in the sidebar or the settings.",
    "permission": "Choose another model, or use another key.",
    "billing": "Check the account's plan, credit and budgets.",
    "spend_limit": "Raise the limit in the account, or wait until it renews.",
    "invalid_request": "Change what the server's message names, then run again.",
    "not_found": "Choose another model in the variant.",
    "too_large": "Shorten the prompt.",
    "rate_limit": "Wait a minute, or run fewer variants at once.",
    "overloaded": "Run again in a few minutes, or choose another model.",
    "server_error": "Run again. If it keeps failing, report the request id.",
    "gateway": "Run again in a few minutes. If it keeps failing, tell whoever runs that gateway.",
    "proxy": "Ask whoever runs this server's network or proxy to let the API through.",
    "setting": "Correct the setting where the app runs, then restart it.",
    "certificate": "Check the server's address and clock. Where a proxy reads the traffic, "
    "put its certificate into SSL_CERT_FILE.",
    "timeout": _RUN_AGAIN,
    "connection": "Check the network and the address, then run again.",
    "closed": "Run again. If it keeps failing, check the server's address.",
    "dropped": _RUN_AGAIN,
    "truncated": _RUN_AGAIN,
    "damaged": _RUN_AGAIN,
    "empty": "Run again. If it keeps failing, check the server's address.",
    "no_content": _ADDRESS,
    "undecodable": _ADDRESS,
    "not_the_api": _ADDRESS,
    "conflict": "Run again.",
    "expired": "Run it on its own, or submit it again.",
    "internal": "Please report it.",
}
_NO_REASON = "The server gave no reason. Check the model, the parameters and the address."
_OF_A_PROXY = {
    407: "The proxy asks for a name and a password. Put them into the setting with its address.",
    413: "Shorten the prompt, or ask whoever runs the proxy to let larger requests through.",
}
_ANSWERED_TIMEOUT = "The server answered{status} that the request took too long."
_WITHOUT_ANSWER = frozenset({"empty", "not_the_api", "undecodable", "proxy"})
"""Kinds whose status of success belonged to no stream."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt. `message` is the server's own text: never Markdown.

    `billed`: "no", "possibly" (sent, but the reply was lost) or "partly" (cut short).
    `is_final`: the server asks not to be sent the same request again.
    """

    kind: FailureKind
    message: str = ""
    http_status: int | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    billed: Billed = "no"
    is_final: bool = False

    @property
    def is_transient(self) -> bool:
        """Whether failures of this kind usually pass with time."""
        return self.kind in _TRANSIENT

    @property
    def is_retryable(self) -> bool:
        """Whether another attempt may succeed."""
        return self.is_transient and not self.is_final

    @property
    def happened(self) -> str:
        """What happened and whose fault it was, in the project's own words."""
        # An error inside a stream follows a status of 200, which would read like success.
        is_said = self.http_status and (self.http_status != 200 or self.kind in _WITHOUT_ANSWER)
        status = f" ({self.http_status})" if is_said else ""
        is_answered = self.kind == "timeout" and status
        return (_ANSWERED_TIMEOUT if is_answered else HAPPENED[self.kind]).format(status=status)

    @property
    def step(self) -> str:
        """What a person can do about it."""
        # With a failure that stays, a time to wait would promise that waiting helps.
        if self.retry_after_s and self.is_transient:
            return f"Run again in {waiting(self.retry_after_s)}, as the server asks."
        if self.kind == "invalid_request" and not self.message:
            return _NO_REASON
        if self.kind == "proxy" and self.http_status in _OF_A_PROXY:
            return _OF_A_PROXY[self.http_status]
        return STEPS[self.kind]

    @property
    def sentence(self) -> str:
        """What happened and what to do."""
        return f"{self.happened} {self.step}"

    @property
    def label(self) -> str:
        """A few words for a status line: "529 overloaded"."""
        words = self.kind.replace("_", " ")
        if self.http_status == 200 and self.kind not in _WITHOUT_ANSWER:
            return f"{words} inside the stream"
        return f"{self.http_status} {words}" if self.http_status else words


def waiting(wait_s: float) -> str:
    """How long to wait, in words, never rounded down: "45 s", "12 minutes", "1 hour"."""
    # In minutes, never rounded down, 61 s would read as twice as long.
    if wait_s < 90:
        return f"{ceil(wait_s)} s"
    minutes = ceil(wait_s / 60)
    if minutes < 60:
        return f"{minutes} minutes"
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24 + (hours % 24 > 0 or minutes > 0)} days"
    more = f" {minutes} min" if minutes else ""
    return f"{hours} {'hour' if hours == 1 else 'hours'}{more}"
