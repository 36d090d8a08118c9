"""Measures the run log at size: `python -m tests.benchmarks.log --rows 1000000`."""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count, islice
from pathlib import Path

import sqlalchemy as sa

from playground.core.runs.run_row import RunRow, RunTexts
from playground.store.log import RunLog
from playground.store.rows.memory import Entry
from playground.store.writing.database import Database
from playground.store.writing.processes import Boot

START = datetime(2026, 11, 23, tzinfo=UTC)
ROWS_AT_ONCE = 20_000


def made_up_rows(chance: random.Random, visitor: str) -> Iterator[RunRow]:
    for number in count():
        status = chance.choice(["done"] * 17 + ["stopped", "failed", "interrupted"])
        yield RunRow(
            run_id=f"{number:016x}00000000",
            visitor=visitor,
            started_at=START + timedelta(seconds=number),
            ended_at=START + timedelta(seconds=number + 3),
            press=number // 3,
            variant="ABC"[number % 3],
            connection="Claude API · your key",
            model=chance.choice(["claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-6"]),
            params_json='{"max_tokens": 1024, "temperature": 0.7}',
            status=status,
            stop_reason="end_turn" if status == "done" else None,
            attempts=1,
            ttft_s=0.5,
            duration_s=3.0,
            input_tokens=chance.randrange(5_000),
            output_tokens=chance.randrange(1_000),
            cost_usd=Decimal(chance.randrange(10**10)) / 10**12,
            cost_kind="exact" if status == "done" else chance.choice(["at least", "unknown"]),
            worst_case_usd=Decimal("0.02"),
            request_id=f"req_{number:020d}",
        )


def fill(url: str, rows: int, characters: int, visitor: str = "visitor") -> None:
    database = Database(sa.make_url(url), boot=Boot(), busy_timeout_s=5)
    words = "lorem ipsum dolor sit amet " * (characters // 27 + 1)
    made_up = islice(made_up_rows(random.Random(0), visitor), rows)
    while some := list(islice(made_up, ROWS_AT_ONCE)):
        entries = [
            Entry(row, RunTexts(run_id=row.run_id, answer=words[:characters]), number=0, since=0)
            for row in some
        ]
        database.write(entries, START)
    database.close()


def median_ms(action: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--characters", type=int, default=200, help="of text per run")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "runs.db")
        started = time.perf_counter()
        fill(f"sqlite:///{file}", chosen.rows, chosen.characters)
        print(
            f"filled    {time.perf_counter() - started:8.1f} s, {file.stat().st_size / 1e6:.0f} MB"
        )
        log = RunLog(f"sqlite:///{file}", clock=lambda: datetime.now(UTC))
        started = time.perf_counter()
        log.page("visitor")
        print(f"opened    {1000 * (time.perf_counter() - started):8.1f} ms")
        middle = f"{chosen.rows // 2:016x}00000000"
        since = START + timedelta(seconds=chosen.rows // 2)
        for name, action, times in (
            ("page 1", lambda: log.page("visitor"), 50),
            ("page mid", lambda: log.page("visitor", before=middle), 50),
            ("page up", lambda: log.page("visitor", after=middle), 50),
            ("totals", lambda: log.totals("visitor"), 7),
            ("since", lambda: log.totals("visitor", since=since), 7),
            ("count", lambda: log.count("visitor"), 7),
            ("get", lambda: log.get("visitor", middle), 50),
        ):
            print(f"{name:9} {median_ms(action, times):8.2f} ms")
        print("warning  ", log.warning)
        log.close()


if __name__ == "__main__":
    main()
