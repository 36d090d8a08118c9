"""One attempt on the wire: the request as it goes out and the answer's headers.

The key is in neither: `MASK` stands in its place.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from playground.core.request.request import Request
from playground.core.text.json_text import Json, JsonObject
from playground.core.wire.body_refusals import Unavailable
from playground.core.wire.wire import Decision, State, Wire

MASK = "…"
SHORTEST_SHOWN_KEY = 12
"""Of a shorter key even four characters would tell too much."""

ORDER: tuple[State, ...] = ("unavailable", "sent", "default")

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request as it goes out: `body` is the text of the very bytes.

    `key_end` is what may be shown of the key, and is never stored.
    """

    method: str
    url: str
    headers: Headers
    body: str
    key_end: str = ""

    def head(self) -> str:
        """The request line and the headers, as they are shown."""
        lines = [f"{name}: {value}" for name, value in self.headers]
        head = "\n".join([f"{self.method} {self.url}", *lines])
        # Only where it is shown: what is stored has the mask alone.
        return head.replace(MASK, MASK + self.key_end)


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """What a server says before its answer: the status and the headers that matter."""

    http_status: int
    headers: Headers


@dataclass(frozen=True, slots=True)
class Exchange:
    """What attempt `number` sent and, once there is one, the head of its response."""

    number: int
    sent: SentRequest
    received: ResponseHead | None = None


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """What the log keeps of a run's exchanges."""

    exchanges: tuple[Exchange, ...]
    decisions: tuple[Decision, ...]


def end_of(key: str) -> str:
    """The last characters of a key, which its owner may see."""
    return key[-4:] if len(key) >= SHORTEST_SHOWN_KEY else ""


def differences(request: Request, wire: Wire) -> tuple[Decision, ...]:
    """Where the call differs from the form, with one reason each: what is not sent, or sent in
    vain, comes first and what was left alone last."""
    decisions = list(wire.decisions)
    if "system" not in wire.body:
        content = "only spaces" if request.prompt.system else "empty"
        decisions.append(
            Decision("system", "default", f"Not sent: the system prompt is {content}.")
        )
    return tuple(sorted(decisions, key=_weight))


def _weight(decision: Decision) -> int:
    # A value that goes out to be refused comes before all: it is why the call will fail.
    return 0 if decision.refusal else 1 + ORDER.index(decision.state)


def to_json(recorded: ExchangeRecord) -> str:
    """The text that the log keeps. Attempts share a body, so it is written once."""
    exchanges, body = [], None
    for exchange in recorded.exchanges:
        sent = exchange.sent
        row: dict[str, Json] = {
            "attempt": exchange.number,
            "method": sent.method,
            "url": sent.url,
            "headers": sent.headers,
            "body": None if sent.body == body else sent.body,
        }
        if exchange.received:
            row["http_status"] = exchange.received.http_status
            row["response_headers"] = exchange.received.headers
        exchanges.append(row)
        body = sent.body
    decisions = [
        {
            "parameter": decision.parameter,
            "state": decision.state,
            "why": decision.why,
            "refusal": decision.refusal and [decision.refusal.why, decision.refusal.text],
        }
        for decision in recorded.decisions
    ]
    return json.dumps({"exchanges": exchanges, "decisions": decisions}, ensure_ascii=False)


def from_json(text: str) -> ExchangeRecord | None:
    """What `to_json` wrote; None for a row that is older, damaged or was never sent."""
    try:
        data = json.loads(text)
        decisions = tuple(_decision(decision) for decision in data["decisions"])
        exchanges: list[Exchange] = []
        for row in data["exchanges"]:
            # None stands for the body of the attempt before: a prompt can be megabytes.
            body = exchanges[-1].sent.body if row["body"] is None else row["body"]
            sent = SentRequest(
                str(row["method"]), str(row["url"]), _headers(row["headers"]), str(body)
            )
            status = row.get("http_status")
            received = (
                ResponseHead(int(status), _headers(row["response_headers"])) if status else None
            )
            exchanges.append(Exchange(int(row["attempt"]), sent, received))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return None
    return ExchangeRecord(tuple(exchanges), decisions) if exchanges else None


def _decision(row: JsonObject) -> Decision:
    state, refusal = row["state"], row["refusal"]
    if state not in get_args(State):
        raise ValueError
    if refusal:
        why, text = refusal
        refusal = Unavailable(str(why), None if text is None else str(text))
    return Decision(str(row["parameter"]), state, str(row["why"]), refusal or None)


def _headers(rows: Sequence[Sequence[object]]) -> Headers:
    return tuple((str(name), str(value)) for name, value in rows)
