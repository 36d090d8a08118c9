"""How fast the page is when nothing streams: `python -m tests.benchmarks.page`.

First a full run of the script with many rows in the log, timed on a WebSocket; then
`streamlit run` to a page that can be used in a fresh browser, against an empty script.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.benchmarks.app import CHROMIUM_ARGS, App
from tests.benchmarks.log import fill
from tests.benchmarks.visitors import Visitor

RERUN_MS, RATIO = 60, 1.6
EMPTY = 'import streamlit as st\n\nst.button("Run", key="run_all")\n'
RESOURCES = """() => performance.getEntriesByType("resource").map(
    (entry) => [entry.name.split("/").pop(), entry.decodedBodySize])"""


async def time_reruns(app, count):
    """Milliseconds from a rerun's request to `script_finished`, and of CPU."""
    async with Visitor(app) as visitor:
        await asyncio.sleep(5)  # The first imports are not what is measured.
        for _ in range(10):
            await visitor.rerun()
        taken_ms, cpu_s = [], app.cpu_s()
        for _ in range(count):
            await asyncio.sleep(0.15)  # Streamlit collects garbage after each run.
            began_s = time.perf_counter()
            await visitor.rerun()
            taken_ms.append(1000 * (time.perf_counter() - began_s))
        assert not visitor.errors, visitor.errors
        return taken_ms, 1000 * (app.cpu_s() - cpu_s) / count


def measure_reruns(options):
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/runs.db"
        fill(url, options.rows, 200, visitor="local")
        with App(PLAYGROUND_LOG=url) as app:
            taken_ms, cpu_ms = asyncio.run(time_reruns(app, options.reruns))
    return {
        "rows in the log": options.rows,
        "full script run, median ms": [round(statistics.median(taken_ms), 1), f"<= {RERUN_MS}"],
        "p95 ms": round(statistics.quantiles(taken_ms, n=20)[-1], 1),
        "CPU ms a run": round(cpu_ms, 1),
    }


def open_page(playwright, options, script):
    """Milliseconds from starting Streamlit to each stage of its page, and what was loaded."""
    browser = playwright.chromium.launch(executable_path=options.chromium, args=CHROMIUM_ARGS)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    stages = {}

    def reach(name):
        stages.setdefault(name, 1000 * (time.monotonic() - app.began_s))

    def receive(data):
        reach("first message")
        if (
            isinstance(data, bytes)
            and ForwardMsg.FromString(data).WhichOneof("type") == "script_finished"
        ):
            reach("script finished")

    def connect(socket):
        reach("WebSocket")
        socket.on("framereceived", receive)

    page.on("websocket", connect)
    with App(script=script) as app:
        reach("healthy")
        page.goto(app.url, wait_until="commit")
        reach("HTML")
        page.wait_for_selector(".st-key-run_all button:enabled")
        reach("usable")
        page.wait_for_timeout(1000)
        resources = dict(page.evaluate(RESOURCES))
        browser.close()
    return stages, resources


def measure_start(options):
    found = {"app": [], "empty": []}
    loaded = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        empty = Path(folder, "empty.py")
        empty.write_text(EMPTY)
        scripts = {"app": "streamlit_app.py", "empty": empty}
        for _ in range(options.starts):
            for name, script in scripts.items():
                stages, loaded[name] = open_page(playwright, options, script)
                found[name].append(stages)
    medians = {
        name: {stage: round(statistics.median(s[stage] for s in each)) for stage in each[0]}
        for name, each in found.items()
    }
    ratio = medians["app"]["usable"] / medians["empty"]["usable"]
    extra = {name: size for name, size in loaded["app"].items() if name not in loaded["empty"]}
    largest = sorted(extra.items(), key=lambda item: -item[1])[:8]
    return {
        "streamlit run to usable, against an empty script": [round(ratio, 2), f"<= {RATIO}"],
        "medians ms from the start": medians,
        "only the app loads": f"{len(extra)} files, {sum(extra.values()) / 1e6:.1f} MB",
        "largest of them kB": {name: round(size / 1000) for name, size in largest},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--reruns", type=int, default=50)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    result = measure_reruns(options)
    if options.starts:
        result |= measure_start(options)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
