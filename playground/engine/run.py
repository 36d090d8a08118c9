"""One run: what has happened to it so far, moved forward by events.

Written by the engine's thread alone; the page reads its attributes from other threads.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from playground.core.answer.content import Blocks
from playground.core.answer.events import (
    Accepted,
    Attempt,
    AttemptFailed,
    BlockStarted,
    BlockStopped,
    CitationDelta,
    Connecting,
    Event,
    Finished,
    InputDelta,
    OtherDelta,
    RefusalBill,
    Reported,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from playground.core.answer.failures import Billed, Failure
from playground.core.answer.folding import Content, Folding
from playground.core.answer.raw_events import RawEvents
from playground.core.runs.outcome import StoppedBy
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_row import LIVE, Status
from playground.core.wire.exchange import Exchange, ResponseHead, SentRequest


def new_run_ids(count: int) -> list[str]:
    """Ids that sort by time, and among each other in this order."""
    # Numbered from one moment: a coarse clock, read each time, would leave the order to chance.
    start = time.time_ns()
    # Fixed width, so that ids sort as text; the random end tells apart two of one nanosecond.
    return [f"{start + number:016x}{secrets.token_hex(4)}" for number in range(count)]


def new_run_id() -> str:
    """An id that sorts by time."""
    return new_run_ids(1)[0]


class Run:
    """One run: what was asked (its plan) and what has happened.

    Times are seconds on the monotonic clock, durations count from `began_s`, the moment
    its first attempt went out.
    """

    def __init__(
        self,
        owner: str,
        visitor: str,
        plan: Plan,
        run_id: str | None = None,
        experiment_id: str | None = None,
    ) -> None:
        self.id = run_id or new_run_id()
        self.experiment_id = experiment_id
        self.owner = owner
        self.visitor = visitor
        self.plan = plan
        self.status: Status = "queued"
        self.ahead: int | None = None
        self.created_at = datetime.now(UTC)
        self.ended_at: datetime | None = None
        self.began_s: float | None = None
        self.ended_s: float | None = None
        self.next_attempt_s: float | None = None
        self.last_event_s: float | None = None
        self.ttft_s: float | None = None
        self.usage: Usage | None = None
        """What all attempts reported together."""
        self.last_usage: Usage | None = None
        self.earlier_usages: tuple[Usage, ...] = ()
        self.stop_reason: str | None = None
        self.stop_sequence: str | None = None
        self.stop_detail: str | None = None
        self.stop_category: str | None = None
        self.refusal: RefusalBill = "billed"
        self.request_id: str | None = None
        self.failure: Failure | None = None
        self.why = ""
        self.stopped_by: StoppedBy | None = None
        self.attempts: tuple[Attempt, ...] = ()
        self.exchanges: tuple[Exchange, ...] = ()
        self.raw = RawEvents()
        self._attempt_began_s = 0.0
        self._attempt_status: int | None = None
        self._deltas = 0
        self._content = Folding()
        # From `threading`, because scripts wait for it on their own threads, not on the loop.
        self._over = threading.Event()
        self._followers: list[Callable[[], None]] = []

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def is_over(self) -> bool:
        """Ended and recorded; a run that is not live may still be on its way into the log."""
        return self._over.is_set()

    @property
    def text(self) -> str:
        """What the model wrote so far, apart where another block stands between."""
        return self._content.text()

    @property
    def thinking(self) -> str:
        return self._content.thinking()

    @property
    def blocks(self) -> Blocks:
        """The content so far, in order; while the run is live the last block may be growing."""
        return self._content.read()

    @property
    def duration_s(self) -> float | None:
        if self.began_s is None:
            return None
        return (self.ended_s or time.monotonic()) - self.began_s

    @property
    def attempt_number(self) -> int:
        """The attempt under way, or the last one."""
        return len(self.attempts) + (self.status in ("connecting", "streaming"))

    def wait(self, timeout_s: float) -> bool:
        """Wait until the run is over; false if it is not by then."""
        return self._over.wait(timeout_s)

    def fold(self, event: Event, now_s: float) -> None:
        """Move the run forward by one event."""
        self.last_event_s = now_s
        match event:
            case TextDelta() | ThinkingDelta() | InputDelta():
                self._deltas += 1
                self._apply(event, now_s)
            # Not counted: only a delta of what the model writes is surely a token or more.
            case SignatureDelta() | CitationDelta() | OtherDelta():
                self._apply(event, now_s)
            case BlockStarted(kind):
                # These two begin empty: their first token is their first delta.
                self._apply(event, now_s, is_first=kind not in ("text", "thinking"))
            case BlockStopped():
                self._content.fold(event)
            case Connecting():
                self.status = "connecting"
                self.next_attempt_s = self.request_id = None
                self._attempt_began_s, self._attempt_status = now_s, None
                # What a failed attempt reported may be billed: the next one must not replace it.
                if self.last_usage is not None:
                    self.earlier_usages += (self.last_usage,)
                    self.last_usage = None
                if not self.attempts:
                    self.began_s = now_s  # Until now the process may have been starting up.
            case SentRequest():
                self._note_sent(event)
            case ResponseHead():
                *before, last = self.exchanges
                self.exchanges = (*before, replace(last, received=event))
            case Accepted(http_status, request_id):
                self._attempt_status, self.request_id = http_status, request_id
            case Reported(usage):
                self._report(usage)
            case Finished():
                self.stop_reason, self.stop_sequence = event.stop_reason, event.stop_sequence
                self.stop_detail, self.refusal = event.detail, event.refusal
                self.stop_category = event.category
                self._end_attempt(now_s, billed="no" if event.is_free else None)
                self._end("done", now_s)
            case AttemptFailed():
                self._fail_attempt(event, now_s)

    def stop(self, now_s: float, by: StoppedBy = "you", why: str = "") -> None:
        """The run was cancelled: by whom, and why in a sentence if not by its visitor."""
        # While queued or waiting, no attempt is under way that could end.
        if self.status in ("connecting", "streaming"):
            # Whether the API bills an answer that nobody reads to its end is not documented.
            self._end_attempt(now_s, why=why or "Stopped.", billed="possibly")
        self.stopped_by = by
        self._end("stopped", now_s, why)

    def _apply(self, event: Content, now_s: float, *, is_first: bool = True) -> None:
        if self.ttft_s is None and is_first:
            self.ttft_s = now_s - (self.began_s or now_s)
        self.status = "streaming"
        self._content.fold(event)

    def _note_sent(self, sent: SentRequest) -> None:
        if self.exchanges and self.exchanges[-1].sent.body == sent.body:
            # One copy in memory: a prompt can be long, and is tried again and again.
            sent = replace(sent, body=self.exchanges[-1].sent.body)
        self.exchanges = (*self.exchanges, Exchange(len(self.attempts) + 1, sent))

    def _fail_attempt(self, event: AttemptFailed, now_s: float) -> None:
        failure = event.failure
        self.failure, self.why = failure, event.why
        self.request_id = failure.request_id or self.request_id
        if event.wait_s is not None:
            # First: a page that reads in between must not see another attempt under way.
            self.status, self.next_attempt_s = "waiting", now_s + event.wait_s
            self._end_attempt(now_s, event)
            return
        self._end_attempt(now_s, event)
        is_part = event.has_begun or bool(self.blocks)
        self._end("interrupted" if is_part else "failed", now_s)

    def _report(self, usage: Usage) -> None:
        self.last_usage = usage
        for earlier in reversed(self.earlier_usages):
            usage = earlier + usage
        self.usage = usage

    def _end_attempt(
        self,
        now_s: float,
        failed: AttemptFailed | None = None,
        why: str = "",
        billed: Billed | None = None,
    ) -> None:
        failure = failed.failure if failed else None
        attempt = Attempt(
            number=len(self.attempts) + 1,
            start_s=self._attempt_began_s - (self.began_s or self._attempt_began_s),
            duration_s=now_s - self._attempt_began_s,
            wait_s=failed.wait_s if failed else None,
            http_status=(failure and failure.http_status) or self._attempt_status,
            kind=failure.kind if failure else None,
            message=failure.message if failure else "",
            billed=failure.billed if failure else billed,
            request_id=self.request_id,
            why=failed.why if failed else why,
            prompt_tokens=self.last_usage.prompt_tokens if failed and self.last_usage else None,
        )
        self.attempts = (*self.attempts, attempt)

    def _end(self, status: Status, now_s: float, why: str = "") -> None:
        # The failure of an attempt that was retried is not the run's.
        if status in ("done", "stopped"):
            self.failure, self.why = None, why
        if self.last_usage and not self.last_usage.is_complete:
            # The output is reported last, if at all: each delta was at least one token.
            output_tokens = max(self.last_usage.output_tokens, self._deltas)
            self._report(replace(self.last_usage, output_tokens=output_tokens))
        self.next_attempt_s = None
        self.ended_s, self.ended_at = now_s, datetime.now(UTC)
        # Set last: a page that sees the end on its own thread takes the rest to be final.
        self.status = status

    def mark_recorded(self) -> None:
        """Wake all waiters: the run is recorded and final."""
        self._over.set()
        for tell in self._followers:
            tell()

    def on_recorded(self, tell: Callable[[], None]) -> None:
        """Call `tell` on the engine's thread when the run is over. To be asked before it starts."""
        self._followers.append(tell)
