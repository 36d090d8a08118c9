"""What keeping the raw events costs for each delta of a stream.

    PYTHONPATH=tests python -m tests.benchmarks.raw_events

64 runs read the same answer at once; then all that keeping its raw events adds is timed by
itself. Target: less than 5 microseconds for each delta.
"""

import argparse
import asyncio
import json
import statistics
import time

from fake_api import block, delta, end, start
from scripted import NOW, REQUEST, Script

from playground.claude.sending import Clients, Timing, raw_event_recorder, send
from playground.core.answer.raw_events import RawEvents
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.engine.run import Run
from tests.benchmarks.streaming import text

KEY = "sk-ant-benchmark-0123456789"


async def whole(pieces, runs):
    """CPU seconds in which so many runs read the answer."""
    clients = Clients(transport=Script((200, pieces)))
    planned = plan(RunContext(CLAUDE, RetryPolicy(), (), NOW), Variant("A", REQUEST))

    async def one():
        run = Run("o", "v", planned)
        events = send(clients, CLAUDE, KEY, planned.wire, planned.policy, Timing(), run.raw)
        async for event in events:
            run.fold(event, time.monotonic())
        assert run.status == "done"

    began_s = time.process_time()
    await asyncio.gather(*(one() for _ in range(runs)))
    used_s = time.process_time() - began_s
    await clients.close()
    return used_s


def housekeeping(data, runs):
    """CPU seconds that keeping the raw events adds to that."""
    notes = [raw_event_recorder(RawEvents(), 1, KEY, 0.0, Timing()) for _ in range(runs)]
    began_s = time.process_time()
    for line in data:
        for note in notes:
            note("content_block_delta", line)
    return time.process_time() - began_s


def measure(options):
    deltas = [delta(text(index)) for index in range(options.tokens)]
    data = [piece.decode().split("data: ", 1)[1].strip() for piece in deltas]
    pieces = [start() + block(), *deltas, end(options.tokens)]
    count = options.runs * options.tokens
    wholes, added = [], []
    for _ in range(options.rounds):
        wholes.append(1e6 * asyncio.run(whole(pieces, options.runs)) / count)
        added.append(1e6 * housekeeping(data, options.runs) / count)
    result = {
        "deltas": count,
        "us per delta, all in all": round(statistics.median(wholes), 2),
        "of them for raw events": round(statistics.median(added), 2),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    measure(parser.parse_args())
