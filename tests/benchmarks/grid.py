"""Times an experiment against a server of a known pace: `python -m tests.benchmarks.grid`.

100 cells, 20 at once, answers of 0.3 s from a process of their own: at most 1.15 times what
waiting alone takes, with every cell in the log.
"""

import argparse
import asyncio
import gc
import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection

from tests.fake_api import FakeApi, block, delta, end, start
from tests.grid_process import services_at, underway_on

TARGET = 1.15
WORDS = 10


def serve(pipe: Connection, answer_s: float) -> None:
    """Answers each request with a few words, the last after `answer_s`."""

    async def reply(api: FakeApi, seen: object, writer: asyncio.StreamWriter) -> None:
        now_s = asyncio.get_running_loop().time
        began_s = now_s()
        await api.open(writer)
        await api.send(writer, start() + block())
        for number in range(WORDS):
            # By the clock: ten sleeps take longer than their sum.
            await asyncio.sleep(began_s + (number + 1) * answer_s / WORDS - now_s())
            await api.send(writer, delta(f"word{number} "))
        await api.send(writer, end())
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    api = FakeApi(keeps_alive=True)
    api.handler = reply
    pipe.send(api.url)
    pipe.recv()
    api.close()


def measure(url: str, cells: int, at_once: int) -> float:
    """Seconds from the start of an experiment until its last cell is in the log."""
    with tempfile.TemporaryDirectory() as folder:
        services = services_at(url, f"sqlite:///{folder}/runs.db", max_runs=at_once)
        try:
            # The SDK is imported and the first connections are made before it counts.
            underway_on(services, at_once, at_once).start().result(60)
            services.log.delete_all("ada")
            services.log.flush(10)
            # As the app does once all is imported (`warm_up`).
            gc.collect()
            gc.freeze()
            underway = underway_on(services, cells, at_once)
            began_s = time.perf_counter()
            underway.start().result(600)
            assert services.log.flush(60)
            took_s = time.perf_counter() - began_s
            assert underway.progress.done == services.log.count("ada") == cells
            return took_s
        finally:
            services.engine.close()
            services.log.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=100)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--answer-s", type=float, default=0.3)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there, options.answer_s), daemon=True)
    server.start()
    url = here.recv()
    ideal_s = -(-options.cells // options.at_once) * options.answer_s
    took_s = [measure(url, options.cells, options.at_once) for _ in range(options.times)]
    here.send("end")
    server.join(10)
    best = min(took_s) / ideal_s
    print(f"{options.cells} cells, {options.at_once} at once: {best:.2f} x ideal ({ideal_s:.2f} s)")
    print("each time:", ", ".join(f"{each:.2f} s" for each in took_s))
    raise SystemExit(best > TARGET)


if __name__ == "__main__":
    main()
