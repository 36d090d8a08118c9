"""The read-only view of a run outside the engine, as a protocol: an engine that was edited while it
runs has another class for the same thing."""

from datetime import datetime
from typing import Protocol

from playground.core.answer.content import Blocks
from playground.core.answer.events import Attempt, RefusalBill, Usage
from playground.core.answer.failures import Failure
from playground.core.answer.raw_events import RawEvents
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_row import Status
from playground.core.wire.exchange import Exchange


class RunView(Protocol):
    """A run as it stands, to be read and never written. Times in seconds are on the monotonic
    clock, durations and `ttft_s` count from `began_s`; what is not known yet is None."""

    id: str
    visitor: str
    experiment_id: str | None
    plan: Plan
    status: Status
    ahead: int | None
    """How many wait before it; None: it waits for nobody's place."""
    created_at: datetime
    ended_at: datetime | None
    began_s: float | None
    next_attempt_s: float | None
    last_event_s: float | None
    ttft_s: float | None
    request_id: str | None
    usage: Usage | None
    """What all attempts reported together."""
    last_usage: Usage | None
    earlier_usages: tuple[Usage, ...]
    stop_reason: str | None
    stop_sequence: str | None
    stop_detail: str | None
    stop_category: str | None
    refusal: RefusalBill
    failure: Failure | None
    why: str
    """Why it was stopped or not retried, in a sentence; empty: nothing to say."""
    attempts: tuple[Attempt, ...]
    exchanges: tuple[Exchange, ...]
    raw: RawEvents

    @property
    def is_live(self) -> bool: ...
    @property
    def is_over(self) -> bool:
        """Ended and recorded."""

    @property
    def duration_s(self) -> float | None: ...
    @property
    def attempt_number(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def thinking(self) -> str: ...
    @property
    def blocks(self) -> Blocks: ...
    def wait(self, timeout_s: float) -> bool:
        """Wait until it is over; false if it is not by then."""
