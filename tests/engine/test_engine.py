"""Runs begin in turn, end once, and stop at once in whatever phase they are."""

import asyncio
import inspect
import threading
import time
from collections import Counter

import pytest
from scripted import NOW, REQUEST

from playground.core.answer.events import (
    Accepted,
    AttemptFailed,
    BlockStarted,
    Connecting,
    Finished,
    Reported,
    TextDelta,
    Usage,
)
from playground.core.answer.failures import Failure
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import DEMO
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.engine.loop import Engine
from playground.engine.run import Run

PLAN = plan(RunContext(DEMO, RetryPolicy(), (), NOW), Variant("A", REQUEST))
ANSWER = (Connecting(1), Accepted(200, "req_1"), TextDelta("Hel"), TextDelta("lo"))


@pytest.fixture
def engine_with():
    engines = []

    def build(**options):
        ended = []
        engine = Engine(lambda run: None, ended.append, **options)
        engine.ended = ended
        engines.append(engine)
        return engine

    yield build
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(engine_with):
    return engine_with()


def new_run(visitor="v", owner="o"):
    return Run(owner, visitor, PLAN)


def sending(*events, then_wait=False):
    async def send():
        for event in events:
            yield event
        if then_wait:
            await asyncio.Event().wait()

    return send


def until(condition, timeout_s=5.0):
    """Wait for another thread without a fixed sleep."""
    pause = threading.Event()
    limit_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < limit_s, "it did not happen in time"
        pause.wait(0.002)


def test_a_run_collects_its_answer(engine):
    run = new_run()
    engine.start(run, sending(*ANSWER, Reported(Usage(3, 2)), Finished("end_turn")))
    assert run.wait(5)
    assert (run.status, run.text, run.stop_reason) == ("done", "Hello", "end_turn")
    assert run.usage == Usage(3, 2)
    assert run.ttft_s <= run.duration_s
    [attempt] = run.attempts
    assert (attempt.number, attempt.http_status, attempt.request_id) == (1, 200, "req_1")
    assert engine.ended == [run]


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((Connecting(1), AttemptFailed(1, Failure("authentication"), None, "w")), "failed"),
        ((*ANSWER, AttemptFailed(1, Failure("dropped"), None, "w")), "interrupted"),
        ((Connecting(1), AttemptFailed(1, Failure("truncated"), None, "w")), "failed"),
        (
            (
                Connecting(1),
                BlockStarted("tool_use"),
                AttemptFailed(1, Failure("truncated"), None, "w"),
            ),
            "interrupted",
        ),
        (
            (Connecting(1), AttemptFailed(1, Failure("damaged"), None, "w", has_begun=True)),
            "interrupted",
        ),
    ],
)
def test_a_failure_is_an_interruption_once_part_of_the_answer_is_there(engine, events, status):
    run = new_run()
    engine.start(run, sending(*events))
    assert run.wait(5)
    assert run.status == status
    assert run.failure is not None


def test_an_answer_cut_short_has_at_least_a_token_a_delta(engine):
    run = new_run()
    failed = AttemptFailed(1, Failure("dropped"), None, "w")
    engine.start(run, sending(Connecting(1), Reported(Usage(9, 1)), *ANSWER[2:], failed))
    assert run.wait(5)
    assert run.usage == Usage(9, 2)


def test_an_error_in_our_own_code_ends_the_run_too(engine):
    async def send():
        yield Connecting(1)
        raise ZeroDivisionError

    run = new_run()
    engine.start(run, send)
    assert run.wait(5)
    assert (run.status, run.failure.kind) == ("failed", "internal")


def test_a_waiting_run_shows_when_it_tries_again(engine):
    failed = AttemptFailed(1, Failure("overloaded", http_status=529), 30.0, "529 overloaded")
    run = new_run()
    engine.start(run, sending(Connecting(1), failed, then_wait=True))
    until(lambda: run.status == "waiting")
    assert 29 < run.next_attempt_s - time.monotonic() <= 30
    assert run.attempts[0].wait_s == 30.0


