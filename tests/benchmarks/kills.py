"""Kills writers of the log: `python -m tests.benchmarks.kills --kills 100 [--url URL]`."""

import argparse
import random
import tempfile
import time
from datetime import UTC, datetime

from playground.store.log import RunLog
from tests.store.kills import kill_writers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--url", help="an empty database; else a file of its own")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{folder}/runs.db"
        began = time.monotonic()
        started, ended = kill_writers(url, [chance.randrange(1, 300) for _ in range(options.kills)])
        took_s = time.monotonic() - began
        log = RunLog(url, clock=lambda: datetime.now(UTC))
        rows = {row.run_id: row.status for row in log.page("ada", limit=1_000_000).rows}
        texts_lost = sum(not log.get("ada", run_id)[1].answer for run_id in started & rows.keys())
        print(f"{options.kills} kills in {took_s:.0f} s")
        print("acknowledged: started", len(started), "ended", len(ended))
        print("lost: started", len(started - rows.keys()), "texts", texts_lost)
        print("lost: ended", sum(rows.get(run_id) != "done" for run_id in ended))
        states = sorted(set(rows.values()))
        print("rows", {state: list(rows.values()).count(state) for state in states})
        print("totals agree", log.totals("ada").runs == len(rows), "warning", log.warning)
        log.close()


if __name__ == "__main__":
    main()
