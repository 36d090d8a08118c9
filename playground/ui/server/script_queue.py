"""One script at a time: the pages of a process share one interpreter.

Streamlit gives each page a thread. When many compete for the interpreter lock, a thread that
releases it for a moment (for each message to a browser, each piece of an answer) waits for all
others to get it back, and everything is late.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from heapq import heapify, heappop, heappush
from itertools import count
from typing import ParamSpec, TypeVar

from playground.ui.server.page_sockets import client_ids
from playground.ui.server.streamlit_insides import stop_if_superseded

LOW_PRIORITY_DELAY_S = 10.0
"""How much longer a timer's script may wait for its turn than a person's."""
LONGEST_S = 2.0
"""A script that takes longer must be waiting for something else: the next one starts."""
PENALTY, RECOVERY_S = 10.0, 20.0
"""The delay of a turn, in seconds for each second of turns that its page and its address have had
lately, and the time constant with which those decay. A page that reruns without a pause must not
hold up a new one."""
CHECK_EVERY_S = 0.1
"""How often a waiting script checks whether it was superseded."""

MAX_CLIENTS = 10_000
"""Pages and addresses whose turns are remembered."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True, order=True)
class _Turn:
    due_s: float
    number: int
    clients: tuple[str, ...] = field(default=(), compare=False)
    has_come: threading.Event = field(default_factory=threading.Event, compare=False)
    began_s: float = field(default=0.0, compare=False)


class _RecentTurns:
    """The seconds of turns that each client has had lately; they decay exponentially."""

    def __init__(self) -> None:
        self._had: dict[str, tuple[float, float]] = {}

    def of(self, client: str, now_s: float) -> float:
        had_s, at_s = self._had.get(client, (0.0, now_s))
        return had_s * math.exp((at_s - now_s) / RECOVERY_S)

    def add(self, client: str, turn_s: float, now_s: float) -> None:
        self._had[client] = (self.of(client, now_s) + turn_s, now_s)
        if len(self._had) > MAX_CLIENTS:
            limit_s = now_s - RECOVERY_S
            self._had = {known: turns for known, turns in self._had.items() if turns[1] > limit_s}


class ScriptQueue:
    """Hands out turns: to people before timers, and first to those who had the least of them.
    `check` is called every `CHECK_EVERY_S` by each waiting script; an exception ends the wait."""

    def __init__(
        self,
        check: Callable[[], object],
        monotonic_s: Callable[[], float] = time.monotonic,
        get_clients: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._check, self._monotonic_s, self._get_clients = check, monotonic_s, get_clients
        self._had = _RecentTurns()
        self._lock = threading.Lock()
        # Turns that are due at the same moment are first come, first served.
        self._numbers = count()
        self._waiting: list[_Turn] = []
        self._running: _Turn | None = None
        # Reentrant: a fragment drawn within the page takes a turn too, on the same thread, and must
        # not wait for the turn that it is part of.
        self._here = threading.local()

    @contextmanager
    def turn(self, *, can_wait: bool = False) -> Iterator[None]:
        """Wait for a turn, and hold it for the block. Reentrant."""
        if getattr(self._here, "has_turn", False):
            yield
            return
        clients = self._get_clients()
        with self._lock:
            turn = _Turn(self._due_s(clients, can_wait=can_wait), next(self._numbers), clients)
            heappush(self._waiting, turn)
            self._admit()
        try:
            # No event is set when a turn exceeds `LONGEST_S`: waiting scripts check for it.
            while not turn.has_come.wait(CHECK_EVERY_S):
                self._check()
                with self._lock:
                    self._admit()
            self._here.has_turn = True
            yield
        finally:
            self._here.has_turn = False
            with self._lock:
                self._leave(turn)
                self._admit()

    def _due_s(self, clients: tuple[str, ...], *, can_wait: bool) -> float:
        now_s = self._monotonic_s()
        had_s = sum(self._had.of(client, now_s) for client in clients)
        # A client that had many turns still waits no longer than a timer.
        return now_s + (
            LOW_PRIORITY_DELAY_S if can_wait else min(LOW_PRIORITY_DELAY_S, PENALTY * had_s)
        )

    def _leave(self, turn: _Turn) -> None:
        if turn.has_come.is_set():
            now_s = self._monotonic_s()
            for client in turn.clients:
                self._had.add(client, now_s - turn.began_s, now_s)
        if self._running is turn:
            self._running = None
        # Left in the heap it would be admitted, and block the others without being used.
        elif turn in self._waiting:
            self._waiting.remove(turn)
            heapify(self._waiting)

    def _admit(self) -> None:
        now_s = self._monotonic_s()
        if self._running and now_s - self._running.began_s < LONGEST_S:
            return
        self._running = None
        if self._waiting:
            self._running = heappop(self._waiting)
            self._running.began_s = now_s
            self._running.has_come.set()


_queue = ScriptQueue(stop_if_superseded, get_clients=client_ids)
# Thread-local: a script that calls `st.rerun` is run again on the same thread.
_next = threading.local()


def in_turn(draw: Callable[P, T]) -> Callable[P, T]:
    """Decorator: draw the page, or a part that people click in, in its turn."""
    return _in_turn(draw, _pop_can_wait)


def in_later_turn(draw: Callable[P, T]) -> Callable[P, T]:
    """Decorator: draw a part that a timer redraws, after the scripts that people wait for."""
    return _in_turn(draw, lambda: True)


def _in_turn(draw: Callable[P, T], can_wait: Callable[[], bool]) -> Callable[P, T]:
    @wraps(draw)
    def when_its_turn_comes(*args: P.args, **kwargs: P.kwargs) -> T:
        with _queue.turn(can_wait=can_wait()):
            return draw(*args, **kwargs)

    return when_its_turn_comes


def defer_next_script() -> None:
    """Run the next script of this page, which no person triggered, after those of people."""
    _next.can_wait = True


def _pop_can_wait() -> bool:
    can_wait, _next.can_wait = getattr(_next, "can_wait", False), False
    return can_wait