@pytest.mark.parametrize(
    "events",
    [
        (),
        (Connecting(1),),
        (Connecting(1), Accepted(200, None)),
        ANSWER,
        (Connecting(1), AttemptFailed(1, Failure("overloaded"), 30.0, "w")),
    ],
    ids=["begun", "connecting", "accepted", "streaming", "waiting"],
)
def test_stop_works_at_once_in_every_phase(engine, events):
    run = new_run()
    engine.start(run, sending(*events, then_wait=True))
    until(lambda: run.began_s is not None)
    before_s = time.monotonic()
    engine.stop([run])
    assert run.wait(1)
    assert run.status == "stopped"
    assert run.text == "".join(event.text for event in events if isinstance(event, TextDelta))
    assert time.monotonic() - before_s < 0.5
    assert engine.ended == [run]


def test_stopped_twice_a_run_ends_in_its_own_way_all_the_same(engine):
    closed = threading.Event()
    begun, may_close = asyncio.Event(), asyncio.Event()

    async def send():
        try:
            yield Connecting(1)
            await asyncio.Event().wait()
        finally:
            begun.set()
            await may_close.wait()
            closed.set()

    async def let_close():
        await begun.wait()
        engine.stop([run])
        await asyncio.sleep(0)
        may_close.set()

    run = new_run()
    engine.start(run, send)
    until(lambda: run.attempt_number == 1)
    engine.stop([run])
    engine.call(let_close()).result(5)
    assert run.wait(5)
    assert run.status == "stopped"
    assert closed.is_set()


def test_stopped_right_after_its_start_a_run_still_ends_once(engine):
    runs = [new_run() for _ in range(50)]
    for run in runs:
        engine.start(run, sending(*ANSWER, then_wait=True))
        engine.stop([run])
    assert all(run.wait(5) for run in runs)
    assert {run.status for run in runs} == {"stopped"}
    assert len(engine.ended) == 50


def test_of_runs_stopped_together_none_begins_in_the_place_of_another(engine_with):
    engine, sent = engine_with(max_runs=1), []
    runs = [new_run() for _ in range(50)]

    def sending_noted(run):
        async def send():
            sent.append(run)
            yield Connecting(1)
            await asyncio.Event().wait()

        return send

    for run in runs:
        engine.start(run, sending_noted(run))
    until(lambda: runs[0].attempt_number == 1 and runs[-1].ahead == 48)

    def one_by_one():
        # A slow thread: the loop comes to an end of what it was told between any two.
        for run in runs:
            engine.call(asyncio.sleep(0)).result(5)
            yield run

    engine.stop(one_by_one())
    assert all(run.wait(5) for run in runs)
    assert sent == [runs[0]]


def test_a_visitor_gets_no_more_than_a_share_and_the_queue_is_in_order(engine_with):
    engine = engine_with(max_runs=3, max_runs_per_visitor=2)
    greedy = [new_run("greedy") for _ in range(4)]
    modest = [new_run("modest") for _ in range(2)]
    for run in [*greedy, *modest]:
        engine.start(run, sending(*ANSWER, then_wait=True))
    statuses = ["streaming", "streaming", "queued", "queued"]
    until(lambda: [run.status for run in greedy] == statuses)
    until(lambda: modest[0].status == "streaming" and modest[1].ahead == 2)
    assert (greedy[2].ahead, greedy[3].ahead, modest[1].ahead) == (0, 1, 2)
    engine.stop([greedy[0]])
    until(lambda: greedy[2].status == "streaming")
    engine.stop([greedy[3]])
    assert greedy[3].wait(5)
    assert greedy[3].began_s is None
    until(lambda: modest[1].ahead == 0)


