"""A run's attempts and the waits between them as a timeline to scale, and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal, cast

from playground.core.answer.events import Attempt
from playground.core.answer.failures import Billed, FailureKind

SpanKind = Literal["attempt", "wait"]
Outcome = Literal["answered", "failed", "stopped", "waited", "waiting", "under way"]
RunPhase = Literal["waiting", "trying"]

MIN_WIDTH = 0.02
"""A share of the line: an attempt refused within milliseconds is still to be seen."""
MAX_TOKEN_COUNT = 10**13
"""More than any attempt can have reported."""
_RETRIED = "Retried: "
SHORTEST_S = 1e-6
"""What a clock can tell from nothing."""
BILLED: dict[Billed | None, str] = {
    "no": "not billed",
    "possibly": "possibly billed",
    "partly": "partly billed",
    None: "billed",
}


@dataclass(frozen=True, slots=True)
class Span:
    """One part of the line; `start` and `width` are shares of the whole, from 0 to 1."""

    kind: SpanKind
    outcome: Outcome
    label: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Line:
    """One attempt in words. `message` is the server's own text: never Markdown."""

    number: int
    outcome: Outcome
    facts: str
    request_id: str
    why: str
    message: str


def has_timeline(attempts: Sequence[Attempt]) -> bool:
    """Whether there is more to see than one attempt that answered."""
    return any(attempt.kind for attempt in attempts)


def spans(
    attempts: Sequence[Attempt], until_s: float | None = None, doing: RunPhase | None = None
) -> tuple[Span, ...]:
    """The spans of a run from its start until `until_s` after it.

    `doing` is what a live run does now, None once it is over. A wait that is not over is
    drawn in its planned length.
    """
    parts = _parts(attempts, until_s, doing)
    widths = _widths([length_s for _, _, _, length_s in parts])
    starts = [sum(widths[:index]) for index in range(len(widths))]
    return tuple(
        Span(kind, outcome, label, start, width)
        for (kind, outcome, label, _), start, width in zip(parts, starts, widths, strict=True)
    )


def lines(
    attempts: Sequence[Attempt],
    until_s: float | None = None,
    doing: RunPhase | None = None,
    *,
    shown: str = "",
) -> tuple[Line, ...]:
    """Each attempt in words: status, duration, the wait after it, bill, request id, why. A
    reason or message is said once: what an attempt before had too, or what is `shown` beside the
    lines, is left out."""
    rows = []
    seen = {_RETRIED + shown}
    messages: set[str] = set()
    for attempt, waited_s in zip(attempts, _waits(attempts, until_s, doing), strict=True):
        facts = [status(attempt), seconds(attempt.duration_s)]
        if waited_s is not None:
            facts.append(f"waited {seconds(waited_s)}")
        facts.append(billed(attempt))
        reason, message = why(attempt), attempt.message
        rows.append(
            Line(
                attempt.number, outcome(attempt), " · ".join(facts),
                attempt.request_id or "no request id",
                "" if reason in seen else reason, "" if message in messages else message,
            )
        )  # fmt: skip
        seen.add(reason)
        messages.add(message)
    return tuple(rows)


def billed(attempt: Attempt) -> str:
    """What of an attempt is billed, with the input that one which failed reported."""
    words = BILLED.get(attempt.billed, "billed")
    if not attempt.prompt_tokens:
        return words
    return f"{words}: {attempt.prompt_tokens:,} tokens in"


def outcome(attempt: Attempt) -> Outcome:
    if attempt.kind:
        return "failed"
    return "stopped" if attempt.why else "answered"


def status(attempt: Attempt) -> str:
    """A few words: "529 overloaded", "200 answered"."""
    words = attempt.kind.replace("_", " ") if attempt.kind else outcome(attempt)
    return f"{attempt.http_status} {words}" if attempt.http_status else words


def why(attempt: Attempt) -> str:
    """The sentence why an attempt was, or was not, followed by another."""
    if attempt.wait_s is None:
        return attempt.why
    return f"{_RETRIED}{attempt.why.removeprefix(f'{status(attempt)}: ')}"


def seconds(value_s: float) -> str:
    """A time of a run, in seconds however short: numbers of one unit are compared at a glance."""
    digits = 3 if value_s < 0.1 else 2 if value_s < 10 else 1
    return f"{value_s:.{digits}f} s"


