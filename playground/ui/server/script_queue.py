"""One script at a time: the pages of a process share one interpreter.

Streamlit gives each page a thread. When many want the interpreter at once, whatever lets go
of it for a moment (each message to a browser, each piece of an answer) waits for all of them
to have it back, and everything is late.
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

from playground.ui.server.page_sockets import asker
from playground.ui.server.streamlit_insides import leave_if_unwanted

LATER_S = 10.0
"""How much longer than a person a timer waits for its turn, when there are many."""
LONGEST_S = 2.0
"""A script that takes longer waits for something else than the interpreter: others go on."""
SETBACK, RECOVERY_S = 10.0, 20.0
"""How many seconds later a turn comes for each second of turns that its page and its address
have had lately, and how many seconds it takes to forget them. A page that asks again and again
must not hold up a new one."""
LOOK_S = 0.1
"""How often a script that waits looks whether it is still wanted."""

MOST_KNOWN = 10_000
"""Pages and addresses whose turns are remembered."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True, order=True)
class _Turn:
    due_s: float
    number: int
    askers: tuple[str, ...] = field(default=(), compare=False)
    has_come: threading.Event = field(default_factory=threading.Event, compare=False)
    began_s: float = field(default=0.0, compare=False)


class _RecentTurns:
    """The seconds of turns that each asker has had lately; they fade with time."""

    def __init__(self) -> None:
        self._had: dict[str, tuple[float, float]] = {}

    def of(self, asker: str, now_s: float) -> float:
        had_s, at_s = self._had.get(asker, (0.0, now_s))
        return had_s * math.exp((at_s - now_s) / RECOVERY_S)

    def add(self, asker: str, turn_s: float, now_s: float) -> None:
        self._had[asker] = (self.of(asker, now_s) + turn_s, now_s)
        if len(self._had) > MOST_KNOWN:
            limit_s = now_s - RECOVERY_S
            self._had = {known: turns for known, turns in self._had.items() if turns[1] > limit_s}


class Turns:
    """Hands out turns, to people before timers, and to those first who had least of them.
    `look` is called now and then by whoever waits; what it raises ends the waiting."""

    def __init__(
        self,
        look: Callable[[], object],
        monotonic_s: Callable[[], float] = time.monotonic,
        who: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._look, self._monotonic_s, self._who = look, monotonic_s, who
        self._had = _RecentTurns()
        self._lock = threading.Lock()
        # Turns that are due at the same moment come in the order in which they were asked for.
        self._numbers = count()
        self._waiting: list[_Turn] = []
        self._running: _Turn | None = None
        # A fragment drawn within the page takes a turn too, on the same thread: it must not wait
        # for the turn that it is part of.
        self._here = threading.local()

    @contextmanager
    def take(self, *, can_wait: bool = False) -> Iterator[None]:
        """Have a turn for the block, once it has come. Within a turn the next is the same."""
        if getattr(self._here, "has_turn", False):
            yield
            return
        askers = self._who()
        with self._lock:
            turn = _Turn(self._due_s(askers, can_wait=can_wait), next(self._numbers), askers)
            heappush(self._waiting, turn)
            self._admit()
        try:
            # A turn that lasts longer than `LONGEST_S` announces that to nobody: those who wait
            # look.
            while not turn.has_come.wait(LOOK_S):
                self._look()
                with self._lock:
                    self._admit()
            self._here.has_turn = True
            yield
        finally:
            self._here.has_turn = False
            with self._lock:
                self._leave(turn)
                self._admit()

    def _due_s(self, askers: tuple[str, ...], *, can_wait: bool) -> float:
        now_s = self._monotonic_s()
        had_s = sum(self._had.of(asker, now_s) for asker in askers)
        # Whoever had many turns still comes no later than a timer.
        return now_s + (LATER_S if can_wait else min(LATER_S, SETBACK * had_s))

    def _leave(self, turn: _Turn) -> None:
        if turn.has_come.is_set():
            now_s = self._monotonic_s()
            for asker in turn.askers:
                self._had.add(asker, now_s - turn.began_s, now_s)
        if self._running is turn:
            self._running = None
        # Left in the heap it would be admitted, and hold up all others with nobody to use it.
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


_turns = Turns(leave_if_unwanted, who=asker)
# A script that asks for a rerun is run again by the same thread.
_next = threading.local()


def in_turn(draw: Callable[P, T]) -> Callable[P, T]:
    """The page, or a part of it that people click in, when its turn comes."""
    return _in_turn(draw, _takes_can_wait)


def in_later_turn(draw: Callable[P, T]) -> Callable[P, T]:
    """A part of the page that a timer draws again, when nobody waits for a page."""
    return _in_turn(draw, lambda: True)


def _in_turn(draw: Callable[P, T], can_wait: Callable[[], bool]) -> Callable[P, T]:
    @wraps(draw)
    def when_its_turn_comes(*args: P.args, **kwargs: P.kwargs) -> T:
        with _turns.take(can_wait=can_wait()):
            return draw(*args, **kwargs)

    return when_its_turn_comes


def next_can_wait() -> None:
    """Nobody asked for the next script of this page: it comes after those that people wait for."""
    _next.can_wait = True


def _takes_can_wait() -> bool:
    can_wait, _next.can_wait = getattr(_next, "can_wait", False), False
    return can_wait
