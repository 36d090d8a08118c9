"""A process that dies in the middle of an experiment, and the one that takes it up again."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from fake_api import FakeApi, answer

HERE = Path(__file__).parent
CELLS, ANSWERED = 12, 5


@pytest.fixture
def api():
    api = FakeApi()
    yield api
    api.close()


def process(api, file):
    command = [sys.executable, str(HERE / "grid_process.py"), api.url, f"sqlite:///{file}"]
    return subprocess.Popen(
        [*command, str(CELLS)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE.parent)},
    )


def asked(api):
    return Counter(seen.json["messages"][0]["content"] for seen in api.posts)


def test_finished_cells_are_kept_and_paid_once_and_the_rest_is_run(api, tmp_path):
    async def some(api, seen, writer):
        if len(api.posts) <= ANSWERED:
            await api.open(writer)
            await api.send(writer, answer())
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        else:
            await api._forever(seen)

    api.handler = some
    with process(api, tmp_path / "runs.db") as first:
        safe = 0
        while safe < ANSWERED:
            safe += int(first.stdout.readline())
        first.kill()
    before = asked(api)
    assert ANSWERED <= before.total() < CELLS
    api.handler = None
    with process(api, tmp_path / "runs.db") as second:
        *_, last = second.stdout.readlines()
    # A dollar a million tokens, 10 in and 5 out: twelve answers, each paid once. Nobody
    # knows what was billed for those that were killed on their way.
    said = json.loads(last)
    assert (said["done"], said["state"], float(said["spent"])) == (CELLS, "done", 0.00018)
    assert not said["is_exact"]
    again = [text for text, times in asked(api).items() if times > 1]
    assert len(asked(api)) == CELLS
    assert len(again) == before.total() - ANSWERED
