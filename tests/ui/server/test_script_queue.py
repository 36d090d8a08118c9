"""Pages take turns: one script at a time, and people before timers."""

import threading
from contextlib import contextmanager

import pytest
from browser.driving import until
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.testing.v1 import AppTest
from ui.driving import press_run

from playground.ui.server import script_queue
from playground.ui.server.script_queue import (
    LONGEST_S,
    LOW_PRIORITY_DELAY_S,
    RECOVERY_S,
    ScriptQueue,
)

SOON_S = 10


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


class Queue:
    """Scripts that ask for turns one after the other, each in a thread of its own."""

    def __init__(self, look=lambda: None):
        self.clock, self.order, self._threads = Clock(), [], []
        self._looked = threading.Semaphore(0)
        self._look = look
        self.asker = threading.local()
        self.turns = ScriptQueue(self._notice, self.clock, lambda: getattr(self.asker, "is_", ()))

    def _notice(self):
        self._looked.release()
        self._look()

    def ask(self, name, asker=(), **how):
        def script():
            self.asker.is_ = asker
            with self.turns.turn(**how):
                self.order.append(name)

        before = len(self.turns._waiting)
        self._threads.append(threading.Thread(target=script, daemon=True))
        self._threads[-1].start()
        # Those that asked earlier look as well: this one must be in the queue before the next.
        until(lambda: len(self.turns._waiting) > before, SOON_S, f"{name} in the queue")
        self.looks()

    def looks(self):
        """Return once some script that waits has looked."""
        assert self._looked.acquire(timeout=SOON_S)

    def pass_s(self, seconds):
        """Let time pass; who has the turn began only just now, and so is not passed over."""
        self.turns._running.began_s += seconds
        self.clock.now_s += seconds

    @contextmanager
    def busy(self):
        """While the turn is another script's; then all others have theirs."""
        with self.turns.turn():
            yield
        self.end()

    def end(self):
        for thread in self._threads:
            thread.join(SOON_S)
            assert not thread.is_alive()


@pytest.fixture
def queue():
    return Queue()


def test_scripts_go_one_after_the_other_in_the_order_in_which_they_asked(queue):
    with queue.busy():
        queue.ask("first")
        queue.clock.now_s = 1.0
        queue.ask("second")
        assert queue.order == []
    assert queue.order == ["first", "second"]


def test_a_person_goes_before_a_timer_that_asked_earlier(queue):
    with queue.busy():
        queue.ask("timer", can_wait=True)
        queue.clock.now_s = 1.0
        queue.ask("person")
    assert queue.order == ["person", "timer"]


def test_a_timer_that_has_waited_for_long_goes_first(queue):
    with queue.busy():
        queue.ask("timer", can_wait=True)
        queue.pass_s(LOW_PRIORITY_DELAY_S + 1.0)
        queue.ask("person")
    assert queue.order == ["timer", "person"]


def had_turns(queue, seconds, *askers):
    queue.asker.is_ = askers
    with queue.turns.turn():
        queue.clock.now_s += seconds
    queue.asker.is_ = ()


def test_who_had_many_turns_lately_goes_after_who_had_none(queue):
    had_turns(queue, 1.0, "greedy", "there")
    with queue.busy():
        for number in range(30):
            queue.ask(f"again {number}", ("greedy", "there"))
        queue.ask("another page of theirs", ("new", "there"))
        queue.pass_s(5.0)
        queue.ask("new page", ("modest", "elsewhere"))
    assert queue.order[0] == "new page"
    assert queue.order.index("another page of theirs") > 0
    assert queue.order[1:31] == [f"again {number}" for number in range(30)]


def test_of_pages_at_one_address_the_one_that_had_least_goes_first(queue):
    for number in range(3):
        had_turns(queue, 0.2, f"page {number}", "there")
    with queue.busy():
        for number in range(3):
            queue.ask(f"page {number}", (f"page {number}", "there"))
        queue.ask("new page", ("new", "there"))
    assert queue.order == ["new page", "page 0", "page 1", "page 2"]


