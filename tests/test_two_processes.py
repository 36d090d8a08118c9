"""Two processes of the app on one database, side by side: what costs money happens once."""

import asyncio
import json
import os
import select
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from fake_api import FakeApi, answer
from test_killed_batch import Api as BatchApi

from playground.experiments.claims import ELSEWHERE

HERE = Path(__file__).parent
CELLS, ANSWERED = 12, 5


@pytest.fixture
def url(request, tmp_path):
    if getattr(request, "param", None) == "sqlite":
        return f"sqlite:///{tmp_path}/runs.db"
    server = request.getfixturevalue("postgres")
    return server.url(server.new_schema())


@pytest.fixture
def api():
    api = FakeApi()
    yield api
    api.close()


class Process:
    """One of the scripts beside this file; killed when the test ends, if it still lives."""

    def __init__(self, script, *arguments):
        self._popen = subprocess.Popen(
            [sys.executable, str(HERE / script), *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": str(HERE.parent)},
        )  # fmt: skip

    @property
    def pid(self):
        return self._popen.pid

    def tell(self, *what):
        self._popen.stdin.write(json.dumps(what) + "\n")
        self._popen.stdin.flush()

    def answer(self):
        return json.loads(self._popen.stdout.readline())

    def ask(self, *what):
        self.tell(*what)
        return self.answer()

    def last(self):
        """What it says last, once it has ended."""
        *_, said = self._popen.communicate(timeout=60)[0].splitlines()
        return json.loads(said)

    def kill(self):
        self._popen.kill()
        self._popen.communicate()


@pytest.fixture
def begin():
    with ExitStack() as ending:

        def begin(script, *arguments):
            process = Process(script, *arguments)
            ending.callback(process.kill)
            return process

        yield begin


@pytest.fixture
def sharing(begin, url):
    """So many processes with a log at the same database, all begun at the same moment."""

    def begun(count):
        processes = [begin("sharing_process.py", url) for _ in range(count)]
        for process in processes:
            process.tell("open")
        assert [process.answer() for process in processes] == [[True, None]] * count
        return processes

    return begun


def first_to_end(processes):
    """Whichever of these ends first. Its output is short enough for the pipe."""
    ended = [os.pidfd_open(process.pid) for process in processes]
    ready, _, _ = select.select(ended, [], [], 60)
    for each in ended:
        os.close(each)
    return processes[ended.index(ready[0])]


def asked(api):
    return Counter(seen.json["messages"][0]["content"] for seen in api.posts)


async def answered(api, writer):
    await api.open(writer)
    await api.send(writer, answer())
    writer.write(b"0\r\n\r\n")
    await writer.drain()


@pytest.fixture
def held(api):
    """From its sixth request on the API answers when it is let go."""
    go_on = asyncio.Event()

    async def handler(api, seen, writer):
        if len(api.posts) > ANSWERED:
            await go_on.wait()
        await answered(api, writer)

    api.handler = handler
    return lambda: api.call(go_on.set)


ON_EACH = pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)


@ON_EACH
def test_an_experiment_that_is_started_in_both_is_run_by_one(api, held, begin, url):
    # Both also find the database empty, and make its tables at the same moment.
    both = [begin("grid_process.py", api.url, url, CELLS) for _ in range(2)]
    both.remove(waiting := first_to_end(both))
    said = waiting.last()
    assert (said["state"], said["why"]) == ("paused", ELSEWHERE.sentence)
    held()
    assert (both[0].last()["state"], len(asked(api))) == ("done", CELLS)
    assert set(asked(api).values()) == {1}


def test_the_experiment_of_a_killed_process_is_taken_up_by_the_other(api, held, begin, url):
    first = begin("grid_process.py", api.url, url, CELLS)
    safe = 0
    while safe < ANSWERED:
        safe += first.answer()
    assert begin("grid_process.py", api.url, url, CELLS).last()["why"] == ELSEWHERE.sentence
    first.kill()
    before = asked(api)
    held()
    said = begin("grid_process.py", api.url, url, CELLS).last()
    assert (said["state"], said["done"], said["is_exact"]) == ("done", CELLS, False)
    assert len(asked(api)) == CELLS
    again = [text for text, times in asked(api).items() if times > 1]
    assert len(again) == before.total() - ANSWERED


@ON_EACH
def test_a_claim_is_one_processs_until_it_is_given_back_or_the_process_dies(sharing):
    first, second = sharing(2)
    assert (first.ask("claim", "x"), second.ask("claim", "x")) == (True, False)
    assert second.ask("claim", "y") is True
    assert (first.ask("has", "x"), second.ask("has", "x")) == (True, False)
    second.ask("give_back", "x")
    assert first.ask("has", "x") is True
    first.ask("give_back", "x")
    assert (first.ask("has", "x"), second.ask("claim", "x")) == (False, True)
    second.kill()
    assert (first.ask("claim", "x"), first.ask("claim", "y")) == (True, True)


@ON_EACH
def test_the_owners_day_is_never_exceeded_by_the_sum_of_all(sharing):
    processes = sharing(3)
    for number, process in enumerate(processes):
        process.tell("reserve", f"r{number}-", 40, "0.50")
    granted = [process.answer() for process in processes]
    assert sum(granted) == 50, granted


@ON_EACH
def test_each_sees_what_the_other_writes_and_deletes(sharing):
    first, second = sharing(2)
    assert first.ask("record", "1", "streaming")
    assert second.ask("record", "2", "done")
    assert first.ask("statuses") == second.ask("statuses") == {"1": "streaming", "2": "done"}
    assert second.ask("delete_all")
    assert first.ask("statuses") == second.ask("statuses") == {}


@ON_EACH
def test_what_one_has_deleted_is_not_back_when_the_other_opens_the_same_log_again(sharing):
    first, second = sharing(2)
    assert second.ask("record", "1", "done")
    assert second.ask("record", "2", "done")
    assert first.ask("delete_all")
    assert second.ask("open_again")
    assert first.ask("statuses") == second.ask("statuses") == {}
    assert second.ask("record", "3", "done")
    assert first.ask("statuses") == {"3": "done"}


@ON_EACH
def test_the_clean_up_after_one_that_died_leaves_the_runs_of_the_others(sharing):
    first, second, third = sharing(3)
    assert first.ask("record", "1", "streaming")
    assert second.ask("record", "2", "streaming")
    first.kill()
    assert third.ask("claim", "x") is True
    assert third.ask("statuses") == {"1": "interrupted", "2": "streaming"}


def test_an_open_batch_is_submitted_and_taken_in_once(begin, url):
    api = BatchApi()
    try:
        both = [begin("batch_process.py", api.url, url, CELLS) for _ in range(2)]
        for process in both:
            assert process.answer() == {"open": CELLS, "held": "0.12"}
        api.later = timedelta(seconds=1000)
        first, second = (process.last() for process in both)
    finally:
        api.close()
    assert first == second
    assert (first["done"], first["held"]) == (CELLS, "0")
    assert api.asked["POST", "/v1/messages/batches"] == 1
    results = [path for _, path in api.asked.elements() if path.endswith("/results")]
    assert len(results) == 1
