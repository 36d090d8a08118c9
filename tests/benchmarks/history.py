"""Measures finding runs at size: `python -m tests.benchmarks.history --rows 1000000`."""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from playground.core.log.history import Filter, Mark
from playground.core.runs.run_row import RunRow, RunTexts
from playground.store.log import RunLog
from playground.store.rows.memory import Entry
from playground.store.writing.database import Database
from playground.store.writing.processes import Boot
from tests.benchmarks.log import START, made_up_rows, median_ms

VISITOR = "visitor"
VOCABULARY = 60_000
ROWS_AT_ONCE = 5_000
LIMITS_MS = {"first page": 50, "filtered": 100, "search": 200, "totals": 200}


def words(chance: random.Random, how_many: int) -> str:
    """Words as frequent as they are in a language: a few everywhere, most hardly ever."""
    ranks = (int(VOCABULARY ** chance.random()) for _ in range(how_many))
    return " ".join(f"w{rank:x}" for rank in ranks)


def entries(rows: int, characters: int) -> Iterator[Entry]:
    chance = random.Random(0)
    said = [words(chance, characters // 10) for _ in range(3_000)]
    for row in islice(made_up_rows(chance, VISITOR), rows):
        number = row.press
        prompt = f"{chance.choice(said)} needle{number % (rows // 30 + 1)}"
        body = {"messages": [{"role": "user", "content": prompt}], "model": row.model}
        texts = RunTexts(
            run_id=row.run_id,
            request_json=json.dumps({"headers": {}, "body": body}),
            answer=chance.choice(said),
        )
        yield Entry(_spread(row, rows), texts, number=0, since=0)


def _spread(row: RunRow, rows: int) -> RunRow:
    """Over a year, however many there are."""
    number = int(row.run_id[:16], 16)
    at = START + timedelta(seconds=365 * 86_400 * number / rows)
    return replace(row, started_at=at, ended_at=at + timedelta(seconds=3), duration_s=number % 977)


def fill(url: str, rows: int, characters: int) -> None:
    database = Database(sa.make_url(url), boot=Boot(), busy_timeout_s=5)
    made_up = entries(rows, characters)
    while some := tuple(islice(made_up, ROWS_AT_ONCE)):
        database.write(some, START)
    database.close()


QUESTIONS = {
    "first page": [Filter()],
    "filtered": [
        Filter(statuses=("failed",)),
        Filter(statuses=("failed",), models=("claude-haiku-4-5",), variants=("B",)),
        Filter(from_day=date(2027, 3, 1), to_day=date(2027, 3, 2)),
        Filter(from_usd=Decimal("0.0099999"), to_usd=Decimal("0.01")),
        Filter(from_usd=Decimal("1")),
        Filter(is_starred=True),
        Filter(tags=("good",)),
        Filter(models=("nowhere",)),
    ],
    "search": [
        Filter(text="needle7 "),
        Filter(text="needle1"),
        Filter(text="w1"),
        Filter(text='"w1 w2"'),
        Filter(text="w1 w2 w3", statuses=("failed",)),
        Filter(text="w1", is_starred=True),
        Filter(text="nowhere"),
    ],
}
ORDERS = ("oldest", "most expensive", "slowest", "longest answer")


def measure(log: RunLog) -> None:
    ask = log.history
    for kind, filters in QUESTIONS.items():
        for chosen in filters:
            _print(kind, str(chosen), lambda chosen=chosen: ask.page(VISITOR, chosen))
            _print("totals", str(chosen), lambda chosen=chosen: ask.summary(VISITOR, chosen))
    for order in ORDERS:
        for chosen in (Filter(), Filter(statuses=("failed",)), Filter(text="w1")):
            kind = "search" if chosen.text else "filtered"
            what = f"{order} {chosen}"
            _print(kind, what, lambda c=chosen, o=order: ask.page(VISITOR, c, o))
    _print("filtered", "choices", lambda: ask.choices(VISITOR))


def _print(kind: str, what: str, action: object) -> None:
    taken_ms = median_ms(action, 5)  # type: ignore[arg-type]
    limit_ms = LIMITS_MS[kind]
    parts = what.replace("Filter(", "").rstrip(")").split(", ")
    said = ", ".join(part for part in parts if not part.endswith(("=()", "=''", "=None", "=False")))
    print(f"{kind:10} {taken_ms:8.1f} ms {100 * taken_ms / limit_ms:5.0f} % of limit  {said}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--characters", type=int, default=1_000, help="of prompt, and of answer")
    arguments.add_argument("--file", type=Path, help="where to build it, or where it was built")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.file or Path(folder, "runs.db")
        if not file.exists():
            started = time.perf_counter()
            fill(f"sqlite:///{file}", chosen.rows, chosen.characters)
            print(f"filled in {time.perf_counter() - started:.0f} s", end=", ")
        print(f"{file.stat().st_size / 1e6:,.0f} MB, {chosen.rows:,} rows")
        log = RunLog(f"sqlite:///{file}", clock=lambda: datetime.now(UTC))
        for number in range(40):
            run_id = f"{number * chosen.rows // 40:016x}00000000"
            log.history.change_mark(
                VISITOR, run_id, lambda _: Mark(is_starred=True, tags=("good",))
            )
        measure(log)
        print("warning", log.warning)
        log.close()


if __name__ == "__main__":
    main()
