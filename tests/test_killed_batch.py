"""A process that dies while its batch is open, and the one that goes on with it."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from playground.claude.demo.api import DemoApi
from playground.claude.demo.server import server

HERE = Path(__file__).parent
CELLS = 12


class Api:
    """The demo on loopback, on a clock of its own; it outlives the processes of the app."""

    def __init__(self):
        self.asked = Counter()
        self.later = timedelta()
        self._demo = DemoApi(pause_s=0, batch_s=1000, now=lambda: datetime.now(UTC) + self.later)
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = server(self, 0)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()

    async def reply(self, request):
        self.asked[request.method, request.path] += 1
        return await self._demo.reply(request)

    def close(self):
        self._server.should_exit = True
        self._thread.join(20)


@pytest.fixture
def api():
    found = Api()
    yield found
    found.close()


def process(api, file):
    command = [sys.executable, str(HERE / "batch_process.py"), api.url, f"sqlite:///{file}"]
    return subprocess.Popen(
        [*command, str(CELLS)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE.parent)},
    )


def test_an_open_batch_is_found_again_fetched_and_paid_once(api, tmp_path):
    with process(api, tmp_path / "runs.db") as first:
        assert json.loads(first.stdout.readline()) == {"open": CELLS, "held": "0.12"}
        first.kill()
    api.later = timedelta(seconds=1000)
    with process(api, tmp_path / "runs.db") as second:
        again, last = map(json.loads, second.stdout.readlines())
    assert again == {"open": CELLS, "held": "0.12"}
    assert last["done"] == CELLS
    assert 0 < Decimal(last["spent"]) == Decimal(last["used"]) < Decimal("0.12")
    assert Decimal(last["held"]) == 0
    assert api.asked["POST", "/v1/messages/batches"] == 1
    assert api.asked["POST", "/v1/messages"] == 0