def test_fifty_visitors_with_eight_runs_each_stay_below_the_caps_and_all_get_their_turn(
    engine_with,
):
    engine = engine_with(max_runs=32, max_runs_per_visitor=4, max_waiting=400)
    running, most, begun = Counter(), Counter(), []

    def answering(run):
        async def send():
            running.update([run.visitor, "all"])
            begun.append(run)
            for who in (run.visitor, "all"):
                most[who] = max(most[who], running[who])
            await asyncio.sleep(0)
            yield Finished("end_turn")
            running.subtract([run.visitor, "all"])

        return send

    # One press after the other: eight runs each.
    presses = [[new_run(f"visitor {n}") for _ in range(8)] for n in range(50)]
    for runs in presses:
        assert engine.reserve_places(runs) is None
        for run in runs:
            engine.start(run, answering(run))
    assert all(run.wait(20) for runs in presses for run in runs)
    assert most.pop("all") <= 32
    assert max(most.values()) <= 4
    assert {run.status for runs in presses for run in runs} == {"done"}
    assert len(begun) == 400
    # In the order of their arrival, but for who had a share already: of any visitor the
    # runs begin in order, and nobody is passed by more runs than may run at once.
    for runs in presses:
        assert [run for run in begun if run in runs] == runs
    arrived = {run.id: place for place, run in enumerate(run for runs in presses for run in runs)}
    assert all(arrived[run.id] - place <= 32 for place, run in enumerate(begun))
    assert engine.why_full("visitor 1", 100) is None


def test_more_than_may_wait_are_refused_all_or_none_and_places_come_back(engine_with):
    engine = engine_with(max_runs=1, max_waiting=8)
    first = new_run()
    assert engine.reserve_places([first]) is None
    engine.start(first, sending(*ANSWER, then_wait=True))
    until(lambda: first.status == "streaming")
    waiting = [[new_run(visitor) for _ in range(2)] for visitor in "abcd"]
    for runs in waiting:
        assert engine.reserve_places(runs) is None
        for run in runs:
            engine.start(run, sending(*ANSWER, then_wait=True))
    assert "8 of 8 places" in engine.reserve_places([new_run("e"), new_run("e")]).sentence
    assert "8 of 8 places" in engine.why_full("e", 1)
    until(lambda: waiting[3][1].ahead == 7)
    engine.stop([waiting[3][1]])
    assert waiting[3][1].wait(5)
    assert engine.why_full("e", 1) is None
    assert engine.why_full("e", 2) is not None
    refused = [new_run("e")]
    assert engine.reserve_places(refused) is None
    assert engine.why_full("f", 1) is not None
    engine.release_places(refused)
    assert engine.why_full("f", 1) is None
    assert "2 of your 2 places" in engine.reserve_places([new_run("a")]).sentence


def test_strangers_demo_runs_hold_up_no_other_and_have_places_of_their_own(engine_with):
    engine = engine_with(
        max_runs=4,
        max_runs_per_visitor=2,
        max_waiting=16,
        uses_demo_lane=lambda run: run.visitor.startswith("demo"),
    )
    demo = [new_run(f"demo {n}") for n in range(10)]
    for first, last in ((0, 2), (2, 10)):
        for run in demo[first:last]:
            assert engine.reserve_places([run]) is None
            engine.start(run, sending(*ANSWER, then_wait=True))
        until(lambda: [run.status for run in demo].count("streaming") == 2)
    assert "8 of 8 places" in engine.reserve_places([new_run("demo 10")]).sentence
    assert "8 of 8 places" in engine.why_full("demo 10", 1, uses_demo_lane=True)
    paid = [new_run(visitor) for visitor in "aabb"]
    for run in paid:
        assert engine.reserve_places([run]) is None
        engine.start(run, sending(*ANSWER, then_wait=True))
    until(lambda: {run.status for run in paid} == {"streaming"})
    assert [run.status for run in demo] == ["streaming"] * 2 + ["queued"] * 8
    waiting = new_run("c")
    assert engine.reserve_places([waiting]) is None
    engine.start(waiting, sending(*ANSWER, then_wait=True))
    engine.stop([demo[0]])
    until(lambda: demo[2].status == "streaming")
    assert (waiting.status, waiting.ahead, demo[9].ahead) == ("queued", 0, 6)
    engine.stop([paid[0]])
    until(lambda: waiting.status == "streaming")
    engine.stop([demo[9]])
    assert demo[9].wait(5)
    assert demo[9].status == "stopped"


