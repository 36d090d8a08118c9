"""Thousands of runs in a row, without a page: `python -m tests.benchmarks.soak --runs 2000`.

Engine, clients and log joined as the app joins them; the model server is a process of its
own. Looks for what grows: memory, threads, descriptors.
"""

import argparse
import gc
import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections import Counter, deque
from datetime import UTC, datetime
from pathlib import Path

from playground.core.answer.retry import RetryPolicy
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.engine.run import Run
from playground.settings import read_settings
from playground.ui.session.services import Services
from tests.fake_api import FakeApi

AT_ONCE = 8
GROWTH_MB = 10
MODEL = "slow-1000-50"


def serve(pipe):
    """The model server, in a process of its own."""
    api = FakeApi()
    pipe.send(api.url)
    while not pipe.poll(1):
        api.seen.clear()


def state_of_process():
    """Memory, threads and descriptors, when everything that can be freed is."""
    gc.collect()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "RSS MB": round(int(status["VmRSS"].split()[0]) / 1024, 1),
        "threads": threading.active_count(),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "objects": len(gc.get_objects()),
    }


def run_many(services, press, count):
    """So many runs, a few at a time."""
    settings = services.settings
    prompt = Prompt("Be terse.", (Message("user", "Give me three tips for crisp dosa."),))
    request = Request(prompt, Params(MODEL, 300, temperature=0.2))
    under_way = deque()
    for number in range(press, press + count):
        now = datetime.now(UTC)
        planned = plan(
            RunContext(settings.owner, RetryPolicy(), (), now, press=number), Variant("A", request)
        )
        run = Run("owner", "visitor", planned)
        services.start(run, settings.key, None)
        under_way.append(run)
        if len(under_way) == AT_ONCE:
            assert under_way.popleft().wait(30)
    assert all(run.wait(30) for run in under_way)
    assert services.log.flush(30)
    time.sleep(0.5)  # The server's side of the last connections closes.


def statuses(log):
    """How many rows of the log have each status."""
    found, before = Counter(), None
    while True:
        page = log.page("visitor", before=before, limit=200)
        found.update(row.status for row in page.rows)
        if not page.older:
            return dict(found)
        before = page.rows[-1].run_id


def measure(url, folder, options):
    environ = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "k"}
    environ["PLAYGROUND_LOG"] = f"sqlite:///{folder}/runs.db"
    services = Services(read_settings(environ, {}))
    run_many(services, 0, options.warm_up)
    states = [state_of_process()]
    step = max(1, options.runs // 5)
    began_s, cpu_s = time.monotonic(), time.process_time()
    for press in range(options.warm_up, options.warm_up + options.runs, step):
        run_many(services, press, step)
        states.append(state_of_process())
    wall_s, used_s = time.monotonic() - began_s, time.process_time() - cpu_s
    rows = statuses(services.log)
    warning = services.log.warning
    services.engine.close()
    services.log.close()
    expected = options.warm_up + step * (len(states) - 1)
    first, last = states[0], states[-1]
    return {
        "runs": step * (len(states) - 1),
        "RSS growth MB": [round(last["RSS MB"] - first["RSS MB"], 1), f"< {GROWTH_MB}"],
        "RSS after each fifth MB": [state["RSS MB"] for state in states],
        "threads": [[state["threads"] for state in states], "flat"],
        "descriptors": [[state["descriptors"] for state in states], "flat"],
        "objects": [state["objects"] for state in states],
        "rows": [rows, f"{expected} done"],
        "log's warning": [warning, None],
        "runs a second": round(step * (len(states) - 1) / wall_s, 1),
        "CPU ms a run": round(1000 * used_s / (expected - options.warm_up), 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--warm-up", type=int, default=200)
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(here.recv(), folder, options)
    here.send("stop")
    server.join(5)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
