"""Processes that write into a log and say what they know to be written, until they are killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# One process imports everything, and forks one that writes for each line that it reads.
WRITE_UNTIL_KILLED = """
import itertools, os, sys
from datetime import UTC, datetime
from decimal import Decimal
from playground.store.log import RunLog
from playground.core.runs.run_row import RunRow, RunTexts

now = datetime(2026, 11, 23, 12, tzinfo=UTC)

def write(kill):
    log = RunLog(sys.argv[1], clock=lambda: now)
    for number in itertools.count():
        row = dict(run_id=f"{kill:08x}{number:08x}", visitor="ada", started_at=now, press=1,
                   variant="A", connection="Claude API", model="m", params_json="{}",
                   worst_case_usd=Decimal("0.25"))
        texts = RunTexts(run_id=row["run_id"], answer="x" * 2000)
        log.record(RunRow(**row, status="streaming"), texts)
        assert log.flush(10)
        print("started", row["run_id"], flush=True)
        if number % 2:
            log.record(RunRow(**row, status="done", cost_usd=Decimal("0.1"), cost_kind="exact"))
            assert log.flush(10)
            print("ended", row["run_id"], flush=True)

for kill, _ in enumerate(sys.stdin):
    child = os.fork()
    if child == 0:
        try:
            write(kill)
        finally:
            os._exit(1)
    print("writer", child, flush=True)
    os.waitpid(child, 0)
    print("dead", child, flush=True)
"""


def kill_writers(url, after_lines):
    """Kill one process (kill -9) after each number of lines; return the ids of the runs that
    had been started, and of those that had ended, as far as the log had acknowledged it."""
    told = {"started": set(), "ended": set()}
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_UNTIL_KILLED, url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as parent:  # fmt: skip
        for lines in after_lines:
            parent.stdin.write("go\n")
            parent.stdin.flush()
            writer, heard, is_dead = None, 0, False
            while not is_dead:
                word, which = parent.stdout.readline().split()
                if word == "writer":
                    writer = int(which)
                elif word == "dead":
                    is_dead = True
                else:
                    told[word].add(which)
                    heard += 1
                if writer and heard >= lines and not is_dead:
                    os.kill(writer, signal.SIGKILL)
                    writer = None
        parent.stdin.close()
    assert parent.returncode == 0
    return told["started"], told["ended"]
