"""Starts, queues and stops runs: one asyncio loop in one daemon thread.

Knows neither the API nor the log: a run is handed `send`, which yields events, and the
engine two callbacks.
"""

import asyncio
import contextlib
import inspect
import logging
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import TypeVar

from playground.core.answer.events import AttemptFailed, Event
from playground.core.answer.failures import Failure
from playground.core.runs.outcome import StoppedBy, why_stopped
from playground.core.runs.run_view import RunView
from playground.core.text.refusal import Refusal
from playground.core.visitors.queue_places import demo_lane_size, queue_problem
from playground.engine.run import Run

GRACE_S = 25.0
"""How long a visitor may be gone before the runs are cancelled."""

T = TypeVar("T")
Send = Callable[[], AsyncGenerator[Event, None]]


@dataclass(slots=True)
class _Lane:
    """A queue with its own limits: how many runs may run and wait, and which do."""

    max_runs: int
    max_waiting: int
    places: dict[str, str] = field(default_factory=dict)
    queue: list[tuple[Run, Send]] = field(default_factory=list)


class Engine:
    """The loop, its runs and its queues. Every method may be called from any thread.

    Runs that `uses_demo_lane` names (strangers' on the demo) have places of their own, half as many
    on top: no other run ever waits behind one of them.
    """

    def __init__(
        self,
        on_start: Callable[[Run], None],
        on_end: Callable[[Run], None],
        *,
        max_runs: int = 32,
        max_runs_per_visitor: int = 8,
        max_waiting: int = 200,
        uses_demo_lane: Callable[[Run], bool] = lambda run: False,
        on_gone: Callable[[str], None] = lambda owner: None,
        grace_s: float = GRACE_S,
    ) -> None:
        self._on_start, self._on_end, self._on_gone = on_start, on_end, on_gone
        self._uses_demo_lane = uses_demo_lane
        self._lanes = {
            False: _Lane(max_runs, max_waiting),
            True: _Lane(demo_lane_size(max_runs), demo_lane_size(max_waiting)),
        }
        # Scripts take places on their own threads while the loop gives some back: two that count
        # at once would both fit into the last place.
        self._counting = threading.Lock()
        # What is called as the loop ends would never be done, and whoever waits for it would wait
        # for ever: the last call and the end come one after the other.
        self._calling = threading.Lock()
        self._takes_calls = True
        self._most_each = max_runs_per_visitor
        self._grace_s = grace_s
        self._tasks: dict[str, tuple[Run, asyncio.Task[None]]] = {}
        self._pages: dict[str, Callable[[], bool]] = {}
        self._stopping: dict[str, StoppedBy] = {}
        self._is_closing = False
        self._gone_since_s: dict[str, float] = {}
        self._live_owners = 0
        # One loop for all runs: fifty visitors see their first words after 0.1 s, where a thread
        # for each run takes 15 s and more. A daemon does not keep an ending process alive.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name="engine", daemon=True)
        self._thread.start()

    def why_full(self, visitor: str, count: int, *, uses_demo_lane: bool = False) -> str | None:
        """Why so many more of a visitor's runs can't be queued now; None if they can."""
        with self._counting:
            return self._why_full(visitor, count, self._lanes[uses_demo_lane])

    def reserve_places(self, runs: Sequence[Run]) -> Refusal | None:
        """Reserve places in the queue for all of a visitor's runs to one connection, or for none
        and say why. A run releases its place when it begins."""
        lane = self._lane(runs[0])
        with self._counting:
            why = self._why_full(runs[0].visitor, len(runs), lane)
            if why is None:
                lane.places |= {run.id: run.visitor for run in runs}
            return Refusal(why) if why else None

    def release_places(self, runs: Sequence[Run]) -> None:
        """Release the places of runs that are not started after all."""
        with self._counting:
            for run in runs:
                self._lane(run).places.pop(run.id, None)

    def _why_full(self, visitor: str, count: int, lane: _Lane) -> str | None:
        own = Counter(lane.places.values())[visitor]
        return queue_problem(visitor, count, own, len(lane.places), lane.max_waiting)

    def _lane(self, run: Run) -> _Lane:
        return self._lanes[self._uses_demo_lane(run)]

    def start(self, run: Run, send: Send) -> None:
        """Queue a run; it begins as soon as the caps allow."""
        self._on_start(run)
        # A closing loop may never get to the run, and its waiters would wait for ever.
        if self._is_closing:
            self.release_places([run])
            self._stop(run, "server")
            self._finish(run)
            return
        self._loop.call_soon_threadsafe(self._enqueue, run, send)

    def stop(self, runs: Iterable[RunView]) -> None:
        """Cancel runs, whatever they do; `run.wait` tells when one has ended."""
        run_ids = [run.id for run in runs]
        if self._is_closing:
            return  # They are being stopped, and the loop may be closed.

        # All in one step of the loop: one by one, the end of the first would begin the next in
        # the queue before that is cancelled, and it would be sent and paid for.
        def cancel() -> None:
            for run_id in run_ids:
                self._cancel(run_id, "you")

        self._loop.call_soon_threadsafe(cancel)

    def stop_all(self) -> None:
        """The server ends: stop every run, also those that anybody starts from now on."""
        self._is_closing = True
        if self._loop.is_closed():
            return

        def cancel() -> None:
            for run in [*self._running(), *self._queued()]:
                self._cancel(run.id, "server")

        # Tasks and queues belong to the loop: read on this thread, they could change meanwhile.
        self._loop.call_soon_threadsafe(cancel)

    def call(self, work: Coroutine[object, None, T]) -> "Future[T]":
        """Run a coroutine on the loop, such as reading the list of models; cancelled once the
        engine is closed."""
        with self._calling:
            if self._takes_calls:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        cancelled: Future[T] = Future()
        cancelled.cancel()
        return cancelled

    @property
    def live_owners(self) -> int:
        """How many pages have a queued or running run."""
        return self._live_owners

    def page_seen(self, owner: str, is_connected: Callable[[], bool] = lambda: True) -> None:
        """The owner's page is open. Once `is_connected` has been false for the grace period, its
        runs are cancelled."""
        self._pages[owner] = is_connected
        self._gone_since_s.pop(owner, None)

    def is_page_gone(self, owner: str) -> bool:
        """Whether the owner's page is disconnected."""
        is_connected = self._pages.get(owner)
        return is_connected is None or not is_connected()

    def hand_over(self, owner: str, to: str) -> None:
        """Transfer an owner's runs to another page of the same visitor."""

        # On the loop, so that the reaper cannot cancel a run while its owner is being changed.
        async def hand_over() -> None:
            for run in [*self._running(), *self._queued()]:
                if run.owner == owner:
                    run.owner = to

        # Of an engine that is closed no run goes on.
        with contextlib.suppress(CancelledError):
            self.call(hand_over()).result()

    def close(self, patience_s: float = 10.0) -> None:
        """Stop every run, whatever else was called, and the loop; what does not end within
        `patience_s` is left behind."""
        if self._loop.is_closed():
            return
        self.stop_all()
        asyncio.run_coroutine_threadsafe(self._close(patience_s), self._loop).result()
        with self._calling:
            self._takes_calls = False
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        # Once more: something may have been called since.
        self._loop.run_until_complete(self._close(0.0))
        self._loop.close()

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        # asyncio holds tasks only weakly: without a reference this one could be collected.
        self._reaper = self._loop.create_task(self._reap())
        self._loop.run_forever()

    def _enqueue(self, run: Run, send: Send) -> None:
        self._lane(run).queue.append((run, send))
        # It was handed over before the server began to end, and `stop_all` did not see it.
        if self._is_closing:
            self._cancel(run.id, "server")
        else:
            self._admit()

    def _admit(self) -> None:
        """First come, first served, but no visitor gets more than a fair share."""
        for lane in self._lanes.values():
            running = [run for run in self._running() if self._lane(run) is lane]
            count, active = len(running), Counter(run.visitor for run in running)
            waiting: list[tuple[Run, Send]] = []
            for run, send in lane.queue:
                # A visitor at their share is passed over: nobody waits behind the rest of theirs.
                if count < lane.max_runs and active[run.visitor] < self._most_each:
                    count += 1
                    active[run.visitor] += 1
                    self._begin(run, send)
                else:
                    run.ahead = len(waiting)
                    waiting.append((run, send))
            lane.queue = waiting
        self._live_owners = len({run.owner for run in [*self._running(), *self._queued()]})

    def _begin(self, run: Run, send: Send) -> None:
        run.ahead = None
        self.release_places([run])
        task = self._loop.create_task(self._drive(run, send))
        self._tasks[run.id] = (run, task)
        # Not a `finally` of the task: one that is cancelled before its first step has none.
        task.add_done_callback(lambda _: self._ended(run))

    async def _drive(self, run: Run, send: Send) -> None:
        run.began_s = time.monotonic()
        try:
            # A generator that is merely dropped closes its connection when it is collected; Stop
            # must close it now.
            async with contextlib.aclosing(send()) as events:
                async for event in events:
                    run.fold(event, time.monotonic())
        # A stop is no Exception and passes through: `_ended` knows who asked for it. Of an error
        # only the type is logged, for its text can hold a prompt or a key.
        except Exception as error:
            logging.getLogger(__name__).error("a run broke: %s", type(error).__name__)
            failure = Failure("internal", type(error).__name__, billed="possibly")
            run.fold(AttemptFailed(1, failure, None, ""), time.monotonic())

    def _stop(self, run: Run, by: StoppedBy) -> None:
        run.stop(time.monotonic(), by, why_stopped(by, self._grace_s))

    def _ended(self, run: Run) -> None:
        # `_close` ends what takes too long; its own callback may still come afterwards.
        if self._tasks.pop(run.id, None) is None:
            return
        by = self._stopping.pop(run.id, "server")
        if run.is_live:
            self._stop(run, by)
        self._finish(run)
        self._admit()

    def _finish(self, run: Run) -> None:
        try:
            self._on_end(run)
        except Exception as error:
            # A run that cannot be recorded must not keep the next ones from starting.
            logging.getLogger(__name__).error("a run was not recorded: %s", type(error).__name__)
        run.mark_recorded()

    def _cancel(self, run_id: str, by: StoppedBy) -> None:
        if run_id in self._tasks:
            # A run ends in its own way: cancelled once more it would be cut short in that.
            if run_id not in self._stopping:
                self._stopping[run_id] = by
                self._tasks[run_id][1].cancel()
            return
        for run in [run for run in self._queued() if run.id == run_id]:
            lane = self._lane(run)
            lane.queue = [entry for entry in lane.queue if entry[0] is not run]
            self.release_places([run])
            self._stop(run, by)
            self._finish(run)
        self._admit()

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._grace_s / 4))
            now_s = time.monotonic()
            # A copy: pages sign in on their own threads meanwhile.
            for owner in list(self._pages):
                if self._is_connected(owner):
                    self._gone_since_s.pop(owner, None)
                else:
                    self._gone_since_s.setdefault(owner, now_s)
            limit_s = now_s - self._grace_s
            gone = {
                owner for owner, since_s in list(self._gone_since_s.items()) if since_s < limit_s
            }
            for run in [*self._running(), *self._queued()]:
                if run.owner in gone:
                    self._cancel(run.id, "page gone")
            for owner in gone:
                self._pages.pop(owner, None)
                self._gone_since_s.pop(owner, None)
                try:
                    self._on_gone(owner)
                # One page's error must not keep the others' runs going on, unseen and paid for.
                except Exception as error:
                    name = type(error).__name__
                    logging.getLogger(__name__).error("a page was not forgotten: %s", name)

    def _is_connected(self, owner: str) -> bool:
        try:
            return self._pages[owner]()
        except Exception as error:
            name = type(error).__name__
            logging.getLogger(__name__).error("a page could not be looked for: %s", name)
            return False

    def _running(self) -> list[Run]:
        return [run for run, _ in self._tasks.values()]

    def _queued(self) -> list[Run]:
        return [run for lane in self._lanes.values() for run, _ in lane.queue]

    async def _close(self, patience_s: float) -> None:
        ending: set[asyncio.Task[object]]
        ending = {task for _, task in self._tasks.values()}
        # Repeated, because what is cancelled may start further tasks in order to end.
        while others := asyncio.all_tasks() - ending - {asyncio.current_task()}:
            for task in others:
                # One cancelled before its first step never awaits what it was handed.
                if _has_begun(task):
                    task.cancel()
                    ending.add(task)
            await asyncio.sleep(0)
        if ending:
            await asyncio.wait(ending, timeout=patience_s)
        # Recorded as far as they came: otherwise their rows would say for ever that they are live.
        for run in self._running():
            self._ended(run)


def _has_begun(task: "asyncio.Task[object]") -> bool:
    work = task.get_coro()
    return not inspect.iscoroutine(work) or inspect.getcoroutinestate(work) != inspect.CORO_CREATED