def read_attempts(rows: Sequence[Any]) -> tuple[Attempt, ...]:
    """The attempts that a row of the log holds; what is damaged is left out."""
    return tuple(
        _read(row)
        for row in rows
        if isinstance(row, dict)
        and all(_is_number(row.get(name)) for name in ("number", "start_s", "duration_s"))
    )


def _read(row: dict[str, Any]) -> Attempt:
    def text(name: str) -> str:
        return str(row.get(name) or "")

    return Attempt(
        number=int(row["number"]),
        start_s=float(row["start_s"]),
        duration_s=float(row["duration_s"]),
        wait_s=float(row["wait_s"]) if _is_number(row.get("wait_s")) else None,
        http_status=int(row["http_status"]) if _is_number(row.get("http_status")) else None,
        kind=cast(FailureKind | None, text("kind") or None),
        message=text("message"),
        billed=cast(Billed | None, text("billed") or None),
        request_id=text("request_id") or None,
        why=text("why"),
        prompt_tokens=_count(row.get("prompt_tokens")),
    )


def _count(value: Any) -> int | None:  # noqa: ANN401 (any JSON value)
    # Of tokens: a larger number than others may be one.
    is_count = (
        isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_TOKEN_COUNT
    )
    return value if is_count else None


def _is_number(value: object) -> bool:
    # JSON as Python reads it knows NaN and infinity.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _parts(
    attempts: Sequence[Attempt], until_s: float | None, doing: RunPhase | None
) -> list[tuple[SpanKind, Outcome, str, float]]:
    parts: list[tuple[SpanKind, Outcome, str, float]] = []
    waits = _waits(attempts, until_s, doing)
    for attempt, waited_s in zip(attempts, waits, strict=True):
        label = f"Attempt {attempt.number}: {status(attempt)}, {seconds(attempt.duration_s)}"
        parts.append(("attempt", outcome(attempt), label, attempt.duration_s))
        if waited_s:
            parts.append(("wait", "waited", f"Waited {seconds(waited_s)}", waited_s))
    if attempts and doing:
        last = attempts[-1]
        planned_s = last.wait_s or 0.0
        if doing == "waiting":
            parts.append(("wait", "waiting", f"Waits {seconds(planned_s)}", planned_s))
        else:
            begun_s = last.start_s + last.duration_s + planned_s
            label = f"Attempt {last.number + 1} is under way"
            parts.append(("attempt", "under way", label, (until_s or begun_s) - begun_s))
    return parts


def _waits(
    attempts: Sequence[Attempt], until_s: float | None, doing: RunPhase | None
) -> list[float | None]:
    """How long was really waited after each attempt; None where nothing was, or is not yet."""
    waited: list[float | None] = []
    for attempt, following in zip_longest(attempts, attempts[1:]):
        next_s = following.start_s if following else until_s
        # A wait that is under way has its own span, in its planned length.
        if attempt.wait_s is None or (not following and doing == "waiting"):
            waited.append(None)
        elif next_s is None or (not following and doing == "trying"):
            waited.append(attempt.wait_s)
        else:
            waited.append(max(0.0, next_s - attempt.start_s - attempt.duration_s))
    return waited


def _widths(lengths_s: Sequence[float]) -> list[float]:
    """Shares of the line that add up to 1: to scale, but none below the least width."""
    count = len(lengths_s)
    lengths = [length_s if length_s > SHORTEST_S else 0.0 for length_s in lengths_s]
    if not any(lengths):
        return [1 / count] * count
    # The least widths of more than 50 spans would be longer than the line.
    least = min(MIN_WIDTH, 1 / count)
    # What a short span gains the others lose, and one of them may then be too short itself.
    tiny: set[int] = set()
    while True:
        left_s = sum(length for index, length in enumerate(lengths) if index not in tiny)
        scale = (1 - least * len(tiny)) / left_s
        too_short = {index for index, length in enumerate(lengths) if length * scale < least} - tiny
        if not too_short:
            break
        tiny |= too_short
        if len(tiny) == count:
            return [1 / count] * count
    return [least if index in tiny else length * scale for index, length in enumerate(lengths)]