def test_what_somebody_had_is_forgotten_and_never_makes_one_wait_longer_than_a_timer(queue):
    had_turns(queue, 1.9, "greedy", "there")
    with queue.busy():
        queue.ask("again", ("greedy", "there"))
        queue.pass_s(LOW_PRIORITY_DELAY_S + 0.1)
        queue.ask("new page", ("modest", "elsewhere"))
    assert queue.order == ["again", "new page"]
    queue.order.clear()
    queue.clock.now_s += 20 * RECOVERY_S
    with queue.busy():
        queue.ask("again", ("greedy", "there"))
        queue.clock.now_s += 0.1
        queue.ask("new page", ("modest", "elsewhere"))
    assert queue.order == ["again", "new page"]


def test_a_script_that_takes_long_holds_nobody_up(queue):
    with queue.turns.turn():
        queue.ask("other")
        assert queue.order == []
        queue.clock.now_s = LONGEST_S
        queue.end()
        assert queue.order == ["other"]


def test_within_a_turn_the_next_one_has_come(queue):
    with queue.turns.turn(), queue.turns.turn(can_wait=True):
        queue.order.append("nested")
    with queue.turns.turn():
        queue.order.append("next")
    assert queue.order == ["nested", "next"]


def test_a_script_that_breaks_gives_its_turn_back(queue):
    with pytest.raises(ZeroDivisionError), queue.turns.turn():
        _ = 1 / 0
    with queue.busy():
        queue.ask("other")
    assert queue.order == ["other"]


def test_a_script_that_is_not_wanted_any_more_leaves_the_queue():
    def look():
        raise RuntimeError("another message")

    queue, ended = Queue(look), []

    def script():
        with pytest.raises(RuntimeError), queue.turns.turn():
            queue.order.append("unwanted")
        ended.append(True)

    with queue.turns.turn():
        waiting = threading.Thread(target=script, daemon=True)
        waiting.start()
        waiting.join(SOON_S)
    assert ended
    with queue.turns.turn():
        queue.order.append("next")
    assert queue.order == ["next"]


def draws_in_turn():
    import streamlit as st

    from playground.ui.server.script_queue import in_turn

    st.session_state["scripts"] = st.session_state.get("scripts", 0) + 1
    in_turn(lambda: st.session_state.update(drawn_by=st.session_state["scripts"]))()


def test_a_message_for_the_same_page_ends_the_waiting_of_its_script(monkeypatch):
    look, is_taken, may_end = script_queue._queue._check, threading.Event(), threading.Event()

    def another_message_comes():
        if not may_end.is_set():
            may_end.set()
            get_script_run_ctx().script_requests.request_rerun(RerunData())
            look()
            pytest.fail("it waited on")
        look()

    def another_page():
        with script_queue._queue.turn():
            is_taken.set()
            may_end.wait(SOON_S)

    monkeypatch.setattr(script_queue._queue, "_check", another_message_comes)
    threading.Thread(target=another_page, daemon=True).start()
    assert is_taken.wait(SOON_S)
    state = AppTest.from_function(draws_in_turn).run().session_state
    assert (state["scripts"], state["drawn_by"]) == (2, 2)


def draws_once_more_by_itself():
    import streamlit as st

    from playground.ui.server.script_queue import defer_next_script, in_turn

    @in_turn
    def draw():
        if "is_drawn" not in st.session_state:
            st.session_state["is_drawn"] = True
            defer_next_script()
            st.rerun()

    draw()


@pytest.fixture
def asked(monkeypatch):
    """Whether each script that asks for a turn can wait."""
    found, take = [], ScriptQueue.turn

    def note(self, *, can_wait=False):
        found.append(can_wait)
        return take(self, can_wait=can_wait)

    monkeypatch.setattr(ScriptQueue, "turn", note)
    return found


def test_what_a_page_does_by_itself_can_wait_and_what_comes_from_its_reader_cannot(asked):
    AppTest.from_function(draws_once_more_by_itself).run().run()
    assert asked == [False, True, False]


def test_a_press_cannot_wait_and_the_painting_of_answers_can(page, asked):
    press_run(page)
    assert asked[0] is False
    assert True in asked
