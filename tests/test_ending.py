"""The process is told to end in the middle of what costs money: all of it is in the log."""

import asyncio
import time
from contextlib import closing
from datetime import UTC, datetime

import batch_process
import grid_process
import pytest
from fake_api import FakeApi, block, delta, start
from test_killed_batch import Api as BatchApi

from playground.core.request.connection import Connection
from playground.settings import Settings
from playground.store.log import RunLog
from playground.ui.experiment.submitting import CellAdmission, submit_left
from playground.ui.session.services import Services

CELLS, AT_ONCE = 12, 4
MAX_S = 5.0
WHY = "Stopped by the server, which was shut down or restarted."


@pytest.fixture
def log_url(tmp_path):
    return f"sqlite:///{tmp_path}/runs.db"


def reopened(log_url):
    return closing(RunLog(log_url, clock=lambda: datetime.now(UTC)))


def close_in_time(services):
    began_s = time.monotonic()
    services.close()
    assert time.monotonic() - began_s < MAX_S
    services.close()


def test_the_cells_of_an_experiment_end_with_what_had_come_and_can_be_taken_up(log_url):
    api = FakeApi()

    async def half(api, seen, writer):
        await api.open(writer)
        await api.send(writer, start() + block() + delta("Half an"))
        await api._forever(seen)

    api.handler = half
    services = grid_process.services_at(api.url, log_url, max_runs=2)
    underway = grid_process.underway_on(services, CELLS, AT_ONCE)
    begun = underway.start()
    limit_s = time.monotonic() + 30
    while [run.text for run in underway.running.values()].count("Half an") < 2:
        assert time.monotonic() < limit_s
        assert not begun.done()
        time.sleep(0.01)
    close_in_time(services)
    api.close()
    assert len(api.posts) == 2
    with reopened(log_url) as log:
        rows = log.page("ada").rows
        assert {(row.status, row.error_message) for row in rows} == {("stopped", WHY)}
        answers = sorted(log.get("ada", row.run_id)[1].answer for row in rows)
        assert (len(rows), answers[-2:]) == (AT_ONCE, ["Half an"] * 2)
        assert log.claims.acquire("ada", "experiment 1") is True


def test_a_batch_that_is_being_submitted_may_be_told_its_id(log_url):
    api = BatchApi()
    arrived, answer = asyncio.Event(), api.reply

    async def late(request):
        if request.path == "/v1/messages/batches" and request.method == "POST":
            arrived.set()
            await asyncio.sleep(0.5)
        return await answer(request)

    api.reply = late
    claude = Connection("claude", "Claude API", api.url)
    services = Services(Settings(owner=claude, key="k", log_url=log_url))
    underway = batch_process.underway_on(services, CELLS)
    store = services.log.experiments
    admission = CellAdmission(underway.origin, lambda wanted: None, lambda *which: None, store)
    services.engine.call(submit_left(underway, services.batching, "k", admission))
    limit_s = time.monotonic() + 30
    while not arrived.is_set():
        assert time.monotonic() < limit_s
        time.sleep(0.01)
    close_in_time(services)
    api.close()
    with reopened(log_url) as log:
        [submission] = log.batches.list_submissions("ada")
        assert submission.batch_id is not None