@pytest.mark.parametrize("max_runs", [1, 2, 32])
def test_however_few_may_run_a_paid_run_never_waits_behind_strangers_demo_runs(
    engine_with, max_runs
):
    engine = engine_with(max_runs=max_runs, uses_demo_lane=lambda run: run.visitor != "owner")
    strangers = [new_run(f"s{n}") for n in range(80)]
    for run in strangers:
        engine.start(run, sending(*ANSWER, then_wait=True))
    until(lambda: any(run.status == "streaming" for run in strangers))
    own = new_run("owner")
    engine.start(own, sending(*ANSWER, then_wait=True))
    until(lambda: own.status == "streaming")
    assert own.ahead is None


def test_who_does_not_come_back_is_reported_once_gone(engine_with):
    gone = []
    engine = engine_with(grace_s=0.02, on_gone=gone.append)
    engine.page_seen("stayed")
    engine.page_seen("left", lambda: False)
    until(lambda: gone == ["left"])
    engine.page_seen("came again", lambda: False)
    until(lambda: gone == ["left", "came again"])


def test_an_error_about_one_page_is_logged_and_the_next_is_reported_all_the_same(
    engine_with, caplog
):
    gone = []

    def on_gone(owner):
        if owner == "broken":
            raise OSError("sk-secret")
        gone.append(owner)

    engine = engine_with(grace_s=0.02, on_gone=on_gone)
    engine.page_seen("broken", lambda: False)
    until(lambda: "a page was not forgotten: OSError" in caplog.text)
    engine.page_seen("unknown", lambda: 1 / 0)
    until(lambda: gone == ["unknown"])
    assert "a page could not be looked for: ZeroDivisionError" in caplog.text
    assert "sk-secret" not in caplog.text
    caplog.clear()


def test_the_runs_of_someone_who_left_are_cancelled_after_a_grace(engine_with):
    engine = engine_with(grace_s=0.05)
    left, stayed = new_run(owner="left"), new_run(owner="stayed")
    for run in (left, stayed):
        engine.start(run, sending(*ANSWER, then_wait=True))
    engine.page_seen("stayed")
    engine.page_seen("left", lambda: False)
    assert left.wait(5)
    assert left.status == "stopped"
    assert stayed.status == "streaming"


def test_someone_who_comes_back_in_time_finds_the_runs(engine_with):
    engine = engine_with(grace_s=0.2)
    run, witness = new_run(owner="blip"), new_run(owner="gone")
    for each in (run, witness):
        engine.start(each, sending(*ANSWER, then_wait=True))
    looked, connected = threading.Event(), [False]

    def comes_back():
        looked.set()
        return connected[0]

    engine.page_seen("blip", comes_back)
    assert looked.wait(5)
    connected[0] = True
    engine.page_seen("gone", lambda: False)
    assert witness.wait(5)
    assert run.status == "streaming"


def test_a_run_that_cannot_be_recorded_frees_its_place_all_the_same():
    def refuse(run):
        raise OSError

    engine = Engine(lambda run: None, refuse, max_runs=1)
    runs = [new_run(), new_run()]
    for run in runs:
        engine.start(run, sending(*ANSWER, Finished("end_turn")))
    assert all(run.wait(5) for run in runs)
    engine.close()


