"""The newest events of a run's streams as they were decoded, in memory and bounded."""

from collections import deque
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

# Two bounds: short events take memory by their number, results of a search by their size.
MAX_EVENTS = 5_000
MAX_CHARACTERS = 2_000_000


class RawEvent(NamedTuple):
    """One event: `at_s` after the run began, its name (may be empty) and its data."""

    attempt: int
    at_s: float
    name: str
    data: str


@dataclass(frozen=True, slots=True)
class RawEventsSnapshot:
    """The events in memory, oldest first, and how many older ones were dropped."""

    events: tuple[RawEvent, ...]
    left_out: int


class RawEvents:
    """Events that one thread adds to and others read. Adding costs about a microsecond."""

    def __init__(self, max_events: int = MAX_EVENTS, max_characters: int = MAX_CHARACTERS) -> None:
        self._most_events, self._most_characters = max_events, max_characters
        self._events: deque[RawEvent] = deque()
        self._characters = 0
        self._left_out = 0
        self._lock = Lock()

    def add(self, attempt: int, at_s: float, name: str, data: str) -> None:
        with self._lock:
            self._events.append(RawEvent(attempt, at_s, name, data))
            self._characters += len(name) + len(data)
            while self._characters > self._most_characters or len(self._events) > self._most_events:
                oldest = self._events.popleft()
                self._characters -= len(oldest.name) + len(oldest.data)
                self._left_out += 1

    def read(self) -> RawEventsSnapshot:
        with self._lock:
            return RawEventsSnapshot(tuple(self._events), self._left_out)