def test_run_ids_sort_by_time():
    ids = [new_run().id for _ in range(100)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 100


def test_what_else_was_called_ends_with_the_engine():
    engine = Engine(lambda run: None, lambda run: None)
    begun, ended = threading.Event(), threading.Event()

    async def wait():
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    work = engine.call(wait())
    assert begun.wait(5)
    engine.close()
    assert ended.is_set()
    assert work.cancelled()


def test_no_task_is_cut_off_before_its_first_step():
    handed = []

    async def await_it(inner):
        await inner

    async def begin_tasks(is_under_way):
        while True:
            handed.append(asyncio.sleep(0))
            asyncio.create_task(await_it(handed[-1]))  # noqa: RUF006
            await asyncio.sleep(0)
            is_under_way.set()

    for _ in range(30):
        engine, is_under_way = Engine(lambda run: None, lambda run: None), threading.Event()
        engine.call(begin_tasks(is_under_way))
        assert is_under_way.wait(5)
        engine.close()
    assert {inspect.getcoroutinestate(each) for each in handed} == {inspect.CORO_CLOSED}


def test_whoever_calls_while_the_engine_ends_does_not_wait_for_ever():
    def hand_over_and_over(engine, is_enough):
        while not is_enough.wait(0.0005):
            engine.hand_over("one", "other")

    for _ in range(20):
        engine, is_enough = Engine(lambda run: None, lambda run: None), threading.Event()
        callers = [
            threading.Thread(target=hand_over_and_over, args=(engine, is_enough), daemon=True)
            for _ in range(4)
        ]
        for caller in callers:
            caller.start()
        engine.close()
        is_enough.set()
        for caller in callers:
            caller.join(5)
            assert not caller.is_alive()
    late = asyncio.sleep(0)
    assert engine.call(late).cancelled()
    assert inspect.getcoroutinestate(late) == inspect.CORO_CLOSED
    engine.stop([new_run()])


SHUT_DOWN = "Stopped by the server, which was shut down or restarted."


def test_a_run_knows_who_stopped_it(engine_with):
    engine = engine_with(grace_s=0.05)
    mine, left = new_run(), new_run(owner="left")
    for run in (mine, left):
        engine.start(run, sending(*ANSWER, then_wait=True))
        until(lambda run=run: run.text == "Hello")
    engine.stop([mine])
    assert mine.wait(5)
    assert (mine.stopped_by, mine.why, mine.attempts[-1].why) == ("you", "", "Stopped.")
    engine.page_seen("left", lambda: False)
    assert left.wait(5)
    assert left.stopped_by == "page gone"
    assert left.why == "Stopped by the server, because the page was gone for 0.05 s."
    assert left.attempts[-1].why == left.why


def test_the_end_of_the_server_stops_what_runs_waits_or_is_started_then(engine_with):
    engine = engine_with(max_runs=1)
    running, waiting, late = new_run(), new_run(), new_run()
    engine.start(running, sending(*ANSWER, then_wait=True))
    engine.start(waiting, sending(*ANSWER))
    until(lambda: running.text == "Hello")
    engine.stop_all()
    engine.start(late, sending(*ANSWER))
    for run in (running, waiting, late):
        assert run.wait(5)
        assert (run.status, run.stopped_by, run.why) == ("stopped", "server", SHUT_DOWN)
    assert set(engine.ended) == {running, waiting, late}
    assert [run.text for run in engine.ended if run is not running] == ["", ""]
    engine.close()
    engine.close()


def test_a_run_that_does_not_end_in_time_is_recorded_as_far_as_it_came(engine):
    async def clinging():
        try:
            yield from_now_on
            await asyncio.Event().wait()
        finally:
            await asyncio.Event().wait()

    from_now_on = TextDelta("Hello")
    run = new_run()
    engine.start(run, clinging)
    until(lambda: run.text == "Hello")
    began_s = time.monotonic()
    engine.close(patience_s=0.1)
    assert time.monotonic() - began_s < 3
    assert (run.status, run.text, run.stopped_by) == ("stopped", "Hello", "server")
    assert engine.ended == [run]
